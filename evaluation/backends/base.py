"""What answers: the protocol that local models, endpoints, recordings, people and rules keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from espalier.models.references import ModelRef
from evaluation.cases.case import Case, Reply

if TYPE_CHECKING:
    from espalier.models.pool import Pool
    from evaluation.cases.heldout import Mix
    from evaluation.cases.suite import Suite
    from evaluation.config import EvaluateConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One reply that is wanted."""

    case: Case
    """The case, its messages up to the learner's last turn."""
    turn: int
    """0 for the first reply to the case; higher in a dialogue."""
    sample: int
    """Which of several replies to the same."""
    seed: int
    """Of its random draws: decided by the evaluation's seed, case, turn and sample alone, never by its neighbours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What is at hand where a backend is opened (`evaluation.opener`)."""

    config: EvaluateConfig
    """What the command line said."""
    suite: Suite
    """What will be asked."""
    mix: Mix | None
    """Where the cases come from, if they come from a mix."""
    cases_hash: str
    """What the cases are known by."""
    cases: Sequence[Case]
    """The cases themselves."""
    pool: Pool
    """Weights that several models share."""


class Backend(Protocol):
    """Something that answers."""

    @property
    def name(self) -> str:
        """How reports call it; unique among those compared."""

    @property
    def identity(self) -> dict[str, Any]:
        """What it is, as plain data, so that its replies are never taken for another's: kind, spec, content_hash."""

    @property
    def ref(self) -> ModelRef | None:
        """The model on this machine, whose lineage can be told; None for anything else."""

    @property
    def is_model(self) -> bool:
        """Whether it is compared; a rule only stands beside."""

    @property
    def supports_texts(self) -> bool:
        """Whether it can say how likely a text is."""

    @property
    def interactive(self) -> bool:
        """Whether a person types the replies, at the terminal where progress would be shown."""

    def key(self, ask: Ask) -> Any:
        """All that decides its reply, as plain data; None where the reply is not worth keeping.

        Asked before any weights are loaded.
        """

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """Replies as they come, each with the place of its ask, in any order.

        A reply that fails for its own reasons has finish `error`. UserError where nothing can be answered at all.
        """

    def close(self) -> None:
        """Let go of what it holds."""
