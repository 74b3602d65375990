"""The variants that there are, found by name, and the command line that names some of them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from espalier.errors import UserError

VARIANTS = Path(__file__).parent / "variants"


def family() -> list[Path]:
    """The files of those that are trained together; others lie in folders below."""
    return sorted(VARIANTS.glob("*.yaml"))


def variants() -> list[str]:
    """What all may be called by: their files, without the ending."""
    return sorted(path.relative_to(VARIANTS).with_suffix("").as_posix() for path in VARIANTS.rglob("*.yaml"))


def find_variant(word: str) -> Path:
    """The file of a variant, by its name or its path. UserError for neither, with the nearest name."""
    if word in variants():
        return VARIANTS / f"{word}.yaml"
    if Path(word).is_file():
        return Path(word)
    near = difflib.get_close_matches(word, variants(), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UserError(f"no variant {word!r}: neither a file nor one of {', '.join(variants())}{hint}")


def chosen(argv: Sequence[str]) -> tuple[list[Path], list[str]]:
    """The files of the variants that a command line names, by `--variant` or `--all`, and its other words.

    None where a file stands at its beginning, as for every other command. UserError where nothing names one.
    """
    named, words = take(argv, "--variant")
    everyone, words = take(words, "--all", values=False)
    files = [find_variant(name) for name in named or []]
    if everyone is not None:
        if files:
            raise UserError("--all names every variant of stage2/variants; give it, or --variant")
        return family(), words
    if named == []:
        raise UserError(f"--variant: wants a name after it: {', '.join(variants())}")
    typed = {word.partition("=")[0] for word in words}
    if files or typed & {"--help", "-h"} or (words and not words[0].startswith("--")):
        return files, words
    if "--resume" in typed:  # the run's own configuration takes the place of whichever stands here
        return family()[:1], words
    raise UserError(f"name variants: --variant NAME, or --all; there are {', '.join(variants())}")


def take(argv: Sequence[str], flag: str, *, values: bool = True) -> tuple[list[str] | None, list[str]]:
    """What stands behind a flag, each time that it was typed, and the other words; None where it was not."""
    found: list[str] | None = None
    others: list[str] = []
    words = list(argv)
    while words:
        word = words.pop(0)
        name, equals, inline = word.partition("=")
        if name != flag:
            others.append(word)
            continue
        found = found or []
        if equals:
            found.append(inline)
        while values and not equals and words and not words[0].startswith("--"):
            found.append(words.pop(0))
    return found, others
