"""A variant's mark."""

from dataclasses import replace
from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.artifacts.gates import Change, Gates, read_gates, write_gates
from espalier.errors import UserError


def test_a_mark_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_gates(tmp_path) is None
    lost = Change(
        column="recast", parent=0.9, variant=0.5, difference=-0.4, low=-0.5, high=-0.3, allowed=0.02, cases=80
    )
    gates = Gates(
        passed=False, regressed=True, reasons=["recast: lost"], scores={"recast": "a-recast"}, changes={"recast": lost}
    )
    write_gates(tmp_path, gates)
    assert read_gates(tmp_path) == gates


def test_a_mark_of_before_runs_could_be_gamed_says_nothing_of_it(tmp_path: Path) -> None:
    before = {"passed": False, "regressed": True, "reasons": ["lost"], "scores": {}, "changes": {}}
    records.write_json(tmp_path / "gates.json", before)
    found = read_gates(tmp_path)
    assert found is not None and (found.marks, found.exploits) == (["regressed"], [])
    both = replace(found, gamed=True, exploits=["flattery: 0.9 of its gain"])
    write_gates(tmp_path, both)
    assert read_gates(tmp_path) == both and both.brackets == "[regressed] [gamed]"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"passed": true, "changes": []}', '{"changes": {"a": 3}}'])
def test_what_is_no_mark_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "gates.json").write_text(text)
    with pytest.raises(UserError, match=r"gates\.json: "):
        read_gates(tmp_path)
