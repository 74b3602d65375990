"""Replies made of the dialogue's own words, so that they seem to speak of it; what they say of it is nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import pairwise

from data_mix.language.speech import to_tutors_person
from evaluation.controls.base import Scene, control
from evaluation.controls.frames import draw, pool
from evaluation.controls.material import material
from evaluation.metrics.text import read

_FEW, _ENOUGH = 4, 12
"""Words of a salad, at least and at most."""


@control("a word salad of the dialogue's own words")
def salad(scene: Scene, chance: random.Random) -> str | None:
    """Content words and numbers of the dialogue in random order, in the frame of a question."""
    frame = chance.choice(pool("salad", material(scene).language))
    words = _some(scene, chance, places=frame.count("{}"))
    return _spread(frame, words, material(scene).language) if words else None


@control("a list of the dialogue's words")
def keywords(scene: Scene, chance: random.Random) -> str | None:
    """Words of the dialogue as a list of what matters, and a question about them."""
    words = _some(scene, chance, places=_FEW)
    frame = chance.choice(pool("keywords", material(scene).language))
    return frame.format(", ".join(words)) if words else None


@control("a good reply's words in random order")
def scrambled(scene: Scene, chance: random.Random) -> str | None:
    """All the words of a good reply, and its marks, in an order that says nothing."""
    if not scene.references:
        return None
    reply = scene.references[0].strip()
    words = re.findall(r"\S+", reply.rstrip(".!?…。！？"))
    mixed = chance.sample(words, len(words))
    return " ".join(mixed).rstrip(",;:") + (reply[-1] if reply[-1] in ".!?…。！？" else "") if mixed != words else None


@control("the learner's nouns in a fixed sentence")
def mad_lib(scene: Scene, chance: random.Random) -> str | None:
    """A sentence of a tutor's that was written beforehand, with nouns of the dialogue in its gaps."""
    return draw("mad_lib", scene, chance)


@control("the problem restated, and a question")
def restated(scene: Scene, chance: random.Random) -> str | None:
    """The problem as it was told, and "What do you think?"."""
    problem = " ".join(material(scene).problem.split())
    return draw("restated", scene, chance, problem=_ended(problem)) if problem else None


@control("the problem's question asked back")
def question_returned(scene: Scene, chance: random.Random) -> str | None:
    """What the problem asks is asked again, word for word, as if that were a hint."""
    return draw("question_returned", scene, chance)


@control("the tutor's own earlier turn again")
def copied_turn(scene: Scene, chance: random.Random) -> str | None:
    """What the tutor said before, word for word: the last turn that is not the problem itself, if there is one."""
    turns = [each for each in scene.said_by("assistant") if each.strip()]
    return (turns[1:] or turns)[-1] if turns else None


@control("the learner's own words given back")
def parroted(scene: Scene, chance: random.Random) -> str | None:
    """What the learner just said, said again, or said to the learner as you, perhaps with a question."""
    said = " ".join(material(scene).last.split())
    turned = to_tutors_person((*material(scene).claims, said)[0])
    return draw("parroted", scene, chance, said=_ended(said), turned=turned) if said else None


@control("the dialogue's numbers in a fixed sentence")
def numbers_pasted(scene: Scene, chance: random.Random) -> str | None:
    """A sentence about numbers that was written beforehand, with those of the dialogue in it."""
    return draw("numbers_pasted", scene, chance)


@control("there is a mistake, find it, in the learner's words")
def mistake_pasted(scene: Scene, chance: random.Random) -> str | None:
    """A mistake is said to be in a sentence of the learner's that is drawn blindly, and what it is remains open."""
    return draw("mistake_pasted", scene, chance)


@control("praise, numbers of the dialogue, a question")
def praise_numbers(scene: Scene, chance: random.Random) -> str | None:
    """Praise, then a question that only names numbers of the dialogue."""
    return draw("praise_numbers", scene, chance)


@control("sentences of the dialogue stitched together")
def stitched(scene: Scene, chance: random.Random) -> str | None:
    """A sentence of the problem's and one of the learner's or of the tutor's, and an empty question after them."""
    found = material(scene)
    said = dict.fromkeys(" ".join(each.split()) for each in [*found.facts, *read(found.all).sentences[-8:]])
    if len(said) < 2:
        return None
    first, second = map(_ended, chance.sample(list(said), 2))
    return draw("stitched", scene, chance, first=first, second=second)


def _some(scene: Scene, chance: random.Random, *, places: int) -> list[str]:
    """Words and numbers of the dialogue in random order; none where there are too few."""
    found = material(scene)
    numbers = chance.sample(found.numbers, min(2, len(found.numbers)))
    many = chance.randint(max(_FEW, 2 * places), _ENOUGH) - len(numbers)
    words = chance.sample(found.words, min(len(found.words), many))
    mixed = [*words, *numbers]
    return chance.sample(mixed, len(mixed)) if len(words) > 1 and len(mixed) >= places else []


def _spread(frame: str, words: Sequence[str], language: str) -> str:
    """The words in the frame's gaps, about as many in each."""
    gaps = frame.count("{}")
    ends = [round(len(words) * number / gaps) for number in range(gaps + 1)]
    space = "" if language == "zh" else " "
    return frame.format(*(space.join(words[start:end]) for start, end in pairwise(ends)))


def _ended(text: str) -> str:
    text = " ".join(text.split())
    return text if text[-1:] in ".!?…。！？؟\"'”»)" else f"{text}."
