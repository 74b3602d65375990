"""Bits per byte, and that a model which was not ignorant of what it predicts is found."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from research.autoresearch.evaluating import language
from research.autoresearch.evaluating.asking import Asker
from research.autoresearch.evaluating.language import score_language
from research.autoresearch.naming import Named
from tests.research.autoresearch.walls.asked import Answer, FakeAsker

TEXT = bytes(random.Random(0).choices(range(97, 105), weights=range(1, 9), k=8192))
OTHERWISE = "answers otherwise where what follows is out of sight"


def honest(window: NDArray[np.uint8], kind: str) -> NDArray[np.float64]:
    """Each byte is as likely as it is in the text, and a little likelier where it has just been."""
    shares = np.bincount(np.frombuffer(TEXT, np.uint8), minlength=256) + 0.1
    logs = np.tile(np.log(shares), (*window.shape, 1))
    np.put_along_axis(logs, window[..., None].astype(int), np.log(shares[window])[..., None] + 0.1, axis=2)
    return normal(logs)


def normal(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(logs - np.log(np.exp(logs).sum(axis=2, keepdims=True)))


def ahead(window: NDArray[np.uint8], by: float = 5.0) -> NDArray[np.float64]:
    """As `honest`, with the next byte of the window likelier."""
    logs = honest(window, "")
    following = np.roll(window, -1, axis=1)[..., None].astype(int)
    np.put_along_axis(logs, following, np.take_along_axis(logs, following, axis=2) + by, axis=2)
    return normal(logs)


def score(folder: Path, answer: Answer, text: bytes = TEXT, **more: Any) -> dict[str, Any]:
    return score_language(cast(Asker, FakeAsker(folder, answer, **more)), text, random.Random(1))


def named(folder: Path, answer: Answer, **more: Any) -> str:
    with pytest.raises(Named) as caught:
        score(folder, answer, **more)
    return caught.value.name


def test_bits_per_byte_are_those_of_every_byte_but_the_first(tmp_path: Path) -> None:
    found = score(tmp_path, honest)
    data = np.frombuffer(TEXT, np.uint8)
    logs = [honest(data[None, :-1][:, start : start + 16], "")[0] for start in range(0, len(TEXT) - 1, 16)]
    expected = -np.concatenate(logs)[np.arange(len(TEXT) - 1), data[1:]].mean() / math.log(2)
    assert found["val_bpb"] == pytest.approx(expected, rel=1e-6)
    assert (found["targets"], found["context"]) == (8191, 16)
    assert found["proofs"]["places"] == 32 and abs(found["proofs"]["worst"]) < 1e-5


@pytest.mark.parametrize("length", [2, 17, 33, 200])
def test_short_texts_are_counted_in_whole(length: int, tmp_path: Path) -> None:
    assert score(tmp_path, honest, TEXT[:length])["targets"] == length - 1


def test_no_target_is_in_sight_before_another_place(tmp_path: Path) -> None:
    for seed in range(200):
        drawn = sorted(language._drawn(2000, 16, 80, random.Random(seed)))
        assert len(drawn) == 80 or len(drawn) >= 60
        sights = [range(place.target - place.before, place.target) for place in drawn]
        assert not any(place.target in sight for place in drawn for sight in sights)
        assert all(sight.start % 16 == 0 and 1 <= len(sight) <= 16 for sight in sights)
        assert all(one.target < other.target for one, other in pairwise(drawn))


def test_every_place_can_be_drawn() -> None:
    befores = {place.before for seed in range(50) for place in language._drawn(2000, 16, 30, random.Random(seed))}
    assert befores == set(range(1, 17))


def test_the_second_sandbox_sees_prefixes_alone(tmp_path: Path) -> None:
    asker = FakeAsker(tmp_path, honest)
    score_language(cast(Asker, asker), TEXT, random.Random(1))
    (whole, text, _), *later = asker.asked
    assert whole == "whole" and text == TEXT[:-1]
    for kind, inputs, request in later:
        assert kind == "prefixes" and sum(request["lengths"]) == len(inputs) < len(TEXT) / 10
        assert request["lengths"] == sorted(request["lengths"])


def test_few_places_come_first_and_may_take_little_work(tmp_path: Path) -> None:
    asker = FakeAsker(tmp_path, honest)
    score_language(cast(Asker, asker), TEXT, random.Random(1))
    _, (_, _, few), (_, _, rest) = asker.asked
    assert len(few["lengths"]) == 16 == len(rest["lengths"])
    assert few["share"] == 1.5 * 16 * max(few["lengths"]) / len(TEXT) and rest["share"] is None


def test_a_model_that_goes_on_learning_where_many_are_asked_is_named(tmp_path: Path) -> None:
    """With little work it cannot, and answers as its checkpoint does."""
    asked: list[int] = []

    class Few(FakeAsker):
        def ask(self, kind: str, inputs: bytes, **request: Any) -> Any:
            asked.append(len(request.get("lengths", ())))
            return super().ask(kind, inputs, **request)

    def answer(window: NDArray[np.uint8], kind: str) -> NDArray[np.float64]:
        return normal(honest(window, kind) * (1.0 if asked[-1] == 16 and len(asked) == 2 else 1.2))

    with pytest.raises(Named, match=OTHERWISE):
        score_language(cast(Asker, Few(tmp_path, answer)), TEXT, random.Random(1))


def test_a_long_context_is_proven_by_several_sandboxes(tmp_path: Path) -> None:
    asker = FakeAsker(tmp_path, honest, context=1024)
    found = score_language(cast(Asker, asker), TEXT, random.Random(1))
    assert found["proofs"]["places"] >= 32 and len(asker.asked) > 4


@pytest.mark.parametrize(
    "answer",
    [
        lambda window, kind: ahead(window),
        lambda window, kind: ahead(window, by=0.2),
        lambda window, kind: ahead(window) if kind == "whole" else honest(window, kind),
        lambda window, kind: np.where(
            (np.arange(window.shape[1]) >= 13)[None, :, None], ahead(window), honest(window, "")
        ),
    ],
    ids=["at all", "a little", "only where all is in sight", "at the end of windows"],
)
def test_a_model_that_looks_ahead_is_named(answer: Answer, tmp_path: Path) -> None:
    assert named(tmp_path, answer) == OTHERWISE


def test_a_model_that_learns_from_other_windows_is_named(tmp_path: Path) -> None:
    counts = np.ones(256)

    def answer(window: NDArray[np.uint8], kind: str) -> NDArray[np.float64]:
        if kind == "prefixes":
            return honest(window, kind)
        counts[:] += 50 * np.bincount(window[0], minlength=256)
        return normal(honest(window, kind) + np.log(counts))

    assert named(tmp_path, answer) == OTHERWISE


def test_a_gain_below_the_tolerance_of_one_place_is_found_by_the_mean(tmp_path: Path) -> None:
    def answer(window: NDArray[np.uint8], kind: str) -> NDArray[np.float64]:
        return ahead(window, by=0.04)

    assert named(tmp_path, answer) == OTHERWISE


def test_rounding_is_let_through(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)

    def answer(window: NDArray[np.uint8], kind: str) -> NDArray[np.float64]:
        return normal(honest(window, kind) + 0.003 * noise.standard_normal((*window.shape, 256)))

    assert score(tmp_path, answer)["val_bpb"] > 0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda logs: logs + 0.01, "its distributions do not sum to 1"),
        (lambda logs: logs * 0, "its distributions do not sum to 1"),
        (lambda logs: logs + np.nan, "answers with what is no number"),
        (lambda logs: np.where(np.arange(256) == 5, np.inf, logs), "answers with what is no number"),
        (lambda logs: normal(np.where(np.arange(256) == 100, -np.inf, logs)), "gives a byte that came no chance"),
        (lambda logs: logs[..., :255], "gives answers of another shape"),
        (lambda logs: logs.repeat(2, axis=1), "gives answers of another shape"),
        (lambda logs: np.full_like(logs, -np.inf), "answers with what is no number"),
    ],
)
def test_what_is_no_distribution_is_named(change: Any, name: str, tmp_path: Path) -> None:
    assert named(tmp_path, lambda window, kind: change(honest(window, kind))) == name


def test_a_byte_that_never_comes_may_have_no_chance(tmp_path: Path) -> None:
    def answer(window: NDArray[np.uint8], kind: str) -> NDArray[np.float64]:
        return normal(np.where(np.arange(256) == 250, -np.inf, honest(window, kind)))

    assert score(tmp_path, answer)["val_bpb"] > 0


def test_a_sum_within_the_tolerance_gains_nothing(tmp_path: Path) -> None:
    plain = score(tmp_path, honest)["val_bpb"]
    more = score(tmp_path, lambda window, kind: honest(window, kind) + 9e-4)["val_bpb"]
    assert more == pytest.approx(plain, abs=1e-6)


@pytest.mark.parametrize("context", [0, -1, 10**9, "16", 2.5, None, True])
def test_a_context_has_to_be_one(context: object) -> None:
    told: Mapping[str, object] = {"context": context}
    with pytest.raises(Named, match="its context is none"):
        language._context(told)


def test_a_context_that_changes_is_named(tmp_path: Path) -> None:
    assert named(tmp_path, honest, later_context=8) == "its context changes"
