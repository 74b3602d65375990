"""The process outside that begins a keeper, hands it programs, and watches each until nothing of it is left."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

from espalier.errors import UserError
from espalier.sandbox import program
from espalier.sandbox.inside import keeper
from espalier.sandbox.inside.walls import Setup
from espalier.sandbox.limits import Limits
from espalier.sandbox.outcome import Ending, Outcome
from espalier.sandbox.place import ENVIRONMENT, PYTHON
from espalier.sandbox.watching import Lost, Watch
from espalier.sandbox.weight import hand_on

_HERE = Path(__file__).resolve().parent
_BEGIN = "import sys; sys.path[0] = sys.argv.pop(); from inside.keeper import main; main()"
_NOBODY = 65534
_GRACE_S = 5.0


class Refused(UserError):
    """This machine does not allow what the walls are made of."""


class Keeper:
    """A keeper behind its walls, on this side of them. Refused where the kernel does not allow it."""

    def __init__(self, readable: Sequence[Path] = (), hash_seed: int = 0) -> None:
        """`readable` are folders that programs can read besides what their language needs."""
        self.closed = False
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [PYTHON, "-S", "-s", "-B", "-c", _BEGIN, str(theirs.fileno()), str(_HERE)],
                env={**ENVIRONMENT, "PYTHONHASHSEED": str(hash_seed)},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                start_new_session=True,
            )
        hand_on(self._process.pid)
        self.control.send(json.dumps(_setup(readable)).encode())
        answer = self.control.recv(1024)
        if answer != keeper.READY:
            said = answer.decode() or self._last_words()
            self.close()
            raise Refused(said)

    def run(self, payload: bytes, limits: Limits, after: Callable[[int], None] = lambda folder: None) -> Outcome:
        """Run what the bytes of a request ask for. Where the keeper is lost with it, it is `closed` then.

        `after` is called with a descriptor of the working folder, when nothing that wrote to it is left.
        """
        watch = Watch(self.control, limits)
        try:
            outcome = watch.run(payload)
            if watch.folder is not None:
                after(watch.folder)
            return outcome
        except Lost:
            self.close()
            return watch.outcome(Ending.LOST)
        finally:
            watch.close()

    def close(self) -> None:
        """End the keeper and what it runs."""
        self.closed = True
        self.control.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _last_words(self) -> str:
        _, said = self._process.communicate()
        lines: list[str] = said.decode("utf-8", "replace").splitlines()
        return lines[-1] if lines else "the keeper ended without a word"


def _setup(readable: Sequence[Path]) -> Setup:
    prefix = Path(sys.base_prefix).resolve()
    roots = [Path("/", name) for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")]
    shown = [path for path in roots if path.is_dir() and not path.is_symlink()]
    shown += [prefix, *(path.resolve() for path in readable), *_of_languages()]
    links = [(path, path.readlink()) for path in roots if path.is_symlink()]
    links += [(path.absolute(), path.resolve()) for path in readable if not _within(path.absolute(), shown)]
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(prefix)})).resolve()
    return {
        "folders": [str(path) for path in shown],
        "links": [(str(where), str(to)) for where, to in links],
        "covered": [str(packages)] if packages.is_dir() and _within(packages, [prefix]) else [],
        "identity": _NOBODY if os.geteuid() == 0 else None,
    }


def _of_languages() -> list[Path]:
    """Where languages lie that are installed in places of their own."""
    commands = (shutil.which(language.command) for language in program.LANGUAGES.values() if language.command)
    found = [Path(command).resolve() for command in commands if command]
    return [path.parent.parent for path in found if not _within(path, [Path("/usr")])]


def _within(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
