"""A reference on the command line to what it names: a model on this machine, or what another file of this folder opens.

To add a form, write a function under `@opens` beside the backend that it opens; no list has to name it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from espalier.discover import discover
from espalier.models.pool import Placement, Pool
from espalier.models.references import resolve
from evaluation.backends.base import Backend, Given
from evaluation.cases.case import Case
from evaluation.cases.heldout import Mix
from evaluation.cases.suite import Suite
from evaluation.config import EvaluateConfig
from evaluation.opener import Opener, choose, is_opener, opens


@cache
def openers() -> dict[str, Opener]:
    """By form, what the files of this folder open."""
    return discover(__package__, is_opener, home=lambda each: each.open, name=lambda each: each.form)


def open_backend(
    reference: str,
    config: EvaluateConfig,
    *,
    suite: Suite,
    mix: Mix | None,
    cases: Sequence[Case],
    cases_hash: str,
    pool: Pool,
) -> Backend:
    """What `reference` names. UserError for an unknown model or rule; no weights are loaded yet.

    `mix` is where the `cases` come from, if they come from one; `cases_hash` is what they are known by; adapters of one
    base share its weights by sharing `pool`.
    """
    given = Given(config=config, suite=suite, mix=mix, cases=cases, cases_hash=cases_hash, pool=pool)
    backend: Backend = choose(openers().values(), reference).open(reference, given)
    return backend


@opens("NAME", "a model on this machine: a run, a folder or a hub name; run:, path: and hub: say which")
def local_model(reference: str, given: Given) -> Backend:
    """By the engine that the configuration names."""
    from evaluation.backends.local import LocalModel

    config, generation = given.config, given.suite.generation
    placement = Placement(**{key: getattr(config, key) for key in Placement.__dataclass_fields__})
    ref = resolve(reference, with_code=config.trust_remote_code)
    if config.engine == "vllm":
        from evaluation.backends.vllm import VllmModel

        return VllmModel(ref=ref, generation=generation, placement=placement)
    if config.engine == "ray":
        from evaluation.backends.fleet import Fleet

        return Fleet(
            ref=ref, generation=generation, placement=placement, workers=config.workers, address=config.ray_address
        )
    return LocalModel(ref=ref, generation=generation, placement=placement, pool=given.pool)
