"""Two artifacts made by one command, file by file: what is equal, and of the rest what differs in it."""

from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from espalier.artifacts import records

IDENTITY = {
    "run.json", "manifest.json", "scores.json", "report.json", "report.md", "verification.json", "lock",
    "heartbeat.json", "state.json",
}  # fmt: skip
"""Files that say where, when, how fast and by which code: they differ between any two runs."""
CLOCKS = {"seconds", "tokens_per_second", "peak_memory_gb"}
"""Keys of JSON lines that do."""

Verdict = Literal["equal", "equal but for clocks", "tells where and when", "differs"]


def compare_file(before: Path, after: Path) -> tuple[Verdict, str]:
    """Whether two files of one name are the same, and where they are not, what differs."""
    if not before.is_file() or not after.is_file():
        return "differs", f"only {'before' if before.is_file() else 'now'}"
    if before.stat().st_size == after.stat().st_size and records.sha256_file(before) == records.sha256_file(after):
        return "equal", ""
    if before.name in IDENTITY:
        return "tells where and when", ""
    if before.suffix == ".jsonl":
        keys = differing_keys(before, after)
        return ("differs", f"in {', '.join(sorted(keys - CLOCKS))}") if keys - CLOCKS else ("equal but for clocks", "")
    return "differs", _tensors(before, after) if before.suffix == ".safetensors" else _first_line(before, after)


def differing_keys(one: Path, other: Path) -> set[str]:
    """The keys whose values differ anywhere in two JSON lines files."""
    found: set[str] = set()
    left: dict[str, Any]
    right: dict[str, Any]
    for left, right in zip_longest(records.read_jsonl(one), records.read_jsonl(other), fillvalue={}):
        found |= {key for key in left.keys() | right.keys() if left.get(key) != right.get(key)}
    return found


def _first_line(one: Path, other: Path) -> str:
    """Where two texts begin to differ; nothing for what is no text."""
    try:
        texts = [path.read_text(encoding="utf-8").splitlines() for path in (one, other)]
    except UnicodeDecodeError:
        return ""
    lines = enumerate(zip_longest(*texts), start=1)
    return next((f"from line {number} on" for number, (left, right) in lines if left != right), "")


def _tensors(one: Path, other: Path) -> str:
    """How many tensors of two files differ, and by how much at most."""
    from safetensors import safe_open

    with safe_open(one, "pt") as before, safe_open(other, "pt") as after:
        names, others = set(before.keys()), set(after.keys())
        if names != others:
            return f"in which tensors there are: {', '.join(sorted(names ^ others)[:3])}"
        farthest, differing = 0.0, 0
        for name in sorted(names):
            left, right = before.get_tensor(name), after.get_tensor(name)
            if left.shape != right.shape or left.dtype != right.dtype:
                return f"in the form of {name}: {_form(left)} before, {_form(right)} now"
            distance = float((left.double() - right.double()).abs().max()) if left.numel() else 0.0
            differing += distance != 0
            farthest = max(farthest, distance)
    return f"in {differing} of {len(names)} tensors, by at most {farthest:.3g}" if differing else "in its header alone"


def _form(tensor: Any) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
