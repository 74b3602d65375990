"""In how many bits each tensor of a GGUF is written."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from gguf import GGMLQuantizationType, LlamaFileType

from espalier.errors import UserError

WRITTEN: dict[str, tuple[GGMLQuantizationType, LlamaFileType]] = {
    "f32": (GGMLQuantizationType.F32, LlamaFileType.ALL_F32),
    "f16": (GGMLQuantizationType.F16, LlamaFileType.MOSTLY_F16),
    "bf16": (GGMLQuantizationType.BF16, LlamaFileType.MOSTLY_BF16),
    "q8_0": (GGMLQuantizationType.Q8_0, LlamaFileType.MOSTLY_Q8_0),
    "q5_1": (GGMLQuantizationType.Q5_1, LlamaFileType.MOSTLY_Q5_1),
    "q5_0": (GGMLQuantizationType.Q5_0, LlamaFileType.MOSTLY_Q5_0),
    "q4_1": (GGMLQuantizationType.Q4_1, LlamaFileType.MOSTLY_Q4_1),
    "q4_0": (GGMLQuantizationType.Q4_0, LlamaFileType.MOSTLY_Q4_0),
}
"""What is written here."""
_BLOCK = 32
"""Values that share a scale in all of them."""
_UNCHANGED = ("position_embd.weight", "rope_freqs.weight")
"""What llama.cpp never quantises, besides vectors."""
PROGRAM = "llama-quantize"


def kind_of(name: str, shape: tuple[int, ...], quant: str, *, is_output: bool) -> GGMLQuantizationType:
    """The type of one tensor, as llama.cpp chooses: vectors in full; rows that blocks do not divide in 16 bits.

    What gives the scores of tokens loses most by rounding. llama.cpp has it in 6 bits where the rest has fewer; here it
    gets 8, which `gguf` can write.
    """
    wanted = WRITTEN[quant][0]
    if len(shape) < 2 or name in _UNCHANGED:
        return GGMLQuantizationType.F32
    if wanted.name.startswith("Q") and shape[-1] % _BLOCK:
        return GGMLQuantizationType.F16
    if is_output and wanted.name.startswith(("Q4", "Q5")):
        return GGMLQuantizationType.Q8_0
    return wanted


def check_program(quant: str) -> None:
    """UserError where a quantisation is llama.cpp's own to make, and its program is not there."""
    if quant not in WRITTEN and shutil.which(PROGRAM) is None:
        raise UserError(
            f"{quant} is made by llama.cpp's own {PROGRAM}, which is not on the PATH: install llama.cpp, or take one "
            f"that is written without it: {', '.join(WRITTEN)}"
        )


def quantise_file(full: Path, to: Path, quant: str) -> None:
    """Have llama.cpp's own program quantise a GGUF. UserError with its last words where it fails."""
    done = subprocess.run([PROGRAM, str(full), str(to), quant.upper()], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise UserError(f"{PROGRAM} cannot make {quant} of {full.name}: {said[-1]}")
