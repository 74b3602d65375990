"""Replies per second of our evaluator, beside the `hf` backend of lm-evaluation-harness on the same prompts.

    python research/benchmarks/evaluation/throughput.py [--models basil-trunk basil-core] [--repeats 5]

Two local models each answer 200 cases, greedily, in float32, with the same batch size and the same limit. We go the
way that `evaluation/run.py` goes: a new cache, `play`, a backend; the peer is `HFLM.generate_until`, called directly,
its text the same as that of our prompts. Both take turns in one process, and medians are compared, with and without the
time to load the models. Where texts differ, the gap between the two likeliest tokens where they part is shown (see
divergence.py). Needs the extra `harness`. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import logging
import os
import tempfile
import time
from dataclasses import dataclass
from statistics import median
from typing import Annotated, Any
from unittest.mock import patch

from pydantic import Field

from espalier.command_line.config import load
from espalier.errors import UserError, run_main
from research.benchmarks.evaluation.prompts import Asked


class Benchmark(Asked):
    """What to measure."""

    batch_sizes: Annotated[list[int], Field(min_length=1)] = [32, 16, 64]
    """Replies generated at once, by both; each size is measured in turn."""
    repeats: Annotated[int, Field(ge=1)] = 5
    """Times that both are measured."""


@dataclass(frozen=True)
class Timed:
    """One model asked once."""

    loading: float
    """Seconds until it was ready."""
    answering: float
    """Seconds for all replies."""
    texts: list[str]
    """The replies."""
    prompts: list[list[int]]
    """The tokens of the prompts."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/evaluation/throughput.py", doc=__doc__)
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch

    from research.benchmarks.evaluation.prompts import first_cases

    torch.set_num_threads(settings.threads)
    cases = first_cases(settings.suite, settings.mix, settings.cases)
    print(f"{settings.cases} cases × {len(settings.models)} models ({', '.join(settings.models)}), at most "
          f"{settings.max_new_tokens} tokens, float32, {settings.threads} thread(s), median of {settings.repeats}.\n\n"
          "| batch size | | ours, cases/s | lm-eval hf, cases/s | ratio |\n|---:|---|---:|---:|---:|")  # fmt: skip
    for batch_size in settings.batch_sizes:
        ours, theirs = [], []
        for _ in range(settings.repeats + 1):
            ours.append(by_us(settings, cases, batch_size))
            theirs.append(by_the_peer(settings, cases, batch_size))
        times(settings, batch_size, ours[1:], theirs[1:])  # the first turn of both warms up what is loaded lazily
    texts(settings, cases, ours[-1], theirs[-1])


def by_us(settings: Benchmark, cases: list[Any], batch_size: int) -> list[Timed]:
    """Each model through the evaluator's own path, with an empty cache."""
    from espalier.models.loading import load_renderer, resolve
    from espalier.models.pool import Pool
    from evaluation.backends.local import LocalModel, Placement
    from evaluation.cache import Cache
    from evaluation.cases.suite import Generation
    from evaluation.play import play

    pool, found = Pool(), []
    placement = Placement(device="cpu", dtype="float32", batch_size=batch_size, chat_template=settings.chat_template)
    generation = Generation(max_new_tokens=settings.max_new_tokens)
    models = [
        LocalModel(ref=resolve(name), generation=generation, placement=placement, pool=pool) for name in settings.models
    ]
    with tempfile.TemporaryDirectory() as folder, Cache(Path(folder) / "cache.sqlite") as cache:
        for model in models:
            begun = time.perf_counter()
            pool.model(model.ref, model.placement)
            loaded = time.perf_counter()
            records = play(model, cases, [], cache=cache, seed=0)
            done = time.perf_counter()
            renderer = load_renderer(model.ref, model.template)
            prompts = [renderer.prompt(case.messages) for case in cases]
            found.append(Timed(loaded - begun, done - loaded, [record.reply for record in records], prompts))
            model.close()
    return found


def by_the_peer(settings: Benchmark, cases: list[Any], batch_size: int) -> list[Timed]:
    """Each model through HFLM, which is given its prompts as text."""
    try:
        from lm_eval.api.instance import Instance
        from lm_eval.models.huggingface import HFLM
    except ImportError:
        raise UserError('lm-evaluation-harness is not installed; pip install -e ".[harness]"') from None
    from research.benchmarks.evaluation.prompts import as_text

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    found = []
    for name in settings.models:
        renderer, arguments = peer_arguments(name, settings.chat_template)
        how = {
            "until": [renderer.decode([token]) for token in sorted(renderer.stop_ids)],
            "max_gen_toks": settings.max_new_tokens,
            "do_sample": False,
        }
        requests = [
            Instance(request_type="generate_until", doc={}, arguments=(as_text(renderer, case.messages), how), idx=0)
            for case in cases
        ]
        begun = time.perf_counter()
        # HFLM ties the weights of a loaded model once more, which fails on an adapter with its own tied embeddings.
        with patch("peft.PeftModel.tie_weights", lambda _: None, create=True):
            model = HFLM(**arguments, device="cpu", dtype="float32", batch_size=batch_size)
        loaded = time.perf_counter()
        texts = [text.removeprefix(renderer.prefix) for text in model.generate_until(requests, disable_tqdm=True)]
        done = time.perf_counter()
        prompts = [model.tok_encode(request.args[0]) for request in requests]
        found.append(Timed(loaded - begun, done - loaded, texts, prompts))
    return found


def peer_arguments(name: str, chat_template: str | None) -> tuple[Any, dict[str, str]]:
    """A model's renderer, and what HFLM is to be given for it."""
    from espalier.models.loading import base_of, load_renderer, resolve
    from espalier.text.chat_template import read_template

    ref = resolve(name)
    renderer = load_renderer(ref, read_template(chat_template) if chat_template else None)
    if not (ref.path / "adapter_config.json").exists():
        return renderer, {"pretrained": str(ref.path)}
    return renderer, {"pretrained": str(base_of(ref).path), "peft": str(ref.path), "tokenizer": str(ref.path)}


def times(settings: Benchmark, batch_size: int, ours: list[list[Timed]], theirs: list[list[Timed]]) -> None:
    """Medians over the repeats."""
    total = settings.cases * len(settings.models)
    for label, loading in (("answering", 0), ("with loading", 1)):
        a, b = (
            [sum(each.answering + loading * each.loading for each in turn) for turn in side] for side in (ours, theirs)
        )
        ratios = [theirs_s / ours_s for ours_s, theirs_s in zip(a, b, strict=True)]
        spread = f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        print(f"| {batch_size} | {label} | {total / median(a):.0f} | {total / median(b):.0f} | {spread} |")


def texts(settings: Benchmark, cases: list[Any], ours: list[Timed], theirs: list[Timed]) -> None:
    """How many texts are the same, at the last batch size, of prompts that both made the same tokens of."""
    print("\n| model | prompts of the same tokens | of them with the same reply | largest gap where replies part |")
    print("|---|---:|---:|---:|")
    for name, mine, other in zip(settings.models, ours, theirs, strict=True):
        comparable = [place for place in range(len(cases)) if mine.prompts[place] == other.prompts[place]]
        unlike = [place for place in comparable if mine.texts[place] != other.texts[place]]
        gaps = gaps_of(settings, name, [(mine.prompts[place], other.texts[place]) for place in unlike])
        same = len(comparable) - len(unlike)
        print(f"| {name} | {len(comparable)} of {len(cases)} | {same} | {max(gaps, default=0.0):.1e} |")


def gaps_of(settings: Benchmark, name: str, unlike: list[tuple[list[int], str]]) -> list[float]:
    """Of prompts with replies that are not ours, the gap between the two likeliest tokens where the replies part."""
    from espalier.models.loading import load_for_inference
    from espalier.text.chat_template import read_template
    from research.benchmarks.evaluation.divergence import gap_after, greedy

    template = read_template(settings.chat_template) if settings.chat_template else None
    model, renderer = load_for_inference(name, device="cpu", dtype="float32", chat_template=template)
    found = []
    for prompt, other in unlike:
        (tokens,) = greedy(model, renderer, [prompt], settings.max_new_tokens, 1)
        tokens = [token for token in tokens if token >= 0]
        shown = [renderer.decode(tokens[:end]).removeprefix(renderer.prefix) for end in range(len(tokens) + 1)]
        agreed = max(end for end, begins in enumerate(shown) if other.startswith(begins))
        found.append(gap_after(model, prompt, tokens[:agreed]))
    return found


if __name__ == "__main__":
    run_main(main)
