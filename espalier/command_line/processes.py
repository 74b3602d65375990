"""Which of several processes this one is, as torchrun and `accelerate launch` say it: by the environment.

Of several the first speaks: the others write nothing to stdout, and what is wrong is told by one of them.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

_SET_BY_LAUNCHERS = (
    "RANK", "LOCAL_RANK", "GROUP_RANK", "ROLE_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_WORLD_SIZE",
    "ROLE_WORLD_SIZE", "ROLE_NAME", "MASTER_ADDR", "MASTER_PORT", "ACCELERATE_USE_FSDP",
)  # fmt: skip


def count() -> int:
    """How many processes train together, this one included."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def count_here() -> int:
    """How many of them run on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def rank() -> int:
    """This one's number, from 0."""
    return int(os.environ.get("RANK", "0"))


def is_main() -> bool:
    """Whether this is the one that speaks and writes."""
    return rank() == 0


def sharded() -> bool:
    """Whether `accelerate launch` was told to part weights among the processes (FSDP), not to give each a copy."""
    return os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"


def environment_of_one() -> dict[str, str]:
    """The environment without what makes a process one of several: for a command that is to run by itself."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _SET_BY_LAUNCHERS and not name.startswith("TORCHELASTIC_")
    }


def hush_all_but_the_first() -> None:
    """Let what the others say on stdout go nowhere."""
    if not is_main():
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (to the end)


def tells_errors() -> bool:
    """Whether this process is to say what is wrong: the first that asks, for what is wrong in all of them all ask."""
    if count() == 1:
        return True
    if "torch" in sys.modules and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        from torch.distributed import TCPStore  # type: ignore[attr-defined]

        address = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        try:  # the launcher's own store, which outlives each of its processes
            store = TCPStore(*address, is_master=False, timeout=timedelta(seconds=5))
            attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
            return bool(store.add(f"espalier/error/{attempt}", 1) == 1)
        except (RuntimeError, OSError):
            pass
    return os.environ.get("LOCAL_RANK", "0") == "0"
