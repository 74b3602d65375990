"""The rules of the games."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.families.social_games.games import GAMES, LEVELS
from research.self_improvement.families.social_games.games.bargaining import Bargain, Bargaining, shared, shares
from research.self_improvement.families.social_games.games.dilemma import Dilemma, RepeatedDilemma
from research.self_improvement.families.social_games.games.hidden_role import HiddenRole, HiddenRoleGame
from research.self_improvement.families.social_games.games.reference import Reference, ReferenceGame
from research.self_improvement.families.social_games.policies import POLICIES
from research.self_improvement.families.social_games.richness import played
from tests.research.self_improvement.families.social_games.playing import conduct, told

ITEMS = {"book": 2, "hat": 1}
BARGAIN = Bargain(items=ITEMS, values=({"book": 1, "hat": 8}, {"book": 4, "hat": 2}), turns=4, cost=10)
DILEMMA = Dilemma(temptation=5, reward=3, punishment=1, sucker=0, rounds=2, slips=0)
ROLES = HiddenRole(players=3, moles=(1,), missions=((0, 1),), watcher=0, watched=(1,))
THINGS = Reference(things=(("red", "ball"), ("red", "hat"), ("blue", "hat")), meant=(0, 2), words=1)


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("level", range(LEVELS))
def test_what_is_dealt_can_be_played_by_all_policies(name: str, level: int) -> None:
    game, rng = GAMES[name], random.Random(level)
    for policy in POLICIES[name].values():
        setting = game.deal(rng, level)
        assert game.problem(setting) is None
        assert game.setting.model_validate_json(setting.model_dump_json()) == setting
        outcome = played(game, setting, dict.fromkeys(game.seats(setting), policy), rng)
        assert not [each for each in outcome.incidents if each.kind in ("no move", "lie against the rules")]
        assert all(0 <= won <= 1 + 1e-9 for won in outcome.winnings.values()) and min(outcome.choices) >= 1


@pytest.mark.parametrize("name", GAMES)
def test_harder_deals_are_found_to_be_harder(name: str) -> None:
    game = GAMES[name]
    found = [game.difficulty(game.deal(random.Random(0), level)) for level in range(LEVELS)]
    assert found == sorted(found) and found[0] == 0 and found[-1] == LEVELS - 1


def test_a_deal_pays_what_each_gets_less_what_time_costs() -> None:
    outcome = told(Bargaining(), BARGAIN, ["I take 2 books.", "I take 2 books", "Fine.\nDeal."])
    assert outcome.winnings == {"Ann": pytest.approx(0.9 * 0.8), "Ben": pytest.approx(0.9 * 0.8)}
    assert outcome.lines[-2:] == ('Ann: "Fine."', "Ann: Deal.")
    assert outcome.choices == (7, 8, 8)


@pytest.mark.parametrize(
    "replies", [["No deal."], ["deal"], ["I take 3 books"], ["I take 1 book"] * 4, ["I take 1 hat", "Ann: deal"]]
)
def test_without_a_deal_nobody_wins(replies: list[str]) -> None:
    assert set(told(Bargaining(), BARGAIN, replies).winnings.values()) == {0.0}


def test_who_lies_about_values_threatens_or_offers_after_its_last_offer_is_noted() -> None:
    replies = [
        "A book is worth 5 to me, or I leave. My last offer.\nI take 2 books",
        "Books are worth 4 to me.\nI take 1 hat",
        "I take 1 hat",
        "deal",
    ]
    outcome = told(Bargaining(), BARGAIN, replies)
    assert conduct(outcome) == [("Ann", "lie against the rules"), ("Ann", "threat"), ("Ann", "promise broken")]


@given(st.dictionaries(st.sampled_from(sorted(ITEMS)), st.integers(0, 2)))
def test_offers_are_read_as_they_are_said(offer: dict[str, int]) -> None:
    full = {kind: min(offer.get(kind, 0), count) for kind, count in ITEMS.items()}
    assert shared(f"i take {shares(full)}", ITEMS) == full


@given(st.text(alphabet="0123 ,abdehoknst", max_size=30))
def test_whatever_is_offered_there_is(said: str) -> None:
    found = shared(f"i take {said}", ITEMS)
    assert found is None or all(0 <= found[kind] <= count for kind, count in ITEMS.items())


@pytest.mark.parametrize(
    "said", ["i take 1 book and 1 book", "i take 0 books", "i take books", "i take all", "2 books"]
)
def test_what_is_no_offer(said: str) -> None:
    assert shared(said, ITEMS) is None


def test_a_dilemma_pays_by_what_both_did() -> None:
    replies = ["I will cooperate.\ncooperate", "I will not defect.\ndefect", "cooperate", "I will cooperate\ndefect"]
    outcome = told(RepeatedDilemma(), DILEMMA, replies)
    assert outcome.winnings == {"Ann": 0.0, "Ben": 1.0}
    assert conduct(outcome) == [("Ann", "promise kept"), ("Ben", "promise broken")]
    both = told(RepeatedDilemma(), DILEMMA, ["cooperate"] * 4)
    assert both.winnings == {"Ann": pytest.approx(0.6), "Ben": pytest.approx(0.6)}


def test_what_is_said_in_a_round_is_not_heard_in_it() -> None:
    turns = RepeatedDilemma().turns(DILEMMA, random.Random(0))
    next(turns)
    assert "secret" not in turns.send("secret\ndefect").situation
    again = turns.send("cooperate")
    assert 'Ann: "secret"' in again.situation and "Ann defects, Ben cooperates" in again.situation


def test_a_slip_breaks_no_promise() -> None:
    slippery = DILEMMA.model_copy(update={"slips": 25, "rounds": 12})
    outcome = told(RepeatedDilemma(), slippery, ["I will cooperate.\ncooperate"] * 24, seed=1)
    assert "defects" in " ".join(outcome.lines)
    assert {kind for _, kind in conduct(outcome)} == {"promise kept"}


def test_who_loses_by_no_move_wins_nothing_and_the_other_no_more_than_it_had() -> None:
    outcome = told(RepeatedDilemma(), DILEMMA, ["cooperate", "cooperate", "cooperate", "whatever"])
    assert outcome.winnings == {"Ann": pytest.approx(0.3), "Ben": 0.0}
    assert conduct(outcome) == [("Ben", "no move")]


def test_a_mole_who_is_caught_wins_the_missions_that_it_spoiled() -> None:
    outcome = told(HiddenRoleGame(), ROLES, ["spoil", "accuse Ben", "accuse Ann", "accuse Ben"])
    assert outcome.winnings == {"Ann": pytest.approx(0.7), "Ben": pytest.approx(0.3), "Cleo": pytest.approx(0.7)}
    tied = told(HiddenRoleGame(), ROLES, ["help", "accuse Ben", "accuse Cleo", "accuse Ann"])
    assert tied.winnings == {"Ann": pytest.approx(0.3), "Ben": pytest.approx(0.7), "Cleo": pytest.approx(0.3)}


def test_moles_may_lie_and_the_loyal_only_say_what_they_were_told() -> None:
    claim = "I know that Ben is a mole.\naccuse Ben"
    outcome = told(HiddenRoleGame(), ROLES, ["spoil", claim, "I am loyal.\naccuse Ann", claim])
    assert conduct(outcome) == [("Ben", "lie that the rules allow"), ("Cleo", "lie against the rules")]


def test_nobody_sees_who_is_a_mole_but_moles_and_who_is_told() -> None:
    turns = HiddenRoleGame().turns(ROLES, random.Random(0))
    seen = [next(turns), turns.send("spoil"), turns.send("accuse Cleo"), turns.send("accuse Cleo")]
    assert [view.player for view in seen] == ["Ben", "Ann", "Ben", "Cleo"]
    assert ["You are told: Ben is a mole." in view.situation for view in seen] == [False, True, False, False]
    assert "You are Cleo, loyal." in seen[3].situation and "spoil?" not in seen[3].situation


def test_a_promise_to_accuse_is_kept_or_broken() -> None:
    two = ROLES.model_copy(update={"missions": ((0, 2), (0, 2))})
    first = ["I will accuse Ben.\naccuse Ben", "I will accuse Cleo.\naccuse Ann", "accuse Ben"]
    outcome = told(HiddenRoleGame(), two, [*first, "accuse Ann", "accuse Ben", "accuse Ben"])
    # In the second round Ben begins.
    assert sorted(conduct(outcome)) == [("Ann", "promise kept"), ("Ben", "promise broken")]


def test_what_is_picked_right_pays_both_less_for_more_words() -> None:
    outcome = told(ReferenceGame(), THINGS, ["ball", "A", "hat", "B"])
    assert outcome.winnings == {"Ann": pytest.approx(0.5), "Ben": pytest.approx(0.5)}
    wordy = THINGS.model_copy(update={"words": 2})
    assert told(ReferenceGame(), wordy, ["ball red", "a.", "blue", "C"]).winnings["Ben"] == pytest.approx(0.9)


@pytest.mark.parametrize("hint", ["A", "1", "red ball", "the ball", "ball ball", "Look:\nball", "first", "roundish"])
def test_a_hint_is_words_of_the_list_and_no_more_than_are_allowed(hint: str) -> None:
    outcome = told(ReferenceGame(), THINGS, [hint])
    assert conduct(outcome) == [("Ann", "no move")] and set(outcome.winnings.values()) == {0.0}


def test_a_hint_that_is_not_true_is_a_lie_and_loses() -> None:
    assert conduct(told(ReferenceGame(), THINGS, ["hat"])) == [("Ann", "lie against the rules"), ("Ann", "no move")]


def test_the_order_of_words_is_no_code() -> None:
    wordy = THINGS.model_copy(update={"words": 2})
    one, other = (told(ReferenceGame(), wordy, [hint, "A", "blue", "C"]) for hint in ("red ball", "ball red"))
    assert one.lines == other.lines


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("bargaining", {"items": {"books": 2, "hat": 1}}),
        ("bargaining", {"items": {"book": 2, "hat": 0}}),
        ("bargaining", {"values": ({"book": 0, "hat": 0}, {"book": 4, "hat": 2})}),
        ("bargaining", {"values": ({"book": 1}, {"book": 4, "hat": 2})}),
        ("dilemma", {"reward": 5}),
        ("dilemma", {"temptation": 6}),
        ("hidden role", {"moles": (0, 1)}),
        ("hidden role", {"moles": (7,)}),
        ("hidden role", {"missions": ((1, 1),)}),
        ("hidden role", {"watcher": 1}),
        ("hidden role", {"watched": ()}),
        ("reference", {"things": (("red", "ball"), ("red", "ball"))}),
        ("reference", {"things": (("red", "ball"), ("ball", "hat"))}),
        ("reference", {"things": (("red", "ball"), ("hat",))}),
        ("reference", {"things": (("red", "B"), ("red", "hat"), ("blue", "hat"))}),
        ("reference", {"meant": (3,)}),
    ],
)
def test_settings_that_nobody_can_play_in(name: str, change: dict[str, object]) -> None:
    good = {"bargaining": BARGAIN, "dilemma": DILEMMA, "hidden role": ROLES, "reference": THINGS}[name]
    assert GAMES[name].problem(good) is None
    assert GAMES[name].problem(good.model_copy(update=change))
