"""Proposals: read, checked, those that are new kept, and what is missing written by rule."""

import random

from evaluation.cases.case import Reply
from research.self_improvement.diversity.ranking import Tried
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.opening import FamilySettings, PredictOutputSettings, open_families
from research.self_improvement.families.predict_output.prompts import fenced
from research.self_improvement.families.trivia import Trivia
from research.self_improvement.families.trivia.page import Page
from research.self_improvement.round.proposing import AS_BEFORE, SOLVED_BLIND, Wanted, levels_of, propose
from research.self_improvement.round.reference import reference_of
from research.self_improvement.voices import PREFIX, prefixed

FAMILY = open_families(FamilySettings(predict_output=PredictOutputSettings(trained=3)))["predict_output"]
SETTINGS = DiversitySettings()


class Says:
    """A voice that says these, in turn; `blind` is what it says to every question without its page."""

    name = "toy"

    def __init__(self, *replies, blind=""):
        self.replies, self.blind, self.heard = replies, blind, []

    def asked(self, messages):
        return prefixed(messages, PREFIX)

    def says(self, conversations, keys):
        self.heard += keys
        said = [
            self.blind if key.startswith("blind") else self.replies[place % len(self.replies)]
            for place, key in enumerate(keys)
        ]
        return [Reply(text=text, num_tokens=1, finish="stop") for text in said]


def proposed(voice, family=FAMILY, *, number=6, by_rule=0.5, asks=2, each=2, known=(), seed=0):
    _, embed = reference_of(family, SETTINGS)
    return propose(
        family,
        Wanted(number=number, by_rule=by_rule, asks=asks, each=each),
        voice=voice,
        archive=[],
        tried=[],
        known=known,
        embed=embed,
        settings=SETTINGS,
        pool=None,
        seed=seed,
    )


def program(seed, level=1):
    return FAMILY.written(random.Random(seed), level)


def test_without_a_model_all_are_by_rule_and_the_same_again():
    found = proposed(None, number=9)
    assert len(found.challenges) == 9 == len({each.id for each in found.challenges})
    assert {each.proposer for each in found.challenges} == {"rules"} and not found.proposals
    assert found.challenges == proposed(None, number=9).challenges
    assert found.challenges != proposed(None, number=9, seed=1).challenges


def test_what_is_proposed_is_read_and_checked_and_what_is_none_is_counted():
    good = program(1)
    found = proposed(Says(fenced(good.content), "no program", fenced("print(1)"), ""))
    assert [each.content for each in found.challenges if each.proposer == "toy"] == [good.content]
    assert len(found.challenges) == 6 and found.filled == 2
    assert [line["kept"] for line in found.proposals] == [True, False, False, False]
    assert found.proposals[0]["challenge"] == found.challenges[0].id
    assert found.refused.total() == 3 and found.refused["no Python"] == 1
    assert found.proposals[0]["messages"][-1]["content"].startswith(PREFIX)


def test_the_same_twice_is_one_and_what_is_known_comes_last():
    one, other = program(1), program(2)
    twice = proposed(Says(fenced(one.content)))
    assert sum(each.proposer == "toy" for each in twice.challenges) == 1 and twice.refused[AS_BEFORE] == 3
    found = proposed(Says(fenced(one.content), fenced(other.content)), number=2, known=[one.content])
    assert [each.content for each in found.challenges if each.proposer == "toy"] == [other.content]


def test_a_question_that_is_answered_without_its_page_is_none():
    text = "The old mill stands by the river. It was built in 1820 by Ann Grey. Today it is a school for painters."
    page = next(each for n in range(99) if not (each := Page(title=f"The mill {n}", text=text)).kept_back)
    family = Trivia([page])
    quote = "It was built in 1820 by Ann Grey."
    reply = f"Page: {page.title}\nQuestion: Who built the old mill?\nQuote: {quote}\nAnswer: Ann Grey"
    ignorant = proposed(Says(reply, blind="nobody knows"), family, asks=1, each=1)
    knowing = proposed(Says(reply, blind="Ann Grey"), family, asks=1, each=1)
    assert any(each.proposer == "toy" for each in ignorant.challenges)
    assert knowing.refused == {SOLVED_BLIND: 1}


def test_levels_that_are_passed_half_of_the_time_are_drawn_most():
    weights = levels_of(FAMILY, [Tried(passed=100, tries=100), Tried(passed=50, tries=100), Tried(passed=0, tries=100)])
    assert weights[1] > 5 * weights[0] and weights[0] >= 0.1 and weights[2] >= 0.1
    assert levels_of(FAMILY, []) == [1.0] * 3
