"""How pupils grew, in loops of several seeds: the band after so many minutes, and every band's examination over tokens.

    python research/benchmarks/growth.py basil-grows-s0 basil-grows-s1 basil-grows-s2 [--page FILE.md]

Reads loops that research/bootstrap/run.py made, and trains nothing. Prints Markdown; a page gets a picture beside it.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete, read_json, write_text
from espalier.command_line.config import Config, Name, load
from espalier.command_line.console import duration, say
from espalier.errors import UserError, run_main
from espalier.loops.times import seconds_of
from espalier.report import COLOURS, canvas, escape, percent, save_picture, table
from research.bootstrap.bands import BANDS, GOOD, USABLE, share_from
from research.bootstrap.loop.history import band_after, seconds_in

MINUTES = (30, 60, 120, 240)


class Growth(Config):
    """Which loops."""

    loops: list[Name] = []
    """Their names; also said first, without a flag."""
    page: Path | None = None
    """Write the page there, its picture beside it."""


@dataclass(frozen=True, kw_only=True)
class Loop:
    """One loop, as far as it came."""

    name: str
    rounds: Sequence[Mapping[str, Any]]
    exams: Sequence[Mapping[str, Any]]
    seconds: Mapping[str, float]
    """Of each of its artifacts, those of the listening that it began from too."""
    over: bool
    """Whether it ended by itself."""

    @property
    def tokens(self) -> list[float]:
        """Millions trained on after each round."""
        return [tokens / 1e6 for tokens in accumulate(each["trained_tokens"] for each in self.rounds)]

    @property
    def minutes(self) -> list[float]:
        """Of work after each round."""
        return [seconds / 60 for seconds in accumulate(seconds_in(each, self.seconds) for each in self.rounds)]


def main(argv: list[str]) -> int:
    config, _ = load(Growth, argv, prog="python research/benchmarks/growth.py", doc=__doc__, first="loops")
    if not config.loops:
        raise UserError("--loops: is missing; it names loops that research/bootstrap/run.py made")
    loops = [read(name) for name in config.loops]
    parts = list(written(loops))
    if config.page is None:
        say("\n\n".join(parts))
        return 0
    picture = drawn(loops, config.page.with_suffix(".png"))
    write_text(config.page, "\n\n".join([*parts, f"![Every band's examination over tokens]({picture.name})"]) + "\n")
    say(f"written: {config.page}")
    return 0


def read(name: str) -> Loop:
    """The loop of that name. UserError where it has no round yet."""
    folder = artifact("loops", name)
    rounds = [
        read_json(path)
        for path in sorted((folder / "exams").glob("r*.json"), key=lambda path: int(path.stem.removeprefix("r")))
    ]
    if not rounds:
        raise UserError(f"{folder}: no round is done; python research/bootstrap/run.py makes loops")
    exams = [read_json(artifact("corpora", each["exam"]) / "exam.json") for each in rounds]
    return Loop(
        name=name, rounds=rounds, exams=exams, seconds=seconds_of(folder), over=is_complete(folder)
    )  # fmt: skip


def written(loops: Sequence[Loop]) -> Iterator[str]:
    """The paragraphs of the page."""
    yield table(
        ["loop", "rounds", "million tokens", "work", *(f"band after {minutes} min" for minutes in MINUTES),
         "band at its end", "passes", "over"],
        [_row(each) for each in loops],
    )  # fmt: skip
    yield "## Every band's examination"
    yield (
        "Good held-out turns, by loop: after listening, and after the last round with its 95 % interval. *As Sophie*: "
        "the same tasks put to the same model under the name of whom it heard do them. *Jump*: the most that a round "
        "brought, where the intervals before and after do not meet, and that round."
    )
    yield table(
        ["band", "wanted", "after listening", "at the end", "as Sophie, after listening", "at the end", "jump"],
        [_of_band(loops, band) for band in range(len(BANDS))],
    )
    yield "## Round by round"
    for each in loops:
        yield f"**{escape(each.name)}**"
        yield table(
            ["round", "minutes", "attempts usable", "good", "examination, mean of all bands", "as Sophie", "passes"],
            [_of_round(each, number) for number in range(len(each.rounds))],
        )


def _row(loop: Loop) -> list[Any]:
    last = loop.rounds[-1]
    after = [band_after(minutes, loop.rounds, loop.seconds) for minutes in MINUTES]
    return [
        escape(loop.name), len(loop.rounds), f"{loop.tokens[-1]:.1f}", duration(60 * loop.minutes[-1]),
        *("not so long" if band is None else band for band in after),
        last["next_band"], _passed(last), "all bands in one round" if last["through"] else loop.over,
    ]  # fmt: skip


def _passed(found: Mapping[str, Any]) -> str | None:
    return ", ".join(str(band) for band, passed in enumerate(found["passed"]) if passed) or None


def _of_band(loops: Sequence[Loop], band: int) -> list[Any]:
    ends = [each.exams[-1]["bands"][band] for each in loops]

    def shares(which: int, who: str) -> str:
        return "; ".join(percent(each.exams[which][who][band]["share"]) for each in loops)

    return [
        f"{band} {BANDS[band]}",
        percent(ends[0]["at_least"]),
        shares(0, "bands"),
        "; ".join(f"{percent(end['share'])} ({percent(end['low'])}–{percent(end['high'])})" for end in ends),
        shares(0, "as_sophie"),
        shares(-1, "as_sophie"),
        "; ".join(_jump(each, band) for each in loops),
    ]


def _jump(loop: Loop, band: int) -> str:
    found = [exam["bands"][band] for exam in loop.exams]
    rises = [
        (after["share"] - before["share"], number)
        for number, (before, after) in enumerate(pairwise(found), 1)
        if after["low"] > before["high"]
    ]
    if not rises:
        return "none"
    most, number = max(rises)
    return f"{100 * most:+.1f} points in round {number}"


def _of_round(loop: Loop, number: int) -> list[Any]:
    found, exam = loop.rounds[number], loop.exams[number]
    learned = [share_from(found["scores"], least) for least in (USABLE, GOOD)]
    return [
        number,
        f"{loop.minutes[number]:.0f}",
        *(None if share is None else percent(share) for share in learned),
        percent(fmean(each["share"] for each in exam["bands"])),
        percent(fmean(each["share"] for each in exam["as_sophie"])),
        _passed(found),
    ]


def drawn(loops: Sequence[Loop], path: Path) -> Path:
    """A picture: for each band the share of good held-out turns over tokens, a line for each loop, as Sophie dotted."""
    figure, first = canvas(11, 5.4, "")
    first.remove()
    panels = figure.subplots(2, 4, sharex=True, sharey=True)
    for band, axes in enumerate(panels.flat):
        axes.set_title(f"{band} {BANDS[band]}", fontsize=9, loc="left")
        axes.axhline(loops[0].exams[-1]["bands"][band]["at_least"], color="#888888", lw=0.8, ls="--")
        for place, loop in enumerate(loops):
            colour, tokens = COLOURS[place % len(COLOURS)], loop.tokens
            own, heard = (
                [exam[who][band]["share"] for exam in loop.exams] for who in ("bands", "as_sophie")
            )  # fmt: skip
            lows, highs = ([exam["bands"][band][end] for exam in loop.exams] for end in ("low", "high"))
            axes.fill_between(tokens, lows, highs, color=colour, alpha=0.12, lw=0)
            axes.plot(tokens, own, color=colour, lw=1.5, label=loop.name)
            axes.plot(tokens, heard, color=colour, lw=0.9, ls=":")
        axes.set_ylim(0, 1.02)
        axes.tick_params(labelsize=8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    for axes in panels[-1]:
        axes.set_xlabel("million tokens trained on", fontsize=8)
    panels[0, 0].legend(fontsize=7, frameon=False, loc="lower right")
    figure.suptitle(
        "Good held-out turns; dotted: as Sophie; dashed: what the interval's lower end has to reach", fontsize=10
    )
    return save_picture(figure, path)


if __name__ == "__main__":
    run_main(main)
