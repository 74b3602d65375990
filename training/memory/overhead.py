"""What a process takes beside the tensors that torch counts: not derived, but measured, or stated as an estimate."""

from __future__ import annotations

from training.memory.resident import Line

MIB = 1 << 20

CUDA_CONTEXT = 650 * MIB
"""A CUDA context with torch's kernels and cuBLAS loaded; measured: 617 to 697 MiB on an H200 with driver 580;
other cards and drivers differ."""
CUBLAS_WORKSPACE = 33 * MIB
"""What `CUBLAS_WORKSPACE_CONFIG=:4096:8` asks for, counted by torch; one for each stream that multiplies."""
FRAGMENTS = 0.04
"""Of what torch has, the share that its allocator holds and cannot use; measured: 3.3 % (8B in 4 bits)."""
PROGRAM = 530 * MIB
"""Python with all that a training command imports; measured: stage1/train.py with smoke-trunk.yaml, torch 2.13."""


def around(device: str, tensors: int) -> tuple[Line, ...]:
    """What comes to `tensors` bytes of tensors on the device."""
    if device == "cpu":
        return (Line(name="Python, torch and libraries", size=PROGRAM),)
    return (
        Line(name="CUDA context", size=CUDA_CONTEXT),
        Line(name="fragmentation", size=int(FRAGMENTS * tensors)),
    )
