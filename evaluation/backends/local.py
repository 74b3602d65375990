"""Who answers: a local model, or a rule that a model must beat to have learned anything.

basil-core, run:…, path:…, hub:…   a model on this machine
rule:copy                          copies the learner's sentence into the commonest recast of the mix's training rows
rule:reference                     gives the reply that the case itself knows to be good: what the metrics allow at most
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from espalier.errors import UserError
from espalier.models import ModelRef, resolve
from evaluation.cases import Case, Reply
from evaluation.heldout import Mix
from evaluation.rules import CopyRule, ReferenceRule, commonest_recast
from evaluation.suite import Generation

RULES = ("rule:copy", "rule:reference")


class Backend(Protocol):
    """Something that answers cases."""

    @property
    def name(self) -> str:
        """How reports call it; unique among those compared."""

    @property
    def identity(self) -> dict[str, Any]:
        """What it is, so that its replies are never taken for another's: kind, spec, content_hash."""

    def replies(self, cases: Sequence[Case], *, seed: int) -> list[Reply]:
        """One reply per case, in order; the same for the same cases and seed."""

    def close(self) -> None:
        """Let go of what it holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Where and how a local model runs."""

    device: str = "auto"
    """cpu, cuda or auto."""
    dtype: str = "auto"
    """float32, bfloat16 or auto."""
    load_in_4bit: bool = False
    """Whether weights are quantised (NF4)."""
    chat_template: str | None = None
    """Name or file of a template, for a model that has none."""
    trust_remote_code: bool = False
    """Whether code that comes with a model may run."""
    batch_size: int = 64
    """Replies generated at once."""


@dataclass(kw_only=True)
class LocalModel:
    """A model on this machine, loaded when it is first asked."""

    ref: ModelRef
    """The model."""
    generation: Generation
    """How it generates."""
    placement: Placement
    """Where it runs."""
    _loaded: Any = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The run's or hub's name, or the folder's."""
        return Path(self.ref.name).name if self.ref.kind == "path" else self.ref.name

    @property
    def identity(self) -> dict[str, Any]:
        """Kind, name and content hash; a quantised model is another model."""
        found: dict[str, Any] = {"kind": self.ref.kind, "spec": self.ref.spec, "content_hash": self.ref.content_hash}
        if self.placement.load_in_4bit:
            found["load_in_4bit"] = True
        if self.placement.chat_template:
            found["chat_template"] = self.placement.chat_template
        return found

    def replies(self, cases: Sequence[Case], *, seed: int) -> list[Reply]:
        """One reply per case. UserError where the chat template is missing or not the one it was trained with."""
        from espalier.generate import generate

        model, renderer = self._load()
        found = generate(
            model,
            renderer,
            [case.messages for case in cases],
            max_new_tokens=self.generation.max_new_tokens,
            temperature=self.generation.temperature,
            top_p=self.generation.top_p,
            seed=seed,
            batch_size=self.placement.batch_size,
        )
        return [Reply(text=reply.text, num_tokens=reply.num_tokens, finish=reply.finish) for reply in found]

    def _load(self) -> Any:
        if self._loaded is None:
            from espalier.chat import read_template
            from espalier.models import load_for_inference

            place = self.placement
            self._loaded = load_for_inference(
                self.ref.spec,
                device=place.device,
                dtype=place.dtype,
                load_in_4bit=place.load_in_4bit,
                chat_template=read_template(place.chat_template) if place.chat_template else None,
                trust_remote_code=place.trust_remote_code,
            )
        return self._loaded

    def close(self) -> None:
        """Free the memory."""
        self._loaded = None


def open_backend(
    reference: str, *, generation: Generation, placement: Placement, mix: Mix | None, cases_hash: str
) -> Backend:
    """What `reference` names. UserError for an unknown model or rule; no weights are loaded yet.

    `mix` is where the cases come from, if they come from one; `cases_hash` is what the cases are known by.
    """
    if not reference.startswith("rule:"):
        return LocalModel(ref=resolve(reference), generation=generation, placement=placement)
    if reference == "rule:reference":
        return ReferenceRule(source=cases_hash)
    if reference == "rule:copy" and mix is not None:
        return CopyRule(template=commonest_recast(mix))
    if reference == "rule:copy":
        raise UserError("rule:copy takes its template from a mix, and this suite has none")
    raise UserError(f"no rule {reference!r}; there are {', '.join(RULES)}")
