"""Controls simple enough to know by hand what they get by `uptake`: all, nothing, or what depends on the case."""

import random
from dataclasses import replace

from evaluation.controls.base import Control, Scene, control


@control("the learner's words in any order")
def salad(scene: Scene, chance: random.Random) -> str | None:
    """Takes up all the learner's words, in no order."""
    words = scene.said_by("user")[-1].split()
    chance.shuffle(words)
    return " ".join(words)


@control("one reply to everything")
def canned(scene: Scene, chance: random.Random) -> str | None:
    """Says nothing of the matter."""
    return "Good job!"


@control("the tutor's turn before, again")
def again(scene: Scene, chance: random.Random) -> str | None:
    """Copies the tutor, where one spoke."""
    before = scene.said_by("assistant")
    return before[-1] if before else None


@control("a good reply to another problem")
def elsewhere(scene: Scene, chance: random.Random) -> str | None:
    """Fits another learner."""
    others = [reply for other in scene.others if other.problem != scene.problem for reply in other.references]
    return chance.choice(others) if others else None


@control("a cheer put before", adds=True)
def cheered(scene: Scene, chance: random.Random) -> str | None:
    """A good reply, and nothing more."""
    return f"Well done! {scene.references[0]}" if scene.references else None


TOYS: dict[str, Control] = {
    each.name: replace(each, kind=kind)
    for kind, each in (
        ("no_content", canned),
        ("borrowed", salad),
        ("borrowed", again),
        ("borrowed", elsewhere),
        ("style", cheered),
    )
}
"""By name, kind by kind."""
