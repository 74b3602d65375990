"""WhyChain: a deed, the feeling behind it, and what lies behind the feeling."""

from __future__ import annotations

from data_mix.curriculum.sessions.base import Session
from data_mix.curriculum.templates import has_word
from data_mix.curriculum.words import lexicon


class WhyChain(Session):
    """Three whys about one deed of a third person."""

    share = 0.08

    def write(self) -> None:
        c = self.c
        self.cast()
        verb, noun = self.space.deed(c)
        person = self.space.person(c, third=True)
        feeling = c.pick(verb.feelings, lambda word, rest: has_word(rest, word))
        causes = lexicon().causes[feeling]
        cause = c.pick(tuple(causes), lambda cause, rest: cause in rest)
        article = "some" if noun.mass else noun.article
        self.words |= {
            "name": person.self_name,
            "she": person.pronoun,
            "base": verb.base,
            "past": verb.past,
            "object": " ".join(filter(None, (verb.preposition, article, noun.singular))),
            "feeling": feeling,
            "cause": cause,
            "deeper": c.pick(tuple(causes[cause]), lambda deeper, rest: deeper in rest),
        }
        for part in ("deed", "feeling", "cause"):
            self.lines(self.templates[part])
        self.line(c.pick(tuple(self.templates["last"])))
