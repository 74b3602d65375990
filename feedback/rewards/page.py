"""What the report of a reward model says: how far it holds, how sure it claims to be, and what fools it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from espalier import report
from espalier.report import COLOURS, GREY, Markup, canvas, save_picture

PICTURE = "reliability.png"


def sections(found: Mapping[str, Any]) -> list[str]:
    """Markdown of what was found."""
    if not found["splits"]:
        return ["## What the rewards are worth\n\nThe mix holds no preferences out, so it is not known.\n"]
    parts = ["## What the rewards are worth\n", _order(found)]
    if any("ece" in facts for columns in found["splits"].values() for facts in columns.values()):
        parts.append(_claims(found))
    if any("rated" in facts for columns in found["splits"].values() for facts in columns.values()):
        parts.append(_ratings(found))
    return [*parts, _attacks(found)]


def _order(found: Mapping[str, Any]) -> str:
    several = any("disagreement" in facts for columns in found["splits"].values() for facts in columns.values())
    headers = ["pairs in order, ties half", "column", "pairs", "problems", "accuracy", '"?" only', "length only"]
    headers += ["one member", "members agree", "members differ"] if several else []
    rows = []
    for split, columns in found["splits"].items():
        for name, facts in columns.items():
            row = [split, name, facts["pairs"], facts["problems"]]
            row += [interval(facts[key]) for key in ("accuracy", "question_mark", "length")]
            if several:
                doubt = facts["disagreement"]
                row += [facts["one_member"], *(interval(doubt.get(key)) for key in ("agreed", "differing"))]
            rows.append(row)
    text = report.table(headers, rows) + (
        "\nIntervals are 95 %, from draws of problems. Beside it stands what would put pairs in order without reading: "
        "a question mark, or the longer reply (the shorter one, where that does better).\n"
    )
    if several:
        text += "\n*Agree*: the half of the pairs about which members differ least, for the size of the difference.\n"
    return text


def _claims(found: Mapping[str, Any]) -> str:
    rows = [
        [split, name, interval(facts["ece"]), interval(facts["log_loss"])]
        for split, columns in found["splits"].items()
        for name, facts in columns.items()
        if "ece" in facts
    ]
    return (
        f"### How sure it claims to be\n\n![How often pairs are in order, by how sure the rewards are]({PICTURE})\n\n"
        + report.table(["split", "column", "expected calibration error", "log loss"], rows)
        + f"\nWhat rewards mean was fitted on {found['calibrated_on']}. The error is the mean distance of the claimed "
        "chance and the share in order over tenths; a few pairs are never at no distance. A coin has a log loss of "
        "0.693.\n"
    )


def _ratings(found: Mapping[str, Any]) -> str:
    rows = []
    for split, columns in found["splits"].items():
        for name, facts in columns.items():
            if "rated" in facts:
                verdicts = facts.get("agreement", {})
                kinds = [interval(verdicts.get(key)) for key in ("macro_f1", "kappa")]
                rows.append([split, name, facts["rated"], interval(facts["pearson"]), *kinds])
    return (
        "### Beside teachers' ratings\n\n"
        + report.table(["split", "column", "replies", "r", "macro-F1", "κ"], rows)
        + "\nr is between the value and the rating; macro-F1 and κ, weighted by the square of the distance, are of the "
        "verdict nearest to the value, where teachers give verdicts.\n"
    )


def _attacks(found: Mapping[str, Any]) -> str:
    tried = found["attacks"]
    if not tried:
        return "### Replies made to win\n\nNone were tried: what it gives them is not known.\n"
    rows = [
        [
            f"{name}{' (added)' if each['adds'] else ''}",
            each["kind"],
            each["made"],
            *(interval(each[key]) for key in ("mean", "good", "wins")),
            Markup("yes" if each["beaten"] else "**no**"),
            {"family": "it was", "kind": "others of its kind"}.get(each["taught"]),
        ]
        for name, each in strongest(tried)
    ]
    return (
        f"### Replies made to win\n\nOf `{found['column']}`, on {tried['prompts']} prompts of {tried['split']}, beside "
        "the best reply to each.\n\n"
        + report.table(["family", "kind", "n", "its mean", "the best replies'", "wins", "beaten", "taught"], rows)
        + "\nA family is beaten where its mean is at most half of the best replies' and it wins at most a tenth (a "
        "quarter, of what falsifies a good reply); what adds to a good reply, where that is not surely raised by it. "
        "`python evaluation/calibrate.py --judge run:NAME --labels …` tries all of them on teachers' dialogues.\n"
    )


def strongest(tried: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Families of made replies, those that come nearest to good ones first."""
    return sorted(tried["families"].items(), key=lambda item: item[1]["lead"]["value"])


def draw(found: Mapping[str, Any], path: Path) -> Path | None:
    """The reliability diagram of the deciding column, a line for each split; None where nothing is claimed."""
    lines = {
        split: columns[found["column"]]["reliability"]
        for split, columns in found["splits"].items()
        if "reliability" in columns.get(found["column"], {})
    }
    if not lines:
        return None
    figure, axes = canvas(5.6, 4.6, f"Which reply is better ({found['column']}): claimed and true")
    axes.plot([0.5, 1], [0.5, 1], color=GREY, lw=1, ls="--", label="as sure as it is right")
    for index, (split, points) in enumerate(lines.items()):
        claimed, true, counts = zip(*points, strict=True)
        colour = COLOURS[index % len(COLOURS)]
        error = columns_error(found, split)
        axes.plot(claimed, true, color=colour, lw=1.4, label=f"{split}: {sum(counts):,} pairs, ECE {error:.3f}")
        sizes = [20 + 160 * count / max(counts) for count in counts]
        axes.scatter(claimed, true, s=sizes, color=colour, alpha=0.7, lw=0)
    axes.set_xlim(0.49, 1.01)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("chance that the rewards give the pair's order")
    axes.set_ylabel("share of pairs in this order (size: how many)")
    axes.legend(loc="lower right", frameon=False, fontsize=8)
    return save_picture(figure, path)


def columns_error(found: Mapping[str, Any], split: str) -> float:
    """The calibration error of the deciding column on a split."""
    return float(found["splits"][split][found["column"]]["ece"]["value"])


def interval(figure: Mapping[str, float] | None) -> str | None:
    """A figure with its interval, to three digits."""
    return None if figure is None else f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
