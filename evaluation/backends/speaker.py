"""A model that is asked by something else than an evaluation: opened as an evaluation opens it, by the same client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from espalier.errors import UserError
from espalier.models.pool import Pool
from evaluation.backends.base import Backend
from evaluation.backends.opening import open_backend
from evaluation.backends.versions import tell_of_change
from evaluation.backends.weights import Weights
from evaluation.cache import Cache
from evaluation.cases.case import Case
from evaluation.cases.case_spec import CaseSpec
from evaluation.cases.suite import Generation, Suite
from evaluation.config import EvaluateConfig


def open_speaker(
    reference: str,
    generation: Generation,
    *,
    how: Mapping[str, Any],
    cases: Sequence[Case] = (),
    pool: Pool | None = None,
) -> Backend:
    """Whoever `reference` names, to be asked by `generation`; `how` are keys of an evaluation's configuration, such as
    device and endpoint. UserError for nobody, or for somebody who is no model and knows the replies beforehand."""
    suite = Suite(name="samples", cases=(CaseSpec(name="none", prompt="none"),), generation=generation)
    backend = open_backend(
        reference,
        EvaluateConfig(models=[reference], **how),
        suite=suite,
        mix=None,
        cases=cases,
        cases_hash="",
        pool=pool or Pool(),
    )
    if not backend.is_model or backend.interactive:
        raise UserError(f"--model {reference}: no model, so nothing can be drawn from it")
    if isinstance(backend, Weights):
        with Cache() as cache:
            tell_of_change(cache, {backend.computed_by: backend.generator})
    return backend
