"""Replies that would win without knowing anything: echoes, salads, what belongs elsewhere, one thing or another."""

from __future__ import annotations

import re
from collections.abc import Callable

from data_mix.curriculum.templates import capitalise
from research.bootstrap.classroom.asking import PUPIL, Ask
from research.bootstrap.graders.put import Put, Rule, if_not_done, key, known_words, share, stands

_OPTIONS = re.compile(r"((?:an? )?\w+) or ((?:an? )?\w+)")


def _nothing(put: Put) -> str | None:
    return put.rng.choice(("", ".", "..."))


def _echo(put: Put) -> str | None:
    """What was said last, said back."""
    return if_not_done(put, put.ask.lines[-1].text)


def _echo_end(put: Put) -> str | None:
    """The second half of it."""
    words = put.ask.lines[-1].text.split()
    return if_not_done(put, capitalise(" ".join(words[len(words) // 2 :])))


def _echo_unnamed(put: Put) -> str | None:
    """All of it but the pupil's name."""
    return if_not_done(put, re.sub(rf",? ?{PUPIL},? ?", " ", put.ask.lines[-1].text).strip())


def _twenty(put: Put) -> str | None:
    """The word that was wanted, twenty times."""
    return f"{capitalise(' '.join([key(put)] * 20))}."


def _twenty_listed(put: Put) -> str | None:
    return f"{capitalise(', '.join([key(put)] * 12))}." if put.ask.band else None


def _in_salad(put: Put) -> str | None:
    """What was wanted, among words in no order."""
    if not put.ask.band:
        return None
    words = [*put.rng.choices(known_words(), k=5), key(put)]
    put.rng.shuffle(words)
    return f"{capitalise(' '.join(words))}."


def _salad(put: Put) -> str | None:
    words = put.rng.choices(known_words(), k=max(2, len(put.ask.model.split())))
    return if_not_done(put, f"{capitalise(' '.join(words))}.")


def _unknown(put: Put) -> str | None:
    """Words that nobody knows."""
    made_up = ("blonk", "frizzle", "quom", "sprat", "zindle", "vlorp", "tresk", "jumple")
    return f"{capitalise(' '.join(put.rng.choices(made_up, k=len(put.ask.model.split()))))}."


def _borrowed(put: Put) -> str | None:
    """The model answer of another type's task."""
    return _first_wrong(put, lambda other: other.kind != put.ask.kind)


def _neighbour(put: Put) -> str | None:
    """The model answer of another task of this type."""
    return _first_wrong(put, lambda other: other.kind == put.ask.kind)


def _nearly(put: Put) -> str | None:
    """The model answer of another task of this type, which holds most of what is wanted here."""
    return _first_wrong(put, lambda other: other.kind == put.ask.kind, nearly=True)


def _both(put: Put) -> str | None:
    """What is right and what is not, to be on the safe side."""
    wrong = [each for each in put.ask.want.wrong if not stands(each, key(put))]
    if not wrong or put.ask.band == 0:
        return None
    return f"{capitalise(key(put))} or {put.rng.choice(wrong)}."


def _options(put: Put) -> str | None:
    """Either of what was offered, where one is right."""
    found = _OPTIONS.search(put.ask.lines[-1].text)
    if found is None or not any(
        stands(each, found.group(1)) or stands(each, found.group(2)) for each in put.ask.want.wrong
    ):
        return None
    return f"{capitalise(found.group(0))}."


def _first_wrong(put: Put, fits: Callable[[Ask], bool], *, nearly: bool = False) -> str | None:
    """The first other model answer that does not do this task, and holds most of its points or not."""
    found = (other.model for other in put.others if other is not put.ask and fits(other))
    return next((text for text in found if if_not_done(put, text) and (2 * share(put, text) > 1) == nearly), None)


PARTIAL: dict[str, Rule] = {"nearly another's": _nearly}
BAD: dict[str, Rule] = {
    "nothing": _nothing,
    "echo": _echo,
    "echo's end": _echo_end,
    "echo without the name": _echo_unnamed,
    "word twenty times": _twenty,
    "word in a list of itself": _twenty_listed,
    "word in salad": _in_salad,
    "salad": _salad,
    "unknown words": _unknown,
    "another type's": _borrowed,
    "another task's": _neighbour,
    "right or wrong": _both,
    "what was offered": _options,
}
