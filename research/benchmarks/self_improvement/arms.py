"""What self-improvement is worth, beside what would have been gained otherwise: arms of one loop over seeds.

    python research/benchmarks/self_improvement/arms.py [--config predict] [--seeds 0 1 2] [--jobs 2] [--page FILE.md]

Each arm with each seed is a loop, arms-ARM-s0, run by research/self_improvement/run.py; what is complete is not run
again. Shares of held-out programs whose output is predicted to the letter, after each round; differences from the arm
`baseline` after the last, paired by seed (Student's t), with Holm's correction. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete, read_json, read_jsonl, write_text
from espalier.command_line.config import Config, load
from espalier.command_line.console import say
from espalier.command_line.fanning import run_several
from espalier.errors import UserError, run_main
from espalier.report import table
from research.self_improvement.families.predict_output.answers import MARK
from research.self_improvement.records import PERFORMANCES, read_played

LOOP = "research/self_improvement/run.py"
ARMS: Mapping[str, tuple[str, Sequence[str]]] = {
    "baseline": ("the loop as it is: pairs by truth", ()),
    "supervised": ("right answers by rule are imitated, and nothing is preferred", ("--learning.what", "truth")),
    "best": ("the best performances are imitated", ("--learning.what", "best")),
    "lot": ("pairs by chance", ("--judging.by", "lot")),
    "self": ("the policy judges itself, and no truth is told", ("--judging.by", "judges", "--judging.most", "null")),
    "random_judge": (
        "a judge that reads nothing",
        ("--judging.by", "judges", "--judging.most", "null", "--judging.judges", "[rule:random]"),
    ),
    "untrained_proposer": ("the model of round 0 proposes in all rounds", ("--proposals.by", "start")),
    "rules": ("all challenges by rule", ("--proposals.by", "rules")),
    "proposals": ("all challenges are proposed, with what keeps them different", ("--proposals.by_rule", "0")),
    "collapse": (
        "all challenges are proposed, and nothing keeps them different",
        ("--proposals.by_rule", "0", "--diversity.floor", "null", "--diversity.weights.novelty", "0"),
    ),
}
"""By name what it is, and the keys of the loop that are otherwise than in the baseline."""
PARTS = ("trained", "harder", "all")
FAMILY = "predict_output"


class Arms(Config):
    """What is run."""

    config: str = "predict"
    """The loop's configuration."""
    arms: list[str] = list(ARMS)
    """Arms by name."""
    seeds: list[int] = [0, 1, 2]
    """Seeds of the loops; the model that all begin with is one."""
    keys: list[str] = []
    """More words of every loop's command line."""
    jobs: int = 1
    """Loops that run at once."""
    page: Path | None = None
    """Write the Markdown there too."""


def main(argv: list[str]) -> None:
    settings, _ = load(Arms, argv, prog="python research/benchmarks/self_improvement/arms.py", doc=__doc__)
    if unknown := [arm for arm in settings.arms if arm not in ARMS]:
        raise UserError(f"--arms: there is no {unknown[0]}; there are {', '.join(ARMS)}")
    commands = {
        name: [LOOP, settings.config, "--name", name, "--seed", str(seed), "--publish", "false", *ARMS[arm][1],
               *settings.keys]
        for arm in settings.arms
        for seed in settings.seeds
        for name in [loop_of(arm, seed)]
        if not is_complete(artifact("loops", name))
    }  # fmt: skip
    for ended in run_several(commands, settings.jobs):
        say(f"{ended.name}: {'complete' if ended.code == 0 else f'FAILED with exit code {ended.code}'}")
        if ended.code:
            say(ended.tail.rstrip())
    told = "\n\n".join(parts(settings))
    if settings.page:
        write_text(settings.page, told + "\n")
    say(told)


def loop_of(arm: str, seed: int) -> str:
    """What its loop is called."""
    return f"arms-{arm}-s{seed}"


def parts(settings: Arms) -> Iterator[str]:
    """The page."""
    found = {
        arm: {seed: rounds for seed in settings.seeds if (rounds := rounds_of(loop_of(arm, seed)))}
        for arm in settings.arms
    }
    yield "\n".join(f"- **{arm}**: {ARMS[arm][0]}" for arm in settings.arms)
    numbers = range(max((len(each) for of in found.values() for each in of.values()), default=0))
    for part in PARTS:
        rows = [
            [arm, len(of), *(_means(of, part, number) for number in numbers), _tokens(of), _taken(of)]
            for arm, of in found.items()
        ]
        yield f"Programs {'as hard as what is trained on' if part == 'trained' else part}: share right, by round"
        yield table(["arm", "seeds", *map(str, numbers), "thousand tokens", "rounds taken"], rows).rstrip()
    yield "Differences from the baseline after the last round, points of a hundred"
    rows = list(_differences(found))
    yield table(["arm", "programs", "difference", "95 % interval", "by seed", "p (Holm)"], rows).rstrip()
    yield (
        "What is learned from, by round: the share of replies that show their steps; the share right of these; and of "
        "the others. In round 1 nobody has learned yet"
    )
    rows = [[arm, *(_ways(of, number) for number in numbers[1:])] for arm, of in found.items()]
    yield table(["arm", *map(str, numbers[1:])], rows).rstrip()
    yield "Diversity of the challenges, as a share of what rules have, by round (Vendi score; repeated challenges)"
    rows = [[arm, *(_diversity(of, number) for number in numbers[1:])] for arm, of in found.items()]
    yield table(["arm", *map(str, numbers[1:])], rows).rstrip()


def rounds_of(loop: str) -> list[dict[str, Any]]:
    """What a complete loop's rounds came to, each with its examination; nothing of one that is not complete."""
    folder = artifact("loops", loop)
    if not is_complete(folder):
        return []
    rounds = [read_json(path) for path in sorted((folder / "exams").glob("r*.json"))]
    for each in rounds:
        # What a round made of the policy, taken or not: where nothing stops an arm, this is what it would have become.
        exam = each.get("exam_of") or each["exam"]
        each["asked"] = read_json(artifact("corpora", exam) / "exam.json")["families"][FAMILY]["asked"]
        ranked = each.get("ranked")
        each["facts"] = read_json(artifact("corpora", ranked) / "round.json")["families"][FAMILY] if ranked else None
        each["ways"] = ways_of(each["performances"], each["judged"]) if ranked else None
    return rounds


def ways_of(performances: str, judged: str) -> tuple[float, float | None, float | None]:
    """Of a round's replies to programs the share that show their steps; the share right of these, and of the others."""
    verdicts = {
        line["challenge"]: line["verdicts"]
        for line in map(dict[str, Any], read_jsonl(artifact("corpora", judged) / "verdicts.jsonl"))
        if line["family"] == FAMILY
    }
    right: dict[bool, list[float]] = {True: [], False: []}
    for each in read_played(artifact("corpora", performances) / PERFORMANCES):
        if each.challenge in verdicts:
            score = verdicts[each.challenge][each.number]["score"]
            right[MARK in each.said[0].reply].append(score or 0.0)
    shown, bare = right[True], right[False]
    share = len(shown) / max(1, len(shown) + len(bare))
    return share, fmean(shown) if shown else None, fmean(bare) if bare else None


def _share(rounds: Sequence[Mapping[str, Any]], part: str, number: int) -> float:
    """After a round, or after the last where a loop ended before it."""
    return float(rounds[min(number, len(rounds) - 1) if number >= 0 else -1]["asked"][part]["value"])


def _means(of: Mapping[int, Sequence[Mapping[str, Any]]], part: str, number: int) -> str | None:
    values = [_share(rounds, part, number) for rounds in of.values()]
    return f"{fmean(values):.3f}" if values else None


def _tokens(of: Mapping[int, Sequence[Mapping[str, Any]]]) -> str | None:
    totals = [sum(each.get("trained_tokens", 0) for each in rounds) / 1000 for rounds in of.values()]
    return f"{fmean(totals):,.0f}" if totals else None


def _taken(of: Mapping[int, Sequence[Mapping[str, Any]]]) -> str:
    return "; ".join(f"{sum(each['taken'] for each in rounds[1:])} of {len(rounds) - 1}" for rounds in of.values())


def _ways(of: Mapping[int, Sequence[Mapping[str, Any]]], number: int) -> str | None:
    every = [rounds[number]["ways"] for rounds in of.values() if number < len(rounds)]
    columns = [[value for value in column if value is not None] for column in zip(*every, strict=True)]
    return "; ".join(f"{fmean(values):.2f}" if values else "none" for values in columns) or None


def _diversity(of: Mapping[int, Sequence[Mapping[str, Any]]], number: int) -> str | None:
    found = []
    for rounds in of.values():
        if number < len(rounds):
            each = rounds[number]["facts"]["diversity"]
            share = each["challenges"]["vendi"] / each["reference"]["vendi"] if each["challenges"] else 0.0
            again = each["repetition"][0]
            found.append((share, again["repeated"] / again["num"] if again["num"] else 0.0))
    return "; ".join(f"{share:.2f}, {again:.0%}" for share, again in found) or None


def _differences(found: Mapping[str, Mapping[int, Sequence[Mapping[str, Any]]]]) -> Iterator[list[Any]]:
    import numpy as np

    from evaluation.comparison.over_seeds import interval
    from evaluation.comparison.stats import holm

    baseline = found.get("baseline", {})
    for part in PARTS:
        rows = []
        for arm, of in found.items():
            seeds = [seed for seed in of if seed in baseline]
            if arm != "baseline" and seeds:
                gaps = np.array([_share(of[seed], part, -1) - _share(baseline[seed], part, -1) for seed in seeds])
                rows.append((arm, gaps, *interval(gaps)))
        corrected = holm([row[4] for row in rows])
        for (arm, gaps, low, high, _), p in zip(rows, corrected, strict=True):
            by_seed = ", ".join(f"{100 * gap:+.1f}" for gap in gaps)
            yield [
                arm,
                part,
                f"{100 * gaps.mean():+.1f}",
                f"{100 * low:+.1f} to {100 * high:+.1f}",
                by_seed,
                f"{p:.3f}",
            ]


if __name__ == "__main__":
    run_main(main)
