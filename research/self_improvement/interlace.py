"""Draw ordinary rows of a mix, some of them with the prefix of open-ended tasks: what is learned between rounds.

    python research/self_improvement/interlace.py --mix NAME --rows 600 --name NAME

They are in corpora/NAME/rows.jsonl. A row of each round is another, until the mix has no more.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import random
from typing import Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from research.self_improvement.voices import PREFIX, prefixed

COMMAND = "research/self_improvement/interlace.py"
FILE = "rows.jsonl"


class InterlaceConfig(Config):
    """Which rows."""

    name: Name = "ordinary"
    """Name of the rows: corpora/NAME."""
    mix: Name | None = None
    """The mix that they are of."""
    sources: list[str] | None = None
    """Sources of the mix that they are drawn from, by name; null for all. Rows of the tasks themselves would teach by
    imitation what is to be found out."""
    rows: int = Field(600, ge=1)
    """Rows."""
    number: int = Field(0, ge=0)
    """Which round: each goes on in the mix, in an order of its own, where the one before ended."""
    prefixed: float = Field(0.5, ge=0, le=1)
    """Share of the conversations whose first question begins with the prefix."""
    prefix: str = PREFIX
    """What stands before an open-ended task."""
    seed: int = Field(0, ge=0)
    """Of the order."""


class InterlaceOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(InterlaceConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=InterlaceOptions)
    if config.mix is None:
        raise UserError("--mix: is missing; it names the mix whose rows are drawn")
    return interlace(config, config.mix, options)


def interlace(config: InterlaceConfig, mix: str, options: InterlaceOptions) -> int:
    """Draw what `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import verify_manifest

    parents = {f"mix:{mix}": verify_manifest(artifact("mixes", mix))["content_hash"]}
    decides = {key: value for key, value in to_dict(config).items() if key != "name"}
    about = f"{config.rows:,} rows of {mix}, {config.prefixed:.0%} with the prefix"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"rows {config.name} are already complete: {corpus.folder / FILE}")
        else:
            rows = drawn(config, mix)
            count = {"rows": len(rows), "prefixed": sum(row["meta"]["prefixed"] for row in rows)}
            corpus.finish({FILE: rows}, about=about, counts=count)
            say(f"{count['rows']:,} rows, {count['prefixed']:,} with the prefix: {corpus.folder / FILE}")
        if options.publish:
            corpus.publish()
    return 0


def drawn(config: InterlaceConfig, mix: str) -> list[dict[str, Any]]:
    """The rows. Of a text nothing is asked, so it has no prefix."""
    from espalier.artifacts.paths import artifact
    from espalier.text.rows import read_rows

    every = list(read_rows(artifact("mixes", mix) / "train.parquet"))
    there = sorted({row.source for row in every})
    if config.sources is not None:
        every = [row for row in every if row.source in config.sources]
        if unknown := sorted(set(config.sources) - set(there)):
            raise UserError(f"--sources: mix {mix} has none called {unknown[0]}; there are {', '.join(there)}")
    random.Random(f"{config.seed}").shuffle(every)
    begin = config.number * config.rows
    rng = random.Random(f"{config.seed}/{config.number}")
    found = []
    for place in range(begin, begin + config.rows):
        row = every[place % len(every)]
        at = next((number for number, each in enumerate(row.messages) if each["role"] == "user"), None)
        marked = at is not None and rng.random() < config.prefixed
        messages = list(row.messages)
        if marked:
            assert at is not None
            messages[at : at + 1] = prefixed([messages[at]], config.prefix)
        said = {"text": messages[0]["content"]} if row.is_text else {"messages": messages}
        found.append({"id": f"{row.id}/{place // len(every)}", **said, "meta": {"prefixed": marked}})
    return found


if __name__ == "__main__":
    run_main(main)
