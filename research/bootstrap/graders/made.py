"""Replies made by rule, of which it is known whether they are good: what graders are calibrated against.

Tasks are drawn from every session type and band, and each gets good replies (the model answer, every answer that the
scene wants) and bad ones, each of a kind that a pupil falls into or that would win without knowing anything. What may
be good by chance, such as another task's answer that fits this one, is not made.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from data_mix.curriculum.templates import capitalise
from data_mix.curriculum.words import lexicon
from research.bootstrap.bands import BANDS
from research.bootstrap.classroom.asking import PUPIL, Ask, Line, Want
from research.bootstrap.classroom.scene import Scene
from research.bootstrap.classroom.types import TYPES

Truth = Literal["good", "partial", "bad"]
"""Good is worth 6 or 7; partial is at most 5; bad is not usable, at most 2."""
_WORD = re.compile(r"[a-z]+")
_OPTIONS = re.compile(r"((?:an? )?\w+) or ((?:an? )?\w+)")
_BOTH_WAYS = (("is", "is not"), ("was", "was not"), ("are", "are not"), ("am", "am not"), ("rhymes", "does not rhyme"))


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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Put:
    """A turn that was put, and others of its band whose model answers it may borrow."""

    ask: Ask
    before: tuple[Line, ...]
    name: str
    rng: random.Random
    others: Sequence[Ask]


Rule = Callable[[_Put], str | None]
"""A reply to a turn, or None where it cannot be made so that it is surely what it shall be."""


def made(tasks: int = 4, seed: int = 0) -> Iterator[Made]:
    """Replies to `tasks` tasks of every session type and band, drawn as sessions draw them."""
    for band in range(len(BANDS)):
        puts = list(_puts(band, tasks, seed))
        asks = [put[1] for put in puts]
        for name, ask, before in puts:
            rng = random.Random(f"{seed}/{name}")
            others = rng.sample(asks, len(asks))
            put = _Put(ask=ask, before=before, name=name, rng=rng, others=others)
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


def _replies(put: _Put) -> Iterator[Made]:
    known: tuple[tuple[Truth, dict[str, Rule]], ...] = (("good", _GOOD), ("partial", _PARTIAL), ("bad", _BAD))
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


def _model(put: _Put) -> str | None:
    return put.ask.model


def _wanted(put: _Put) -> str | None:
    """Another answer that the scene wants whole."""
    mark = "?" if put.ask.want.form == "question" else "."
    said = [f"{capitalise(each)}{mark}" for each in put.ask.want.exactly if not _same(each, put.ask.model)]
    return put.rng.choice(said) if said else None


def _plain(put: _Put) -> str | None:
    """The model answer without its capital and its mark, where the mark asks nothing."""
    model = put.ask.model
    return None if put.ask.band == 0 or model.endswith("?") else f"{model[0].lower()}{model[1:-1]}"


def _cut(put: _Put) -> str | None:
    return put.ask.model[:-1]


def _agrees_not(put: _Put) -> str | None:
    """One word of another person or article."""
    for right, wrong in (("is", "are"), ("are", "is"), ("am", "is"), ("has", "have"), ("an", "a"), ("rhymes", "rhyme")):
        if put.ask.band >= 3 and re.search(rf"\b{right}\b", put.ask.model):
            return re.sub(rf"\b{right}\b", wrong, put.ask.model, count=1)
    return None


def _padded(put: _Put) -> str | None:
    """The model answer, and then what has nothing to do with it."""
    more = [each.model for each in put.others if each.kind != put.ask.kind][:4]
    return " ".join([put.ask.model, *more]) if put.ask.band else None


def _nothing(put: _Put) -> str | None:
    return put.rng.choice(("", ".", "..."))


def _echo(put: _Put) -> str | None:
    """What was said last, said back."""
    return _if_not_done(put, put.ask.lines[-1].text)


def _echo_end(put: _Put) -> str | None:
    """The second half of it."""
    words = put.ask.lines[-1].text.split()
    return _if_not_done(put, capitalise(" ".join(words[len(words) // 2 :])))


def _echo_unnamed(put: _Put) -> str | None:
    """All of it but the pupil's name."""
    return _if_not_done(put, re.sub(rf",? ?{PUPIL},? ?", " ", put.ask.lines[-1].text).strip())


def _again(put: _Put) -> str | None:
    return " ".join([put.ask.model] * 3) if put.ask.band else None


def _twenty(put: _Put) -> str | None:
    """The word that was wanted, twenty times."""
    return f"{capitalise(' '.join([_key(put)] * 20))}."


def _twenty_listed(put: _Put) -> str | None:
    return f"{capitalise(', '.join([_key(put)] * 12))}." if put.ask.band else None


def _in_salad(put: _Put) -> str | None:
    """What was wanted, among words in no order."""
    if not put.ask.band:
        return None
    words = [*put.rng.choices(_words(), k=5), _key(put)]
    put.rng.shuffle(words)
    return f"{capitalise(' '.join(words))}."


def _salad(put: _Put) -> str | None:
    words = put.rng.choices(_words(), k=max(2, len(put.ask.model.split())))
    return _if_not_done(put, f"{capitalise(' '.join(words))}.")


def _unknown(put: _Put) -> str | None:
    """Words that nobody knows."""
    made_up = ("blonk", "frizzle", "quom", "sprat", "zindle", "vlorp", "tresk", "jumple")
    return f"{capitalise(' '.join(put.rng.choices(made_up, k=len(put.ask.model.split()))))}."


def _backwards(put: _Put) -> str | None:
    """The model answer from its end on."""
    words = _WORD.findall(put.ask.model.lower())
    return f"{capitalise(' '.join(reversed(words)))}." if put.ask.band >= 4 and len(set(words)) >= 4 else None


def _shuffled(put: _Put) -> str | None:
    words = _WORD.findall(put.ask.model.lower())
    if put.ask.band < 4 or len(words) < 6:
        return None
    put.rng.shuffle(words)
    return f"{capitalise(' '.join(words))}."


def _half(put: _Put) -> str | None:
    """The first half of the model answer, as if that were all."""
    words = put.ask.model.rstrip(".!?").split()
    half = " ".join(words[: len(words) // 2]).rstrip(",.")
    return _if_not_done(put, f"{half}.") if put.ask.band >= 4 and half else None


def _borrowed(put: _Put) -> str | None:
    """The model answer of another type's task."""
    return _first_wrong(put, lambda other: other.kind != put.ask.kind)


def _neighbour(put: _Put) -> str | None:
    """The model answer of another task of this type."""
    return _first_wrong(put, lambda other: other.kind == put.ask.kind)


def _nearly(put: _Put) -> str | None:
    """The model answer of another task of this type, which holds most of what is wanted here."""
    return _first_wrong(put, lambda other: other.kind == put.ask.kind, nearly=True)


def _both(put: _Put) -> str | None:
    """What is right and what is not, to be on the safe side."""
    wrong = [each for each in put.ask.want.wrong if not _stands(each, _key(put))]
    if not wrong or put.ask.band == 0:
        return None
    return f"{capitalise(_key(put))} or {put.rng.choice(wrong)}."


def _options(put: _Put) -> str | None:
    """Either of what was offered, where one is right."""
    found = _OPTIONS.search(put.ask.lines[-1].text)
    if found is None or not any(
        _stands(each, found.group(1)) or _stands(each, found.group(2)) for each in put.ask.want.wrong
    ):
        return None
    return f"{capitalise(found.group(0))}."


def _other_verdict(put: _Put) -> str | None:
    """No for yes, and the rest as it was."""
    head, comma, rest = put.ask.model.partition(", ")
    other = {"Yes": "No", "No": "Yes"}.get(head)
    return f"{other}, {rest}" if comma and other else None


def _denied(put: _Put) -> str | None:
    """The opposite of the model answer."""
    for one, other in _BOTH_WAYS:
        if put.ask.band >= 4 and "not" not in put.ask.model and re.search(rf"\b{one}\b", put.ask.model):
            said = re.sub(rf"\b{one}\b", other, put.ask.model, count=1)
            return said if not re.search(r"\bno\b", said.lower()) else None
    return None


def _turned(put: _Put) -> str | None:
    """A fruit is an apple."""
    found = re.fullmatch(r"(An? \w+) is (an? [\w ]+)\.", put.ask.model)
    return f"{capitalise(found.group(2))} is {found.group(1).lower()}." if found else None


_GOOD: dict[str, Rule] = {"model": _model, "wanted": _wanted, "plain": _plain}
_PARTIAL: dict[str, Rule] = {"cut": _cut, "disagreeing": _agrees_not, "padded": _padded, "nearly another's": _nearly}
_BAD: dict[str, Rule] = {
    "nothing": _nothing,
    "echo": _echo,
    "echo's end": _echo_end,
    "echo without the name": _echo_unnamed,
    "again and again": _again,
    "word twenty times": _twenty,
    "word in a list of itself": _twenty_listed,
    "word in salad": _in_salad,
    "salad": _salad,
    "unknown words": _unknown,
    "backwards": _backwards,
    "shuffled": _shuffled,
    "half": _half,
    "another type's": _borrowed,
    "another task's": _neighbour,
    "right or wrong": _both,
    "what was offered": _options,
    "the other verdict": _other_verdict,
    "denied": _denied,
    "turned round": _turned,
}


def _key(put: _Put) -> str:
    """What was wanted: the longest point, as it is first listed."""
    return max((choices[0] for choices in put.ask.want.points), key=len)


def _first_wrong(put: _Put, fits: Callable[[Ask], bool], *, nearly: bool = False) -> str | None:
    """The first other model answer that does not do this task, and holds most of its points or not."""
    found = (other.model for other in put.others if other is not put.ask and fits(other))
    return next((text for text in found if _if_not_done(put, text) and (2 * _share(put, text) > 1) == nearly), None)


def _share(put: _Put, text: str) -> float:
    """Of the points, those that stand in a text."""
    points = put.ask.want.points
    return sum(any(_stands(each, text) for each in choices) for choices in points) / len(points)


def _if_not_done(put: _Put, text: str) -> str | None:
    """A text that lacks a point, or says what is wrong."""
    want: Want = put.ask.want
    lacks = any(not any(_stands(each, text) for each in choices) for choices in want.points)
    return text if lacks or any(_stands(each, text) for each in want.wrong) else None


def _stands(phrase: str, text: str) -> bool:
    return f" {' '.join(_WORD.findall(phrase.lower()))} " in f" {' '.join(_WORD.findall(text.lower()))} "


def _same(one: str, other: str) -> bool:
    return _WORD.findall(one.lower()) == _WORD.findall(other.lower())


@cache
def _words() -> tuple[str, ...]:
    found = {noun.singular for noun in lexicon().nouns} | {verb.past for verb in lexicon().verbs}
    return tuple(sorted(found | {"a", "the", "is", "and", "I", "you", "it", "not", "to", "in", "because", "yes"}))
