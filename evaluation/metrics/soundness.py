"""Is the reasoning before a choice sound, whether or not the choice is right?

A stated heuristic, not a judge: it looks at words alone, and cannot tell a true step from a false one. It is there to
find the items where a model thought about the question and a benchmark still counts it wrong, so that a person reads
them. Four parts, each from 0 to 1, and their geometric mean, so that a part at 0 makes the whole 0:

relevance        content words of the question and its choices that the reasoning uses; 6, or half of them, are enough
coherence        sentences that take up a word said before them, or begin with or hold a connective such as "because"
non_repetition   runs of three words that are not there twice
substance        content words that the question did not hold; 8 are enough

From `THRESHOLD` on, reasoning counts as sound.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from evaluation.cases.case import Case, Reply
from evaluation.cases.case_spec import CHOICE_REQUEST
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric
from evaluation.metrics.choice import choice_correct
from evaluation.metrics.words import content_words, words

THRESHOLD = 0.5
_ENOUGH_TAKEN_UP = 6
_ENOUGH_NEW = 8
_RUN = 3
_CONNECTIVES = """
because since so therefore thus hence then if but however although though while whereas first second next finally
instead means implies follows leaves rules
"""
_LINKS = frozenset(_CONNECTIVES.split())
_ANSWER = re.compile(r"^\W*answer\W*\s*\(?([A-Za-z])\b\W*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Soundness:
    """How sound a reasoning is, by its parts; each from 0 to 1."""

    relevance: float
    """Whether it is about the question."""
    coherence: float
    """Whether its sentences hang together."""
    non_repetition: float
    """Whether it says things once."""
    substance: float
    """Whether it says anything that the question did not."""

    @property
    def score(self) -> float:
        """The geometric mean of the parts."""
        return math.prod((self.relevance, self.coherence, self.non_repetition, self.substance)) ** 0.25

    @property
    def is_sound(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.score >= THRESHOLD


def soundness(question: str, reasoning: str) -> Soundness:
    """How sound `reasoning` is as an approach to `question`, its choices included."""
    asked, said = content_words(question), words(reasoning)
    used = content_words(reasoning)
    wanted = min(_ENOUGH_TAKEN_UP, math.ceil(len(asked) / 2))
    return Soundness(
        relevance=min(1.0, len(asked & used) / wanted) if wanted else 0.0,
        coherence=_coherence(asked, reasoning),
        non_repetition=_non_repetition(said),
        substance=min(1.0, len(used - asked) / _ENOUGH_NEW),
    )


@metric("reasons soundly before the choice, right or wrong")
def sound_reasoning(case: Case, reply: Reply) -> Score:
    """How far the reasoning is about the question, hangs together, and says something once; a heuristic over words."""
    if not case.choices:
        return DOES_NOT_APPLY
    question = case.messages[-1]["content"].replace(CHOICE_REQUEST, "")
    sound = soundness(question, before_choice(reply.text))
    parts = {each.name.replace("_", " "): getattr(sound, each.name) for each in fields(sound)}
    return Score(sound.score, ", ".join(f"{name} {value:.2g}" for name, value in parts.items()))


def wrong_but_sound(metrics: Mapping[str, float]) -> bool:
    """Whether a wrong choice follows sound reasoning, told from a reply's columns."""
    return metrics.get(choice_correct.name) == 0 and metrics.get(sound_reasoning.name, 0.0) >= THRESHOLD


def choice(reply: str) -> str:
    """The letter of the last line of the form "Answer: B"; empty where there is none."""
    found = _ANSWER.findall(reply)
    return found[-1].upper() if found else ""


def before_choice(reply: str) -> str:
    """The reply up to its last line of the form "Answer: B"; the whole of it where there is none."""
    found = list(_ANSWER.finditer(reply))
    return reply[: found[-1].start()].strip() if found else reply.strip()


def _coherence(asked: set[str], reasoning: str) -> float:
    sentences = [sentence for sentence in re.split(r"(?<=[.!?;:])\s+|\n+", reasoning) if words(sentence)]
    if not sentences:
        return 0.0
    before, linked = set(asked), 0
    for sentence in sentences:
        here = content_words(sentence)
        linked += bool(here & before) or not _LINKS.isdisjoint(words(sentence))
        before |= here
    return linked / len(sentences)


def _non_repetition(said: Sequence[str]) -> float:
    runs = [tuple(said[place : place + _RUN]) for place in range(len(said) - _RUN + 1)]
    return len(set(runs)) / len(runs) if runs else float(bool(said))
