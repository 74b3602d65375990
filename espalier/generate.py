"""Batched sampling: prompts in, replies out, the same text whatever the batch size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from espalier.chat import ChatRenderer, Message
from espalier.compiling import eager


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a model answered."""

    text: str
    """The reply, without the token that ended it; any other special token shows."""
    num_tokens: int
    """Tokens written, the one that ended it not counted."""
    finish: Literal["stop", "length"]
    """Whether the model ended the reply itself, or was cut off."""


@torch.no_grad()
def generate(
    model: Any,
    renderer: ChatRenderer,
    prompts: Sequence[str | Sequence[Message]],
    *,
    max_new_tokens: int = 64,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int = 0,
    batch_size: int = 32,
) -> list[Reply]:
    """Answers to `prompts`, in their order: a conversation gets its next reply, a plain text its continuation.

    `temperature` 0 is greedy. Otherwise each prompt draws from its own generator, seeded by `seed` and its place in
    the list: neither the batch nor the process's random state matters, and neither is changed.
    """
    ids = [renderer.text_prompt(p) if isinstance(p, str) else renderer.prompt(p) for p in prompts]
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    replies: dict[int, Reply] = {}
    was_training = model.training
    model.eval()
    try:
        with eager():
            for start in range(0, len(order), batch_size):
                chosen = order[start : start + batch_size]
                draws = [torch.Generator().manual_seed(seed * 1_000_003 + index) for index in chosen]
                written = _write(
                    model, [ids[i] for i in chosen], draws, renderer.stop_ids, max_new_tokens, temperature, top_p
                )
                for index, (tokens, ended) in zip(chosen, written, strict=True):
                    text = renderer.decode(tokens)
                    if prompts[index] == "" or not isinstance(prompts[index], str):
                        text = text.removeprefix(renderer.prefix)
                    replies[index] = Reply(text=text, num_tokens=len(tokens), finish="stop" if ended else "length")
    finally:
        model.train(was_training)
    return [replies[index] for index in range(len(ids))]


def _write(
    model: Any,
    prompts: list[list[int]],
    draws: list[torch.Generator],
    stop_ids: frozenset[int],
    max_new_tokens: int,
    temperature: float,
    top_p: float,
) -> list[tuple[list[int], bool]]:
    """Tokens written after each prompt, and whether a stop token ended them."""
    from transformers import DynamicCache

    device = model.get_input_embeddings().weight.device
    longest = max(map(len, prompts))
    # Padding stands on the left, so that all prompts end in the same column; its value is never seen.
    padding = [longest - len(prompt) for prompt in prompts]
    tokens = torch.tensor([[0] * n + prompt for n, prompt in zip(padding, prompts, strict=True)], device=device)
    mask = torch.tensor([[0] * n + [1] * (longest - n) for n in padding], device=device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    cache = DynamicCache(config=model.config)
    written: list[list[int]] = [[] for _ in prompts]
    ended = [False] * len(prompts)
    for _ in range(max_new_tokens):
        logits = model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        chosen = _choose(logits.float().cpu(), draws, temperature, top_p)
        for index, token in enumerate(chosen):
            if not ended[index]:
                ended[index] = token in stop_ids
                if not ended[index]:
                    written[index].append(token)
        if all(ended):
            break
        tokens = torch.tensor(chosen, device=device).unsqueeze(1)
        mask = torch.cat([mask, mask.new_ones(len(prompts), 1)], dim=1)
        positions = positions[:, -1:] + 1
    return list(zip(written, ended, strict=True))


def _choose(logits: torch.Tensor, draws: list[torch.Generator], temperature: float, top_p: float) -> list[int]:
    """One token per row of `logits` (B, vocabulary): the likeliest, or one drawn from the nucleus of mass `top_p`."""
    if temperature == 0:
        return logits.argmax(-1).tolist()
    shares = (logits.double() / temperature).softmax(-1)
    probabilities, tokens = torch.sort(shares, dim=-1, descending=True, stable=True)
    before = probabilities.cumsum(-1) - probabilities
    mass = torch.where(before < top_p, probabilities, 0.0).cumsum(-1)
    points = torch.stack([torch.rand((), generator=draw, dtype=torch.float64) for draw in draws]) * mass[:, -1]
    places = torch.searchsorted(mass, points.unsqueeze(1), right=True).clamp(max=logits.shape[-1] - 1)
    return tokens.gather(1, places).squeeze(1).tolist()
