"""What changed since a day: what was made, by manifests; what was written, by git; what moved, by the board."""

import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from espalier.artifacts import registry
from espalier.artifacts.paths import repo_root, workspace
from espalier.artifacts.registry import Artifact
from espalier.command_line import console
from espalier.errors import UserError
from espalier.memory import board
from espalier.memory.board import Card

_MOST_COMMITS = 40
_LONGEST = 160


def show(since: str | None) -> None:
    """Print what changed since the day `since` (2026-11-26), by default yesterday. UserError where it is no day."""
    try:
        day = date.fromisoformat(since) if since else datetime.now(UTC).date() - timedelta(days=1)
    except ValueError:
        raise UserError(f"--since {since}: no day; wants one as 2026-11-26") from None
    console.say(f"Since {day.isoformat()}")
    there = registry.survey()
    for title, lines in (
        ("Made", list(_made(there, day))),
        ("Begun, not complete", list(_begun(there, day))),
        ("Written", list(_written(day))),
        ("Board", list(_moved(day))),
    ):
        console.say(f"\n{title}")
        for line in lines or ["nothing"]:
            console.say(f"  {console.printable(line, most=_LONGEST)}")


def _made(there: Iterable[Artifact], since: date) -> Iterator[str]:
    found = [each for each in there if each.state == "complete" and _day(each) >= since.isoformat()]
    for each in sorted(found, key=_moment):
        yield f"{_day(each)}  {each.spec}  {each.about}"


def _begun(there: Iterable[Artifact], since: date) -> Iterator[str]:
    states = ("running", "paused", "interrupted", "failed")
    for each in there:
        if each.state in states and not each.is_leftover and _day(each) >= since.isoformat():
            yield f"{_day(each)}  {each.spec}  [{each.state}]  {each.about}"


def _moment(each: Artifact) -> str:
    finished = each.manifest.get("finished")
    return finished if isinstance(finished, str) else each.created


def _day(each: Artifact) -> str:
    return _moment(each)[:10]


def _written(since: date) -> Iterator[str]:
    place = _repository()
    if place is None:
        yield "no git repository here: commits are not told"
        return
    log = _git(place, "log", f"--since={since.isoformat()}T00:00:00", "--format=%cs  %s  (%an)") or ""
    commits = log.splitlines()
    yield from commits[:_MOST_COMMITS]
    if len(commits) > _MOST_COMMITS:
        yield f"and {len(commits) - _MOST_COMMITS} commits before"
    changed = (_git(place, "status", "--porcelain") or "").splitlines()
    if changed:
        yield f"not committed: {len(changed)} files, such as {changed[0][3:]}"


def _moved(since: date) -> Iterator[str]:
    try:
        now = board.read()
    except UserError as error:
        yield str(error).splitlines()[0]
        return
    before = _board_of(since)
    if before is None:
        yield "nothing is known of the board then; espalier board shows it as it is"
        return
    stood = {card.id: card for card in before}
    for card in now:
        was = stood.pop(card.id, None)
        if was is None:
            yield f"new in {card.column}: {board.told(card)}"
        elif was.column != card.column:
            yield f"{was.column} → {card.column}: {board.told(card)}"
        elif was.owner != card.owner:
            yield f"from @{was.owner or 'nobody'} to @{card.owner or 'nobody'}: {board.told(card)}"
    yield from (f"taken off: {board.told(card)}" for card in stood.values())


def _board_of(day: date) -> list[Card] | None:
    """The board as it was committed last before `day`; None where there was none, or none that can be read."""
    place = _repository()
    if place is None or not board.path().is_relative_to(place):
        return None
    file = board.path().relative_to(place).as_posix()
    commit = _git(place, "rev-list", "-1", f"--before={day.isoformat()}T00:00:00", "HEAD", "--", file)
    text = _git(place, "show", f"{commit.strip()}:{file}") if commit and commit.strip() else None
    try:
        return None if text is None else board.parse(text, file)
    except UserError:
        return None


def _repository() -> Path | None:
    """The git repository that the workspace is, or else that the checkout is."""
    for place in (workspace(), repo_root()):
        top = _git(place, "rev-parse", "--show-toplevel")
        if top is not None and Path(top.strip()).resolve() == place.resolve():
            return place
    return None


def _git(place: Path, *words: str) -> str | None:
    """What git says; None where it is not installed, or says no."""
    try:
        done = subprocess.run(["git", "-C", str(place), *words], capture_output=True, text=True, errors="replace")
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
