"""The board is read strictly: each mistake that a hand can make in it is told with file and line, all at once."""

from pathlib import Path

import pytest

from espalier.artifacts.paths import repo_root
from espalier.cli import main
from espalier.errors import UserError
from espalier.memory import board

GOOD = """# Board

Anything may stand here: - even [this].

## Next

- [E-3] Preferences are trained on

## Doing (at most 2)

- [E-2] Branches that mail a@b understands @ada 2026-11-26
  The gates first.
  Then the exports.

## Blocked

- [E-4] Measured on a card @maintainers
  No card is to be had.

## Done

- [E-1] The frame 2026-11-21
"""


def test_cards_are_read_column_by_column() -> None:
    cards = board.parse(GOOD, "KANBAN.md")
    assert [(card.id, card.column, card.owner, card.since) for card in cards] == [
        ("E-3", "Next", "", ""),
        ("E-2", "Doing", "ada", "2026-11-26"),
        ("E-4", "Blocked", "maintainers", ""),
        ("E-1", "Done", "", "2026-11-21"),
    ]
    assert cards[1].title == "Branches that mail a@b understands"
    assert cards[1].notes == ("The gates first.", "Then the exports.")
    assert board.parse(GOOD.replace("\n", "\r\n"), "KANBAN.md") == cards, "whatever editor wrote it"


BROKEN = {
    "an unknown column": ("## Done", "## Finished", "20: no column is called 'Finished'; there are Next, Doing"),
    "a column that is missing": ("## Blocked\n", "", "ends without the column Blocked"),
    "a column twice": ("## Done", "## Next", "20: the column Next stands in line 5 already"),
    "columns out of order": ("## Next", "## Done", "9: Doing is out of order"),
    "an id twice": ("[E-4]", "[E-2]", "17: E-2 stands in line 11 too"),
    "no id": ("[E-1]", "[ ]", "22: ' ' is no id of a card"),
    "no brackets": ("- [E-1]", "- E-1", "22: no card; wants"),
    "another list": ("- [E-1]", "* [E-1]", "22: neither a card"),
    "no title": ("] The frame", "]", "22: E-1 has no title"),
    "nobody drives it": (" @ada", "", "11: E-2 is in Doing and nobody drives it"),
    "blocked by nothing": ("  No card is to be had.\n", "", "17: E-4 is blocked, and no note says by what"),
    "no day": ("2026-11-26", "2026-11-31", "11: 2026-11-31 is no day"),
    "loose text": ("## Done\n", "## Done\n\nAll of it.\n", "22: neither a card"),
    "a note without a card": ("## Done\n", "## Done\n\n  All of it.\n", "22: a note without a card above it"),
    "too much at once": ("at most 2", "at most 0", "9: Doing holds 1 cards, and at most 0 are to be there"),
    "a limit of no number": ("at most 2", "few", "9: no column is called 'Doing (few)'"),
}


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_broken_board_is_refused_with_file_and_line(mistake: str) -> None:
    before, after, problem = BROKEN[mistake]
    with pytest.raises(UserError) as told:
        board.parse(GOOD.replace(before, after, 1), "agents/KANBAN.md")
    assert all(line.startswith("agents/KANBAN.md:") for line in str(told.value).splitlines())
    assert problem in str(told.value)


def test_all_mistakes_are_told_at_once() -> None:
    text = GOOD.replace(" @ada", "").replace("[E-1]", "[x]").replace("at most 2", "at most 0")
    with pytest.raises(UserError) as told:
        board.parse(text, "KANBAN.md")
    assert [line.split(":")[1] for line in str(told.value).splitlines()] == ["9", "11", "22"]


def test_the_command_shows_what_is_done_now_first(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "agents").mkdir()
    (workspace / "agents" / "KANBAN.md").write_text(GOOD)
    main(["board"])
    shown = capsys.readouterr().out
    assert shown.startswith(
        "Doing (1)\n  E-2  Branches that mail a@b understands  @ada  2026-11-26\n      The gates first."
    )
    assert shown.index("Blocked (1)") < shown.index("Next (1)") < shown.index("Done (1)")
    (workspace / "agents" / "KANBAN.md").write_bytes(b"\xff")
    with pytest.raises(UserError, match=r"KANBAN\.md: not UTF-8"):
        main(["board"])


def test_the_checkouts_own_board_holds() -> None:
    file = repo_root() / "agents" / "KANBAN.md"
    assert board.path() == file, "where the workspace has none"
    assert board.parse(file.read_text(encoding="utf-8"), "KANBAN.md")
