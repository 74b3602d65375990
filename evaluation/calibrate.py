"""Calibrate a judge, and the rule metrics, against teachers' labels: how far can each column of a report be trusted?

    python evaluation/calibrate.py --labels bea2025_dev.json mrbench_v2.json [--bridge train.json validation.json]
    python evaluation/calibrate.py --labels mrbench_v2.json --judge run:NAME
    python evaluation/calibrate.py --labels mrbench_v2.json --judge openai:NAME@URL [--problems 40] [--controls salad,…]

Figures go to judges/NAME/calibration.json, from where reports take them, and as a page to agents/reports/. Folds and
verdicts that are known stay known: the same command goes on where it was interrupted.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import Any

from espalier.command_line.config import load
from espalier.command_line.console import say, table
from espalier.errors import run_main
from evaluation.calibration.config import CalibrateConfig, CalibrateOptions

_TOLD_APART = ("by_problem", "new_tutor", "question_mark", "length", "surface", "both_ask", "neither_asks")


def main(argv: list[str]) -> int:
    config, options = load(
        CalibrateConfig, argv, prog="python evaluation/calibrate.py", doc=__doc__, options=CalibrateOptions
    )
    return calibrate(config, options)


def calibrate(config: CalibrateConfig, options: CalibrateOptions) -> int:
    """Ask the judge what it was not taught, compare with the teachers, write it down."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import is_complete
    from espalier.memory.runlog import note
    from evaluation.calibration import findings
    from evaluation.calibration.judging import ask
    from evaluation.judges.calibration import METRICS_ALONE

    labels = findings.read(config)
    arenas = findings.arenas_of(labels, config) if config.judge != METRICS_ALONE else []
    metrics = {"metrics": findings.metrics_found(labels)}
    keep(METRICS_ALONE, findings.head(config, METRICS_ALONE, {}, labels) | {"dimensions": {}} | metrics, options)
    if config.judge != METRICS_ALONE:
        judging = ask(config, labels, arenas)
        found = {
            **findings.head(config, judging.name, judging.identity, labels),
            **findings.judge_found(judging, labels),
            **findings.disguises_found(judging, arenas),
            **findings.pedagogy_found(judging, labels, arenas),
            **findings.preferred_found(judging, labels, arenas),
            **findings.ablation_found(judging, labels, config),
            **metrics,
            **({"taught_by": judging.taught_by} if judging.taught_by else {}),
        }
        announce(found)
        keep(judging.name, found, options)
        if options.publish and is_complete(artifact("judges", judging.name)):
            note(f"judge:{judging.name}", what="calibrated")
    return 0


def announce(found: dict[str, Any]) -> None:
    """The figures that decide, on the terminal."""
    headers = ["dimension", "n", "by problem", "new tutor", "name only", "surface only", "reliable for new models"]
    names = ("by_problem", "new_tutor", "tutor_name_only", "surface")
    say("macro-F1:")
    table(
        headers,
        [
            [dimension, facts["n"], *(_interval(facts[name]["macro_f1"]) for name in names), _yes(facts)]
            for dimension, facts in found["dimensions"].items()
        ],
    )
    say("area under the curve, best verdict from least:")
    table(
        ["dimension", "by problem", "new tutor", "?", "length", "surface", "both ask", "neither asks"],
        [
            [dimension, *(_interval(facts["told_apart"][key]) for key in _TOLD_APART)]
            for dimension, facts in found["dimensions"].items()
            if facts["told_apart"]
        ],
    )
    preferred = found.get("preferred", {}).get("attacks", {})
    for score, attacked in (("the pedagogy score", found["attacks"]), ("what the judge prefers", preferred)):
        for arena, facts in attacked.items():
            say(f"{arena}: {score}, of replies made to win, beside good replies to the same dialogues:")
            rows = [
                [name, each["made"], f"{each['mean']['value']:.2f}", f"{each['good']['value']:.2f}",
                 _interval(each["wins"]), "yes" if each["beaten"] else "NO"]
                for name, each in strongest(facts["families"])
            ]  # fmt: skip
            table(["family", "n", "its mean", "good replies'", "beats the good reply", "beaten"], rows)


def strongest(families: dict[str, Any]) -> list[tuple[str, Any]]:
    """Those that come nearest to good replies first."""
    return sorted(families.items(), key=lambda item: item[1]["lead"]["value"])


def keep(name: str, found: dict[str, Any], options: CalibrateOptions) -> None:
    """Write the figures for reports and the page for readers."""
    from espalier.artifacts.paths import agents_dir
    from espalier.artifacts.records import write_json, write_text
    from evaluation.calibration.page import page
    from evaluation.judges.calibration import path_of

    write_json(path_of(name), found)
    say(f"{path_of(name)}")
    if options.publish:
        path = agents_dir() / "reports" / f"calibration-{name}.md"
        write_text(path, page(found))
        say(f"{path}")


def _interval(figure: dict[str, float] | None) -> str:
    if figure is None:
        return "-"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def _yes(facts: dict[str, Any]) -> str:
    return "yes" if facts["reliable_for_new_models"] else "no"


if __name__ == "__main__":
    run_main(main)
