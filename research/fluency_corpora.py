"""The text that the counts of `research/fluency.py` are made of, corpus by corpus, and which licence each has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import repo_root
from espalier.artifacts.records import read_json
from espalier.errors import UserError

TALK = repo_root() / "research" / "fluency_talk"
_CALCULATED = re.compile(r"<<.*?>>|\n####.*")
_DIALOGUES = 1200
LANGUAGES = {"en": "eng", "es": "spa", "fr": "fra", "de": "deu"}
"""By code, what Tatoeba calls it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A piece of text that is counted whole, or kept apart whole."""

    corpus: str
    """Where it is from."""
    text: str
    """The text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """One source of text."""

    entry: str
    """Its entry in research/licences.yaml, or `own` for text of this project."""
    is_spoken: bool
    """Whether it is of short turns and sentences, as replies are: what evidence costs is fitted to such text alone."""
    weight: int
    """How often each passage is counted: more for what is nearer to a lesson than the rest."""
    passages: Callable[[list[Path], str], Iterable[str]]
    """Files and a language to texts."""


def gsm8k(files: list[Path], language: str) -> Iterator[str]:
    """Questions and worked answers, without the marks of its calculator."""
    for record in _lines(files if language == "en" else []):
        yield record["question"]
        yield _CALCULATED.sub("", record["answer"])


def oasst1(files: list[Path], language: str) -> Iterator[str]:
    """Messages that people wrote."""
    seen: set[str] = set()
    waiting: list[dict[str, Any]] = [record.get("prompt", record) for record in _lines(files)]
    while waiting:
        message = waiting.pop()
        waiting += message.get("replies") or []
        if message["message_id"] not in seen and message.get("lang") == language and not message.get("synthetic"):
            seen.add(message["message_id"])
            yield message["text"]


def taskmaster(files: list[Path], language: str) -> Iterator[str]:
    """Turns of both speakers."""
    for path in files if language == "en" else []:
        for dialogue in read_json(path):
            yield from (turn["text"] for turn in dialogue["utterances"])


def tatoeba(files: list[Path], language: str) -> Iterator[str]:
    """Sentences, of files whose names end in the language."""
    for path in files:
        if path.suffix == f".{LANGUAGES[language]}":
            yield from path.read_text(encoding="utf-8").splitlines()


def cima(files: list[Path], language: str) -> Iterator[str]:
    """Tutors' replies."""
    for path in files if language == "en" else []:
        for part in read_json(path).values():
            for record in part.values():
                yield from record["tutorResponses"]


def eracond(files: list[Path], language: str) -> Iterator[str]:
    """Learners' turns as corrected."""
    for path in files if language == "en" else []:
        yield from path.read_text(encoding="utf-8").splitlines()


def curriculum(files: list[Path], language: str) -> Iterator[str]:
    """What the tutor says in dialogues of this project's grammar."""
    if language != "en":
        return
    from data_mix.curriculum.config import CurriculumConfig
    from data_mix.curriculum.write import generate

    for row in generate(CurriculumConfig(), "dialogue", "train", _DIALOGUES, seed=0):
        yield from (message["content"] for message in row.messages if message["role"] == "assistant")


def talk(files: list[Path], language: str) -> Iterator[str]:
    """What is said in lessons, written for this."""
    path = TALK / f"{language}.txt"
    if path.is_file():
        yield from path.read_text(encoding="utf-8").splitlines()


CORPORA = {
    "gsm8k": Corpus(entry="gsm8k", is_spoken=False, weight=1, passages=gsm8k),
    "oasst1": Corpus(entry="oasst1", is_spoken=False, weight=2, passages=oasst1),
    "taskmaster": Corpus(entry="taskmaster", is_spoken=True, weight=2, passages=taskmaster),
    "tatoeba": Corpus(entry="tatoeba", is_spoken=True, weight=2, passages=tatoeba),
    "cima": Corpus(entry="cima", is_spoken=True, weight=3, passages=cima),
    "eracond": Corpus(entry="eracond", is_spoken=True, weight=3, passages=eracond),
    "curriculum": Corpus(entry="curriculum", is_spoken=False, weight=1, passages=curriculum),
    "talk": Corpus(entry="own", is_spoken=True, weight=6, passages=talk),
}


def passages(files: dict[str, list[Path]], language: str) -> list[Passage]:
    """All texts of a language, each once, in one order. UserError where a file does not hold what it should."""
    found: dict[str, Passage] = {}
    for name, corpus in CORPORA.items():
        try:
            for text in corpus.passages(files.get(name, []), language):
                if text.strip():
                    found.setdefault(text.strip(), Passage(corpus=name, text=text.strip()))
        except (KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
            raise UserError(f"--{name}: not the shape of {name} ({type(error).__name__}: {error})") from None
        except OSError as error:
            raise UserError(f"--{name}: {error.filename} cannot be read ({error.strerror})") from None
    return list(found.values())


def _lines(files: list[Path]) -> Iterator[dict[str, Any]]:
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise UserError(f"{path}:{number}: not JSON ({error})") from None
