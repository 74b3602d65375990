"""Scaffolding dialogues: a learner makes a mistake, and the tutor leads to what was meant, never saying "wrong".

Or a learner switches to another language, and the tutor takes the word up; the form of a dialogue is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data_mix.curriculum.chooser import Chooser
from data_mix.curriculum.clauses import FRAMES, Clause
from data_mix.curriculum.heldout import LEVELS, Space, pick_level
from data_mix.curriculum.learners import Learner, learner
from data_mix.curriculum.mistakes import Mistake
from data_mix.curriculum.switches import SWITCHES, phrases, switched_words
from data_mix.curriculum.talk import may_begin_with_talk, talk, type_out
from data_mix.curriculum.templates import any_fits, capitalise, say, say_one_of
from data_mix.curriculum.words import lexicon

GOES_ON = (0.5, 0.3, 0.25)
"""How often a dialogue goes on after the tutor's first, second and third turn: 2 to 8 messages."""
GOES_ON_AFTER_TALK = 0.6
"""How often at least it goes on after small talk that does not end it."""
SMALL_TALK = (0.18, 0.08)
"""How often the learner's first turn, and a later one, is small talk."""
RIGHT = 0.06
"""How often a new sentence of the learner's is right."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the learner has just said: a clause, and how it was spoilt (`mistake` is None when it was right)."""

    clause: Clause
    mistake: Mistake | None
    variant: int = 0
    switch: Mistake | None = None
    """by what it was switched to another language, now or when it was said first"""

    def core(self) -> str:
        """The clause as the learner said it."""
        return self.mistake.wrong(self.clause, self.variant, False) if self.mistake else self.clause.core(False)

    def sentence(self) -> str:
        """The whole sentence as the learner said it, without capital and full stop."""
        return self.clause.dress(self.core(), False)


class TutorSlots:
    """The words of the tutor's templates for one thing said by the learner."""

    def __init__(self, c: Chooser, said: Said) -> None:
        self._c, self._said, self._clause = c, said, said.clause

    def __call__(self, name: str) -> str:
        value = getattr(self, name)()
        assert isinstance(value, str)
        return value

    def you(self) -> str:
        return self._clause.core(True)

    def full(self) -> str:
        return self._clause.full(True)

    def mine(self) -> str:
        return self._clause.full(False)

    def again(self) -> str:
        return self._said.sentence()

    def time(self) -> str:
        return self._clause.time

    def base(self) -> str:
        return self._clause.verb.base

    def noun(self) -> str:
        return self._clause.noun.singular

    def the_noun(self) -> str:
        return f"the {self._clause.noun.plural if self._clause.many else self._clause.noun.singular}"

    def said(self) -> str:
        """The noun as the learner said it."""
        mistake, clause = self._said.mistake, self._clause
        assert mistake is not None
        return mistake.spoil(clause.parts(False), clause, self._said.variant)[0].noun

    def wrong(self) -> str:
        assert self._said.mistake is not None
        return self._said.mistake.spans(self._clause, self._said.variant)[0]

    def right(self) -> str:
        assert self._said.mistake is not None
        return self._said.mistake.spans(self._clause, self._said.variant)[1]

    def word(self) -> str:
        """What was said in Spanish."""
        assert self._said.switch is not None
        return phrases(self._clause, self._said.switch)[0]

    def english(self) -> str:
        """What that means."""
        assert self._said.switch is not None
        return phrases(self._clause, self._said.switch)[1]

    def property(self) -> str:
        return self._c.pick(self._clause.noun.properties, lambda word, rest: word in rest)

    def she(self) -> str:
        return self._clause.person.pronoun

    def her(self) -> str:
        return self._clause.person.object_pronoun

    def does(self) -> str:
        return "does" if self._clause.person.third else "do"

    def be(self) -> str:
        return self._clause.be(True)

    def was(self) -> str:
        return self._clause.be(True, past=True)

    def noun_is(self) -> str:
        return "are" if self._clause.many else "is"

    def noun_was(self) -> str:
        return "were" if self._clause.many else "was"

    def follow(self) -> str:
        """A question about what was said; writes itself."""
        say_one_of(self._c, tuple(lexicon().conversation["follow"][FRAMES[self._clause.frame]]), self)
        return ""


def _learner_speaks(
    c: Chooser, space: Space, who: Learner, language: str | None, level: str | None, previous: Said | None
) -> Said:
    """The learner's turn: something new, mostly with a mistake, or, after one, the same thing again, right or wrong."""
    move = "new"
    if previous and previous.mistake:
        move = c.pick(("corrects", "tries again", "new"), weights=(0.5, 0.2, 0.3))
    if previous and move == "corrects":
        said = Said(clause=previous.clause, mistake=None, switch=previous.switch)
        say_one_of(c, tuple(lexicon().conversation["corrects_herself"]), TutorSlots(c, said))
        return said
    if previous and move == "tries again":
        say(c, lexicon().conversation["tries_again"], TutorSlots(c, previous))
        return previous
    right = RIGHT if space.is_free else 0.0
    if c.pick((True, False), weights=(right, 1.0 - right)):
        said = Said(clause=space.clause(c, level=level or pick_level(c)), mistake=None)
    else:
        mistakes = space.mistakes
        if who.is_core and language is not None:
            mistakes = tuple(mistake for mistake in mistakes if language in mistake.languages)
        mistake = c.pick(mistakes)
        clause = space.clause(c, mistake=mistake, level=level or pick_level(c))
        variant = c.pick(range(mistake.variants))
        said = Said(
            clause=clause, mistake=mistake, variant=variant, switch=mistake if mistake.name in SWITCHES else None
        )
    sentence = capitalise(said.sentence()) + "."
    if space.is_free:
        type_out(c, sentence)
    else:
        c.say(sentence)
    return said


def _tutor_answers(
    c: Chooser, who: Learner, said: Said, move: str | None, practice: tuple[float, ...]
) -> dict[str, Any]:
    """The tutor's turn, by a named move or one of its own choice. Returns what is known about it."""
    slots = TutorSlots(c, said)
    facts = {
        "learner": capitalise(said.sentence()) + ".",
        "corrected": said.clause.core(True),
        "verb": said.clause.verb.base,
        "object": said.clause.noun.singular,
    }
    mistake = said.mistake
    if mistake is None:
        stays = lexicon().heritage["stays"] if said.switch else lexicon().conversation["well_said"]
        say_one_of(c, tuple(stays), slots)
        return facts | {"strategy": "well said", "rule": "may", "fix": "", "error": ""} | who.facts("", None, [])
    if move is None:
        move = c.pick(tuple(who.moves), lambda name, rest: any_fits(who.templates(name, mistake), rest), practice)
    say_one_of(c, who.templates(move, mistake), slots)
    rule, fix = who.moves[move]["corrected"], mistake.spans(said.clause, said.variant)[1]
    error = "" if said.switch else mistake.name
    switched = switched_words(said.clause, said.switch) if said.switch else []
    return facts | {"strategy": move, "rule": rule, "fix": fix, "error": error} | who.facts(move, mistake, switched)


def dialogue(c: Chooser, space: Space, who: Learner | None = None) -> dict[str, Any]:
    """Write one dialogue. In half of them a system line names the learner and the move the tutor is to make.

    Small talk, sentences without a mistake and careless typing belong to the training side alone: what is held out
    asks what a tutor does with a mistake.
    """
    who = who or learner("any")
    language = level = move = None
    practice = _practice(space, who)
    if c.pick((True, False)):
        c.begin("system")
        language = c.pick(who.languages, lambda name, rest: name in rest)
        level = c.pick(LEVELS, lambda name, rest: name in rest)
        move = c.pick(tuple(who.moves), lambda name, rest: name in rest, practice)
        c.say(who.system_line(language, level, move))
        c.end()
    heard: list[Said] = []
    turns: list[dict[str, Any]] = []
    for goes_on in (*GOES_ON, 0.0):
        talks = SMALL_TALK[bool(turns)] if space.is_free else 0.0
        if c.pick((True, False), lambda talks, rest: not talks or may_begin_with_talk(rest), (talks, 1.0 - talks)):
            turns.append(talk(c, TutorSlots(c, heard[-1]) if heard else None) | who.facts("", None, []))
            goes_on = 0.0 if turns[-1].pop("ends") else max(goes_on, GOES_ON_AFTER_TALK * (goes_on > 0))
        else:
            c.begin("user")
            heard.append(_learner_speaks(c, space, who, language, level, heard[-1] if heard else None))
            c.end()
            c.begin("assistant")
            turns.append(_tutor_answers(c, who, heard[-1], move, practice))
            c.end()
        if not c.pick((True, False), weights=(goes_on, 1.0 - goes_on)):
            break
    return _what_it_is(who, heard, turns, language) | {"turns": turns}


def _practice(space: Space, who: Learner) -> tuple[float, ...]:
    """How often each move is asked for: in training, what is hard more often."""
    return tuple(who.practice.get(name, 1.0) if space.is_free else 1.0 for name in who.moves)


def _what_it_is(who: Learner, heard: list[Said], turns: list[dict[str, Any]], language: str | None) -> dict[str, Any]:
    """A dialogue by its first mistake or switch; where there is none, by its first turn."""
    at = next((at for at, turn in enumerate(turns) if turn.get("change", turn["error"])), 0)
    said = next((said for said in heard if said.mistake), None)
    first = turns[at]
    if who.is_core:
        languages = said.mistake.languages if said and said.mistake else ("",)
        # Where no system line names the language, it is told from the mistake, and is no part of the text.
        of_whom = {"first_language": language or languages[len(first["learner"]) % len(languages)]}
    else:
        of_whom = {"first_language": who.languages[0], "learner_kind": who.kind, "change": first["change"]}
    clause = said.clause if said else None
    return {
        **of_whom,
        "level": "A2" if clause and clause.manner else "B1" if clause and clause.feeling else "A1",
        **{key: first[key] for key in ("error", "verb", "object", "strategy", "learner", "corrected", "fix")},
    }
