"""Sentences with slots, by language, that families are made of: `frames.yaml`, and how a slot is filled.

{noun} {word} {name}       of the dialogue, the learner's first
{number} {given} {result}  a number of the learner's, of the problem, the learner's last
{step} {fact} {ask}        a sentence of the learner's, of the problem, the problem's question
{answer}                   what the learner is to find, and other slots that a family fills
{praise} {question} …      a frame of another pool
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from espalier.command_line import yaml_text
from evaluation.controls.base import Scene
from evaluation.controls.material import material

_FILE = Path(__file__).with_name("frames.yaml")
_SLOT = re.compile(r"\{(\w+)\}")
_OF_DIALOGUE = {
    "noun": "nouns",
    "word": "words",
    "name": "names",
    "number": "learners_numbers",
    "given": "given_numbers",
    "result": "result",
    "step": "steps",
    "claim": "claims",
    "fact": "facts",
    "ask": "asks",
    "turn": "turns",
}
SLOTS = (*_OF_DIALOGUE, "words")
"""What of any dialogue can fill a gap."""
_HEAP = 4


@cache
def pools() -> dict[str, dict[str, list[str]]]:
    """By pool and language, its frames."""
    found: dict[str, dict[str, list[str]]] = yaml_text.parse(_FILE.read_text(encoding="utf-8"), str(_FILE))
    return found


def pool(name: str, language: str) -> list[str]:
    """The frames of a pool in a language; where there are none, those for any or, if they have no gap, in English."""
    frames = pools()[name]
    bare = [frame for frame in frames["en"] if not _SLOT.search(frame)]
    return frames.get(language) or frames.get("any") or bare


def draw(name: str, scene: Scene, chance: random.Random, **slots: str) -> str | None:
    """A frame of a pool, filled for a scene; None where not one of them can be."""
    frames = pool(name, material(scene).language)
    for frame in chance.sample(frames, len(frames)):
        if filled := fill(frame, scene, chance, **slots):
            return filled
    return None


def fill(frame: str, scene: Scene, chance: random.Random, **slots: str) -> str | None:
    """A frame with its slots filled, no two alike with the same thing; None where something is missing."""
    taken: set[str] = set()
    found = []
    for place, part in enumerate(_SLOT.split(frame)):
        text = part if place % 2 == 0 else slots[part] if part in slots else _slot(part, scene, chance, taken)
        if text is None:
            return None
        found.append(text)
    text = "".join(found).strip()
    return text[:1].upper() + text[1:] if frame.startswith("{") else text


def compose(pieces: Sequence[str], scene: Scene, chance: random.Random) -> str | None:
    """Frames one after the other, those that can be filled; None where half of them or more cannot."""
    found = [filled for piece in pieces if (filled := fill(piece, scene, chance))]
    return " ".join(found) if 2 * len(found) > len(pieces) else None


def _slot(name: str, scene: Scene, chance: random.Random, taken: set[str]) -> str | None:
    if name == "words":
        words = material(scene).words
        return " ".join(chance.sample(words, _HEAP)) if len(words) >= _HEAP else None
    if name not in _OF_DIALOGUE:
        return draw(name, scene, chance)
    offered = [each for each in getattr(material(scene), _OF_DIALOGUE[name]) if each not in taken]
    if not offered:
        return None
    # What was said first is mostly what it is about.
    chosen: str = chance.choice(offered[:8])
    taken.add(chosen)
    return chosen
