"""Make the text of the language task from a mix, once.

    python research/autoresearch/language/prepare.py [--mix basil] [--name autoresearch-language]

corpora/NAME then holds given/train.txt, which is all that a training sees, and secret/val.txt and secret/second.txt:
the end of the text, 262,144 bytes each. val.txt decides about experiments; second.txt is met by none, and says at the
end what was gained. How rows read as text is said in research/autoresearch/language/text.py.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from typing import Any

from pydantic import Field

from espalier.command_line.config import Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say, table
from espalier.errors import run_main

COMMAND = "research/autoresearch/language/prepare.py"
TRAIN, VAL, SECOND = "given/train.txt", "secret/val.txt", "secret/second.txt"


class PrepareConfig(Config):
    """Which text."""

    name: Name = "autoresearch-language"
    """Name of what is made: corpora/NAME."""
    mix: Name = "basil"
    """The mix whose training rows are read."""
    val_bytes: int = Field(2**18, ge=1)
    """Bytes of each validation text; fewer for a smoke test alone."""
    seed: int = Field(0, ge=0)
    """Decides with the rows' texts in what order they stand."""


def main(argv: list[str]) -> int:
    config, options = load(PrepareConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=NotedOptions)
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.records import verify_manifest
    from evaluation.cases.heldout import open_mix

    mix = open_mix(config.mix)
    verify_manifest(mix.folder, under="train.parquet")
    decides = {key: value for key, value in to_dict(config).items() if key != "name"}
    about = f"text of mix {config.mix} for autoresearch"
    parents = {f"mix:{mix.name}": mix.content_hash}
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND) as corpus:
        if corpus.complete:
            say(f"corpus {config.name} is already complete: {corpus.folder}")
        else:
            counts = prepare(config, mix.folder, mix.manifest, corpus.folder)
            about = f"{about}: {counts['train_bytes']:,} bytes to train on, twice {config.val_bytes:,} to validate"
            corpus.finish({}, about=about, counts=counts, written=(TRAIN, VAL, SECOND))
            report(counts)
            say(f"complete: {corpus.folder}")
        if options.publish:
            corpus.publish()
    return 0


def prepare(config: PrepareConfig, mix: Path, manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the three texts into `folder`; returns what became of the rows, and what the controls reach."""
    from espalier.text.rows import read_rows
    from research.autoresearch.language.controls import controls
    from research.autoresearch.language.text import write_texts

    for name in (TRAIN, VAL):
        (folder / name).parent.mkdir(exist_ok=True)
    say(f"corpus {config.name}: the training rows of mix {config.mix}, seed {config.seed}")
    held = (folder / VAL, folder / SECOND)
    rows = read_rows(mix / "train.parquet")
    cut = write_texts(rows, folder / TRAIN, held, held_bytes=config.val_bytes, seed=config.seed)
    held_out = {name: found["rows"] for name, found in manifest["splits"].items() if name != "train"}
    preferences = {name: found["rows"] for name, found in (manifest["preferences"] or {}).items()}
    return {
        **cut.counts,
        "not_read": {"held out": held_out, "preferences": preferences},
        "bits_per_byte": controls(folder / TRAIN, held[0].read_bytes()) | ({"floor": cut.floor} if cut.floor else {}),
    }


def report(counts: dict[str, Any]) -> None:
    """Say what became of the rows, and what a val_bpb is to be held against."""
    say(
        f"{counts['read']:,} rows read ({counts['text']:,} texts, {counts['chat']:,} chats): {counts['train_rows']:,} "
        f"to train on, {counts['val_rows']:,} and {counts['second_rows']:,} to validate, {counts['copies']:,} copies "
        f"of others left out; {counts['cut_bytes']:,} bytes of the rows at the cuts are in no file"
    )
    if counts["weighted"]:
        say(f"{counts['weighted']:,} rows have weights, which multiply nothing here")
    for kind, splits in counts["not_read"].items():
        if splits:
            say(f"not read, {kind}: {', '.join(f'{rows:,} rows of {name}' for name, rows in splits.items())}")
    names = {
        "unigram": "frequency of bytes",
        "gzip": "gzip",
        "xz": "xz",
        "xz_after_train": "xz, behind 4 MiB of train.txt",
        "floor": "the grammar that wrote the rows",
    }
    table(["val.txt, by", "bits per byte"], [[names[name], value] for name, value in counts["bits_per_byte"].items()])


if __name__ == "__main__":
    run_main(main)
