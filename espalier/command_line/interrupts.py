"""Ctrl+C and SIGTERM, taken as a request to stop at the next step."""

import os
import signal
from types import FrameType, TracebackType
from typing import Any, Self

from espalier.command_line import processes


class Interrupts:
    """Inside the `with` block the first signal is remembered in `received`; the second ends the process at once."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            os._exit(128 + number)
        self.received = signal.Signals(number)
        if not processes.is_main():
            return
        # Straight to the terminal: the signal may have come in the middle of a print, which must not be entered twice.
        os.write(2, f"\n{self.received.name}: writing a checkpoint, then stopping (once more stops at once)\n".encode())

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
