"""Which word of a text is of which language, where one text has two: by script, by lists of words, by its neighbours.

    I went to the mercado with mi abuela  ->  en en en en es en es es

A text is in the language that knows most of its words. A word is of another only where the text's own does not know it
and the other surely does, so that "me", "once" and "no" switch nothing, nor do names. English is what `cefrpy` lists,
the others what their lists and endings reach: rates come out low rather than high.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache, lru_cache

from evaluation.metrics.levels import word_level
from evaluation.metrics.stop_words import function_words, language_of
from evaluation.metrics.text import read
from evaluation.metrics.words import STOP_WORDS
from evaluation.quantities.spelled import without_accents
from evaluation.varieties.lists import languages, lists, plain

_LONGEST = 30
"""Letters of a word that are looked at."""
_RARE = 5
"""A CEFR level from which a word that another language has too is taken for that one's."""
_LISTED_ENDINGS = """
o as a amos áis an é aste ó asteis aron aba abas ábamos aban ando ado ada ados adas es e emos éis en í iste ió imos
isteis ieron ía ías íamos ían iendo ido ida idos idas aré arás ará aremos arán eré erás erá eremos erán iré irás irá
iremos irán aría arías aríamos arían ería erías erían iría irías irían ar er ir ara ieran iera arme arte erme irme
"""
_ENDINGS = sorted(_LISTED_ENDINGS.split(), key=len, reverse=True)
_SPANISH_LETTERS = re.compile(r"[ñáéíóú]")
_SPANISH_ENDINGS = re.compile(r"\w{3,}(?:ciones|mente|itos?|itas?|ando|iendo|idad|aron|ieron|amos|emos|imos)$")
_FUNCTION, _GUESS = 2.0, 0.25
_PERSONS = r"(?:ni|u|a|tu|m|wa|si|hatu|ham|hawa|hu|ha|ki|vi|i|li|ya|zi)"
_TENSES = r"(?:na|li|ta|me|ki|nge|hu|ja|ka|taka)"
_OBJECTS = r"(?:ni|ku|m|mw|tu|wa|ki|vi|i|li|ya|zi|ji)?"
_OWN_SCRIPT = ("ar", "zh")
_BY_CHANCE = 4
"""Letters of a single word from which it is no accident that another language has it."""
_NAME = re.compile(r"(?<=[\w,;:] )[A-ZÁÉÍÓÚÑ]\w+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")


@cache
def _roots() -> frozenset[str]:
    """What Spanish verbs, nouns and adjectives of the core begin with."""
    return frozenset(root for word in lists("es").core for root in _spanish_roots(word))


@lru_cache(maxsize=20_000)
def _spanish_roots(word: str) -> tuple[str, ...]:
    """A word without one of its endings; of at least three letters."""
    found = [word]
    found += [word[: -len(end)] for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= 3]
    found += [word[: -len(end)] for end in ("s", "es") if word.endswith(end) and len(word) - len(end) >= 3]
    return tuple(without_accents(each) for each in found)


@cache
def _swahili_verb() -> re.Pattern[str]:
    stems = sorted(lists("sw").more["verbs"].split(), key=len, reverse=True)
    shorter = "|".join(re.escape(stem[:-1] if stem.endswith("a") else stem) for stem in stems if len(stem) > 2)
    ends = r"(?:a|e|i|ia|ea|ana|wa|iwa|ewa|isha|esha|eni|ini)?"
    return re.compile(rf"(?:{_PERSONS}{_TENSES}{_OBJECTS}|(?:ku|ni|tu|u|a|m|wa|si|hu|ha)|)(?:{shorter}){ends}")


@lru_cache(maxsize=20_000)
def knows(language: str, word: str) -> float:
    """How surely a word is of a language, as far as its lists reach: 2 a function word, 1 any other, less for a guess.

    English lists many a word of other languages, and rare or short ones are guesses there.
    """
    if language in _OWN_SCRIPT:
        return 2.0 * (_of_script(word) == language)
    if word in function_words(language) or (language == "en" and word in STOP_WORDS):
        return _FUNCTION if len(word) > 2 else 1.0
    if language == "en":
        level = word_level(word)
        sure = level is not None and (level < _RARE and len(word) > 2)
        return 1.0 if sure or word in lists("en").homes else _GUESS * (level is not None)
    if _listed(language, word):
        return 1.0
    if language == "es":
        return _FUNCTION * bool(_SPANISH_LETTERS.search(word)) or _GUESS * bool(_SPANISH_ENDINGS.search(word))
    return float(language == "sw" and bool(_swahili_verb().fullmatch(word)))


def _listed(language: str, word: str) -> bool:
    known = lists(language)
    if word in known.core or word in known.homes or any(word in words for words in known.registers.values()):
        return True
    if language != "es":
        return False
    nouns = f"{known.more['masculine']} {known.more['feminine']}".split()
    return word in nouns or not _roots().isdisjoint(_spanish_roots(word))


def core_knows(language: str, word: str) -> bool:
    """Whether a word is of the first hundred hours, in any form that rules give it."""
    known = lists(language)
    if language == "zh":
        return word in known.core
    if word in known.core or word in function_words(language):
        return True
    if language == "es":
        return not _roots().isdisjoint(_spanish_roots(word))
    if language == "ar":
        return any(form in known.core for form in _arabic_forms(word))
    return language == "sw" and bool(_swahili_verb().fullmatch(word))


def _arabic_forms(word: str) -> list[str]:
    """A word without the small words that are written onto it, and without what says whose it is."""
    found = [word]
    for before in ("وال", "بال", "كال", "فال", "لل", "ال", "و", "ب", "ف", "ل", "ك", "س"):
        if word.startswith(before) and len(word) - len(before) >= 2:
            found.append(word[len(before) :])
    for after in ("ها", "هم", "كم", "نا", "ني", "ين", "ون", "ات", "ان", "ي", "ك", "ه", "ة"):
        found += [form[: -len(after)] for form in list(found) if form.endswith(after) and len(form) - len(after) >= 2]
        found += [f"{form[: -len(after)]}ة" for form in list(found) if after == "ات" and form.endswith(after)]
    return found


def by_word(text: str, among: Collection[str] = ()) -> list[tuple[str, str]]:
    """The words of a text, each with the code of its language, or an empty one where nothing tells."""
    return list(_by_word(text, tuple(sorted(among)) or languages()))


@lru_cache(maxsize=512)
def _by_word(text: str, among: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    names = {name.lower() for name in _NAME.findall(text)}
    words = [plain(word[:_LONGEST]) for word in read(text).words if not word.isdigit()]
    spaced = [language for language in among if language not in _OWN_SCRIPT]
    if language_of(words) not in (*languages(), ""):  # one that has no lists, of whose words nothing is known
        return tuple((word, _of_script(word)) for word in words)
    main = _main(words, spaced)
    found = [_of_script(word) or _other(word, main, spaced, names) or main for word in words]
    counts = Counter(found)
    few = {language for language in spaced if language != main and counts[language] == 1}
    return tuple(
        (word, main if language in few and len(word) < _BY_CHANCE else language)
        for word, language in zip(words, found, strict=True)
    )


def _main(words: Sequence[str], spaced: Sequence[str]) -> str:
    """The language that knows most of them, and small words best; empty where none knows any."""
    known = {language: sum(knows(language, word) for word in words) for language in spaced}
    best = max(spaced, key=lambda language: known[language], default="")
    return best if best and known[best] else ""


def _of_script(word: str) -> str:
    return "zh" if _HAN.match(word) else "ar" if _ARABIC.match(word) else ""


def _other(word: str, main: str, spaced: Sequence[str], names: Collection[str]) -> str:
    """The language, not the text's own, that a word surely is of."""
    if word in names or (main and knows(main, word) >= 1):
        return ""
    return next((each for each in spaced if each != main and knows(each, word) >= 1), "")


def shares(text: str, among: Collection[str] = ()) -> dict[str, float]:
    """The share of its words that are of each language, the commonest first; empty where nothing tells."""
    counts = Counter(language for _, language in by_word(text, among) if language)
    total = sum(counts.values())
    return {language: count / total for language, count in counts.most_common()} if total else {}


def words_in(text: str, language: str) -> list[str]:
    """Its words that are of one language."""
    return [word for word, each in by_word(text) if each == language]
