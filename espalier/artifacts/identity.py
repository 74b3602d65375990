"""Where a run was made, so that two can be told apart and one can be repeated: versions and machine."""

import platform
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = (
    "accelerate", "bitsandbytes", "datasets", "numpy", "peft", "pyarrow", "safetensors", "tokenizers", "torch",
    "transformers",
)  # fmt: skip


def environment(
    *, device: str, threads: int, compile_mode: str, processes: int = 1, sharded: bool = False
) -> dict[str, Any]:
    """What decides, beside code, configuration and seeds, whether two runs are bit-identical.

    Nothing here names the machine or its user, and no environment variable is read.
    """
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "device": device,
        "threads": threads,
        "processes": processes,
        "sharded": sharded,
        "compile": compile_mode,
        "packages": versions(),
    }


def versions() -> dict[str, str]:
    """The installed versions of the packages that results depend on."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def processor() -> str:
    """The processor's model name: kernels, and so the last bits, are chosen by it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def differences(before: Any, now: Any, prefix: str = "") -> list[str]:
    """The keys in which two plain values differ, each as `key: 1 before, 2 now`."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = list(dict.fromkeys([*before, *now]))
        return [line for key in keys for line in differences(before.get(key), now.get(key), f"{prefix}{key}.")]
    return [] if before == now else [f"{prefix.removesuffix('.')}: {before} before, {now} now"]
