"""Conditions that an evaluation must meet, for continuous integration.

    recast.rate>=0.6            the mean of a column, of every candidate (of every model where there is only one)
    basil-core:uptake.low>0.5   of one model, and the lower end of its 95 % interval
    leaks<=0.05                 replies that give away what is to be found: short for answer_revealed.rate<=0.05
    no_regression:basil-trunk   no candidate is worse than this model beyond chance on any column that has a direction

A gate is read and checked against the suite before any model is asked. A column of a judge that says nothing of new
models may not decide: naming one is an error, and `no_regression` passes over it. Nor may a column by which replies
made to win do as well as good ones, which is known when all have answered: a gate that names it fails, and
`no_regression` passes over it and says so. A gate on what stands beside the models (`control:salad:pedagogy.rate<0.3`)
is one on the column itself, and is decided by the figure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from espalier.errors import UserError
from evaluation.comparison.figures import Contestant, Results, leader
from evaluation.comparison.formats import between, chance, gap, number
from evaluation.comparison.stats import Estimate
from evaluation.metrics.base import Column

Reliable = Mapping[str, tuple[bool, str]]
"""By judged column, whether its verdicts mean something for a new model, and why or why not."""

_NO_REGRESSION = "no_regression"
_THRESHOLD = re.compile(
    r"(?:(?P<model>.+):)?(?P<column>[^:.<>=\s]+)\.(?P<statistic>\w+)\s*(?P<sign>>=|<=|>|<)\s*(?P<limit>\S+)"
)
_SHORT = (re.compile(r"((?:.+:)?)leaks(?=\s*[<>])"), r"\1answer_revealed.rate")
_STATISTICS: dict[str, Callable[[Estimate], float]] = {
    "rate": lambda found: found.value,
    "mean": lambda found: found.value,
    "low": lambda found: found.low,
    "high": lambda found: found.high,
}
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda value, limit: value >= limit - _ROUNDING,
    "<=": lambda value, limit: value <= limit + _ROUNDING,
    ">": lambda value, limit: value > limit + _ROUNDING,
    "<": lambda value, limit: value < limit - _ROUNDING,
}
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """A figure on the right side of a limit."""

    text: str
    """As it was written."""
    model: str | None
    """Whose figure; None for every candidate's."""
    column: str
    """Of which column."""
    statistic: str
    """A key of `_STATISTICS`."""
    sign: str
    """A key of `_SIGNS`."""
    limit: float
    """In the column's unit: 0 to 1 for a share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoRegression:
    """No candidate is worse than a model beyond chance."""

    text: str
    """As it was written."""
    baseline: str
    """The model."""


Gate = Threshold | NoRegression


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a gate."""

    text: str
    """The gate as it was written."""
    passed: bool
    """Whether it holds."""
    why: str
    """The figures that decide."""


def parse_gate(text: str) -> Gate:
    """The gate that `text` writes. UserError where it is none, or names a statistic that there is not."""
    name, colon, rest = text.partition(":")
    if name.strip() == _NO_REGRESSION and colon and rest.strip():
        return NoRegression(text=text, baseline=rest.strip())
    found = _THRESHOLD.fullmatch(_SHORT[0].sub(_SHORT[1], text.strip(), count=1))
    if found is None:
        raise UserError(f'--gate "{text}": wants COLUMN.rate>=0.6, MODEL:COLUMN.low>0.5 or no_regression:MODEL')
    _known(found["statistic"], _STATISTICS, "statistic", text)
    try:
        limit = float(found["limit"])
    except ValueError:
        raise UserError(f'--gate "{text}": {found["limit"]} is no number') from None
    return Threshold(text=text, limit=limit, **{key: found[key] for key in ("model", "column", "statistic", "sign")})


def check_names(gates: Sequence[Gate], columns: Sequence[Column], models: Sequence[str], reliable: Reliable) -> None:
    """UserError for a gate over a column or model that there is not, a limit out of range, or an unreliable column.

    `models` are the names of those compared, pools and rules among them.
    """
    known = {column.name: column for column in columns}
    for gate in gates:
        if isinstance(gate, NoRegression):
            _known(gate.baseline, models, "model", gate.text)
            continue
        if gate.model is not None:
            _known(gate.model, models, "model", gate.text)
        _known(gate.column, known, "column of this suite", gate.text)
        column = known[gate.column]
        if not column.low <= gate.limit <= column.high:
            raise UserError(
                f'--gate "{gate.text}": {gate.column} runs from {number(column.low)} to {number(column.high)}, '
                "so this would hold always or never"
            )
        trusted, why = reliable.get(gate.column, (True, ""))
        if not trusted:
            raise UserError(
                f'--gate "{gate.text}": {gate.column} is not known to be reliable for new models, '
                f"so no gate may use it ({why})"
            )


def check(
    gates: Sequence[Gate], results: Results, reliable: Reliable, won: Mapping[str, str] = MappingProxyType({})
) -> list[Outcome]:
    """What becomes of each gate, after `check_names`. A column without a value fails its gate.

    `won` are the columns that replies made to win won, and how.
    """
    return [
        _no_regression(gate, results, reliable, won)
        if isinstance(gate, NoRegression)
        else _threshold(gate, results, won)
        for gate in gates
    ]


def _threshold(gate: Threshold, results: Results, won: Mapping[str, str]) -> Outcome:
    asked = [results.contestant(gate.model)] if gate.model else results.candidates or [results.baseline]
    if gate.column in won and not all(each.control for each in asked):
        why = f"no gate may use {gate.column} on these cases: {won[gate.column]}"
        return Outcome(text=gate.text, passed=False, why=why)
    said, passed = [], True
    for each in asked:
        found = results.estimate(each, gate.column)
        if found is None:
            said.append(f"{each.name} has no {gate.column}{_why_none(each, gate.column, results)}")
            passed = False
            continue
        value = _STATISTICS[gate.statistic](found)
        held = _SIGNS[gate.sign](value, gate.limit)
        passed = passed and held
        said.append(
            f"{each.name} {'has' if held else 'has only' if '>' in gate.sign else 'has as much as'} {value:.4g}"
        )
    return Outcome(text=gate.text, passed=passed, why="; ".join(said))


def _why_none(contestant: Contestant, column: str, results: Results) -> str:
    found = results.coverage(contestant, column)
    if found.failed:
        return f": {found.failed:,} replies failed"
    return (
        f": the judge or the measure abstained {found.abstained:,} times"
        if found.abstained
        else ": it applies to no reply, or no judge gave it"
    )


def _no_regression(gate: NoRegression, results: Results, reliable: Reliable, won: Mapping[str, str]) -> Outcome:
    against = results.against(gate.baseline)
    trusted = [
        column for column in against.columns if column.better != "neither" and reliable.get(column.name, (True,))[0]
    ]
    usable = [column for column in trusted if column.name not in won]
    passed_over = ", ".join(column.name for column in trusted if column.name in won)
    beside = f"; passed over {passed_over}, where replies made to win do as well as good ones" if passed_over else ""
    worse, compared = [], 0
    for candidate in against.candidates:
        corrected = against.corrected([candidate], columns=usable)
        for column in usable:
            comparison = against.compare(candidate, column.name)
            if comparison is None:
                continue
            compared += 1
            p_value = corrected[candidate.name, column.name]
            if leader(column, comparison, p_value) < 0:
                by, ends = gap(column, comparison.difference.value), between(column, comparison.difference)
                worse.append(f"{candidate.name} is worse at {column.name}: {by} ({ends}; p {chance(p_value)})")
    if not compared:
        return Outcome(text=gate.text, passed=False, why=f"nobody could be compared with {gate.baseline}{beside}")
    why = "; ".join(worse) or f"{compared:,} comparisons, none worse beyond chance"
    return Outcome(text=gate.text, passed=not worse, why=why + beside)


def _known(name: str, known: Collection[str], what: str, text: str) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, list(known), n=1)
        guess = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise UserError(f'--gate "{text}": {name} is no {what}; {guess}')
