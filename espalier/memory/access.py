"""One process at a time writes the memory: its files are read, changed and written again in an instant."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import agents_dir, workspace
from espalier.command_line.console import say
from espalier.errors import UserError

_PATIENCE_S = 30.0


@contextmanager
def held(*, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """Nobody else writes meanwhile. UserError where another process keeps it for so long.

    The lock lies in the cache, so that nothing beside the pages is seen by git; a file, for not every file system that
    machines share can lock a folder.
    """
    path = workspace() / "cache" / "agents.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    agents_dir().mkdir(parents=True, exist_ok=True)
    lock = Lock(path)
    lock.acquire(f"the written memory ({agents_dir()})", patience_s=patience_s)
    try:
        yield
    finally:
        lock.release()


def write_or_tell(write: Callable[[], None]) -> None:
    """Have `write` change files of the memory; what it cannot is said, and is no error."""
    try:
        with held():
            write()
    except UserError as error:
        say(f"note: {error}")
    except OSError as error:
        say(f"note: {agents_dir()} could not be written ({error})")
