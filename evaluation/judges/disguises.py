"""Telling that is dressed up as guiding, and words that are neither: made replies for whoever learns the one from the
other.

Teachers who tell say so; a model that is rewarded for guiding learns to ask whether it could be this. So some of the
controls are taught as what they are.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from evaluation.controls.base import Scene, controls
from evaluation.judges.distractors import PRAISE, Distractor, Taught

TOLD = "telling"
"""The kind of controls that tell."""
_SHARES = {TOLD: ("Telling", 0.12), PRAISE: ("Generic", 0.06)}
"""Of each kind its verdict, and so many for each labelled reply."""
DISGUISED = frozenset(_SHARES)
"""The kinds that are made."""
_OTHERS = 20
"""Dialogues that a reply may be taken from."""


def disguises(taught: Sequence[Taught], *, seed: int) -> list[Distractor]:
    """Some made replies in the dialogues of these labelled ones, the same for the same seed. They are their tutors', so
    that no level of its own explains them."""
    chance = random.Random(f"{seed}/disguises")
    scenes = [_scene(each) for each in taught]
    found = []
    for kind, (verdict, share) in _SHARES.items():
        families = [control for control in controls().values() if control.kind == kind and not control.adds]
        for place in chance.sample(range(len(taught)), round(share * len(taught))):
            each, control = taught[place], chance.choice(families)
            others = chance.sample(scenes, min(_OTHERS, len(scenes)))
            reply = control.make(_scene(each, others), chance)
            if reply is not None:
                found.append(
                    Distractor(
                        messages=each.messages,
                        reply=reply,
                        answer=each.answer,
                        labels={"guiding": verdict},
                        problems=frozenset((each.problem,)),
                        kind=kind,
                        tutor=each.tutor,
                    )
                )
    return found


def _scene(each: Taught, others: Sequence[Scene] = ()) -> Scene:
    return Scene(
        messages=each.messages, references=(each.reply,), answer=each.answer, problem=each.problem, others=others
    )
