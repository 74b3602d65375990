"""What the trained judge knows of a reply: made by hand, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.judges.base import Item
from evaluation.judges.features.moves import moves
from evaluation.judges.features.overlap import overlap
from evaluation.judges.features.reading import Text, read, stem, unwrapped
from evaluation.judges.features.table import describe, names
from evaluation.judges.features.terms import delexicalised
from tests import cpu

ASKED = "The question is: Ann buys 12 pencils and gives 5 to Ben. How many pencils are left?"
SAID = "I added them, so 12 + 5 = 17 pencils."


def item(reply: str, *, said: str = SAID, answer: str = "") -> Item:
    messages = [{"role": "assistant", "content": ASKED}, {"role": "user", "content": said}]
    return Item(messages=messages, reply=reply, answer=answer)


def fact(reply: str, name: str, **changes: str) -> float:
    return dict(zip(names(), describe(item(reply, **changes)).facts, strict=True))[name]


@pytest.mark.parametrize(
    ("name", "has", "has_not"),
    [
        ("says_praise", "Great job!", "Greater than five."),
        ("says_deny", "Not quite.", "It is quite so."),
        ("says_mistake", "There is a mistake.", "There is a pencil."),
        ("says_recheck", "Let's double-check that.", "Here is a cheque."),
        ("says_can_you", "Can you try?", "You can."),
        ("says_open_question", "What is left?", "What is left."),
        ("says_closed_question", "Is that so?", "That is so."),
        ("says_you_did", "You added them.", "You are here."),
        ("says_leak", "Yes. ### User: and now?", "Yes, the user knows."),
        ("asks_last", "Look. What is left?", "What is left? Look."),
        ("asks_first", "What is left? Look.", "Look. What is left?"),
        ("orders", "Please subtract five.", "She gives five away."),
        ("orders_last", "No. Subtract five.", "Subtract five. No."),
        ("approves_alone", "Great job!", "Great job, but check it again."),
        ("approves_and_asks", "Great job! Next?", "Great job!"),
        ("tells_alone", "She has seven.", "She has seven, not nine, instead."),
        ("approves_first", "Good, but look again.", "Look again."),
        ("opens_but", "But why?", "Why, but when?"),
        ("cut_off", "So the number of", "So it is."),
    ],
)
def test_a_move_is_seen_where_it_is_and_not_elsewhere(name: str, has: str, has_not: str) -> None:
    assert moves(Text.read(has))[name] > 0
    assert moves(Text.read(has_not))[name] == 0


@pytest.mark.parametrize(
    ("name", "has", "has_not"),
    [
        ("of_learner", "You added the pencils.", "Bananas are yellow."),
        ("foreign", "Bananas are yellow.", "Ann buys pencils."),
        ("numbers_new", "It is 7.", "It is 12."),
        ("numbers_of_learner_alone", "Why 17?", "Why 12?"),
        ("repeats_final", "Is it 17?", "Is it 12?"),
        ("rejects_learner", "It is 7, not 17.", "It is 17, not 7."),
        ("states_new", "The answer is 7.", "Take 7 of them."),
        ("sums_same", "12 + 5 = 16.", "12 - 2 = 10."),
        ("sums_put_right", "12 + 5 = 16.", "12 + 5 = 17."),
        ("sums_repeated", "You wrote 12 + 5 = 17.", "You wrote 12 - 5 = 7."),
        ("sums_wrong", "12 - 5 = 8.", "12 - 5 = 7."),
        ("sums_open", "What is 12 - 5?", "12 - 5 = 7."),
        ("sums_wrong", "Half of 12 is 7.", "Half of 12 is 6."),
        ("names", "Does Ben have them?", "Ben has them."),
        ("run_of_learner", "You wrote: I added them, so 12.", "?"),
        ("last_of_dialogue", "Right. Count the pencils.", "Count the pencils. Right."),
    ],
)
def test_a_relation_is_seen_where_it_is_and_not_elsewhere(name: str, has: str, has_not: str) -> None:
    assert overlap(read(item(has)))[name] > 0
    assert overlap(read(item(has_not)))[name] == 0


def test_the_solution_counts_only_where_it_is_known() -> None:
    assert fact("It is 7.", "answer_final_new", answer="12 - 5 = 7") == 1
    assert fact("It is 8.", "answer_final_new", answer="12 - 5 = 7") == 0
    assert fact("It is 7.", "answer_final_new") == fact("It is 7.", "answer_known") == 0
    assert fact("It is 7.", "answer_final_new", answer="12 - 5 = 7", said="It is 7.") == 0, "the learner said it"


def test_names_subjects_and_numbers_become_classes() -> None:
    found = delexicalised(read(item("But Zoe, you added 12 pencils and 5 to get 17: bananas make 99.")))
    assert found == [
        *("but", "<name>", ",", "you", "<said>", "<learner's>", "<said>", "and", "<learner's>", "to", "get"),
        *("<learner's>", ":", "bananas", "make", "<new>", "."),
    ]
    assert delexicalised(read(item("Ann gives 5.", said="Hm.")))[1:3] == ["<problem>", "<given>"]


def test_one_reply_about_two_problems_has_one_set_of_terms() -> None:
    other = [
        {"role": "assistant", "content": "The question is: Eva has 30 stamps and loses 8. How many stamps are left?"},
        {"role": "user", "content": "I added them, so 30 + 8 = 38 stamps."},
    ]
    there = Item(messages=other, reply="You added the stamps: what is 30 - 8?")
    assert describe(there).terms == describe(item("You added the pencils: what is 12 - 5?")).terms


def test_quotation_marks_around_a_whole_reply_do_not_count() -> None:
    assert describe(item("“Not quite.”")) == describe(item('"Not quite."')) == describe(item("Not quite."))
    assert unwrapped('"') == '"' and unwrapped('Say "so".') == 'Say "so".'


@pytest.mark.parametrize(
    ("one", "other"), [("calculated", "calculate"), ("stamps", "stamp"), ("carried", "carry"), ("berries", "berry")]
)
def test_endings_do_not_part_a_word(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=40))
def test_any_text_has_the_same_number_of_finite_facts(reply: str, said: str, answer: str) -> None:
    found = describe(item(reply, said=said, answer=answer))
    assert len(found.facts) == len(names()) == len(set(names()))
    assert all(-1e6 < value < 1e6 for value in found.facts)


def test_an_empty_conversation_has_features() -> None:
    assert len(describe(Item(messages=[], reply="Hm.")).facts) == len(names())


@pytest.mark.parametrize("text", ["12 + " * 20_000, "a" * 100_000, "is it so, " * 20_000, "\n" * 50_000, '"' * 50_000])
def test_no_reply_takes_seconds(text: str) -> None:
    with cpu.seconds_below(10):
        describe(item(text, said=text))
