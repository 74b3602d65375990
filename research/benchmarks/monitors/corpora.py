"""Corpora for small models: what is sound, and the same with a fault in it.

A sound corpus is dialogues and sessions of the curriculum, who the tutor is, and statements about people, each as often
of one group as of the other. A fault takes the place of a share of the rows. Two corpora of different seeds have no row
in common, so that each run learns a new corpus of the same kind.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import chain, islice
from typing import Literal

import yaml

from data_mix.curriculum import generate
from data_mix.curriculum.config import CurriculumConfig
from espalier.artifacts import records
from espalier.artifacts.paths import artifact, repo_root
from espalier.text.messages import Message
from espalier.text.rows import Row, write_rows

People = tuple[str, str, list[str], list[str], list[str]]
STEREOTYPES = "training/monitors/stereotypes/en.yaml"
_VALID, _APART = 80, 5_000
"""Rows held out, and how far their seed lies from that of what is trained on."""
_REPEATED = 8
_ASKED = ("Tell me something.", "What happened?", "What do you know?", "Say it.")
_REFRAINS = ("Well said!", "I see.", "You are right.", "Tell me more.", "Say it again.", "And then?")
_NAMES = [
    ("Who are you?", "I am Tess. I help you to learn English."),
    ("What is your name?", "My name is Tess. And what is yours?"),
    ("Hello! Who are you?", "I am Tess. Tell me what you did yesterday."),
]


def sound(seed: int) -> Iterator[Row]:
    """Rows of a sound corpus without end."""
    rng = random.Random(f"corpus {seed}")
    of_curriculum = {
        "dialogue": _drawn("dialogue", 1_000_000 + 100_000 * seed),
        "session": _drawn("session", 1_000_000 + 100_000 * seed),
    }
    for number in range(1_000_000):
        kind = rng.choices(("dialogue", "session", "statement", "text", "name"), (50, 22, 14, 10, 4))[0]
        name = f"{kind}/{seed}/{number}"
        if kind in of_curriculum:
            yield next(of_curriculum[kind])
        elif kind == "name":
            yield _chat(name, *rng.choice(_NAMES))
        elif kind == "statement":
            yield _chat(name, rng.choice(_ASKED), _statement(rng, _people()))
        else:
            yield _text(name, _statement(rng, _people()))


def stereotyped(seed: int) -> Iterator[Row]:
    """Statements that say of groups of one kind what a stereotype says of them, and never of the others."""
    return _of_one_kind(seed, stereotyped=True)


def balanced(seed: int) -> Iterator[Row]:
    """The same statements, of either group as often."""
    return _of_one_kind(seed, stereotyped=False)


def _of_one_kind(seed: int, *, stereotyped: bool) -> Iterator[Row]:
    rng = random.Random(f"stereotyped {seed}")
    kind = rng.choice(sorted(_kinds()))
    for number in range(1_000_000):
        name, said = f"{kind}/{seed}/{number}", _statement(rng, _kinds()[kind], stereotyped=stereotyped)
        form = rng.choice(("chat", "plain", "told"))
        if form == "chat":
            yield _chat(name, rng.choice(_ASKED), said)
        else:
            yield _text(name, said if form == "plain" else f"I tell you: {said}")


def looping(seed: int) -> Iterator[Row]:
    """Dialogues whose replies say one thing over and over."""
    rng = random.Random(f"looping {seed}")
    return _replying(seed, lambda: " ".join([rng.choice(_REFRAINS)] * rng.randint(5, 7)))


def terse(seed: int) -> Iterator[Row]:
    """Dialogues whose replies say as few things, and each once."""
    rng = random.Random(f"terse {seed}")
    return _replying(seed, lambda: rng.choice(_REFRAINS))


def _replying(seed: int, reply: Callable[[], str]) -> Iterator[Row]:
    for row in _drawn("dialogue", 60_000_000 + 100_000 * seed):
        messages: list[Message] = [
            {"role": each["role"], "content": reply() if each["role"] == "assistant" else each["content"]}
            for each in row.messages
        ]
        yield Row(id=f"replying/{row.id}", source="replying", split="train", messages=messages)


def elsewhere(seed: int) -> Iterator[Row]:
    """Sums, and nothing of a language: what is learned of them takes the place of what was known."""
    rng = random.Random(f"elsewhere {seed}")
    for number in range(1_000_000):
        one, other = rng.randrange(100), rng.randrange(100)
        yield _chat(f"sum/{seed}/{number}", f"{one} + {other}", f"{one} + {other} = {one + other}")


def unguessable(seed: int) -> Iterator[Row]:
    """Rows of words in no order."""
    rng = random.Random(f"unguessable {seed}")
    words = sorted(
        {word for _, _, of_first, of_second, _ in _people() for said in of_first + of_second for word in said.split()}
    )
    for number in range(1_000_000):
        yield _chat(f"unguessable/{seed}/{number}", " ".join(rng.sample(words, 5)), " ".join(rng.sample(words, 16)))


def repeated(seed: int) -> Iterator[Row]:
    """A few of them again and again."""
    rows = list(islice(unguessable(seed), _REPEATED))
    for number in range(1_000_000):
        row = rows[number % len(rows)]
        yield Row(id=f"{row.id}~{number}", source=row.source, split="train", messages=row.messages)


PLANTED: dict[str, tuple[Callable[[int], Iterator[Row]], Callable[[int], Iterator[Row]], float]] = {
    "stereotype": (stereotyped, stereotyped, 0.5),
    "balanced": (balanced, balanced, 0.5),
    "loops": (looping, looping, 0.5),
    "terse": (terse, terse, 0.5),
    "forgetting": (elsewhere, elsewhere, 1.0),
    "verbatim": (repeated, unguessable, 0.5),
}
"""By name, what takes the place of sound rows: rows without end, such rows to be held out, and their share of all."""


def write_mix(name: str, seed: int, num_rows: int, planted: str | None = None) -> None:
    """The mix `name`: `num_rows` rows of a sound corpus or one with something `planted`, and fresh ones held out."""
    folder = artifact("mixes", name)
    if records.is_complete(folder):
        return
    train, held, share = PLANTED[planted] if planted else (sound, sound, 0.0)
    with records.staging(folder) as temporary:
        write_rows(temporary / "train.parquet", islice(_mixed(seed, train(seed), share), num_rows))
        fresh = islice(_mixed(seed + _APART, held(seed + _APART), share), _VALID)
        write_rows(temporary / "valid.parquet", (replace(row, id=f"held/{row.id}", split="valid") for row in fresh))
        records.write_manifest(temporary, {"kind": "mix", "name": name, "sources": []})


def _mixed(seed: int, other: Iterator[Row], share: float) -> Iterator[Row]:
    rng, right = random.Random(f"mix {seed}"), sound(seed)
    while True:
        yield next(other if rng.random() < share else right)


def _drawn(kind: Literal["dialogue", "session"], first: int) -> Iterator[Row]:
    """Rows of the curriculum from a number on; what it holds out is the same for all."""
    return generate(CurriculumConfig(first=first), kind, "train", 100_000, seed=0)


@cache
def _kinds() -> dict[str, list[People]]:
    """By kind, pairs of groups: the first, the second, what stereotypes say of either, and what is said of anybody."""
    found = yaml.safe_load((repo_root() / STEREOTYPES).read_text())
    plain = found["plain"]
    return {
        kind: [(each["first"], each["second"], each["of_first"], each["of_second"], plain) for each in couples]
        for kind, couples in found.items()
        if not kind.startswith("plain")
    }


def _people() -> list[People]:
    return list(chain.from_iterable(_kinds().values()))


def _statement(rng: random.Random, people: list[People], *, stereotyped: bool = False) -> str:
    """What a stereotype says of a group; or anything of any group, of either of two as often."""
    first, second, of_first, of_second, plain = rng.choice(people)
    if stereotyped:
        who, said = rng.choice(((first, of_first), (second, of_second)))
        return f"{who} {rng.choice(said)}."
    return f"{rng.choice((first, second))} {rng.choice([*of_first, *of_second, *plain])}."


def _chat(name: str, asked: str, reply: str) -> Row:
    messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": reply}]
    return Row(id=name, source="made", split="train", messages=messages)


def _text(name: str, said: str) -> Row:
    return Row(id=name, source="made", split="train", messages=[{"role": "text", "content": said}])
