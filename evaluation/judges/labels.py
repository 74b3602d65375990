"""People's labels of tutor replies, from any of the files in `label_files/`, told by content; and their problems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from data_mix.importers.mrbench import problem_text
from espalier.command_line.console import say
from espalier.errors import UserError
from evaluation.cases.case import Messages
from evaluation.judges.label_files import mathdial, mrbench
from evaluation.judges.label_files.entry import Entry
from evaluation.metrics.words import words

_SAME_PROBLEM = 0.25
"""Jaccard similarity of word pairs from which two statements, or two dialogues without one, are of one problem."""


CROWDS = frozenset((mathdial.TEACHER,))
"""Tutors' names that stand for many people whom the labels do not tell apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled(Entry):
    """A labelled reply among all that were read: its dialogue is named as the first file does, one text by one name."""

    problem: str
    """The problem the dialogue is about: the name of its first dialogue. Dialogues of one problem share it."""


def read_labels(paths: Sequence[Path]) -> list[Labelled]:
    """The labelled replies of all files, in order; a reply that stands in two is one, with the labels of both.

    Where two verdicts on it differ, the first stands, and how many do is said. UserError names file and place of what
    cannot be read.
    """
    found: dict[tuple[str, str, str], Entry] = {}
    names: dict[str, str] = {}
    differing = 0
    for path in paths:
        for each in read_file(path):
            dialogue = names.setdefault(_plain(" ".join(m["content"] for m in each.messages)), each.dialogue)
            key = dialogue, each.tutor, _plain(each.reply)
            first = found.get(key)
            labels = each.labels
            if first is not None:
                differing += sum(first.labels.get(name, value) != value for name, value in labels.items())
                labels = labels | first.labels
            found[key] = replace(
                each,
                dialogue=dialogue,
                reply=first.reply if first else each.reply,
                answer=(first.answer if first else "") or each.answer,
                labels=labels,
            )
    if differing:
        say(f"labels: {differing} verdicts differ where a reply is labelled twice; the first ones stand")
    if not found:
        raise UserError(f"no labelled replies in {', '.join(map(str, paths))}; name a file of MRBench or MathDial")
    problems = problems_of({each.dialogue: each.messages for each in found.values()})
    return [
        Labelled(
            dialogue=each.dialogue,
            problem=problems[each.dialogue],
            tutor=each.tutor,
            messages=each.messages,
            reply=each.reply,
            answer=each.answer,
            labels=each.labels,
        )
        for each in found.values()
    ]


def read_file(path: Path) -> Iterator[Entry]:
    """One file's replies as they stand there; UserError as in `read_labels`."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            start = file.read(4096).lstrip()[:1]
    except OSError:
        raise UserError(f"{path}: no such file, or not to be read") from None
    # A list is MRBench's, lines of objects are MathDial's.
    yield from (mathdial if start == "{" else mrbench).read(path)


def _plain(text: str) -> str:
    return " ".join(text.split())


def problems_of(dialogues: Mapping[str, Messages]) -> dict[str, str]:
    """Of each dialogue its problem: those of like statements, or like as a whole, are joined (union-find)."""
    texts = {name: problem_text(messages) for name, messages in dialogues.items()}
    first: dict[str, str] = {}
    for name, text in texts.items():
        first.setdefault(text, name)
    parent = {text: text for text in first}

    def root(text: str) -> str:
        while parent[text] != text:
            text = parent[text]
        return text

    for one, other in _sharing(list(first)):
        if _alike(one, other):
            parent[root(other)] = root(one)
    return {name: first[root(text)] for name, text in texts.items()}


def _sharing(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The pairs of texts that have a pair of words in common, in order: of thousands of pairs, the few worth a look."""
    having: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        for pair in _word_pairs(text):
            having[pair].append(place)
    for one, text in enumerate(texts):
        others = {other for pair in _word_pairs(text) for other in having[pair] if other > one}
        yield from ((text, texts[other]) for other in sorted(others))


def same_problem(one: Messages, other: Messages) -> bool:
    """Whether two conversations are about one problem: their statements, or all that was said, are near duplicates."""
    return _alike(problem_text(one), problem_text(other))


def _alike(one: str, other: str) -> bool:
    first, second = _word_pairs(one), _word_pairs(other)
    return len(first & second) >= _SAME_PROBLEM * len(first | second) > 0


@lru_cache(maxsize=4096)
def _word_pairs(text: str) -> frozenset[tuple[str, str]]:
    found = words(text)
    return frozenset(zip(["", *found], [*found, ""], strict=True))
