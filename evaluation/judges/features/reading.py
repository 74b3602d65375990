"""A reply and the dialogue it answers as words and numbers: what all features of the trained judge are made from.

It has its own words and patterns and shares none with the metrics, so that a judge does not change when a metric does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Protocol

from evaluation.cases.case import Messages

_TOKEN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+|[^\W\d_]+(?:'[^\W\d_]+)*|[^\w\s]")
_QUESTION = re.compile(r"\bquestion is\s*:(.*)", re.DOTALL | re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])[\"')*]*\s+|\n+")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\N{NO-BREAK SPACE}": " ", "×": "*", "÷": "/"})
_REMEMBERED = 4096
_LONGEST = 6000
"""Characters of a text that are read: what comes after them is left out, so that no reply takes seconds."""

# Function words, and the small talk of any lesson. What else two texts share, they share by what they are about.
_FUNCTION_WORDS = """
a an the this that these those some any no every each all both many much more most few little several other another
i me my mine myself you your yours yourself he him his himself she her hers herself it its itself
we us our ours ourselves they them their theirs themselves who whom whose what which when where why how
am is are was were be been being do does did doing done have has had having will would shall should can could
may might must ought let lets let's get gets got getting
i'm i've i'll i'd you're you've you'll you'd he's she's it's we're we've we'll they're they've they'll that's
don't doesn't didn't isn't aren't wasn't weren't haven't hasn't hadn't won't wouldn't can't couldn't shouldn't
what's there's here's
and or but so if because as than then though although however while not nor neither either yes oh ah well okay ok please
of in on at to from for with without by about into onto over under between through during before after up down out
off near there here too also very really just only again still already yet even ever never instead actually
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


class Judged(Protocol):
    """What the judge reads: an `Item` to be judged, or a `Labelled` reply."""

    @property
    def messages(self) -> Messages:
        """The conversation up to the reply; the last role is user."""

    @property
    def reply(self) -> str:
        """The reply."""

    @property
    def answer(self) -> str:
        """The solution that the learner is to find, or empty."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Text:
    """One text, read. What only some ask for is found when it is asked for, once."""

    plain: str
    """The text with plain quotes and signs."""
    tokens: tuple[str, ...]
    """Words, numbers and marks, in order, as written."""
    stems: frozenset[str]
    """Of its words that carry content."""
    numbers: tuple[float, ...]
    """Its numbers, in order."""

    @staticmethod
    @lru_cache(maxsize=_REMEMBERED)
    def read(text: str) -> Text:
        """Reads the first characters of `text`, as many as are read of any. Many replies answer one dialogue, so what
        was read last is remembered."""
        plain = text[:_LONGEST].translate(_PLAIN).replace("\\n", "\n").strip()
        tokens = tuple(_TOKEN.findall(plain))
        return Text(
            plain=plain,
            tokens=tokens,
            stems=frozenset(stem(word) for word in map(str.lower, tokens) if is_content(word)),
            numbers=tuple(number(token) for token in tokens if is_number(token)),
        )

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Its sentences; a line is at least one."""
        return tuple(part for part in _SENTENCE.split(self.plain) if part.strip())

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its tokens in lower case."""
        return tuple(token.lower() for token in self.tokens)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, ...]]:
        """Its words two by two."""
        return frozenset(zip(self.words, self.words[1:], strict=False))

    @cached_property
    def triples(self) -> frozenset[tuple[str, ...]]:
        """Its words three by three."""
        return frozenset(zip(self.words, self.words[1:], self.words[2:], strict=False))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A reply among what was said before it."""

    reply: Text
    """The reply."""
    learner: Text
    """The learner's last turn."""
    learner_before: Text
    """The learner's turns before it."""
    tutor: Text
    """The tutor's last turn before the reply."""
    tutor_before: Text
    """All that the tutor said."""
    problem: Text
    """The statement of the problem; where none is marked as such, what the tutor said first."""
    answer: Text
    """The solution, where it is known."""
    num_turns: int
    """Turns before the reply."""


def read(item: Judged) -> Reading:
    """The item, read."""
    turns = tuple((message["role"], message["content"]) for message in item.messages)
    return replace(_unanswered(turns, item.answer), reply=Text.read(unwrapped(item.reply)))


@lru_cache(maxsize=1024)
def _unanswered(turns: tuple[tuple[str, str], ...], answer: str) -> Reading:
    """What was said before a reply, of which many may answer it: read once, with no reply yet."""
    learner = [content for role, content in turns if role == "user"]
    tutor = [content for role, content in turns if role == "assistant"]
    marked = (found[1] for _, content in turns if (found := _QUESTION.search(content)))
    return Reading(
        reply=Text.read(""),
        learner=Text.read(learner[-1] if learner else ""),
        learner_before=Text.read("\n".join(learner[:-1])),
        tutor=Text.read(tutor[-1] if tutor else ""),
        tutor_before=Text.read("\n".join(tutor)),
        problem=Text.read(next(marked, tutor[0] if tutor else "")),
        answer=Text.read(answer),
        num_turns=len(turns),
    )


def unwrapped(reply: str) -> str:
    """The reply without quotation marks around the whole of it: they tell who wrote it and not what it does."""
    bare = reply.strip()
    return bare[1:-1].strip() if len(bare) > 1 and bare[0] in '"“' and bare[-1] in '"”' else bare


def is_number(token: str) -> bool:
    """Whether a token is one of digits."""
    return token[0].isdecimal() or (token[0] == "." and len(token) > 1)


def number(token: str) -> float:
    """The value of a token of digits."""
    return float(token.replace(",", ""))


def is_content(word: str) -> bool:
    """Whether a word in lower case says what a text is about."""
    return word[0].isalpha() and len(word) > 1 and word not in FUNCTION_WORDS


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without the ending that its number or tense gives it."""
    for ending, rest in (
        ("'s", ""),
        ("ies", "y"),
        ("ing", ""),
        ("ied", "y"),
        ("ed", ""),
        ("es", ""),
        ("s", ""),
        ("e", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + rest
    return word


def union(texts: Iterable[Text]) -> tuple[frozenset[str], frozenset[float]]:
    """The content stems and the numbers of several texts together."""
    kept = list(texts)
    return (
        frozenset().union(*(text.stems for text in kept)),
        frozenset(value for text in kept for value in text.numbers),
    )
