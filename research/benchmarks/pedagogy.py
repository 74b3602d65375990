"""The pedagogy score against what wins by style: a bag-of-words reward, a count of question marks, bare verdicts.

    python research/benchmarks/pedagogy.py --labels bea2025_dev.json mrbench_v2.json --bridge train.json validation.json

All scores get the same replies. Those that learn are taught on other problems than they are asked about. Printed are
how each goes with what teachers thought; what five adversarial controls do to it (six: a question mark, and a whole
question); whether it tells an expert's reply from a novice's, taught with the novice's replies and without them; what a
set of 10,000 replies of which 104 are distinct gets; and what other weights would bring, chosen on other problems.
Intervals are of 95 %, over problems, or over Bridge's dialogues. Folds are cached in the workspace.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import progress, say
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluation.calibration.facts import Labels
    from evaluation.comparison.stats import Estimate
    from evaluation.judges.labels import Labelled

OURS, VERDICTS, WORDS, MARKS = "pedagogy score", "its verdicts alone", "bag of words", "question marks"
CANNED_SET = 10_000

Scores = dict[str, dict[str, Any]]
"""By score and variant of the replies, an array with a score for each."""


class Benchmark(Config):
    """What to measure on."""

    labels: list[FilePath] = []
    """Label files of MRBench; the score needs mrbench_v2.json among them."""
    bridge: list[FilePath] = []
    """Files of Bridge."""
    folds: int = Field(5, ge=2)
    """Parts that the problems are divided into."""
    resamples: int = Field(2000, ge=100)
    """Draws for the intervals."""
    seed: int = 0
    """Of folds, draws, controls and judges."""


def main(argv: list[str]) -> None:
    config, _ = load(Benchmark, argv, prog="python research/benchmarks/pedagogy.py", doc=__doc__)
    if not config.labels or not config.bridge:
        raise UserError("name both: --labels FILE … --bridge FILE …")
    from evaluation.calibration.config import CalibrateConfig
    from evaluation.calibration.findings import read
    from evaluation.calibration.judging import variants

    labels = read(CalibrateConfig(**config.model_dump()))
    replies = variants(labels, config.seed)
    verdicts, scores = ask(labels, replies, config.seed)
    agreement(labels, scores)
    controls(labels, scores)
    styles(labels, config)
    canned_set(scores)
    weights(labels, verdicts, replies)


def ask(labels: "Labels", replies: "dict[str, Sequence[Labelled]]", seed: int) -> "tuple[dict[str, Any], Scores]":
    """The judge's verdicts on all variants, and all scores of them."""
    from evaluation.cache import Cache
    from evaluation.calibration.asking import classifier, classifier_code, out_of_fold
    from evaluation.calibration.values import pedagogy_values

    identity = {"code": classifier_code(), "seed": seed, "embedding": None}
    with Cache() as cache, progress(len(labels.by_problem), "folds") as bar:
        said = out_of_fold(
            classifier(seed=seed), labels.replies, replies, labels.by_problem, identity=identity, cache=cache,
            on_fold=lambda done: bar.update(done, {}),
        )  # fmt: skip
    verdicts = {name: each.values for name, each in said.items()}
    return verdicts, {
        OURS: {name: pedagogy_values(verdicts[name], asked) for name, asked in replies.items()},
        VERDICTS: {name: weighted_values(verdicts[name]) for name in replies},
        WORDS: by_fold(bag_of_words, labels, replies),
        MARKS: {name: question_marks([])(asked) for name, asked in replies.items()},
    }


def bag_of_words(train: "Sequence[Labelled]") -> "Callable[[Sequence[Labelled]], NDArray[np.float64]]":
    """A reward model that reads the reply alone: ridge regression of the teachers' score on words and pairs."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    known = [(each.reply, teachers(each)) for each in train]
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), Ridge(1.0))
    model.fit([reply for reply, _ in known], [score for _, score in known])
    return lambda asked: model.predict([each.reply for each in asked])  # type: ignore[no-any-return]


def question_marks(train: "Sequence[Labelled]") -> "Callable[[Sequence[Labelled]], NDArray[np.float64]]":
    """The number of question marks: what many a pedagogy metric comes down to."""
    import numpy as np

    return lambda asked: np.array([each.reply.count("?") for each in asked], dtype=float)


def judged(score: "Callable[[dict[str, Any], Sequence[Labelled]], NDArray[np.float64]]", seed: int) -> Any:
    """A score made of a judge's verdicts, as something that can be taught."""
    from evaluation.calibration.asking import classifier

    def teach(train: "Sequence[Labelled]") -> Any:
        answer = classifier(seed=seed)(train)
        return lambda asked: score(answer(asked).values, asked)

    return teach


def teachers(each: "Labelled") -> float:
    """What teachers thought, by the score's weights over the verdicts that they gave."""
    from evaluation.judges.base import DIMENSIONS
    from evaluation.scoring.pedagogy import WEIGHTS

    given = {name: DIMENSIONS[name].values[each.labels[name]] for name in WEIGHTS if name in each.labels}
    turned = {name: 1 - value if DIMENSIONS[name].better == "lower" else value for name, value in given.items()}
    return sum(WEIGHTS[name] * value for name, value in turned.items()) / sum(WEIGHTS[name] for name in turned)


def weighted_values(verdicts: "dict[str, NDArray[np.float64]]") -> "NDArray[np.float64]":
    """The weighted verdicts, without relevance and without the discount."""
    from evaluation.scoring.pedagogy import WEIGHTS, weighted

    return weighted({name: verdicts[name] for name in WEIGHTS})  # type: ignore[arg-type,return-value]


def by_fold(teach: Any, labels: "Labels", replies: "dict[str, Sequence[Labelled]]") -> dict[str, Any]:
    """A learning score of every variant, out of fold."""
    import numpy as np

    found = {name: np.full(len(labels.replies), np.nan) for name in replies}
    for fold in labels.by_problem:
        score = teach([labels.replies[place] for place in fold.train])
        for name, asked in replies.items():
            found[name][fold.test] = score([asked[place] for place in fold.test])
    return found


def agreement(labels: "Labels", scores: Scores) -> None:
    """How each score goes with the teachers'."""
    import numpy as np

    from evaluation.calibration.values import teachers_score
    from evaluation.judges.agreement import correlation

    truth = np.array([teachers_score(each) for each in labels.replies], dtype=float)
    rows = []
    for name, found in scores.items():
        known = np.flatnonzero(np.isfinite(truth) & np.isfinite(found["real"]))
        rows.append([name, len(known), show(correlation(found["real"][known], truth[known], known, labels.resamples))])
    print_table("Agreement with teachers, problem unseen", ["score", "replies", "r"], rows)


def controls(labels: "Labels", scores: Scores) -> None:
    """What the controls do to each score, for all tutors' replies and for the experts'."""
    import numpy as np
    from evaluation.calibration.controls import CONTROLS, outcome

    everyone = np.arange(len(labels.replies))
    experts = np.flatnonzero([each.tutor == "Expert" for each in labels.replies])
    for title, rows in (("all tutors' replies", everyone), ("the experts' replies", experts)):
        lines = []
        for name, control in CONTROLS.items():
            outcomes = [outcome(control, each[name], each["real"], rows, labels.resamples) for each in scores.values()]
            cells = [show(each.change) + ("" if each.resisted else " **not resisted**") for each in outcomes]
            lines.append([control.label, *cells])
        lines.append(
            ["mean of the real replies", *(f"{np.nanmean(each['real'][rows]):.3f}" for each in scores.values())]
        )
        print_table(f"Change by the control, {title}", ["the reply is", *scores], lines)


def styles(labels: "Labels", config: Benchmark) -> None:
    """An expert's reply over a novice's, taught with the novice's replies and without."""
    from evaluation.calibration.ablation import ablation, read_pairs, unseen
    from evaluation.calibration.values import pedagogy_values
    from evaluation.judges.agreement import Resamples

    pairs = unseen(read_pairs(config.bridge), labels.replies)
    draws = Resamples([pair.novice.problem for pair in pairs], count=config.resamples, seed=config.seed)
    taught = {
        OURS: judged(pedagogy_values, config.seed),
        VERDICTS: judged(lambda verdicts, asked: weighted_values(verdicts), config.seed),
        WORDS: bag_of_words,
        MARKS: question_marks,
    }
    rows = []
    for name, teach in taught.items():
        found = ablation(teach, labels.replies, pairs, draws)
        rows.append([name, show(found.with_novice), show(found.without_novice), show(found.lost)])
    headers = ["score", "with the novice's replies", "without them", "lost"]
    print_table(f"Expert over novice, {len(pairs)} unseen pairs, ties half", headers, rows)


def canned_set(scores: Scores) -> None:
    """What 10,000 replies of a pool of 104 get beside the real ones."""
    import numpy as np

    chance = np.random.default_rng(0)
    rows = []
    for name, found in scores.items():
        drawn = chance.choice(found["canned_pool"][np.isfinite(found["canned_pool"])], CANNED_SET)
        real = found["real"][np.isfinite(found["real"])]
        beaten = (drawn[:, None] > chance.choice(real, (CANNED_SET, 20))).mean()
        rows.append([name, f"{drawn.mean():.3f}", f"{real.mean():.3f}", f"{100 * beaten:.1f} %"])
    headers = ["score", "canned set", "real replies", "a canned reply scores above a real one"]
    print_table(f"{CANNED_SET:,} canned replies, 104 distinct, to the labelled dialogues", headers, rows)


def weights(labels: "Labels", verdicts: dict[str, Any], replies: "dict[str, Sequence[Labelled]]") -> None:
    """What weights chosen on other problems would bring over the stated ones, by the mean of all teachers' verdicts."""
    import numpy as np
    from scipy.optimize import nnls

    from evaluation.judges.agreement import correlations
    from evaluation.judges.base import DIMENSIONS
    from evaluation.scoring.pedagogy import WEIGHTS

    def turned(name: str, value: Any) -> Any:
        return 1 - value if DIMENSIONS[name].better == "lower" else value

    truth = np.full(len(labels.replies), np.nan)
    for place, each in enumerate(labels.replies):
        if len(each.labels) == len(DIMENSIONS):
            given = [turned(name, DIMENSIONS[name].values[verdict]) for name, verdict in each.labels.items()]
            truth[place] = np.mean(given)
    said = np.stack([turned(name, verdicts["real"][name]) for name in WEIGHTS], axis=1)
    chosen, parts = np.full(len(truth), np.nan), []
    for fold in labels.by_problem:
        train = fold.train[np.isfinite(truth[fold.train])]
        centred = said[train] - said[train].mean(axis=0)
        found, _ = nnls(centred, truth[train] - truth[train].mean())
        parts.append(found / found.sum())
        chosen[fold.test] = said[fold.test] @ found / found.sum()
    rows = np.flatnonzero(np.isfinite(truth))
    stated = said @ np.array(list(WEIGHTS.values()))
    ours, theirs = (correlations(each[rows], truth[rows], rows, labels.resamples) for each in (stated, chosen))
    lines = [
        [title, *shares, show(labels.resamples.estimate(drawn, rows))]
        for title, shares, drawn in (
            ("stated", [f"{weight:.2f}" for weight in WEIGHTS.values()], ours),
            ("chosen on other problems", [f"{weight:.2f}" for weight in np.mean(parts, axis=0)], theirs),
            ("difference", ["" for _ in WEIGHTS], theirs - ours),
        )
    ]
    print_table("Weights of the verdicts, by r with the mean of all eight", ["weights", *WEIGHTS, "r"], lines)


def show(estimate: "Estimate") -> str:
    return f"{estimate.value:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]"


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table under its title."""
    say(f"\n{title}\n")
    say("| " + " | ".join(headers) + " |")
    say("| --- |" + " ---: |" * (len(headers) - 1))
    for row in rows:
        say("| " + " | ".join(map(str, row)) + " |")


if __name__ == "__main__":
    run_main(main)
