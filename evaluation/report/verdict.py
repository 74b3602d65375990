"""The answer in plain words: which teaches better, and how sure are we?"""

from __future__ import annotations

from collections.abc import Iterable

from espalier.report import escape, percent
from evaluation.figures import Contestant, Results
from evaluation.metrics.base import Metric
from evaluation.stats import Comparison, Estimate


def leader(metric: Metric, comparison: Comparison) -> int:
    """1 where the candidate is better beyond chance, -1 where the baseline is, 0 where chance may be all there is."""
    difference = comparison.difference
    sign = -1 if metric.better == "lower" else 1
    return sign if difference.low > 0 else -sign if difference.high < 0 else 0


def verdict(results: Results, candidate: Contestant, metric: Metric, others: Iterable[Metric]) -> str:
    """One paragraph on a candidate against the baseline: what decides, how sure that is, the rest in brief."""
    base = results.baseline
    comparison = results.compare(candidate, metric.name)
    theirs, ours = results.estimate(candidate, metric.name), results.estimate(base, metric.name)
    if comparison is None or theirs is None or ours is None:
        return f"Nothing in this suite lets {escape(metric.label)} be measured, so the models cannot be compared by it."
    new, old = escape(candidate.name), escape(base.name)
    opening = {
        1: f"**{new} teaches better than {old}, and chance can hardly explain it.**",
        -1: f"**{new} teaches worse than {old}, and chance can hardly explain it.**",
        0: f"**These cases cannot tell which of {new} and {old} teaches better.**",
    }[leader(metric, comparison)]
    asides = [_aside(results, candidate, other) for other in others if other.name != metric.name]
    sentences = [
        opening,
        f"What decides is *{escape(metric.label)}*: {new} {percent(theirs.value)}, {old} {percent(ours.value)}.",
        _spread(comparison),
        _case_by_case(comparison, metric, new),
        f"Besides: {'; '.join(filter(None, asides))}." if any(asides) else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def alone(results: Results, metric: Metric) -> str:
    """The paragraph where there is only one model."""
    found = results.estimate(results.baseline, metric.name)
    name = escape(results.baseline.name)
    if found is None:
        return f"Nothing in this suite lets {escape(metric.label)} be measured for {name}."
    return (
        f"**{name} reaches {percent(found.value)}** ({escape(metric.label)}; 95 % interval "
        f"{percent(found.low)} to {percent(found.high)}, {_cases(found)}). It was compared with no other model."
    )


def points(share: float) -> str:
    """A difference of shares in points of a hundred, signed: `+12.3`."""
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")


def _spread(comparison: Comparison) -> str:
    found = comparison.difference
    gap = abs(100 * found.value)
    way = "more" if found.value > 0 else "fewer"
    size = f"That is {gap:.1f} {way} of every 100 replies" if gap >= 0.05 else "They are level"
    return (
        f"{size}; allowing for chance in which cases were drawn, the true difference lies between "
        f"{points(found.low)} and {points(found.high)} of 100 (95 % interval; {_cases(found)})."
    )


def _case_by_case(comparison: Comparison, metric: Metric, name: str) -> str:
    better, worse = comparison.higher, comparison.lower
    if metric.better == "lower":
        better, worse = worse, better
    return f"Case by case {name} did better {_times(better)}, worse {_times(worse)}, as well {_times(comparison.same)}."


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count:,} times")


def _aside(results: Results, candidate: Contestant, metric: Metric) -> str:
    theirs, ours = results.estimate(candidate, metric.name), results.estimate(results.baseline, metric.name)
    if theirs is None or ours is None:
        return ""
    return f"{escape(metric.label)} {percent(theirs.value)} ({escape(results.baseline.name)}: {percent(ours.value)})"


def _cases(found: Estimate) -> str:
    replies = "1 reply" if found.num_cases == 1 else f"{found.num_cases:,} replies"
    if found.num_clusters == found.num_cases:
        return replies
    return f"{replies} in {found.num_clusters:,} independent groups"
