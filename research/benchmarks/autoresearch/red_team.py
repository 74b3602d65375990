"""Whether experiments that cheat are caught and named, with the check and without, and honest ones are let through.

    python research/benchmarks/autoresearch/red_team.py [--families '["reading", "taking"]'] [--every 1] [--honest true]

Each attack of `research/hostile/autoresearch` is looked at by check.py, and trained and evaluated all the same. Prints
by family how many check.py names, how many the walls and the evaluator name with the check off, how many come to
nothing that could be named, and every one that was not met as it has to be; then the honest changes that were refused.
The exit code is 1 where there is one of either.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import time
from collections import Counter
from typing import TYPE_CHECKING

from pydantic import Field

from espalier.command_line.config import Config, load
from espalier.command_line.console import say, table
from espalier.errors import run_main

if TYPE_CHECKING:
    from research.hostile.autoresearch.ground import Ground


class Benchmark(Config):
    """What is tried."""

    families: list[str] = []
    """Of attacks; all by default."""
    every: int = Field(1, ge=1)
    """One of so many, of attacks and of honest changes."""
    attacks: bool = True
    """Whether attacks are tried."""
    honest: bool = True
    """Whether honest changes are."""


def main(argv: list[str]) -> int:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/autoresearch/red_team.py", doc=__doc__)
    from research.hostile.autoresearch.ground import Ground

    with Ground() as ground:
        faults = attacked(ground, settings) if settings.attacks else []
        refused = let_through(ground, settings) if settings.honest else []
    return int(bool(faults or refused))


def attacked(ground: "Ground", settings: Benchmark) -> list[str]:
    """Try the attacks; returns those that were not met as they have to be."""
    from research.hostile.autoresearch import ATTACKS

    chosen = [attack for attack in ATTACKS if not settings.families or attack.family in settings.families]
    chosen = chosen[:: settings.every]
    counts: dict[str, Counter[str]] = {}
    faults: list[str] = []
    for attack in chosen:
        began = time.monotonic()
        seen, met = ground.check(attack), ground.meet(attack)
        fault = ground.fault(attack, met)
        if not (seen or "").startswith(attack.seen or "") or (seen and not attack.seen):
            fault = f"check.py says {seen!r}, not {attack.seen!r}"
        said = met.named or f"{met.val_bpb:.4f}"
        say(f"{attack.family}, {attack.name}: {seen or '-'} | {said} ({time.monotonic() - began:.0f} s)")
        if fault:
            faults.append(f"{attack.family}, {attack.name}: {fault}")
        of = counts.setdefault(attack.family, Counter())
        of["attacks"] += 1
        of["seen"] += seen is not None
        of["held"] += met.named is not None
        of["nothing"] += met.named is None and not attack.beyond
        of["beyond"] += met.named is None and attack.beyond
        of["both"] += seen is not None or met.named is not None
    heads = [
        "family",
        "attacks",
        "named by check.py",
        "named, unchecked",
        "came to nothing, unchecked",
        "named, checked",
        "held by nothing",
    ]
    rows = [
        [family, *(of[name] for name in ("attacks", "seen", "held", "nothing", "both", "beyond"))]
        for family, of in counts.items()
    ]
    table(heads, [*rows, ["all", *(sum(row[place] for row in rows) for place in range(1, len(heads)))]])
    say(f"{len(chosen)} attacks, {len(faults)} not met as they have to be")
    say("\n".join(faults))
    return faults


def let_through(ground: "Ground", settings: Benchmark) -> list[str]:
    """Try the honest changes; returns those that were refused."""
    from research.hostile.autoresearch import HONEST

    chosen = HONEST[:: settings.every]
    refused = []
    for change in chosen:
        seen, met = ground.check(change), ground.meet(change)
        said = seen or met.named
        say(f"honest, {change.task}, {change.name}: {said or f'{met.val_bpb:.4f}'}")
        if said:
            refused.append(f"{change.task}, {change.name}: {said}")
    say(f"{len(chosen)} honest changes, {len(refused)} refused")
    say("\n".join(refused))
    return refused


if __name__ == "__main__":
    run_main(main)
