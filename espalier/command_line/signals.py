"""`espalier signals NAME`: what the monitors of a run found, figure by figure, and what was done."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from espalier.artifacts import registry
from espalier.artifacts.kinds import of_word
from espalier.artifacts.paths import artifact, check_name
from espalier.command_line.console import format_value, printable, say
from espalier.errors import UserError
from espalier.signals import exporting
from espalier.signals.records import Event, KeptSignal, Severity
from espalier.signals.sparkline import bars_here, sparkline
from espalier.signals.store import FILE, SignalStore
from espalier.signals.tables import COLUMNS

_MOST_FINDINGS, _LONGEST, _WIDE = 20, 160, 220
_POLL_S = 1.0
_STYLES = {"note": "", "warn": "yellow", "high": "bold red"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which signals one asks for."""

    monitor: str | None = None
    """Of one monitor."""
    name: str | None = None
    """Of one figure of it, or of them."""
    severity: Severity | None = None
    """Of at least this severity."""
    since: int | None = None
    """From this step on."""
    until: int | None = None
    """Up to this one."""

    @property
    def equal(self) -> dict[str, Any]:
        """Columns with the values that they are to have."""
        return {"monitor": self.monitor, "name": self.name}

    @property
    def severities(self) -> list[str] | None:
        """Those that count; None for all signals, also those without any."""
        return None if self.severity is None else [each.word for each in Severity if each >= self.severity]


def severity(word: str) -> Severity:
    """A severity by its word."""
    try:
        return Severity[word.upper()]
    except KeyError:
        raise UserError(f"no severity is called {word!r}; there are {', '.join(s.word for s in Severity)}") from None


def show(name: str, wanted: Wanted, *, follow: bool) -> None:
    """Figures with their course, findings, and what was done; `follow` goes on with what comes."""
    with _store(name) as store:
        found = _signals(store, wanted)
        if not found:
            say(_nothing(store, wanted))
        _figures(found)
        _findings([each for each in found if each.signal.severity is not None])
        _done([event for event in store.events(since_step=wanted.since, until_step=wanted.until) if _is_deed(event)])
        if follow:
            _follow(name, store, wanted)


def dump(name: str, wanted: Wanted, table: str) -> None:
    """Rows of a table, one JSON object a line."""
    as_json = ("value",) if table == "pictures" else ("evidence",)
    with _store(name) as store:
        for row in _rows(store, wanted, table):
            say(json.dumps({key: json.loads(value) if key in as_json else value for key, value in row.items()}))


def export(name: str, wanted: Wanted, table: str, file: Path) -> None:
    """Rows of a table as CSV or Parquet."""
    exporting.check(file)
    with _store(name) as store:
        rows = _rows(store, wanted, table)
        exporting.write(file, table, rows)
    say(f"{file}: {len(rows):,} {'rows' if table in ('turns', 'pictures') else table}")


def check_table(table: str) -> str:
    """The name of a table itself; UserError where there is no such one."""
    if table not in COLUMNS:
        raise UserError(f"--of {printable(table)}: there are {', '.join(COLUMNS)}")
    return table


def _store(name: str) -> SignalStore:
    kind = of_word("run")
    assert kind is not None
    found = registry.read(kind, check_name(name))
    if not found.folder.is_dir():
        raise UserError(f"no run is called {name}; espalier runs lists them")
    if not (found.folder / FILE).exists():
        raise UserError(
            f"run {name} has kept no signals: it was not watched (monitors.on, checkin.prompts, self_play.openings), "
            "or has not come to its first look yet"
        )
    return SignalStore.read(artifact("runs", name))


def _signals(store: SignalStore, wanted: Wanted) -> list[KeptSignal]:
    wanted = _as_kept(store, wanted)
    found = store.signals(wanted.monitor, wanted.name, since_step=wanted.since, until_step=wanted.until)
    least = wanted.severity
    return [each for each in found if least is None or (each.signal.severity or 0) >= least]


def _as_kept(store: SignalStore, wanted: Wanted) -> Wanted:
    """A figure may be named as it is shown, with its monitor before it."""
    if wanted.name in store.names() and wanted.monitor is None and wanted.name:
        monitor, _, name = wanted.name.partition(".")
        return replace(wanted, monitor=monitor, name=name)
    return wanted


def _rows(store: SignalStore, wanted: Wanted, table: str) -> list[dict[str, Any]]:
    wanted = _as_kept(store, wanted)
    equal = wanted.equal if table == "signals" else {}
    rows = store.rows(table, equal, since_step=wanted.since, until_step=wanted.until)
    counts = wanted.severities if table == "signals" else None
    return [row for row in rows if counts is None or row["severity"] in counts]


def _nothing(store: SignalStore, wanted: Wanted) -> str:
    there = store.names()
    if wanted == Wanted() or not there:
        return "no monitor has found anything yet"
    if wanted == Wanted(severity=wanted.severity):
        return f"no finding is as grave as {wanted.severity.word if wanted.severity else 'that'}"
    return f"nothing of that kind; figures are {', '.join(map(printable, there))}"


def _figures(found: Sequence[KeptSignal]) -> None:
    """A line for each figure: where it stands, between what, and its course."""
    series: dict[str, list[KeptSignal]] = {}
    for each in found:
        if each.signal.value is not None:
            series.setdefault(each.name, []).append(each)
    bars = bars_here()
    rows = []
    for name, kept in sorted(series.items()):
        course = [(each.step, each.signal.value) for each in kept if each.signal.value is not None]
        values = [value for _, value in course]
        gravest = max((each.signal.severity for each in kept if each.signal.severity is not None), default=None)
        figures = [format_value(value) for value in (values[-1], min(values), max(values))]
        word = gravest.word if gravest is not None else ""
        rows.append([name, str(len(kept)), f"{kept[-1].step:,}", *figures, word, sparkline(course, bars=bars)])
    if rows:
        _table(["figure", "times", "step", "last", "least", "most", "gravest", "course"], rows, styled=6)


def _findings(found: Sequence[KeptSignal]) -> None:
    if not found:
        return
    say(f"\nFindings{_of(found)}\n")
    for each in found[-_MOST_FINDINGS:]:
        say(_finding(each))


def _finding(each: KeptSignal) -> str:
    assert each.signal.severity is not None
    said = printable(f"{each.name}: {each.signal.said}", most=_LONGEST)
    return f"  step {each.step:,}  {each.signal.severity.word}  {said}"


def _done(events: Sequence[Event]) -> None:
    if not events:
        return
    say(f"\nWhat was done{_of(events)}\n")
    for event in events[-_MOST_FINDINGS:]:
        say(_event(event))


def _is_deed(event: Event) -> bool:
    """Whether it is told what was done: an alarm stands among the findings, and that the journal was written to is no
    news."""
    return event.what not in ("alarm", "journal")


def _event(event: Event) -> str:
    said = printable(f"{event.what}: {event.said}", most=_LONGEST)
    return f"  step {event.step:,}  {printable(event.who)}  {said}"


def _of(rows: Sequence[object]) -> str:
    return f" (the last {_MOST_FINDINGS} of {len(rows):,})" if len(rows) > _MOST_FINDINGS else ""


def _follow(name: str, store: SignalStore, wanted: Wanted) -> None:
    """What is found and done from now on, until the run ends."""
    signal, event = (max((row["id"] for row in store.rows(table)), default=0) for table in ("signals", "events"))
    kind = of_word("run")
    assert kind is not None
    going = True
    while going:
        going = registry.read(kind, name).state in ("running", "paused")
        for each in store.signals(wanted.monitor, wanted.name, after_id=signal):
            signal = each.id
            if each.signal.severity is not None and each.signal.severity >= (wanted.severity or Severity.NOTE):
                say(_finding(each))
        for done in store.events(after_id=event):
            event = done.id
            if _is_deed(done):
                say(_event(done))
        if going:
            time.sleep(_POLL_S)


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, styled: int) -> None:
    """Aligned columns as wide as the terminal has room for; a severity in its colour."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, header in enumerate(headers):
        table.add_column(header, justify="right" if 0 < number < styled else "left", no_wrap=True)
    for row in rows:
        style = _STYLES.get(row[styled], "")
        table.add_row(*(Text(printable(cell), style=style if at == styled else "") for at, cell in enumerate(row)))
    Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False, markup=False).print(table)
