"""Who is said to be better, by what; and how rounds are held to their own size."""

import math
import random

import pytest

from evaluation.comparison.stats import Estimate
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.family import Challenge, Performance, Verdict
from research.self_improvement.families.opening import FamilySettings, PredictOutputSettings, open_families
from research.self_improvement.judging import planted
from research.self_improvement.judging.comparing import Compared, compare
from research.self_improvement.records import Played
from research.self_improvement.round.ranking import (
    by_level,
    diversity_of,
    panel_of,
    ranking_of,
    scores_of,
    tried_of,
)
from research.self_improvement.round.reference import reference_of

FAMILY = open_families(FamilySettings(predict_output=PredictOutputSettings(trained=3)))["predict_output"]
SETTINGS = DiversitySettings()


def world(judges, challenges=24, performances=5):
    """Planted contests of known quality, and what these judges say."""
    contests, truths = planted.contests(random.Random(0), challenges, performances)
    compared = compare(planted.compare, contests, {name: judge(name) for name, judge in judges.items()})
    return [each.challenge for each in contests], truths, compared


def scored(by, challenges, truths, compared, verdicts=None):
    verdicts = verdicts or {name: [Verdict(value, "") for value in of] for name, of in truths.items()}
    panel = panel_of(compared, [], {}, truths, {name: [1] * len(of) for name, of in truths.items()}, by=by)
    return panel, scores_of(challenges, verdicts, compared, panel, by=by, seed=0)


def test_truth_decides_where_it_is_known_and_judges_are_held_to_it():
    judges = {"good": planted.good, "lot": planted.by_lot}
    challenges, truths, compared = world(judges)
    panel, scores = scored("truth", challenges, truths, compared)
    assert scores == {name: list(map(float, of)) for name, of in truths.items()}
    assert panel.standings["good"].by == "truth" and panel.weights["lot"] == 0 < panel.weights["good"]
    assert isinstance(panel.adds, Estimate)


def test_by_judges_alone_no_truth_is_told_to_anybody():
    judges = dict.fromkeys(("a", "b", "c"), planted.good) | {"lot": planted.by_lot}
    challenges, truths, compared = world(judges)
    panel, scores = scored("judges", challenges, truths, compared)
    assert {each.by for each in panel.standings.values()} == {"agreement"}
    right = sum(
        max(range(5), key=scores[name].__getitem__) == max(range(5), key=of.__getitem__) for name, of in truths.items()
    )
    assert right > 12 and scores != truths
    lied, same = scored("judges", challenges, {name: of[::-1] for name, of in truths.items()}, compared)
    assert same == scores and lied.weights == panel.weights


def test_by_lot_nothing_is_known_and_the_same_is_drawn_again():
    challenges, truths, compared = world({"good": planted.good})
    _, scores = scored("lot", challenges, truths, compared)
    assert scores == scored("lot", challenges, truths, [])[1] and scores != truths


def test_what_is_known_of_some_is_not_mixed_with_what_judges_say_of_others():
    challenge = Challenge(family="f", skill="s", difficulty=0, content="c")
    said = [Compared(challenge=challenge.id, one=0, other=1, judge="j", there="A", back="B")]
    verdicts = {challenge.id: [Verdict(None, "in other words"), Verdict(0.0, "wrong")]}
    panel = panel_of(said, [], {}, {}, {challenge.id: [1, 1]}, by="truth")
    both = scores_of([challenge], verdicts, said, panel, by="truth", seed=0)[challenge.id]
    assert both[0] > 0 > both[1] and both[0] == pytest.approx(-both[1])
    nobody = scores_of([challenge], verdicts, [], panel, by="truth", seed=0)[challenge.id]
    assert math.isnan(nobody[0]) and nobody[1] == 0
    assert all(map(math.isnan, scores_of([challenge], verdicts, [], panel, by="judges", seed=0)[challenge.id]))


def test_how_hard_is_told_by_level_and_what_nobody_knows_is_not_tried():
    challenges = [FAMILY.written(random.Random(seed), seed % 2) for seed in range(4)]
    tried = {each.id: tried_of([Verdict(1.0, ""), Verdict(0.4, ""), Verdict(None, "")]) for each in challenges}
    levels = by_level(challenges, tried, 3)
    assert [(each.passed, each.tries) for each in levels] == [(2, 4), (2, 4), (0, 0)]


def test_what_was_there_before_ranks_last_and_is_worth_nothing():
    _, embed = reference_of(FAMILY, SETTINGS)
    challenges = [FAMILY.written(random.Random(seed), 1) for seed in range(4)]
    half = tried_of([Verdict(1.0, ""), Verdict(0.0, "")])
    tried = dict.fromkeys((each.id for each in challenges), half)
    ranks = ranking_of(FAMILY, challenges, tried, [challenges[2].content], embed, SETTINGS)
    assert ranks[-1].candidate.challenge == challenges[2] and ranks[-1].value == 0 < ranks[0].value


@pytest.mark.parametrize("count", [2, 12, 40])
def test_a_round_by_rule_is_as_different_as_the_rules_whatever_its_size(count):
    by_rule, embed = reference_of(FAMILY, SETTINGS)
    rng = random.Random(7)
    drawn = {each.id: each for seed in range(3 * count) if (each := FAMILY.written(rng, seed % 3))}
    challenges = list(drawn.values())[:count]
    played = {
        each.id: [Played(challenge=each.id, number=0, model="m", performance=Performance(text="1"), said=())]
        for each in challenges
    }
    assert diversity_of(challenges, [], by_rule, played, embed, SETTINGS).below == []
    alike = [challenges[0]] * count
    assert diversity_of(alike, [], by_rule, played, embed, SETTINGS).below
