"""Is it that mistake? What was said and what was meant, compared word by word; no model is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from data_mix.language.speech import YOURS, find, words

_BE = {"am", "is", "are", "was", "were", "be", "been"}
_DO = {"do", "does", "did"}
_ARTICLES = {"a", "an", "the"}
_COUNTING = {*_ARTICLES, "many", "few", "these", "those", "several", "one", "two", "three", "some", "much", "little"}
_GENDERED = {"he", "she", "him", "her", "his", "hers", "himself", "herself"}
_PREPOSITIONS = {
    "about", "above", "across", "after", "against", "along", "among", "around", "as", "at", "before", "behind", "below",
    "beside", "between", "by", "down", "during", "for", "from", "in", "inside", "into", "like", "near", "of", "off",
    "on", "onto", "out", "outside", "over", "past", "since", "than", "through", "till", "to", "toward", "towards",
    "under", "until", "up", "upon", "with", "within", "without",
}  # fmt: skip

Rule = Callable[[list[str], list[str], list[str], list[str]], bool]
"""(words only said, words only meant, all said, all meant) -> may this be the mistake?"""


def _swapped(gone: list[str], new: list[str]) -> bool:
    return len(gone) == 1 and len(new) == 1


def _same_stem(one: str, other: str) -> bool:
    if {one, other} <= _BE or {one, other} == {"have", "has"}:
        return True
    shorter, longer = sorted((one, other), key=len)
    return longer in (shorter + "s", shorter + "es") or (shorter[-1:] == "y" and longer == shorter[:-1] + "ies")


RULES: dict[str, Rule] = {
    "past_tense": lambda gone, new, said, meant: len(gone) == 1 and 1 <= len(new) <= 2 and gone[0][-2:] != "ed",
    "regularised_past": lambda gone, new, said, meant: _swapped(gone, new) and gone[0].endswith("ed"),
    "agreement": lambda gone, new, said, meant: _swapped(gone, new) and _same_stem(gone[0], new[0]),
    "plural": lambda gone, new, said, meant: _swapped(gone, new) and gone[0] not in _COUNTING,
    "article_missing": lambda gone, new, said, meant: not gone and len(new) == 1 and new[0] in _ARTICLES,
    "article_form": lambda gone, new, said, meant: _swapped(gone, new) and {gone[0], new[0]} == {"a", "an"},
    "preposition_wrong": lambda gone, new, said, meant: _swapped(gone, new) and {*gone, *new} <= _PREPOSITIONS,
    "preposition_missing": lambda gone, new, said, meant: not gone and len(new) == 1 and new[0] in _PREPOSITIONS,
    "object_first": lambda gone, new, said, meant: not gone and not new and said != meant,
    "verb_second": lambda gone, new, said, meant: not gone and not new and said != meant,
    "pronoun_gender": lambda gone, new, said, meant: bool(gone) and {*gone, *new} <= _GENDERED,
    "uncountable": lambda gone, new, said, meant: any(word in _COUNTING or word.endswith("s") for word in gone),
    "progressive": lambda gone, new, said, meant: not gone and len(new) == 1 and new[0] in _BE,
    "negation": lambda gone, new, said, meant: bool({"no", "not"} & {*said}) and bool(_DO & {*new}),
    "double_past": lambda gone, new, said, meant: _swapped(gone, new) and ("did" in said or len(said) == 1),
    "modal": lambda gone, new, said, meant: gone == ["to"] and not new,
    "infinitive": lambda gone, new, said, meant: not gone and new == ["to"],
}
"""A rule for each kind of mistake. They ask for what can be seen in the words, and let pass what cannot."""


def is_error(name: str, said: str, meant: str) -> bool:
    """Whether the step from `said` to `meant` puts a mistake of this kind right, and nothing else."""
    before, after = words(said), words(meant)
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return RULES[name](sorted(gone.elements()), sorted(new.elements()), before, after)


def contains(text: str, phrase: str, *, person: bool = False) -> bool:
    """Whether the words of `phrase` stand in `text` side by side. `person`: I and we are as you, in both."""
    inside, sought = words(text), words(phrase)
    if person:
        inside, sought = [_YOURS.get(word, word) for word in inside], [_YOURS.get(word, word) for word in sought]
    return bool(find(inside, sought))


_YOURS = YOURS | {"ourselves": "yourself", "yourselves": "yourself", "was": "were"}
