"""The mark of a run: `gates.json` beside its weights, what it was held to after training, and what became of that.

Whoever trained the run writes it, atomically and last; who exports or lists runs reads it. A run without the file
was held to nothing, or not yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.errors import UserError

FILE = "gates.json"


SETTINGS = ("suites", "core_suites", "gates", "may_lose", "gate_limit")
"""The keys of a configuration that say what a variant is held to after training, and may change without another one."""

MARKS = {
    "regressed": "It is not shown to have kept what its parent could",
    "gamed": "It was trained for a reward, and what it gained there is also gained by replies that teach nothing",
}
"""What may speak against a run, by the key of the mark that says so. A run with one is exported by force alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a variant does on a suite beside its parent, on the same cases. Columns where less is better are turned, so
    that a loss is always negative."""

    column: str
    """The suite's deciding column."""
    parent: float
    """The mean of the parent, or of the sibling that it is compared with."""
    variant: float
    """The variant's."""
    difference: float
    """Mean over cases of the variant's gain; negative for a loss."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""
    allowed: float | None
    """The greatest loss that is allowed; None where the suite is the variant's own."""
    cases: int = 0
    """Cases that both were scored on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gates:
    """What became of a variant's gates."""

    passed: bool
    """Whether it may be exported without a word: no gate failed, nothing was lost."""
    regressed: bool
    """Whether it is not shown to have kept what its parent could."""
    reasons: list[str]
    """Why not, a line each; empty where it passed."""
    scores: dict[str, str]
    """By suite the name of the scores that decided."""
    changes: dict[str, Change]
    """By suite."""
    siblings: dict[str, dict[str, Change]] = field(default_factory=dict)
    """By suite of its own, and by sibling, how it does beside other branches of its parent. Decides nothing."""
    asked: dict[str, Any] = field(default_factory=dict)
    """What it was held to: another wish is another verdict."""
    gamed: bool = False
    """Whether it was trained for a reward that controls gain as much by: it pleases, and does not teach better."""
    exploits: list[str] = field(default_factory=list)
    """What it learned to exploit in the reward, a line each."""

    @property
    def marks(self) -> list[str]:
        """The keys of `MARKS` that hold of it."""
        return [mark for mark in MARKS if getattr(self, mark)]

    @property
    def brackets(self) -> str:
        """`[regressed] [gamed]`, as a line about the run begins; empty where nothing speaks against it."""
        return bracketed(self.marks)


def bracketed(marks: Iterable[str]) -> str:
    """Marks as a line about a run shows them."""
    return " ".join(f"[{mark}]" for mark in marks)


def write_gates(folder: Path, gates: Gates) -> None:
    """Mark the run in `folder`."""
    records.write_json(folder / FILE, asdict(gates))


def mark_of(weights: Path) -> Gates | None:
    """The mark of the run that the weights in a folder are of, be they its last or a checkpoint's."""
    return read_gates(run_of(weights))


def run_of(weights: Path) -> Path:
    """The folder of the run whose last weights, or whose checkpoint, lie in a folder."""
    return weights.parents[1] if weights.parent.name == "checkpoints" else weights.parent


def read_gates(folder: Path) -> Gates | None:
    """The mark of the run in `folder`; None where it has none. UserError where the file is no mark."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        found: Mapping[str, Any] = records.read_json(path)
        changes = {suite: Change(**change) for suite, change in found["changes"].items()}
        siblings = {
            suite: {name: Change(**change) for name, change in beside.items()}
            for suite, beside in found.get("siblings", {}).items()
        }
        return Gates(**{**found, "changes": changes, "siblings": siblings})
    except (TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{path}: not a mark of this version ({error}); remove it, and have the run gated anew"
        ) from None
