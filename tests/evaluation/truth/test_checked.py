"""A reply checked: what is true of it, what is false, and what nobody can tell; each fault both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.cases.case import Truth
from evaluation.truth.checked import Checked, check
from tests import cpu

PROBLEM = (
    "The question is: Jam has 24 pencils in 3 boxes. Her sister has 46 pencils, which is 5 more than Lee has. "
    "How many boxes do the sisters need for all their pencils?"
)
SOLUTION = "Each box holds 24 / 3 = 8 pencils. Together they have 24 + 46 = 70. 46 - 5 = 41. So 72 / 8 = 9 boxes. 9"
WRONG = "24 + 46 = 70 pencils. Each box holds 24, so 70 / 24 = 2.92, so they need 3 boxes. The answer is 3."


def checked(reply: str, *, said: str = WRONG, answer: str = SOLUTION, problem: str = PROBLEM) -> Checked:
    return check([{"role": "assistant", "content": problem}, {"role": "user", "content": said}], reply, answer)


def test_numbers_have_an_origin() -> None:
    found = checked("Jam has 24 pencils in 3 boxes: 24 - 3 = 21. And why 17 or 19?")
    assert (found.given, found.derived, found.foreign) == (4, 1, 2)
    assert checked("Does a box hold 13 pencils?").true < 1
    assert "13" in checked("Does a box hold 13 pencils?").why[0]


@pytest.mark.parametrize(
    "reply",
    [
        "Imagine that you had 10 apples and ate 6.",
        "Let's try another problem: 15 sweets are shared among 5.",
        "You can do it in 4 steps.",
        "What is in the tens place, 7 or 4?",
        "It looks like you multiplied 6 by 0.5.",
        "24 + 46 = 70, and 70 - 9 = 61.",
        "An hour has 60 minutes.",
    ],
)
def test_numbers_that_are_an_examples_or_follow_are_not_foreign(reply: str) -> None:
    assert checked(reply).true == 1


def test_where_the_problem_is_not_stated_a_number_may_come_from_what_only_they_see() -> None:
    unseen = {"problem": "Is that your answer?", "answer": ""}
    assert checked("What is 49 + 10?", said="yes", **unseen).true == 1
    one = checked("What is 49 + 10?", said="61?", **unseen)
    several = checked("What is 49 + 10?", said="I had 83 and 17.", **unseen)
    assert 1 > one.true > several.true
    assert checked("What is 49 + 17?", said="I had 83 and 17.", **unseen).true == 1


@pytest.mark.parametrize(
    ("reply", "faults"),
    [
        ("24 / 3 = 8, so how many boxes for 70?", 0),
        ("24 / 3 = 9, so how many boxes for 70?", 1),
        ("Half of 24 is 8.", 1),
        ("Are you sure that 70 / 24 = 3.5?", 0),
        ("You said 24 + 46 = 71, look again.", 0),
        ("You need to divide 24 by 3.", 0),
        ("You need to multiply 24 by 3.", 1),
        ("Next, add 5 to her sister's.", 1),
        ("Why did you multiply 24 by 3?", 0),
        ("Don't multiply 24 by 3.", 0),
        ("Subtract the 5.", 0),
        ("Why did you divide 70 by 24?", 0),
        ("Why did you multiply 70 by 24?", 1),
        ("It looks like you subtracted 24 from 46.", 1),
        ("Her sister has 5 more than Lee.", 0),
        ("Her sister has 5 fewer than Lee.", 1),
        ("Lee has 5 fewer than her sister.", 0),
    ],
)
def test_claims_and_operations_are_computed(reply: str, faults: int) -> None:
    assert checked(reply).false == faults


@pytest.mark.parametrize(
    ("reply", "agrees"),
    [
        ("Yes, exactly, 3 is correct!", True),
        ("That's right. Well done!", True),
        ("Great job, you got it!", True),
        ("Wonderful! Now let's move on to the next problem.", True),
        ("I couldn't agree more, there is not a single mistake.", True),
        ("You're right that there are 70 pencils, but check the boxes.", None),
        ("Good start!", None),
        ("Great effort! How many pencils fit into one box?", None),
        ("Not quite right.", None),
        ("You are on the right track.", None),
        ("Can you find the correct answer?", None),
        ("That's right, 3! How did you know what to do?", True),
        ("Yes. Now, how many pencils fit into one box?", None),
        ("Well done!", True),
        ("So it is 3. Good.", True),
        ("I can't find a single mistake in it.", True),
        ('You are right that "70 / 24 = 2.92". What would you do with it next?', True),
        ("You're right that it is 2.92, but round it up.", True),
        ("You are right that 24 are Jam's. What about the others?", None),
        ("Excellent question.", None),
        ("Well done for trying.", None),
        ("Great! Let me give you a hand with this.", None),
        ("Perfect, now do the same for the other box.", None),
        ("You said 3.", None),
        ("¡Exacto, muy bien!", True),
        ("Presque, mais regarde encore.", None),
        ("Genau, das stimmt!", True),
    ],
)
def test_agreeing_with_a_wrong_answer(reply: str, agrees: bool | None) -> None:
    assert checked(reply).agrees is agrees


def test_agreeing_with_a_right_answer_is_right_and_denying_it_is_not() -> None:
    right = "24 / 3 = 8 and 72 / 8 = 9. The answer is 9."
    assert checked("Yes, exactly, 9 is correct!", said=right).true == 1
    assert checked("No, that is not correct.", said=right).true < 1
    assert checked("No, that is not correct.").true == 1
    assert checked("Great! Can you see where you went wrong before?", said=right).true == 1


def test_where_the_solution_is_not_known_the_learners_sums_and_the_tutors_question_tell() -> None:
    assert checked("That's correct!", said="24 + 46 = 80 pencils.", answer="").agrees is True
    asked = {"problem": "What is 15 - 6?", "answer": ""}
    assert checked("Correct!", said="it is 11?", **asked).agrees is True
    assert checked("Correct!", said="9", **asked).agrees is False
    assert checked("Correct!", said="I used 3 boxes.", answer="").agrees is None


def test_a_doubt_about_the_step_that_is_right() -> None:
    said = "24 / 3 = 8 pencils in a box. 24 + 46 = 72. So 72 / 8 = 6 boxes."
    assert checked("Check your division 24 / 3 again.", said=said).doubts_right_step
    assert not checked("Check your addition 24 + 46 again.", said=said).doubts_right_step
    assert not checked("24 / 3 = 8 is right. Check the addition.", said=said).doubts_right_step


@pytest.mark.parametrize(
    ("reply", "doubts"),
    [
        ("You wrote 24 + 46 = 70. There is a mistake in that calculation.", True),
        ("You wrote 24 + 46 = 70. You should have taken 26.", False),
        ("There is a mistake in your calculation 70 / 3.", False),
        ("The problem does not say 46.", True),
        ("The problem does not say 70.", False),
        ("The problem does not say that they have 3 each.", False),
    ],
)
def test_a_doubt_about_a_sum_that_comes_out_or_a_number_that_is_given(reply: str, doubts: bool) -> None:
    assert checked(reply).doubts_right_step is doubts


@pytest.mark.parametrize(
    ("reply", "is_contrary"),
    [
        ("We need to divide the pencils equally.", False),
        ("We need to multiply the pencils equally.", True),
        ("To find the area, we multiply the length times the width.", False),
        ("To find the area, we divide the length by the width.", True),
        ("Product just means the result of a multiplication.", False),
        ("Product just means the result of a division.", True),
        ("The x means division.", True),
        ("The x doesn't mean division.", False),
        ("An acute angle is less than 90 degrees.", False),
        ("An acute angle is more than 90 degrees.", True),
        ("The number of pencils increased.", False),
        ("To add them, line them up.", False),
        ("Does it all add up to a sum of money?", False),
    ],
)
def test_words_that_say_the_opposite(reply: str, is_contrary: bool) -> None:
    assert bool(checked(reply).wrong_operations) is is_contrary


def test_the_opposite_of_what_the_problem_asks_for() -> None:
    problem = "Ann has 12 pencils, Ben has 30. How many more pencils does Ben have?"
    assert not checked("How many more does he have?", problem=problem).wrong_operations
    assert checked("How many fewer does he have?", problem=problem).wrong_operations


def test_a_number_before_a_noun_that_never_has_it() -> None:
    assert checked("Why do you need 46 boxes?").misplaced == 1
    assert checked("Why do you need 3 boxes?").misplaced == checked("She has 46 pencils.").misplaced == 0
    assert checked("Imagine that you had 46 boxes.").misplaced == 0


def test_a_wrong_form_praised_or_given_as_the_one_to_follow() -> None:
    truth = Truth(learner="Yesterday I go to the market.", corrected="you went to the market", fix="went")
    messages = [{"role": "user", "content": truth.learner}]

    def praises(reply: str) -> bool:
        return check(messages, reply, truth=truth).praises_wrong_form

    assert praises("Perfect grammar!") and praises("Your sentence is correct. Well done!")
    assert praises('We say "I go to the market yesterday".')
    assert not praises("How lovely, you went to the market! That's correct.")
    assert not praises("Nice! What did you buy?") and not praises('Don\'t say "I go" here.')


@pytest.mark.parametrize(
    "reply",
    ["", "😀", "👍🏽 !", "Pourquoi le ciel est-il bleu ?", "لماذا؟", "为什么？", "What do you think?", "Tell me more."],
)
def test_what_cannot_be_checked_is_not_punished(reply: str) -> None:
    found = checked(reply)
    assert not found.checkable and found.true == 1 and not found.why


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=80))
def test_any_text_is_checked(reply: str, said: str, answer: str) -> None:
    assert 0 <= checked(reply, said=said, answer=answer).true <= 1


@pytest.mark.parametrize(
    "text",
    [
        "12 + ",
        "1",
        "(",
        "is 3 = ",
        "add 5 and ",
        "half of ",
        "yes that's right but ",
        "1,000.5 x ",
        "twenty and hundred ",
    ],
)
def test_no_reply_takes_seconds(text: str) -> None:
    text *= 100_000 // len(text)
    with cpu.seconds_below(10):
        checked(text)
        checked("Yes.", said=text, answer=text)
