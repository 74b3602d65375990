"""HowItWorks: a thing, its parts and what it is for."""

from __future__ import annotations

from typing import ClassVar

from data_mix.curriculum.sessions.base import Session
from data_mix.curriculum.templates import has_word
from data_mix.curriculum.words import lexicon


class HowItWorks(Session):
    """Questions about one thing."""

    share = 0.08
    uses_free_pairs: ClassVar[bool] = False

    def write(self) -> None:
        c = self.c
        self.cast()
        things = tuple(noun for noun in lexicon().nouns if noun.uses)
        noun = c.pick(things, lambda noun, rest: has_word(rest, *noun.forms))
        self.words |= {
            "noun": noun.singular,
            "a_noun": f"{noun.article} {noun.singular}",
            "use": c.pick(noun.uses),
            "property": c.pick(noun.properties, lambda word, rest: has_word(rest, word)),
        }
        self.lines(self.templates["what"])
        if noun.parts:
            part, second = c.pick((noun.parts, noun.parts[::-1]))
            self.words |= {"part": part, "second_part": second, "a_part": _a(part), "a_second_part": _a(second)}
            self.lines(self.templates["parts"])
            if c.pick((True, False)):
                self.lines(self.templates["where"])
        self.lines(self.templates["how"])
        if c.pick((True, False)):
            self.lines(self.templates["last"])


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
