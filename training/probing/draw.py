"""Pictures of what is inside: probes over steps, a lens, attention; the same bytes for the same figures."""

from __future__ import annotations

import math
import textwrap
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from espalier.report import save_picture
from training.probing.attention import Attention, habits
from training.probing.lens import Lens
from training.probing.record import ProbePicture, tasks_of

_MOST_PANELS = 144
"""Heads drawn in one picture."""
_PANELS_ACROSS = 8
"""Heads in a line, unless a layer has more."""
_MOST_NAMED = 24
"""Tokens that are named beside a head."""
_MOST_NUMBERS = 14
"""Steps whose figures are written into their cells."""


class Sheet:
    """A figure of several panels, on white or on black."""

    def __init__(self, rows: int, columns: int, width: float, height: float, title: str, *, dark: bool) -> None:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.ground, self.ink, self.faint = (
            ("#15181C", "#E8E8E8", "#30353B") if dark else ("white", "#222222", "#EEEEEE")
        )
        self.colours = "magma" if dark else "YlGnBu"
        names = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
        with ExitStack() as stack:
            stack.enter_context(rc_context(dict.fromkeys(names, self.ink) | {"axes.facecolor": self.ground}))
            self.figure = Figure(figsize=(width, height), dpi=130, layout="constrained", facecolor=self.ground)
            FigureCanvasAgg(self.figure)
            self.panels: Any = self.figure.subplots(rows, columns, squeeze=False)
            lines = textwrap.wrap(plain(title), int(11 * width))
            self.figure.suptitle("\n".join(lines), fontsize=11, x=0.01, ha="left")
        for panel in self.panels.flat:
            panel.tick_params(labelsize=8, length=0)
            panel.spines[:].set_visible(False)

    def cells(self, panel: Any, values: Sequence[Sequence[float]], *, most: float = 1.0) -> Any:
        """A panel of coloured cells, 0 to `most`, with the first line at the bottom."""
        return panel.imshow(values, cmap=self.colours, vmin=0.0, vmax=most, aspect="auto", origin="lower")

    def scale(self, drawn: Any, meaning: str) -> None:
        """What the colours of `drawn` mean, at the right."""
        bar = self.figure.colorbar(drawn, ax=self.panels, shrink=0.8, pad=0.01, fraction=0.03, aspect=40)
        bar.set_label(meaning, fontsize=7.5, color=self.ink)
        bar.ax.tick_params(labelsize=7.5, length=0, labelcolor=self.ink)
        bar.outline.set_visible(False)

    def write(self, panel: Any, x: int, y: int, said: str, value: float, *, size: float = 7.5) -> None:
        """Words in a cell, in a colour that is read on the cell's own, which is of `value` of 0 to 1."""
        from matplotlib import colormaps

        red, green, blue, _ = colormaps[self.colours](min(1.0, max(0.0, value)))
        bright = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
        panel.text(x, y, plain(said), ha="center", va="center", fontsize=size, color="#111111" if bright else "#F5F5F5")

    def save(self, path: Path) -> Path:
        """Write the PNG `path`, and return it."""
        with warnings.catch_warnings():
            # Of a script that the font lacks, the box in a character's place says enough.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            return save_picture(self.figure, path)


def draw_probes(pictures: Sequence[tuple[str, ProbePicture]], path: Path, title: str, *, dark: bool = False) -> Path:
    """A panel for each task: selectivity by layer, from the bottom up, and by step. `–` where nothing is told."""
    tasks = tasks_of([picture for _, picture in pictures])
    columns = min(3, len(tasks))
    rows = -(-len(tasks) // columns)
    layers = max(len(picture) for _, picture in pictures)
    width = max(7.2, 1.6 + columns * (0.9 + 0.42 * min(len(pictures), _MOST_NUMBERS)))
    sheet = Sheet(rows, columns, width, 0.9 + rows * max(2.0, 0.9 + 0.26 * layers), title, dark=dark)
    most = max(each["selectivity"] for _, picture in pictures for layer in picture for each in layer.values())
    most = max(0.2, math.ceil(10 * most) / 10)
    drawn = None
    for panel, task in zip(sheet.panels.flat, tasks, strict=False):
        found = [[layer[task] for layer in picture if task in layer] for _, picture in pictures]
        values = [
            [each[layer]["selectivity"] if layer < len(each) else 0.0 for each in found] for layer in range(layers)
        ]
        drawn = sheet.cells(panel, values, most=most)
        panel.set_title(plain(task), fontsize=9.5, loc="left")
        panel.set_yticks(range(layers), ["in", *map(str, range(1, layers))])
        _steps_below(panel, pictures)
        for x, each in enumerate(found):
            for layer, of_it in enumerate(each):
                said = f"{of_it['selectivity']:.2f}".replace("0.", ".") if of_it["tells"] else "–"
                if len(pictures) <= _MOST_NUMBERS or not of_it["tells"]:
                    sheet.write(panel, x, layer, said, of_it["selectivity"] / most)
    for panel in sheet.panels.flat[len(tasks) :]:
        panel.set_visible(False)
    sheet.scale(drawn, "selectivity; – where nothing is told")
    return sheet.save(path)


def draw_lens(found: Sequence[tuple[str, Lens]], path: Path, title: str, *, dark: bool = False) -> Path:
    """What each layer would say after each token, one block for each step; the colour is its probability."""
    layers, places = len(found[0][1]["layers"]), len(found[0][1]["tokens"])
    height = 0.9 + len(found) * (0.75 + 0.27 * layers)
    sheet = Sheet(len(found), 1, max(7.2, 1.2 + 0.78 * places), height, title, dark=dark)
    drawn = None
    for panel, (label, each) in zip(sheet.panels.flat, found, strict=True):
        likeliest = [[place[0] for place in layer] for layer in each["layers"]]
        drawn = sheet.cells(panel, [[share for _, share in layer] for layer in likeliest])
        for layer, line in enumerate(likeliest):
            for at, (token, share) in enumerate(line):
                sheet.write(panel, at, layer, shown(token), share, size=7)
        panel.set_title(plain(label), fontsize=9.5, loc="left")
        panel.set_yticks(range(layers), ["in", *map(str, range(1, layers))])
        panel.set_xticks(range(places), [plain(shown(token)) for token in each["tokens"]])
        panel.set_ylabel("layer", fontsize=8)
    sheet.scale(drawn, "probability of the token that is named")
    return sheet.save(path)


def draw_attention(found: Attention, path: Path, title: str, *, dark: bool = False) -> Path:
    """A panel for each head, by layer: from each token (down) to those it looks at (across)."""
    weights, places = found["weights"], len(found["tokens"])
    heads = len(weights[0])
    every = -(-len(weights) * heads // _MOST_PANELS)
    chosen = list(range(len(weights) - 1, -1, -every))[::-1]
    if every > 1:
        title = f"{title}; one layer in {every}"
    columns = heads * max(1, min(len(chosen), _PANELS_ACROSS // heads))
    rows = -(-len(chosen) * heads // columns)
    side = max(0.9, min(2.4, 0.13 * places + 0.3))
    sheet = Sheet(rows, columns, max(4.5, 1.2 + columns * side), 0.8 + rows * side, title, dark=dark)
    labels = [plain(shown(token)) for token in found["tokens"]]
    for panel in sheet.panels.flat:
        panel.set_axis_off()
    for number, (layer, head) in enumerate((layer, head) for layer in chosen for head in range(heads)):
        panel = sheet.panels.flat[number]
        panel.set_axis_on()
        panel.imshow(weights[layer][head], cmap=sheet.colours, vmin=0.0, vmax=1.0)
        panel.set_title(f"{layer + 1}.{head + 1}", fontsize=7, pad=2)
        panel.tick_params(labelsize=6)
        named = places <= _MOST_NAMED
        down, across = named and number % columns == 0, named and number + columns >= len(chosen) * heads
        panel.set_yticks(range(places) if down else [], labels if down else [])
        panel.set_xticks(range(places) if across else [], labels if across else [], rotation=90)
    return sheet.save(path)


def draw_habits(found: Sequence[tuple[str, Attention]], path: Path, title: str, *, dark: bool = False) -> Path:
    """Over steps, of each head, how much it looks at the first token, at its own, and at the one before."""
    each = [[head for layer in habits(attention) for head in layer] for _, attention in found]
    heads = len(found[0][1]["weights"][0])
    names = [f"{place // heads + 1}.{place % heads + 1}" for place in range(len(each[0]))]
    height = 1.4 + max(1.6, 0.2 * len(names))
    sheet = Sheet(1, 3, max(7.2, 2.0 + 3 * 0.4 * min(len(found), _MOST_NUMBERS)), height, title, dark=dark)
    kinds = {
        "at the first token": [[head["first"] for head in of_step] for of_step in each],
        "at itself": [[head["itself"] for head in of_step] for of_step in each],
        "at the token before": [[head["before"] for head in of_step] for of_step in each],
    }
    drawn = None
    for panel, (meaning, shares) in zip(sheet.panels.flat, kinds.items(), strict=True):
        drawn = sheet.cells(panel, list(zip(*shares, strict=True)))
        panel.set_title(meaning, fontsize=9.5, loc="left")
        panel.set_yticks(range(len(names)), names)
        _steps_below(panel, found)
    sheet.scale(drawn, "share of a head's attention on this text")
    return sheet.save(path)


def _steps_below(panel: Any, found: Sequence[tuple[str, Any]]) -> None:
    """Label the columns, all of them where there are few."""
    named = range(0, len(found), -(-len(found) // _MOST_NUMBERS))
    panel.set_xticks(named, [plain(found[place][0]) for place in named], rotation=45, ha="right")


def plain(text: str) -> str:
    """Text in which nothing is mathematics."""
    return text.replace("$", r"\$")


def shown(token: str, most: int = 10) -> str:
    """A token as one sees it: its spaces and line ends too, and no more than `most` characters."""
    seen = "".join(
        "·" if each == " " else "⏎" if each == "\n" else each if each.isprintable() else "�" for each in token
    )
    return seen if len(seen) <= most else f"{seen[: most - 1]}…"
