"""Replies that spoil the model answer: right words, and yet not right."""

from __future__ import annotations

import re

from data_mix.curriculum.templates import capitalise
from data_mix.curriculum.words import lexicon
from research.bootstrap.classroom.asking import PUPIL
from research.bootstrap.graders.put import WORD, Put, Rule, if_not_done, same

_AGREE = (
    *(("is", "are"), ("are", "is"), ("am", "is"), ("has", "have"), ("rhymes", "rhyme")),
    *(("an", "a"), ("An", "A"), ("a", "an"), ("A", "An")),
)
_PRONOUNS = (
    *(("she", "he"), ("She", "He"), ("he", "she"), ("He", "She"), ("I", "You"), ("You", "I"), ("you", "I")),
    *(("my", "your"), ("My", "Your"), ("your", "my"), ("Your", "My"), ("It", "She"), ("it", "him"), ("We", "She")),
    *(("her", "his"), ("his", "her")),
)
_MANY = "two|three|four|five"
_FILLERS = (
    "Yes.",
    "Look at it.",
    "It is good.",
    "I see it.",
    "I like it.",
    "Yes. Look at it.",
    "It is here. I see it.",
)
_AND_FILLERS = (", and I see it", ", and it is here", " and I like it, too", ", and it is good")
_BOTH_WAYS = (("is", "is not"), ("was", "was not"), ("are", "are not"), ("am", "am not"), ("rhymes", "does not rhyme"))


def _cut(put: Put) -> str | None:
    return put.ask.model[:-1]


def _agrees_not(put: Put) -> str | None:
    """One word of another person or article."""
    for right, wrong in _AGREE:
        if put.ask.band and re.search(rf"\b{right}\b", put.ask.model):
            return re.sub(rf"\b{right}\b", wrong, put.ask.model, count=1)
    return None


def _wrong_number(put: Put) -> str | None:
    """Two apple."""
    for noun in lexicon().nouns:
        if noun.plural != noun.singular and re.search(
            rf"\b(?:{_MANY}) (?:\w+ )?{noun.plural}\b", put.ask.model.lower()
        ):
            return re.sub(rf"\b{noun.plural}\b", noun.singular, put.ask.model, count=1)
    return None


def _wrong_verb(put: Put) -> str | None:
    """Anna wash it; I likes it."""
    for verb in (verb for verb in lexicon().verbs if verb.past != verb.base):
        if found := re.search(rf"\b(\w+) {verb.past}\b", put.ask.model):
            wrong = verb.third if found[1] in ("I", "You", "you", "We", "we") else verb.base
            return f"{put.ask.model[: found.start()]}{found[1]} {wrong}{put.ask.model[found.end() :]}"
    return put.ask.model.replace("I like", "I likes", 1) if "I like" in put.ask.model else None


def _wrong_pronoun(put: Put) -> str | None:
    """He for she, you for I, she for a thing."""
    swaps = [each for each in _PRONOUNS if put.ask.band and re.search(rf"\b{each[0]}\b", put.ask.model)]
    if not swaps:
        return None
    right, wrong = put.rng.choice(swaps)
    return re.sub(rf"\b{right}\b", wrong, put.ask.model, count=1)


def _filler(put: Put) -> str | None:
    """The model answer, and then what is always true."""
    return f"{put.ask.model} {put.rng.choice(_FILLERS)}" if put.ask.band else None


def _filler_within(put: Put) -> str | None:
    """The same in one sentence."""
    mark = put.ask.model[-1]
    return f"{put.ask.model[:-1]}{put.rng.choice(_AND_FILLERS)}{mark}" if put.ask.band and mark != "?" else None


def _told_too(put: Put) -> str | None:
    """The model answer, and then what was heard."""
    found = [each.strip() for line in put.before for each in re.findall(r"[^.!?:]+[.]", line.text)]
    told = [each for each in found if PUPIL not in each and len(each.split()) > 2 and not same(each, put.ask.model)]
    return f"{put.ask.model} {capitalise(put.rng.choice(told))}" if put.ask.band and told else None


def _another_too(put: Put) -> str | None:
    """The model answer, and then what would be right elsewhere."""
    other = next((each.model for each in put.others if each is not put.ask and each.kind == put.ask.kind), None)
    return f"{put.ask.model} {other}" if put.ask.band and other and not same(other, put.ask.model) else None


def _padded(put: Put) -> str | None:
    """The model answer, and then what has nothing to do with it."""
    more = [each.model for each in put.others if each.kind != put.ask.kind][:4]
    return " ".join([put.ask.model, *more]) if put.ask.band else None


def _again(put: Put) -> str | None:
    return " ".join([put.ask.model] * 3) if put.ask.band else None


def _backwards(put: Put) -> str | None:
    """The model answer from its end on."""
    words = WORD.findall(put.ask.model.lower())
    return f"{capitalise(' '.join(reversed(words)))}." if put.ask.band >= 4 and len(set(words)) >= 4 else None


def _shuffled(put: Put) -> str | None:
    words = WORD.findall(put.ask.model.lower())
    if put.ask.band < 4 or len(words) < 6:
        return None
    read = " ".join([*words, *words])
    put.rng.shuffle(words)
    if " ".join(words) in read:
        return None  # turned round, it may be as good: every day you tell it, you tell it every day
    return f"{capitalise(' '.join(words))}."


def _half(put: Put) -> str | None:
    """The first half of the model answer, as if that were all."""
    words = put.ask.model.rstrip(".!?").split()
    half = " ".join(words[: len(words) // 2]).rstrip(",.")
    return if_not_done(put, f"{half}.") if put.ask.band >= 4 and half else None


def _other_verdict(put: Put) -> str | None:
    """No for yes, and the rest as it was."""
    head, comma, rest = put.ask.model.partition(", ")
    other = {"Yes": "No", "No": "Yes"}.get(head)
    return f"{other}, {rest}" if comma and other else None


def _denied(put: Put) -> str | None:
    """The opposite of the model answer."""
    for one, other in _BOTH_WAYS:
        if put.ask.band >= 4 and "not" not in put.ask.model and re.search(rf"\b{one}\b", put.ask.model):
            said = re.sub(rf"\b{one}\b", other, put.ask.model, count=1)
            return said if not re.search(r"\bno\b", said.lower()) else None
    return None


def _turned(put: Put) -> str | None:
    """A fruit is an apple."""
    found = re.fullmatch(r"(An? \w+) is (an? [\w ]+)\.", put.ask.model)
    return f"{capitalise(found.group(2))} is {found.group(1).lower()}." if found else None


def _one_sentence(put: Put) -> str | None:
    """One sentence of several."""
    found = re.findall(r"[^.!?]+[.!?]", put.ask.model)
    return if_not_done(put, put.rng.choice(found).strip()) if len(found) > 1 else None


def _one_part(put: Put) -> str | None:
    """One side of what is joined, or a verdict without the rest, or the rest without it."""
    for joint in (", because ", " because ", " and ", ", "):
        first, found, second = put.ask.model.rstrip(".!?").partition(joint)
        if found:
            return if_not_done(put, f"{capitalise(put.rng.choice((first, second)))}.")
    return None


def _half_another(put: Put) -> str | None:
    """All sentences but the last, and then another task's."""
    own = re.findall(r"[^.!?]+[.!?]", put.ask.model)
    if len(own) < 2:
        return None
    texts = ("".join([*own[:-1], f" {each.model}"]) for each in put.others if each is not put.ask)
    return next((text for text in texts if if_not_done(put, text)), None)


PARTIAL: dict[str, Rule] = {
    "cut": _cut,
    "disagreeing": _agrees_not,
    "wrong number": _wrong_number,
    "wrong verb": _wrong_verb,
    "wrong pronoun": _wrong_pronoun,
    "filler behind": _filler,
    "filler within": _filler_within,
    "what was heard behind": _told_too,
    "another's behind": _another_too,
    "padded": _padded,
    "one sentence of several": _one_sentence,
    "one part of two": _one_part,
    "half another's": _half_another,
}
BAD: dict[str, Rule] = {
    "again and again": _again,
    "backwards": _backwards,
    "shuffled": _shuffled,
    "half": _half,
    "the other verdict": _other_verdict,
    "denied": _denied,
    "turned round": _turned,
}
