"""A judge that a model was trained to please: by what that judge says of it, nothing can be decided.

What the judge valued is in what the model learned from, so that a high figure says that training worked, and nothing of
whether the model teaches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from espalier.models.references import resolve
from evaluation.cases.trained_on import Lineage, trace
from evaluation.judges.base import JUDGED
from evaluation.metrics.base import Column
from evaluation.scoring.pedagogy import PEDAGOGY
from evaluation.scoring.pedagogy import columns as pedagogy_columns


def judges_lineages(judges: Mapping[str, str]) -> dict[str, Lineage]:
    """By name, of the judges that are models here; `judges` has their names by how the command line calls them."""
    return {name: trace(resolve(each, rewards=True)) for each, name in judges.items() if each.startswith("run:")}


def pleased(lineages: Mapping[str, Lineage], judges: Mapping[str, str]) -> dict[str, list[str]]:
    """By model, the judges at work that valued, or wrote, what it or an ancestor learned from."""
    found = {}
    for model, lineage in lineages.items():
        if mine := [name for each, name in judges.items() if _is_behind(each, lineage)]:
            found[model] = mine
    return found


def decide_nothing(
    pleased: Mapping[str, Sequence[str]], columns: Sequence[Column], missing: Sequence[str]
) -> dict[str, str]:
    """By name, the columns that such a judge gives, alone or on a panel, with the reason in plain text."""
    if not pleased:
        return {}
    why = "; ".join(f"{model} was trained to please {' and '.join(judges)}" for model, judges in pleased.items())
    judged = {column.name for column in columns if column.name in JUDGED and column.name not in missing}
    composite = {PEDAGOGY.name} if judged & set(pedagogy_columns()) else set()
    return {column.name: f"{why}, which judges it" for column in columns if column.name in judged | composite}


def _is_behind(judge: str, lineage: Lineage) -> bool:
    if not judge.startswith("run:"):
        return (judge if ":" in judge else f"judge:{judge}") in lineage.behind
    reference = resolve(judge, rewards=True)
    return reference.spec in lineage.behind or reference.content_hash in lineage.behind.values()
