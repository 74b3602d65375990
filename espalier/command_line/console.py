"""What a command says: a live bar on a terminal, plain lines everywhere else (a pipe, a log file, CI)."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

_PLAIN_LINES = 20


def is_terminal() -> bool:
    """Whether a person watches: stdout is a terminal, and no CI's."""
    return sys.stdout.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


def say(text: str = "") -> None:
    """One line, at once."""
    print(text, flush=True)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns; numbers to the right."""
    cells = [[format_value(value) for value in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(headers), *cells]) for column in range(len(headers))]
    numeric = [rows and all(isinstance(row[column], int | float) for row in rows) for column in range(len(headers))]
    for line in [list(headers), ["-" * width for width in widths], *cells]:
        columns = zip(line, widths, numeric, strict=True)
        say("  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right in columns).rstrip())


def format_value(value: object) -> str:
    """A value as a person reads it: four significant digits, nothing for None."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"
    return "" if value is None else printable(str(value))


def printable(text: str, *, most: int | None = None) -> str:
    """`text` as one line that does nothing to a terminal, whoever wrote it; what is longer than `most` is cut off."""
    if most is not None and len(text) > most:
        text = f"{text[: most - 1]}…"
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def format_facts(facts: Mapping[str, Any]) -> str:
    """`loss 2.310  tokens/s 23104`: four significant digits, as a person reads them."""
    return "  ".join(f"{name} {format_value(value)}" for name, value in facts.items())


class Progress(Protocol):
    """A progress display; a context manager."""

    def update(self, step: int, facts: Mapping[str, Any]) -> None:
        """Show that `step` steps are done, and the facts of the last one."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def progress(total: int, label: str, *, done: int = 0) -> Progress:
    """A display of `total` steps, of which `done` were done before, for the terminal or for a log."""
    return _BarProgress(total, label, done) if is_terminal() else _LineProgress(total, label, done)


class _LineProgress:
    """About twenty lines over the whole, at fixed steps, so that two logs of one run can be compared."""

    def __init__(self, total: int, label: str, done: int) -> None:
        self._total, self._label, self._done = total, label, done
        self._every = max(1, total // _PLAIN_LINES)
        self._lines = done // self._every
        self._began = time.monotonic()

    def update(self, step: int, facts: Mapping[str, Any]) -> None:
        if step // self._every > self._lines or step >= self._total:
            self._lines = step // self._every
            elapsed = time.monotonic() - self._began
            left = elapsed / max(1, step - self._done) * max(0, self._total - step)
            say(f"{self._label} {step}/{self._total}  {format_facts(facts)}  {duration(left)} left")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class _BarProgress:
    def __init__(self, total: int, label: str, done: int) -> None:
        from rich import progress as rich

        self._bar = rich.Progress(
            rich.TextColumn("{task.description}"),
            rich.BarColumn(),
            rich.MofNCompleteColumn(),
            rich.TextColumn("{task.fields[facts]}"),
            rich.TimeRemainingColumn(),
        )
        self._task = self._bar.add_task(label, total=total, completed=done, facts="")

    def update(self, step: int, facts: Mapping[str, Any]) -> None:
        self._bar.update(self._task, completed=step, facts=format_facts(facts))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def duration(seconds: float) -> str:
    """`4:31`, or `3 h 05 min`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
