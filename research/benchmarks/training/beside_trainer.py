"""Training from random weights beside transformers' Trainer: real tokens a second, and the peak of resident memory.

    python research/benchmarks/training/beside_trainer.py [--cases basil core small] [--repeats 3] [--threads 2]
        [--peers "Trainer" "Trainer, bf16"] [--out result.json]

The same weights, rows, sequence length, tokens a step and optimizer (fused AdamW). The Trainer is given rows that are
put end to end and cut into equal lengths: nothing is padded, and attention, without a mask, takes its fastest way. Ours
keeps rows apart. Steps that compile and warm up are left out for both.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from espalier.command_line.config import load
from espalier.errors import run_main
from research.benchmarks.training.cases import CASES
from research.benchmarks.training.contest import Beside, Flags, chosen, held

SETTINGS: dict[str, Flags] = {
    "Trainer": (),
    "Trainer, compiled": ("--compile", "model"),
    "Trainer, bf16": ("--dtype", "bfloat16"),
}


def main(argv: list[str]) -> None:
    settings, _ = load(Beside, argv, prog="python research/benchmarks/training/beside_trainer.py", doc=__doc__)
    contestants: dict[str, dict[str, Flags]] = {}
    for name in settings.cases or [name for name, case in CASES.items() if not case.lora]:
        whole = ("--micro_batch_size", str(CASES[name].micro_batch_size))
        peers = {who: ("--who", "trainer", *whole, *flags) for who, flags in chosen(settings.peers, SETTINGS).items()}
        contestants[name] = {"ours": ("--who", "ours", *whole, "--compile", "layers"), **peers}
    held(settings, contestants)


if __name__ == "__main__":
    run_main(main)
