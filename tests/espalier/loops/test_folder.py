"""The folder of a loop: what was begun stays as it was, but for what decides nothing."""

from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import kinds, registry
from espalier.command_line import listing
from espalier.command_line.config import Config
from espalier.errors import UserError
from espalier.loops.folder import LoopFolder


class Toy(Config):
    size: int = 1
    device: str = "cpu"


def opened(parents: dict[str, str] | None = None, rules: str = "a", **keys: Any) -> LoopFolder:
    return LoopFolder.open(
        "toy", Toy(**keys), parents=parents or {}, command="feedback/rlp.py", decided_by={"rules": {"sha256": rules}}
    )


def test_one_process_holds_it_and_what_decides_it_stays(workspace: Path) -> None:
    with opened() as loop:
        loop.keep("exam", {"value": 1})
        with pytest.raises(UserError, match="loop toy"):
            opened()
    with opened(device="cuda") as loop:
        assert loop.found("exam") == {"value": 1} and loop.found("other") is None and not loop.complete
    for keys in ({"size": 2}, {"rules": "b"}, {"parents": {"run:core": "1"}}):
        with pytest.raises(
            UserError, match=r"loop toy was begun otherwise \((config.size: 1|rules.sha256: a|parents.run)"
        ):
            opened(**keys)  # type: ignore[arg-type]


def test_sealed_it_is_complete_and_an_artifact_with_parents(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened({"run:core": "1"}) as loop:
        loop.keep("exam", {"value": 1})
        loop.seal([{"band": 1}, {"band": 4, "passed": [True]}], {"run:toy-r00-policy": "2"}, about="a toy")
    assert opened({"run:core": "1"}).complete
    kind = kinds.of_word("loop")
    assert kind and registry.read(kind, "toy").made_of == ("run:core", "run:toy-r00-policy")
    listing.show("toy", config=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "what it is a toy" in said and "Summary band 4 passed.0 True" in said and "exams/exam.json" in said
