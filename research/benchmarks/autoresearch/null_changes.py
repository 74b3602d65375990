"""Of changes that make no difference, how many are kept: by one run, as the public contract has it, and by pairs.

    python research/benchmarks/autoresearch/null_changes.py --tag null [--task language] [--changes 40]
        [--budget 500000 --budget_in tokens] [--page FILE.md]

Runs a loop with --confirm whose proposer writes comments, gives variables other names and sets blank lines. Each change
is held against the mean of the baseline, once as `strictly lower` would and once as the loop does. Beside it, by
simulation, what the test promises: its error rate under several kinds of noise, and its power. Goes on where it was
stopped. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import ast
import io
import random
import tokenize
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from espalier.command_line.config import Options, load
from espalier.command_line.console import say
from espalier.errors import run_main
from espalier.report import percent, table
from research.autoresearch.looping.config import AutoresearchConfig

if TYPE_CHECKING:
    import numpy as np

    from research.autoresearch.looping.records import Record
    from research.autoresearch.proposing.base import History, Proposal

SIMULATED = 4000
NOISES = ("normal", "a change three times as noisy", "heavy tails", "a run in ten goes astray")


class NullOptions(Options):
    """How many, and where it is told."""

    changes: int = Field(40, ge=1)
    """Changes that are tried."""
    page: Path | None = None
    """Write the page there; otherwise it is printed."""


def main(argv: list[str]) -> int:
    prog = "python research/benchmarks/autoresearch/null_changes.py"
    config, options = load(AutoresearchConfig, argv, prog=prog, doc=__doc__, options=NullOptions)
    from espalier.artifacts.records import write_text

    records = _run(config.model_copy(update={"confirm": True}), options.changes)
    page = "\n\n".join(told(records))
    if options.page is None:
        say(page)
    else:
        write_text(options.page, page + "\n")
        say(f"written: {options.page}")
    return 0


def _run(config: AutoresearchConfig, changes: int) -> "Sequence[Record]":
    from research.autoresearch.looping.beginning import check_room, open_bench
    from research.autoresearch.looping.experiment import run_next

    with open_bench(config) as bench:
        proposer = NullChanges(bench.place.task.training)
        while len(bench.results.records) < config.baselines + changes:
            check_room(bench)
            run_next(bench, proposer)
        return bench.results.records


class NullChanges:
    """Proposes what makes no difference."""

    name = "null changes"

    def __init__(self, path: str) -> None:
        self._path = path

    def propose(self, worktree: Path, history: "History", number: int, seed: int) -> "Proposal":
        from research.autoresearch.proposing.base import Proposal

        file = worktree / self._path
        text, what = null_change(file.read_text(encoding="utf-8"), number)
        file.write_text(text, encoding="utf-8")
        return Proposal(description=what, hypothesis="none: it makes no difference", kind="search")

    def close(self) -> None:
        """Holds nothing."""


def null_change(source: str, number: int) -> tuple[str, str]:
    """The `number`-th change of a program that leaves what it does as it is, and what that is."""
    draws = random.Random(number)
    if number % 2 and (names := list(_own_names(source))):
        old = draws.choice(names)
        return _renamed(source, old, f"{old}_{number}"), f"null: {old} is called {old}_{number}"
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    before = draws.choice([node for node in statements if not isinstance(node, ast.Expr)])
    lines = source.split("\n")
    added = "" if number % 4 == 2 else f"{' ' * before.col_offset}# note {number}"
    lines.insert(before.lineno - 1, added)
    return "\n".join(lines), f"null: a {'comment' if added else 'blank line'} before line {before.lineno}"


def _own_names(source: str) -> Iterator[str]:
    """Variables of functions whose names stand for nothing else in the program."""
    nodes = list(ast.walk(ast.parse(source)))
    taken = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    taken |= {node.arg for node in nodes if isinstance(node, ast.arg | ast.keyword) and node.arg}
    taken |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    taken |= {alias.asname or alias.name for node in imports for alias in node.names}
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    elsewhere = [*(each for node in classes for each in node.body if not isinstance(each, ast.FunctionDef))]
    texts = [node for node in nodes if isinstance(node, ast.JoinedStr)]  # in which no names are seen as such
    taken |= {each.id for node in (*elsewhere, *texts) for each in ast.walk(node) if isinstance(each, ast.Name)}
    for function in (node for node in nodes if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in taken:
                taken.add(node.id)
                yield node.id


def _renamed(source: str, old: str, new: str) -> str:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    places = [token.start for token in tokens if token.type == tokenize.NAME and token.string == old]
    lines = source.split("\n")
    for row, column in reversed(places):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + new + line[column + len(old) :]
    return "\n".join(lines)


def told(records: "Sequence[Record]") -> Iterator[str]:
    """The paragraphs on a loop of null changes."""
    from evaluation.comparison.stats import wilson
    from research.autoresearch.looping.records import BASELINE
    from research.autoresearch.looping.standing import standing

    stands = standing(records)
    assert stands is not None, "baselines come first"
    tried = [each for each in records if each["proposer"] != BASELINE and each["val_bpb"] is not None]
    plain = sum(each["val_bpb"] is not None and each["val_bpb"] < stands.noise.mean for each in tried)
    kept = sum(each["status"] == "keep" for each in tried)
    pairs = [len(each["confirmed"]) for each in tried if each["confirmed"]]
    rows = [
        [how, f"{number} of {len(tried)}", f"{percent(low)}–{percent(high)}"]
        for how, number in (("strictly lower in one run", plain), ("pairs of runs on fresh seeds", kept))
        for low, high in [wilson(number / len(tried), len(tried)) if tried else (0.0, 1.0)]
    ]
    yield f"Baseline: val_bpb {stands.noise}. {len(pairs)} changes were run again, {sum(pairs)} pairs together."
    yield table(["kept by", "null changes", "95 % interval"], rows)
    yield "What the test promises, simulated:"
    yield table(["noise", "effect, in standard deviations of a run", "passes", "pairs it takes"], list(_simulated()))


def _simulated() -> Iterator[list[object]]:
    import numpy as np

    from research.autoresearch.deciding.sequential import Shown, below

    draws = np.random.default_rng(0)
    for noise in NOISES:
        for effect in (0.0, 1.0, 2.0, 3.0) if noise == "normal" else (0.0,):
            passed = taken = 0
            for _ in range(SIMULATED):
                differences = list[float]()
                while (shown := below(differences)) is Shown.NOT_YET:
                    incumbent, candidate = (_drawn(draws, noise, side) for side in range(2))
                    differences.append(candidate - effect - incumbent)
                passed += shown is Shown.YES
                taken += len(differences)
            yield [noise, f"{effect:g}", percent(passed / SIMULATED), f"{taken / SIMULATED:.1f}"]


def _drawn(draws: "np.random.Generator", noise: str, side: int) -> float:
    if noise == "heavy tails":
        return float(draws.standard_t(3))
    value = float(draws.normal())
    if noise == "a change three times as noisy":
        return 3 * value if side else value
    return value + 8.0 * (draws.random() < 0.1) if noise == "a run in ten goes astray" else value


if __name__ == "__main__":
    run_main(main)
