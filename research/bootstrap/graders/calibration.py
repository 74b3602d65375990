"""How far a grader agrees with what is known of replies made by rule, and whether that is enough to be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from espalier.report import canvas, escape, percent, save_picture, table
from evaluation.comparison.stats import Estimate
from evaluation.judges.agreement import Resamples, kappas
from research.bootstrap.bands import BANDS, GOOD, USABLE
from research.bootstrap.graders.made import Made

BAR = 0.95
"""Cohen's κ with what is known, from which on a grader is trusted: of usable replies, of good ones, and of the replies
of each kind among those of the other sort to the same tasks."""
LEAST_OF_KIND = 20
"""Replies of one kind, with fewer of which a single mistake would decide; there FOOLED does."""
ABSTAINS = 0.05
"""Share of the replies of which a grader may say nothing."""
FOOLED = 0.5
"""Share of the replies of a rare kind that it may grade wrong: who is fooled by a kind is fooled by all who find it."""
LEAST = 400
"""Replies, without which nothing is told of a grader."""
_TRUTHS = ("bad", "partial", "good")
_SHOWN = 3
"""Mistakes of each kind that the page shows."""
Graded = tuple[Made, int | None]
"""A reply and its score; None where the grader says nothing."""


def found_of(graded: Sequence[Graded]) -> dict[str, Any]:
    """The figures, as calibration.json has them. An abstention is a mistake in accuracies, and no verdict for κ."""
    usable = [each for each in graded if each[0].truth != "partial"]
    abstained = sum(score is None for _, score in graded)
    found: dict[str, Any] = {
        "replies": len(graded),
        "abstained": abstained / max(1, len(graded)),
        "usable": _agreement(usable, USABLE, ("good",)),
        "good": _agreement(graded, GOOD, ("good",)),
        "confusion": [_scores([each for each in graded if each[0].truth == truth]) for truth in _TRUTHS],
        "by_cell": _cells(graded),
        "by_source": _sources(graded),
    }
    return found | {"failed": list(_failed(found))}


def right(made: Made, score: int | None) -> bool:
    """Whether a score is one that the reply may have."""
    if score is None:
        return False
    return {"good": score >= GOOD, "partial": score < GOOD, "bad": score < USABLE}[made.truth]


def _failed(found: Mapping[str, Any]) -> list[str]:
    """Why the grader is not to be trusted, in words."""
    why = []
    if found["replies"] < LEAST:
        why.append(f"{found['replies']:,} replies are fewer than {LEAST}")
    if found["abstained"] > ABSTAINS:
        why.append(f"it says nothing of {percent(found['abstained'])} of the replies, more than {percent(ABSTAINS)}")
    for part in ("usable", "good"):
        if found["replies"] and found[part]["kappa"]["value"] < BAR:
            why.append(f"κ of {part} replies is {found[part]['kappa']['value']:.3f}, below {BAR}")
    for source, each in found["by_source"].items():
        few = each["n"] < LEAST_OF_KIND
        if each["n"] >= _SHOWN and (each["wrong"] > FOOLED * each["n"] if few else each["kappa"]["value"] < BAR):
            of_kind = "" if few else f" (κ {each['kappa']['value']:.3f}, below {BAR})"
            why.append(f"it grades {each['wrong']} of {each['n']} replies wrong of the kind {source}{of_kind}")
    return why


def _agreement(graded: Sequence[Graded], least: int, true: Sequence[str]) -> dict[str, Any]:
    """Accuracy and κ of `score >= least` with the truth being one of `true`, with intervals over tasks."""
    resamples = Resamples([made.task for made, _ in graded] or ["none"])
    accuracy = resamples.mean(
        [float(score is not None and (score >= least) == (made.truth in true)) for made, score in graded] or [0.0],
        np.arange(len(graded) or 1),
    )
    told = [(made.task, made.truth in true, score >= least) for made, score in graded if score is not None]
    return {"n": len(graded), "accuracy": _interval(accuracy), "kappa": _kappa(told)}


def _kappa(told: Sequence[tuple[str, bool, bool]]) -> dict[str, float]:
    """κ of verdicts with the truth, each with the task that it is of."""
    tasks, truths, verdicts = zip(*(told or [("none", False, True)]), strict=True)
    resamples = Resamples(tasks)
    found = kappas(np.array(truths, dtype=np.int64), np.array(verdicts, dtype=np.int64), 2, resamples)
    return _interval(resamples.estimate(found, np.arange(len(tasks))))


def _kappa_of(source: str, graded: Sequence[Graded]) -> dict[str, float]:
    """Whether replies of a kind are told from those to the same tasks that are good, or, if they are good, are not."""
    tasks = {made.task for made, _ in graded if made.source == source}
    good = next(made.truth == "good" for made, _ in graded if made.source == source)
    told = list[tuple[str, bool, bool]]()
    for made, score in graded:
        is_good = made.truth == "good"
        if score is not None and made.task in tasks and (made.source == source or is_good != good):
            told.append((made.task, is_good, is_good == right(made, score)))
    return _kappa(told)


def _interval(found: Estimate) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}


def _scores(graded: Sequence[Graded]) -> list[int]:
    """How many have each score, from 0 on, and last how many have none."""
    given = Counter(score for _, score in graded)
    return [*(given[score] for score in range(8)), given[None]]


def _cells(graded: Sequence[Graded]) -> dict[str, list[float | None]]:
    """By session type and band: the share that is graded right."""
    kinds = sorted({made.ask.kind for made, _ in graded})
    cells: dict[tuple[str, int], list[bool]] = {}
    for made, score in graded:
        cells.setdefault((made.ask.kind, made.ask.band), []).append(right(made, score))
    return {kind: [_share(cells.get((kind, band), [])) for band in range(len(BANDS))] for kind in kinds}


def _share(rights: Sequence[bool]) -> float | None:
    return sum(rights) / len(rights) if rights else None


def _sources(graded: Sequence[Graded]) -> dict[str, dict[str, Any]]:
    """By how replies were made: what they are, how many there are, and which were graded wrong."""
    found: dict[str, dict[str, Any]] = {}
    for made, score in graded:
        each = found.setdefault(made.source, {"truth": made.truth, "n": 0, "wrong": 0, "examples": []})
        each["n"] += 1
        if not right(made, score):
            each["wrong"] += 1
            if len(each["examples"]) < _SHOWN:
                asked = str(made.before[-1])
                each["examples"].append({"asked": asked, "reply": made.text.strip(), "score": score})
    return {source: {**each, "kappa": _kappa_of(source, graded)} for source, each in found.items()}


def page(name: str, found: Mapping[str, Any]) -> str:
    """The page in Markdown."""
    verdict = "**It is not to be trusted:** " + "; ".join(found["failed"]) if found["failed"] else "It can be trusted."
    figures = [
        [part, each["n"], _said(each["accuracy"]), _said(each["kappa"])]
        for part, each in (("usable", found["usable"]), ("good", found["good"]))
    ]
    scores = table(
        ["what a reply is", *map(str, range(8)), "none"],
        [[truth, *row] for truth, row in zip(_TRUTHS, found["confusion"], strict=True)],
    )
    sources = table(
        ["made", "is", "n", "graded wrong", "κ"],
        [
            [source, each["truth"], each["n"], each["wrong"], _said(each["kappa"])]
            for source, each in found["by_source"].items()
        ],
    )
    examples = [
        f"- {escape(source)}: {escape(each['asked'])} / {escape(each['reply'] or '(nothing)')}: {each['score']}"
        for source, those in found["by_source"].items()
        for each in those["examples"]
    ]
    return "\n".join(
        [
            f"# Calibration of the grader {escape(name)}\n",
            f"Against {found['replies']:,} replies made by rule, of every session type and band. {verdict}\n",
            f"A reply is usable from score {USABLE} on, good from {GOOD} on; 95 % intervals over tasks.\n",
            table(["", "n", "accuracy", "κ"], figures),
            "\n![Share graded right, by session type and band](cells.png)\n",
            "## Scores of what is known\n",
            scores,
            "\n## By how they were made\n",
            sources,
            *(["\n## Graded wrong\n", *examples] if examples else []),
            "",
        ]
    )


def _said(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def picture(found: Mapping[str, Any], path: Path) -> Path:
    """By session type and band, the share that is graded right."""
    kinds = list(found["by_cell"])
    values = np.array([[np.nan if each is None else each for each in found["by_cell"][kind]] for kind in kinds])
    figure, axes = canvas(7.2, 1.4 + 0.32 * len(kinds), "Graded right")
    axes.grid(visible=False)
    axes.imshow(values, aspect="auto", cmap="RdYlGn", vmin=0.5, vmax=1)
    axes.set_xticks(range(len(BANDS)), [str(band) for band in range(len(BANDS))])
    axes.set_yticks(range(len(kinds)), [kind.replace("_", " ") for kind in kinds])
    axes.set_xlabel("band")
    for row, kind in enumerate(kinds):
        for band, each in enumerate(found["by_cell"][kind]):
            if each is not None:
                axes.text(band, row, percent(each, 0), ha="center", va="center", fontsize=7)
    return save_picture(figure, path)
