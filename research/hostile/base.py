"""What a hostile program is, and what it is up against: things outside that it must not reach."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from espalier.sandbox import Ending, Outcome, Program

ESCAPED = "ESCAPED"
"""What a program prints that did what it must not be able to."""
HELD = (Ending.OK, Ending.FAILED)
"""How a program may end to which nothing happens but that it does not find what it looks for."""


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """A program that tries something, and how it is to end."""

    family: str
    name: str
    source: str
    """`$FOLDER`, `$SECRET`, `$PORT`, `$UNIX`, `$ABSTRACT` and `$PID` stand for what is outside."""
    ends: Collection[Ending]
    """One of these."""
    tried: str | None = None
    """Where it ends by what it tried: the name of that."""
    language: str = "python"
    stdin: bytes = b""

    def program(self, outside: Outside) -> Program:
        """The program, aimed at what is outside."""
        return Program(source=outside.aim(self.source), language=self.language, stdin=self.stdin)

    def fault(self, outcome: Outcome, outside: Outside) -> str | None:
        """What is wrong with how it ended; None where it was held and named."""
        if ESCAPED.encode() in outcome.stdout + outcome.stderr or outside.secret.encode() in outcome.stdout:
            return f"escaped: {outcome.text[:200]!r}"
        if outcome.ended not in self.ends:
            return f"ended {outcome}, not one of {', '.join(sorted(self.ends))}: {outcome.stderr[-300:]!r}"
        if self.tried is not None and outcome.tried != self.tried:
            return f"named {outcome.tried!r}, not {self.tried!r}"
        return outside.touched()


class Outside:
    """A folder with a secret, an environment with another, and two who listen."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="outside-")
        self.folder = Path(self._folder.name)
        self.secret = f"secret-{os.urandom(8).hex()}"
        (self.folder / "secret.txt").write_text(self.secret)
        os.environ["SECRET_OF_THE_PARENT"] = self.secret
        self._heard: list[str] = []
        self._listeners = [self._listen(socket.AF_INET, ("127.0.0.1", 0))]
        self._listeners.append(self._listen(socket.AF_UNIX, str(self.folder / "socket")))
        self._abstract = f"espalier-{os.urandom(8).hex()}"
        self._listeners.append(self._listen(socket.AF_UNIX, f"\0{self._abstract}"))
        self._expected = self._seen()

    def aim(self, source: str) -> str:
        """The source with what is outside in place of its marks."""
        marks = {
            "$FOLDER": str(self.folder),
            "$SECRET": str(self.folder / "secret.txt"),
            "$PORT": str(self._listeners[0].getsockname()[1]),
            "$UNIX": str(self.folder / "socket"),
            "$ABSTRACT": f"\\0{self._abstract}",
            "$PID": str(os.getpid()),
        }
        for mark, value in marks.items():
            source = source.replace(mark, value)
        return source

    def touched(self) -> str | None:
        """What was done to it; None where nothing was."""
        if self._heard:
            return f"escaped: spoke to {self._heard}"
        return None if self._seen() == self._expected else "escaped: changed what is outside"

    def __enter__(self) -> Outside:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for listener in self._listeners:
            listener.close()
        del os.environ["SECRET_OF_THE_PARENT"]
        self._folder.cleanup()

    def _listen(self, family: int, address: str | tuple[str, int]) -> socket.socket:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.bind(address)
        listener.listen()

        def hear() -> None:
            try:
                while True:
                    listener.accept()[0].close()
                    self._heard.append(str(address))
            except OSError:
                pass

        threading.Thread(target=hear, daemon=True).start()
        return listener

    def _seen(self) -> tuple[object, ...]:
        files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self.folder.iterdir())
        leftovers = sorted(path.name for path in Path("/dev/shm").glob("escaped*"))
        return files, leftovers, sorted(path.name for path in Path("/tmp").glob("escaped*")), socket.gethostname()


def attempt(*lines: str, before: str = "import os, sys, ctypes, signal, socket") -> str:
    """A program that says that it escaped where nothing stops these lines."""
    tried = "\n".join(f"    {line}" for line in lines)
    told = f"    print('{ESCAPED}')\nexcept BaseException as error:\n    print('held', repr(error)[:80])\n"
    return f"{before}\ntry:\n{tried}\n{told}"
