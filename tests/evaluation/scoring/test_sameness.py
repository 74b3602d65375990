"""What a model says to everyone, told among its replies."""

from evaluation.judges.base import Item
from evaluation.scoring.sameness import sameness as columns

THINGS = [
    "apples",
    "pears",
    "plums",
    "grapes",
    "melons",
    "figs",
    "lemons",
    "limes",
    "cherries",
    "peaches",
    "mangos",
    "dates",
]
OWN = (
    "Look at the first line again: what did you add there?", "Which of the two numbers is bigger, and by how much?",
    "Draw the bags, and put the fruit into them one by one.", "You took away where the story gives some more.",
    "If each bag held only one, how many would that make?", "Read me the last sentence of the question, please.",
    "Nearly! Only the carrying went wrong.", "Why did you choose to divide here?", "What does half of them come to?",
    "Count on from six, using your fingers.", "Try it with smaller numbers first.", "So what is left to be shared?",
)  # fmt: skip


def sameness(replies, problems, name="sameness"):
    return [by_column.get(name) for by_column in columns(replies, problems)]


def asked(replies):
    said = [f"I have {number + 3} {thing} in my bag" for number, thing in enumerate(THINGS)]
    return [
        Item(messages=[{"role": "user", "content": text}], reply=reply)
        for text, reply in zip(said, replies, strict=True)
    ]


def test_a_frame_with_gaps_is_the_same_whatever_fills_them():
    frame = [f"Look again at the {thing}. How many {thing} are there in your bag?" for thing in THINGS]
    scores = sameness(asked(frame), THINGS)
    assert all(score.value == 1 for score in scores) and "12 problems" in scores[0].why


def test_replies_of_their_own_are_not():
    assert [score.value for score in sameness(asked(OWN), THINGS)] == [0] * len(OWN)


def test_what_is_said_to_one_problem_often_is_not_said_to_everyone():
    frame = [f"Look again at the {thing}. How many {thing} are there in your bag?" for thing in THINGS]
    replies = [*frame[:2], *OWN[2:]]
    assert {score.value for score in sameness(asked(replies), THINGS)} == {0}
    samples = asked(replies)[:1] * 6 + asked(replies)[1:]
    assert {score.value for score in sameness(samples, [THINGS[0]] * 6 + THINGS[1:])} == {0}


def test_of_few_problems_nothing_is_told():
    frame = asked([f"Look again at the {thing}, please, and count." for thing in THINGS])
    assert sameness(frame[:11], THINGS[:11]) == [None] * 11


def test_a_frame_that_is_filled_with_what_was_said_is_told_and_a_quotation_is_not():
    filled = [f"{number + 3} {thing} in my bag. Can you say why you think that?" for number, thing in enumerate(THINGS)]
    found = sameness(asked(filled), THINGS, "filled_frame")
    assert all(score.value > 0.9 for score in found)
    quoted = [
        f"You have {number + 3} {thing} in my bag. {own}"
        for number, (thing, own) in enumerate(zip(THINGS, OWN, strict=True))
    ]
    assert all(score.value < 0.6 for score in sameness(asked(quoted), THINGS, "filled_frame"))
