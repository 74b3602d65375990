"""Is it worth it to load a parent once for several variants that one process trains in turn?

    python research/benchmarks/shared_parent.py MODEL [MODEL ...]

Beside one another, in seconds of the processor: what a process of its own costs each variant (the imports of a
training command, and the parent read again, from files that the system holds in memory by then), and what sharing would
cost instead (a copy in memory, since a variant changes what it is given). The last column is the time that sharing
would save a variant, as a share of a minute's training.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import copy
import time

from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main


def main(argv: list[str]) -> int:
    if not argv or argv[0] in ("-h", "--help"):
        say(f"usage: python research/benchmarks/shared_parent.py MODEL [MODEL ...]\n\n{__doc__}")
        return 0 if argv else 2
    if argv[0].startswith("-"):
        raise UserError(f"{argv[0]}: name models, as a training command's --parent or --base does")
    begun = time.process_time()
    import torch

    from espalier.models import loading
    from espalier.models.references import resolve
    from training import from_base

    assert from_base.train_from_base
    imports = time.process_time() - begun
    torch.set_num_threads(1)
    rows = []
    for name in argv:
        ref = resolve(name)
        loading.load_base(ref, device="cpu", dtype=torch.float32)  # now the system has its files in memory
        begun = time.process_time()
        model = loading.load_base(ref, device="cpu", dtype=torch.float32)
        again = time.process_time() - begun
        begun = time.process_time()
        copied = copy.deepcopy(model)
        copying = time.process_time() - begun
        saved = imports + again - copying
        size = sum(parameter.numel() for parameter in copied.parameters())
        rows.append([name, f"{size / 1e6:,.1f} M", imports, again, copying, f"{100 * saved / 60:.1f} %"])
    table(["model", "parameters", "imports s", "read again s", "copied s", "of a minute"], rows)
    return 0


if __name__ == "__main__":
    run_main(main)
