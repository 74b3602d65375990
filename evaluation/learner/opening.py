"""`--learner`: rules, or openai:NAME@URL."""

from __future__ import annotations

from espalier.errors import UserError
from evaluation.config import EvaluateConfig, endpoint_settings
from evaluation.play import Learner


def open_learner(config: EvaluateConfig) -> Learner:
    """Who plays simulated learners. UserError for anything else."""
    if config.learner == "rules":
        from evaluation.learner.simulated import RuleLearner

        return RuleLearner()
    if config.learner.startswith("openai:"):
        from espalier.endpoints.budget import Budget
        from evaluation.learner.endpoint import EndpointLearner

        return EndpointLearner(endpoint_settings(config.learner, config), Budget(config.endpoint.budget))
    raise UserError(f"--learner {config.learner}: wants rules, or openai:NAME@URL")
