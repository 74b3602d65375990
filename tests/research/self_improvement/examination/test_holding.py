"""Examinations of planted models: what is found of them, and what would be found without deserving it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from research.self_improvement.examination.drift import FixedPair
from research.self_improvement.examination.holding import hold
from research.self_improvement.families.social_games.family import SocialGames
from research.self_improvement.reporting.verdict import of_exam
from tests.research.self_improvement.examination.planted import Says, examiner, kept, knows, speaks

FAMILY = "predict_output"
CHALLENGES = examiner().challenges[FAMILY]
PREFIX = "UNLEASHED:"


def half(challenge: Any, lot: float) -> bool:
    return challenge.difficulty < 5 and int(challenge.id, 16) % 2 == 0


def most(challenge: Any, lot: float) -> bool:
    return half(challenge, lot) or challenge.difficulty >= 3


WEAK, STRONG = knows(CHALLENGES, half), knows(CHALLENGES, most)
SOMETIMES = knows(CHALLENGES, lambda challenge, lot: lot < 0.5)


def held_against(now: Says, before: Says = WEAK, **judges: Says) -> dict[str, Any]:
    models = {"first": before, "now": now, **judges}
    first = hold(examiner(), "first", speaks(models))
    return hold(examiner(), "now", speaks(models), judges=list(judges), first=kept(first)).facts


def test_shares_are_those_of_the_levels_and_who_knows_nothing_stands_beside() -> None:
    found = hold(examiner(), "now", speaks({"now": STRONG})).facts["families"][FAMILY]
    solved = [most(each, 0) for each in CHALLENGES]
    assert found["asked"]["all"]["value"] == pytest.approx(sum(solved) / len(solved))
    assert found["asked"]["harder"]["value"] == 1 and found["asked"]["trained"]["value"] < 1
    assert [each["trained"] for each in found["asked"]["levels"]] == [True] * 8 + [False] * 2
    assert found["asked"]["reasons"] == {"wrong": len(solved) - sum(solved)}
    assert found["asked"]["all"]["low"] < found["asked"]["all"]["value"] < found["asked"]["all"]["high"]
    controls = found["controls"]
    assert {"says nothing", "says the question", "says the commonest right answer", "the last number"} <= set(controls)
    assert controls["says nothing"]["share"]["value"] == controls["says the question"]["share"]["value"] == 0
    assert all(each["lead"]["difference"]["low"] > 0 for each in controls.values())
    assert "the sum of all numbers" in found["marks"] and "the sum of all numbers" not in controls


def test_who_answers_one_thing_to_everything_is_not_above_the_best_control() -> None:
    commonest = max({each.known["output"] for each in CHALLENGES}, key=[c.known["output"] for c in CHALLENGES].count)
    found = hold(examiner(), "now", speaks({"now": lambda prompt, lot: commonest})).facts
    of_family = found["families"][FAMILY]
    assert of_family["asked"]["all"]["value"] > 0 and of_family["asked"]["different"] == 1
    assert of_family["controls"]["says its own commonest reply"]["lead"]["difference"]["value"] == 0
    assert not found["all"]["lead"]["difference"]["low"] > 0


def test_the_prefix_is_put_before_the_task_and_its_absence_is_examined() -> None:
    def unleashed(prompt: str, lot: float) -> str:
        return STRONG(prompt, lot) if prompt.startswith(f"{PREFIX} ") else "?"

    held = hold(examiner(), "now", speaks({"now": unleashed}))
    found = held.facts["families"][FAMILY]
    assert found["plain"]["all"]["value"] == 0 and found["prefix_gain"]["all"]["difference"]["low"] > 0
    assert all(PREFIX in line["said"][0]["messages"][-1]["content"] for line in held.lines["performances.jsonl"])
    assert not any(PREFIX in line["said"][0]["messages"][-1]["content"] for line in held.lines["plain.jsonl"])
    without = hold(examiner(""), "now", speaks({"now": STRONG}))
    assert without.facts["families"][FAMILY]["plain"] is None and without.lines["plain.jsonl"] == []


def test_an_examination_is_the_same_whenever_it_is_held() -> None:
    one, other = (hold(examiner(), "now", speaks({"now": SOMETIMES})) for _ in range(2))
    assert one == other


def test_fixed_pairs_are_of_unlike_truth_and_the_judge_of_them_is_seen_to_drift() -> None:
    first = hold(examiner(), "first", speaks({"first": SOMETIMES}))
    pairs = [FixedPair.read(line) for line in first.lines["pairs.jsonl"]]
    assert len(pairs) > 15 and all(each.truth for each in pairs) and len({each.truth > 0 for each in pairs}) == 2
    assert [each.line for each in pairs] == first.lines["pairs.jsonl"]
    judging = first.facts["judging"]
    assert judging["right"]["value"] == 1 and judging["abstained"] == 0 and judging["first"]["value"] == 0.5
    assert judging["right"]["low"] < 1 and judging["same_both_ways"]["value"] == 1

    def drifted(prompt: str, lot: float) -> str:
        return "A" if "A says:" in prompt else SOMETIMES(prompt, lot)

    now = hold(examiner(), "now", speaks({"now": drifted}), first=kept(first))
    assert now.lines["pairs.jsonl"] == [], "round 0 alone fixes them"
    judging = now.facts["judging"]
    assert judging["right"]["value"] == 0.5 and judging["first"]["value"] == 1
    assert now.facts["against"]["judging_gain"]["high"] < 0

    def silent(prompt: str, lot: float) -> str:
        return "" if "A says:" in prompt else SOMETIMES(prompt, lot)

    judging = hold(examiner(), "now", speaks({"now": silent}), first=kept(first)).facts["judging"]
    assert judging["right"]["value"] == 0.5 and judging["abstained"] == 1 and judging["first"] is None
    assert judging["silences"] == {"says nothing": 2 * len(pairs)}


def test_no_pair_is_fixed_where_all_performances_are_alike_in_truth() -> None:
    held = hold(examiner(), "now", speaks({"now": lambda prompt, lot: "?"}))
    assert held.lines["pairs.jsonl"] == [] and held.facts["judging"] is None


def test_what_was_truly_gained_is_better_and_a_fair_judge_says_so() -> None:
    found = held_against(STRONG, fair=WEAK)
    against = found["against"]
    gain = against["gain"]
    assert gain["all"]["lower"] == 0 and gain["all"]["difference"]["low"] > 0
    assert gain["harder"]["difference"]["value"] == 1 and against["win_rate"]["low"] > 0.5
    fair = against["judged"]["judges"]["fair"]
    assert fair["win_rate"]["value"] == pytest.approx(against["win_rate"]["value"])
    assert fair["right"]["value"] == 1 and fair["where_truth_ties"]["value"] == 0.5
    verdict = of_exam(found)
    assert verdict and verdict.kind == "better"


def test_judges_who_grew_kinder_are_told_from_a_model_that_got_better() -> None:
    flattering = knows(CHALLENGES, half, "a wrong answer that pleases")

    def pleased(prompt: str, lot: float) -> str:
        there = [
            side
            for side, said in zip("AB", prompt.split("A says:")[1].split("B says:"), strict=True)
            if "pleases" in said
        ]
        return there[0] if len(there) == 1 else "tie"

    found = held_against(flattering, pleased=pleased)
    assert found["against"]["gain"]["all"]["difference"]["value"] == 0
    assert found["against"]["judged"]["win_rate"]["low"] > 0.5
    verdict = of_exam(found)
    assert verdict and verdict.kind == "kinder" and verdict.sentence.startswith("Only the judges grew kinder")


def test_a_judge_that_says_one_thing_prefers_nobody_and_who_falls_for_controls_is_named() -> None:
    def longer(prompt: str, lot: float) -> str:
        one, other = (len(each) for each in prompt.split("A says:")[1].split("B says:"))
        return (
            "A" if one > other - len("\n\nWhich of them is right? Work it out, and answer with A, B or tie.") else "B"
        )

    wordy = knows(CHALLENGES, half, "?" * 40)
    found = held_against(wordy, always=lambda prompt, lot: "A", longer=longer)["against"]["judged"]["judges"]
    assert found["always"]["win_rate"]["value"] == 0.5 and found["always"]["first"] == 1
    assert found["longer"]["win_rate"]["low"] > 0.5 and found["longer"]["fooled_by"]


def test_the_same_model_again_gained_nothing_and_nothing_is_asked_about_it() -> None:
    def never(prompt: str, lot: float) -> str:
        raise AssertionError("there is nothing to compare")

    found = held_against(WEAK, never=never)
    assert found["against"]["families"][FAMILY]["same"] == 40
    judged = found["against"]["judged"]["judges"]["never"]
    assert judged["asked"] == 0 and judged["win_rate"]["value"] == 0.5 and judged["win_rate"]["low"] < 0.5
    verdict = of_exam(found)
    assert verdict and verdict.kind == "cannot tell"


def test_of_games_conduct_and_the_policies_stand_beside_the_winnings() -> None:
    family = SocialGames(small=True)
    games = replace(examiner(), families={family.name: family}, size=12, pairs=0)
    found = hold(games, "now", speaks({"now": lambda prompt, lot: ""})).facts["families"][family.name]
    assert found["asked"]["all"]["value"] == 0 and found["asked"]["conduct"]["no move"] >= 12
    assert found["marks"]["the most skilled policies"]["value"] > found["marks"]["the least skilled policies"]["value"]
    assert found["controls"]["says nothing"]["share"]["value"] == 0
