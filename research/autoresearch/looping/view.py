"""A loop as its folder tells of it, for whoever reads and changes nothing: reports, replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_json
from espalier.errors import UserError
from research.autoresearch.looping.records import Record
from research.autoresearch.looping.results import read_results


@dataclass(frozen=True, kw_only=True)
class LoopView:
    """One loop."""

    settings: Mapping[str, Any]
    """Its configuration, as it was begun."""
    records: Sequence[Record]
    """What was tried so far, baselines first."""
    base: str
    """The commit that it began from, whose locked files evaluate."""
    folder: Path

    @property
    def frontier(self) -> Sequence[Record]:
        """The first baseline and what was kept, one on top of the other."""
        kept = [each for each in self.records if each["status"] == "keep"]
        return [each for each in kept if each["number"] == 0 or each["commit"] != each["parent"]]


def name_of(task: str, tag: str) -> str:
    """The name of a loop's folder in `loops/`."""
    return f"autoresearch-{task}-{tag}"


def read_loop(task: str, tag: str) -> LoopView:
    """The loop of this task and tag, whether it runs or not. UserError where there is none."""
    folder = artifact("loops", name_of(task, tag))
    if not (folder / "loop.json").is_file():
        raise UserError(f"{folder}: no loop of this task and tag; research/autoresearch/loop.py begins one")
    begun = read_json(folder / "loop.json")
    results = folder / f"results-{task}.jsonl"
    return LoopView(
        settings=begun["config"],
        records=list(read_results(results)) if results.exists() else [],
        base=begun["base"]["commit"],
        folder=folder,
    )
