"""A model on this machine, run by this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from espalier.models.loading import load_renderer
from espalier.models.pool import Placement as Placement
from espalier.models.pool import Pool
from evaluation.backends.base import Ask
from evaluation.backends.weights import Weights
from evaluation.cases.case import Reply


@dataclass(kw_only=True)
class LocalModel(Weights):
    """A model on this machine, loaded when it is first asked."""

    pool: Pool = field(default_factory=Pool, repr=False)
    """Shared by all models of an evaluation, so that adapters of one base load it once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pool.join(self.ref, self.placement)

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """Replies as they are ready; a prompt that does not fit, or that the template refuses, is an error of its own.

        UserError where the model cannot be loaded, or its chat template is missing or not the one it was trained with.
        """
        from espalier.generation.generate import generate_each

        # Before the weights: what is wrong with the template shows at once.
        renderer = load_renderer(self.ref, self.template, trust_remote_code=self.placement.trust_remote_code)
        model = self.pool.model(self.ref, self.placement)
        yield from self._likelihoods(model, renderer, asks)
        talks = [place for place, ask in enumerate(asks) if not ask.case.texts]
        found = generate_each(
            model,
            renderer,
            [asks[place].case.messages for place in talks],
            max_new_tokens=self.generation.max_new_tokens,
            temperature=self.generation.temperature,
            top_p=self.generation.top_p,
            seed=[asks[place].seed for place in talks],
            batch_size=self.placement.batch_size,
        )
        for index, reply in found:
            text = reply.text
            if reply.finish != "error":
                text = self.written(renderer, reply.prompt_ids, text)
            yield talks[index], Reply(text=text, num_tokens=reply.num_tokens, finish=reply.finish, error=reply.error)

    def _likelihoods(self, model: Any, renderer: Any, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        from espalier.generation.likelihood import log_likelihoods_each

        owners = [(place, text) for place, ask in enumerate(asks) for text in range(len(ask.case.texts))]
        texts = [asks[place].case.texts[text] for place, text in owners]
        found: dict[int, dict[int, float]] = {}
        for index, score in log_likelihoods_each(model, renderer, texts, self.placement.batch_size):
            place, text = owners[index]
            scores = found.setdefault(place, {})
            scores[text] = score
            if len(scores) == len(asks[place].case.texts):
                ordered = tuple(scores[text] for text in range(len(scores)))
                yield place, Reply(text="", num_tokens=0, finish="stop", log_likelihoods=ordered)

    def close(self) -> None:
        """Let go of the model; memory is freed when no other stands on the same base."""
        self.pool.leave(self.ref, self.placement)
