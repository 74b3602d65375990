"""Labelled words for probes, written by the curriculum's grammar, which knows of each word what it is."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from data_mix.curriculum.chooser import Sampler
from data_mix.curriculum.clauses import FRAMES, ORDER, Clause
from data_mix.curriculum.dialogues import dialogue
from data_mix.curriculum.heldout import pick_level, session_determiners
from data_mix.curriculum.templates import capitalise
from data_mix.curriculum.words import lexicon
from data_mix.curriculum.write import NOTHING_HELD_OUT, SPEAKER, session, space
from espalier.text.messages import TEXT_ROLE, Message

TASKS = {
    "function": "a word of grammar, or one that means something",
    "category": "what kind of thing a noun is: a fruit, an animal, a place, …",
    "number": "whether a noun is one or many",
    "tense": "whether a verb tells of what was, is or will be",
    "speaker": "which of those with a name in the text says a word",
    "turn": "whether a word stands in the learner's turn of a chat or in the tutor's",
}
"""What is asked of a word, by name."""
BY_TEXT = ("speaker", "turn")
"""Tasks in which all words of a turn have one label: there, training and test have no text in common either."""
_TENSES = {"past": "past", "habit": "present", "now": "present", "future": "future"}
_MARKS_A_TURN = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with what is to be read off from it."""

    task: str
    label: str
    word: str
    """What is kept apart: a headword, so that no form of a tested word is in training."""
    end: int
    """Where it ends in its message, in characters."""
    message: int = 0
    """The place of its message."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A text, or a chat, with some of its words marked."""

    messages: tuple[Message, ...]
    marks: tuple[Mark, ...]


def labelled(*, seed: int = 0, sentences: int = 500, sessions: int = 100, dialogues: int = 100) -> list[Marked]:
    """Texts of the curriculum with labels for all `TASKS`: the same ones for the same seed.

    Sentences give function, category, number and tense, as many in the plural as in the singular where a noun has one;
    sessions give speaker, and dialogues turn.
    """
    rng = random.Random(f"probing {seed}")
    return [
        *(_sentence(rng) for _ in range(sentences)),
        *(_session(rng) for _ in range(sessions)),
        *(_dialogue(rng) for _ in range(dialogues)),
    ]


def _sentence(rng: random.Random) -> Marked:
    c = Sampler(rng)
    clause = space("all", NOTHING_HELD_OUT).clause(c, level=pick_level(c))
    if _countable(clause):
        numbers = lexicon().conversation["numbers"]
        usual = [each for each in session_determiners(clause.noun)[0] if each not in numbers]
        clause = replace(clause, determiner=rng.choice(numbers if rng.random() < 0.5 else usual))
    said = f"{SPEAKER['user']}: {capitalise(clause.full(False))}."
    start = said.lower().index(clause.core(False).lower())
    return Marked(({"role": TEXT_ROLE, "content": said},), (*_core_marks(clause, start), *_reason_marks(clause, said)))


def _countable(clause: Clause) -> bool:
    return not (clause.noun.mass or clause.noun.place)


def _core_marks(clause: Clause, start: int) -> Iterator[Mark]:
    """Of subject, verb and object, which stand in the text from `start` on."""
    parts, numbers = clause.parts(False), lexicon().conversation["numbers"]
    noun, verb = clause.noun, clause.verb
    for name in ORDER:
        part = getattr(parts, name)
        for word in (
            part.split() if name in ("subject", "helper", "preposition", "determiner") else filter(None, [part])
        ):
            start += len(word)
            if name == "noun":
                yield Mark("function", "meaning", noun.singular, start)
                yield Mark("category", noun.category, noun.singular, start)
                if _countable(clause):
                    yield Mark("number", "many" if clause.many else "one", noun.singular, start)
            elif name == "verb":
                yield Mark("function", "meaning", verb.base, start)
                yield Mark("tense", _TENSES[FRAMES[clause.frame]], verb.base, start)
            elif name in ("helper", "preposition", "determiner") and word not in (*numbers, "want", "wants"):
                yield Mark("function", "function", word.lower(), start)
            elif name == "subject" and not clause.person.third:
                yield Mark("function", "function", word.lower(), start)
            start += 1


def _reason_marks(clause: Clause, said: str) -> Iterator[Mark]:
    """Of `, because I was tired`: all but the feeling are words of grammar."""
    if clause.feeling is None:
        return
    at = said.rindex("because ")
    for word in said[at:].removesuffix(f" {clause.feeling}.").split():
        at += len(word)
        yield Mark("function", "function", word.lower(), at)
        at += 1
    yield Mark("function", "meaning", clause.feeling, len(said) - 1)


def _session(rng: random.Random) -> Marked:
    c = Sampler(rng)
    session(c, space("all", NOTHING_HELD_OUT))
    text = c.messages[0][1]
    marks: list[Mark] = []
    for line in re.finditer(r"^(\w+): (.+)$", text, re.MULTILINE):
        marks += _some_words(rng, "speaker", line[1], line[2], line.start(2), 0)
    return Marked(({"role": TEXT_ROLE, "content": text},), tuple(marks))


def _dialogue(rng: random.Random) -> Marked:
    c = Sampler(rng)
    dialogue(c, space("all", NOTHING_HELD_OUT))
    marks: list[Mark] = []
    for at, (role, said) in enumerate(c.messages):
        if role in SPEAKER:
            marks += _some_words(rng, "turn", role, said, 0, at)
    return Marked(tuple({"role": role, "content": said} for role, said in c.messages), tuple(marks))


def _some_words(rng: random.Random, task: str, label: str, said: str, start: int, message: int) -> list[Mark]:
    words = list(re.finditer(r"[^\W\d_]+", said))
    chosen = rng.sample(words, min(_MARKS_A_TURN, len(words)))
    return [Mark(task, label, word[0].lower(), start + word.end(), message) for word in chosen]
