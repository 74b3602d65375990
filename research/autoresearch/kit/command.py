"""The command of a training: its flags, what it is handed, and what is printed when it is done.

With `--out`, as the loop runs it, a training writes its checkpoint there and nobody judges it yet. Without, it is
judged at once: by the evaluator, which is a process of its own.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from espalier.errors import run_main as run_main
from research.autoresearch.kit.budget import UNITS, Budget
from research.autoresearch.kit.summary import Summary, peak_memory_mb, print_summary

_EVALUATOR = "research/autoresearch/evaluate.py"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a training is handed."""

    budget: Budget
    """Not started yet."""
    seed: int
    """torch draws from it already; what else draws has to be seeded by it."""
    device: str
    """cpu, cuda or cuda:N."""
    given: Path
    """All of the data that it may read."""
    out: Path
    """The empty folder for its checkpoint."""
    more: argparse.Namespace
    """Flags of its own."""


@dataclass(frozen=True, kw_only=True)
class Front:
    """The front door of a task's training."""

    task: str
    doc: str | None
    """The docstring of its file."""
    add_flags: Callable[[argparse.ArgumentParser], None] = lambda _: None
    """Adds flags of its own to a parser."""

    def answer_help(self) -> None:
        """Where help is asked for, give it and leave: before torch is imported, which takes seconds."""
        if {"-h", "--help"} & set(sys.argv[1:]):
            self._parser().print_help()
            raise SystemExit(0)

    def run(self, argv: list[str], train: Callable[[Asked], int]) -> int:
        """Train as `argv` says and print the summary; returns the exit code.

        `train` starts and spends the budget, writes the checkpoint, and returns the model's number of parameters.
        UserError for flags that are wrong, data that are missing, and a folder that is not empty.
        """
        began = time.monotonic()
        words = self._parse(argv)
        corpus = words.corpus or f"autoresearch-{self.task}"
        given = words.given or artifact("corpora", corpus) / "given"
        budget = Budget(words.budget, words.budget_in)
        if not given.is_dir():
            made = f"python research/autoresearch/{self.task}/prepare.py"
            raise UserError(f"{given}: no such folder of data; {made} makes it, once")
        with _folder_for(words.out) as out:
            _set_up(words.seed, words.threads, words.device)
            asked = Asked(budget=budget, seed=words.seed, device=words.device, given=given, out=out, more=words)
            num_params = train(asked)
            peak, memory_of = peak_memory_mb(words.device)
            summary = Summary(
                task=self.task,
                training_seconds=budget.seconds,
                total_seconds=time.monotonic() - began,
                peak_vram_mb=peak,
                memory_of=memory_of,
                total_tokens=budget.tokens,
                num_steps=budget.steps,
                num_params=num_params,
            )
            if words.out is None:
                found = _evaluated(self.task, out, corpus)
                figures = {name: found[name] for name in ("val_bpb", "route_accuracy") if name in found}
                summary = replace(summary, **figures, total_seconds=time.monotonic() - began)
        print_summary(summary)
        return 0

    def _parse(self, argv: list[str]) -> Any:
        parser = self._parser()
        words, strange = parser.parse_known_args(argv)
        if strange:
            known = [option for action in parser._actions for option in action.option_strings]
            near = difflib.get_close_matches(strange[0].partition("=")[0], known, n=1)
            raise UserError(f"{strange[0]}: no such flag{f'; did you mean {near[0]}?' if near else ', see --help'}")
        return words

    def _parser(self) -> argparse.ArgumentParser:
        parser = _Parser(
            prog=f"python research/autoresearch/{self.task}/train.py",
            description=self.doc,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        parser.add_argument("--budget", type=_number, default=300.0, metavar="N", help="how much to train (300)")
        parser.add_argument("--budget_in", choices=UNITS, default="seconds", help="of what (seconds)")
        parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="of all that is drawn (0)")
        parser.add_argument("--threads", type=_threads, metavar="N", help="of the CPU (what torch takes)")
        parser.add_argument("--device", type=_device, default="cpu", help="cpu, cuda or cuda:N (cpu)")
        parser.add_argument("--corpus", metavar="NAME", help=f"the prepared data (autoresearch-{self.task})")
        parser.add_argument("--given", type=Path, metavar="FOLDER", help="what to train on (the corpus's given/)")
        parser.add_argument(
            "--out", type=Path, metavar="FOLDER", help="where the checkpoint goes; without it, it is evaluated at once"
        )
        parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
        self.add_flags(parser)
        return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(message.removeprefix("argument "))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def _whole(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"-?\d{1,20}", text) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
    return int(text)


def _seed(text: str) -> int:
    return _whole(text, 0, 2**31 - 1)


def _threads(text: str) -> int:
    return _whole(text, 1, 1024)


def _device(text: str) -> str:
    if not re.fullmatch(r"cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no device: cpu, cuda, or cuda:N for one of several")
    return text


def _set_up(seed: int, threads: int | None, device: str) -> None:
    import torch

    if device != "cpu" and not torch.cuda.is_available():
        raise UserError(f"--device {device}: torch finds no GPU on this machine; take --device cpu")
    if device.startswith("cuda:") and int(device[5:]) >= torch.cuda.device_count():
        raise UserError(f"--device {device}: this machine has {torch.cuda.device_count()} GPUs, counted from 0")
    if threads is not None:
        torch.set_num_threads(threads)
    torch.manual_seed(seed)


@contextmanager
def _folder_for(out: Path | None) -> Iterator[Path]:
    """The folder of the checkpoint; a temporary one where none is named. UserError where it holds something."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="autoresearch-") as folder:
            yield Path(folder)
        return
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out}: a file; name a folder that is empty or not there yet")
    if out.is_dir() and (found := next(out.iterdir(), None)):
        raise UserError(f"--out {out}: not empty, it holds {found.name}; a checkpoint of an earlier run is never kept")
    out.mkdir(parents=True, exist_ok=True)
    yield out


def _evaluated(task: str, checkpoint: Path, corpus: str) -> dict[str, Any]:
    """What the evaluator says of a checkpoint, with the model that stands in this checkout."""
    root = Path(__file__).resolve().parents[3]
    if not (root / _EVALUATOR).is_file():
        raise UserError(f"{root / _EVALUATOR}: not there; where only a training was put, say --out FOLDER")
    with tempfile.TemporaryDirectory(prefix="autoresearch-") as folder:
        told = Path(folder) / "evaluation.json"
        words: Sequence[str | os.PathLike[str]] = (
            sys.executable, root / _EVALUATOR, "--task", task, "--source", root, "--checkpoint", checkpoint,
            "--corpus", corpus, "--result", told,
        )  # fmt: skip
        code = subprocess.run(words, stdout=subprocess.DEVNULL, check=False).returncode
        if code == 130:
            raise KeyboardInterrupt
        if code or not told.is_file():
            raise UserError(f"{_EVALUATOR} ended with {code}, so that this training has no val_bpb")
        found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    if found.get("named"):
        raise UserError(f"{_EVALUATOR} refuses this training: {found['named']}")
    return found
