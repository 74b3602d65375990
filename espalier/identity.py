"""What a run is, so that two can be told apart and one can be repeated: configuration, code, versions, machine."""

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from espalier.paths import repo_root

CODE_FOLDERS = ("espalier", "data_mix", "stage1", "stage2", "evaluation", "exports")
_PACKAGES = (
    "accelerate", "bitsandbytes", "datasets", "numpy", "peft", "pyarrow", "safetensors", "tokenizers", "torch",
    "transformers",
)  # fmt: skip


def environment(*, device: str, threads: int, compile_mode: str) -> dict[str, Any]:
    """What decides, beside code, configuration and seeds, whether two runs are bit-identical.

    Nothing here names the machine or its user, and no environment variable is read.
    """
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "device": device,
        "threads": threads,
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


def code_hashes() -> dict[str, str]:
    """SHA-256 of each code folder over its Python, YAML and Jinja files; folders that do not exist are left out."""
    return {name: _folder_hash(repo_root() / name) for name in CODE_FOLDERS if (repo_root() / name).is_dir()}


def code_behind(command: str, hashes: dict[str, str]) -> dict[str, str]:
    """Of a run's code hashes, those its command can feel: its own folder and the layers below, not its siblings."""
    return {name: value for name, value in hashes.items() if name in ("espalier", "data_mix") or name in command}


def differences(before: Any, now: Any, prefix: str = "") -> list[str]:
    """The keys in which two plain values differ, each as `key: 1 before, 2 now`."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = list(dict.fromkeys([*before, *now]))
        return [line for key in keys for line in differences(before.get(key), now.get(key), f"{prefix}{key}.")]
    return [] if before == now else [f"{prefix.removesuffix('.')}: {before} before, {now} now"]


def _folder_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".yaml", ".jinja"} and path.is_file():
            file_hash = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{file_hash}  {path.relative_to(folder).as_posix()}\n".encode())
    return digest.hexdigest()
