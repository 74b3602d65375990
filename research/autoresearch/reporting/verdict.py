"""What a loop came to in a sentence: only what a replay confirms is called a gain.

- **better**: on the second file, on fresh seeds, the last of the frontier is surely below the baseline;
- **worse**: it is surely above;
- **open**: neither is sure, or nothing was replayed; then luck's share stands beside what was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from research.autoresearch.replaying.comparing import HOLDS, OPEN, REVERSED, count
from research.autoresearch.reporting.cells import counted, percents, plain, signed
from research.autoresearch.reporting.luck import expected_reversals, kept_by_luck, lowest_by_luck, noise_of_baseline
from research.autoresearch.reporting.material import Loop

Kind = Literal["better", "worse", "open"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is concluded."""

    kind: Kind
    sentence: str


def conclude(loop: Loop, replayed: Mapping[str, Any] | None) -> Verdict:
    """Of a loop, and of what its replay came to where there is one."""
    if not loop.baseline or not loop.best:
        return Verdict(kind="open", sentence="The baseline has no figure yet, so that nothing can be said.")
    if not loop.kept:
        tried = counted(len(loop.tries), "try", "tries")
        return Verdict(kind="open", sentence=f"Nothing was kept of {tried}: the baseline stands.")
    if replayed is None or replayed["gain"] is None:
        return Verdict(kind="open", sentence=f"{_recorded(loop)} {_by_luck(loop)} Nothing was replayed yet.")
    return _replayed(loop, replayed)


def _recorded(loop: Loop) -> str:
    first, last = loop.frontier[0], loop.frontier[-1]
    assert first.value is not None and last.value is not None
    share = f" ({signed(100 * (last.value / first.value - 1), 1)} %)" if first.value else ""
    return (
        f"The log has {loop.unit} fall from {plain(first.value, 4)} to {plain(last.value, 4)}{share}, by "
        f"{len(loop.kept)} of {counted(len(loop.tries), 'try', 'tries')}."
    )


def _by_luck(loop: Loop) -> str:
    noise = noise_of_baseline(loop)
    lowest = lowest_by_luck(noise, len(loop.tries) + 1) if noise else None
    lucky, back = kept_by_luck(len(loop.tries)), expected_reversals(loop.kept, noise)
    if lowest is None or back is None:
        return "The baseline was run once, so that nobody knows how much of it is noise."
    return (
        f"As many tries that change nothing would come to {plain(lowest, 4)} by luck, with {lucky:.1f} of them "
        f"strictly lower than all before. Of the {counted(len(loop.kept), 'keep')}, a replay would reverse about "
        f"{back:.1f}, that winners were picked not counted."
    )


def _replayed(loop: Loop, replayed: Mapping[str, Any]) -> Verdict:
    second = replayed["gain"]["second"]
    if second is None:
        return Verdict(kind="open", sentence=f"{_recorded(loop)} Its replay gave no figures of both ends.")
    surely = second["low"] is not None and second["high"] is not None
    kind: Kind = "better" if surely and second["high"] < 0 else "worse" if surely and second["low"] > 0 else "open"
    said = {
        "better": "It is better on text that no experiment ever met",
        "worse": "It is worse on text that no experiment ever met",
        "open": "It cannot be told whether it is better on text that no experiment ever met",
    }[kind]
    if loop.task != "language":
        said = said.replace("text", "mazes")
    share = second["relative"]
    by = percents(share["value"], share["low"], share["high"]) if share else signed(second["value"])
    seeds = counted(len(second["by_seed"]), "fresh seed")
    held, back, apart = (count(replayed, "second", each) for each in (HOLDS, REVERSED, OPEN))
    steps = (
        f" Of {counted(len(replayed['steps']), 'keep')} there {held} {'holds' if held == 1 else 'hold'}, {back} "
        f"{'is' if back == 1 else 'are'} reversed and {apart} cannot be told apart from what was before."
        if not replayed.get("ends")
        else ""
    )
    return Verdict(kind=kind, sentence=f"{said}: {loop.unit} {by} by {seeds}.{steps} {_recorded(loop)}")
