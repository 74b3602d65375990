"""What every rule takes and gives: what was said before, and what in a reply gives the answer away, by which rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from evaluation.cases.case import Messages

_PROPOSES = re.compile(
    r"\b(?:i (?:think|got|get|guess|say|believe|found|ended up|have got|came up with)|is it|it'?s|it is|answer|"
    r"would be|my (?:guess|result)|must be|so (?:it|that)|makes?|equals?|creo|pienso|me (?:da|sale|salió)|obtuve|es|"
    r"sería|respuesta|je (?:pense|crois|trouve)|j'ai (?:trouvé|obtenu)|c'est|réponse|donne|ich (?:glaube|denke|habe)|"
    r"ist)\b|=",
    re.IGNORECASE,
)
_FEW = 8
"""Words of a turn that says a result and no more."""
_OR = re.compile(r"\b(?:or|o|ou|oder)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Leak:
    """What in a reply gives the answer away."""

    words: str
    """Those of the reply, or the answer as it stands there."""
    rule: str = ""
    """How they give it, in a few words; empty where the answer simply stands there."""
    says_it: bool = True
    """Whether the answer itself is said, and nothing is left to be computed, put together or chosen."""


@dataclass(frozen=True)
class Before:
    """What was said before a reply, instructions to the tutor apart."""

    turns: tuple[tuple[str, str], ...]
    """(role, text), in order."""

    @classmethod
    def of(cls, messages: Messages) -> Before:
        """The conversation of a case."""
        said = ((message["role"], message["content"]) for message in messages)
        return cls(tuple((role, text) for role, text in said if role != "system"))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """All that was said."""
        return tuple(text for _, text in self.turns)

    def came_to_by_learner(self, is_it: Callable[[str], bool], ends_otherwise: Callable[[str], bool]) -> bool:
        """Whether the learner has come to a result: their last turn that ends in one ends in it, and offers no other.

        `is_it` says whether a turn ends in the answer, `ends_otherwise` whether it has some other number. What opens a
        conversation states the problem: there, the sentence has to say that it is the learner's.
        """
        for place, (role, text) in reversed(list(enumerate(self.turns))):
            if role != "user":
                continue
            if is_it(text):
                last = [each for each in re.split(r"(?<=[.!?\n])\s+", text) if is_it(each)][-1:] or [text]
                return not _OR.search(last[0]) and (place > 0 or bool(_PROPOSES.search(last[0])))
            if ends_otherwise(text) and (len(text.split()) <= _FEW or _PROPOSES.search(text)):
                return False
        return False

    def proposed_by_learner(self, has_it: Callable[[str], bool]) -> bool:
        """Whether the learner has come to the answer: their last turn that has it offers it, and not as one of two.

        What opens a conversation states the problem. There the sentence that has it must say that it is the learner's.
        """
        for place, (role, text) in reversed(list(enumerate(self.turns))):
            if role == "user" and has_it(text):
                sentences = [each for each in re.split(r"(?<=[.!?\n])\s+", text) if has_it(each)] or [text]
                if place == 0:
                    sentences = [each for each in sentences if _PROPOSES.search(each)]
                return any(not _OR.search(each) for each in sentences)
        return False
