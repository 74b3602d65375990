"""What a dialogue offers to whoever wants to seem to speak of it: words, nouns, names, numbers, steps, questions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from data_mix.importers.mrbench import problem_text
from evaluation.controls.base import Scene
from evaluation.metrics.stems import stem
from evaluation.metrics.stop_words import stop_stems
from evaluation.metrics.text import read
from evaluation.quantities.numerals import terms

Said = tuple[tuple[str, str], ...]
"""Role and text of each message."""

NUMBER = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?![\d])")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]+")
_LEADING = """
the a an this that these those his her its their your my our of in on with for per each every many much some any
two three four five six seven eight nine ten
el la los las un una unos unas de del en su sus mi mis tu tus con por para
le les une des du l d ce cette ces son sa ses mon ma mes ton tes au aux dans avec pour
der die das den dem des ein eine einen einem einer mein meine meinem dein deine deinem sein ihr im am zum zur mit
il lo gli i del della nel o os as um uma do da no na
"""
_BEFORE_NOUNS = frozenset(_LEADING.split())
_TELLING = 4
"""Different words from which a language can be told."""
_LONGEST = 90
"""Characters of a step or a phrase that is still quoted."""
_MANY = 400
"""Of a very long dialogue so many words and sentences are enough."""
_LONG = 8000
"""Characters that are read of each side of one."""


@dataclass(frozen=True)
class Material:
    """What was said, in order."""

    said: Said
    """Role and text of each message, instructions apart."""

    @cached_property
    def language(self) -> str:
        """The code of the language spoken; English where it cannot be told, as of two words."""
        spoken = read(self.all)
        return (spoken.language if len(set(spoken.words)) >= _TELLING else "") or "en"

    @cached_property
    def all(self) -> str:
        """All of it."""
        return "\n".join(self._turns)[:_LONG]

    @cached_property
    def _turns(self) -> list[str]:
        """What was said turn by turn, without what introduces a problem that is marked as one."""
        turns = [text[:_LONG] for _, text in self.said[:_MANY]]
        marked = problem_text([{"content": text} for text in turns])
        return [marked if marked and text.strip().endswith(marked) else text for text in turns]

    @cached_property
    def learner(self) -> str:
        """What the learner said."""
        return "\n".join(text for role, text in self.said if role == "user")[-_LONG:]

    @cached_property
    def last(self) -> str:
        """The learner's last turn."""
        return self.said[-1][1][:_LONG] if self.said else ""

    @cached_property
    def problem(self) -> str:
        """The problem's statement; where none is marked as one, the longest turn but the last, if there are more."""
        marked = next(
            (turn for turn, (_, text) in zip(self._turns, self.said, strict=False) if turn != text[:_LONG]), ""
        )
        return marked or max(self._turns[:-1] or self._turns, key=len, default="")

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Content words, each once, as they were written first."""
        return self._content(self.all)

    @cached_property
    def nouns(self) -> tuple[str, ...]:
        """What seems to be a noun of the learner's; of anybody's, and any content word, where there are too few."""
        found = dict.fromkeys([*self._nouns(self.learner), *self._nouns(self.all)])
        words = found if len(found) > 1 else dict.fromkeys([*found, *self._content(self.learner)])
        return tuple(word for word in words if self.language != "de" or word[0].isupper())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Words with a capital within a sentence; of German, none."""
        if self.language == "de":
            return ()
        found = re.findall(r"(?<=[a-z,;] )[A-Z][a-z]{2,}\b", self.all)
        return tuple(word for word in dict.fromkeys(found) if self._says(word))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """All numbers in figures, each once."""
        return tuple(dict.fromkeys(NUMBER.findall(self.all)))[:_MANY]

    @cached_property
    def learners_numbers(self) -> tuple[str, ...]:
        """Those of the learner."""
        return tuple(dict.fromkeys(NUMBER.findall(self.learner)))[:_MANY]

    @cached_property
    def given_numbers(self) -> tuple[str, ...]:
        """Those of the problem."""
        return tuple(dict.fromkeys(NUMBER.findall(self.problem)))[:_MANY]

    @cached_property
    def claims(self) -> tuple[str, ...]:
        """What the learner comes to: the last sentence with a number, else the last that says anything; or nothing."""
        said = _quotable(read(self.learner).sentences)
        said = [each for each in said if NUMBER.search(each)] or [each for each in said if self._content(each)]
        return tuple(said[-1:])

    @cached_property
    def result(self) -> tuple[str, ...]:
        """The last number of that; or nothing."""
        return tuple(NUMBER.findall(" ".join(self.claims))[-1:])

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """What the learner wrote, sentence by sentence, as long as it can be quoted; what has a number, if any has."""
        said = _quotable(read(self.last).sentences)
        said = said if any(map(self._content, said)) else _quotable(read(self.learner).sentences)
        return tuple([each for each in said if NUMBER.search(each)] or [each for each in said if self._content(each)])

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The sentences of the problem that ask nothing."""
        asked = set(read(self.problem).questions)
        told = (each.strip() for each in read(self.problem).sentences if each not in asked)
        return tuple(each for each in told if self._content(each))[:_MANY]

    @cached_property
    def asks(self) -> tuple[str, ...]:
        """What the problem asks; where it asks nothing, what was asked last."""
        return tuple(_one_line(each) for each in (read(self.problem).questions or read(self.all).questions[-1:]))[-2:]

    @cached_property
    def turns(self) -> tuple[str, ...]:
        """What the tutor said before, sentence by sentence, the last first; not the problem."""
        spoken = [turn for turn, (role, _) in zip(self._turns, self.said, strict=False) if role == "assistant"]
        sentences = [_one_line(each) for turn in spoken if turn != self.problem for each in read(turn).sentences]
        return tuple(reversed(sentences[-_MANY:]))

    def _content(self, text: str) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for match in _WORD.finditer(text):
            for word in _unspaced(match[0]):
                if self._says(word) and len(found) < _MANY:
                    found.setdefault(stem(word.lower()), word if word[1:] != word[1:].lower() else self._as_said(word))
        return tuple(found.values())

    def _as_said(self, word: str) -> str:
        """In small letters, unless it is a name."""
        return word if self.language == "de" or word in self.names else word.lower()

    def _says(self, word: str) -> bool:
        least = 1 if _UNSPACED.match(word) else 3
        return len(word) >= least and stem(word.lower()) not in stop_stems(self.language)

    def _nouns(self, text: str) -> list[str]:
        tokens = re.findall(rf"{_WORD.pattern}|\d+|[^\w\s]", text)[: 10 * _MANY]
        found = []
        for before, word, after in zip(tokens, tokens[1:], [*tokens[2:], "."], strict=False):
            led = before.lower() in _BEFORE_NOUNS or before.isdigit()
            is_led = led and word[0].isalpha() and word.lower() not in _BEFORE_NOUNS
            if is_led and self._says(word) and not self._says_more(after):
                found.append(self._as_said(word))
        is_verb = re.compile(r"\w{3,}(?:ing|ed)$") if self.language == "en" else re.compile("$^")
        return [word for word in dict.fromkeys(found) if word not in self.names and not is_verb.match(word)][:_MANY]

    def _says_more(self, after: str) -> bool:
        """Whether the noun is still to come: "the plastic spoons"."""
        return after[0].isalpha() and after.islower() and self._says(after)


@lru_cache(maxsize=4096)
def _material(said: Said) -> Material:
    return Material(said)


def material(scene: Scene) -> Material:
    """What a scene's dialogue offers; read once however many families ask."""
    return _material(tuple((each["role"], each["content"]) for each in scene.messages if each["role"] != "system"))


def figures(text: str) -> frozenset[str]:
    """The values of all numbers in a text, however they are written, as terms."""
    return frozenset(term for term in terms(text) if term.startswith("#"))


def _unspaced(word: str) -> list[str]:
    """A word; where it is of a script without spaces, its pairs of characters."""
    return re.findall("..?", word) if _UNSPACED.match(word) else [word]


def _quotable(sentences: tuple[str, ...]) -> list[str]:
    found = [_one_line(each).strip(" \"'.!?;:,…。！？") for each in sentences[:_MANY]]
    return [each for each in found if 0 < len(each) <= _LONGEST]


def _one_line(text: str) -> str:
    return " ".join(text.split())
