"""llama.cpp with one GGUF file open, as a process of its own: it says where it listens, and ends with its input.

It imports nothing else, so that it is there at once.
"""

from __future__ import annotations

import os
import sys


def serve(file: str, context: str, slots: str) -> None:
    """Answer on this machine alone, on a free port, until standard input ends.

    `context` is the longest prompt with its reply, in tokens; `slots` how many conversations are answered at once.
    """
    import xllamacpp

    asked = xllamacpp.CommonParams()
    asked.model.path = file
    asked.n_ctx, asked.n_parallel = int(context) * int(slots), int(slots)
    threads = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
    asked.cpuparams.n_threads = asked.cpuparams_batch.n_threads = threads
    asked.n_gpu_layers = 0
    asked.swa_full = True  # so that what was read before can be gone back to
    asked.fit_params = asked.warmup = asked.ui = False
    asked.verbosity = -1
    server = xllamacpp.Server(asked)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)
