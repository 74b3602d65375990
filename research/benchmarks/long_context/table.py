"""What came of the trials, as Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

PEAKS = ("tensors_gb", "reserved_gb", "beside_gb")
_HEADERS = (
    "contestant", "longest", "ours is longer by", "tokens/s there", "tokens/s at {common}", "ours is faster by",
    "planned GiB", "measured GiB", "planned / measured", "allocator GiB", "beside it GiB", "trials",
)  # fmt: skip


def write(settings: Any, found: Mapping[str, Mapping[str, Any]]) -> None:
    """The files, where they are wanted."""
    if settings.out:
        told = {"settings": settings.model_dump(mode="json"), "contestants": found}
        settings.out.with_suffix(".json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        settings.out.with_suffix(".md").write_text(markdown(settings, found), encoding="utf-8")


def markdown(settings: Any, found: Mapping[str, Mapping[str, Any]]) -> str:
    """A line for each contestant; ratios are those of the last of ours."""
    devices = {each["device"] for each in found.values() if "device" in each}
    common = next((each["common"] for each in found.values() if "common" in each), None)
    headers = [header.format(common=f"{common:,}" if common else "a common length") for header in _HEADERS]
    ours = next((each for name, each in reversed(found.items()) if name not in ("peft", "unsloth")), {})
    lines = [
        f"{settings.shape}, {' and '.join(devices) or 'no trial'}, at most {settings.cap_gb:g} GiB of tensors, LoRA of "
        f"rank 32 on NF4; the longest trained for {settings.steps} steps.",
        "",
        "| " + " | ".join(headers) + " |",
        "|---" + "|---:" * (len(headers) - 1) + "|",
        *(_line(name, each, ours) for name, each in found.items()),
        "",
    ]
    lines += [f"- {name}: {each['failed']}" for name, each in found.items() if "failed" in each]
    if settings.tiny:
        lines.append(
            "A rehearsal on a CPU with a model of two layers: it shows that the script runs from end to end. It says "
            "nothing of a GPU, and its figures are nobody's."
        )
    return "\n".join(lines) + "\n"


def _line(name: str, each: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    if not each["seq_len"]:
        why = "failed" if "failed" in each else "not even the shortest"
        return f"| {name} | {why} " + "| " * (len(_HEADERS) - 3) + f"| {len(each['trials'])} |"
    at_limit = "≥ " if each["limit"] else ""
    cells = [
        f"{at_limit}{each['seq_len']:,}",
        _ratio(ours.get("seq_len"), each["seq_len"]),
        _number(each["tokens_per_second"], 0),
        _number(each.get("at_common"), 0),
        _ratio(ours.get("at_common"), each.get("at_common")),
        _number(each["predicted_gb"], 3),
        _number(each["tensors_gb"], 3),
        _ratio(each["predicted_gb"], each["tensors_gb"]),
        _number(each["reserved_gb"], 3),
        _number(each["beside_gb"], 3),
        str(len(each["trials"])),
    ]
    return f"| {name} | " + " | ".join(cells) + " |"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _ratio(ours: float | None, other: float | None) -> str:
    return "–" if not ours or not other else f"{ours / other:.2f} ×"
