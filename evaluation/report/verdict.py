"""The answer in plain words: which teaches better, and how sure are we?"""

from __future__ import annotations

from collections.abc import Iterable

from espalier.report import escape
from evaluation.comparison.figures import Contestant, Results, leader
from evaluation.comparison.formats import between, cases, chance, number, size, value
from evaluation.comparison.paired import Comparison
from evaluation.metrics.base import Column


def verdict(results: Results, candidate: Contestant, column: Column, others: Iterable[Column], grounds: str) -> str:
    """On a candidate against the baseline a paragraph on who teaches better, with `grounds` to believe it, then one of
    figures."""
    comparison = results.compare(candidate, column.name)
    opening = f"{_opening(results, candidate, column, comparison)} {grounds}".rstrip() if comparison else ""
    return "\n\n".join(filter(None, [opening, figures(results, candidate, column, others)]))


def figures(results: Results, candidate: Contestant, column: Column, others: Iterable[Column]) -> str:
    """What decides for a candidate and the baseline, how sure that is, the rest in brief."""
    base = results.baseline
    comparison = results.compare(candidate, column.name)
    theirs, ours = results.estimate(candidate, column.name), results.estimate(base, column.name)
    new, old = escape(candidate.name), escape(base.name)
    if comparison is None or theirs is None or ours is None:
        return f"Nothing here lets {escape(column.label)} be measured for both, so {new} cannot be compared with {old}."
    asides = [_aside(results, candidate, other) for other in others if other.name != column.name]
    sentences = [
        f"What decides is *{escape(column.label)}*: {new} {value(column, theirs.value)}, {old} "
        f"{value(column, ours.value)}.",
        _spread(results, column, comparison),
        _case_by_case(comparison, column, new),
        _test(results, candidate, column, comparison),
        f"Besides: {'; '.join(filter(None, asides))}." if any(asides) else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def alone(results: Results, column: Column, grounds: str) -> str:
    """The paragraph where there is only one model."""
    found = results.estimate(results.baseline, column.name)
    name = escape(results.baseline.name)
    if found is None:
        return f"Nothing here lets {escape(column.label)} be measured for {name}."
    return (
        f"**{name} reaches {value(column, found.value)}** ({escape(column.label)}; 95 % interval "
        f"{value(column, found.low)} to {value(column, found.high)}, {cases(found)}). "
        "It was compared with no other model." + (f" {grounds}" if grounds else "")
    )


def _opening(results: Results, candidate: Contestant, column: Column, comparison: Comparison) -> str:
    new, old = escape(candidate.name), escape(results.baseline.name)
    if column.better == "neither":
        return f"**What decides has no better side, so neither of {new} and {old} teaches better by it.**"
    p_value = results.corrected(results.candidates)[candidate.name, column.name]
    return {
        1: f"**{new} teaches better than {old}, and chance can hardly explain it.**",
        -1: f"**{new} teaches worse than {old}, and chance can hardly explain it.**",
        0: f"**These cases cannot tell which of {new} and {old} teaches better.**",
    }[leader(column, comparison, p_value)]


def _spread(results: Results, column: Column, comparison: Comparison) -> str:
    found = comparison.difference
    unit = " of 100" if column.is_share else ""
    counted = column.is_share and results.counts(column.name)
    way = "more" if found.value > 0 else "fewer" if counted else "less"
    of = " of every 100 replies" if counted else ""
    by = f"{size(column, abs(found.value))}{' points of 100' if column.is_share and not counted else ''}"
    level_pegging = abs(found.value) < (0.0005 if column.is_share else 1e-12)
    what = "They are level" if level_pegging else f"That is {by} {way}{of}"
    return (
        f"{what}; allowing for chance in which cases were drawn, the true difference lies between "
        f"{between(column, found).replace(' to ', ' and ')}{unit} (95 % interval; {cases(found)})."
    )


def _case_by_case(comparison: Comparison, column: Column, name: str) -> str:
    better, worse = comparison.higher, comparison.lower
    if column.better == "lower":
        better, worse = worse, better
    return f"Case by case {name} did better {_times(better)}, worse {_times(worse)}, as well {_times(comparison.same)}."


def _test(results: Results, candidate: Contestant, column: Column, comparison: Comparison) -> str:
    """How often chance does as much, how great the effect is, and what could have been seen."""
    found = results.corrected(results.candidates)
    parts = []
    if column.better != "neither":
        among = f", and {_p(found[candidate.name, column.name])} corrected for {len(found)} comparisons"
        parts.append(f"a permutation test gives {_p(comparison.p_value)}{among if len(found) > 1 else ''}")
    if comparison.effect_size is not None:
        parts.append(f"the effect is {number(comparison.effect_size, 2)} standard deviations of the differences")
    if comparison.detectable is not None:
        change = f"{size(column, comparison.detectable)}{' of 100' if column.is_share else ''}"
        out_of_reach = comparison.detectable > column.high - column.low
        what = "not even the greatest change" if out_of_reach else f"a change of {change}"
        parts.append(f"{comparison.difference.num_cases:,} replies like these find {what} 4 times in 5")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _p(p_value: float) -> str:
    shown = chance(p_value)
    return f"p < {shown[1:]}" if shown.startswith("<") else f"p = {shown}"


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count:,} times")


def _aside(results: Results, candidate: Contestant, column: Column) -> str:
    theirs, ours = results.estimate(candidate, column.name), results.estimate(results.baseline, column.name)
    if theirs is None or ours is None:
        return ""
    base = escape(results.baseline.name)
    return f"{escape(column.label)} {value(column, theirs.value)} ({base}: {value(column, ours.value)})"
