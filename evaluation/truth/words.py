"""Words of arithmetic that say the opposite of what is meant: "decrease" where the problem has an increase, "multiply
them equally", "to find the area, divide the length by the width".

All are heuristics of words, right nearly always and silent mostly; each names what it goes by.
"""

from __future__ import annotations

import re
from functools import lru_cache

from evaluation.quantities.symbols import plain
from evaluation.truth.dialogue import REMEMBERED, Ground
from evaluation.truth.operations import Done, mentions

_MORE, _LESS = r"how (?:many|much) more\b", r"how (?:many|much) (?:less|fewer)\b"
"""Asked for without a number: with one, who has it and who is compared has to be told too."""
_OPPOSITES = (
    (r"increas\w+", r"decreas\w+"), ("maximum", "minimum"), (r"greater\b", r"smaller\b"), (r"higher\b", r"lower\b"),
    (r"doubl\w+", r"halv\w+"), (_MORE, _LESS), (r"highest\b", r"lowest\b"), (r"largest\b", r"smallest\b"),
    (r"oldest\b", r"youngest\b"), (r"faster\b", r"slower\b"),
)  # fmt: skip
_ADDS, _SUBTRACTS = r"(?:add(?:s|ed|ing|ition)?\b|plus\b|sum\b)", r"(?:subtract\w*|minus\b|difference\b)"
_MULTIPLIES, _DIVIDES = r"(?:multipl(?:y|ies|ied|ying|ication)\b|product\b)", r"(?:divid\w+|division\b|quotient\b)"
_OPERATIONS = ((_ADDS, _SUBTRACTS), (_MULTIPLIES, _DIVIDES))
_WORDS = tuple(word for pair in (*_OPPOSITES, *_OPERATIONS) for word in pair)
_WORD = re.compile(rf"\b(?:{'|'.join(f'({word})' for word in _WORDS)})")
"""None begins like another, so all are found in one search; the group says which."""
_SIGNS = {_ADDS: "+", _SUBTRACTS: "-", _MULTIPLIES: "*", _DIVIDES: "/"}
_MISFITS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bmultipl(?:y|ies|ied|ying)\b[^.?!]{0,40}\b(?:equally|evenly|among)\b",
        r"\bmultipl(?:y|ies|ied|ying)(?: (?:it|them|that|the \w+))? into (?:\d|groups|parts|sections)",
        r"\bdivid(?:e|ed|ing)\b(?: (?:the|a|\w+)){1,3} times\b",
        r"\bsubtract\w*(?: \w+){0,3} (?:up|together)\b",
        r"\bsubtract\w*(?: \w+){1,4} to (?:the|that|it|your|his|her|\d)",
        r"\b(?:halve|halving|triple)[- ]check",
        r"\badd\w*(?: \d+){1,2} from \d",
    )
)
_OPERATES = re.compile(r"multipl|divid|subtract|halv|triple|add", re.IGNORECASE)
"""What every misfit has."""
_RULES = tuple(
    (re.compile(about, re.IGNORECASE), wrong, re.compile(unless, re.IGNORECASE))
    for about, wrong, unless in (
        (r"\b(?:find|get|is|calculate|determine) (?:the |an? )?(?:area|volume)\b", "/-",
         r"triang|half|trape|by 2|missing|given|width,|shape|find the (?:length|width|height|side|base)"),
        (r"\b(?:find|get|is|calculate|determine) (?:the |an? )?perimeter\b", "/-",
         r"half|missing|given|shape|find the (?:length|width)"),
        (r"\b(?:exponents?|to the power|squared|cubed|by itself)\b", "+-/",
         r"\bnot\b|n't|you (?:added|divided)|instead"),
    )
)  # fmt: skip
_MEANINGS = re.compile(
    r"\b(?P<term>product|quotient|sum|difference)s?\b[^.?!]{0,12}\b(?:means?|is)\b[^.?!]{0,25}\b"
    r"(?P<name>addition|subtraction|multiplication|division|adding|subtracting|multiplying|dividing)\b"
    r"|(?P<sign>[-+*/x])\W{0,3}(?:sign |symbol )?(?:in the question )?(?:just |really |actually )?means (?:the )?"
    r"(?P<called>addition|subtraction|multiplication|division|adding|subtracting|multiplying|dividing)\b",
    re.IGNORECASE,
)
_ANGLES = re.compile(
    r"\bacute\b[^.?!]{0,25}\b(?:more|greater|larger|bigger|wider) than 90|"
    r"\bobtuse\b[^.?!]{0,25}\b(?:less|smaller|narrower) than 90",
    re.IGNORECASE,
)
_CALLED = {"x": "*", "ad": "+", "su": "-", "mu": "*", "di": "/", "pr": "*", "qu": "/"}
_BREAK = re.compile(r"[.?!\n]+")
_DENIED = re.compile(r"\b(?:not|never|instead of|rather than|or)\b|n't\b", re.IGNORECASE)


def contrary_words(ground: Ground, reply: str) -> str:
    """What in `reply` says the opposite of what is meant; empty where nothing does."""
    return _misfit(reply) or _against_rules(reply) or _opposite(ground, reply)


def _misfit(reply: str) -> str:
    said = plain(reply)
    if not _OPERATES.search(said):
        return ""
    return next((f"“{found[0]}”" for pattern in _MISFITS if (found := pattern.search(said))), "")


def _against_rules(reply: str) -> str:
    said = plain(reply)
    rules = [rule for rule in _RULES if rule[0].search(said)]
    for sentence in _BREAK.split(said) if rules else ():
        for about, wrong, unless in rules:
            found = about.search(sentence)
            if found and not unless.search(sentence):
                signs = {each.sign for each in mentions(sentence)}
                if signs and signs <= set(wrong):
                    return f"“{sentence.strip()}”"
    for meant in _MEANINGS.finditer(said):
        if meant["term"]:
            left = {"su": "+", "di": "-"}.get(meant["term"][:2].lower()) or _CALLED[meant["term"][:2].lower()]
            right = _CALLED[meant["name"][:2].lower()]
        else:
            left = {"x": "*"}.get(meant["sign"].lower(), meant["sign"])
            right = _CALLED[meant["called"][:2].lower()]
        if left != right and not _DENIED.search(meant[0]):
            return f"“{meant[0]}”"
    return f"“{angle[0]}”" if (angle := _ANGLES.search(said)) else ""


def _opposite(ground: Ground, reply: str) -> str:
    """A word whose opposite is in the dialogue, or of the operations in the problem and the solution, and it is not."""
    said = reply.lower()
    if not (here := _found(said)):
        return ""
    told, meant = _of_dialogue(ground)
    solved = Done.of_solution(ground).signs
    for pairs, there in ((_OPPOSITES, told), (_OPERATIONS, meant)):
        for one, other in pairs:
            for word, opposite in ((one, other), (other, one)):
                if word not in here or opposite not in there or opposite in here or word in told:
                    continue
                if _SIGNS.get(word, "") not in solved and not _DENIED.search(said):
                    return f"“{here[word]}”, where the dialogue has “{there[opposite]}”"
    return ""


@lru_cache(maxsize=REMEMBERED)
def _of_dialogue(ground: Ground) -> tuple[dict[str, str], dict[str, str]]:
    """What is found in all of the dialogue and the solution, and in all of that but what the learner said."""
    told = "\n".join((ground.problem, ground.tutors, ground.learners, ground.worked_out))
    meant = "\n".join((ground.problem, ground.tutors, ground.worked_out))
    return _found(told.lower()), _found(meant.lower())


def _found(text: str) -> dict[str, str]:
    """By word of the pairs, how `text` has it first."""
    found: dict[str, str] = {}
    for each in _WORD.finditer(text):
        found.setdefault(_WORDS[(each.lastindex or 0) - 1], each[0])
    return found
