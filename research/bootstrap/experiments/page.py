"""An experiment as a page: the question, the budgets, each arm's figures, the differences, and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from espalier.report import COLOURS, canvas, escape, save_picture, table
from research.bootstrap.experiments.comparing import Difference, differences
from research.bootstrap.experiments.config import BASELINE, Experiment
from research.bootstrap.experiments.outcomes import FIGURES, Outcome, good

_MOST_UNEQUAL = 0.02
"""Budgets that differ by more than such a share are said to."""


def written(experiment: Experiment, found: Mapping[str, Sequence[Outcome]], picture: str | None) -> Iterator[str]:
    """The paragraphs of the page."""
    seeds = len(found[BASELINE])
    yield f"# {escape(experiment.question)}"
    changed = [
        f"`{arm}` has {', '.join(f'{k}: {v}' for k, v in keys.items())}" for arm, keys in experiment.arms.items()
    ]
    yield f"{seeds} seeds of each arm; the baseline is {experiment.loop.name} as it is, and " + "; ".join(changed) + "."
    yield _budgets(found)
    yield table(
        ["arm", *FIGURES],
        [
            [arm, *("; ".join(f"{value_of(each):.3f}" for each in outcomes) for _, value_of in FIGURES.values())]
            for arm, outcomes in found.items()
        ],
    )
    yield "By seed. " + "; ".join(f"*{name}*: {about}" for name, (about, _) in FIGURES.items()) + "."
    yield "## Differences from the baseline"
    yield table(
        ["arm", "figure", "baseline", "difference", "95 % interval over seeds", "by seed", "p", "p (Holm)"],
        [_row(each) for each in differences(found, BASELINE)],
    )
    yield (
        f"Paired by seed, Student's t with {seeds - 1} degrees of freedom. The first figure decides; what the interval "
        "holds 0 of is not told apart."
    )
    if picture:
        yield f"![Held-out turns that are good, by tokens trained on]({picture})"


def drawn(found: Mapping[str, Sequence[Outcome]], path: Path) -> Path:
    """The share of good held-out turns over the tokens trained on: each seed thin, each arm's mean thick."""
    figure, axes = canvas(8, 4.2, "Held-out turns that are good, mean over the bands")
    for place, (arm, outcomes) in enumerate(found.items()):
        colour = COLOURS[place % len(COLOURS)]
        curves = [_curve(each) for each in outcomes]
        for tokens, shares in curves:
            axes.plot(tokens, shares, color=colour, lw=0.7, alpha=0.5)
        length = min(len(shares) for _, shares in curves)
        mean = np.mean([shares[:length] for _, shares in curves], axis=0)
        axes.plot(curves[0][0][:length], mean, color=colour, lw=2.2, label=arm)
    axes.set_xlabel("million tokens trained on", fontsize=9)
    axes.set_ylim(0, 1)
    axes.legend(fontsize=8, frameon=False)
    return save_picture(figure, path)


def _curve(outcome: Outcome) -> tuple[list[float], list[float]]:
    tokens = np.cumsum([each["trained_tokens"] for each in outcome.rounds]) / 1e6
    return tokens.tolist(), [good(exam) for exam in outcome.exams]


def _budgets(found: Mapping[str, Sequence[Outcome]]) -> str:
    tokens = {arm: float(np.mean([each.trained_tokens for each in outcomes])) for arm, outcomes in found.items()}
    said = ", ".join(f"{arm} {each / 1e6:.2f}" for arm, each in tokens.items())
    unequal = [
        arm for arm, each in tokens.items() if abs(each / tokens[BASELINE] - 1) > _MOST_UNEQUAL and arm != BASELINE
    ]
    verdict = f"**not equal: {', '.join(unequal)}**" if unequal else f"equal to within {_MOST_UNEQUAL:.0%}"
    return f"Million tokens trained on, as a mean over seeds: {said}; {verdict}."


def _row(each: Difference) -> list[str]:
    between = f"{each.low:+.3f} to {each.high:+.3f}" if np.isfinite(each.low) else "the seeds tell none"
    by_seed = ", ".join(f"{gap:+.3f}" for gap in each.by_seed)
    return [each.arm, each.figure, f"{each.baseline:.3f}", f"{each.value:+.3f}", between, by_seed, f"{each.p:.3f}",
            f"{each.p_corrected:.3f}"]  # fmt: skip
