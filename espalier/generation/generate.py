"""Batched sampling: prompts in, replies out, the same text whatever the batch size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from espalier.errors import UserError
from espalier.generation.decoding import Row, Sampling, write
from espalier.text.chat import ChatRenderer, Speaker
from espalier.text.messages import Message

Prompt = str | Sequence[Message]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a model answered."""

    text: str
    """The reply, without the token that ended it; any other special token shows."""
    num_tokens: int
    """Tokens written, the one that ended it not counted."""
    finish: Literal["stop", "length", "error"]
    """Whether the model ended the reply itself, or was cut off; `error` where the prompt could not be asked."""
    error: str = ""
    """Why there is no reply."""
    prompt_ids: list[int] = field(default_factory=list, repr=False, compare=False)
    """The tokens that were asked."""


def generate(model: Any, renderer: ChatRenderer, prompts: Sequence[Prompt], **how: Any) -> list[Reply]:
    """Answers to `prompts`, in their order. `how` is what `generate_each` takes."""
    replies = dict(generate_each(model, renderer, prompts, **how))
    return [replies[place] for place in range(len(prompts))]


def generate_each(
    model: Any,
    renderer: ChatRenderer,
    prompts: Sequence[Prompt],
    *,
    max_new_tokens: int = 64,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int | Sequence[int] = 0,
    batch_size: int = 32,
    until: str | None = None,
    speaker: Speaker = "assistant",
    listener: Callable[[int, Callable[[], str]], None] | None = None,
) -> Iterator[tuple[int, Reply]]:
    """Answers as they are ready, each with its prompt's place: a conversation's next reply, or a text's continuation.

    `temperature` 0 is greedy. Otherwise each prompt draws from its own generator, seeded by its own seed, or by `seed`
    and its place in the list: neither the batch nor the process's random state matters, and neither is changed.

    With `until`, such as a line break, a reply also ends, as if by itself, before the first token that holds that text.

    With `speaker="user"` a conversation's next turn is the user's, as the template opens and ends it; UserError where
    it has no end that could be told (`ChatRenderer.can_write_as_user`).

    A `listener` hears, after each token, a prompt's place, and what tells the reply so far; what it raises ends the
    writing.

    A prompt that the template refuses, or that leaves no room for `max_new_tokens` in the model's context, gets a reply
    with finish `error`: nothing is cut off it in silence. UserError where memory does not suffice for one row.
    """
    seeds = [seed * 1_000_003 + place for place in range(len(prompts))] if isinstance(seed, int) else list(seed)
    waiting: list[Row] = []
    for place, ids in enumerate(prompt_ids(renderer, prompts, max_new_tokens, context_of(model), speaker)):
        if isinstance(ids, UserError):
            yield place, Reply(text="", num_tokens=0, finish="error", error=str(ids))
        else:
            waiting.append(Row(place=place, ids=ids, seed=seeds[place]))
    ends = renderer.ends_of(speaker) | (renderer.ids_holding(until) if until else frozenset())
    sampling = Sampling(max_new_tokens, temperature, top_p, ends)

    def hear(place: int, written: list[int]) -> None:
        assert listener is not None
        listener(place, partial(_text, renderer, prompts[place], written))

    was_training = model.training
    model.eval()
    try:
        for row in write(model, waiting, sampling, batch_size, hear if listener else None):
            yield row.place, reply_of(renderer, prompts[row.place], row.ids, row.written, ended=row.ended)
    finally:
        model.train(was_training)


def context_of(model: Any) -> int | None:
    """Tokens the model can take; None where its configuration does not say."""
    return getattr(model.config.get_text_config(decoder=True), "max_position_embeddings", None)


def prompt_ids(
    renderer: ChatRenderer,
    prompts: Sequence[Prompt],
    max_new_tokens: int,
    context: int | None,
    speaker: Speaker = "assistant",
) -> list[list[int] | UserError]:
    """The tokens of each prompt; an error where the template refuses it, or where it leaves no room in the context."""
    found = renderer.prompts(prompts, speaker)
    for place, ids in enumerate(found):
        if context is not None and not isinstance(ids, UserError) and len(ids) + max_new_tokens > context:
            found[place] = UserError(
                f"the prompt has {len(ids)} tokens and the reply may have {max_new_tokens}; the model takes {context}"
            )
    return found


def reply_of(renderer: ChatRenderer, prompt: Prompt, ids: list[int], written: list[int], *, ended: bool) -> Reply:
    """The reply that `written` tokens after `ids` are, without the space that some tokenizers put before every text."""
    text = _text(renderer, prompt, written)
    return Reply(text=text, num_tokens=len(written), finish="stop" if ended else "length", prompt_ids=ids)


def _text(renderer: ChatRenderer, prompt: Prompt, written: list[int]) -> str:
    text = renderer.decode(written)
    return text.removeprefix(renderer.prefix) if prompt == "" or not isinstance(prompt, str) else text
