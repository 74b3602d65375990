"""What is equal in two files of one name, and of the rest what differs in it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from espalier.artifacts import records
from espalier.artifacts.comparison import compare_file

ONE: dict[str, Any] = {"a": torch.zeros(2, 3), "b": torch.ones(4, dtype=torch.bfloat16)}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("before", "now"):
        (tmp_path / name).mkdir()
    return tmp_path / "before", tmp_path / "now"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (ONE, ("equal", "")),
        (ONE | {"b": ONE["b"] + 0.25}, ("differs", "in 1 of 2 tensors, by at most 0.25")),
        (ONE | {"a": torch.zeros(3, 2)}, ("differs", "in the form of a: float32 [2, 3] before, float32 [3, 2] now")),
        ({"a": ONE["a"]}, ("differs", "in which tensors there are: b")),
    ],
)
def test_weights_are_compared_tensor_by_tensor(pair: tuple[Path, Path], other: Any, said: tuple[str, str]) -> None:
    before, now = (folder / "model.safetensors" for folder in pair)
    save_file(ONE, before)
    save_file(other, now)
    assert compare_file(before, now) == said


def test_lines_may_differ_in_clocks_alone(pair: tuple[Path, Path]) -> None:
    before, now = (folder / "metrics.jsonl" for folder in pair)
    records.write_jsonl(before, [{"step": 1, "loss": 2.0, "seconds": 1.0}])
    records.write_jsonl(now, [{"step": 1, "loss": 2.0, "seconds": 9.0}])
    assert compare_file(before, now) == ("equal but for clocks", "")
    records.write_jsonl(now, [{"step": 1, "loss": 2.5, "seconds": 9.0}, {"step": 2}])
    assert compare_file(before, now) == ("differs", "in loss, step")


def test_other_files_are_equal_or_not(pair: tuple[Path, Path]) -> None:
    for name, said in (
        ("run.json", ("tells where and when", "")),
        ("tokenizer.json", ("differs", "from line 2 on")),
        ("loss.png", ("differs", "")),
    ):
        before, now = (folder / name for folder in pair)
        before.write_bytes(b"\xff" if name == "loss.png" else b"1\n2\n")
        assert compare_file(before, now) == ("differs", "only before")
        now.write_text("1\n3\n")
        assert compare_file(before, now) == said
