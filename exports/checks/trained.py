"""What was trained, asked once for all checks: its replies, and those of what it was trained from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.generation.decoding import Row, Sampling, write
from espalier.models import loading
from espalier.models.references import ModelRef, resolve
from espalier.text.messages import Message
from exports import merge
from exports.checks.conversations import lessons
from exports.exported import Exported

NUM_PROMPTS = 240
"""How many conversations are answered, where nobody says."""
NEW_TOKENS = 48
"""Longest reply."""
_BATCH = 16
_MOST_LOGITS = 2**27
"""Logits computed at once: half a gigabyte."""


@dataclass(frozen=True)
class Reply:
    """What a model wrote after a prompt."""

    ids: list[int]
    """Tokens, the one that ended it not counted."""
    ended: bool
    """Whether it ended the reply itself."""


class Trained:
    """A model as it was trained, in float32 on the processor: an adapter on its base, not merged."""

    def __init__(self, exported: Exported) -> None:
        import torch

        self._how: dict[str, Any] = {"device": "cpu", "dtype": torch.float32}
        self.run, self.renderer = exported.run, exported.renderer
        self._exported = exported
        self.model = loading.load_model(self.run, **self._how, load_in_4bit=exported.config.base_in_4bit)
        asked = lessons(exported.num_prompts or NUM_PROMPTS)
        found = zip(asked, self.renderer.prompts(asked), strict=True)
        room = (exported.sampling.context or 0) - NEW_TOKENS
        fitting = [(said, ids) for said, ids in found if not isinstance(ids, UserError) and len(ids) <= room]
        if not fitting:
            raise UserError(f"{self.run.spec}: no conversation that checks ask leaves room for a reply in its context")
        self.prompts: list[list[Message]] = [said for said, _ in fitting]
        """Conversations that its template takes, and that leave room for a reply."""
        self.ids: list[list[int]] = [ids for _, ids in fitting]
        """Their tokens."""

    @property
    def is_adapter(self) -> bool:
        """Whether it can be switched off."""
        return hasattr(self.model, "peft_config")

    @cached_property
    def whole(self) -> Any:
        """The same with everything merged, which is what formats round."""
        if self._exported.config.base_in_4bit:
            return merge.plain_model(self._exported)
        return loading.load_base(self.run, **self._how) if self.is_adapter else self.model

    @cached_property
    def replies(self) -> list[Reply]:
        """Its greedy replies."""
        return self.greedy(self.model)

    @cached_property
    def parent(self) -> ModelRef | None:
        """What all its weights were trained from, where it is no adapter and that is still there."""
        manifest = records.read_manifest(self.run.path.parent) if self.run.kind == "run" else None
        before = [spec for spec in (manifest or {}).get("parents", {}) if spec.partition(":")[0] in ("run", "hub")]
        try:
            return resolve(before[0]) if before else None
        except UserError:
            return None

    @property
    def before(self) -> AbstractContextManager[Any] | None:
        """What it was trained from, to be asked within: the adapter off, or the weights before; None: nothing known."""
        if self.is_adapter:
            return self._without_adapter()
        if self._before is None:
            return None
        return nullcontext(self._before)

    @contextmanager
    def _without_adapter(self) -> Iterator[Any]:
        with self.model.disable_adapter():
            yield self.model

    @cached_property
    def _before(self) -> Any:
        if self.parent is None:
            return None
        found = loading.load_base(self.parent, **self._how)
        same = found.config.get_text_config().vocab_size == self.model.config.get_text_config().vocab_size
        return found if same else None

    @cached_property
    def replies_before(self) -> list[Reply] | None:
        """Greedy replies of what it was trained from; None where nothing is known of it."""
        if self.before is None:
            return None
        with self.before as model:
            return self.greedy(model)

    def greedy(self, model: Any) -> list[Reply]:
        """What another model on the same tokens answers greedily."""
        rows = [Row(place=place, ids=list(ids), seed=0) for place, ids in enumerate(self.ids)]
        sampling = Sampling(NEW_TOKENS, 0.0, 1.0, self.renderer.stop_ids)
        found = {row.place: Reply(row.written, row.ended) for row in write(model.eval(), rows, sampling, 32)}
        return [found[place] for place in range(len(self.ids))]


def along(model: Any, prompts: Sequence[list[int]], replies: Sequence[list[int]]) -> Iterator[Any]:
    """Logits (tokens of the reply + 1, vocabulary) before each token of each reply and behind its last."""
    import torch

    waiting = list(zip(prompts, replies, strict=True))
    vocabulary = model.config.get_text_config().vocab_size
    while waiting:
        longest = max(len(prompt) + len(reply) for prompt, reply in waiting[:_BATCH])
        pairs = waiting[: max(1, min(_BATCH, _MOST_LOGITS // (longest * vocabulary)))]
        waiting = waiting[len(pairs) :]
        # Filled up on the right, where no token looks, so that neither a mask nor positions are wanted.
        rows = [prompt + reply + [0] * (longest - len(prompt) - len(reply)) for prompt, reply in pairs]
        first = min(len(prompt) for prompt, _ in pairs) - 1
        with torch.no_grad():
            found = model(input_ids=torch.tensor(rows), use_cache=False, logits_to_keep=longest - first).logits
        for row, (prompt, reply) in enumerate(pairs):
            yield found[row, len(prompt) - 1 - first : len(prompt) + len(reply) - first]


@lru_cache(maxsize=1)
def trained(exported: Exported) -> Trained:
    """What was trained, loaded once for all checks of one export."""
    return Trained(exported)
