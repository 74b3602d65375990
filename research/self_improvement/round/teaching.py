"""What a model behind an endpoint could be taught by, in the forms that such endpoints take.

preferences.jsonl   a prompt with a preferred and a non-preferred output (preference fine-tuning, as OpenAI, Together
                    and Fireworks read it)
examples.jsonl      conversations that end with the better reply, for endpoints that learn by examples alone; of what
                    was said before it nothing is learned (weight 0)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_jsonl, write_jsonl

FILES = ("pairs", "proposals", "judgements")


def write_taught(ranked: Sequence[str], folder: Path) -> dict[str, int]:
    """Write both files into `folder`, of these ranked rounds in their order; how many lines each has. The better reply
    to a prompt that stands in several pairs is one example."""
    lines = list(_lines(ranked))
    preferred = [
        {
            "input": {"messages": line["messages"], "tools": [], "parallel_tool_calls": True},
            "preferred_output": line["chosen"],
            "non_preferred_output": line["rejected"],
        }
        for line in lines
        if "rejected" in line
    ]
    examples = {str(each): each for each in map(_example, lines)}
    folder.mkdir(parents=True, exist_ok=True)
    write_jsonl(folder / "preferences.jsonl", preferred)
    write_jsonl(folder / "examples.jsonl", list(examples.values()))
    return {"preferences": len(preferred), "examples": len(examples)}


def _lines(ranked: Sequence[str]) -> Iterator[dict[str, Any]]:
    for name in ranked:
        for file in FILES:
            yield from map(dict, read_jsonl(artifact("corpora", name) / f"{file}.jsonl"))


def _example(line: dict[str, Any]) -> dict[str, Any]:
    """An example of a preference, or of what was kept as the best."""
    every: list[dict[str, Any]] = [*line["messages"], *line.get("chosen", [])]
    *before, reply = every
    said = [{"role": each["role"], "content": each["content"]} for each in before]
    weighed = [each | {"weight": 0} if each["role"] == "assistant" else each for each in said]
    return {"messages": [*weighed, {"role": "assistant", "content": reply["content"], "weight": 1}]}
