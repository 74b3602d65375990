"""Keep or discard: one run against what stands, then pairs of runs on fresh seeds, then simplicity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from research.autoresearch.deciding.noise import Noise
from research.autoresearch.deciding.sequential import ERROR_RATE, LOOKS, Interval, Shown, below, interval


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two runs with one seed that neither was run with before."""

    seed: int
    candidate: float
    incumbent: float

    @property
    def difference(self) -> float:
        return self.candidate - self.incumbent


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How it is decided."""

    confirm: bool = False
    """A would-be keep is run again, with other seeds, beside what it is to replace; otherwise one run decides."""
    simplicity: bool = True
    """A gain below the noise that adds lines is discarded, and what removes lines and loses nothing is kept."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is done with a change, and why."""

    status: Literal["keep", "discard"]
    """As far as is known: it is final unless more runs are wanted."""
    why: str
    difference: float
    """Of the pairs, where there are any, otherwise of the first run from what stands: below zero is better."""
    interval: tuple[float, float] | None
    """What the difference may be (see `sequential.Interval`); None before two pairs."""
    more_runs_wanted: bool
    """Another pair has to be run before it can be told."""

    def as_record(self) -> dict[str, Any]:
        return asdict(self)


def decide(
    first: float,
    stands: float,
    pairs: Sequence[Pair],
    noise: Noise,
    *,
    lines_added: int,
    settings: Settings,
) -> Decision:
    """Decide on a change whose first run came to `first`, where what it is to replace comes to `stands` on average.

    `pairs` are the runs that were asked for by `more_runs_wanted` before; the first run does not count among them,
    since it was chosen for being low. `noise` is that of the baseline; `lines_added` is below zero where the change
    removes lines of code.
    """
    if not settings.confirm:
        return _by_one_run(first - stands, noise, lines_added, settings)
    if not pairs:
        return _worth_pairs(first - stands, noise, lines_added, settings)
    differences = [pair.difference for pair in pairs]
    found = interval(differences)
    margin = _margin(noise, lines_added, settings)
    lower = below(differences)
    if lower is Shown.YES:
        return _told(found, *_shown_lower(found, len(pairs), noise, lines_added, settings))
    simpler = below(differences, margin) if margin is not None else Shown.NO
    if simpler is Shown.YES:
        said = f"{-lines_added} lines fewer, and no loss beyond the noise of {margin:.6f} in {len(pairs)} pairs"
        return _told(found, "keep", said)
    wanted = Shown.NOT_YET in (lower, simpler) and len(pairs) < LOOKS[-1]
    why = f"not shown to be lower after {len(pairs)} of at most {LOOKS[-1]} pairs" + ("" if wanted else ": given up")
    return _told(found, "discard", why, wanted=wanted)


def _by_one_run(difference: float, noise: Noise, lines_added: int, settings: Settings) -> Decision:
    status: Literal["keep", "discard"] = "discard"
    if difference >= 0:
        why = "not lower than what stands"
    elif _not_worth_its_lines(difference, noise, lines_added, settings):
        why = f"a gain below the noise of {noise.width:.6f}, for {lines_added} more lines"
    else:
        status, why = "keep", "lower in one run"
    return Decision(status=status, why=why, difference=difference, interval=None, more_runs_wanted=False)


def _worth_pairs(difference: float, noise: Noise, lines_added: int, settings: Settings) -> Decision:
    margin = _margin(noise, lines_added, settings)
    if difference < 0:
        why, wanted = "lower in its first run", True
    elif margin is not None and difference < margin:
        why, wanted = f"{-lines_added} lines fewer, and within the noise in its first run", True
    else:
        why, wanted = "not lower than what stands", False
    return Decision(status="discard", why=why, difference=difference, interval=None, more_runs_wanted=wanted)


def _shown_lower(
    found: Interval, pairs: int, noise: Noise, lines_added: int, settings: Settings
) -> tuple[Literal["keep", "discard"], str]:
    if _not_worth_its_lines(found.mean, noise, lines_added, settings):
        return "discard", f"a gain of {-found.mean:.6f}, below the noise of {noise.width:.6f}, for {lines_added} lines"
    return "keep", f"lower in {pairs} pairs on fresh seeds, at an error rate of {ERROR_RATE:g}"


def _not_worth_its_lines(difference: float, noise: Noise, lines_added: int, settings: Settings) -> bool:
    return settings.simplicity and lines_added > 0 and noise.width is not None and -difference < noise.width


def _margin(noise: Noise, lines_added: int, settings: Settings) -> float | None:
    """How much worse what removes lines may be: less than the noise. None where it removes none."""
    return noise.width if settings.simplicity and lines_added < 0 and noise.width else None


def _told(found: Interval, status: Literal["keep", "discard"], why: str, *, wanted: bool = False) -> Decision:
    ends = None if found.low is None or found.high is None else (found.low, found.high)
    return Decision(status=status, why=why, difference=found.mean, interval=ends, more_runs_wanted=wanted)
