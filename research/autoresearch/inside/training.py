"""The beginning of a training: what takes long to import, the moment from which its own time counts, then its file."""

from __future__ import annotations

import importlib
import runpy
import sys
import time
from pathlib import Path

from research.autoresearch.inside.reaching import tell_of_reaching

BEGINS = "training begins at "
"""The first line of stdout, before anything of the experiment has run, with seconds of the clock that nobody can set
and of the processor."""

_SLOW = ("numpy", "torch", "torch._dynamo", "safetensors.torch")
"""Not counted: what every training imports, the third when it makes its first optimizer."""


def main() -> None:
    """Run the file that the first argument names, with the arguments after `--`; those before are its folders."""
    _, file, *words = sys.argv
    own, flags = words[: words.index("--")], words[words.index("--") + 1 :]
    for name in _SLOW:
        importlib.import_module(name)
    tell_of_reaching(own)
    sys.argv, sys.path[0] = [file, *flags], str(Path(file).parent)
    print(f"{BEGINS}{time.monotonic():.3f} {time.process_time():.3f}", flush=True)
    runpy.run_path(file, run_name="__main__")
