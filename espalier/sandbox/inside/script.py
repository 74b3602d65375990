"""Run a Python program in a process that was forked for it, as `python program.py` would."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import types
from typing import NoReturn


def run(source: bytes, path: str, folder: str) -> NoReturn:
    """Be that program, and leave with its exit code. `folder` is first among those that it imports from."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __spec__=None, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    sys.argv, sys.path[:0] = [path], [folder]
    code = 0
    try:
        exec(compile(source, path, "exec"), main.__dict__)  # noqa: S102
    except SystemExit as stop:
        code = _exit_code(stop)
    except BaseException as error:
        _tell(error)
        code = 1
    _leave(code)


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return int(stop.code or 0) & 0xFF
    print(stop.code, file=sys.stderr)
    return 1


def _tell(error: BaseException) -> None:
    """The traceback, without the frame of this file."""
    behind = error.__traceback__ and error.__traceback__.tb_next
    sys.excepthook(type(error), error.with_traceback(behind), behind)


def _leave(code: int) -> NoReturn:
    """What Python does at its end, but for taking the interpreter down."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:
        _tell(error)
        code = code or 120
    os._exit(code)
