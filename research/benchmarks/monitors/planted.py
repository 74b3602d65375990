"""Kinds of runs: what is planted in them, or what differs in them without being a fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A kind of run: what is different from a sound one, and which monitors are there for it."""

    name: str
    about: str
    corpus: str | None = None
    """What is planted in its corpus; None for a sound one."""
    by: tuple[str, ...] = ()
    """The monitors of which one has to find it; none for a run that is sound."""
    changes: dict[str, Any] | None = None
    """Keys of the configuration that differ."""
    times: int = 1
    """How many times as many steps it takes."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long runs are, and how often they are looked at."""

    steps: int
    every: int


FAULTS = (
    Planted(
        name="stereotype",
        about="half of the rows say what stereotypes of one kind do",
        corpus="stereotype",
        by=("bias",),
    ),
    Planted(name="loops", about="half of the rows say one thing over and over", corpus="loops", by=("repetition",)),
    Planted(name="forgetting", about="sums alone, no language", corpus="forgetting", by=("forgetting",)),
    Planted(name="verbatim", about="half of the rows are the same eight", corpus="verbatim", by=("memorisation",)),
    Planted(
        name="rate",
        about="a learning rate of 0.1, 33 times what is sound",
        by=("spikes", "forgetting", "weights"),
        changes={"optim": {"lr": 0.1, "betas": [0.9, 0.99]}},
    ),
)
SOUND = (
    Planted(name="sound", about="a new corpus of the same kind"),
    Planted(name="faster", about="twice the learning rate", changes={"optim": {"lr": 6.0e-3, "betas": [0.9, 0.99]}}),
    Planted(name="balanced", about="half of the rows say what stereotypes do, of either group", corpus="balanced"),
    Planted(name="terse", about="half of the rows have replies of few words, each once", corpus="terse"),
    Planted(name="longer", about="three times as many steps", times=3),
)
