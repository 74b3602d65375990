"""The bars that the curriculum's dialogues must clear: a mix under one of them is refused."""

from __future__ import annotations

from dataclasses import replace

from data_mix import curriculum
from data_mix.mixing.workers import num_workers
from data_mix.recipe import Recipe
from espalier.errors import UserError

NUM_DIALOGUES = 10_000
"""The bars are shares, and a share of distinct replies depends on how many are looked at."""


def clear_bars(recipe: Recipe, *, workers: int = 1) -> list[curriculum.Finding]:
    """What the curriculum's lint finds in the first training dialogues of each of a recipe's curricula; empty for a mix
    without any.

    Looks at NUM_DIALOGUES of them. A mix that holds fewer is judged by those that would follow as well: that ten
    strategies are not even among a hundred rows is chance. Raises UserError, naming each bar, its value and what to
    do, when one is missed.
    """
    found: list[curriculum.Finding] = []
    several = sum(source.curriculum is not None for source in recipe.sources) > 1
    for source in recipe.sources:
        if source.curriculum is None or not source.curriculum.dialogues:
            continue
        dialogues = curriculum.generate(
            source.curriculum, "dialogue", "train", NUM_DIALOGUES, seed=recipe.seed, workers=num_workers(workers)
        )
        of_it = f"{source.label}: " if several else ""
        findings = curriculum.lint(dialogues, source.curriculum.learner)
        found += [replace(each, name=f"{of_it}{each.name}") for each in findings]
    missed = [f"{each.name} is {each.value}, the bar is {each.bar}" for each in found if not each.ok]
    if missed:
        raise UserError(
            f"mix {recipe.name}: refused, its dialogues are under the bar: {'; '.join(missed)}. Mend the grammar or "
            "its words (data_mix/curriculum, its lexicon/*.yaml), or choose another --seed, and build again"
        )
    return found
