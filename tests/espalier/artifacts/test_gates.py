"""A variant's mark."""

from pathlib import Path

import pytest

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


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"passed": true, "changes": []}', '{"changes": {"a": 3}}'])
def test_what_is_no_mark_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "gates.json").write_text(text)
    with pytest.raises(UserError, match=r"gates\.json: "):
        read_gates(tmp_path)
