"""Where two greedy replies to one prompt part, and how near the model was to choosing the other word.

    python research/benchmarks/evaluation/divergence.py --models basil-trunk basil-core [--batch_sizes 1 3 16 64]

In float32 the order of additions, which depends on the batch's shape, moves a logit by a millionth. A greedy reply can
change only where the two likeliest tokens lie as near to each other. This script finds every reply that is not the same
at all batch sizes, reads prompt and reply up to the first difference anew, and prints the largest gap between the two
likeliest tokens there: under 1e-4, the arithmetic is to blame; above, the batching would be wrong. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from collections.abc import Sequence
from typing import Any

from espalier.command_line.config import load
from espalier.errors import UserError, run_main
from research.benchmarks.evaluation.prompts import Asked

NEAR = 1e-4
"""Logits nearer than this are a tie in float32."""


class Benchmark(Asked):
    """What to compare."""

    batch_sizes: list[int] = [1, 3, 16, 64]
    """The first is what the others are compared with."""


def main(argv: list[str]) -> int:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/evaluation/divergence.py", doc=__doc__)
    import torch

    from espalier.models.loading import load_for_inference
    from espalier.text.chat_template import read_template
    from research.benchmarks.evaluation.prompts import first_cases

    torch.set_num_threads(settings.threads)
    template = read_template(settings.chat_template) if settings.chat_template else None
    cases = first_cases(settings.suite, settings.mix, settings.cases)
    first, *others = settings.batch_sizes
    print(f"| model | batch size | replies unlike those of size {first} | largest gap where they part |")
    print("|---|---:|---:|---:|")
    largest = 0.0
    for name in settings.models:
        model, renderer = load_for_inference(name, device="cpu", dtype="float32", chat_template=template)
        prompts = [renderer.prompt(case.messages) for case in cases]
        replies = {
            size: greedy(model, renderer, prompts, settings.max_new_tokens, size) for size in settings.batch_sizes
        }
        for size in others:
            gaps = [
                gap_after(model, prompt, a[: num_agreed(a, b)])
                for prompt, a, b in zip(prompts, replies[first], replies[size], strict=True)
                if a != b
            ]
            largest = max([largest, *gaps])
            print(f"| {name} | {size} | {len(gaps)} of {len(prompts)} | {max(gaps, default=0.0):.1e} |")
    if largest >= NEAR:
        raise UserError(f"replies part at a gap of {largest:.1e}: that is not the arithmetic's doing")
    return 0


def greedy(
    model: Any, renderer: Any, prompts: Sequence[list[int]], max_new_tokens: int, batch_size: int
) -> list[list[int]]:
    """The tokens of each reply; one that was not cut ends with a -1."""
    from espalier.generation.decoding import Row, Sampling, write

    rows = [Row(place=place, ids=ids, seed=0) for place, ids in enumerate(prompts)]
    how = Sampling(max_new_tokens=max_new_tokens, temperature=0.0, top_p=1.0, stop_ids=renderer.stop_ids)
    found = {row.place: row.written + [-1] * row.ended for row in write(model, rows, how, batch_size)}
    return [found[place] for place in range(len(prompts))]


def num_agreed(tokens: Sequence[int], others: Sequence[int]) -> int:
    """How many tokens both begin with."""
    pairs = zip(tokens, others, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(tokens), len(others)))


def gap_after(model: Any, prompt: list[int], reply: list[int]) -> float:
    """The difference between the two largest logits after `prompt` and `reply`, read in one forward pass, no cache."""
    import torch

    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt + reply])).logits[0, -1].float()
    best, second = logits.topk(2).values.tolist()
    return float(best - second)


if __name__ == "__main__":
    run_main(main)
