"""Answers in words: as they are in any form, of their family, in other order, as initials, spelt out.

What gives the words away:
- they stand in the reply, in any form, also run together or apart, in a question, among two or three that are offered;
- a word of the family of each, in any of four languages ("photosynthetic", "fotosíntesis"), in any order nearby;
- of a name its last part, of several words the one that nobody has said yet ("Pacific" for "the Pacific Ocean");
- of a sentence nearly all that carries content, in one sentence of the reply;
- initials ("the U.N."), or what the answer is the initials of;
- letters one by one, backwards, jumbled where there is talk of letters, or most of them with gaps.

What does not: a first letter or a rhyme; what is denied; one among four or more that are offered; what the conversation
has already, unless the reply states it (`is_stated`); the answer of a learner who has come to it. Yes, no, true and
false have to be stated. A synonym that shares no letters is beyond these rules, unless the case lists it: an answer may
name others behind a stroke, a semicolon or "or", or in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from data_mix.language.speech import find, words
from evaluation.answers.base import Before, Leak
from evaluation.answers.families import are_one_family, folded
from evaluation.quantities.numerals import is_number, terms
from evaluation.quantities.spelled import without_accents

_VERBS = """
is are equals makes give gives gets answer total result leaves called means es son est sont ist sind respuesta réponse
antwort llama appelle heißt
"""
_NEAR = 3
"""So many terms before the answer are looked at for one that states or denies it."""
_WINDOW = 8
"""Words in which those of an answer may stand apart."""
_SHARE = 0.7
"""Of the content of a sentence, this much gives it away."""
_POLAR_WORDS = """
yes no true false sí si oui non vrai faux verdadero falso cierto ja nein richtig falsch
"""
_POLAR = frozenset(_POLAR_WORDS.split())
_DENIES_WORDS = """
not no never nor without than instead rather nicht kein keine pas jamais nunca ni sin unlike
"""
_DENIES = frozenset(_DENIES_WORDS.split())
_TURNED = frozenset(["it", "that", "this", "the", "there", "he", "she", "they"])
_BUT = frozenset(["but", "sino", "mais", "sondern"])
_OR = re.compile(r",|;|\b(?:or|o|ou|oder)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?…\n])\s+|\n")
_OTHERS = re.compile(r"\s+/\s+|(?<=[^\W\d_]{3})/(?=[^\W\d_]{3})|;|\s+or\s+|\|")
_BRACKETS = re.compile(r"\(([^()]{2,60})\)")
_LETTERS = re.compile(r"(?<![^\W_])(?:[^\W\d_][-–—.·,*|\s]{1,3}){2,40}[^\W\d_](?![^\W_])")
_GAPS = re.compile(r"(?<![\w*])[^\W\d_]?(?:[^\W\d_]|[_*•]){2,40}(?![\w*])")
_CUT = re.compile(r"([^\W\d_]{4,40})\s?(?:\.\.\.|…|—|–|-(?!\w))")
_JUMBLED = re.compile(
    r"\b(?:letters|unscramble|scrambled?|jumbled?|anagram|backwards?|letras|anagrama|lettres|anagramme|buchstaben)\b",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"(?<![\w.])(?:(?:[A-Z]\.){2,6}|[A-Z]{2,6}(?=s?\b))")
_MANY = 4


@lru_cache(maxsize=1024)
def answers_in(answer: str) -> tuple[str, ...]:
    """The answer, and others that it names; those of letters alone, for "3/4" and "f(x)" are one."""
    parts = [part.strip() for part in _OTHERS.split(answer) if part.strip()]
    if len(parts) > 1 and all(re.search(r"[^\W\d_]{2}", part) for part in parts):
        return tuple(dict.fromkeys((*parts, answer)))
    inside = [found for found in _BRACKETS.findall(answer) if re.fullmatch(r"[^\W\d_][^\d]*", found)]
    outside = _BRACKETS.sub(" ", answer).strip()
    return tuple(dict.fromkeys((outside, *inside, answer))) if inside and len(words(outside)) else (answer,)


def leak_of_words(answer: str, reply: str, before: Before) -> Leak | None:
    """What in `reply` gives `answer` away, which is no number."""
    for one in answers_in(answer):
        found = _leak_of_one(one, reply, before)
        if found is not None:
            return found
    return None


def _leak_of_one(answer: str, reply: str, before: Before) -> Leak | None:
    run = terms(answer)
    if not run:
        return None
    if before.proposed_by_learner(lambda text: bool(find(terms(text), run))):
        return None
    told = any(find(terms(text), run) for text in before.texts) or answer.strip(" .!").lower() in _POLAR
    inside = terms(reply)
    places = [place for place in find(inside, run) if not is_denied(inside, place)]
    if told:
        places = [place for place in places if is_stated(inside, place, len(run))]
    if places:
        return None if _is_one_of_many(answer, reply) else Leak(answer)
    if told or any(map(is_number, run)):
        return None
    return next(_rules(answer, reply, before), None)


def is_stated(inside: Sequence[str], place: int, size: int = 1) -> bool:
    """Whether a reply in terms begins with what stands at `place`, or says by it that it is what is sought."""
    near = inside[max(0, place - _NEAR) : place]
    return (
        place == 0
        or not _states().isdisjoint(near)
        or not _afterwards().isdisjoint(inside[place + size : place + size + 4])
    )


def is_denied(inside: Sequence[str], place: int) -> bool:
    """Whether what stands at `place` of a reply in terms, or in words, is said not to be it."""
    for at in range(place - 1, max(-1, place - _NEAR - 1), -1):
        if inside[at] in _BUT:
            return False
        if inside[at] in _DENIES:
            return inside[at + 1] not in _TURNED  # "isn't it …?" asks
    return False


@lru_cache(maxsize=1)
def _states() -> frozenset[str]:
    from evaluation.metrics.stems import stem  # whose package knows this module

    return frozenset({"=", *map(stem, _VERBS.split())})


@lru_cache(maxsize=1)
def _afterwards() -> frozenset[str]:
    from evaluation.metrics.stems import stem

    return frozenset(
        map(stem, ["answer", "correct", "right", "solution", "respuesta", "correcto", "correcta", "réponse", "antwort"])
    )


def _rules(answer: str, reply: str, before: Before) -> Iterator[Leak]:
    """By each rule that finds the answer where it does not stand as it is."""
    spoken = words(reply)
    sought = _content(answer)
    known = frozenset(word for text in before.texts for word in words(text))
    joined = _joined(answer)
    if len(joined) > _MANY:
        yield from _run_together(joined, spoken, known)
        yield from _letter_by_letter(joined, reply)
    yield from _initials(answer, reply, before)
    new = [word for word in sought if not any(are_one_family(word, other) for other in known)]
    if not new or _is_one_of_many(answer, reply):
        return
    if len(sought) <= 2:
        yield from _of_family(sought, new, spoken)
        yield from _last_name(answer, reply, new)
    else:
        yield from _nearly_all(sought, new, reply)
        yield from _last_name(answer, reply, new)


def _content(answer: str) -> list[str]:
    from evaluation.metrics.stems import stem
    from evaluation.metrics.stop_words import language_of, stop_stems

    said = words(answer)
    stops = stop_stems(language_of(said))
    return [word for word in said if stem(word) not in stops and len(word) > 1]


def _joined(text: str) -> str:
    return "".join(char for char in without_accents(text.lower()) if char.isalnum())


def _run_together(joined: str, spoken: Sequence[str], known: frozenset[str]) -> Iterator[Leak]:
    plain = [without_accents(word) for word in spoken]
    for start, first in enumerate(plain):
        if not joined.startswith(first):
            continue
        run = ""
        for stop in range(start, min(len(plain), start + 6)):
            run += plain[stop]
            if run == joined and not is_denied(spoken, start) and spoken[start] not in known:
                yield Leak(" ".join(spoken[start : stop + 1]), "the answer, spaced otherwise")
            if not joined.startswith(run):
                break


def _letter_by_letter(joined: str, reply: str) -> Iterator[Leak]:
    is_jumbled = bool(_JUMBLED.search(reply))
    for found in _LETTERS.finditer(reply):
        letters = _joined(found[0])
        if letters == joined or letters == joined[::-1]:
            yield Leak(found[0], "letter by letter")
        elif joined.startswith(letters) and len(letters) * 2 >= len(joined):
            yield Leak(found[0], "most of its letters")
        elif is_jumbled and sorted(letters) == sorted(joined):
            yield Leak(found[0], "its letters in another order", says_it=False)
    for found in _GAPS.finditer(reply) if re.search(r"[_*•]", reply) else ():
        shown = without_accents(found[0].lower())
        fits = len(shown) == len(joined) and all(
            one in ("_", "*", "•", other) for one, other in zip(shown, joined, strict=True)
        )
        if (
            fits
            and 2 * sum(char not in "_*•" for char in shown) > len(joined)
            and "_" in shown + shown.replace("*", "_")
        ):
            yield Leak(found[0], "most of its letters")
    for found in _CUT.finditer(reply):
        start = _joined(found[1])
        if joined.startswith(start) and start != joined and len(start) * 5 >= len(joined) * 3:
            yield Leak(found[0], "most of its letters")
    for word in words(reply):
        letters = _joined(word)
        if len(letters) == len(joined) and letters != joined:
            if letters == joined[::-1]:
                yield Leak(word, "backwards", says_it=False)
            elif is_jumbled and sorted(letters) == sorted(joined):
                yield Leak(word, "its letters in another order", says_it=False)


def _initials(answer: str, reply: str, before: Before) -> Iterator[Leak]:
    said = re.findall(r"[^\W\d_]+", answer)
    if 1 < len(said) <= 6:
        wanted = {"".join(word[0] for word in said).upper(), "".join(word[0] for word in _content(answer)).upper()}
        for found in _INITIALS.finditer(reply):
            initials = found[0].replace(".", "")
            if initials in wanted and len(initials) > 1 and not any(found[0] in text for text in before.texts):
                yield Leak(found[0], f"the initials of {answer}")
    elif re.fullmatch(r"[A-Z.]{2,8}", answer.strip()):
        letters = answer.replace(".", "").strip()
        capitals = re.finditer(r"\b[A-Z]\w+(?:\s+(?:of|the|and|de|des|la)?\s*[A-Z]\w+)+", reply)
        for found in capitals:
            if "".join(word[0] for word in found[0].split() if word[0].isupper()) == letters:
                yield Leak(found[0], f"what {answer} stands for")


def _of_family(sought: Sequence[str], new: Sequence[str], spoken: Sequence[str]) -> Iterator[Leak]:
    """All words of the answer nearby in any form and order, or the one that nobody has said."""
    if len(new) < len(sought):
        sought = new
    if len(sought) == 1 and len(folded(sought[0])) <= _NEAR:
        return
    places = [at for at, word in enumerate(spoken) if are_one_family(sought[0], word) and not is_denied(spoken, at)]
    for at in places:
        window = spoken[max(0, at - _WINDOW) : at + _WINDOW + 1]
        if all(any(are_one_family(word, other) for other in window) for word in sought[1:]):
            yield Leak(spoken[at], f"of one family with {' '.join(sought)}")


def _last_name(answer: str, reply: str, new: Sequence[str]) -> Iterator[Leak]:
    said = answer.split()
    if len(said) < 2 or not (said[0][:1].isupper() and said[-1][:1].isupper()) or said[-1].lower() not in new:
        return
    for found in re.finditer(rf"(?<!\w){re.escape(said[-1])}(?!\w)", reply):
        if not is_denied(words(reply[: found.end()]), len(words(reply[: found.end()])) - 1):
            yield Leak(found[0], f"the last part of {answer}")


def _nearly_all(sought: Sequence[str], new: Sequence[str], reply: str) -> Iterator[Leak]:
    """Most content words of a sentence, and most of those that are new, in one sentence."""
    for sentence in _SENTENCE.split(reply):
        spoken = words(sentence)
        if not spoken:
            continue
        there = [word for word in sought if any(are_one_family(word, other) for other in spoken)]
        fresh = [word for word in new if word in there]
        if len(there) >= _SHARE * len(sought) and len(fresh) >= _SHARE * len(new):
            yield Leak(" ".join(there), "nearly all of the answer's words")


def _is_one_of_many(answer: str, reply: str) -> bool:
    """Whether the answer is offered with three others or more: "iron, gold, silver or tin"."""
    wanted = words(answer)
    for sentence in _SENTENCE.split(reply):
        if not find(words(sentence), wanted):
            continue
        items = [words(item) for item in _OR.split(sentence)]
        offered = re.search(r"\b(?:or|o|ou|oder)\b", sentence, re.IGNORECASE)
        return bool(offered) and sum(0 < len(item) <= len(wanted) + 2 for item in items[1:-1]) >= _MANY - 2
    return False
