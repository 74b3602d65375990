"""Replies without anything of the dialogue: what a tutor can say to anybody."""

from __future__ import annotations

import random

from evaluation.controls.base import Scene, control
from evaluation.controls.frames import draw, pool
from evaluation.controls.material import material


@control("one canned question everywhere")
def canned(scene: Scene, chance: random.Random) -> str | None:
    """One question, whatever was said; in the dialogue's language where it is known."""
    return pool("canned", material(scene).language)[0]


@control("a pool of 104 canned questions")
def canned_pool(scene: Scene, chance: random.Random) -> str | None:
    """One of 104 remarks with a question after them, drawn blindly; of fewer in other languages than English."""
    return f"{draw('opening', scene, chance)} {draw('follow_up', scene, chance)}"


@control("praise and nothing else")
def praise_alone(scene: Scene, chance: random.Random) -> str | None:
    """Encouragement without a word on what was done."""
    return draw("praise_alone", scene, chance)


@control("a paragraph of tutors' phrases")
def boilerplate(scene: Scene, chance: random.Random) -> str | None:
    """Warm, fluent sentences that would stand before and after any hint, without the hint."""
    return draw("boilerplate", scene, chance)


@control("advice that fits every problem")
def advice(scene: Scene, chance: random.Random) -> str | None:
    """A way of working in general, such as making a drawing, as if it were a hint about this."""
    return draw("advice", scene, chance)


@control("three canned questions in a row")
def litany(scene: Scene, chance: random.Random) -> str | None:
    """Open questions one after the other, none of them about anything that was said."""
    questions = pool("follow_up", material(scene).language)
    return " ".join(chance.sample(questions, min(3, len(questions))))
