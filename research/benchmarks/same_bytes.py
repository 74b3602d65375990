"""Whether a change of the code left alone what it should: two workspaces, made by the same commands, file by file.

    ESPALIER_HOME=BEFORE OMP_NUM_THREADS=1 python research/demo.py      # with the code before
    ESPALIER_HOME=AFTER OMP_NUM_THREADS=1 python research/demo.py       # with the code after, on the same machine
    python research/benchmarks/same_bytes.py --before BEFORE --after AFTER

Weights, the rows of mixes and pictures are compared byte by byte, JSON lines by their values, key by key. What names
code, dates, seconds, memory or a place is counted apart, by kind of file: that differs between any two runs.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections import Counter, defaultdict
from itertools import zip_longest

from espalier.artifacts import records
from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main

IDENTITY = {"run.json", "manifest.json", "scores.json", "report.json", "lock", "heartbeat.json", "state.json"}
"""Files that say where, when and by which code: they differ between any two runs."""
CLOCKS = {"seconds", "tokens_per_second", "peak_memory_gb"}


class Compared(Config):
    """Two workspaces."""

    before: FilePath
    """Made by the code before the change."""
    after: FilePath
    """Made by the code after it."""


def main(argv: list[str]) -> int:
    settings, _ = load(Compared, argv, prog="python research/benchmarks/same_bytes.py", doc=__doc__)
    before, after = files(settings.before), files(settings.after)
    if not before or not after:
        raise UserError(f"nothing to compare in {settings.after if before else settings.before}")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    told: list[str] = [f"only before: {name}" for name in sorted(before - after)]
    told += [f"only after: {name}" for name in sorted(after - before)]
    for name in sorted(before & after):
        kind = f"{name.split('/')[0]}/…/{Path(name).name if Path(name).name in IDENTITY else '*' + Path(name).suffix}"
        one, other = settings.before / name, settings.after / name
        if one.read_bytes() == other.read_bytes():
            counts[kind]["equal"] += 1
        elif Path(name).name in IDENTITY:
            counts[kind]["identity"] += 1
        elif name.endswith(".jsonl") and not (keys := differing_keys(one, other) - CLOCKS):
            counts[kind]["equal but for clocks"] += 1
        else:
            counts[kind]["other"] += 1
            told.append(f"differs: {name}" + (f" in {', '.join(sorted(keys))}" if name.endswith(".jsonl") else ""))
    columns = ["equal", "equal but for clocks", "identity", "other"]
    table(["files", *columns], [[kind, *(found[column] for column in columns)] for kind, found in counts.items()])
    for line in told:
        say(line)
    return 0


def files(workspace: Path) -> set[str]:
    """The files of a workspace, but for its cache."""
    names = {path.relative_to(workspace) for path in workspace.rglob("*") if path.is_file()}
    return {name.as_posix() for name in names if name.parts[0] != "cache"}


def differing_keys(one: Path, other: Path) -> set[str]:
    """The keys whose values differ anywhere in two JSON lines files."""
    found: set[str] = set()
    for left, right in zip_longest(records.read_jsonl(one), records.read_jsonl(other), fillvalue={}):
        found |= {key for key in left.keys() | right.keys() if left.get(key) != right.get(key)}
    return found


if __name__ == "__main__":
    run_main(main)
