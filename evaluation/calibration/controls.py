"""Adversarial controls: replies made worse, or no better, in ways that a score of surfaces rewards.

Question marks or empty questions are put after the reply, or praise before it; or another reply is put in its place: of
another dialogue, one question for all, or one drawn from a pool of them. A score that can be trusted gains by none of
the first, and loses by each of the last.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration.folds import Fold
from evaluation.comparison.stats import Estimate
from evaluation.judges.agreement import Resamples
from evaluation.judges.labels import Labelled

Change = Callable[[Sequence[Labelled], random.Random], list[str]]
"""Labelled replies of one fold, and chance, to the control's replies."""

QUESTIONS = (
    "What do you think?",
    "Does that make sense?",
    "Can you try that?",
    "What would you do next?",
    "Are you sure about that?",
    "Can you tell me more?",
)
PRAISE = (
    "Great job!",
    "Well done, you are doing really well!",
    "That is a great try!",
    "Excellent effort!",
    "I love how hard you are working on this!",
    "Good thinking!",
)
CANNED = "Can you tell me how you got that answer?"
OPENINGS = (
    "Let's look at this again.",
    "Hmm, not quite.",
    "Nice try, but check your work.",
    "I see what you did there.",
    "You are close, but there is a mistake.",
    "Let's slow down a little.",
    "Good start, but something went wrong.",
    "Take another look at your steps.",
)
FOLLOW_UPS = (
    "Which operation should you use here?",
    "What is the first step?",
    "What does the question ask you to find?",
    "Can you walk me through your thinking?",
    "Where do you think the mistake is?",
    "What do the numbers in the problem stand for?",
    "Can you check your last calculation?",
    "How could you check whether that is right?",
    "What do you already know about the problem?",
    "Can you draw a picture of it?",
    "What should you do next?",
    "How did you get that number?",
    "Why did you choose to do it that way?",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """One way to change replies."""

    name: str
    """As in `calibration.json`."""
    label: str
    """What is done, in a reader's words."""
    change: Change
    """Does it."""
    replaces: bool
    """Whether nothing of the reply is left: then its score must fall, and not only not rise."""


def question_mark(replies: Sequence[Labelled], chance: random.Random) -> list[str]:
    """The reply ends in a question mark instead of what ended it."""
    return [each.reply.rstrip().rstrip(".!") + ("" if each.reply.rstrip().endswith("?") else "?") for each in replies]


def question(replies: Sequence[Labelled], chance: random.Random) -> list[str]:
    """An empty question after the reply."""
    return [f"{each.reply.rstrip()} {chance.choice(QUESTIONS)}" for each in replies]


def praise(replies: Sequence[Labelled], chance: random.Random) -> list[str]:
    """Empty praise before the reply."""
    return [f"{chance.choice(PRAISE)} {each.reply.lstrip()}" for each in replies]


def shuffled(replies: Sequence[Labelled], chance: random.Random) -> list[str]:
    """A reply of the same tutor to another problem, so that only what it answers is wrong.

    A tutor with one problem keeps the replies, which can only make the control harder to tell.
    """
    pools: dict[str, list[Labelled]] = defaultdict(list)
    for each in replies:
        pools[each.tutor].append(each)
    found = []
    for each in replies:
        others = [other.reply for other in pools[each.tutor] if other.problem != each.problem]
        found.append(chance.choice(others) if others else each.reply)
    return found


def canned(replies: Sequence[Labelled], chance: random.Random) -> list[str]:
    """One question, whatever was said."""
    return [CANNED] * len(replies)


def canned_pool(replies: Sequence[Labelled], chance: random.Random) -> list[str]:
    """One of 104 remarks with a question after them, drawn blindly."""
    return [f"{chance.choice(OPENINGS)} {chance.choice(FOLLOW_UPS)}" for _ in replies]


CONTROLS: dict[str, Control] = {
    each.name: each
    for each in (
        Control(name="question_mark", label="made to end in a question mark", change=question_mark, replaces=False),
        Control(name="question", label="an empty question appended", change=question, replaces=False),
        Control(name="praise", label="empty praise prepended", change=praise, replaces=False),
        Control(name="shuffled", label="replies shuffled between dialogues", change=shuffled, replaces=True),
        Control(name="canned", label="one canned question everywhere", change=canned, replaces=True),
        Control(name="canned_pool", label="a pool of 104 canned questions", change=canned_pool, replaces=True),
    )
}
"""By name; the two with questions are one kind, twice."""


def changed(control: Control, labelled: Sequence[Labelled], folds: Sequence[Fold], *, seed: int = 0) -> list[Labelled]:
    """All replies with the control's in their places, made fold by fold: no judge meets a reply it has learnt."""
    texts = [each.reply for each in labelled]
    for number, fold in enumerate(folds):
        chance = random.Random(f"{seed}/{control.name}/{number}")
        for place, text in zip(
            fold.test, control.change([labelled[place] for place in fold.test], chance), strict=True
        ):
            texts[place] = text
    return [replace(each, reply=text) for each, text in zip(labelled, texts, strict=True)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a control does to a score."""

    change: Estimate
    """Mean of the control's score less the reply's own."""
    resisted: bool
    """Whether the score falls where the reply is replaced, and does not surely rise where something is added: the
    interval lies below 0, or its lower end is not above 0."""


def outcome(
    control: Control,
    scores: NDArray[np.float64],
    real: NDArray[np.float64],
    rows: NDArray[np.int64],
    resamples: Resamples,
) -> Outcome:
    """The change over the replies numbered `rows` for which both scores are known."""
    rows = rows[np.isfinite(scores[rows]) & np.isfinite(real[rows])]
    change = resamples.mean(scores[rows] - real[rows], rows)
    return Outcome(change=change, resisted=change.high < 0 if control.replaces else change.low <= 0)
