"""How much a program weighs beside all else that wants the processor: as much as whoever asked for it."""

from __future__ import annotations

import re
from pathlib import Path


def hand_on(pid: int) -> None:
    """Let a process in a session of its own weigh what this one's session does.

    Linux shares a processor out among sessions (autogroups, sched(7)); a new one weighs what every one does, whatever
    was said of the session that it was begun from. Where that cannot be said, it stays so.
    """
    try:
        said = re.search(r"nice (-?\d+)", Path("/proc/self/autogroup").read_text())
        if said and said[1] != "0":
            Path(f"/proc/{pid}/autogroup").write_text(said[1])
    except OSError:  # no such thing on this kernel, no right to it, or the process is gone
        pass
