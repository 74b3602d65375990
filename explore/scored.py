"""What evaluations found of a run's checkpoints: the figure that decides, and wrong answers that were well reasoned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from espalier.artifacts.kinds import of_word
from espalier.artifacts.registry import NOT_OF_THE_FORM, Artifact, survey


def reasoned(run: str) -> dict[str, Any]:
    """By suite, of each checkpoint of a run that was evaluated, and of what it became, the newest scores.

    `step` is None for what it became in the end.
    """
    kind = of_word("scores")
    assert kind is not None
    suites: dict[str, dict[int | None, dict[str, Any]]] = {}
    for scores in survey([kind]):
        if scores.state == "complete":
            try:
                for suite, found in _of(scores, run):
                    suites.setdefault(suite, {})[found["step"]] = found
            except NOT_OF_THE_FORM:
                continue
    return {
        "suites": [
            {"suite": suite, "checkpoints": [by_step[step] for step in sorted(by_step, key=_in_order)]}
            for suite, by_step in sorted(suites.items())
        ]
    }


def _in_order(step: int | None) -> float:
    return float("inf") if step is None else step


def _of(scores: Artifact, run: str) -> Iterator[tuple[str, dict[str, Any]]]:
    identity, manifest = scores.identity["identity"], scores.manifest
    for name, model in identity["models"].items():
        found = re.fullmatch(rf"run:{re.escape(run)}(?:@step-(\d+))?", str(model.get("spec", "")))
        if found is None or name not in manifest["headline"]:
            continue
        choices = manifest.get("choices", {}).get(name)
        interval = manifest.get("intervals", {}).get(name)
        yield (
            str(identity["suite"]["name"]),
            {
                "step": int(found[1]) if found[1] else None,
                "scores": scores.name,
                "decides": str(manifest["decides"]),
                "value": float(manifest["headline"][name]),
                "interval": [float(end) for end in interval] if interval else None,
                "cases": int(identity["cases"]["number"]),
                "withheld": str(manifest.get("withheld", "")),
                "choices": {key: int(choices[key]) for key in ("items", "wrong", "wrong_but_sound")}
                if choices
                else None,
            },
        )
