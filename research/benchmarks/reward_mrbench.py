"""How often a reward from a small language model prefers what teachers prefer, of tutors and problems it never saw.

    python research/benchmarks/reward_mrbench.py --labels bea2025_dev.json mrbench_v2.json mathdial.jsonl --base DIR

Two replies to one dialogue of MRBench, of which the teachers' weighted verdicts make one the better: folds, pairs and
peers are those of `evaluation/calibrate.py`, so each reply is asked of what saw neither its problem nor any reply of
its tutor. That compares what two models say that left out different tutors, and have no origin in common: to be
believed is the second table, where one model that saw neither tutor is asked of both replies, and chance is a half.
The reward is kernel regression on the hidden states of the base's lower layers, which stay as they are. Beside it: a
question mark, length, the tutor's name, the trained judge on the same folds (--judge true: ten minutes more), the mean
of both, and what replies made to win get. Hidden states are kept in --states; a minute for a hundred replies on one
core. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import os

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import progress, say
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.calibration.facts import Labels
    from evaluation.judges.labels import Labelled
    from research.benchmarks.reward.frozen import Taught
    from research.benchmarks.reward.tell import Tried


class Benchmark(Config):
    """What to measure."""

    labels: list[FilePath] = []
    """Label files, as a calibration takes them."""
    base: str = ""
    """The language model, a run, folder or hub name."""
    template: str = "plain"
    """How dialogues are shown to it: a builtin chat template."""
    states: FilePath = Path("states.npz")
    """Where hidden states are kept."""
    judge: bool = False
    """Ask the trained judge on the same folds too."""
    dialogues: int = Field(40, ge=0)
    """Experts' dialogues in which replies made to win are tried."""
    controls: list[str] = [
        "salad", "mad_lib", "restated", "agrees", "one_false_figure", "transplanted", "shuffled", "canned",
        "praise_alone", "greedy", "evolved", "marks_alone", "question_mark", "question", "length",
        "answer_asked", "told_whole",
    ]  # fmt: skip
    """Their families."""
    dialogues_seed: int = 5
    """Draws those dialogues."""
    folds: int = Field(5, ge=2)
    """Parts that the problems are divided into."""
    seed: int = 0
    """Of the folds, draws and controls."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/reward_mrbench.py", doc=__doc__)
    if not settings.labels or not settings.base:
        raise UserError("--labels and --base: name label files with MRBench among them, and a language model")
    import numpy as np

    from evaluation.calibration.preferences import pairs_within
    from evaluation.calibration.values import teachers_score
    from research.benchmarks.reward import tell
    from research.benchmarks.reward.frozen import taught

    labels, everyone = read(settings)
    replies = labels.replies
    worth = np.array([teachers_score(each) for each in replies], dtype=float)
    pairs = pairs_within([each.dialogue for each in replies], worth)
    parts = np.full(len(replies), -1)
    for number, fold in enumerate(labels.by_problem):
        parts[fold.test] = number
    known = taught(replies, states(replies, settings), worth, parts)
    said, columns, temperature = out_of_fold(known, labels, pairs)
    scores = {tell.REWARD: said}
    if settings.judge:
        scores["judge"] = judged(everyone, settings)[: len(replies)]
        standard = [(each - np.nanmean(each)) / np.nanstd(each) for each in scores.values()]
        scores["mean of both"] = sum(standard) / len(standard)
    tell.preferred(scores, worth, labels, pairs)
    tell.both_unseen(known, labels, pairs)
    tell.by_column(columns, known.labels, labels)
    tell.how_sure(said, temperature, pairs)
    if settings.dialogues:
        tried = made_to_win(known, labels, settings)
        tell.made_to_win(tried)


def read(settings: Benchmark) -> "tuple[Labels, list[Labelled]]":
    """MRBench's replies with the folds that a calibration on these files has, and all that the files hold."""
    from evaluation.calibration.config import CalibrateConfig
    from evaluation.calibration.facts import Labels
    from evaluation.calibration.findings import read as read_all
    from evaluation.calibration.folds import Fold
    from evaluation.judges.agreement import Resamples
    from evaluation.judges.labels import CROWDS

    found = read_all(CalibrateConfig(labels=settings.labels, folds=settings.folds, seed=settings.seed))
    count = sum(each.tutor not in CROWDS for each in found.replies)
    replies = list(found.replies[:count])
    if not count or any(each.tutor in CROWDS for each in replies):
        raise UserError("--labels: name MRBench's files first, and MathDial's after them")

    def within(folds: "Sequence[Fold]") -> list[Fold]:
        kept = [Fold(train=fold.train[fold.train < count], test=fold.test[fold.test < count]) for fold in folds]
        return [fold for fold in kept if len(fold.test)]

    draws = Resamples([each.problem for each in replies], seed=settings.seed)
    labels = Labels(
        replies=replies, by_problem=within(found.by_problem), new_tutor=within(found.new_tutor), resamples=draws
    )
    return labels, list(found.replies)


def states(replies: "Sequence[Labelled]", settings: Benchmark) -> Any:
    from research.benchmarks.reward.frozen import NUM_LAYERS
    from research.benchmarks.reward.states import states_of

    return states_of(replies, base=settings.base, template=settings.template, layers=NUM_LAYERS, kept=settings.states)


def out_of_fold(known: "Taught", labels: "Labels", pairs: Any) -> tuple[Any, Any, Any]:
    """Of each reply the reward and its columns, by what its fold may learn from, and the temperature that makes chances
    of differences, found in the same way."""
    import numpy as np

    from research.benchmarks.reward.frozen import choose, columns_unseen, predict, reward

    columns, temperature = np.full(known.labels.shape, np.nan), np.full(len(known.worth), np.nan)
    chosen: dict[str, int] = {}
    with progress(len(labels.new_tutor), "reward") as bar:
        for done, fold in enumerate(labels.new_tutor, start=1):
            place = np.full(len(known.worth), -1)
            place[fold.train] = np.arange(len(fold.train))
            inner = place[pairs][(place[pairs] >= 0).all(axis=1)]
            train = known.of(fold.train)
            choice, _ = choose(train, inner)
            chosen[choice.says] = chosen.get(choice.says, 0) + 1
            columns[fold.test] = predict(train, known.states[fold.test], choice)
            temperature[fold.test] = fitted_temperature(reward(columns_unseen(train, choice)), inner)
            bar.update(done, {})
    say(f"chosen, in {len(labels.new_tutor)} folds: " + "; ".join(f"{name} ({n})" for name, n in chosen.items()) + "\n")
    return reward(columns), columns, temperature


def fitted_temperature(said: Any, pairs: Any) -> float:
    """The temperature under which the better of two replies is told with the greatest likelihood."""
    import numpy as np

    gaps = said[pairs[:, 0]] - said[pairs[:, 1]]
    gaps = gaps[np.isfinite(gaps)]
    tried = np.geomspace(0.01, 1.0, 60)
    return float(tried[np.argmin([np.logaddexp(0, -gaps / each).mean() for each in tried])])


def made_to_win(known: "Taught", labels: "Labels", settings: Benchmark) -> "list[Tried]":
    """What replies made to win get in experts' dialogues, of models that saw neither the problem nor any expert."""
    import random
    from dataclasses import replace

    import numpy as np

    from evaluation.calibration.attacks import EXPERT
    from evaluation.controls.base import Scene, controls
    from research.benchmarks.reward.frozen import Choice, predict, reward
    from research.benchmarks.reward.tell import Tried

    replies, made = labels.replies, controls()
    experts = [at for at, each in enumerate(replies) if each.tutor == EXPERT and np.isfinite(known.worth[at])]
    first: dict[str, int] = {}
    for at in experts:
        first.setdefault(replies[at].dialogue, at)
    chosen = list(first.values())
    random.Random(settings.dialogues_seed).shuffle(chosen)
    chosen = chosen[: settings.dialogues]
    scenes = [
        Scene(messages=each.messages, references=(each.reply,), answer=each.answer, problem=each.problem)
        for each in (replies[at] for at in chosen)
    ]
    asked = [replace(each, others=scenes) for each in scenes]
    tries = [
        (name, at, text)
        for name in settings.controls
        for at, text in zip(chosen, made[name].replies(asked, seed=settings.seed), strict=True)
        if text
    ]
    there = states([replace(replies[at], reply=text) for _, at, text in tries], settings)
    found = []
    for part in range(settings.folds):
        train = known.of(np.flatnonzero((known.problems != part) & (known.tutors != known.tutors[experts[0]])))
        here = [place for place, (_, at, _) in enumerate(tries) if known.problems[at] == part]
        if here:
            said = reward(predict(train, there[here], Choice()))
            theirs = reward(predict(train, known.states[[tries[place][1] for place in here]], Choice()))
            found += [
                Tried(control=made[tries[place][0]], value=float(one), expert=float(other))
                for place, one, other in zip(here, said, theirs, strict=True)
            ]
    return found


def judged(everyone: "list[Labelled]", settings: Benchmark) -> Any:
    """The pedagogy score of each reply by judges taught as the trained one is, on the folds with the tutor unseen."""
    from evaluation.cache import Cache
    from evaluation.calibration.asking import classifier, classifier_code, out_of_fold
    from evaluation.calibration.folds import new_tutor
    from evaluation.calibration.values import pedagogy_values

    folds = new_tutor(everyone, settings.folds, seed=settings.seed)
    with Cache() as cache, progress(len(folds), "judge") as bar:
        said = out_of_fold(
            classifier(), everyone, {"real": everyone}, folds, cache=cache,
            identity={"code": classifier_code(), "without": "", "seed": 0, "embedding": None},
            on_fold=lambda done: bar.update(done, {}),
        )  # fmt: skip
    return pedagogy_values(said["real"].values, everyone)


if __name__ == "__main__":
    run_main(main)
