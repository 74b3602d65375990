"""`--learner`: rules, openai:NAME@URL, or run:NAME."""

from __future__ import annotations

from espalier.errors import UserError
from evaluation.cases.suite import Withheld
from evaluation.config import EvaluateConfig, endpoint_settings
from evaluation.play import Learner


def open_learner(config: EvaluateConfig, withheld: Withheld | None = None) -> Learner:
    """Who plays simulated learners; in lessons about what was `withheld` from it, who learns. UserError for anything
    else."""
    if withheld:
        from evaluation.cases.withheld import learner_of, upbringing
        from evaluation.learner.model import ModelLearner

        ref = learner_of(config.learner)
        _, pasts = upbringing(ref)
        return ModelLearner(ref=ref, spec=withheld, withheld=frozenset(pasts))
    if config.learner.startswith("run:"):
        raise UserError(
            f"--learner {config.learner}: speaks in lessons about what was kept from it, and this suite has none; "
            "--suite learning_gain has"
        )
    if config.learner == "rules":
        from evaluation.learner.simulated import RuleLearner

        return RuleLearner()
    if config.learner.startswith("openai:"):
        from espalier.endpoints.budget import Budget
        from evaluation.learner.endpoint import EndpointLearner

        return EndpointLearner(endpoint_settings(config.learner, config), Budget(config.endpoint.budget))
    raise UserError(f"--learner {config.learner}: wants rules, openai:NAME@URL, or run:NAME for what it may be taught")
