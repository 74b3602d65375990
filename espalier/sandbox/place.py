"""With which Python programs are run, and what they find in their environment."""

import os
import sys
from pathlib import Path

from espalier.sandbox.inside.walls import WORK

PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": WORK,
    "TMPDIR": "/box/tmp",
    "MALLOC_ARENA_MAX": "2",  # or each thread would take addresses for an arena of its own
    "LANG": "C.UTF-8",
    "UV_USE_IO_URING": "0",  # node would try it, and is as well without
}
"""All of it."""

PROCESSOR = tuple(path for path in (Path("/proc/cpuinfo"), Path("/sys/devices/system/cpu")) if path.exists())
"""What libraries ask which instructions this processor has; torch takes the slowest where it may not know. To be
`readable` by a command that computes."""
