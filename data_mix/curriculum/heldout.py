"""Hold-outs by combination, and the space of clauses that remains on either side of them.

A *pair* is a verb with its object, held out in sessions and dialogues alike; a *triple* is a pair with one mistake (or
one switch to another language), held out in the dialogues. A core that handles them cannot have remembered them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from data_mix.curriculum.chooser import Chooser
from data_mix.curriculum.clauses import FRAMES, Clause
from data_mix.curriculum.mistakes import L2_MISTAKES, MISTAKES, Mistake, usual_determiners
from data_mix.curriculum.switches import SWITCHES
from data_mix.curriculum.templates import has_word, shows
from data_mix.curriculum.withheld import without_past
from data_mix.curriculum.words import WE, I, Noun, Person, Verb, lexicon

Side = Literal["train", "unseen_triples", "unseen_pairs", "all"]
"""Which combinations a row is made of; `all` is the whole language, for reading what a model wrote."""
LEVELS = ("A1", "A2", "B1")


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """What training never sees."""

    pairs: frozenset[tuple[str, str]]
    triples: frozenset[tuple[str, str, str]]
    pasts: frozenset[str] = frozenset()
    """verbs whose past is formed by the rule in every row, on either side"""
    exercises: frozenset[str] = frozenset()
    """exercises of a lesson that no row holds, on either side"""


def _fits(mistake: Mistake, verb: Verb, noun: Noun) -> bool:
    return mistake.verb_fits(verb) and mistake.noun_fits(noun)


@cache
def held_out(seed: int, pair_fraction: float, triple_fraction: float) -> HeldOut:
    """Draw the hold-outs. Every verb keeps at least half of its objects, and so does every mistake with each verb.

    They are the same for every kind of learner, so that what a core's mix holds out no variant's replay gives away.
    """
    rng = random.Random(f"held out {seed}")
    pairs: set[tuple[str, str]] = set()
    triples: set[tuple[str, str, str]] = set()

    def hold_out(rng: random.Random, verb: Verb, change: Mistake) -> None:
        objects = [noun for noun in verb.objects if (verb.base, noun.singular) not in pairs]
        seen = [noun for noun in objects if _fits(change, verb, noun)]
        count = min(round(len(seen) * triple_fraction + rng.random() * 0.5), len(seen) // 2)
        triples.update((verb.base, noun.singular, change.name) for noun in rng.sample(seen, count))

    for verb in lexicon().verbs:
        count = min(round(len(verb.objects) * pair_fraction + rng.random() * 0.5), len(verb.objects) // 2)
        pairs.update((verb.base, noun.singular) for noun in rng.sample(verb.objects, count))
        for mistake in MISTAKES.values():
            hold_out(rng, verb, mistake)
    # Drawn by themselves, so that what the core's mix holds out stays as it is when another kind of learner comes.
    for change in (*L2_MISTAKES.values(), *SWITCHES.values()):
        for verb in lexicon().verbs:
            hold_out(random.Random(f"held out {seed} {change.name} {verb.base}"), verb, change)
    return HeldOut(pairs=frozenset(pairs), triples=frozenset(triples))


Table = tuple[tuple[Verb, ...], Mapping[Verb, tuple[Noun, ...]]]
"""The verbs that are left, and what is left of the objects of each."""


def _table(rows: Iterable[tuple[Verb, Sequence[Noun]]]) -> Table:
    objects = {verb: tuple(nouns) for verb, nouns in rows if nouns}
    return tuple(objects), objects


class Space:
    """The clauses that may be drawn on one side of the hold-outs, and what learners do to them."""

    def __init__(self, side: Side, held: HeldOut, changes: Iterable[Mistake] = MISTAKES.values()) -> None:
        self.side, self._held = side, held
        known = {verb: without_past(verb) if verb.base in held.pasts else verb for verb in lexicon().verbs}
        verbs = tuple(known.values())
        self._plain = _table(
            (verb, [noun for noun in verb.objects if self._pair_allowed(verb, noun)]) for verb in verbs
        )
        self._prepositional = _table((verb, nouns) for verb, nouns in self._plain[1].items() if verb.preposition)
        self._spoilt = {
            mistake.name: _table(
                (verb, [n for n in verb.objects if self._triple_allowed(verb, n, mistake)]) for verb in verbs
            )
            for mistake in changes
        }
        self.mistakes = tuple(mistake for mistake in changes if self._spoilt[mistake.name][0])
        self.sequences = tuple(
            (tuple(known[verb] for verb in steps), allowed)
            for steps, things in lexicon().sequences
            if (allowed := tuple(noun for noun in things if all(self._pair_allowed(verb, noun) for verb in steps)))
        )

    @property
    def left_out(self) -> frozenset[str]:
        """Exercises that no lesson holds."""
        return self._held.exercises

    @property
    def is_free(self) -> bool:
        """Whether rows may hold more than the mistakes that a held-out split asks about."""
        return self.side in ("train", "all")

    def _pair_allowed(self, verb: Verb, noun: Noun) -> bool:
        held = (verb.base, noun.singular) in self._held.pairs
        return self.side == "all" or held == (self.side == "unseen_pairs")

    def _triple_allowed(self, verb: Verb, noun: Noun, mistake: Mistake) -> bool:
        if not _fits(mistake, verb, noun):
            return False
        if self.side in ("all", "unseen_pairs"):
            return self._pair_allowed(verb, noun)
        held = (verb.base, noun.singular, mistake.name) in self._held.triples
        return held == (self.side == "unseen_triples") and (verb.base, noun.singular) not in self._held.pairs

    def deed(self, c: Chooser, *, mistake: Mistake | None = None, preposition: bool = False) -> tuple[Verb, Noun]:
        """Draw a verb and an object: such as the mistake can spoil, or (`preposition`) such as a preposition joins."""
        table = self._prepositional if preposition else self._plain
        verbs, objects = self._spoilt[mistake.name] if mistake else table
        verb = c.pick(verbs, lambda verb, rest: has_word(rest, *verb.forms))
        return verb, c.pick(objects[verb], lambda noun, rest: has_word(rest, *noun.forms))

    def clause(
        self, c: Chooser, *, mistake: Mistake | None = None, level: str = "A1", frames: tuple[str, ...] = tuple(FRAMES)
    ) -> Clause:
        """Draw a clause at a level: one that the mistake can spoil, or one in any of `frames`."""
        verb, noun = self.deed(c, mistake=mistake)
        person = I if mistake and mistake.alone else self.person(c, mistake.third if mistake else None)

        def shown(rest: str, *names: str, frame: str, determiner: str = "the") -> bool:
            # A correct clause stands in the text as it is; what a mistake leaves of it shows only as it is read.
            if mistake:
                return True
            clause = Clause(person=person, verb=verb, noun=noun, determiner=determiner, frame=frame)
            own, other = clause.parts(False), clause.parts(True)
            headwords = replace(own, preposition="", noun=noun.singular)
            return shows(rest, *(parts.join(*names) for parts in (own, other, headwords)))

        frame = c.pick(
            mistake.frames if mistake else frames,
            lambda frame, rest: shown(rest, "subject", "helper", "verb", "preposition", frame=frame),
        )
        thing = ("preposition", "determiner", "noun")
        determiners, weights = (mistake.determiners(noun), None) if mistake else session_determiners(noun)
        determiner = c.pick(
            determiners, lambda determiner, rest: shown(rest, *thing, frame=frame, determiner=determiner), weights
        )
        time = c.pick(_times(FRAMES[frame]), lambda time, rest: shows(rest, time))
        if mistake and mistake.time_first is not None:
            time_first = mistake.time_first
        else:
            time_first = c.pick((True, False), lambda first, rest: shows(rest, time if first else f" {time}"))
        manner, feeling = "", None
        if level == "A2":
            manner = c.pick(_manners(), lambda manner, rest: f" {manner}" in rest)
        elif level == "B1":
            feeling = c.pick(verb.feelings)
        return Clause(
            person=person,
            verb=verb,
            noun=noun,
            determiner=determiner,
            frame=frame,
            time=time,
            time_first=time_first,
            manner=manner,
            feeling=feeling,
        )

    def person(self, c: Chooser, third: bool | None = None) -> Person:
        """Draw whom a clause is about: the speaker, a group with the speaker in it, or a third person."""
        if third is None:
            third = c.pick((False, True), weights=(0.6, 0.4))
        if third:
            return c.pick(lexicon().third_persons, lambda person, rest: has_word(rest, *person.forms))
        return c.pick((I, WE), lambda person, rest: has_word(rest, *person.forms), weights=(0.8, 0.2))


@cache
def _times(kind: str) -> tuple[str, ...]:
    return tuple(lexicon().conversation["times"][kind])


@cache
def _manners() -> tuple[str, ...]:
    return tuple(lexicon().conversation["manners"])


def session_determiners(noun: Noun) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """What stands before a noun in the sessions, which count things as well, and how often."""
    usual = usual_determiners(noun)
    numbers = () if noun.mass or noun.place else tuple(lexicon().conversation["numbers"])
    return (*usual, *numbers), (1.0,) * len(usual) + (0.25,) * len(numbers)


def pick_level(c: Chooser) -> str:
    """Draw a level: A1 says it plainly, A2 adds the manner, B1 the reason."""
    signs = {"A1": ("",), "A2": _manners(), "B1": (", because ",)}
    return c.pick(LEVELS, lambda level, rest: any(sign in rest for sign in signs[level]))
