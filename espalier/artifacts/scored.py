"""What evaluations found of a run as it is now: the figure that decided, its interval, whether the verdict stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from espalier.artifacts.registry import NOT_OF_THE_FORM, Artifact
from espalier.command_line.console import format_value


@dataclass(frozen=True, kw_only=True)
class Score:
    """What one evaluation found of one model."""

    scores: str
    """The artifact that says so."""
    suite: str
    """The suite that was asked."""
    column: str
    """The column that decides in it."""
    value: float
    """What the model reached there."""
    interval: tuple[float, float] | None
    """Between what it lies with 95 % confidence; None where an earlier version did not note it."""
    num_cases: int
    """Cases asked."""
    withheld: str
    """What won the score without deserving it, for which no verdict is given; empty where nothing did."""

    def __str__(self) -> str:
        between = f" ({'–'.join(map(format_value, self.interval))})" if self.interval else ""
        doubt = ", verdict withheld" if self.withheld else ""
        return f"{self.suite}: {self.column} {format_value(self.value)}{between}{doubt}"


def scores_of_runs(among: Iterable[Artifact]) -> dict[str, list[Score]]:
    """Of each run (`run:NAME`) with its present weights, one score a suite, in their order of names: the newest of
    those over the most cases."""
    known = list(among)
    weights = {each.spec: each.manifest.get("content_hash") for each in known if each.kind.word == "run"}
    found: dict[str, dict[str, Score]] = {}
    for each in known:
        if each.kind.word == "scores" and each.state == "complete":
            try:
                told = _read(each, weights)
            except NOT_OF_THE_FORM:
                continue
            for spec, score in told:
                best = found.setdefault(spec, {})
                if score.suite not in best or best[score.suite].num_cases <= score.num_cases:
                    best[score.suite] = score
    return {spec: [best[suite] for suite in sorted(best)] for spec, best in found.items()}


def _read(scores: Artifact, weights: dict[str, Any]) -> list[tuple[str, Score]]:
    identity, manifest = scores.identity["identity"], scores.manifest
    intervals = manifest.get("intervals", {})
    return [
        (
            model["spec"],
            Score(
                scores=scores.name,
                suite=str(identity["suite"]["name"]),
                column=str(manifest["decides"]),
                value=float(manifest["headline"][name]),
                interval=(float(intervals[name][0]), float(intervals[name][1])) if name in intervals else None,
                num_cases=int(identity["cases"]["number"]),
                withheld=str(manifest.get("withheld", "")),
            ),
        )
        for name, model in identity["models"].items()
        if name in manifest["headline"] and weights.get(model.get("spec")) == model.get("content_hash", "")
    ]
