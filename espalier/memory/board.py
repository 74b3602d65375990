"""agents/KANBAN.md: the one board of a workspace, kept by hand, and read here so strictly that it stays readable.

    ## Doing (at most 3)

    - [E-012] Preferences are trained on @ada 2026-11-26
      DPO first; the objective takes pairs from mixes/NAME/preferences/.

Above the first column stands what anybody likes. Below it there are columns, cards, and indented notes to a card.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from espalier.artifacts.paths import agents_dir, repo_root
from espalier.command_line import console
from espalier.errors import UserError

COLUMNS = ("Next", "Doing", "Blocked", "Done")
"""In this order."""
_COLUMN = re.compile(r"## (?P<name>[^(]*?)(?: \(at most (?P<limit>\d+)\))?")
_CARD = re.compile(
    r"- \[(?P<id>[^\]]*)\](?P<title>.*?)(?: @(?P<owner>[A-Za-z0-9][A-Za-z0-9_.-]*))?(?: (?P<since>\d{4}-\d{2}-\d{2}))?"
)
_ID = re.compile(r"[A-Z]+-\d+")


@dataclass(frozen=True, kw_only=True)
class Card:
    """One thing to be done."""

    id: str
    """By which it is spoken of."""
    title: str
    """What is true when it is done."""
    column: str
    """Where it stands."""
    owner: str
    """Who drives it: a person or an agent; empty where nobody does."""
    since: str
    """The day since when it stands there; empty where nobody wrote it down."""
    notes: tuple[str, ...]
    """Further lines."""


def path() -> Path:
    """The board of this workspace; of the checkout where the workspace lies elsewhere and has none."""
    own = agents_dir() / "KANBAN.md"
    return own if own.exists() else repo_root() / "agents" / "KANBAN.md"


def read() -> list[Card]:
    """The cards on the board. UserError with all that is wrong, by file and line."""
    try:
        text = path().read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path()}: no such file; a board has the columns {', '.join(COLUMNS)}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path()}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    return parse(text, str(path()))


def parse(text: str, file: str) -> list[Card]:
    """The cards of a board, column by column. UserError with all that is wrong in `file`, by line."""
    parser = _Parser()
    for number, line in enumerate(text.split("\n"), start=1):
        parser.take(number, line.removesuffix("\r"))
    problems = [f"{file}:{number}: {problem}" for number, problem in sorted(parser.end())]
    if problems:
        raise UserError("\n".join(problems))
    return [card for _, card in parser.cards]


class _Parser:
    """What stands in a board, line by line."""

    def __init__(self) -> None:
        self.cards: list[tuple[int, Card]] = []
        self._problems: list[tuple[int, str]] = []
        self._columns: dict[str, tuple[int, int | None]] = {}
        self._column = ""
        self._last = 0

    def take(self, number: int, line: str) -> None:
        self._last = number
        if line.startswith("## "):
            self._take_column(number, line)
        elif line.startswith("- ") and self._columns:
            self._take_card(number, line)
        elif line.startswith("  ") and line.strip() and self._columns:
            self._take_note(number, line.strip())
        elif line.strip() and self._columns:
            self._complain(number, "neither a card (`- [E-1] Title @owner DATE`), nor a note to one, two spaces in")

    def _take_column(self, number: int, line: str) -> None:
        match = _COLUMN.fullmatch(line.rstrip())
        name = match["name"] if match else line[3:].strip()
        if match is None or name not in COLUMNS:
            self._complain(number, f"no column is called {name!r}; there are {', '.join(COLUMNS)}, in this order")
        elif name in self._columns:
            self._complain(number, f"the column {name} stands in line {self._columns[name][0]} already")
        elif any(COLUMNS.index(other) > COLUMNS.index(name) for other in self._columns if other in COLUMNS):
            self._complain(number, f"{name} is out of order: columns are {', '.join(COLUMNS)}")
        self._column = name
        limit = int(match["limit"]) if match and match["limit"] else None
        self._columns.setdefault(name, (number, limit))

    def _take_card(self, number: int, line: str) -> None:
        match = _CARD.fullmatch(line.rstrip())
        if match is None:
            self._complain(number, "no card; wants `- [E-1] Title @owner DATE`, owner and date where there are any")
            return
        card = Card(
            id=match["id"],
            title=match["title"].strip(),
            column=self._column,
            owner=match["owner"] or "",
            since=match["since"] or "",
            notes=(),
        )
        before = next((line for line, other in self.cards if other.id == card.id), None)
        if not _ID.fullmatch(card.id):
            self._complain(number, f"{card.id!r} is no id of a card; wants letters and a number, such as E-12")
        elif before is not None:
            self._complain(number, f"{card.id} stands in line {before} too; an id is given once")
        if not card.title:
            self._complain(number, f"{card.id} has no title")
        if self._column in ("Doing", "Blocked") and not card.owner:
            self._complain(number, f"{card.id} is in {self._column} and nobody drives it: add @owner")
        if card.since and not _is_day(card.since):
            self._complain(number, f"{card.since} is no day")
        self.cards.append((number, card))

    def _take_note(self, number: int, note: str) -> None:
        if not self.cards or self.cards[-1][1].column != self._column:
            self._complain(number, "a note without a card above it")
            return
        line, card = self.cards[-1]
        self.cards[-1] = (line, replace(card, notes=(*card.notes, note)))

    def end(self) -> list[tuple[int, str]]:
        """All that is wrong, by line."""
        missing = [name for name in COLUMNS if name not in self._columns]
        if missing:
            self._complain(self._last, f"the board ends without the column {' and '.join(missing)}")
        for line, card in self.cards:
            if card.column == "Blocked" and not card.notes:
                self._complain(line, f"{card.id} is blocked, and no note says by what")
        for name, (line, limit) in self._columns.items():
            number = sum(card.column == name for _, card in self.cards)
            if limit is not None and number > limit:
                self._complain(line, f"{name} holds {number} cards, and at most {limit} are to be there")
        return self._problems

    def _complain(self, number: int, problem: str) -> None:
        self._problems.append((number, problem))


def show() -> None:
    """Print the board."""
    for line in lines(read()):
        console.say(line)


def lines(cards: list[Card]) -> Iterator[str]:
    """The board as plain lines: what is being done first, what is done last and without notes."""
    for column in ("Doing", "Blocked", "Next", "Done"):
        found = [card for card in cards if card.column == column]
        yield f"{column} ({len(found)})"
        for card in found:
            yield f"  {told(card)}"
            if column != "Done":
                yield from (f"      {console.printable(note)}" for note in card.notes)
        yield ""


def told(card: Card) -> str:
    """A card in one line."""
    owner = f"  @{card.owner}" if card.owner else ""
    since = f"  {card.since}" if card.since else ""
    return console.printable(f"{card.id}  {card.title}{owner}{since}")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
