"""The judge under calibration asked all that is wanted of it: real replies and changed ones, taught and untaught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_manifest
from espalier.command_line.console import progress
from espalier.errors import UserError
from evaluation.cache import Cache
from evaluation.calibration.asking import Said, Teach, classifier, classifier_code, out_of_fold
from evaluation.calibration.at_once import at_once
from evaluation.calibration.config import CalibrateConfig
from evaluation.calibration.controls import CONTROLS, changed
from evaluation.calibration.facts import Labels
from evaluation.judges.labels import Labelled

if TYPE_CHECKING:
    from evaluation.judges.base import Judge

REAL = "real"


@dataclass(frozen=True, kw_only=True)
class Judging:
    """What a judge says of the labelled replies."""

    name: str
    """How reports call it."""
    identity: dict[str, Any]
    """What it is, as plain data."""
    said: dict[str, Said]
    """Of the real replies and those of each control, by a judge that saw no reply to the problem."""
    new_tutor: Said
    """Of the real replies, by a judge that saw no reply of the tutor either."""
    teach: Teach
    """Teaches such a judge; one that does not learn stays as it is."""


def variants(labels: Labels, seed: int) -> dict[str, Sequence[Labelled]]:
    """The real replies, and those of every control."""
    controls = {
        name: changed(control, labels.replies, labels.by_problem, seed=seed) for name, control in CONTROLS.items()
    }
    return {REAL: labels.replies, **controls}


def ask(config: CalibrateConfig, labels: Labels, replies: dict[str, Sequence[Labelled]]) -> Judging:
    """What the judge that `config` names says. UserError where there is none of the name."""
    with Cache() as cache:
        if ":" in config.judge:
            return _ask_endpoint(config, replies, cache)
        return _ask_trained(config, labels, replies, cache)


def _ask_trained(
    config: CalibrateConfig, labels: Labels, replies: dict[str, Sequence[Labelled]], cache: Cache
) -> Judging:
    """A trained judge is not asked itself, for it knows the labels: others are taught as it was, fold by fold."""
    folder = artifact("judges", config.judge)
    manifest = read_manifest(folder)
    if manifest is None:
        raise UserError(
            f"no trained judge {config.judge} ({folder}). Train it first: "
            f"python evaluation/judges/train.py --labels {' '.join(str(path) for path in config.labels)}"
        )
    settings = {"seed": manifest.get("seed", 0), "embedding": manifest.get("embedding")}
    teach, identity = classifier(**settings), {"code": classifier_code(), **settings}
    total = len(labels.by_problem) + len(labels.new_tutor)
    with progress(total, f"judges taught like {config.judge}") as bar:
        said = out_of_fold(
            teach, labels.replies, replies, labels.by_problem, identity=identity, cache=cache,
            on_fold=lambda done: bar.update(done, {}),
        )  # fmt: skip
        unseen = out_of_fold(
            teach, labels.replies, {REAL: labels.replies}, labels.new_tutor, identity=identity, cache=cache,
            on_fold=lambda done: bar.update(len(labels.by_problem) + done, {}),
        )  # fmt: skip
    return Judging(
        name=config.judge,
        identity=identity | {"content_hash": manifest["content_hash"], "labels": manifest.get("labels", [])},
        said=said,
        # A dimension that only other tutors are labelled by was learnt from none of this reply's tutor before.
        new_tutor=unseen[REAL].where_nothing(said[REAL]),
        teach=teach,
    )


def _ask_endpoint(config: CalibrateConfig, replies: dict[str, Sequence[Labelled]], cache: Cache) -> Judging:
    """It has learnt nothing from these labels, so it is asked as it is, and every tutor is new to it."""
    from evaluation.config import EvaluateConfig
    from evaluation.judges.opening import open_judges

    judge: Judge | None = open_judges([config.judge], EvaluateConfig(workers=config.workers, endpoint=config.endpoint))
    assert judge is not None
    with progress(sum(map(len, replies.values())), judge.name) as bar:
        said = at_once(judge, replies, cache=cache, on_verdict=lambda done: bar.update(done, {}))

    def teach(train: Sequence[Labelled]) -> Any:
        def answer(asked: Sequence[Labelled]) -> Said:
            with Cache() as known:
                return at_once(judge, {REAL: asked}, cache=known)[REAL]

        return answer

    return Judging(name=judge.name, identity=judge.identity, said=said, new_tutor=said[REAL], teach=teach)
