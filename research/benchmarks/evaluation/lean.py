"""What the lean forward pass (espalier/generation/lean_llama.py) is worth, on the same replies.

    python research/benchmarks/evaluation/lean.py [--models basil-trunk basil-core] [--batch_sizes 16 32 64]

Every model answers the same prompts greedily in float32 in three ways that take turns: as the evaluator has it, with
the lean forward pass; the same with ESPALIER_LEAN=off, where only the forward pass is another; and by `generate` of
transformers, prompts sorted by length and filled up on their left, as one would write it in ten lines. Medians, and the
ratio of each turn's times; under 1.3 the shortcut is not worth having. The texts have to be the same. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import os
import time
from collections.abc import Sequence
from statistics import median
from typing import Annotated, Any
from unittest.mock import patch

from pydantic import Field

from espalier.command_line.config import load
from espalier.errors import UserError, run_main
from research.benchmarks.evaluation.prompts import Asked


class Benchmark(Asked):
    """What to measure."""

    batch_sizes: Annotated[list[int], Field(min_length=1)] = [16, 32, 64]
    """Replies generated at once."""
    repeats: Annotated[int, Field(ge=1)] = 3
    """Times that each way is measured."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/evaluation/lean.py", doc=__doc__)
    import torch

    from espalier.generation.lean_llama import lean
    from espalier.models.loading import load_for_inference
    from espalier.text.chat_template import read_template
    from research.benchmarks.evaluation.prompts import first_cases

    torch.set_num_threads(settings.threads)
    template = read_template(settings.chat_template) if settings.chat_template else None
    messages = [case.messages for case in first_cases(settings.suite, settings.mix, settings.cases)]
    print(f"{settings.cases} cases, at most {settings.max_new_tokens} tokens, float32, {settings.threads} thread(s), "
          f"medians of {settings.repeats}, replies/s.\n\n"
          "| model | batch size | lean | lean off | transformers' generate | lean/off | lean/generate | same text |\n"
          "|---|---:|---:|---:|---:|---:|---:|---:|")  # fmt: skip
    for name in settings.models:
        model, renderer = load_for_inference(name, device="cpu", dtype="float32", chat_template=template)
        if lean(model) is None:
            raise UserError(f"{name} is not a model that the lean forward pass takes")
        for size in settings.batch_sizes:
            turns = [every_way(model, renderer, messages, size, settings) for _ in range(settings.repeats + 1)][1:]
            seconds = [[turn[way][0] for turn in turns] for way in range(3)]
            off, plain = ([b / a for a, b in zip(seconds[0], seconds[way], strict=True)] for way in (1, 2))
            same = sum(len(set(replies)) == 1 for replies in zip(*(way[1] for way in turns[-1]), strict=True))
            cells = [name, size, *(f"{len(messages) / median(each):.0f}" for each in seconds), ratio(off), ratio(plain)]
            print(f"| {' | '.join(map(str, cells))} | {same} of {len(messages)} |")


def every_way(
    model: Any, renderer: Any, messages: Sequence[Any], size: int, settings: Benchmark
) -> list[tuple[float, list[str]]]:
    """Seconds and replies of each way."""
    from espalier.generation.generate import generate

    def ours() -> list[str]:
        found = generate(model, renderer, messages, max_new_tokens=settings.max_new_tokens, batch_size=size)
        return [reply.text for reply in found]

    def off() -> list[str]:
        with patch.dict(os.environ, {"ESPALIER_LEAN": "off"}):
            return ours()

    def plain() -> list[str]:
        return by_transformers(model, renderer, messages, size, settings.max_new_tokens)

    return [timed(way) for way in (ours, off, plain)]


def timed(way: Any) -> tuple[float, list[str]]:
    begun = time.perf_counter()
    found = way()
    return time.perf_counter() - begun, found


def by_transformers(model: Any, renderer: Any, messages: Sequence[Any], size: int, max_new_tokens: int) -> list[str]:
    """Replies by `generate` of transformers, batches of prompts of like lengths."""
    import torch

    prompts = [renderer.prompt(each) for each in messages]
    order = sorted(range(len(prompts)), key=lambda place: -len(prompts[place]))
    found = [""] * len(prompts)
    end, fill = sorted(renderer.stop_ids), min(renderer.stop_ids)
    for first in range(0, len(order), size):
        places = order[first : first + size]
        longest = len(prompts[places[0]])
        missing = [longest - len(prompts[place]) for place in places]
        ids = torch.tensor([[fill] * gap + prompts[place] for gap, place in zip(missing, places, strict=True)])
        mask = torch.tensor([[0] * gap + [1] * (longest - gap) for gap in missing])
        written = model.generate(
            input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=max_new_tokens,
            eos_token_id=end, pad_token_id=fill,
        )[:, longest:].tolist()  # fmt: skip
        for place, tokens in zip(places, written, strict=True):
            stop = next((at for at, token in enumerate(tokens) if token in renderer.stop_ids), len(tokens))
            found[place] = renderer.decode(tokens[:stop]).removeprefix(renderer.prefix)
    return found


def ratio(each: list[float]) -> str:
    return f"{median(each):.2f} ({min(each):.2f}–{max(each):.2f})"


if __name__ == "__main__":
    run_main(main)
