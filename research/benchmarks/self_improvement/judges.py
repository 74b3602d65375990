"""How well panels of judges find a planted order, find bad judges among them, and whether ranking the rankings helps.

    python research/benchmarks/self_improvement/judges.py [--trials 100] [--worlds 30] [--seed 0]

Everything is planted: performances of known quality, good judges that err by the Bradley–Terry model with ties, and bad
ones that say anything, say A, go by length, or fall for praise. Three tables. (1) In how many trials bad judges are
found, all and each kind, and how many good ones are accused; beside it what each part of the evidence would find alone,
and controls made by rule, whose praise is not that which the planted sycophant falls for. (2) Kendall's τ of panels
weighted by the ranking of rankings less that of the plain panel; a panel without its bad judges is the ceiling.
(3) Kendall's τ of a panel's ranking with the planted order by how many comparisons it made, beside the mean points of
the same comparisons, and how often a 95 % interval of a gap holds the gap. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import os

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import Config, load
from espalier.command_line.console import progress, say
from espalier.errors import run_main

if TYPE_CHECKING:
    from evaluation.comparison.stats import Estimate
    from research.self_improvement.judging.comparing import Compared, Contest, Panel
    from research.self_improvement.judging.evidence import Evidence
    from research.self_improvement.judging.weighing import Standing

MEETS = (2, 4, 8, 12, 19)
"""With how many others each performance is compared."""


class Benchmark(Config):
    """What to plant."""

    trials: int = Field(100, ge=2)
    """Worlds in which an order is recovered, and in which bad judges are found."""
    worlds: int = Field(30, ge=2)
    """Worlds of each panel, of which its weights are made."""
    seed: int = 0
    """Where drawing begins."""
    performances: int = Field(20, ge=3)
    """In the ranking that is to be recovered."""
    judges: int = Field(3, ge=1)
    """Good judges that recover it."""
    challenges: int = Field(24, ge=8)
    """Of which rankings are ranked."""
    attempts: int = Field(6, ge=3)
    """Performances of each."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/self_improvement/judges.py", doc=__doc__)
    finding(settings)
    gain(settings)
    recovery(settings)


def finding(settings: Benchmark) -> None:
    """The first table: bad judges found."""
    from research.self_improvement.judging import planted
    from research.self_improvement.judging.evidence import evidence
    from research.self_improvement.judging.weighing import FLOOR, standings

    rules = [
        "ranking of rankings, by truth", "ranking of rankings, truth unknown", "the same, with controls",
        "controls alone", "agreement alone", "consistency alone", "transitivity alone",
        "everybody is bad (control)", "nobody is bad (control)",
    ]  # fmt: skip
    say(
        f"\nFour good judges and one of each bad kind; {settings.challenges} challenges of {settings.attempts}, "
        f"all pairs, {settings.trials} trials. Shares of trials; of good judges, of judges.\n"
    )
    say(f"| by | all four found | {' | '.join(planted.BAD)} | good ones accused |")
    say("|---|" + "---:|" * (len(planted.BAD) + 2))
    found: dict[str, list[set[str]]] = {rule: [] for rule in rules}
    for trial in _trials(settings.trials, "finding bad judges"):
        panel = _good(trial, 4) | _bad(trial, list(planted.BAD))
        compared, truths, contests = _world(settings, "finding", trial, panel)
        fools = _fools(trial, panel, contests)
        known, unknown, tried = evidence(compared, truths), evidence(compared), evidence(compared, fooled=fools)
        sets = [_untrusted(standings(each)) for each in (known, unknown, tried)]
        sets.append({name for name, kinds in fools.items() if kinds})
        for part in ("agreement", "consistency", "transitivity"):
            sets.append({name for name, each in known.items() if not (of := getattr(each, part)) or of.low < FLOOR})
        for rule, names in zip(rules, [*sets, set(panel), set[str]()], strict=True):
            found[rule].append(names)
    for rule, sets in found.items():
        shares = [_mean([float(set(planted.BAD) <= each) for each in sets], (0, 1))]
        shares += [_mean([float(kind in each) for each in sets], (0, 1)) for kind in planted.BAD]
        shares.append(_mean([len(each - set(planted.BAD)) / 4 for each in sets], (0, 1)))
        say(f"| {rule} | {' | '.join(map(_said, shares))} |")


def gain(settings: Benchmark) -> None:
    """The second table: what the ranking of rankings adds."""
    from research.self_improvement.judging import planted
    from research.self_improvement.judging.evidence import evidence
    from research.self_improvement.judging.weighing import standings, weights

    kinds = list(planted.BAD)
    makers: dict[str, Callable[[int], Panel]] = {
        "5 equally good": lambda trial: _good(trial, 5),
        "5 good, of unlike skill": lambda trial: {
            f"good-{sharpness}": planted.good((trial, sharpness), sharpness) for sharpness in (0.3, 0.6, 1.0, 1.5, 3.0)
        },
        "4 good, 1 bad by lot": lambda trial: _good(trial, 4) | _bad(trial, [kinds[trial % len(kinds)]]),
        "4 good, 4 bad": lambda trial: _good(trial, 4) | _bad(trial, kinds),
        "3 good, 5 seats of one length-biased model": lambda trial: (
            _good(trial, 3) | {f"long#{number}": planted.longest((trial, number)) for number in range(5)}
        ),
        "3 good, 5 length-biased models": lambda trial: (
            _good(trial, 3) | {f"long-{number}": planted.longest((trial, number)) for number in range(5)}
        ),
    }
    say(
        f"\nAs many challenges, {settings.worlds} trials. Kendall's τ with the planted order, and what weights add to "
        "it, paired by trial, on the half of the challenges of whose truth no weight was made.\n"
    )
    ways = ("truth unknown", "agreement alone", "with controls", "by truth elsewhere", "good ones alone")
    say(f"| panel | plain τ | {' | '.join(ways)} |")
    say("|---|" + "---:|" * (len(ways) + 1))
    for label, make in makers.items():
        plain, ahead = list[float](), [list[float]() for _ in ways]
        for trial in _trials(settings.worlds, label):
            panel = make(trial)
            compared, truths, contests = _world(settings, label, trial, panel)
            half = {each.challenge.id for each in contests[: len(contests) // 2]}
            learnt = [each for each in compared if each.challenge in half]
            held = [each for each in compared if each.challenge not in half]
            unknown = evidence(held)
            counted = [
                weights(standings(unknown)),
                weights(standings({name: _untempered(each) for name, each in unknown.items()})),
                weights(standings(evidence(held, fooled=_fools(trial, panel, contests)))),
                weights(standings(evidence(learnt, truths))),
                {name: float(name.startswith("good")) for name in panel},
            ]
            plain.append(_tau(held, truths, settings.attempts, None))
            for column, way in zip(ahead, counted, strict=True):
                column.append(_tau(held, truths, settings.attempts, way) - plain[-1])
        figures = [_said(_mean(column)) if any(column) else "–" for column in [plain, *ahead]]
        say(f"| {label} | {' | '.join(figures)} |")


def recovery(settings: Benchmark) -> None:
    """The third table: an order recovered."""
    from research.self_improvement.judging import planted
    from research.self_improvement.judging.bradley_terry import kendall
    from research.self_improvement.judging.comparing import compare
    from research.self_improvement.judging.panel import own_points, ranked

    say(
        f"\n{settings.performances} performances, {settings.judges} good judges, {settings.trials} trials. "
        "A comparison is one pair by one judge, both orders.\n"
    )
    say("| comparisons | τ, Bradley–Terry | τ, mean points | ahead | τ ≥ 0.9 in | intervals that hold |")
    say("|---:|---:|---:|---:|---:|---:|")
    for meets in (each for each in MEETS if each < settings.performances):
        rows, held = list[tuple[float, float]](), list[tuple[int, float]]()
        made = 0
        for trial in _trials(settings.trials, f"each meets {meets}"):
            rng = random.Random(f"recovery {settings.seed} {meets} {trial}")
            contests, truths = planted.contests(rng, 1, settings.performances, meets=meets, spread=2.0)
            panel = {f"good-{number}": planted.good((trial, number)) for number in range(settings.judges)}
            compared = compare(planted.compare, contests, panel)
            made, (worth,) = len(compared), truths.values()
            strengths = ranked(compared, settings.performances)
            rows.append((kendall(strengths.values, worth), kendall(own_points(compared, len(worth)), worth)))
            for one, other in [rng.sample(range(len(worth)), 2) for _ in range(10)]:
                gap, due = strengths.gap(one, other), planted.SHARPNESS * (worth[one] - worth[other])
                held.append((trial, float(gap.low <= due <= gap.high)))
        columns = [_mean([row[column] for row in rows]) for column in (0, 1)]
        ahead = _mean([row[0] - row[1] for row in rows])
        over = _mean([float(row[0] >= 0.9) for row in rows], (0, 1))
        sure = _mean([value for _, value in held], (0, 1), [number for number, _ in held])
        say(f"| {made} | {' | '.join(map(_said, [*columns, ahead, over, sure]))} |")


def _world(
    settings: Benchmark, of: str, trial: int, panel: "Panel"
) -> "tuple[list[Compared], dict[str, list[float]], list[Contest]]":
    from research.self_improvement.judging import planted
    from research.self_improvement.judging.comparing import compare

    rng = random.Random(f"{of} {settings.seed} {trial}")
    contests, truths = planted.contests(rng, settings.challenges, settings.attempts)
    return compare(planted.compare, contests, panel), truths, contests


def _good(trial: int, count: int) -> "dict[str, Any]":
    from research.self_improvement.judging import planted

    return {f"good-{number}": planted.good((trial, number)) for number in range(count)}


def _bad(trial: int, kinds: Sequence[str]) -> "dict[str, Any]":
    from research.self_improvement.judging import planted

    return {kind: planted.BAD[kind]((trial, kind)) for kind in kinds}


def _fools(trial: int, panel: "Panel", contests: "Sequence[Contest]") -> dict[str, list[str]]:
    from research.self_improvement.judging import planted
    from research.self_improvement.judging.comparing import compare
    from research.self_improvement.judging.controls import controls, fooled, said_of, withstood

    made = controls(contests, random.Random(trial))
    return fooled(withstood(said_of(made, compare(planted.compare, [each.contest for each in made], panel))))


def _untempered(each: "Evidence") -> "Evidence":
    from dataclasses import replace

    return replace(each, consistency=None, transitivity=None)


def _untrusted(found: "Mapping[str, Standing]") -> set[str]:
    return {name for name, each in found.items() if not each.trusted}


def _tau(
    compared: "Sequence[Compared]", truths: Mapping[str, Sequence[float]], size: int, way: Mapping[str, float] | None
) -> float:
    from research.self_improvement.judging.bradley_terry import kendall
    from research.self_improvement.judging.panel import by_challenge, ranked

    taus = [kendall(ranked(those, size, way).values, truths[name]) for name, those in by_challenge(compared).items()]
    return sum(taus) / len(taus)


def _trials(count: int, label: str) -> Iterator[int]:
    with progress(count, label) as bar:
        for trial in range(count):
            yield trial
            bar.update(trial + 1, {})


def _mean(
    values: Sequence[float], bounds: tuple[float, float] = (-2.0, 2.0), clusters: Sequence[int] | None = None
) -> "Estimate":
    from evaluation.comparison.stats import mean

    found = mean(values, clusters, bounds)
    assert found is not None
    return found


def _said(each: "Estimate") -> str:
    return f"{each.value:.3f} ({each.low:.3f} to {each.high:.3f})"


if __name__ == "__main__":
    run_main(main)
