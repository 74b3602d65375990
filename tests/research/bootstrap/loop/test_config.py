"""What a loop is told: its table of bands is whole, or it says where not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from espalier.command_line.config import dump, load, load_file
from espalier.errors import UserError
from research.bootstrap.loop.bands_table import Curve
from research.bootstrap.loop.config import DEFAULT_CONFIG, BootstrapConfig, BootstrapOptions


def config(*argv: str) -> BootstrapConfig:
    return load(BootstrapConfig, list(argv), prog="", doc="", default=DEFAULT_CONFIG, options=BootstrapOptions)[0]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--bands.3.strength", "null"], "bands.3.strength: a hole; give a value, or curves.strength"),
        (["--bands", "[]"], "bands: 0 rows, and there are 8 bands"),
        (["--bands.2.strength", "7"], "--bands.2.strength: should be less than or equal to 2, not 7"),
        (["--curves.threshold", "{from: 0, to: 7}"], "curves.threshold: 7 at band 7"),
        (["--negatives", "true", "--separate", "false"], "separate: false leaves no adapter"),
        (["--threshold", "false", "--weights", "dynamic"], "threshold: false has none"),
    ],
)
def test_a_table_with_a_hole_and_keys_that_do_nothing_are_refused(argv: list[str], told: str) -> None:
    with pytest.raises(UserError, match=told):
        config(*argv)


def test_a_curve_stands_for_a_column_whatever_the_rows_say_and_is_written_back(tmp_path: Path) -> None:
    told = config("smoke", "--curves.strength", "{curve: stepped, from: 0.1, to: 1}", "--bands.5.strength", "null")
    assert [band.strength for band in told.table] == pytest.approx([0.1, 0.1, 0.4, 0.4, 0.7, 0.7, 1, 1])
    assert [band.max_new_tokens for band in told.table] == [8, 9, 10, 11, 13, 14, 15, 16]
    (tmp_path / "again.yaml").write_text(dump(told))
    assert load_file(BootstrapConfig, tmp_path / "again.yaml") == told


def test_every_curve_goes_from_its_first_value_to_its_last_and_never_back() -> None:
    kinds: list[Any] = ["linear", "s-curve", "stepped", "front-loaded"]
    drawn = {kind: [Curve(curve=kind, from_=0.2, to=0.9).at(band) for band in range(8)] for kind in kinds}
    assert all(values[0] == pytest.approx(0.2) and values[-1] == pytest.approx(0.9) for values in drawn.values())
    assert all(values == sorted(values) for values in drawn.values())
    assert drawn["front-loaded"][2] > drawn["linear"][2] > drawn["s-curve"][2] and len({*drawn["stepped"]}) == 4
