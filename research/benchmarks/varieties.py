"""How often the lists of languages and varieties say something of texts in which there is nothing to say.

    python research/benchmarks/varieties.py --text es=spanish.txt sw=swahili.txt [--errors tokens.tsv] [--show 5]

A text is a file of sentences, one a line, written in one language by people who speak it. Printed are, of them, how
many are taken for another language, mix two, have a place that rules of accuracy look at, have one that they call
wrong, have a word that tells varieties apart, and say that something of a learner's is accepted, which nobody does
there. --errors is a file of tokens, each marked c or i behind a tab, with an empty line between sentences (as of
MultiGED): how many with errors, and without, accuracy calls wrong. --show prints so many of what is told.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections.abc import Iterator

from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main

_HEADERS = [
    "language", "sentences", "another language", "two languages", "looked at", "called wrong", "of a variety",
    "accepts",
]  # fmt: skip


class Varieties(Config):
    """What to measure on."""

    text: list[str] = []
    """LANG=FILE, several."""
    errors: FilePath | None = None
    """English tokens with their marks."""
    show: int = 0
    """So many sentences that are called wrong, mixed, or in another language."""


def main(argv: list[str]) -> None:
    settings, _ = load(Varieties, argv, prog="python research/benchmarks/varieties.py", doc=__doc__)
    if not settings.text and settings.errors is None:
        raise UserError("name at least one text: --text es=FILE, or --errors FILE")
    rows, shown = [], list[str]()
    for given in settings.text:
        language, lines = read_text(given)
        row, found = false_alarms(language, lines)
        rows.append(row)
        shown += [f"{language}: {each}" for each in found[: settings.show]]
    if rows:
        table(_HEADERS, rows)
    if settings.errors is not None:
        say_errors(list(read_errors(settings.errors)))
    for each in shown:
        say(each)


def read_text(given: str) -> tuple[str, list[str]]:
    """The language and the sentences of one LANG=FILE. UserError where it is none, or no list is of that language."""
    from evaluation.varieties.lists import languages

    language, equals, name = given.partition("=")
    if not equals or language not in languages():
        raise UserError(f"--text {given}: wants LANG=FILE, LANG one of {', '.join(languages())}")
    if not Path(name).is_file():
        raise UserError(f"--text {given}: there is no file {name}")
    lines = Path(name).read_text(encoding="utf-8").splitlines()
    return language, [line for line in lines if line.strip()]


def false_alarms(language: str, lines: list[str]) -> tuple[list[object], list[str]]:
    """A row of counts, and what was said of single sentences."""
    from evaluation.metrics.phrases import heard
    from evaluation.varieties.agreement import places
    from evaluation.varieties.marks import marks
    from evaluation.varieties.mixing import shares

    other = mixed = looked = wrong = told = accepts = 0
    shown = []
    for line in lines:
        found = shares(line)
        seen = places(line, language)
        amiss = [f"{place.words}: {place.right}" for place in seen if place.right]
        strange = bool(found) and next(iter(found)) != language
        other, mixed = other + strange, mixed + (len(found) > 1 and not strange)
        looked, wrong = looked + bool(seen), wrong + bool(amiss)
        told, accepts = told + bool(marks(line, language)), accepts + bool(heard("affirms", line))
        if amiss or strange or len(found) > 1:
            shown.append(f"{line} | {'; '.join(amiss) or {name: round(share, 2) for name, share in found.items()}}")
    return [language, len(lines), other, mixed, looked, wrong, told, accepts], shown


def read_errors(path: Path) -> Iterator[tuple[str, bool]]:
    """Each sentence, and whether a token of it is marked."""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if "\t" in line]
        if rows:
            yield " ".join(row[0] for row in rows), any(row[1].strip() == "i" for row in rows)


def say_errors(sentences: list[tuple[str, bool]]) -> None:
    """Prints how many of either kind are called wrong."""
    from evaluation.varieties.agreement import places

    counts = {marked: [0, 0] for marked in (True, False)}
    for sentence, marked in sentences:
        counts[marked][0] += 1
        counts[marked][1] += any(place.right for place in places(sentence, "en"))
    say()
    rows = [["with errors" if marked else "without", *found] for marked, found in counts.items()]
    table(["English sentences", "there are", "called wrong"], rows)


if __name__ == "__main__":
    run_main(main)
