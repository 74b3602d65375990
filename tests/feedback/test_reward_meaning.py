"""What rewards mean: fitted where the truth is known, and the figures by which that is judged."""

from dataclasses import replace

import numpy as np
import pytest

from espalier.models.reward import Meaning, sigmoid
from evaluation.judges.agreement import Resamples
from feedback.rewards.attacks import attacks, best_replies
from feedback.rewards.calibration import calibration_errors, fit_ratings, fit_temperature, halves, meanings, reliability
from feedback.rewards.figures import figures
from feedback.rewards.held import Held

DRAW = np.random.default_rng(0)


def held(groups: int = 300, *, members: int = 2, noise: float = 0.0, steep: float = 1.0, split: str = "valid") -> Held:
    """Pairs of which the first is the better one as often as its reward says, times `steep`; and a rating beside."""
    drawn = np.random.default_rng(1)
    means = drawn.normal(size=2 * groups)
    first_better = drawn.random(groups) < sigmoid(steep * (means[::2] - means[1::2]))
    preferred = np.stack([first_better, ~first_better], axis=1).ravel().astype(float)
    rated = (drawn.random(2 * groups) < sigmoid(2 * means - 1)).astype(float)
    rewards = np.stack([np.stack([means, means], axis=1)] * members, axis=1)
    rewards += noise * drawn.normal(size=rewards.shape)
    number = np.repeat(np.arange(groups), 2)
    return Held(
        split=split,
        columns=("preferred", "actionability"),
        rewards=rewards,
        targets=np.stack([preferred, rated], axis=1),
        groups=number,
        prompts=tuple([{"role": "user", "content": f"I goed {n}."}] for n in number),
        replies=tuple(f"You went {n}?" for n in range(2 * groups)),
        clusters=tuple(f"problem {n}" for n in number),
        answers=("",) * 2 * groups,
    )


@pytest.mark.parametrize("steep", [0.5, 1.0, 4.0])
def test_the_temperature_is_found_by_which_pairs_were_drawn(steep: float) -> None:
    known = held(4000, steep=steep)
    pairs = known.pairs(0)
    apart = known.means[pairs[:, 0], 0] - known.means[pairs[:, 1], 0]
    assert fit_temperature(apart) == pytest.approx(1 / steep, rel=0.1)
    assert 0 < fit_temperature(np.abs(apart)) < 1 / steep  # all in order: sure, and yet a number
    assert np.isfinite(fit_temperature(-np.abs(apart))) and np.isfinite(fit_temperature(np.zeros(5)))


def test_ratings_are_found_back() -> None:
    known = held(4000)
    slope, offset = fit_ratings(known.means[:, 1], known.targets[:, 1])
    assert (slope, offset) == (pytest.approx(2, rel=0.1), pytest.approx(-1, rel=0.1))
    assert all(np.isfinite(fit_ratings(np.zeros(30), np.ones(30))))
    slope, offset = fit_ratings(np.linspace(-1, 1, 40), np.repeat([0.0, 1.0], 20))  # set apart without a doubt
    assert np.isfinite(slope) and sigmoid(np.array([slope + offset]))[0] > 0.9


def test_what_rewards_mean_is_said_of_columns_of_which_enough_is_known() -> None:
    found = meanings(held(300))
    assert found["preferred"].of == "preferred" and found["actionability"].of == "rating"
    typical = float(np.median(held(300).means[:, 0]))
    assert sigmoid(np.array([found["preferred"].slope * typical + found["preferred"].offset]))[0] == pytest.approx(0.5)
    assert meanings(held(5)) == {}


def test_halves_share_no_problem_and_miss_none() -> None:
    known = held(100)
    (one, other), (again, first) = halves(known)
    assert not set(one.clusters) & set(other.clusters) and set(one.clusters) | set(other.clusters) == set(
        known.clusters
    )
    assert (again, first) == (other, one) and len(one.pairs(0)) + len(other.pairs(0)) == len(known.pairs(0))


def test_a_calibration_error_tells_who_claims_too_much() -> None:
    known = held(2000)
    pairs = known.pairs(0)
    apart = known.means[pairs[:, 0], 0] - known.means[pairs[:, 1], 0]
    right, rows, draws = (apart > 0).astype(float), pairs[:, 0], Resamples(known.clusters, count=50, seed=0)
    errors = {}
    for temperature in (1.0, 0.2):
        chance = sigmoid(apart / temperature)
        confidence = np.maximum(chance, 1 - chance)
        errors[temperature] = calibration_errors(confidence, right, rows, draws)[0]
        by_hand = [abs(claimed - true) * count for claimed, true, count in reliability(confidence, right)]
        assert errors[temperature] == pytest.approx(sum(by_hand) / len(pairs))
    assert errors[1.0] < 0.04 < 0.12 < errors[0.2]


def test_figures_of_a_split_say_what_is_in_order_and_where_members_agree() -> None:
    known = held(400, members=3, noise=0.6)
    found = figures([(known, meanings(known))], seed=0)["preferred"]
    means = known.means[:, 0]
    pairs = known.pairs(0)
    assert found["accuracy"]["value"] == pytest.approx(float((means[pairs[:, 0]] > means[pairs[:, 1]]).mean()))
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]
    assert found["one_member"] < found["accuracy"]["value"], "three know more than one"
    assert found["disagreement"]["agreed"]["value"] > found["disagreement"]["differing"]["value"] + 0.1
    assert found["question_mark"]["value"] == 0.5 and found["problems"] == 400
    rated = figures([(known, meanings(known))], seed=0)["actionability"]
    assert rated["pearson"]["value"] > 0.3 and "kappa" in rated["agreement"]
    assert figures([(held(5), {})], seed=0) == {}


def test_what_is_fitted_on_a_split_is_judged_on_its_other_half() -> None:
    known = held(400)
    parts = [(asked, meanings(fitted)) for fitted, asked in halves(known)]
    found = figures(parts, seed=0)["preferred"]
    assert found["pairs"] == 400 and found["ece"]["value"] < 0.1 and found["log_loss"]["value"] < np.log(2)
    wrong = {"preferred": Meaning(temperature=0.05, slope=1, offset=0, of="preferred")}
    assert figures([(parts[0][0], wrong), parts[1]], seed=0)["preferred"]["ece"]["value"] > found["ece"]["value"] + 0.1


def test_of_what_should_be_less_the_least_is_best_and_wins() -> None:
    known = replace(held(40), columns=("preferred", "revealing_of_the_answer"))
    places = best_replies(known, 1, most=10)
    assert places and all(known.targets[place, 1] == 0 for place in places)
    meaning = Meaning(temperature=1, slope=1, offset=0, of="rating")

    def reveals(said):  # type: ignore[no-untyped-def]
        return np.array([[[4.0 if "You went" in reply else -4.0] * 2] for _, reply in said])

    assert not attacks(known, reveals, 1, meaning, ["canned_pool"], most=10, seed=0)["families"]["canned_pool"][
        "beaten"
    ]


def test_made_replies_are_held_against_the_best_one() -> None:
    known = held(40)
    places = best_replies(known, 0, most=10)
    assert len(places) == 10 and all(known.targets[place, 0] == 1 for place in places)
    assert len({int(known.groups[place]) for place in places}) == 10

    def likes(word: str):  # type: ignore[no-untyped-def]
        return lambda said: np.array([[[4.0 if word in reply else -4.0] * 2] for _, reply in said])

    meaning = Meaning(temperature=1, slope=1, offset=0, of="preferred")
    fooled = attacks(known, likes("?"), 0, meaning, ["canned_pool"], most=10, seed=0)
    careful = attacks(known, likes("You went"), 0, meaning, ["canned_pool"], most=10, seed=0)
    assert not fooled["families"]["canned_pool"]["beaten"] and careful["families"]["canned_pool"]["beaten"]
    assert fooled["prompts"] == 10 and fooled["split"] == "valid"
