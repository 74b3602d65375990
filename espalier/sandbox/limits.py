"""How much of the machine a program may use."""

from __future__ import annotations

from dataclasses import dataclass, fields

from espalier.errors import UserError

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What ends a program that wants more. UserError where one is not above zero."""

    cpu_seconds: float = 5.0
    """Seconds of processor, of all its processes together."""
    wall_seconds: float = 10.0
    """Seconds by the clock."""
    memory: int = 256 * MIB
    """Bytes of memory, of all its processes together; what lies in the working folder counts under `space`."""
    processes: int = 32
    """Processes and threads at a time, and a hundred times as many one after the other."""
    output: int = 1 * MIB
    """Bytes that it may write to stdout and stderr together."""
    file_size: int = 16 * MIB
    """Bytes of one file."""
    space: int = 32 * MIB
    """Bytes of all files of its working folder, which lies in memory."""
    num_files: int = 1000
    """Files and folders of its working folder."""
    open_files: int = 64
    """Open files of one process."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise UserError(f"limits: {field.name} is {getattr(self, field.name)}, and has to be above 0")
