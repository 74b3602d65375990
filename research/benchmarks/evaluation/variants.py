"""Memory of many variants of one parent at evaluation, beside as many models loaded one by one.

    python research/benchmarks/evaluation/variants.py [--base NAME] [--variants 10] [--growth merge|stack|continue]

Variants are adapters of random weights on the base, or, by `stack` and `continue`, grown from a core that is itself an
adapter. Each way runs in a process of its own: every variant answers the same prompts greedily, as an evaluation would
have it, and what was loaded stays until the last has answered. `ours` is the evaluator's pool: one base, adapters
switched. `one by one` is `load_model` for each; `peft` is `AutoPeftModelForCausalLM` for each, which knows no stacks.
Memory is what the process holds (RSS) beyond one that has imported the same and loaded nothing. Replies have to be the
same. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import multiprocessing
import tempfile
import time
from typing import Annotated, Any, Literal

from pydantic import Field

from espalier.command_line.config import Config, load
from espalier.errors import UserError, run_main

Way = Literal["nothing", "base", "ours", "one by one", "peft"]


class Benchmark(Config):
    """What to measure."""

    base: str | None = None
    """A run, a folder or a hub name; a Llama of 66 million random weights by default."""
    chat_template: str | None = None
    """A builtin template or a file, for a base that has none."""
    variants: Annotated[int, Field(ge=1)] = 10
    """How many there are."""
    growth: Literal["merge", "stack", "continue"] = "merge"
    """How they grew."""
    r: Annotated[int, Field(ge=1)] = 16
    """Rank of their adapters."""
    max_new_tokens: Annotated[int, Field(ge=1)] = 8
    """Length of a reply."""
    threads: Annotated[int, Field(ge=1)] = 1
    """CPU threads."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/evaluation/variants.py", doc=__doc__)
    with tempfile.TemporaryDirectory() as folder:
        base, variants = in_own_process(make, Path(folder), settings)
        ways: list[Way] = ["nothing", "base", "ours", "one by one"]
        ways += ["peft"] if settings.growth != "stack" else []
        found = {way: in_own_process(measure, way, base, variants, settings) for way in ways}
    nothing, alone = found["nothing"]["rss"], found["base"]["rss"] - found["nothing"]["rss"]
    print(
        f"{settings.variants} variants ({settings.growth}) of {settings.base or 'a Llama of random weights'}, rank "
        f"{settings.r}, float32, {settings.threads} thread(s). The base alone: {alone / 2**20:.0f} MiB; an adapter's "
        f"file: {found['ours']['adapter'] / 2**20:.1f} MiB.\n\n"
        "| | MiB | of the base's | at its peak, MiB | seconds |\n|---|---:|---:|---:|---:|"
    )
    for way in ways[2:]:
        each = found[way]
        if each["replies"] != found["one by one"]["replies"]:
            raise UserError(f"{way} answers otherwise than the variants one by one")
        mib = (each["rss"] - nothing) / 2**20
        peak = (each["peak"] - nothing) / 2**20
        print(f"| {way} | {mib:.0f} | {mib * 2**20 / alone:.2f} | {peak:.0f} | {each['seconds']:.0f} |")
    different = len({str(each) for each in found["ours"]["replies"]})
    print(f"\nSame replies in every way, {different} different ones among the variants.")


def in_own_process(function: Any, *arguments: Any) -> Any:
    """What it returns, and nothing of it left in this process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def make(folder: Path, settings: Benchmark) -> tuple[str, list[str]]:
    """The base, and the folders of the variants; UserError where the base has no chat template."""
    from espalier.models.adapters import Grown
    from espalier.models.loading import load_renderer, resolve
    from espalier.text.chat_template import read_template

    base = resolve(settings.base) if settings.base else resolve(str(random_llama(folder / "base")))
    renderer = load_renderer(base, read_template(settings.chat_template) if settings.chat_template else None)
    parent = base
    if settings.growth != "merge":
        parent = adapter(folder / "core", base, base, renderer, 0, settings, Grown(parent=base, growth="merge"))
    made = []
    for seed in range(1, settings.variants + 1):
        grown = Grown(parent=parent, growth=settings.growth, stacked=settings.growth == "stack")
        on = base if settings.growth == "continue" else parent
        made.append(str(adapter(folder / f"v{seed}", base, on, renderer, seed, settings, grown).path))
    return base.spec, made


def random_llama(folder: Path) -> Path:
    """A model whose base is large beside its adapters, with the tokenizer of the tests' tiny ones."""
    from espalier.models.loading import save_model
    from espalier.text.rows import Row
    from stage1.config import ModelSettings
    from stage1.new_model import new_model
    from stage1.tokenizer import train_tokenizer

    row = Row(id="0", messages=[{"role": "text", "content": "I went to the market."}], source="made", split="train")
    renderer = train_tokenizer([row], vocab_size=320, max_bytes=10_000, chat_template=None)
    shape = ModelSettings(num_layers=8, width=768, feed_forward=2560, num_heads=12, init_std=0.1)
    folder.mkdir()
    save_model(new_model(shape, renderer, 0), renderer, folder, None)
    return folder


def adapter(folder: Path, base: Any, on: Any, renderer: Any, seed: int, settings: Benchmark, grown: Any) -> Any:
    """An adapter of random weights on `on`, which is the base or lies on it."""
    import torch

    from espalier.models.adapters import standing
    from espalier.models.loading import load_base, resolve, save_model
    from training.adapters import add_adapter
    from training.config import AdapterSettings

    parents = standing(on).adapters if grown.stacked else ()
    model = add_adapter(
        load_base(base, device="cpu", dtype=torch.float32),
        AdapterSettings(r=settings.r),
        renderer,
        on.spec,
        seed=seed,
        parents=parents,
    )
    draw = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data.copy_(torch.randn(parameter.shape, generator=draw) / parameter.shape[-1] ** 0.5)
    folder.mkdir()
    save_model(model, renderer, folder, on, grown=grown)
    return resolve(str(folder))


def measure(way: Way, base: str, variants: list[str], settings: Benchmark) -> dict[str, Any]:
    """What this process holds when the last variant has answered, in bytes; the replies; the seconds."""
    import gc
    import resource

    import psutil
    import torch
    from peft import AutoPeftModelForCausalLM

    from espalier.generation.generate import generate
    from espalier.models.loading import load_model, load_renderer, resolve
    from espalier.models.pool import Placement, Pool

    torch.set_num_threads(settings.threads)
    pool, placement = Pool(), Placement(device="cpu", dtype="float32")
    refs = [resolve(each) for each in ([base] if way == "base" else [] if way == "nothing" else variants)]
    openers: dict[str, Any] = {
        "ours": lambda ref: pool.model(ref, placement),
        "peft": lambda ref: AutoPeftModelForCausalLM.from_pretrained(str(ref.path), dtype=torch.float32).eval(),
    }
    opener = openers.get(way, lambda ref: load_model(ref, device="cpu", dtype=torch.float32))
    renderer = load_renderer(resolve(variants[0]))
    asked: Any = [[{"role": "user", "content": text}] for text in ("I goed to the market.", "Why?")]
    begun, kept, replies = time.perf_counter(), [], []
    for ref in refs:
        model = opener(ref)
        kept.append(model if way != "ours" else None)
        replies.append([each.text for each in generate(model, renderer, asked, max_new_tokens=settings.max_new_tokens)])
    seconds = time.perf_counter() - begun
    gc.collect()
    return {
        "rss": psutil.Process().memory_info().rss,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "replies": replies,
        "seconds": seconds,
        "adapter": (Path(variants[0]) / "adapter_model.safetensors").stat().st_size,
    }


if __name__ == "__main__":
    run_main(main)
