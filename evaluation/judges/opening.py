"""`--judges`: names of trained judges (judges/NAME in the workspace) and openai:NAME@URL; several make a panel."""

from __future__ import annotations

from collections.abc import Sequence

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete
from espalier.errors import UserError
from evaluation.config import EvaluateConfig, endpoint_settings
from evaluation.judges.base import Judge

DEFAULT = "classifier"
"""Who judges where nobody is named: the judge that evaluation/judges/train.py makes."""
_TRAIN = "python evaluation/judges/train.py --labels FILE"


def default_judges() -> list[str]:
    """The trained judge, if there is one."""
    return [DEFAULT] if is_complete(artifact("judges", DEFAULT)) else []


def open_judges(names: Sequence[str], config: EvaluateConfig) -> Judge | None:
    """The judge of that name, a panel of several, or None for no names. UserError for a name nobody has."""
    judges = [_open(name, config) for name in names]
    if len(judges) > 1:
        from evaluation.judges.panel import Panel

        return Panel(judges)
    return judges[0] if judges else None


def _open(name: str, config: EvaluateConfig) -> Judge:
    if name.startswith("openai:"):
        from espalier.endpoints.budget import Budget
        from evaluation.judges.llm import LlmJudge

        return LlmJudge(endpoint_settings(name, config), Budget(config.endpoint.budget))
    if not is_complete(artifact("judges", name)):
        raise UserError(f"--judges {name}: no judge is trained under that name; `{_TRAIN}` trains {DEFAULT}")
    from evaluation.judges.classifier import Classifier

    return Classifier.open(name)
