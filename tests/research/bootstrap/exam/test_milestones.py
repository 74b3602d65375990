"""Milestones: what the file may say, what passes, and that nobody passes by luck."""

from __future__ import annotations

import math
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import binom

from espalier.command_line.config import resolve_path
from espalier.errors import UserError
from evaluation.comparison.stats import mean
from research.bootstrap.bands import LAST_BAND
from research.bootstrap.exam.milestones import Milestone, read_milestones
from research.bootstrap.loop.config import MILESTONES

PATH = resolve_path(MILESTONES, Path())


def test_the_last_band_is_what_it_is_said_to_be():
    last = read_milestones(PATH).bands[LAST_BAND]
    assert (last.score, last.at_least, last.sentences) == (6, 0.9, 0.95)


@pytest.mark.parametrize("band", range(LAST_BAND))
def test_a_pupil_at_the_bar_passes_by_luck_once_in_forty_papers_and_a_better_one_passes(band: int):
    milestones = read_milestones(PATH)
    milestone, of_a_type = milestones.bands[band], milestones.bands[band].tasks // len(milestones.types)
    n, bar = milestone.tasks, milestone.at_least
    enough = next(good for good in range(n + 1) if not _failed(milestone, good, n))
    counts = np.arange(of_a_type + 1)

    def passes(share: float) -> float:
        """Of a pupil that does so much of each type, each turn by itself."""
        one = np.where(counts / of_a_type >= milestones.each_type, binom.pmf(counts, of_a_type, share), 0)
        return float(reduce(np.convolve, [one] * len(milestones.types))[enough:].sum())

    assert passes(bar) < 0.025 + 0.003
    assert passes(bar) ** 2 < 1 / 1000
    assert passes(bar + 0.1) > (0.6 if band else 0.41)
    assert passes(bar + 0.15) > (0.93 if band else 0.72)
    assert passes(bar + 0.2) > (0.99 if band else 0.89)


def test_who_never_learned_a_type_hardly_ever_passes_it_and_who_did_hardly_ever_fails_it():
    milestones = read_milestones(PATH)
    of_a_type = milestones.bands[0].tasks // len(milestones.types)
    enough = math.ceil(milestones.each_type * of_a_type)
    assert (enough, of_a_type) == (5, 12)
    assert 1 / binom.sf(enough - 1, of_a_type, 0.1) > 230
    assert 1 / binom.cdf(enough - 1, of_a_type, 0.8) > 1700


def test_the_last_band_is_passed_by_a_pupil_of_95_in_100():
    last = read_milestones(PATH).bands[LAST_BAND]
    turns = round(3.5 * last.tasks)
    enough = next(good for good in range(turns + 1) if not _failed(last, good, turns))
    assert binom.sf(enough - 1, turns, 0.95) > 0.85
    assert binom.sf(enough - 1, turns, 0.90) < 0.025


def test_turns_of_one_dialogue_that_go_together_count_less():
    last = read_milestones(PATH).bands[LAST_BAND]
    values = [1.0] * 288 + [0.0] * 16
    apart = mean(values, list(range(304)))
    together = mean(values, [place // 4 for place in range(304)])
    parse = mean([1.0] * 304)
    assert last.failed(apart, parse) == []
    assert last.failed(together, parse) == ["good turns: 0.947, surely above 0.872, and at least 0.90 is wanted"]


def test_sentences_have_to_parse_too():
    milestone = Milestone(tasks=9, score=6, at_least=0.5, sentences=0.9, longest=9)
    good = mean([1.0] * 40)
    assert milestone.failed(good, mean([1.0] * 40)) == []
    assert [each.partition(":")[0] for each in milestone.failed(good, mean([1.0, 0.0] * 20))] == [
        "sentences that parse"
    ]
    assert milestone.failed(good, None) == ["sentences that parse: there are none, and at least 0.90 is wanted"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("bands", [{}] * 3, "bands.0.tasks: missing"),
        ("types", ["a", "a"], "types: one is named twice"),
        ("types", [], "types"),
        ("pass", 1, "pass: unknown key"),
        ("each_type", 1.5, "each_type: "),
    ],
)
def test_what_is_wrong_with_the_file_is_said(tmp_path: Path, key: str, value: object, said: str):
    path = tmp_path / "milestones.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(PATH.read_text()) | {key: value}))
    with pytest.raises(UserError, match=said):
        read_milestones(path)


def test_a_band_without_a_milestone_is_a_hole(tmp_path: Path):
    found = yaml.safe_load(PATH.read_text())
    found["bands"].pop()
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(found))
    with pytest.raises(UserError, match="7 milestones, and there are 8 bands"):
        read_milestones(tmp_path / "m.yaml")


def _failed(milestone: Milestone, good: int, turns: int) -> list[str]:
    return milestone.failed(mean([1.0] * good + [0.0] * (turns - good)), mean([1.0] * 1000))
