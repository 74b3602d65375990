"""Replies made by rule, of which it is known whether they are good: what graders are calibrated against.

Tasks are drawn from every session type and band, and each gets good replies (the model answer, every answer that the
scene wants) and bad ones, each of a kind that a pupil falls into or that would win without knowing anything. What may
be good by chance, such as another task's answer that fits this one, is not made.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from data_mix.curriculum.templates import capitalise
from research.bootstrap.bands import BANDS
from research.bootstrap.classroom.asking import PUPIL, Ask, Line
from research.bootstrap.classroom.scene import Scene
from research.bootstrap.classroom.types import TYPES
from research.bootstrap.graders import cheap, spoilt
from research.bootstrap.graders.put import Put, Rule, same

Truth = Literal["good", "partial", "bad"]
"""Good is worth 6 or 7; partial is at most 5; bad is not usable, at most 2."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A reply, and what is known of it."""

    source: str
    """How it was made: `model`, `echo`, `salad` …"""
    truth: Truth
    """What it is."""
    task: str
    """Of which task it is: those of one task are not independent."""
    ask: Ask
    """What was asked."""
    before: tuple[Line, ...]
    """What was said before it."""
    text: str
    """The reply."""
    ended: bool = True
    """Whether it ended by itself."""


def made(tasks: int = 4, seed: int = 0) -> Iterator[Made]:
    """Replies to `tasks` tasks of every session type and band, drawn as sessions draw them."""
    for band in range(len(BANDS)):
        puts = list(_puts(band, tasks, seed))
        asks = [put[1] for put in puts]
        for name, ask, before in puts:
            rng = random.Random(f"{seed}/{name}")
            others = rng.sample(asks, len(asks))
            put = Put(ask=ask, before=before, name=name, rng=rng, others=others)
            yield from _replies(put)


def _puts(band: int, tasks: int, seed: int) -> Iterator[tuple[str, Ask, tuple[Line, ...]]]:
    for kind, session_type in TYPES.items():
        for number in range(tasks):
            rng = random.Random(f"made/{seed}/{kind}/{band}/{number}")
            before: tuple[Line, ...] = ()
            for turn, ask in enumerate(session_type(Scene(rng, "sessions")).episode(band).asks):
                before += ask.lines
                yield f"{kind}/{band}/{number}/{turn}", ask, before
                before += (Line(speaker=PUPIL, text=ask.model),)


def _replies(put: Put) -> Iterator[Made]:
    known: tuple[tuple[Truth, dict[str, Rule]], ...] = (
        ("good", _GOOD),
        ("partial", cheap.PARTIAL | spoilt.PARTIAL),
        ("bad", cheap.BAD | spoilt.BAD),
    )
    for truth, rules in known:
        for source, rule in rules.items():
            if (text := rule(put)) is not None:
                ended = source != "cut"
                yield Made(
                    source=source,
                    truth=truth,
                    task=put.name,
                    ask=put.ask,
                    before=put.before,
                    text=f" {text}",
                    ended=ended,
                )


def _model(put: Put) -> str | None:
    return put.ask.model


def _wanted(put: Put) -> str | None:
    """Another answer that the scene wants whole, or that Sophie would give."""
    mark = "?" if put.ask.want.form == "question" else "."
    wanted = (f"{capitalise(each)}{mark}" for each in put.ask.want.exactly)
    said = [each for each in (*wanted, *put.ask.want.models) if not same(each, put.ask.model)]
    return put.rng.choice(said) if said else None


def _plain(put: Put) -> str | None:
    """The model answer without its capital and its mark, where the mark asks nothing."""
    model = put.ask.model
    return None if put.ask.band == 0 or model.endswith("?") else f"{model[0].lower()}{model[1:-1]}"


_GOOD: dict[str, Rule] = {"model": _model, "wanted": _wanted, "plain": _plain}
