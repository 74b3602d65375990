"""Answers that are one of what is offered: the letter, the words behind it, its place, or the others ruled out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from evaluation.answers.base import Before, Leak

_ANSWER = re.compile(
    r"^\W*(?:(?:option|choice|answer|opción|réponse|antwort)\s+)?\(?([A-Fa-f])\)?(?:[.):]\s+(?P<words>.+)|\W*)$"
)
_OFFERED = re.compile(r"(?<![\w'’])\(?([A-Fa-f])[).:]\s*([^\n;,?]+?)(?=\s*(?:[,;?\n]|\(?\b[A-Fa-f][).:]\s|$))")
_STATES = (
    r"(?:answer|option|choice|letter|choose|pick|circle|select|mark|go with|it(?:'s| is| has to be| must be)|is|"
    r"respuesta|opción|letra|elige|marca|es|será|réponse|lettre|choisis|coche|c'est|est|antwort|wähle|ist)"
)
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
_DENIES = re.compile(
    r"\b(?:not|isn't|n't|nor|neither|no|nicht|pas|ni|rule out|eliminate|cross out|wrong|incorrect|can't be)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def choice_sought(answer: str, choices: tuple[str, ...], told: tuple[str, ...]) -> tuple[str, dict[str, str]] | None:
    """The letter that is right and what stands behind each; None where the answer is no choice among those offered."""
    found = _ANSWER.match(answer)
    if found is None:
        return None
    letter = found[1].upper()
    if found[1].islower() and not choices and not found["words"]:
        return None
    offered = dict(zip("ABCDEF", choices, strict=False))
    if not offered:
        offered = {each[1].upper(): each[2].strip() for text in told for each in _OFFERED.finditer(text)}
    if letter not in offered or len(offered) < 2:
        return None
    return letter, offered


def leak_of_choice(letter: str, offered: dict[str, str], reply: str, before: Before) -> Leak | None:
    """What in `reply` says which of them is right. What only names all of them does not."""

    def has_it(text: str) -> bool:
        return bool(re.search(rf"(?<![\w'’]){letter}(?![\w'’])", text)) and len(_letters(text, offered)) == 1

    if before.proposed_by_learner(has_it):
        return None
    for sentence in re.split(r"(?<=[.!?\n])\s+", reply):
        denied = bool(_DENIES.search(sentence))
        named = _letters(sentence, offered)
        if letter in named and not denied and len(named) < 3 and _states_letter(letter, sentence):
            return Leak(f"({letter})", "the letter of the right choice")
        if denied and letter not in named and len(named) == len(offered) - 1 and len(named) > 1:
            return Leak(", ".join(named), "all others ruled out", says_it=False)
        place = _PLACES[list(offered).index(letter)] if letter in list(offered)[: len(_PLACES)] else ""
        if not denied and re.search(
            rf"\b{_STATES}\b.{{0,12}}\b{place} (?:one|option|choice|answer)\b", sentence, re.IGNORECASE
        ):
            return Leak(place, "the place of the right choice")
    return None


def _letters(text: str, offered: Sequence[str] | dict[str, str]) -> list[str]:
    """The letters of choices that stand alone in a text; "A" as the first word may be an article."""
    return [
        each
        for each in offered
        if re.search(
            rf"(?<![\w'’]){each}(?![\w'’])"
            if each != "A"
            else r"(?<![\w'’])A(?=[).:,?!]|\s*$|\s+(?:is|or|and|o|y|es)\b)",
            text,
        )
    ]


def _states_letter(letter: str, sentence: str) -> bool:
    alone = re.fullmatch(rf"\W*{letter}\W*", sentence.strip())
    begins = re.match(rf"\W*{letter}[).:!,]", sentence)
    states = re.search(
        rf"\b{_STATES}\b(?:\s+(?:is|option|letter|the|la|letra|opción|probably|definitely|clearly))*\s*\W{{0,3}}{letter}(?![\w'’])",
        sentence,
        re.IGNORECASE,
    )
    follows = re.search(
        rf"(?<![\w'’]){letter}\W{{0,2}}\s+(?:is|es|est|ist)\s+(?:the\s+|la\s+)?(?:right|correct|answer|best|respuesta|correcta)",
        sentence,
    )
    return bool(alone or begins or (states and letter in states[0]) or follows)
