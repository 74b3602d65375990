"""A reference on the command line to what it names.

basil-core, run:…, path:…, hub:…   a model on this machine
openai:NAME@URL                    a model behind any OpenAI-compatible endpoint
replies:FILE, replies:FILE#MODEL   replies that were recorded
human, human:NAME                  a person at this terminal
rule:copy                          copies the learner's sentence into the commonest recast of the mix's training rows
rule:reference                     gives the reply that the case itself knows to be good: what the metrics allow at most
"""

from __future__ import annotations

from espalier.errors import UserError
from espalier.models.references import resolve
from evaluation.backends.base import Backend
from evaluation.backends.pool import Placement, Pool
from evaluation.cases.heldout import Mix
from evaluation.cases.suite import Suite
from evaluation.config import EvaluateConfig, endpoint_settings

RULES = ("rule:copy", "rule:reference")


def open_backend(
    reference: str, config: EvaluateConfig, *, suite: Suite, mix: Mix | None, cases_hash: str, pool: Pool
) -> Backend:
    """What `reference` names. UserError for an unknown model or rule; no weights are loaded yet.

    `mix` is where the cases come from, if they come from one; `cases_hash` is what the cases are known by; adapters of
    one base share its weights by sharing `pool`.
    """
    kind = reference.partition(":")[0]
    if kind == "rule":
        return _rule(reference, mix, cases_hash)
    if kind == "openai":
        from espalier.endpoints.budget import Budget
        from evaluation.backends.endpoint import EndpointModel

        return EndpointModel(
            settings=endpoint_settings(reference, config),
            generation=suite.generation,
            budget=Budget(config.endpoint.budget),
        )
    if kind == "replies":
        from evaluation.backends.recorded import Recorded

        return Recorded.open(reference)
    if kind == "human":
        from evaluation.backends.human import Human

        return Human(reference)
    return _model(reference, config, suite, pool)


def _rule(reference: str, mix: Mix | None, cases_hash: str) -> Backend:
    from evaluation.backends.rules import CopyRule, ReferenceRule, commonest_recast

    if reference == "rule:reference":
        return ReferenceRule(source=cases_hash)
    if reference == "rule:copy" and mix is not None:
        return CopyRule(template=commonest_recast(mix))
    if reference == "rule:copy":
        raise UserError("rule:copy takes its template from a mix, and this suite has none")
    raise UserError(f"no rule {reference!r}; there are {', '.join(RULES)}")


def _model(reference: str, config: EvaluateConfig, suite: Suite, pool: Pool) -> Backend:
    from evaluation.backends.local import LocalModel

    placement = Placement(**{key: getattr(config, key) for key in Placement.__dataclass_fields__})
    ref = resolve(reference, with_code=config.trust_remote_code)
    if config.engine == "vllm":
        from evaluation.backends.vllm import VllmModel

        return VllmModel(ref=ref, generation=suite.generation, placement=placement)
    if config.engine == "ray":
        from evaluation.backends.fleet import Fleet

        return Fleet(
            ref=ref,
            generation=suite.generation,
            placement=placement,
            workers=config.workers,
            address=config.ray_address,
        )
    return LocalModel(ref=ref, generation=suite.generation, placement=placement, pool=pool)
