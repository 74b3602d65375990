"""An experiment as a page: questions, budgets, each arm's figures, the differences, and a picture of each lever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from espalier.command_line.console import duration
from espalier.report import COLOURS, canvas, escape, save_picture, table
from research.bootstrap.bands import BANDS
from research.bootstrap.experiments.comparing import Difference, Found, differences, of_bands, share_of
from research.bootstrap.experiments.config import BASELINE, Experiment
from research.bootstrap.experiments.outcomes import FIGURES, Outcome, good

_MOST_UNEQUAL = 0.02
"""Budgets that differ by more than such a share are said to."""
_NO_INTERVAL = "the seeds tell none"


def written(
    levers: Mapping[str, Experiment], found: Found, missing: Mapping[str, str], pictures: Sequence[str]
) -> Iterator[str]:
    """The paragraphs of the page; `missing` says of loops that are not there why."""
    first = next(iter(levers.values()))
    if len(levers) == 1:
        yield f"# {escape(first.question)}"
    else:
        yield f"# {len(levers)} levers"
        yield "\n".join(
            f"- **{escape(name)}** ({', '.join(lever.arms)}): {escape(lever.question)}"
            for name, lever in levers.items()
        )
    changed = [
        f"`{arm}` has {', '.join(f'{k}: {v}' for k, v in keys.items())}"
        for lever in levers.values()
        for arm, keys in lever.arms.items()
    ]
    yield (
        f"{first.seeds} seeds of each arm; the baseline is {first.loop.name} as it is, and " + "; ".join(changed) + "."
    )
    if missing:
        wanted = len(missing) + sum(map(len, found.values()))
        yield f"**Missing: {len(missing)} of {wanted} loops.** What follows is of those that are there."
        yield "\n".join(f"- {escape(why)}" for why in missing.values())
    there = {arm: by_seed for arm, by_seed in found.items() if by_seed}
    if not there:
        return
    yield from _arms(there, first.seeds)
    if there.keys() > {BASELINE}:
        yield from _differences(there)
    for picture in pictures:
        yield f"![Held-out turns that are good, by tokens trained on]({picture})"


def _arms(found: Found, seeds: int) -> Iterator[str]:
    yield "## Arms"
    tokens = {arm: _mean(each.trained_tokens for each in by_seed.values()) for arm, by_seed in found.items()}
    of_baseline = tokens.get(BASELINE)
    yield table(
        ["arm", "seeds", "million tokens trained on", "of the baseline's", "time"],
        [
            [arm, len(by_seed), f"{tokens[arm] / 1e6:.2f}", f"{tokens[arm] / of_baseline:.1%}" if of_baseline else None,
             duration(_mean(each.seconds for each in by_seed.values()))]
            for arm, by_seed in found.items()
        ],
    )  # fmt: skip
    unequal = [arm for arm, each in tokens.items() if of_baseline and abs(each / of_baseline - 1) > _MOST_UNEQUAL]
    verdict = f"**not equal: {', '.join(unequal)}**" if unequal else f"equal to within {_MOST_UNEQUAL:.0%}"
    yield (
        "Means over seeds, trunks and adapters together, listening too. The budgets are "
        f"{verdict if of_baseline else '**without a baseline**'}. Time is that of the steps, beside whatever else the "
        "machine did."
    )
    yield table(
        ["arm", *FIGURES],
        [
            [arm, *("; ".join(f"{value_of(by_seed[seed]):.3f}" if seed in by_seed else "missing"
                              for seed in range(seeds)) for _, value_of in FIGURES.values())]
            for arm, by_seed in found.items()
        ],
    )  # fmt: skip
    yield "By seed. " + "; ".join(f"*{name}*: {about}" for name, (about, _) in FIGURES.items()) + "."


def _differences(found: Found) -> Iterator[str]:
    yield "## Differences from the baseline"
    if BASELINE not in found:
        yield "None can be told: the baseline is missing."
        return
    rows = differences(found, BASELINE)
    yield table(
        ["arm", "figure", "baseline", "difference", "95 % interval over seeds", "by seed", "p", "p (Holm)"],
        [_row(each) for each in rows],
    )
    compared = len({each.arm for each in rows})
    yield (
        "Paired by seed, Student's t with one degree of freedom less than there are seeds; p is corrected for the "
        f"{compared} arms of this page, each figure by itself. The first figure decides; what the interval holds 0 of "
        "is not told apart."
    )
    yield "## By band"
    by_arm = of_bands(found, BASELINE)
    yield table(
        ["arm", *(f"{band} {name}" for band, name in enumerate(BANDS))],
        [
            [BASELINE, *(f"{_mean(share_of(each, band) for each in found[BASELINE].values()):.3f}"
                         for band in range(len(BANDS)))],
            *([arm, *(f"{each.baseline + each.value:.3f}: {each.value:+.3f} ({_between(each)})" for each in of_arm)]
              for arm, of_arm in by_arm.items() if of_arm),
        ],
    )  # fmt: skip
    yield (
        "Held-out turns of each band that are good: the arm's share, and its difference from the baseline with a 95 % "
        f"interval, paired by seed. **Not corrected** for being {len(BANDS)} bands of {len(by_arm)} arms: of so many "
        "intervals some leave out 0 by chance."
    )


def drawn(lever: Experiment, found: Found, path: Path) -> Path:
    """The share of good held-out turns over the tokens trained on, of a lever's arms and the baseline: each seed thin,
    each arm's mean thick."""
    figure, axes = canvas(8, 4.2, "Held-out turns that are good, mean over the bands")
    for place, arm in enumerate((BASELINE, *lever.arms)):
        if not (curves := [_curve(each) for each in found.get(arm, {}).values()]):
            continue
        colour = COLOURS[place % len(COLOURS)]
        for tokens, shares in curves:
            axes.plot(tokens, shares, color=colour, lw=0.7, alpha=0.5)
        length = min(len(shares) for _, shares in curves)
        tokens, shares = (np.mean([each[:length] for each in part], axis=0) for part in zip(*curves, strict=True))
        axes.plot(tokens, shares, color=colour, lw=2.2, label=arm)
    axes.set_xlabel("million tokens trained on", fontsize=9)
    axes.set_ylim(0, 1)
    if axes.lines:
        axes.legend(fontsize=8, frameon=False)
    return save_picture(figure, path)


def _curve(outcome: Outcome) -> tuple[list[float], list[float]]:
    tokens = np.cumsum([each["trained_tokens"] for each in outcome.rounds]) / 1e6
    return tokens.tolist(), [good(exam) for exam in outcome.exams]


def _mean(values: Iterable[float]) -> float:
    return float(np.mean([*values]))


def _row(each: Difference) -> list[str]:
    by_seed = ", ".join(f"{gap:+.3f}" for gap in each.by_seed)
    return [each.arm, each.figure, f"{each.baseline:.3f}", f"{each.value:+.3f}", _between(each), by_seed,
            f"{each.p:.3f}", f"{each.p_corrected:.3f}"]  # fmt: skip


def _between(each: Difference) -> str:
    return f"{each.low:+.3f} to {each.high:+.3f}" if np.isfinite(each.low) else _NO_INTERVAL
