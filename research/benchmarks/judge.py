"""The trained judge against teachers' labels, beside peers taught and asked on the same folds in the same run.

    python research/benchmarks/judge.py --labels bea2025_dev.json [--fold_seeds 11 12 13]

Exact macro-F1 (i) by problem: no reply to the problem was taught; (ii) by problem and tutor: neither was; (iii) by the
tutor's name alone, which reads nothing, by problem. Peers: tf-idf and logistic regression on the reply, the
reply's surface (length, marks), the commonest verdict. Each figure is a mean over divisions into folds, with a 95 %
bootstrap interval over problems. The features and constants of the judge were chosen on other divisions of the same
replies (development folds), so a little of that choice is in the figures; its decision rule is chosen anew in each
training set. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import os

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import progress, say
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from evaluation.calibration.folds import Fold
    from evaluation.judges.labels import Labelled

DIMENSIONS = ("mistake_identification", "mistake_location", "providing_guidance", "actionability")
AIMS = {
    "judge, by problem": (0.66, 0.53, 0.55, 0.61),
    "judge, new tutor": (0.53, 0.46, 0.48, 0.54),
}
Decide = Callable[["Sequence[Labelled]", "Sequence[Labelled]"], dict[str, Any]]
"""Training replies and replies asked, to the verdicts of the latter by dimension, as places."""


class Benchmark(Config):
    """What to measure."""

    labels: list[FilePath] = []
    """Label files of MRBench."""
    fold_seeds: list[int] = [11, 12, 13]
    """Each divides the problems anew."""
    folds: int = Field(5, ge=2)
    """Parts of a division."""
    resamples: int = Field(2000, ge=100)
    """Draws of problems."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/judge.py", doc=__doc__)
    if not settings.labels:
        raise UserError("--labels: name a label file of MRBench")
    from evaluation.calibration import baselines
    from evaluation.calibration.folds import by_problem, new_tutor
    from evaluation.judges.labels import read_labels

    labelled = [each for each in read_labels(settings.labels) if set(DIMENSIONS) <= each.labels.keys()]
    say_speed(labelled)
    rows: list[tuple[str, Decide, Callable[..., list[Fold]]]] = [
        ("judge, by problem", judge, by_problem),
        ("judge, new tutor", judge, new_tutor),
        ("tutor's name alone, by problem", of_one(baselines.tutor_name), by_problem),
        ("tf-idf + logistic regression, by problem", of_one(tfidf), by_problem),
        ("tf-idf + logistic regression, new tutor", of_one(tfidf), new_tutor),
        ("surface alone, by problem", of_one(baselines.surface), by_problem),
        ("surface alone, new tutor", of_one(baselines.surface), new_tutor),
        ("commonest verdict", of_one(baselines.majority), by_problem),
    ]
    say("| macro-F1 | " + " | ".join(DIMENSIONS) + " |")
    say("|---|" + "---|" * len(DIMENSIONS))
    for label, decide, divide in rows:
        divisions = [divide(labelled, settings.folds, seed=seed) for seed in settings.fold_seeds]
        found = out_of_fold(label, decide, labelled, divisions)
        say(f"| {label} | " + " | ".join(figures(labelled, found, settings)) + " |")
        if label in AIMS:
            say(f"| (aim) | {' | '.join(f'{aim:.2f}' for aim in AIMS[label])} |")


def out_of_fold(
    label: str, decide: Decide, labelled: "Sequence[Labelled]", divisions: "Sequence[Sequence[Fold]]"
) -> list[dict[str, Any]]:
    """Of each division, by dimension, the verdict on every reply."""
    import numpy as np

    done, found = 0, []
    with progress(sum(map(len, divisions)), label) as bar:
        for folds in divisions:
            verdicts = {name: np.full(len(labelled), -1) for name in DIMENSIONS}
            for fold in folds:
                said = decide([labelled[row] for row in fold.train], [labelled[row] for row in fold.test])
                for name in DIMENSIONS:
                    verdicts[name][fold.test] = said[name]
                done += 1
                bar.update(done, {})
            found.append(verdicts)
    return found


def figures(labelled: "Sequence[Labelled]", found: list[dict[str, Any]], settings: Benchmark) -> list[str]:
    """By dimension the macro-F1, a mean over divisions, with its interval over problems."""
    import numpy as np

    from evaluation.judges import base
    from evaluation.judges.agreement import Resamples, confusions, macro_f1

    resamples = Resamples([each.problem for each in labelled], count=settings.resamples)
    rows, cells = np.arange(len(labelled)), []
    for name in DIMENSIONS:
        dimension = base.DIMENSIONS[name]
        tables = [confusions(dimension, truth(labelled, name), each[name], rows, resamples) for each in found]
        estimate = resamples.estimate(np.mean([macro_f1(table) for table in tables], axis=0), rows)
        cells.append(f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]")
    return cells


def judge(train: "Sequence[Labelled]", test: "Sequence[Labelled]") -> dict[str, Any]:
    """The trained judge, taught on `train` alone."""
    from evaluation.judges.classifier import fit

    fitted = fit(train)
    return dict(fitted.decide(fitted.predict(test)))


def of_one(peer: Callable[..., Any]) -> Decide:
    """A peer that is taught one dimension at a time."""

    def decide(train: "Sequence[Labelled]", test: "Sequence[Labelled]") -> dict[str, Any]:
        return {name: peer(train, test, truth(train, name), 3) for name in DIMENSIONS}

    return decide


def tfidf(train: "Sequence[Labelled]", test: "Sequence[Labelled]", verdicts: Any, size: int) -> Any:
    """Words and pairs of words of the reply; verdicts weighed alike."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(class_weight="balanced", max_iter=1000),
    )
    return model.fit([each.reply for each in train], verdicts).predict([each.reply for each in test])


def truth(labelled: "Sequence[Labelled]", name: str) -> Any:
    """The teachers' verdicts as places."""
    from evaluation.calibration.asking import truth as places

    return places(labelled, name)


def say_speed(labelled: "Sequence[Labelled]") -> None:
    """How long teaching takes and judging, features included."""
    from dataclasses import replace

    from evaluation.judges.classifier import fit

    began = time.perf_counter()
    fitted = fit(labelled)
    taught = time.perf_counter() - began
    # What was read once is remembered, so these are texts never read: each ends in one more space.
    asked = [
        replace(each, messages=[m | {"content": m["content"] + " "} for m in each.messages], reply=each.reply + " ")
        for each in labelled[:1000]
    ]
    began = time.perf_counter()
    fitted.predict(asked)
    judged = time.perf_counter() - began
    say(f"{len(labelled)} replies taught in {taught:.1f} s; {len(asked)} judged in {judged:.2f} s, one thread.\n")


if __name__ == "__main__":
    run_main(main)
