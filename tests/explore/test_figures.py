"""Figures followed while they are logged, and thinned so that nothing that stands out is lost."""

import json
from pathlib import Path

import numpy as np
import pytest

from explore.figures import Figures, thinned


def log(path: Path, *steps: int, how: str = "a") -> None:
    with open(path, how) as file:
        file.writelines(json.dumps({"step": step, "loss": step / 10, "note": "x"}) + "\n" for step in steps)


def steps_of(figures: Figures) -> list[int]:
    figures.read()
    found = figures.series("loss")
    return [] if found is None else found[0].tolist()


def test_what_is_appended_is_read_and_half_a_line_waits(tmp_path):
    figures = Figures(tmp_path / "metrics.jsonl")
    assert steps_of(figures) == [] and figures.names() == []
    log(figures.path, 1, 2)
    assert steps_of(figures) == [1, 2] and figures.names() == ["loss"]
    with open(figures.path, "a") as file:
        file.write('{"step": 3, "lo')
    assert steps_of(figures) == [1, 2]
    with open(figures.path, "a") as file:
        file.write('ss": 0.3}\nnot JSON\n[1]\n{"step": "4", "loss": 1}\n{"step": 5, "loss": null}\n')
    assert steps_of(figures) == [1, 2, 3] and figures.rows == 4


def test_a_run_that_goes_on_from_before_is_read_anew(tmp_path):
    figures = Figures(tmp_path / "metrics.jsonl")
    log(figures.path, *range(1, 9))
    assert steps_of(figures)[-1] == 8
    (tmp_path / "cut").write_text("".join(json.dumps({"step": step, "loss": 7}) + "\n" for step in range(1, 5)))
    (tmp_path / "cut").replace(figures.path)  # as Run.truncate does
    log(figures.path, *range(5, 12))
    assert steps_of(figures) == [*range(1, 12)] and figures.series("loss")[1][0] == 7
    figures.path.unlink()
    assert steps_of(figures) == []


def test_a_long_record_is_read_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr("explore.figures._AT_ONCE", 200)
    figures = Figures(tmp_path / "metrics.jsonl")
    log(figures.path, *range(100))
    figures.read(seconds=0)
    assert 0 < figures.rows < 100 and figures.behind > 0
    while figures.behind:
        figures.read(seconds=0)
    assert steps_of(figures) == [*range(100)]


def test_a_million_points_become_as_many_as_there_are_pixels_and_a_spike_is_seen():
    steps = np.arange(1_000_000)
    values = np.sin(steps / 1e5)
    values[777_777] = 50
    found = thinned((steps, values), 0, 999_999, 800)
    assert found["points"] == 1_000_000 and len(found["steps"]) == len(found["low"]) == 800
    assert max(found["high"]) == 50 and max(found["values"]) < 2
    place = found["high"].index(50)
    assert abs(found["steps"][place] - 777_777) <= 1250 / 2 + 1
    assert min(found["low"]) == values.min()
    assert np.average(found["values"]) == pytest.approx(values.mean())


def test_what_there_is_room_for_is_shown_as_it_is_and_gaps_stay_gaps():
    steps, values = np.array([1, 5, 900]), np.array([1.0, 2.0, 3.0])
    assert thinned((steps, values), 0, 1000, 100) == {"points": 3, "steps": [1, 5, 900], "values": [1.0, 2.0, 3.0]}
    assert thinned((steps, values), 2, 100, 100)["steps"] == [5]
    many = np.concatenate([np.arange(5000), np.arange(95_000, 100_000)])
    found = thinned((many, many.astype(float)), 0, 99_999, 100)
    assert len(found["steps"]) == 10 and all(step < 5000 or step >= 95_000 for step in found["steps"])
