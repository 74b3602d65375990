"""Which questions a page supports."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from research.self_improvement.families.family import Challenge, Refused
from research.self_improvement.families.trivia.page import Page
from research.self_improvement.families.trivia.support import answered_alike, supported
from tests.research.self_improvement.families.trivia.making import FACTS, FREE, WRITTEN, fact, proposed

PLANTED = "The lime tree of Oldbury was planted in 1,742 by Jane Marlow."


def test_a_question_that_its_quote_answers_is_supported() -> None:
    found = supported(proposed(FREE, "Who planted the lime tree?", "Jane Marlow", "planted in 1,742 by Jane Marlow"))
    assert isinstance(found, Challenge) and found.difficulty == 1 and found.known["answers"] == ["Jane Marlow"]


def test_difficulty_is_what_the_page_shows_and_not_what_was_asked_for() -> None:
    other_words = proposed(
        FREE, "What may nobody take from the lime tree of Oldbury?", "a branch", "Nobody may cut a branch of it."
    )
    two = proposed(
        FREE, "Who was the lime's doctor after the year that it was planted?", "Hale", PLANTED, "Doctor Hale bound it"
    )
    short = Page(title="Short", text="The lime is old. Jane Marlow planted it.")
    turned = proposed(short, "Who planted the lime?", "Jane Marlow", "Jane Marlow planted it.")
    one_of_two = proposed(short, "How is the lime?", "old", "The lime is old.")
    found = [supported(one) for one in (other_words, two, turned, one_of_two)]
    assert [getattr(one, "difficulty", one) for one in found] == [2, 3, 2, 0]


@pytest.mark.parametrize(
    ("question", "answer", "quotes", "why"),
    [
        ("Who planted the lime?", "Jane Marlow", ["planted by Jane Marlow"], "a quote does not stand on the page"),
        ("Who planted the lime?", "John Marlow", [PLANTED], "the answer does not stand in what is quoted"),
        ("Who planted the lime?", "Marl", [PLANTED], "the answer does not stand in what is quoted"),
        ("Who planted the lime?", "Jane Marlow", ["Jane Marlow"], "a quote is too short"),
        ("Who planted the lime?", "Jane Marlow", [FREE.text], "too much is quoted"),
        ("Who planted the lime?", "Jane Marlow", FREE.text.split(". ")[:3], "too much is quoted"),
        ("Did Jane Marlow plant the lime?", "yes", [PLANTED], "yes or no answers it, or a choice that it offers"),
        ("Who planted the lime, Jane Marlow or Hale?", "Jane Marlow", [PLANTED], "its own wording answers it"),
        ("Jane Marlow planted it: who planted it?", "Marlow, Jane", [PLANTED], "its own wording answers it"),
        ("What is the answer?", "Jane Marlow", [PLANTED], "it names nothing of its page"),
        ("Who?", "Jane Marlow", [PLANTED], "it names nothing of its page"),
        ("What of the lime?", "was planted in 1,742 by Jane Marlow then sold", [PLANTED], "the answer is too long"),
        ("Who planted the lime?", "the", [PLANTED], "the answer says nothing"),
        ("Who planted the lime" + " and why" * 20, "Jane Marlow", [PLANTED], "the question is too long"),
    ],
)  # fmt: skip
def test_what_is_not_supported_is_refused_by_name(question: str, answer: str, quotes: list[str], why: str) -> None:
    assert supported(proposed(FREE, question, answer, *quotes)) == Refused(why)


@pytest.mark.parametrize(
    ("question", "answer", "quotes", "answers"),
    [
        (
            "Where does Anna live?",
            "near the bakery",
            ["Anna lives near the bakery."],
            ["near the bakery", "the bakery"],
        ),
        ("What is owned by Anna?", "a red kite", ["She has a red kite."], ["a red kite", "kite"]),
        ("What colour is the kite?", "red", ["She has a red kite."], ["red"]),
        ("What has Tom bought?", "plums", ["He bought three plums."], ["three plums", "plums"]),
        ("How many plums has Tom?", "three", ["He bought three plums."], ["three"]),
        ("Whose aunt is Anna?", "Tom", ["Anna is the aunt of Tom."], ["Tom"]),
        (
            "Where does the person who has the red kite live?",
            "the bakery",
            ["Anna lives near the bakery.", "She has a red kite."],
            ["near the bakery", "the bakery"],
        ),
        (
            "What does the person have whose aunt lives near the bakery?",
            "blue drum",
            ["Anna is the aunt of Tom.", "Anna lives near the bakery.", "Tom has a blue drum."],
            ["a blue drum", "drum"],
        ),
        (
            "What colour is the kite of Tom's aunt?",
            "red",
            ["Anna is the aunt of Tom.", "She has a red kite."],
            ["red"],
        ),
    ],
)
def test_written_pages_answer_by_their_facts(question: str, answer: str, quotes: list[str], answers: list[str]) -> None:
    found = supported(proposed(WRITTEN, question, answer, *quotes))
    assert isinstance(found, Challenge), found
    assert found.known["answers"] == answers
    assert (found.difficulty == 3) == (len(quotes) > 1)


BAKERY, KITE, AUNT = FACTS[0].said, FACTS[1].said, FACTS[5].said
NOT_TOLD = "its answer is nothing that the quoted sentences tell"
OTHER_KIND = "its answer is of another kind than it asks for"
NOT_QUOTED = "it speaks of something that is not quoted"
LEFT_OPEN = "it leaves open which of the facts it asks for"


@pytest.mark.parametrize(
    ("question", "answer", "quotes", "why"),
    [
        ("Where does Tom live?", "the bakery", ["Anna lives near the bakery."], NOT_QUOTED),
        ("Where does Anna live?", "a red kite", ["She has a red kite."], OTHER_KIND),
        ("Who has the kite?", "red kite", ["She has a red kite."], OTHER_KIND),
        ("Why did Tom come?", "Friday", ["Tom came on Friday."], OTHER_KIND),
        ("What did Tom do?", "came", ["Tom came on Friday."], NOT_TOLD),
        # Tom has a drum, and bought plums: only the verb says which is meant.
        ("What does Tom have?", "plums", ["He bought three plums."], LEFT_OPEN),
        ("What is there about Tom?", "a blue drum", ["Tom has a blue drum."], LEFT_OPEN),
        ("Who is the aunt of Anna?", "Tom", [AUNT], LEFT_OPEN),
        ("Who is Anna's aunt?", "Tom", [AUNT], LEFT_OPEN),
        ("Whose aunt is Tom?", "Anna", [AUNT], LEFT_OPEN),
        ("What does the aunt of Tom have?", "a blue drum", [AUNT, "Tom has a blue drum."], LEFT_OPEN),
        ("What colour is the drum of Tom's aunt?", "red", [AUNT, "She has a red kite."], NOT_QUOTED),
        ("What does the person have whose aunt lives near the bakery?", "kite", [AUNT, BAKERY, KITE], LEFT_OPEN),
        ("Who lives anywhere?", "Anna", ["Anna lives near the bakery."], LEFT_OPEN),
    ],
)
def test_written_pages_refuse_what_their_facts_do_not_say(
    question: str, answer: str, quotes: list[str], why: str
) -> None:
    assert supported(proposed(WRITTEN, question, answer, *quotes)) == Refused(why)


def test_what_two_facts_answer_is_left_open() -> None:
    drum = fact("has", "Tom has a red drum.", person="Tom", thing="a red drum", colour="red", noun="drum")
    page = replace(WRITTEN, text=f"{WRITTEN.text} {drum.said}", facts=(*WRITTEN.facts, drum))
    assert supported(proposed(page, "Who has something red?", "Tom", drum.said)) == Refused(LEFT_OPEN)
    assert isinstance(supported(proposed(page, "Who has a red drum?", "Tom", drum.said)), Challenge)
    # A description that fits two leads nowhere, either.
    by_red = proposed(
        page, "Where does the one with something red live?", "the bakery", *(one.said for one in FACTS[:2])
    )
    assert supported(by_red) == Refused(LEFT_OPEN)


def kept_back() -> Page:
    return next(
        page for number in count() if (page := Page(title="Kept", text=f"The lime tree number {number}.")).kept_back
    )


def test_a_page_that_is_examined_is_not_asked_about() -> None:
    challenge = proposed(kept_back(), "Which plant is it?", "lime tree", "The lime tree")
    assert supported(challenge) == Refused("its page is kept for examinations")
    assert supported(replace(challenge, proposer="rules")) == Refused("its page is kept for examinations")


def test_what_is_answered_alike_everywhere_needs_no_page() -> None:
    def on(number: int, question: str, answer: str) -> Challenge:
        return proposed(
            Page(title=str(number), text=f"Page {number}. All trees are green."), question, answer, "trees are green"
        )

    alike = [on(number, "How are the trees?", "green") for number in range(3)]
    assert answered_alike(alike) == {one.id for one in alike}
    assert not answered_alike(alike[:2])
    assert not answered_alike([*alike[:2], on(2, "How are the trees?", "trees")])
    assert not answered_alike([on(0, "How are the trees?", "green") for _ in range(5)]), "of one page it shows nothing"
