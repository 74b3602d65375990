"""Places of a text where the lists know what is right: gender, number, persons, noun classes, measure words, a or an.

Each place is right or wrong; all else is not looked at. What is said nowhere in a language ("rompido", "she don't") is
wrong wherever it stands. A form that one variety has and another has not is never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from evaluation.metrics.text import read
from evaluation.metrics.words import STOP_WORDS, find
from evaluation.varieties.lists import lists, plain
from evaluation.varieties.marks import script
from evaluation.varieties.mixing import knows


@dataclass(frozen=True, slots=True)
class Place:
    """Words that a rule looked at."""

    words: str
    """As they were said."""
    right: str
    """What is right there; empty where they are."""


def places(text: str, language: str) -> list[Place]:
    """What the rules of a language find in a text."""
    words = [plain(word) for word in read(text).words]
    rules = {"es": _spanish, "zh": _chinese, "ar": _arabic, "sw": _swahili, "en": _english}
    return [*_said_nowhere(text, words, language), *rules[language](text, words)]


def _said_nowhere(text: str, words: list[str], language: str) -> Iterator[Place]:
    for wrong, right in lists(language).wrong.items():
        if (wrong in text) if language == "zh" else find(words, wrong_words(wrong)):
            yield Place(wrong, right)


@lru_cache(maxsize=1024)
def wrong_words(phrase: str) -> list[str]:
    """A phrase of the lists as the words of a text are written."""
    return [plain(word) for word in read(phrase).words]


_BEFORE = {
    ("masculine", False): "el un este ese aquel otro mucho nuestro",
    ("masculine", True): "los unos estos esos aquellos otros muchos nuestros",
    ("feminine", False): "la una esta esa aquella otra mucha nuestra",
    ("feminine", True): "las unas estas esas aquellas otras muchas nuestras",
}
"""By gender, and whether it is several, what stands before a Spanish noun."""
_DETERMINERS = {word: kind for kind, listed in _BEFORE.items() for word in listed.split()}
_NO_SUBJECT_ALONE = frozenset({"y", "e", "o", "ni", "a", "de", "como", "que"})
"""Behind these a pronoun is no subject, or not the only one."""


@cache
def _genders() -> dict[str, tuple[str, bool]]:
    """Spanish nouns, one and several, with their gender and whether they are several."""
    found: dict[str, tuple[str, bool]] = {}
    for gender in ("masculine", "feminine"):
        for noun in lists("es").more[gender].split():
            found |= {several(noun): (gender, True), noun: (gender, False)}
    return found


def several(noun: str) -> str:
    """The plural of a Spanish noun."""
    if noun[-1] in "aeoáéóu":
        return f"{noun}s"
    if noun.endswith("z"):
        return f"{noun[:-1]}ces"
    return f"{noun if noun.endswith('ís') else _without_accent(noun)}es"


def _without_accent(noun: str) -> str:
    return noun[:-2] + {"á": "a", "é": "e", "í": "i", "ó": "o", "ú": "u"}.get(noun[-2], noun[-2]) + noun[-1]


@cache
def _persons() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    listed = {person: frozenset(verbs.split()) for person, verbs in lists("es").more["persons"].items()}
    listed["él"] = listed["usted"] = listed["ella"]
    listed["ellas"] = listed["ustedes"] = listed["ellos"]
    return listed, frozenset().union(*listed.values())


def _spanish(text: str, words: list[str]) -> Iterator[Place]:
    genders, (persons, verbs) = _genders(), _persons()
    for before, one, two in zip(["", *words], words, words[1:], strict=False):
        if two in genders and one in _DETERMINERS:
            fits = _DETERMINERS[one] == genders[two]
            number = "several" if genders[two][1] else "one"
            yield Place(f"{one} {two}", "" if fits else f"{two} is {genders[two][0]}, {number}")
        elif one in persons and two in verbs and before not in _NO_SUBJECT_ALONE:
            yield Place(f"{one} {two}", "" if two in persons[one] else f"another form with {one}")


_LONGER = re.compile(r"(?![是很吗嗎呢吧了也都])[\u3400-\u9fff]")
"""What may make a longer word or phrase of a Chinese noun (车票, 猫的照片), of which the measure word may be."""
_COUNTED = "一两兩三四五六七八九十几幾这這那每哪半"


@cache
def _measured() -> tuple[re.Pattern[str], dict[str, frozenset[str]]]:
    by_noun: dict[str, set[str]] = {}
    for measure, nouns in lists("zh").more["measures"].items():
        for noun in nouns.split():
            by_noun.setdefault(noun, set()).add(measure)
    nouns = "|".join(sorted(by_noun, key=len, reverse=True))
    measures = "".join(lists("zh").more["measures"])
    return re.compile(f"[{_COUNTED}]([{measures}])({nouns})"), {k: frozenset(v) for k, v in by_noun.items()}


def _chinese(text: str, words: list[str]) -> Iterator[Place]:
    pattern, measures = _measured()
    for found in pattern.finditer(text):
        if found[1] in measures[found[2]]:
            yield Place(found[0], "")
        elif found[1] not in "个個" and not _LONGER.match(text, found.end()):  # 个 is said of nearly everything
            yield Place(found[0], f"{'/'.join(sorted(measures[found[2]]))} for {found[2]}")
    for found in re.finditer(r"(?<![第十百千万萬零一二三四五六七八九])二[个個本只隻条條张張件杯位]", text):
        yield Place(found[0], f"两{found[0][1]}")
    if script(text) == "mixed" and not re.search(r"[简簡繁]体?體?|simplified|traditional|character", text):
        yield Place("both scripts", "one script throughout")


def _arabic(text: str, words: list[str]) -> Iterator[Place]:
    known = lists("ar").more
    masculine, feminine = (frozenset(map(plain, known[each].split())) for each in ("masculine", "feminine"))
    for one, two in pairwise(words):
        noun = two.removeprefix("ال")
        if one in ("هذا", "ذلك", "هذه", "تلك") and (noun in masculine) != (noun in feminine):
            fits = (one in ("هذا", "ذلك")) == (noun in masculine)
            yield Place(f"{one} {two}", "" if fits else f"{noun} is {'masculine' if noun in masculine else 'feminine'}")


_OWNERS = r"(?:angu|ako|ake|etu|enu|ao)"
_POSSESSIVE = re.compile(rf"(w|y|l|z|ch|vy|k|p|m)({_OWNERS})")


@cache
def _classes() -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for facts in lists("sw").more["classes"].values():
        agrees = {key: tuple(v) if isinstance(v, list) else (v,) for key, v in facts.items() if key != "nouns"}
        found |= dict.fromkeys(facts["nouns"].split(), agrees)
    return found


def _swahili(text: str, words: list[str]) -> Iterator[Place]:
    classes = _classes()
    pointing = {each for agrees in classes.values() for key in ("this", "that") for each in agrees[key]}
    for noun, after in pairwise(words):
        agrees = classes.get(noun)
        owned = _POSSESSIVE.fullmatch(after)
        if agrees and owned:
            right = f"{noun} {agrees['possessive'][0]}{owned[2]}"
            yield Place(f"{noun} {after}", "" if owned[1] in agrees["possessive"] else right)
        elif agrees and after in pointing:
            fits = after in (*agrees["this"], *agrees["that"])
            yield Place(f"{noun} {after}", "" if fits else f"{noun} {agrees['this'][0]}")


_SILENT = re.compile(r"^(?:hour|honest|honou?r|heir)")
_CONSONANT = re.compile(r"^(?:uni(?!n|m[amp]|de)|us[eu]|eu|one|once|ur[aeiou]|ut[ei])")
_LETTERS = re.compile(r"^(?:.|[a-z]\W.*|\d.*|\W.*)$")


_BEGINS = frozenset(
    {
        "",
        "and",
        "but",
        "because",
        "so",
        "then",
        "when",
        "yesterday",
        "today",
        "always",
        "now",
        "if",
        "while",
        "sometimes",
    }
)
"""Behind these, or first of all, an English pronoun is the subject of what follows."""


def _english(text: str, words: list[str]) -> Iterator[Place]:
    wrong = {pronoun: frozenset(verbs.split()) for pronoun, verbs in lists("en").more["persons"].items()}
    for sentence in read(text).sentences:
        said = [plain(word) for word in read(sentence).words]
        for before, one, two in zip(["", *said], said, said[1:], strict=False):
            if one in wrong and two in wrong[one] and before in _BEGINS and not sentence.rstrip().endswith("?"):
                yield Place(f"{one} {two}", f"another form with {one}")
    for one, two in re.findall(r"(?<![\w'.-])(a|an|A|An) ([a-z][\w'-]*)", text):
        if _LETTERS.match(two) or knows("en", two) < 1 or two in STOP_WORDS:  # "a ella" is Spanish, "A is 3" maths
            continue
        vowel = bool(_SILENT.match(two)) or (two[0] in "aeiou" and not _CONSONANT.match(two))
        yield Place(f"{one} {two}", "" if (one.lower() == "an") == vowel else f"{'an' if vowel else 'a'} {two}")
