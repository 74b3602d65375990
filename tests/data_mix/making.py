"""Mixes made without the command around them, and small corpora to make them of."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data_mix.mixing import jobs, mix
from data_mix.mixing.refine import Refinery
from data_mix.mixing.stopwatch import Stopwatch
from data_mix.mixing.tally import Tally
from data_mix.recipe import BuildOptions, Recipe


def chat(*contents: str) -> list[dict[str, str]]:
    """Turns of a user and an assistant, by turns."""
    return [{"role": ("user", "assistant")[place % 2], "content": content} for place, content in enumerate(contents)]


def recipe(*sources: dict[str, Any], **more: Any) -> Recipe:
    """A recipe of these sources."""
    return Recipe.model_validate({"name": "mine", "sources": list(sources), "valid_fraction": 0.3} | more)


def jsonl(path: Path, records: Iterable[Any]) -> dict[str, Any]:
    """Writes records as JSON lines, and returns the source that reads them."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return {"path": str(path)}


def make_splits(
    recipe: Recipe, folder: Path, *, workers: int = 1, tokenizer: str | None = None
) -> tuple[dict[str, Tally], dict[str, Any]]:
    """What `mix.make_splits` makes in `folder`; refined rows lie in `folder/work`."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    plan = jobs.plan(recipe)
    grams, _ = mix.grams_of(recipe)
    mix.refine(Refinery(recipe, work, tokenizer, grams), plan.jobs, BuildOptions(workers=workers))
    return mix.make_splits(recipe, plan.jobs, work, folder, Stopwatch())
