"""Words of a text: phrases among them, which of them carry content, and how they sound from the other side."""

from __future__ import annotations

import re

# Function words of English, contracted forms included. A reply that shares only these with the learner took up nothing.
_FUNCTION_WORDS = """
a an the this that these those some any no every each all both many much more most few little several other another
i me my mine myself you your yours yourself he him his himself she her hers herself it its itself
we us our ours ourselves they them their theirs themselves who whom whose what which when where why how
am is are was were be been being do does did doing done have has had having will would shall should can could
may might must ought let lets let's
i'm i've i'll i'd you're you've you'll you'd he's she's it's we're we've we'll they're they've they'll that's
don't doesn't didn't isn't aren't wasn't weren't haven't hasn't hadn't won't wouldn't can't couldn't shouldn't
and or but so if because as than then though although while not nor neither either yes oh ah well okay ok please
of in on at to from for with without by about into onto over under between through during before after up down out
off near there here too also very really just only again still already yet even ever never
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())

_YOURS = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "i'm": "you're", "i've": "you've",
    "we": "you", "us": "you", "our": "your", "ours": "yours", "ourselves": "yourselves", "am": "are",
    "we're": "you're", "we've": "you've",
}  # fmt: skip

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.?!;:…\n]")
_BREAKS = frozenset(".?!;:…\n")


def tokens(text: str) -> list[str]:
    """Words in lower case, and the marks that end a sentence or clause; commas, quotes and dashes are passed over."""
    return _TOKEN.findall(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower())


def words(text: str) -> list[str]:
    """The words of `text` in lower case."""
    return [token for token in tokens(text) if token not in _BREAKS]


def content_words(text: str) -> set[str]:
    """The words of `text` that are no function words."""
    return set(words(text)) - STOP_WORDS


def find(text: list[str], phrase: list[str]) -> list[int]:
    """Where `phrase` begins in `text`, both as tokens; an empty phrase is nowhere."""
    size = len(phrase)
    return [i for i in range(len(text) - size + 1) if text[i : i + size] == phrase] if size else []


def contains(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` side by side, within one sentence, as whole words in any case."""
    return bool(find(tokens(text), words(phrase)))


def to_tutors_person(sentence: str) -> str:
    """`sentence` said to the one who said it: "I lost my cat." becomes "you lost your cat"."""
    clause = re.sub(r"[.?!\s]+$", "", sentence)
    clause = re.sub(r"\b(I|we) was\b", "you were", clause, flags=re.IGNORECASE)
    words = re.sub(r"[A-Za-z']+", lambda match: _YOURS.get(match[0].lower(), match[0]), clause)
    return words[:1].lower() + words[1:]
