"""An ability that falls from its best, told from chance and from what a run is meant to leave behind."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.generation.likelihood import log_likelihoods
from espalier.signals.records import Severity, Signal
from espalier.text.rows import write_rows
from tests import tiny
from tests.training.monitors import looks
from training.heldout import measure
from training.monitors import forgetting
from training.monitors.abilities import HeldRows, pairs_right


def looked(monkeypatch: pytest.MonkeyPatch, shares: Sequence[float], seed: int = 0) -> list[Signal]:
    """What is said of minimal pairs of which such shares are told right, look by look; most stay as they are."""
    rng = np.random.default_rng(seed)
    hardness = rng.random(144)

    def right(*_: Any) -> np.ndarray:
        return (hardness + rng.normal(0, 0.02, 144) < next(coming)).astype(float)

    coming = iter(shares)
    monkeypatch.setattr(forgetting, "pairs_right", right)
    settings = forgetting.ForgettingSettings(pairs=12)
    monitor = forgetting.MONITOR.made(looks.config(parent=None, base="b", steps=100 * (len(shares) - 1)), settings)
    return [signals["pairs"] for signals in looks.watch(monitor, "forgetting", [{} for _ in shares])]


def test_a_fall_is_told_by_how_much_of_it_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(monkeypatch, [0.5, 0.8, 0.9, 0.9, 0.5, 0.5, 0.3])
    assert [each.severity for each in found] == [None] * 4 + [Severity.HIGH, None, Severity.WARN]
    assert re.search(r"pairs is 0.4\d+ and was 0.8\d+ at step [23]00: worse by 4\d", found[4].said)
    assert all(": " in label for label in found[4].evidence["fell most"])
    assert "at step 400" in found[6].said, "after an alarm it is held to what it is then"
    less = looked(monkeypatch, [0.9, 0.9, 0.72, 0.9])
    assert [each.severity for each in less] == [None, None, Severity.WARN, None]


def test_wobbling_at_ones_best_for_many_looks_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    for seed in range(20):
        found = looked(monkeypatch, [0.85 + rng.normal(0, 0.01) for _ in range(60)], seed)
        assert not [each for each in found if each.severity]


def test_what_went_before_counts_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is remembered comes of the history."""
    history, found = looks.Remembered(), []
    values = iter([np.ones(72), np.ones(72), np.zeros(72)])
    monkeypatch.setattr(forgetting, "pairs_right", lambda *_: next(values))
    for number in range(3):
        monitor = forgetting.MONITOR.made(looks.config(parent=None, base="b"))
        found = list(monitor.look(looks.look(100 * number, history)))
        history.signals += [(100 * number, f"forgetting.{each.name}", each) for each in found]
    assert found[0].severity is Severity.HIGH


def mix(name: str, reply: str) -> None:
    folder = artifact("mixes", name)
    folder.mkdir(parents=True)
    write_rows(
        folder / "valid.parquet",
        [tiny.text_row(n, "I saw a house. " * (1 + n % 3), split="valid", log2_prob=-9.0) for n in range(30)]
        + [tiny.chat_row(n, f"I go, {n}.", reply, split="valid") for n in range(30)],
    )
    records.write_manifest(folder, {"kind": "mix", "name": name})


def parent(rows: str) -> None:
    folder = artifact("runs", "p")
    folder.mkdir(parents=True)
    records.write_json(folder / "run.json", {"config": {"mix": "old", "rows": rows}})


@pytest.mark.parametrize(("rows", "severity"), [("chat", Severity.HIGH), ("text", Severity.NOTE)])
def test_held_out_rows_of_the_mix_and_of_its_parents(rows: str, severity: Severity) -> None:
    mix("m", "You went to the market?")
    mix("old", "Anna ate the cake.")
    parent(rows)
    monitor = forgetting.MONITOR.made(looks.config(rows="chat", steps=200))
    models = [tiny.model(), tiny.trained_a_little(tiny.model(), lr=20.0)]
    before, after = looks.watch(monitor, "forgetting", [{"model": model} for model in models], every=200)
    assert set(before) == {"pairs", "own.cost", "own.form", "parent.cost", "parent.form"}
    assert after["own.cost"].severity is Severity.HIGH and after["parent.cost"].severity is severity
    assert after["pairs"].severity in (None, severity)
    assert (after["own.cost"].value or 0) > 1.3 * (before["own.cost"].value or 0)


def test_nothing_is_measured_of_a_mix_that_is_gone_or_holds_nothing_out() -> None:
    parent("chat")
    monitor = forgetting.MONITOR.made(looks.config())
    [found] = looks.watch(monitor, "forgetting", [{"model": tiny.model()}])
    assert list(found) == ["pairs"]


def test_rows_cost_what_held_out_loss_says_they_do(tmp_path: Path) -> None:
    rows = [tiny.text_row(n, "I saw a house. " * (1 + n % 3), log2_prob=-9.0) for n in range(5)]
    rows += [tiny.chat_row(n, "I go.", "You went to the market?") for n in range(5)]
    model = tiny.trained_a_little(tiny.model())
    for kind, chosen in (("text", rows[:5]), ("chat", rows[5:])):
        folder = tmp_path / kind
        packs = looks.packs(folder, rows[:5] + rows[5:], chosen)
        figures = measure(model, packs["valid"], batch_size=4)["fit"]
        held = HeldRows.of(folder, looks.RENDERER, as_text=kind == "text", count=9, longest=64)
        bits, ended = held.measure(model)
        assert bits.sum() / held.num_bytes.sum() == pytest.approx(figures["bits_per_byte"], rel=1e-4)
        assert ended.shape == bits.shape == (5,) and set(ended) <= {0.0, 1.0}
        assert held.floor_bits == (45.0 if kind == "text" else pytest.approx(float("nan"), nan_ok=True))


def test_a_pair_is_right_where_the_right_one_is_likelier() -> None:
    model = tiny.model()
    pairs = [("I went.", "You went."), ("You went.", "I went."), ("I went.", "I went.")]
    one, other = log_likelihoods(model, looks.RENDERER, ["I went.", "You went."])
    assert pairs_right(model, looks.RENDERER, pairs).tolist() == [float(one > other), float(other > one), 0.5]
