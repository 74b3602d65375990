"""Controls: who would answer an examination without knowing anything. None of them may pass a band from words on."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from data_mix.curriculum.templates import capitalise
from data_mix.curriculum.words import lexicon
from research.bootstrap.exam.manner import words
from research.bootstrap.exam.sitting import Answer, Answers, Asked
from research.bootstrap.graders.put import known_words


def parrot(asked: Sequence[Asked]) -> list[Answer]:
    """says back what was said to it last"""
    return [_says(each.ask.lines[-1].text) for each in asked]


def picker(asked: Sequence[Asked]) -> list[Answer]:
    """says the last thing that was named to it, alone"""
    things = {form for noun in lexicon().nouns for form in (noun.singular, noun.plural)}
    heard = [[word for line in each.ask.lines for word in words(line.text) if word in things] for each in asked]
    return [_says(_sentence(named[-1] if named else "")) for named in heard]


def reciter(asked: Sequence[Asked]) -> list[Answer]:
    """says the first clause that was said to it, as a sentence"""
    said = [next((clause for clause in _clauses(each) if len(clause.split()) > 2), "") for each in asked]
    return [_says(_sentence(clause)) for clause in said]


def clause_copier(asked: Sequence[Asked]) -> list[Answer]:
    """says the longest clause that was said to it, with I where it heard you, and my where it heard your"""
    longest = [max(_clauses(each), key=lambda clause: len(clause.split()), default="") for each in asked]
    return [_says(_sentence(_TURNED.sub(lambda found: _TURN[found[0].lower()], clause))) for clause in longest]


def borrower(asked: Sequence[Asked]) -> list[Answer]:
    """gives the model answer of the next task of the same session type"""
    by_kind: dict[str, list[Asked]] = {}
    for each in asked:
        by_kind.setdefault(each.ask.kind, []).append(each)
    found = {}
    for those in by_kind.values():
        for each, other in zip(those, [*those[1:], those[0]], strict=True):
            found[each.place] = _says(other.ask.model if other is not each else "")
    return [found[each.place] for each in asked]


def stranger(asked: Sequence[Asked]) -> list[Answer]:
    """gives the model answer of a task of another session type"""
    found = list[Answer]()
    for place, each in enumerate(asked):
        turned = [*asked[place + 1 :], *asked[:place]]
        other = next((other for other in turned if other.ask.kind != each.ask.kind), None)
        found.append(_says(other.ask.model if other else ""))
    return found


def babbler(asked: Sequence[Asked]) -> list[Answer]:
    """says words of the lexicon at random, as many as a model answer has"""
    rng = random.Random(len(asked))
    said = [" ".join(rng.choice(known_words()) for _ in words(each.ask.model)) for each in asked]
    return [_says(_sentence(text)) for text in said]


def stubborn(asked: Sequence[Asked]) -> list[Answer]:
    """always says the same: the model answer that most tasks have"""
    ((text, _),) = Counter(each.ask.model for each in asked).most_common(1)
    return [_says(text) for _ in asked]


def mute(asked: Sequence[Asked]) -> list[Answer]:
    """says nothing"""
    return [_says("") for _ in asked]


_ALL: tuple[Callable[[Sequence[Asked]], list[Answer]], ...] = (
    parrot, picker, reciter, clause_copier, borrower, stranger, babbler, stubborn, mute,
)  # fmt: skip
CONTROLS: Mapping[str, Answers] = {each.__name__: each for each in _ALL}
"""Those that have heard nothing, by name; the docstring of each says what it does."""


_TURN = {"i am": "you are", "i was": "you were", "i": "you", "my": "your", "me": "you"}
_TURN |= {"you are": "I am", "you were": "I was", "you": "I", "your": "my"}
"""What somebody says of themselves as the other says it."""
_TURNED = re.compile(rf"\b({'|'.join(_TURN)})\b", re.IGNORECASE)


def _clauses(asked: Asked) -> list[str]:
    """What was said since the pupil's last turn, in pieces between marks."""
    said = " ".join(line.text for line in asked.ask.lines)
    return [clause.strip() for clause in re.findall(r"[^.!?:,]+", said)]


def _sentence(clause: str) -> str:
    return f"{capitalise(clause)}." if clause else ""


def _says(text: str) -> Answer:
    return Answer(text=f" {text}")
