"""What was found inside, told: as lines for a terminal, as Markdown, and as one HTML file."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from espalier import report
from espalier.command_line.console import printable
from training.probing.attention import Attention, habits
from training.probing.draw import draw_attention, draw_habits, draw_lens, draw_probes, shown
from training.probing.lens import Lens
from training.probing.material import TASKS
from training.probing.record import ProbePicture, tasks_of, where

T = TypeVar("T")
_MOST_TOLD = 7
"""Layers that a line of the terminal tells of."""
HOW = (
    "Probes are linear and are asked about words that none of them was trained on. Selectivity is their accuracy minus "
    "that on labels drawn at random for each word; where its 95 % interval reaches 0, or accuracy is no better than "
    "chance, nothing is told (–). What random weights have already is told by the words, not by what was learned."
)


@dataclass(kw_only=True)
class Inside:
    """What was found of one model, each with the label of its step, earliest first."""

    name: str
    probes: list[tuple[str, ProbePicture]] = field(default_factory=list)
    sentence: str = ""
    lenses: list[tuple[str, Lens]] = field(default_factory=list)
    attentions: list[tuple[str, Attention]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For a terminal: of each task where it is read off at each step; of a sentence what each layer would say."""
        told: list[str] = []
        for task in tasks_of([picture for _, picture in self.probes]):
            told.append(f"{task}: {TASKS[task]}")
            told += [f"    {label:16} {where(picture, task)}" for label, picture in self.probes]
        for label, lens in self.lenses[-1:]:
            told.append(f"{label}, after each token what layers would say, from the first to the last:")
            for at, token in enumerate(lens["tokens"]):
                layers = [layer[at][0] for layer in _few(lens["layers"], _MOST_TOLD)]
                said = "  ".join(f"{shown(named)} {share:.2f}" for named, share in layers)
                told.append(f"    {shown(token):12} {said}")
        for label, attention in self.attentions[-1:]:
            told.append(f"{label}, what heads mostly look at on this text:")
            told += [f"    {name:6} {said}" for name, said in _told_habits(attention)]
        return [printable(line) for line in told]

    def draw(self, path: Path, *, dark: bool = False) -> dict[str, Path]:
        """Write the pictures beside `path`, which the first of them gets; by what they show."""
        drawn: dict[str, Path] = {}

        def place(what: str) -> Path:
            drawn[what] = path if not drawn else path.with_name(f"{path.stem}-{what}.png")
            return drawn[what]

        of = f"“{self.sentence}”"
        if self.probes:
            draw_probes(self.probes, place("probes"), f"{self.name}: where words can be read off", dark=dark)
        if self.lenses:
            draw_lens(_few(self.lenses), place("lens"), f"{self.name}: what each layer would say next, {of}", dark=dark)
        if self.attentions:
            label, last = self.attentions[-1]
            title = f"{self.name}, {label}: where each head looks (layer.head), {of}"
            draw_attention(last, place("attention"), title, dark=dark)
        if len(self.attentions) > 1:
            draw_habits(self.attentions, place("heads"), f"{self.name}: what heads look at, {of}", dark=dark)
        return drawn

    def markdown(self, pictures: Mapping[str, str]) -> str:
        """The report, with the pictures by what they show."""
        parts = [f"# Inside {report.escape(self.name)}\n"]
        for title, what, table in self._sections():
            parts.append(f"## {title}\n")
            parts += [f"![{title}]({pictures[what]})\n"] if what in pictures else []
            parts += [report.table(*table)] if table else []
        return "\n".join([*parts, *([f"{HOW}\n"] if self.probes else [])])

    def html(self, light: Mapping[str, Path], dark: Mapping[str, Path]) -> str:
        """The report as one file that follows the reader's light or dark."""
        parts = [f"<h1>Inside {html.escape(self.name)}</h1>"]
        for title, what, table in self._sections():
            parts.append(f"<h2>{html.escape(title)}</h2>")
            if what in light:
                parts.append(
                    f'<picture><source media="(prefers-color-scheme: dark)" srcset="{_inline(dark[what])}">'
                    f'<img src="{_inline(light[what])}" alt="{html.escape(title)}"></picture>'
                )
            if table:
                head, rows = table
                lines = ["".join(f"<th>{html.escape(each)}</th>" for each in head)]
                lines += ["".join(f"<td>{html.escape(str(each))}</td>" for each in row) for row in rows]
                parts.append(f"<div><table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table></div>")
        parts += [f"<p>{HOW}</p>"] if self.probes else []
        body, title = "\n".join(parts), html.escape(self.name)
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Inside {title}</title>{_STYLE}{body}</html>\n'
        )

    def _sections(self) -> list[tuple[str, str, tuple[list[str], list[list[Any]]] | None]]:
        """Title, picture and table of each part."""
        found: list[tuple[str, str, tuple[list[str], list[list[Any]]] | None]] = []
        if self.probes:
            tasks = tasks_of([picture for _, picture in self.probes])
            rows = [[task, label, where(picture, task)] for task in tasks for label, picture in self.probes]
            found.append(("Where words can be read off", "probes", (["task", "step", "best layer"], rows)))
        if self.lenses:
            found.append((f"What each layer would say next: {report.escape(self.sentence)}", "lens", None))
        if self.attentions:
            rows = [[name, said] for name, said in _told_habits(self.attentions[-1][1])]
            title = f"Where each head looks, {self.attentions[-1][0]}"
            found.append((title, "attention", (["layer.head", "mostly"], rows)))
        if len(self.attentions) > 1:
            found.append(("What heads look at, over steps", "heads", None))
        return found


_STYLE = """<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
img { max-width: 100%; }
div { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #8884; }
</style>"""


def _told_habits(found: Attention) -> list[tuple[str, str]]:
    told = []
    for layer, heads in enumerate(habits(found), 1):
        for head, habit in enumerate(heads, 1):
            shares = {
                "at the first token": habit["first"],
                "at itself": habit["itself"],
                "at the token before": habit["before"],
            }
            place = max(shares, key=lambda each: shares[each])
            said = f"{place}, {report.percent(shares[place], 0)}" if shares[place] > 0.5 else "no one place"
            told.append((f"{layer}.{head}", said))
    return told


def _few(found: Sequence[T], most: int = 4) -> list[T]:
    """The first and the last, and between them some."""
    if len(found) <= most:
        return list(found)
    return [found[round(place * (len(found) - 1) / (most - 1))] for place in range(most)]


def _inline(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
