"""The benchmark of long contexts is rehearsed: every part of it runs, on a CPU and with a tiny model."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from espalier.errors import UserError
from research.benchmarks import gpu_8gb
from research.benchmarks.long_context import trial
from research.benchmarks.long_context.search import longest


@pytest.mark.parametrize("guess", [1, 256, 3000, 9999])
@pytest.mark.parametrize("border", [0, 100, 256, 300, 2560, 3071, 4096])
def test_the_border_is_found_and_no_length_is_tried_twice(border: int, guess: int) -> None:
    tried: list[int] = []

    def trains(length: int) -> bool:
        assert length % 256 == 0 and 0 < length <= 4096
        tried.append(length)
        return length <= border

    assert longest(trains, guess=guess, step=256, limit=4096, close=0) == border // 256 * 256
    assert len(tried) == len(set(tried)) <= 16
    assert longest(trains, guess=guess, step=256, limit=4096) >= border // 256 * 256 - max(256, 0.04 * border)


def in_this_process(wanted: trial.Trial) -> dict[str, Any]:
    said = io.StringIO()
    with redirect_stdout(said):
        trial.main([f"--{key}={value}" for key, value in wanted.model_dump(mode="json").items()])
    found: dict[str, Any] = json.loads(said.getvalue().splitlines()[-1])
    return found


@pytest.mark.slow
def test_a_rehearsal_says_that_it_is_one(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_8gb, "_tried", in_this_process)
    out = workspace / "result"
    flags = ("--contestants=[output layer, peft]", f"--out={out}", f"--work={workspace}")
    gpu_8gb.main(["--tiny=true", *flags])
    said = out.with_suffix(".md").read_text()
    assert "A rehearsal on a CPU" in said and "nothing of a GPU" in said
    found = json.loads(out.with_suffix(".json").read_text())["contestants"]
    assert list(found) == ["+ output layer in 4 bits", "peft"]
    for name, each in found.items():
        assert each["seq_len"] and each["at_common"], name
        too_long = {one["seq_len"] for one in each["trials"] if not one["trained"]}
        assert each["limit"] or min(too_long) > each["seq_len"]
        assert (each["predicted_gb"] is None) == (name == "peft")
    assert list((workspace / "runs").iterdir()) == []


def test_what_is_no_contestant_is_said(workspace: Path) -> None:
    with pytest.raises(UserError, match="'axolotl' is none of ours, ours, 4 bits, "):
        list(gpu_8gb._contestants(gpu_8gb.Benchmark(contestants=["axolotl"], work=workspace)))
