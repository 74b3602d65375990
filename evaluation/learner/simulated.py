"""A learner made of rules: makes one mistake, hears what the tutor does, and puts it right, or does not.

The learner's mastery of the form, from 0 to 1, begins as the case says and changes with every reply. Prompting a
learner to find the form leads to repair more often than saying it (Lyster & Ranta 1997; Lyster & Saito 2010), and a
mistake that the first language suggests is slower to go: the directions are theirs, the sizes below our own assumption.
What is measured against this learner is how a tutor treats a mistake, and not what a person would have learned.
"""

from __future__ import annotations

import difflib
import random
import re
from collections import Counter
from functools import cache
from typing import Any

from evaluation.cases.case import Case, Messages, Truth
from evaluation.learner.moves import Move, move_of
from evaluation.metrics.recast import form_in
from evaluation.metrics.words import contains, to_tutors_person

GAINS: dict[Move, float] = {
    "elicitation": 0.35,
    "recast": 0.15,
    "explicit": 0.10,
    "talk": 0.05,
    "nothing": 0.0,
    "lost": 0.0,
}
"""What each move adds to mastery."""
_SUGGESTED = 0.7
"""By what the gains are multiplied where the first language suggests the mistake."""
_REPEATS = 0.8
"""How often a learner repeats a form that the tutor has just said."""

_LOST = (
    "I don't understand. Can you say it in short words?",
    "Sorry, that is too much for me.",
    "Please, more slowly.",
)
_AGAIN = ("Hmm. {said}", "Yes, so. {said}", "I want to say it again: {said}", "You know, {said}")
_RIGHT = ("Ah! {right}", "Oh, wait. {right}", "{right} Is that better?")
_REPEAT = ("Yes. {right}", "{right}", "Mm, {right}")

_MINE = {"you": ("I", "we", "me", "us"), "your": ("my", "our"), "yours": ("mine", "ours"), "youre": ("I'm", "we're")}
_AFTER_I = {"are": "am", "were": "was"}


class RuleLearner:
    """The learner of rules; it keeps nothing between calls, so a dialogue can be taken up anywhere."""

    identity: dict[str, Any] | None = None
    """None: what it says costs nothing, and is not kept."""

    def respond(self, dialogues: list[tuple[Case, Messages, int]]) -> list[str | None]:
        """The learner's next words for each (case, messages that end with the tutor's, seed); None where it is over."""
        return [_respond(case, messages, seed) for case, messages, seed in dialogues]


def mastery(case: Case, messages: Messages) -> float:
    """How well the learner knows the form after `messages`, 0 to 1."""
    level = case.simulation.mastery if case.simulation else 0.0
    for reply in _replies(case, messages):
        level += _gain(case, move_of(case, reply))
    return min(1.0, level)


def put_right(truth: Truth) -> str:
    """The learner's words with the mistake put right, in the learner's person: "Yesterday I went to the market."."""
    before, clause, after, end = _parts(truth)
    text = " ".join([*before, *clause, *after])
    return text[:1].upper() + text[1:] + end


def says_right(truth: Truth, said: str) -> bool:
    """Whether the learner's words have the clause put right."""
    return contains(said, " ".join(_parts(truth)[1]))


def _parts(truth: Truth) -> tuple[list[str], list[str], list[str], str]:
    """The learner's words before the clause, the clause put right, the words after it, and the mark at the end."""
    said = truth.learner.strip()
    body = re.sub(r"[.?!\s]+$", "", said)
    mine, theirs, corrected = body.split(), to_tutors_person(said).split(), truth.corrected.split()
    start, stop = _nearest_span([_bare(word) for word in theirs], [_bare(word) for word in corrected])
    clause = _to_learners_person(corrected, {_bare(word) for word in mine})
    return mine[:start], clause, mine[stop:], said[len(body) :].strip() or "."


def _respond(case: Case, messages: Messages, seed: int) -> str | None:
    truth = case.truth
    if truth is None or case.simulation is None:
        return None
    if any(says_right(truth, words) for words in _learners(case, messages)):
        return None  # it is put right, and the tutor has answered that
    draw = random.Random(seed)
    reply = _replies(case, messages)[-1]
    move = move_of(case, reply)
    luck, choice = draw.random(), draw.random()
    if move == "lost":
        return _pick(_LOST, choice)
    if form_in(truth, reply):
        right = luck < _REPEATS
        return _pick(_REPEAT if right else _AGAIN, choice).format(right=put_right(truth), said=truth.learner)
    right = luck < mastery(case, messages) and move in ("elicitation", "talk", "explicit")
    return _pick(_RIGHT if right else _AGAIN, choice).format(right=put_right(truth), said=truth.learner)


def _gain(case: Case, move: Move) -> float:
    truth = case.truth
    suggested = truth is not None and truth.first_language in _languages().get(truth.error, ())
    return GAINS[move] * (_SUGGESTED if suggested else 1.0)


@cache
def _languages() -> dict[str, tuple[str, ...]]:
    """The first languages that suggest each mistake, from the curriculum's lexicon."""
    from data_mix.curriculum.words import lexicon

    return {name: tuple(facts["languages"]) for name, facts in lexicon().mistakes.items()}


def _replies(case: Case, messages: Messages) -> list[str]:
    return [message["content"] for message in messages[len(case.messages) :] if message["role"] == "assistant"]


def _learners(case: Case, messages: Messages) -> list[str]:
    return [message["content"] for message in messages[len(case.messages) :] if message["role"] == "user"]


def _nearest_span(words: list[str], clause: list[str]) -> tuple[int, int]:
    """Where in `words` the words of `clause` stand, as nearly as they do; the shortest of spans equally near."""
    spans = [(start, stop) for start in range(len(words)) for stop in range(start + 1, len(words) + 1)]

    def likeness(span: tuple[int, int]) -> tuple[float, float, int]:
        inside = words[slice(*span)]
        shared = Counter(inside) & Counter(clause)
        rest, wanted = (list((Counter(part) - shared).elements()) for part in (inside, clause))
        near = sum(max((_alike(word, other) for other in wanted), default=0.0) for word in rest)
        order = difflib.SequenceMatcher(None, inside, clause, autojunk=False).ratio()
        return (shared.total() + near) / (len(inside) + len(clause)), order, -len(inside)

    return max(spans, key=likeness, default=(0, 0))


def _alike(one: str, other: str) -> float:
    """How alike two words are, 0 to 1, where they may be forms of one word: cat and cats, play and plays."""
    ratio = difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
    return ratio if ratio > 0.6 and one[:2] == other[:2] else 0.0


def _to_learners_person(clause: list[str], own: set[str]) -> list[str]:
    """`clause`, said to the learner, as the learner says it; `own` are the words that the learner used."""
    found: list[str] = []
    for word in clause:
        bare, before = _bare(word), _bare(found[-1]) if found else ""
        options = _MINE.get(bare, ())
        mine = next((option for option in options if option.lower() in own), bare)
        if before == "i" and bare in _AFTER_I:
            mine = _AFTER_I[bare]
        found.append(word if mine == bare else mine)
    return found


def _pick(options: tuple[str, ...], choice: float) -> str:
    return options[int(choice * len(options))]


def _bare(word: str) -> str:
    return re.sub(r"\W", "", word.lower())
