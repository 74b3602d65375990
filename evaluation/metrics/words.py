"""Which words carry content, and which every sentence has; what words are is said in `data_mix.language.speech`."""

from __future__ import annotations

from data_mix.language.speech import contains, find, to_tutors_person, tokens, words

__all__ = ["STOP_WORDS", "contains", "content_words", "find", "to_tutors_person", "tokens", "words"]

# Function words of English. A reply that shares only these with the learner took up nothing.
_FUNCTION_WORDS = """
a an the this that these those some any no every each all both many much more most few little several other another
i me my mine myself you your yours yourself he him his himself she her hers herself it its itself
we us our ours ourselves they them their theirs themselves who whom whose what which when where why how
am is are was were be been being do does did doing done have has had having will would shall should can could
may might must ought let i'd you'd he'd she'd we'd they'd
and or but so if because as than then though although while not nor neither either yes oh ah well okay ok please
of in on at to from for with without by about into onto over under between through during before after up down out
off near there here too also very really just only again still already yet even ever never
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())


def content_words(text: str) -> set[str]:
    """The words of `text` that are no function words of English."""
    return set(words(text)) - STOP_WORDS
