"""Calibrate a grader on replies of which it is known whether they are good.

    python research/bootstrap/calibrate.py [--name NAME] [--grader.by llm --grader.models openai:NAME@URL] [--limit N]

Replies are made by rule, of every session type and band: model answers, and what would win without deserving it.
Figures go to corpora/NAME/calibration.json, a page and a picture beside them. A loop refuses a grader that fails here.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import random
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say, table
from espalier.errors import run_main
from research.bootstrap.graders.grading import GraderSettings

if TYPE_CHECKING:
    from research.bootstrap.graders.made import Made

COMMAND = "research/bootstrap/calibrate.py"
FILE = "replies.jsonl"


class CalibrateConfig(Config):
    """Which grader, on how much."""

    name: Name = "grader"
    """Name of the corpus of replies: corpora/NAME."""
    grader: GraderSettings = GraderSettings()
    """Who grades."""
    tasks: int = Field(1, ge=1)
    """Tasks of each session type and band."""
    limit: int | None = Field(None, ge=1)
    """At most so many replies, drawn among all; for graders that cost something."""
    seed: int = Field(0, ge=0)
    """Of the tasks and the replies."""


class CalibrateOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(CalibrateConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=CalibrateOptions)
    return calibrate(config, options)


def calibrate(config: CalibrateConfig, options: CalibrateOptions) -> int:
    """Grade replies that are known, say how far that is right; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.records import write_json, write_text
    from research.bootstrap.graders.calibration import found_of, page, picture
    from research.bootstrap.graders.grading import opened

    grader = opened(config.grader)
    decides = {key: value for key, value in to_dict(config).items() if key not in ("name", "grader")}
    decides["grader"] = grader.identity
    about = f"replies made by rule, to calibrate {grader.name}"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents={}, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"the calibration {config.name} is already complete: {corpus.folder / 'page.md'}")
            return 0
        replies = replies_of(config)
        grades = grader.grades([_item(each) for each in replies])
        scores = [None if isinstance(each, str) else each.score for each in grades]
        found = found_of(list(zip(replies, scores, strict=True)))
        write_json(corpus.folder / "calibration.json", {"grader": grader.identity, **found})
        write_text(corpus.folder / "page.md", page(grader.name, found))
        picture(found, corpus.folder / "cells.png")
        records = [_record(made, grade) for made, grade in zip(replies, grades, strict=True)]
        counts = {"replies": len(replies), "failed": found["failed"]}
        corpus.finish({FILE: records}, about=about, counts=counts)
        announce(grader.name, found)
        say(f"{corpus.folder / 'page.md'}")
        if options.publish:
            corpus.publish()
    return 0


def replies_of(config: CalibrateConfig) -> "list[Made]":
    """The replies: all, or as many as the limit says."""
    from research.bootstrap.graders.made import made

    replies = list(made(config.tasks, config.seed))
    if config.limit is None or config.limit >= len(replies):
        return replies
    kept = random.Random(config.seed).sample(range(len(replies)), config.limit)
    return [replies[place] for place in sorted(kept)]


def announce(name: str, found: dict[str, Any]) -> None:
    """What decides, on the terminal."""
    rows = [
        [part, found[part]["n"], *(f"{found[part][key]['value']:.3f}" for key in ("accuracy", "kappa"))]
        for part in ("usable", "good")
    ]
    table(["replies", "n", "accuracy", "κ"], rows)
    worst, each = min(found["by_source"].items(), key=lambda item: item[1]["kappa"]["value"])
    say(f"worst kind: {worst}, κ {each['kappa']['value']:.3f}, {each['wrong']} of {each['n']} graded wrong")
    say(f"{name} fails: {'; '.join(found['failed'])}" if found["failed"] else f"{name} can be trusted")


def _item(made: "Made") -> Any:
    from research.bootstrap.graders.grading import Item

    return Item(want=made.ask.want, band=made.ask.band, model=made.ask.model, text=made.text, ended=made.ended,
                before=made.before)  # fmt: skip


def _record(made: "Made", grade: Any) -> dict[str, Any]:
    silent = isinstance(grade, str)
    return {
        "task": made.task,
        "kind": made.ask.kind,
        "band": made.ask.band,
        "source": made.source,
        "truth": made.truth,
        "before": [str(line) for line in made.before],
        "reply": made.text,
        "ended": made.ended,
        "marks": None if silent else [grade.english, grade.task, grade.score],
        "why": grade if silent else grade.why,
    }


if __name__ == "__main__":
    run_main(main)
