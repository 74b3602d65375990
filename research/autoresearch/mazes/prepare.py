"""Draw the held-out mazes of the mazes task, once.

    python research/autoresearch/mazes/prepare.py [--sizes 21] [--name autoresearch-mazes]

corpora/NAME then holds secret/val.safetensors and secret/second.safetensors: 200 mazes of each size. Those of val
decide about experiments; those of second are met by none, and say at the end what was gained. They come of a seed from
the operating system that nobody is told, so that no training can draw them again; given/ is empty, since trainings draw
mazes of their own. The rules of research/autoresearch/mazes/controls.py are held to them, and what they have right is
shown: less than that shows nothing.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import os
from typing import Annotated, Any

from pydantic import Field, field_validator

from espalier.command_line.config import Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say, table
from espalier.errors import run_main

COMMAND = "research/autoresearch/mazes/prepare.py"
GIVEN, VAL, SECOND = "given", "secret/val.safetensors", "secret/second.safetensors"


class PrepareConfig(Config):
    """Which mazes."""

    name: Name = "autoresearch-mazes"
    """Name of what is made: corpora/NAME."""
    sizes: list[Annotated[int, Field(ge=9, le=99)]] = Field([21], min_length=1)
    """Pixels of a side, odd."""
    mazes: int = Field(200, ge=1)
    """Of each size, in each file; fewer for a smoke test alone."""
    seed: int | None = Field(None, ge=0)
    """Draws the same mazes again, which a training could then do too: for tests alone."""

    @field_validator("sizes")
    @classmethod
    def _odd(cls, sizes: list[int]) -> list[int]:
        if even := [size for size in sizes if size % 2 == 0]:
            raise ValueError(f"sizes of mazes are odd, unlike {even[0]}")
        return sorted(set(sizes))


def main(argv: list[str]) -> int:
    config, options = load(PrepareConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=NotedOptions)
    from espalier.artifacts.corpus import Corpus

    decides = {key: value for key, value in to_dict(config).items() if key != "name"}
    about = f"mazes of {' and '.join(map(str, config.sizes))} pixels for autoresearch, twice {config.mazes:,} of each"
    with Corpus.open(config.name, decides, parents={}, about=about, command=COMMAND) as corpus:
        if corpus.complete:
            say(f"corpus {config.name} is already complete: {corpus.folder}")
        else:
            counts = prepare(config, corpus.folder)
            corpus.finish({}, about=about, counts=counts, written=(VAL, SECOND))
            report(counts)
            say(f"complete: {corpus.folder}")
        if options.publish:
            corpus.publish()
    return 0


def prepare(config: PrepareConfig, folder: Path) -> dict[str, Any]:
    """Draw both files into `folder`; returns what the controls have right in the first."""
    from research.autoresearch.mazes.controls import controls
    from research.autoresearch.mazes.mazes import draw, write_mazes

    (folder / GIVEN).mkdir(exist_ok=True)
    (folder / VAL).parent.mkdir(exist_ok=True)
    seed = int.from_bytes(os.urandom(16), "big") if config.seed is None else config.seed
    drawn = [{size: draw(config.mazes, size, [seed, place, size]) for size in config.sizes} for place in range(2)]
    for file, mazes in zip((VAL, SECOND), drawn, strict=True):
        write_mazes(folder / file, mazes)
    others = min(250 * config.mazes, 50_000)
    found = {str(size): controls(mazes, learned_from=others) for size, mazes in drawn[0].items()}
    return {"mazes": config.mazes, "right_first_moves": found}


def report(counts: dict[str, Any]) -> None:
    """Say what a first-step accuracy is to be held against."""
    for size, found in counts["right_first_moves"].items():
        table([f"first moves in mazes of {size}, by", "right"], [[name, share] for name, share in found.items()])


if __name__ == "__main__":
    run_main(main)
