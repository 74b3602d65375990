"""LoRA fine-tuning beside TRL's SFTTrainer: real tokens a second, and the peak of resident memory.

    python research/benchmarks/training/beside_trl.py [--stories FOLDER --qwen3_tokenizer FOLDER] [--gemma FOLDER]
        [--cases llama] [--repeats 3] [--threads 2] [--peers "TRL" "TRL, bf16"] [--out result.json]

The same base, the same rows as the same token ids and labels, the same sequence length, tokens a step, LoRA and
optimizer. TRL has its best-fit packing without padding and its loss in chunks, both as they come, and is spared its
gradient checkpointing, which is on by default and costs time; `--peers` measures other settings of it. Both take one
packed sequence at a time, which is fastest for TRL. Steps that compile and warm up are left out for both; the time to
the first step is told. Tokens are counted where a model reads them; ours reads one less of each row.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from espalier.command_line.config import load
from espalier.errors import run_main
from research.benchmarks.training.contest import Beside, Flags, chosen, held

_TRL = ("--who", "trl")
SETTINGS: dict[str, Flags] = {
    "TRL": (),
    "TRL, compiled": ("--compile", "model"),
    "TRL, bf16": ("--dtype", "bfloat16"),
    "TRL, bf16 weights": ("--dtype", "bfloat16", "--weights", "bfloat16"),
    "TRL, checkpointing": ("--checkpointing", "true"),
}


def main(argv: list[str]) -> None:
    settings, _ = load(Beside, argv, prog="python research/benchmarks/training/beside_trl.py", doc=__doc__)
    there = {"llama": True, "widened": settings.stories is not None, "gemma": settings.gemma is not None}
    wanted = settings.cases or [name for name, can in there.items() if can]
    peers = {name: (*_TRL, *flags) for name, flags in chosen(settings.peers, SETTINGS).items()}
    held(settings, {case: {"ours": ("--who", "ours", "--compile", "layers"), **peers} for case in wanted})


if __name__ == "__main__":
    run_main(main)
