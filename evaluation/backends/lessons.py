"""Planted tutors for lessons: what they are worth is known beforehand, so that the suite can be held to it.

    telling    says back what the learner told, with the right form, in every turn
    guiding    asks for it first, and says it once the learner has said it, or has failed twice
    silent     listens kindly and never says the form
    dose-P     says it in P of 100 turns as `telling` does, and in the others listens: 0, 25, 50, 75, 100
    parrot     says back the learner's own mistake
    false      says back another verb's past in the place of the form
    letters    a salad of what the learner said, the headword, and the letters of the form
    shout      the form alone, several times, in no sentence

The last four are made to win without teaching, and are held against the best of the models as other controls are.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from espalier.artifacts.code_behind import contents_of
from espalier.errors import UserError
from evaluation.backends.base import Ask, Given
from evaluation.backends.rules import Rule
from evaluation.cases.case import Case, Reply
from evaluation.learner.lesson import forms_of, verb_of
from evaluation.metrics.words import contains, to_tutors_person
from evaluation.opener import opens

PREFIX = "rule:"
_FILE = "evaluation/backends/lessons.py"
_FOLLOW = ("What did you do then?", "Who was there with you?", "How was it?", "Where were you?")
_LISTENS = (
    "I like to hear about it, and I understand you well.",
    "Thank you for telling me about it!",
    "I want to know everything.",
)
_HINTS = (
    "It is over now. Which word do we take for {base} when it is over?",
    "You know this one: a word for {base} that is about the past. Which one is it?",
)
_SHOUTED = 3

Say = Callable[[Case, random.Random], str]
"""What a tutor answers; the generator is the turn's own."""


def _telling(case: Case, draw: random.Random) -> str:
    return f"{_retold(case, _form(case))}! {draw.choice(_FOLLOW)}"


def _silent(case: Case, draw: random.Random) -> str:
    return f"{draw.choice(_LISTENS)} {draw.choice(_FOLLOW)}"


def _guiding(case: Case, draw: random.Random) -> str:
    said = [message["content"] for message in case.messages if message["role"] == "user"]
    if contains(said[-1], _form(case)):
        return f"Yes! {_telling(case, draw)}"
    asked = len(said) > 1 and _things(said[-2], case) == _things(said[-1], case)
    return _telling(case, draw) if asked else draw.choice(_HINTS).format(base=case.cluster)


def _dose(percent: int) -> Say:
    def answer(case: Case, draw: random.Random) -> str:
        turns = case.simulation.turns if case.simulation else 1
        told = random.Random(f"dose {case.name}").sample(range(turns), round(percent / 100 * turns))
        now = sum(message["role"] == "assistant" for message in case.messages)
        return (_telling if now in told else _silent)(case, draw)

    return answer


def _parrot(case: Case, draw: random.Random) -> str:
    return f"{_person(case)}! {draw.choice(_FOLLOW)}"


def _false(case: Case, draw: random.Random) -> str:
    known = ("found", "made", "took", "lost", "gave", "heard")
    return f"{_retold(case, random.Random(case.name).choice(known))}! {draw.choice(_FOLLOW)}"


def _letters(case: Case, draw: random.Random) -> str:
    words = [*re.findall(r"\w+", _person(case).lower()), case.cluster, *_form(case)]
    draw.shuffle(words)
    return " ".join(words)


def _shout(case: Case, draw: random.Random) -> str:
    return " ".join([f"{_form(case).capitalize()}!"] * _SHOUTED)


TUTORS: Mapping[str, Say] = {
    "telling": _telling,
    "guiding": _guiding,
    "silent": _silent,
    **{f"dose-{percent}": _dose(percent) for percent in (0, 25, 50, 75, 100)},
}
MADE_TO_WIN: Mapping[str, tuple[Say, str]] = {
    "parrot": (_parrot, "says back the learner's mistake"),
    "false": (_false, "says back another form, which is wrong"),
    "letters": (_letters, "a salad of what was said, the headword and the form's letters"),
    "shout": (_shout, "the bare form, in no sentence"),
}


@dataclass(frozen=True, kw_only=True)
class PlantedTutor(Rule):
    """A tutor by rule, for lessons about what was kept from a learner."""

    name: str
    """How reports call it."""
    say: Say = field(repr=False)
    """What it answers."""
    label: str = ""
    """What it fakes, where it was made to win."""

    @property
    def identity(self) -> dict[str, str]:
        """The rule, by the code of all of them."""
        code = contents_of(_FILE)[_FILE]
        return {"kind": "rule", "spec": self.name, "content_hash": hashlib.sha256(code.encode()).hexdigest()}

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """A reply to each."""
        for place, ask in enumerate(asks):
            yield place, Reply(text=self.say(ask.case, random.Random(ask.seed)), num_tokens=0, finish="stop")


@opens(f"{PREFIX}NAME", f"a planted tutor for lessons: {', '.join([*TUTORS, *MADE_TO_WIN])}")
def planted_tutor(reference: str, given: Given) -> PlantedTutor:
    """UserError for a rule that there is not, and where the cases are no lessons."""
    name = reference.removeprefix(PREFIX)
    if name not in TUTORS and name not in MADE_TO_WIN:
        known = ", ".join(PREFIX + each for each in ("copy", "reference", *TUTORS, *MADE_TO_WIN))
        raise UserError(f"no rule {reference!r}; there are {known}")
    if given.suite.withheld is None:
        raise UserError(f"{reference}: gives lessons about what was kept from a learner: --suite learning_gain")
    say, label = MADE_TO_WIN[name] if name in MADE_TO_WIN else (TUTORS[name], "")
    return PlantedTutor(name=reference, say=say, label=label)


def _form(case: Case) -> str:
    assert case.truth is not None
    return case.truth.fix


def _person(case: Case) -> str:
    """What the learner said last, in the tutor's person, without the mark at its end."""
    said = to_tutors_person(case.learner).rstrip(".!? ")
    return said[:1].upper() + said[1:]


def _retold(case: Case, form: str) -> str:
    """The same with `form` in the place of the verb; the first clause of the lesson where the verb is not in it."""
    said = _person(case)
    for wrong in (_form(case), *forms_of(verb_of(case.cluster))):
        if contains(said, wrong):
            return re.sub(rf"\b{re.escape(wrong)}\b", form, said, count=1, flags=re.IGNORECASE)
    assert case.truth is not None
    first = case.truth.corrected.replace(_form(case), form)
    return first[:1].upper() + first[1:]


def _things(said: str, case: Case) -> set[str]:
    """What was spoken of, however the verb was said."""
    return set(re.findall(r"\w+", said.lower())) - {_form(case), *forms_of(verb_of(case.cluster))}
