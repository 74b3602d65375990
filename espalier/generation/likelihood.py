"""How likely a model finds texts: of each the sum of its tokens' log-probabilities, in nats.

Every token of the text counts, the first one too: it is conditioned on the token that begins a text in training, or,
with a tokenizer that has none, on the one that ends texts. The end of the text does not count, for it is not written
there. So the same text's bytes are paid for in full by every tokenizer, and bits per byte can be compared.

A text longer than the context is read in windows that advance by half of it: each token counts once, and beyond the
first window sees at least half a context before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.generation.generate import context_of
from espalier.models.compiling import eager
from espalier.models.layers import device_of
from espalier.text.chat import ChatRenderer

_MOST_LOGITS = 2**27
"""Logits computed at once: half a gigabyte in float32."""


def log_likelihoods(model: Any, renderer: ChatRenderer, texts: Sequence[str], batch_size: int = 32) -> list[float]:
    """The log-likelihood of each text in nats; 0 for an empty one."""
    found = dict(log_likelihoods_each(model, renderer, texts, batch_size))
    return [found[place] for place in range(len(texts))]


def log_likelihoods_each(
    model: Any, renderer: ChatRenderer, texts: Sequence[str], batch_size: int = 32
) -> Iterator[tuple[int, float]]:
    """The same as they are ready, each with its text's place. UserError where memory is too small for one window."""
    waiting: list[tuple[int, list[int], int]] = []
    missing: list[int] = []
    for place, text in enumerate(texts):
        cut = windows(renderer.text_prompt(text), len(renderer.start_ids), context_of(model))
        waiting += [(place, ids, num_scored) for ids, num_scored in cut]
        missing.append(len(cut))
        if not cut:
            yield place, 0.0
    waiting.sort(key=lambda window: -len(window[1]))
    sums = [0.0] * len(texts)
    was_training = model.training
    model.eval()
    try:
        while waiting:
            size = max(1, min(batch_size, _MOST_LOGITS // (len(waiting[0][1]) * len(renderer.tokenizer))))
            now = waiting[:size]
            try:
                scores = _score(model, [ids for _, ids, _ in now], [num_scored for _, _, num_scored in now])
            except torch.OutOfMemoryError:
                if size == 1:
                    raise UserError("memory does not suffice for one text; load the model in 4 bits") from None
                batch_size = size // 2
                say(f"note: memory does not suffice; from here on {batch_size} texts are read at once")
                continue
            waiting = waiting[size:]
            for (place, _, _), score in zip(now, scores, strict=True):
                sums[place] += score
                missing[place] -= 1
                if not missing[place]:
                    yield place, sums[place]
    finally:
        model.train(was_training)


def windows(ids: list[int], num_given: int, context: int | None) -> list[tuple[list[int], int]]:
    """Stretches of `ids` of at most `context` tokens, each with how many of its last tokens count.

    The first `num_given` count nowhere, each of the others in exactly one.
    """
    if context is None or len(ids) <= context:
        return [(ids, len(ids) - num_given)] if len(ids) > num_given else []
    cut, done = [(ids[:context], context - num_given)], context
    while done < len(ids):
        end = min(len(ids), done + context // 2)
        cut.append((ids[end - context : end], end - done))
        done = end
    return cut


@torch.no_grad()
def _score(model: Any, rows: list[list[int]], num_scored: list[int]) -> list[float]:
    """The log-probability of the last `num_scored` tokens of each row, summed in double precision."""
    device = device_of(model)
    longest = max(map(len, rows))
    # Filled up on the right, where no token of the text looks: neither a mask nor positions are wanted.
    tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=device)
    with eager():
        logits = model(input_ids=tokens, use_cache=False).logits
    scores = []
    for row, (ids, count) in enumerate(zip(rows, num_scored, strict=True)):
        seen = logits[row, len(ids) - count - 1 : len(ids) - 1].float()
        targets = tokens[row, len(ids) - count : len(ids)].unsqueeze(1)
        scores.append(float((seen.gather(1, targets).squeeze(1) - seen.logsumexp(1)).double().sum()))
    return scores
