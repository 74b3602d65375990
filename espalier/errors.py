"""What goes wrong is said in one line: the user's errors here, a traceback for our bugs or under `--debug`."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

from espalier.command_line import processes

_ENVIRONMENT = {
    errno.ENOSPC: "disk full",
    errno.EDQUOT: "disk quota reached",
    errno.EROFS: "read-only file system",
    errno.EACCES: "permission denied",
}


class UserError(Exception):
    """Something the user can put right. The message says what is wrong, where (file, row, key) and what to do."""


def run_main(main: Callable[[list[str]], int | None]) -> NoReturn:
    """Run a command's `main(argv)` and leave the process with its exit code.

    0 done, 2 an error of the user's or of the machine (one line on stderr for each problem), 130 interrupted. Anything
    else is a bug of ours and keeps its traceback; `--debug` keeps it always. Of several processes that train together,
    one speaks.
    """
    processes.hush_all_but_the_first()
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        if processes.is_main():
            print("interrupted", file=sys.stderr)
        code = 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader (`| head`) went away. Python would complain once more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 128 + signal.SIGPIPE
    except Exception as error:
        message = describe(error)
        if message is None or "--debug" in sys.argv:
            raise
        if processes.tells_errors():
            print("\n".join(f"error: {line}" for line in message.splitlines()), file=sys.stderr)
        code = 2
    sys.exit(code or 0)


def describe(error: BaseException) -> str | None:
    """The line to show a user for `error`, or None where it is a bug of ours."""
    if isinstance(error, UserError):
        return str(error)
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in _ENVIRONMENT:
            where = f": {cause.filename}" if cause.filename else ""
            return f"{_ENVIRONMENT[cause.errno]}{where}. Free or change the place, then run the same command again"
        if "No space left on device" in str(cause):  # safetensors and others wrap the errno in their own exception
            return f"disk full ({cause}). Free some space, then run the same command again"
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
