"""Which words are one family: "photosynthesis", "photosynthetic", "fotosíntesis"; "erosion", "erode".

A word is folded, so that spellings of English, Spanish, French and German meet (ph and f, y and i, -tion and -ción),
and loses endings of derivation. No linguist's root: short words and short rests are left alone, lest "iron" be "irony".
"""

from __future__ import annotations

import re
from functools import lru_cache

from evaluation.quantities.spelled import without_accents

SHORTEST = 5
"""Letters of a word that has a family; what is left of it may be one less."""
_FOLDS = (
    ("ph", "f"), ("th", "t"), ("qu", "k"), ("ck", "k"), ("c", "k"), ("y", "i"), ("z", "s"), ("rh", "r"), ("ae", "e"),
    ("oe", "e"),
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1")
_SAME_ENDINGS = (
    (re.compile(r"(?:kion|kiones|tione?s|tion|sione?s|sion)$"), "tion"),
    (re.compile(r"(?:idad|idades|ites?|itat|itaten|iti|ities|itad)$"), "iti"),
    (re.compile(r"(?:ikations?|ikation|ifikar|ifier|ifi|ifies|ified|ifiing|iferung|ifisieren)$"), "ifi"),
    (re.compile(r"(?:osis|oses|otike?|otiko|otika|osen?)$"), "os"),
)
_STRANGERS = frozenset(
    frozenset(pair.split())
    for pair in [
        "grave gravity",
        "police policy",
        "universe university",
        "general generation",
        "general generate",
        "simile similar",
        "state station",
        "states station",
        "organ organise",
        "native nation",
        "native nations",
        "relative relation",
    ]
)
"""Words that only look like a family."""
_OF_VERBS = frozenset(("s", "es", "ed", "er", "d"))
_ENDINGS_WORDS = """
itation itational edad ern esis eses etik etikal etike etiko etika etikali ese etise etises etised etising etiser
etisar etisan etisation ation ations ational ating ated ates ate ator ators atori ative atives ar er ir ando ado ada
adas ados ement ements ment ments mento mentos mental ism isms ismo isme ist ists ista istas iste istes istik ise ises
ised ising isation isar iser isan isieren ik ika iko ikos ikas ike ikes ikal ikali iks iti itis al ali ale aux ales
els el elle ous ousli oso osa eux euse iv ive ivo iva ives ion ions tion or ors eur eurs ant ants ante ent ents ente
anse ense anki enki ankia enkia ans ens ank enk li ful less able ible ian ians iano iana ien iens ienne an ans ish
ness nes ing ings ed es e s a as o os i ia ie ias ies ung ungen isch ische tor tors trix ure ures
"""
_ENDINGS = sorted(
    _ENDINGS_WORDS.split(),
    key=len,
    reverse=True,
)
_ALL_ENDINGS = frozenset(_ENDINGS) | {"rial", "ial", "n"}
_SWAPS = (("rtion", ("rt",)), ("ption", ("b", "be", "pt")), ("tion", ("d", "de", "t", "te", "s", "se")))


@lru_cache(maxsize=20_000)
def folded(word: str) -> str:
    """The word in lower case, in a spelling in which languages meet."""
    word = without_accents(word.lower())
    for said, plain in _FOLDS:
        word = word.replace(said, plain)
    word = _DOUBLED.sub(r"\1", word)
    return f"{word[:-1]}s" if word.endswith("x") and len(word) > SHORTEST else word


@lru_cache(maxsize=20_000)
def root(word: str) -> str:
    """What is left of it without endings; the folded word itself where it is short."""
    word = folded(word)
    for pattern, ending in _SAME_ENDINGS:
        word = pattern.sub(ending, word)
    for _ in range(2):
        if len(word) < SHORTEST:
            break
        left = next((word[: -len(end)] for end in _ENDINGS if word.endswith(end) and len(word) - len(end) > 3), word)
        if left == word:
            break
        word = left
    return word


def are_one_family(word: str, other: str) -> bool:
    """Whether two words are of one family; words that are equal but for case and accents are."""
    one, two = folded(word), folded(other)
    if one == two:
        return True
    if min(len(one), len(two)) < SHORTEST - 1 or max(len(one), len(two)) < SHORTEST or one[:3] != two[:3]:
        return False
    if frozenset((word.lower(), other.lower())) in _STRANGERS:
        return False
    shorter, longer = sorted((one, two), key=len)
    if len(shorter) >= SHORTEST and longer.startswith(shorter) and longer[len(shorter) :] in _ALL_ENDINGS:
        return True
    common = root(word)
    if common == root(other) and len(common) >= SHORTEST - 1:
        # "Past" and "pasta", "iron" and "irony": a vowel on a short word makes another word of it.
        rest = longer.removeprefix(common)
        is_longer = min(len(one), len(two)) > len(common)
        return len(common) > SHORTEST - 1 or is_longer or len(rest) > 2 or rest in _OF_VERBS
    return _swapped(one, two) or _swapped(two, one)


def _swapped(noun: str, verb: str) -> bool:
    """ "Erosion" and "erode", "absorption" and "absorb"."""
    noun = _SAME_ENDINGS[0][0].sub("tion", noun)
    for ending, others in _SWAPS:
        if noun.endswith(ending):
            stem = noun[: -len(ending)]
            return len(stem) >= 3 and any(re.fullmatch(rf"{stem}{other}(?:e?[sd]|ing|r)?", verb) for other in others)
    return False
