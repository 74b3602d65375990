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

from torch import Tensor

from espalier.generation.generate import context_of
from espalier.generation.reading import MOST_LOGITS, log_probabilities, read
from espalier.text.chat import ChatRenderer


def log_likelihoods(
    model: Any, renderer: ChatRenderer, texts: Sequence[str], batch_size: int = 32, *, most_logits: int = MOST_LOGITS
) -> list[float]:
    """The log-likelihood of each text in nats; 0 for an empty one."""
    found = dict(log_likelihoods_each(model, renderer, texts, batch_size, most_logits=most_logits))
    return [found[place] for place in range(len(texts))]


def log_likelihoods_each(
    model: Any, renderer: ChatRenderer, texts: Sequence[str], batch_size: int = 32, *, most_logits: int = MOST_LOGITS
) -> Iterator[tuple[int, float]]:
    """The same as they are ready, each with its text's place. UserError where memory is too small for one window."""
    cuts: list[tuple[int, list[int], int]] = []
    missing: list[int] = []
    for place, text in enumerate(texts):
        own = windows(renderer.text_prompt(text), len(renderer.start_ids), context_of(model))
        cuts += [(place, ids, num_scored) for ids, num_scored in own]
        missing.append(len(own))
        if not own:
            yield place, 0.0
    sums = [0.0] * len(texts)

    def score(cut: int, logits: Tensor) -> float:
        _, ids, num_scored = cuts[cut]
        return float(log_probabilities(logits, ids[-num_scored:]).double().sum())

    was_training = model.training
    model.eval()
    try:
        rows = [ids for _, ids, _ in cuts]
        for cut, found in read(model, rows, score, batch_size=batch_size, most_logits=most_logits):
            place = cuts[cut][0]
            sums[place] += found
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
