"""What a model of weights is known by before any are loaded: its name, its identity and the keys of its replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from espalier.models.devices import likely_device, likely_dtype
from espalier.models.pool import Placement, stands_on
from espalier.models.references import ModelRef
from espalier.text.chat_template import read_template
from evaluation.backends import versions
from evaluation.backends.base import Ask

if TYPE_CHECKING:
    from espalier.text.chat import ChatRenderer
    from evaluation.cases.suite import Generation


@dataclass(kw_only=True)
class Weights:
    """A run, a folder or a hub name, whatever runs it."""

    ref: ModelRef
    """The model."""
    generation: Generation
    """How it generates."""
    placement: Placement
    """Where it runs."""
    is_model: ClassVar[bool] = True
    supports_texts: ClassVar[bool] = True
    interactive: ClassVar[bool] = False
    computed_by: ClassVar[str] = "espalier"
    """Whose arithmetic the replies come from: another's may differ in the last bit, and so in a word."""
    written_by: ClassVar[str] = "evaluation/backends/local.py"
    """The file that has them written."""
    with_packages: ClassVar[tuple[str, ...]] = ()
    """Packages that do so, beside those that every model needs."""

    def __post_init__(self) -> None:
        # `auto` is settled now: the key of a reply says where it was computed, before anything is computed.
        device = likely_device(self.placement.device)
        dtype = likely_dtype(self.placement.dtype, device)
        self.placement = replace(self.placement, device=device, dtype=dtype)

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

    def key(self, ask: Ask) -> dict[str, Any]:
        """Weights, renderer, generator, conversation and settings; of greedy replies, neither sample nor seed.

        Names are not in it: two models of the same content answer for each other. UserError where the model has no
        chat template, or not the one it was trained with.
        """
        if ask.case.texts:
            return self._who_answers | {"texts": ask.case.texts}
        found = self._who_answers | {"messages": ask.case.messages, "max_new_tokens": self.generation.max_new_tokens}
        if self.generation.temperature == 0:
            return found
        how = {"temperature": self.generation.temperature, "top_p": self.generation.top_p}
        return found | how | {"sample": ask.sample, "seed": ask.seed}

    def written(self, renderer: ChatRenderer, prompt: Sequence[int], text: str) -> str:
        """What was written after the tokens of a prompt, with the mark of thoughts before it that the prompt opened."""
        return renderer.opening(prompt) + text

    @cached_property
    def template(self) -> str | None:
        """The text of the chat template that was chosen for it, if one was."""
        return read_template(self.placement.chat_template) if self.placement.chat_template else None

    @property
    def generator(self) -> str:
        """What renders its prompts and writes its replies, in one hash."""
        return versions.generator(self.written_by, *self.with_packages)

    @cached_property
    def _who_answers(self) -> dict[str, Any]:
        trusted = self.placement.trust_remote_code
        return {
            "computed_by": self.computed_by,
            "generator": self.generator,
            "model": self.ref.content_hash,
            "base": stands_on(self.ref),
            "renderer": versions.renderer(self.ref, self.template, by=self.generator, trust_remote_code=trusted),
            "device": self.placement.device,
            "dtype": self.placement.dtype,
            "load_in_4bit": self.placement.load_in_4bit,
        }
