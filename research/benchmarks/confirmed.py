"""Whether pupils are what their loops say: those that loops ended with, on papers that nobody has sat.

    python research/benchmarks/confirmed.py basil-grows-s0 basil-grows-s1 basil-grows-s2 [--papers 5] [--page FILE.md]

A loop ends in the first round in which all bands are passed, and so, of pupils that are as good, in the one that was
lucky. What is put to the last one here decided nothing: tasks of no session, no first paper, and no second paper of the
loop's rounds, by research/bootstrap/examine.py, as corpora/LOOP-again-K. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete, read_json, read_jsonl, write_text
from espalier.command_line.config import Config, Name, load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from espalier.report import escape, percent, table
from research.bootstrap import examine
from research.bootstrap.bands import BANDS, GOOD

if TYPE_CHECKING:
    from evaluation.comparison.stats import Estimate

_FIRST = 1_000_001
"""Numbers of rounds that no loop comes to; second papers are drawn by them."""


class Confirmed(Config):
    """Which loops, on how much."""

    loops: list[Name] = []
    """Their names; also said first, without a flag."""
    papers: int = Field(5, ge=1, le=100)
    """Papers of each band that the pupil passes a first paper of."""
    page: Path | None = None
    """Write the page there; otherwise it is printed."""


def main(argv: list[str]) -> int:
    config, _ = load(Confirmed, argv, prog="python research/benchmarks/confirmed.py", doc=__doc__, first="loops")
    if not config.loops:
        raise UserError("--loops: is missing; it names loops that research/bootstrap/run.py made")
    page = "\n\n".join(part for name in config.loops for part in _told(name, _sat(name, config.papers)))
    if config.page is None:
        say(page)
    else:
        write_text(config.page, page + "\n")
        say(f"written: {config.page}")
    return 0


def _sat(name: str, papers: int) -> list[str]:
    """The examinations of the pupil that a loop ended with, which are held where they are not there yet."""
    folder = artifact("loops", name)
    if not is_complete(folder):
        raise UserError(f"loop {name} has not ended; python research/bootstrap/run.py goes on with it")
    last: Mapping[str, Any] = read_json(folder / "manifest.json")["rounds"][-1]
    names = [f"{name}-again-{number}" for number in range(papers)]
    for number, exam in enumerate(names):
        told = {"name": exam, "pupil": f"run:{last['pupil']}", "strength": last["strength"], "number": _FIRST + number}
        examine.main(
            [word for key, value in told.items() for word in (f"--{key}", str(value))] + ["--publish", "false"]
        )
    return names


def _told(name: str, exams: list[str]) -> Iterator[str]:
    """The paragraphs on one loop's pupil."""
    from evaluation.comparison.stats import mean

    bands = [read_json(artifact("corpora", exam) / examine.FILE)["bands"] for exam in exams]
    lines = [
        (paper, line)
        for paper, exam in enumerate(exams)
        for line in read_jsonl(artifact("corpora", exam) / "replies.jsonl")
        if line["paper"]
    ]
    rows = []
    for band, said in enumerate(BANDS):
        own = [(paper, line) for paper, line in lines if line["band"] == band]
        found = mean(
            [float(line["score"] >= GOOD) for _, line in own], [1000 * paper + line["place"] for paper, line in own]
        )
        passed = [not of[band]["confirmed"]["failed"] for of in bands if of[band]["confirmed"]]
        wanted = percent(bands[0][band]["at_least"])
        rows.append([f"{band} {said}", wanted, _interval(found), len(own), f"{sum(passed)} of {len(passed)}"])
    yield f"**{escape(name)}**, {len(exams)} new papers of each band whose first one it passes"
    yield table(["band", "surely above is wanted", "good turns, all papers together", "turns", "papers passed"], rows)


def _interval(found: "Estimate | None") -> str:
    return f"{percent(found.value)} ({percent(found.low)}–{percent(found.high)})" if found else "–"


if __name__ == "__main__":
    run_main(main)
