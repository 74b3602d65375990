"""Does the suite `learning_gain` tell tutors apart whose worth is known, and in their true order?

    python research/benchmarks/learning_gain.py [--learners basil-learner basil-learner-s1] [--models basil-core]
    python research/benchmarks/learning_gain.py --rates 0.0005 0.001 0.002 --numbers_of_steps 1 3 6 [--development]

Runs the evaluator's own command for every learner, and prints Markdown: what each tutor's lessons gain, cases of all
learners together and clustered by the form that was taught, and of each learner alone; each step of the series of
doses, and other tutors, against each other. With `--rates` it prints gains under other learning rates and numbers of
steps of the learner; `--development` takes the forms that the suite leaves out, on which its own were chosen. Learners
are made by

    python data_mix/build.py basil-learner --name basil-learner-s1 --seed 1
    python stage1/train.py stage1/configs/basil-learner.yaml --name basil-learner-s1 --mix basil-learner-s1 --seed 1
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import yaml

from espalier.artifacts.paths import artifact, repo_root
from espalier.command_line.config import Config, load
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from evaluation.comparison.stats import Estimate

SUITE = "learning_gain"
DOSES = tuple(f"rule:dose-{percent}" for percent in (100, 75, 50, 25, 0))
PLANTED = ("rule:telling", "rule:guiding", "rule:silent", *DOSES)
TRIED = ("rule:guiding", *DOSES)
"""What is tried under other learners' settings."""
MADE_TO_WIN = ("rule:parrot", "rule:false", "rule:letters", "rule:shout")
APART = tuple(pairwise(("rule:telling", "rule:guiding", "rule:silent")))
COLUMNS = ("learning_gain", "production_gain", "untaught_gain", "forgotten", "overuse", "form_heard")


class Benchmark(Config):
    """Who teaches whom."""

    learners: list[str] = ["basil-learner", "basil-learner-s1", "basil-learner-s2"]
    """Runs that learn."""
    models: list[str] = ["basil-core", "basil-trunk"]
    """Models that teach, beside the planted tutors."""
    rates: list[float] = []
    """Learning rates to try instead."""
    numbers_of_steps: list[int] = [3]
    """Numbers of steps to try them with."""
    lessons: int | None = None
    """Lessons about each form, if not as many as the suite gives."""
    development: bool = False
    """Teach the forms on which the suite's own settings were chosen."""


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """One tutor's lessons, of all learners."""

    columns: dict[str, dict[tuple[str, str], float]] = field(default_factory=lambda: {name: {} for name in COLUMNS})
    """By column, (learner, case) -> value."""
    items: dict[tuple[str, str], str] = field(default_factory=dict)
    """(learner, case) -> the form that was taught."""

    def estimate(self, column: str, learner: str | None = None) -> "Estimate":
        """The mean over cases, clustered by form."""
        return self._mean({k: v for k, v in self.columns[column].items() if learner in (None, k[0])})

    def over(self, other: "Lessons", column: str = "learning_gain") -> "Estimate":
        """How far ahead of another's, case by case."""
        theirs = other.columns[column]
        return self._mean({key: value - theirs[key] for key, value in self.columns[column].items() if key in theirs})

    def _mean(self, values: dict[tuple[str, str], float]) -> "Estimate":
        import numpy as np

        from evaluation.comparison.stats import mean

        names = sorted({self.items[key] for key in values})
        clusters = [names.index(self.items[key]) for key in values]
        found = mean(list(values.values()), np.array(clusters), (-2.0, 2.0))
        if found is None:
            raise UserError("no lesson was measured")
        return found


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/learning_gain.py", doc=__doc__)
    if settings.rates:
        print("| rate | steps | tutor | gain | says it | forgets | overuse |\n|---:|---:|---|---:|---:|---:|---:|")
        for rate in settings.rates:
            for steps in settings.numbers_of_steps:
                found = taught(settings, TRIED, {"learning_rate": rate, "steps": steps})
                for tutor in TRIED:
                    shown = [shortly(found[tutor].estimate(name)) for name in ("learning_gain", "production_gain")]
                    harm = [f"{found[tutor].estimate(name).value:.2f}" for name in ("forgotten", "overuse")]
                    print(f"| {rate:g} | {steps} | {tutor} | {' | '.join(shown + harm)} |", flush=True)
        return
    tutors = [*settings.models, *PLANTED, *MADE_TO_WIN]
    found = taught(settings, tutors, {})
    told_apart = [*pairwise(DOSES), *APART, *pairwise(settings.models)]
    for line in [*table(settings, found), "", *differences(found, told_apart)]:
        print(line)


def taught(settings: Benchmark, tutors: Sequence[str], how: dict[str, float]) -> dict[str, Lessons]:
    """By tutor, its lessons to all learners."""
    found: dict[str, Lessons] = {}
    for learner in settings.learners:
        for record in records(settings, learner, tutors, how):
            if record["turn"] or record["model"] not in tutors:
                continue
            asked_for = (
                f"{record['model']}, {record['tags'][1]}"  # what a model makes of it depends on what it is asked
            )
            for tutor in (record["model"], *([asked_for] if record["model"] in settings.models else [])):
                lessons, key = found.setdefault(tutor, Lessons()), (learner, record["case"])
                lessons.items[key] = record["cluster"]
                for name in COLUMNS:
                    lessons.columns[name][key] = record["metrics"][name]
    return found


def records(
    settings: Benchmark, learner: str, tutors: Sequence[str], how: dict[str, float]
) -> Iterator[dict[str, Any]]:
    """The records of one evaluation."""
    own = yaml.safe_load((repo_root() / "evaluation" / "suites" / f"{SUITE}.yaml").read_text(encoding="utf-8"))
    spec = own["withheld"] | how | ({"lessons_per_item": settings.lessons} if settings.lessons else {})
    if settings.development:
        spec = spec | {"only": spec["leave_out"], "leave_out": []}
    label = "-".join([f"{key}{value:g}" for key, value in how.items()] + ["dev"] * settings.development)
    name = "-".join(filter(None, [SUITE.replace("_", "-"), learner, label or "planted", str(settings.lessons or "")]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{SUITE}.yaml"
        path.write_text(yaml.safe_dump(own | {"withheld": spec, "controls": []}), encoding="utf-8")
        words = ["--suite", str(path), "--learner", f"run:{learner}", "--name", name, "--publish", "false"]
        done = subprocess.run(
            [sys.executable, "evaluation/run.py", *words, "--models", *tutors],
            cwd=repo_root(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise UserError(done.stderr.strip().splitlines()[-1])
    lines = (artifact("scores", name) / "records.jsonl").read_text(encoding="utf-8").splitlines()
    yield from map(json.loads, lines)


def table(settings: Benchmark, found: dict[str, Lessons]) -> Iterator[str]:
    """What each tutor's lessons gain, all learners together and each by itself, with what stands beside it."""
    some = next(iter(found.values()))
    yield f"{len(some.items)} lessons about {len(set(some.items.values()))} forms, {len(settings.learners)} learners\n"
    alone = " | ".join(settings.learners)
    yield f"| tutor | gain (95 %) | {alone} | says it | untaught | forgets | overuse | form heard |"
    yield "|---|" + "---:|" * (6 + len(settings.learners))
    for tutor in in_order(found):
        lessons = found[tutor]
        each = [f"{lessons.estimate('learning_gain', learner).value:.3f}" for learner in settings.learners]
        rest = [f"{lessons.estimate(name).value:.3f}" for name in COLUMNS[1:]]
        yield f"| {tutor} | {shortly(lessons.estimate('learning_gain'))} | {' | '.join(each + rest)} |"


def differences(found: dict[str, Lessons], pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """How far one is ahead of the other, on the same cases."""
    yield "| tutor | against | ahead by (95 %) |\n|---|---|---:|"
    for one, other in pairs:
        yield f"| {one} | {other} | {shortly(found[one].over(found[other]))} |"


def in_order(found: dict[str, Lessons]) -> list[str]:
    """Tutors, the one first whose lessons gain most."""
    return sorted(found, key=lambda tutor: -found[tutor].estimate("learning_gain").value)


def shortly(found: "Estimate") -> str:
    """A mean with its interval."""
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


if __name__ == "__main__":
    run_main(main)
