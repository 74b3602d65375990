"""Switches: rules by which one of two languages comes into a sentence of the other.

They change a clause in one known way, as mistakes do, so what was meant is always known; they are none.
"""

from __future__ import annotations

from data_mix.curriculum.clauses import Clause, Parts
from data_mix.curriculum.mistakes import Mistake, words_replaced
from data_mix.curriculum.words import Noun, Verb, lexicon


def _determiner(parts: Parts, clause: Clause, variant: int) -> str:
    article, _, _ = clause.noun.spanish.partition(" ")
    feminine = article == "la"
    if clause.determiner == "own":
        return str(lexicon().spanish["own"][parts.determiner][feminine])
    return {"the": article, "a": "una" if feminine else "un", "some": ""}[clause.determiner]


def _noun(parts: Parts, clause: Clause, variant: int) -> str:
    return clause.noun.spanish.partition(" ")[2]


def _verb(parts: Parts, clause: Clause, variant: int) -> str:
    return clause.verb.spanish


def _has_spanish(word: Noun | Verb) -> bool:
    return bool(word.spanish)


SWITCHES = {
    switch.name: switch
    for switch in (
        Mistake(
            name="switched_noun",
            focus=("noun",),
            spoil=words_replaced(determiner=_determiner, noun=_noun),
            noun_fits=_has_spanish,
        ),
        Mistake(name="switched_verb", focus=("verb",), spoil=words_replaced(verb=_verb), verb_fits=_has_spanish),
        Mistake(
            name="switched_both",
            focus=("verb", "determiner", "noun"),
            spoil=words_replaced(verb=_verb, determiner=_determiner, noun=_noun),
            verb_fits=_has_spanish,
            noun_fits=_has_spanish,
        ),
    )
}
"""Every switch by its name; tests compare the names with lexicon/heritage.yaml."""


def switched_words(clause: Clause, switch: Mistake) -> list[list[str]]:
    """Each word that was said in Spanish with its headword in English."""
    verb = [[clause.verb.spanish, clause.verb.base]] if "verb" in switch.focus else []
    noun = [[_noun(clause.parts(False), clause, 0), clause.noun.singular]] if "noun" in switch.focus else []
    return verb + noun


def phrases(clause: Clause, switch: Mistake) -> tuple[str, str]:
    """What was switched as a tutor speaks of it, in Spanish and in English: "la manzana", "the apple"."""
    verb, noun = "verb" in switch.focus, "noun" in switch.focus
    spanish = " ".join(filter(None, (clause.verb.spanish if verb else "", clause.noun.spanish if noun else "")))
    english = " ".join(
        filter(None, (f"to {clause.verb.base}" if verb else "", f"the {clause.noun.singular}" if noun else ""))
    )
    return spanish, english
