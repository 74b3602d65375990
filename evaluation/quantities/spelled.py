"""Numbers in words, of English, Spanish, French and German: "twenty-seven", "two and a half", "quatre-vingt-dix".

Each word adds, multiplies or divides by the grammar of its language. Words of all four are read in any text, those of
the text's own language first; a word that means something else there ("once", "cent", "elf" in English) is not. "Un",
"una", "ein" are articles before anything but a part or a thousand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache


def _counted(names: str, first: int, step: int = 1) -> dict[str, int]:
    """By word, its value: the words of one value are joined by |."""
    entries = enumerate(names.split())
    return {word: first + step * place for place, entry in entries for word in entry.split("|")}


def _parts(names: str) -> dict[str, int]:
    """By the word of a part, singular or plural, how many make a whole; the first is that of halves."""
    return {word: value for value, entry in enumerate(names.split(), start=2) for word in entry.split("|")}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Language:
    """What one language counts with."""

    units: dict[str, int]
    """Words that add, up to nineteen, and more where a language has one word for it."""
    tens: dict[str, int]
    """Twenty to ninety."""
    hundreds: dict[str, int]
    """Words that are so many hundreds; 100 is multiplied by what stands before it."""
    scales: dict[str, int]
    """Thousands and more."""
    parts: dict[str, int]
    """Names of parts: behind a number they divide it."""
    joins: frozenset[str]
    """"And"."""
    halves: frozenset[str]
    """One half, alone or behind "and"."""
    ones: frozenset[str]
    """Articles that count before a part or a scale."""
    foreign: frozenset[str] = field(default=frozenset())
    """Number words of others that mean something else here."""


_LANGUAGES = {
    "en": _Language(
        units=_counted(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen",
            0,
        ),
        tens=_counted("twenty thirty forty|fourty fifty sixty seventy eighty ninety", 20, 10),
        hundreds={"hundred": 100},
        scales={"thousand": 10**3, "million": 10**6, "billion": 10**9},
        parts=_parts(
            "half|halve|halfs|halves third|thirds quarter|quarters|fourth|fourths fifth|fifths sixth|sixths "
            "seventh|sevenths eighth|eighths ninth|ninths tenth|tenths"
        ),
        joins=frozenset(("and",)),
        halves=frozenset(("half",)),
        ones=frozenset(("a", "an", "one")),
        foreign=frozenset(("once", "cent", "cents", "elf", "un", "demi", "media", "medio", "halb", "tiers")),
    ),
    "es": _Language(
        units=_counted(
            "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis "
            "diecisiete dieciocho diecinueve veinte veintiuno|veintiun|veintiuna veintidos veintitres veinticuatro "
            "veinticinco veintiseis veintisiete veintiocho veintinueve",
            0,
        ),
        tens=_counted("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10),
        hundreds={"cien": 100, "ciento": 100, "cientos": 100}
        | _counted(
            "doscientos|doscientas trescientos|trescientas cuatrocientos|cuatrocientas quinientos|quinientas "
            "seiscientos|seiscientas setecientos|setecientas ochocientos|ochocientas novecientos|novecientas",
            200,
            100,
        ),
        scales={"mil": 10**3, "millon": 10**6, "millones": 10**6},
        parts=_parts(
            "medio|medios|media|medias tercio|tercios cuarto|cuartos|cuarta|cuartas quinto|quintos|quinta|quintas "
            "sexto|sextos|sexta|sextas septimo|septimos octavo|octavos noveno|novenos decimo|decimos|decima|decimas"
        ),
        joins=frozenset(("y",)),
        halves=frozenset(("medio", "media")),
        ones=frozenset(("un", "una")),
        foreign=frozenset(("cent", "cents", "die", "sept")),
    ),
    "fr": _Language(
        units=_counted(
            "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize", 0
        ),
        tens=_counted(
            "vingt|vingts trente quarante cinquante soixante septante huitante|octante nonante", 20, 10
        ),
        hundreds={"cent": 100, "cents": 100},
        scales={"mille": 10**3, "million": 10**6, "millions": 10**6, "milliard": 10**9, "milliards": 10**9},
        parts=_parts(
            "demi|demis|demie|demies tiers quart|quarts cinquieme|cinquiemes sixieme|sixiemes septieme|septiemes "
            "huitieme|huitiemes neuvieme|neuviemes dixieme|dixiemes"
        ),
        joins=frozenset(("et",)),
        halves=frozenset(("demi", "demie")),
        ones=frozenset(("un", "une")),
        foreign=frozenset(("dos", "once", "tres", "media", "mil", "elf", "seis", "cien")),
    ),
    "de": _Language(
        units=_counted(
            "null eins zwei|zwo drei vier funf|fuenf sechs sieben acht neun zehn elf zwolf|zwoelf dreizehn vierzehn "
            "funfzehn|fuenfzehn sechzehn siebzehn achtzehn neunzehn",
            0,
        ),
        tens=_counted(
            "zwanzig dreißig|dreissig vierzig funfzig|fuenfzig sechzig siebzig achtzig neunzig", 20, 10
        ),
        hundreds={"hundert": 100},
        scales={"tausend": 10**3, "million": 10**6, "millionen": 10**6, "milliarde": 10**9, "milliarden": 10**9},
        parts=_parts(
            "halbe|halben|halbes drittel viertel funftel|fuenftel sechstel siebtel achtel neuntel zehntel"
        ),
        joins=frozenset(("und",)),
        halves=frozenset(("halb", "halbe", "halber", "halbes", "halben")),
        ones=frozenset(("ein", "eine", "einen", "einem", "einer")),
        foreign=frozenset(("once", "cent", "cents", "un", "media", "tres")),
    ),
}  # fmt: skip
SCALES = _LANGUAGES["en"].scales
_ALONE = frozenset(("mil", "mille", "tausend"))
"""One thousand without a word for one."""
_DOZEN = {"dozen": 12, "dozens": 12, "docena": 12, "docenas": 12, "douzaine": 12, "douzaines": 12, "dutzend": 12}
_OWN = {
    name: frozenset({*each.units, *each.tens, *each.hundreds, *each.halves, *each.scales} - (each.ones - {"one"}))
    for name, each in _LANGUAGES.items()
}
_A = frozenset().union(*(each.ones for each in _LANGUAGES.values()))
_BEGINS = {name: _OWN[name] | each.ones for name, each in _LANGUAGES.items()}
NUMBER_WORDS = frozenset(_DOZEN).union(
    *_OWN.values(), *(each.parts for name, each in _LANGUAGES.items() if name != "en")
)
"""One of these has to be in a text for it to have number words, but for German ones, which are written as one."""
_GERMAN = _LANGUAGES["de"]
_UNIT_OF_COMPOUND = "ein|" + "|".join(word for word in _GERMAN.units if word not in ("null", "eins"))
_COMPOUND = re.compile(
    rf"(?:(?P<thousands>[a-zß]*?)tausend)?(?:(?P<hundreds>{_UNIT_OF_COMPOUND})?(?P<hundred>hundert)(?:und)?)?"
    rf"(?:(?:(?P<unit>{_UNIT_OF_COMPOUND})und)?(?P<ten>{'|'.join(_GERMAN.tens)})|(?P<small>{_UNIT_OF_COMPOUND}|eins))?"
    r"(?P<half>einhalb)?"
)
_LONGEST_COMPOUND = 60


def has_number_words(spoken: Sequence[str]) -> bool:
    """Whether any of the words may be of a number."""
    return not NUMBER_WORDS.isdisjoint(spoken) or any(map(_may_be_other, spoken))


@lru_cache(maxsize=20_000)
def _may_be_other(word: str) -> bool:
    """Whether it is a number word only without accents, or one of German that is written as one word."""
    return without_accents(word) in NUMBER_WORDS or _compound(word) is not None


def number_at(spoken: Sequence[str], place: int, language: str = "") -> tuple[Fraction | None, int]:
    """The number that begins at word `place` of a text in `language`, and where it ends; None where none does."""
    first = without_accents(spoken[place])
    own = _LANGUAGES.get(language)
    if own is not None and first in own.foreign and first not in _BEGINS[language]:
        return None, place
    names = dict.fromkeys((language, *_LANGUAGES)) if own is not None else _LANGUAGES
    if spoken[place] in _A and place + 1 < len(spoken) and spoken[place + 1] in _DOZEN:
        return Fraction(12), place + 2
    for name in names:
        if name not in _LANGUAGES or (first not in _BEGINS[name] and not (name == "de" and _compound(first))):
            continue
        if not language and name != "en" and first in _LANGUAGES["en"].foreign:
            continue
        value, after = _read(_LANGUAGES[name], spoken, place)
        if value is not None:
            return _with_dozens(value, spoken, after)
    return None, place


def _with_dozens(value: Fraction, spoken: Sequence[str], after: int) -> tuple[Fraction, int]:
    at = after + (value == Fraction(1, 2) and after < len(spoken) and spoken[after] == "a")
    if at < len(spoken) and spoken[at] in _DOZEN:
        return value * _DOZEN[spoken[at]], at + 1
    return value, after


def _read(language: _Language, spoken: Sequence[str], place: int) -> tuple[Fraction | None, int]:
    word = without_accents(spoken[place])
    if word in language.halves:
        return Fraction(1, 2), place + 1
    if word not in language.ones or word in language.units:
        return _with_part(language, *_whole(language, spoken, place), spoken)
    following = without_accents(spoken[place + 1]) if place + 1 < len(spoken) else ""
    if following in language.scales or following in language.hundreds:
        return _with_part(language, *_whole(language, spoken, place + 1, 1), spoken)
    if following in language.parts and language is not _LANGUAGES["en"]:
        return Fraction(1, language.parts[following]), place + 2
    return None, place


def _whole(
    language: _Language, spoken: Sequence[str], start: int, now: int | None = None
) -> tuple[Fraction | None, int]:
    total, place, counted = 0, start, now is not None
    french = language is _LANGUAGES["fr"]
    while place < len(spoken):
        word = without_accents(spoken[place])
        value = language.units.get(word)
        if french and word in ("vingt", "vingts") and now is not None and now % 100 == 4:
            now += 76
        elif value is not None and (now is None or _takes(now, value, french)):
            now = (now or 0) + value
        elif word in language.tens and (now is None or now % 100 == 0):
            now = (now or 0) + language.tens[word]
        elif word in language.hundreds and (
            now is None or now == 0 or (language.hundreds[word] == 100 and 0 < now < 100)
        ):
            now = (now or 1) * language.hundreds[word]
        elif word in language.scales and (now or place == start):
            total, now = total + (now or 1) * language.scales[word], 0
        elif language is _GERMAN and now is None and (found := _compound(word)) is not None:
            if found.denominator > 1:
                return found, place + 1
            now = int(found)
        elif not _joins(language, spoken, place, start, now):
            break
        place += 1
    is_scale = place == start + 1 and without_accents(spoken[start]) in language.scales
    if place == start or (is_scale and not counted and without_accents(spoken[start]) not in _ALONE):
        return None, start
    return Fraction(total + (now or 0)), place


def _joins(language: _Language, spoken: Sequence[str], place: int, start: int, now: int | None) -> bool:
    """Whether an "and" at `place` goes on with the number: "hundred and five", "treinta y dos", "vingt et un"."""
    if place == start or place + 1 >= len(spoken) or without_accents(spoken[place]) not in language.joins:
        return False
    before, after = without_accents(spoken[place - 1]), without_accents(spoken[place + 1])
    if language is _LANGUAGES["en"]:
        return before in ("hundred", *language.scales) and (after in language.units or after in language.tens)
    if language is _GERMAN:
        return False
    unit = language.units.get(after, 0)
    return (
        before in language.tens and now is not None and (unit in (1, 11) or (0 < unit < 10 and "y" in language.joins))
    )


def _takes(now: int, unit: int, french: bool) -> bool:
    """Whether a unit may follow: "twenty" takes "seven", and "hundred" takes "twelve"; "two" takes none."""
    if now % 100 == 0:
        return True
    if french and now % 100 in (60, 80):
        return 0 < unit < 20
    if french and now % 100 in (10, 70, 90):
        return 7 <= unit <= 9
    return now % 10 == 0 and now % 100 >= 20 and 0 < unit < 10


def _with_part(
    language: _Language, whole: Fraction | None, after: int, spoken: Sequence[str]
) -> tuple[Fraction | None, int]:
    """ "Three quarters", "two and a half", "dos y medio"."""
    if whole is None:
        return None, after
    word = without_accents(spoken[after]) if after < len(spoken) else ""
    if word in language.parts and whole:
        return whole / language.parts[word], after + 1
    if word not in language.joins or after + 1 >= len(spoken):
        return whole, after
    at = after + 1
    if without_accents(spoken[at]) in language.ones:
        at += 1
        above = Fraction(1)
    elif without_accents(spoken[at]) in language.halves:
        return whole + Fraction(1, 2), at + 1
    else:
        above = Fraction(language.units.get(without_accents(spoken[at]), 0))
        at += 1
    below = language.parts.get(without_accents(spoken[at]), 0) if at < len(spoken) else 0
    return (whole + above / below, at + 1) if 0 < above < below else (whole, after)


@lru_cache(maxsize=20_000)
def _compound(word: str) -> Fraction | None:
    """The value of a German number that is written as one word: "zweiundvierzig", "zweieinhalb"."""
    word = without_accents(word)
    if word == "anderthalb":
        return Fraction(3, 2)
    if len(word) > _LONGEST_COMPOUND or not (found := _COMPOUND.fullmatch(word)) or not word:
        return None
    if word in _GERMAN.units or word in ("ein", "einhalb", "tausend", "hundert"):
        return None
    thousands = found["thousands"]
    many = 0 if thousands is None else 1 if thousands == "" else _compound_or_unit(thousands)
    if many is None:
        return None
    total = Fraction(1000 * many)
    if found["hundred"]:
        total += 100 * _unit(found["hundreds"] or "ein")
    if found["ten"]:
        total += _GERMAN.tens[found["ten"]] + (_unit(found["unit"]) if found["unit"] else 0)
    elif found["small"]:
        total += _unit(found["small"])
    return total + (Fraction(1, 2) if found["half"] else 0)


def _compound_or_unit(word: str) -> Fraction | None:
    return Fraction(_unit(word)) if word in _GERMAN.units or word == "ein" else _compound(word)


def _unit(word: str) -> int:
    return 1 if word == "ein" else _GERMAN.units[word]


def without_accents(word: str) -> str:
    """The word with plain letters: "camión" as "camion"."""
    if word.isascii():
        return word
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))
