"""What was found of planted faults, as Markdown."""

from __future__ import annotations

from typing import Any


def page(figures: dict[str, Any], within: int) -> str:
    """Tables of the kinds of runs with a fault and without."""
    faults = {name: each for name, each in figures.items() if each["fault"]}
    others = {name: each for name, each in figures.items() if not each["fault"]}
    lines = []
    if faults:
        lines += [
            f"| fault | runs | found | 95 % interval | by look {within} | median look | latest | paused | warned by |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
    for name, each in faults.items():
        hit, low, high = each["found"], *each["found"]["interval"]
        lines.append(
            f"| {name}: {each['about']} | {each['runs']} | {hit['runs']} | {low:.0%}–{high:.0%} | {hit['within']} "
            f"| {_or_none(hit['median'])} | {_or_none(hit['latest'])} "
            f"| {each['paused']['runs']} | {_by(each['warned'])} |"
        )
    if others:
        lines += [
            "",
            "| no fault | runs | paused in vain | 95 % interval | by | warned in vain by |",
            "|---|---|---|---|---|---|",
        ]
    for name, each in others.items():
        hit, low, high = each["paused"], *each["paused"]["interval"]
        lines.append(
            f"| {name}: {each['about']} | {each['runs']} | {hit['runs']} | {low:.0%}–{high:.0%} | "
            f"{_by(each['paused by'])} | {_by(each['warned'])} |"
        )
    return "\n".join(lines)


def _or_none(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _by(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
