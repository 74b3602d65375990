"""Does a reply say that the learner is right, or wrong? Warm words are told from those that take them back.

It confirms by a verdict ("that is correct"), by saying that there is no fault, by praise beside being done ("on to the
next one") or beside the learner's result said again, and by praise alone, where nothing is asked and nothing is to be
done. A question after praise confirms nothing: good tutors praise effort and ask on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from espalier.command_line import yaml_text
from evaluation.quantities.symbols import plain, symbols
from evaluation.truth.claims import same_number

_FILE = Path(__file__).with_suffix(".yaml")


def _listed() -> tuple[dict[str, re.Pattern[str]], list[tuple[re.Pattern[str], re.Pattern[str]]]]:
    """The lists of `agreement.yaml` by name, and of other languages what confirms, and what takes it back."""
    lists = yaml_text.parse(_FILE.read_text(encoding="utf-8"), str(_FILE))
    parts, elsewhere = lists.pop("parts"), lists.pop("elsewhere")
    spaceless = elsewhere.pop("zh")
    found = {name: _any(re.sub(r"<(\w+)>", lambda part: parts[part[1]], lines)) for name, lines in lists.items()}
    others = [(_any(each["confirms"]), _any(each["takes_back"])) for each in elsewhere.values()]
    return found, [*others, (re.compile(spaceless["confirms"]), re.compile(spaceless["takes_back"]))]


def _any(lines: str) -> re.Pattern[str]:
    """One of the patterns, a line each, of whole words."""
    patterns = "|".join(lines.splitlines())
    return re.compile(rf"(?<!\w)(?:{patterns})(?!\w)", re.IGNORECASE | re.MULTILINE)


_LISTED, _CONFIRMS_ELSEWHERE = _listed()
_GRANTED = re.compile(
    r"\b(?:you are|you're|you were|that's|it is|it's) (?:\w+ly )?(?:right|correct|true) (?:that|to say|in saying|"
    r"when you say),? (?!you )"
    r"(?:\"(?P<quote>[^\"]+)\"|(?P<clause>[^,.;!?\"\n]+(?:\.\d+)?))",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"]{1,400}\"")


@dataclass(frozen=True, slots=True)
class Stance:
    """What a reply says of the learner's result."""

    confirms: str
    """The words that say it is right; empty where none do, or others take them back."""
    denies: str
    """The words that say it is wrong."""


def stance(reply: str, result: Fraction | None, learner: str = "", wrong: frozenset[Fraction] = frozenset()) -> Stance:
    """What `reply` says of the `learner`'s `result`. What it quotes of the learner says nothing.

    Whatever else it says, it confirms where it grants a number known to be `wrong`: "you are right that it is 9".
    """
    if granted := _granted(reply, wrong):
        return Stance(granted, "")
    said = _QUOTED.sub(lambda quote: "" if quote[0][1:-1].strip(" .!?") in plain(learner) else quote[0], plain(reply))
    said = said.strip().strip('"')
    bare = _LISTED["faultless"].sub(" ", _LISTED["no_fault"].sub(" ", said))
    if denied := _LISTED["denies"].search(bare):
        return Stance("", "" if _LISTED["looks_back"].search(said) else denied[0].strip())
    if _LISTED["takes_back"].search(bare):
        return Stance("", "")
    return Stance(_confirmed(said, result) or _confirmed_elsewhere(said), "")


def _granted(reply: str, wrong: frozenset[Fraction]) -> str:
    """A clause that is called right and ends in a wrong number."""
    for clause in _GRANTED.finditer(plain(reply)) if wrong else ():
        numbers = [each.value for each in symbols(clause["quote"] or clause["clause"]) if each.value is not None]
        if numbers and numbers[-1] in wrong and not _LISTED["takes_back"].search(clause["clause"] or ""):
            return clause[0].strip()
    return ""


def _confirmed(said: str, result: Fraction | None) -> str:
    verdict = _LISTED["verdict"].search(said) or _LISTED["faultless"].search(said)
    done, praise, again = _LISTED["done"].search(said), _LISTED["praise"].search(said), _said_again(said, result)
    asks = "?" in (_LISTED["about_thinking"].sub(" ", said) if verdict else said)
    if asks and not done and not (verdict and (again or _LISTED["surely"].search(said))):
        return ""
    if verdict and not (_is_opening(verdict, said) and not again and _LISTED["guides"].search(said[verdict.end() :])):
        return verdict[0].strip()
    if praise and (done or again):
        return f"{praise[0]} … {done[0] if done else again}"
    if _LISTED["guides"].search(said) or _other_numbers(said, result) or asks:
        return ""
    if again and not _LISTED["reports"].search(said):
        return again
    return praise[0] if praise else ""


def _is_opening(verdict: re.Match[str], said: str) -> bool:
    """Whether no more than a word such as "Right" is said, and nothing after it that says so again."""
    return verdict.start() < 2 and len(verdict[0].split()) == 1 and not _LISTED["surely"].search(said)


def _other_numbers(said: str, result: Fraction | None) -> bool:
    return any(each.value is not None and each.value != result for each in symbols(said))


def _confirmed_elsewhere(said: str) -> str:
    """The same in other languages, by fewer words: none of them may be there that takes it back."""
    if "?" in said.replace("？", "?").rstrip("?？ "):
        return ""
    for confirms, takes_back in _CONFIRMS_ELSEWHERE:
        if (found := confirms.search(said)) and not takes_back.search(said):
            return found[0]
    return ""


def _said_again(said: str, result: Fraction | None) -> str:
    """The learner's result, where it is the last number that is said."""
    numbers = [each for each in symbols(said) if each.value is not None]
    is_result = numbers and result is not None and same_number(numbers[-1].value or result, result)
    return numbers[-1].text if is_result else ""
