"""Cases of what was kept from a learner: each is a lesson about one form that no row it grew up with holds."""

from __future__ import annotations

from collections.abc import Mapping

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from espalier.models.references import ModelRef, resolve
from evaluation.cases.case import Case, Simulation, Truth
from evaluation.cases.heldout import Mix, open_mix
from evaluation.cases.suite import Withheld
from evaluation.cases.trained_on import trace

PREFIX = "run:"
_MADE_BY = "python stage1/train.py stage1/configs/{}.yaml"
_USUAL = "basil-learner"
_LANGUAGE, _LEVEL = "French", "A1"
_NO_MOVE = "no move is asked for"


def learner_of(reference: str) -> ModelRef:
    """The run that learns. UserError, with the command that makes it, where there is none, or it is not complete."""
    if not reference.startswith(PREFIX):
        raise UserError(
            f"--learner {reference}: this suite wants a learner that learns, a run from whose rows something was kept "
            f"back: --learner {PREFIX}{_USUAL} (made by {_MADE_BY.format(_USUAL)})"
        )
    try:
        return resolve(reference)
    except UserError as error:
        name = reference.removeprefix(PREFIX)
        config = repo_root() / "stage1" / "configs" / f"{name}.yaml"
        made_by = _MADE_BY.format(name if config.is_file() else _USUAL)
        raise UserError(
            f"--learner {reference}: {error}; {made_by} makes {'it' if config.is_file() else 'one'}"
        ) from None


def upbringing(ref: ModelRef) -> tuple[Mix, dict[str, str]]:
    """The mix that a learner grew up with, and by verb the pasts that no row of it holds.

    UserError where it grew up with anything else, or with a mix that keeps nothing back: it may know what it is to be
    taught.
    """
    lineage = trace(ref)
    if not lineage.known or len(lineage.mixes) != 1:
        raise UserError(
            f"--learner {ref.spec}: what it grew up with is not one mix ({', '.join(lineage.mixes) or 'not known'}), "
            "so it may know what it is to be taught"
        )
    ((name, content_hash),) = lineage.mixes.items()
    mix = open_mix(name)
    if mix.content_hash != content_hash:
        raise UserError(f"--learner {ref.spec}: the mix {name} was built anew since it grew up with it; train it again")
    pasts = dict((mix.manifest.get("heldout") or {}).get("pasts", ()))
    if not pasts:
        raise UserError(
            f"--learner {ref.spec}: grew up with the mix {name}, which keeps nothing back (curriculum: withhold), so "
            "it may know what it is to be taught"
        )
    return mix, pasts


def withheld_cases(spec: Withheld, pasts: Mapping[str, str]) -> list[Case]:
    """`lessons_per_item` cases for each item, all first lessons before the second ones, so that a limit leaves items.

    UserError where no item is left.
    """
    from data_mix.curriculum.learners import learner
    from evaluation.learner.lesson import lesson

    items = [base for base in pasts if (not spec.only or base in spec.only) and base not in spec.leave_out]
    if not items:
        raise UserError(f"none of what was kept from the learner is asked for ({', '.join(pasts)})")
    cases = []
    for number in range(spec.lessons_per_item):
        for base in items:
            name = f"{base}/{number + 1}"
            first = lesson(name, base, frozenset(pasts), spec.turns).scenes[0]
            said = first.wrong[0]
            move = spec.moves[number % len(spec.moves)] if spec.moves else ""
            line = learner("any").system_line(_LANGUAGE, _LEVEL, move)
            cases.append(
                Case(
                    name=name,
                    messages=[
                        *([{"role": "system", "content": line}] if move else []),
                        {"role": "user", "content": said},
                    ],
                    truth=Truth(
                        learner=said,
                        corrected=first.retold,
                        fix=pasts[base],
                        error="regularised_past",
                        strategy=move,
                        first_language=_LANGUAGE,
                        level=_LEVEL,
                    ),
                    simulation=Simulation(turns=spec.turns, mastery=0.0),
                    cluster=base,
                    tags=(base, move or _NO_MOVE),
                )
            )
    return cases
