"""What a search unattended is worth: N experiments, then what was kept trained again on text or mazes that none met.

    python research/benchmarks/autoresearch/search.py --task language [--experiments 60] [--budget 60] [--confirm]

Runs the loop (research/autoresearch/loop.py --search) and then its replay on fresh seeds; what is done of either is not
done again, so the same command goes on where it was stopped. Prints the Markdown of a record: the replayed frontier
against the baseline on the second validation file, with its interval, beside what the log has and what luck alone would
show.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from espalier.command_line.config import Config, Name, load
from espalier.command_line.console import say
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError, run_main

LOOP, REPLAY = "research/autoresearch/loop.py", "research/autoresearch/replay.py"


class SearchConfig(Config):
    """What is searched, and how long."""

    task: Literal["language", "mazes"] = "language"
    """language or mazes."""
    tag: Name = "search"
    """The loop's tag."""
    experiments: int = Field(60, ge=1)
    """How many are tried, baselines not counted."""
    budget: float = Field(60.0, gt=0)
    """Of one training."""
    budget_in: Literal["seconds", "tokens", "flops"] = "seconds"
    """Of what."""
    baselines: int = Field(3, ge=2)
    """Runs of the baseline, by which the noise is known."""
    confirm: bool = False
    """Keep only what fresh seeds confirm."""
    seeds: int = Field(3, ge=2)
    """Fresh seeds of each commit in the replay."""
    threads: int | None = Field(None, ge=1)
    """Of the CPU, for each training; the loop's default unless a number is said."""
    ends: bool = False
    """Replay the baseline and the last that was kept alone."""
    corpus: Name | None = None
    """The prepared data; autoresearch-TASK unless another is named."""
    page: Path | None = None
    """Write the Markdown there too."""


def main(argv: list[str]) -> int:
    config, _ = load(SearchConfig, argv, prog="python research/benchmarks/autoresearch/search.py", doc=__doc__)
    run(LOOP, loop_words(config))
    from research.autoresearch.looping.view import read_loop

    view = read_loop(config.task, config.tag)
    if len(view.frontier) > 1:
        run(REPLAY, replay_words(config))
    told = "\n\n".join(parts(config))
    if config.page:
        from espalier.artifacts.records import write_text

        write_text(config.page, told + "\n")
    say(told)
    return 0


def loop_words(config: SearchConfig) -> list[str]:
    """The words of the loop's command line."""
    threads = ["--threads", str(config.threads)] if config.threads else []
    corpus = ["--corpus", config.corpus] if config.corpus else []
    return [
        "--task", config.task, "--tag", config.tag, "--search", "--experiments", str(config.experiments), "--budget",
        f"{config.budget:g}", "--budget_in", config.budget_in, "--baselines", str(config.baselines), "--confirm",
        str(config.confirm).lower(), *threads, *corpus,
    ]  # fmt: skip


def replay_words(config: SearchConfig) -> list[str]:
    """The words of the replay's command line."""
    return [
        "--task", config.task, "--tag", config.tag, "--seeds", str(config.seeds), "--ends", str(config.ends).lower(),
        "--publish", "false",
    ]  # fmt: skip


def run(script: str, words: list[str]) -> None:
    """Run one of the commands. UserError where it fails; what stops it stops this too."""
    say(f"$ python {script} {' '.join(words)}")
    if code := run_command(script, *words):
        if code >= 128:
            raise SystemExit(code)
        raise UserError(f"{script} ended with {code}, for the reason given above; the same command goes on from here")


def parts(config: SearchConfig) -> Iterator[str]:
    """The paragraphs of the record."""
    from research.autoresearch.looping.view import read_loop
    from research.autoresearch.replaying.kept import latest
    from research.autoresearch.reporting.report import record

    words = " ".join(loop_words(config))
    yield f"`python {LOOP} {words}`, then `python {REPLAY} {' '.join(replay_words(config))}`"
    view = read_loop(config.task, config.tag)
    yield from record(view, latest(view))


if __name__ == "__main__":
    run_main(main)
