"""Ollama's Modelfile, read as Ollama reads it, and whether it says how replies are drawn, no less and no more.

Ollama's own defaults are silent and others than those of the model: temperature 0.8, 2048 or 4096 tokens of context.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from espalier.errors import UserError
from exports.checks.trained import trained
from exports.config import ExportOptions
from exports.exported import Exported, Finding
from exports.templates.reading import Speller

NAME = "Modelfile"
_COMMAND = re.compile(r'^[ \t]*(?P<what>[A-Za-z]+)[ \t]+(?P<said>"""(?:.*?)"""|[^\n]*)$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Modelfile:
    """What a Modelfile says."""

    template: str
    """The Go template."""
    parameters: dict[str, list[str]]
    """Values of each parameter; `stop` may have several."""
    sources: list[str]
    """What it is made of, by FROM: one file."""
    others: list[str]
    """Whatever else it commands, such as SYSTEM."""


def read_modelfile(folder: Path) -> Modelfile:
    """The Modelfile of an export. UserError where there is none, or it has no template."""
    path = folder / NAME
    if not path.is_file():
        raise UserError(f"{folder}: has no {NAME}")
    template, parameters = "", dict[str, list[str]]()
    sources, others = list[str](), list[str]()
    for found in _COMMAND.finditer(path.read_text(encoding="utf-8")):
        what, said = found["what"].upper(), found["said"]
        if what == "TEMPLATE":
            template = _unquoted(said)
        elif what == "PARAMETER":
            key, _, value = said.strip().partition(" ")
            parameters.setdefault(key, []).append(_unquoted(value.strip()))
        elif what == "FROM":
            sources.append(_unquoted(said.strip()))
        else:
            others.append(what)
    if not template:
        raise UserError(f"{path}: has no TEMPLATE, so that Ollama would take one of its own")
    return Modelfile(template=template, parameters=parameters, sources=sources, others=others)


def check(exported: Exported, options: ExportOptions) -> Finding:
    """Its own weights, every sampling parameter as the export's and no other, and no stop that cuts a reply short."""
    written, sampling = read_modelfile(exported.folder), exported.sampling
    said = written.parameters
    wanted = {
        "num_ctx": sampling.context or 0,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "typical_p": 1,
        "repeat_penalty": sampling.repeat_penalty,
        "repeat_last_n": 64 if sampling.repeat_penalty != 1 else 0,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "seed": sampling.seed,
        "num_predict": sampling.max_new_tokens,
    }
    wrong = [
        f"{key} is {' '.join(said.get(key, ['not set']))}, not {want:g}"
        for key, want in wanted.items()
        if not _is(said.get(key), want)
    ]
    stops = said.get("stop", [])
    due = [Speller(exported.renderer)([token]) for token in sorted(exported.renderer.stop_ids)]
    if sorted(stops) != sorted(due):
        wrong.append(f"stop is {' '.join(stops) or 'not set'}, not {' '.join(due)}")
    if written.sources != [f"./{exported.gguf.name}"]:
        wrong.append(f"FROM is {' '.join(written.sources) or 'not there'}, not ./{exported.gguf.name}")
    wrong += [f"{key} is set, and no export sets it" for key in sorted(said.keys() - wanted.keys() - {"stop"})]
    wrong += [f"it has {what}, and no export has" for what in written.others]
    replies = [trained(exported).renderer.decode(reply.ids) for reply in trained(exported).replies]
    wrong += [f"stop {stop!r} stands in replies" for stop in stops if any(stop in each for each in replies)]
    return Finding(
        check="modelfile",
        passed=not wrong,
        asked=len(wanted.keys() | said.keys()) + len(stops) + 1 + len(written.others),
        differing=len(wrong),
        said="; ".join(wrong) or "all sampling parameters are set as they should be",
    )


def _is(values: list[str] | None, want: float) -> bool:
    try:
        return values is not None and len(values) == 1 and float(values[0]) == want
    except ValueError:
        return False


def _unquoted(said: str) -> str:
    for mark in ('"""', '"'):
        if said.startswith(mark) and said.endswith(mark) and len(said) >= 2 * len(mark):
            return said[len(mark) : -len(mark)]
    return said
