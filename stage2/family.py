"""The variants that there are, found by name."""

from __future__ import annotations

import difflib
from pathlib import Path

from espalier.errors import UserError

VARIANTS = Path(__file__).parent / "variants"


def variants() -> list[str]:
    """Their names, those of the files."""
    return sorted(path.stem for path in VARIANTS.glob("*.yaml"))


def find_variant(word: str) -> Path:
    """The file of a variant, by its name or its path. UserError for neither, with the nearest name."""
    file = VARIANTS / f"{word}.yaml"
    if word in variants():
        return file
    if Path(word).is_file():
        return Path(word)
    near = difflib.get_close_matches(word, variants(), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UserError(f"no variant {word!r}: neither a file nor one of {', '.join(variants())}{hint}")


def named_variant(argv: list[str]) -> list[str]:
    """The command line with the file of `--variant NAME` at its beginning, where configurations stand.

    UserError where no variant is named, or more than one file.
    """
    words = list(argv)
    found = []
    while any(word.partition("=")[0] == "--variant" for word in words):
        place = next(place for place, word in enumerate(words) if word.partition("=")[0] == "--variant")
        _, equals, name = words.pop(place).partition("=")
        if not equals:
            if place >= len(words) or words[place].startswith("--"):
                raise UserError(f"--variant: wants a name after it: {', '.join(variants())}")
            name = words.pop(place)
        found.append(str(find_variant(name)))
    if len(found) > 1:
        raise UserError("--variant: name one at a time")
    typed = {word.partition("=")[0] for word in words}
    if found or typed & {"--help", "-h"} or (words and not words[0].startswith("--")):
        return found + words
    if "--resume" in typed:  # the run's own configuration takes the place of whichever stands here
        return [str(VARIANTS / f"{variants()[0]}.yaml"), *words]
    raise UserError(f"name a variant: --variant NAME; there are {', '.join(variants())}")
