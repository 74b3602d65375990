"""Rows of the curriculum, and the reader that tells whether the grammar could have written a text."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any, Literal

from data_mix.curriculum.chooser import Chooser, Sampler, beginnings, derivations, lines_read
from data_mix.curriculum.config import CurriculumConfig
from data_mix.curriculum.dialogues import dialogue
from data_mix.curriculum.heldout import HeldOut, Side, Space, held_out
from data_mix.curriculum.learners import learner
from data_mix.curriculum.sessions import SESSIONS
from data_mix.curriculum.withheld import withheld_pasts
from data_mix.mixing.workers import worker_pool
from espalier.text.rows import Row

Kind = Literal["session", "dialogue", "transcript"]
SPEAKER = {"user": "Basil", "assistant": "Tutor"}
"""Who speaks in a transcript."""
SPLITS: dict[str, Side] = {
    "train": "train",
    "valid": "train",
    "unseen_triples": "unseen_triples",
    "unseen_pairs": "unseen_pairs",
}
"""Split -> the side of the hold-outs its rows are drawn from. `valid` is fresh rows of the distribution of `train`."""


def heldout(config: CurriculumConfig, seed: int) -> HeldOut:
    """The combinations that the rows of `train` and `valid` never hold, and what stands in no row at all."""
    drawn_by = seed if config.held_out_seed is None else config.held_out_seed
    combinations = held_out(drawn_by, config.held_out_pairs, config.held_out_triples)
    pasts = withheld_pasts(seed, config.withhold) if config.withhold else frozenset[str]()
    return replace(combinations, pasts=pasts, exercises=frozenset(config.without))


@cache
def space(side: Side, held: HeldOut, kind: str = "any") -> Space:
    """The clauses of one side for one kind of learner (building the tables takes a moment)."""
    return Space(side, held, learner(kind).changes)


def session(c: Chooser, space: Space) -> dict[str, Any]:
    """Write one session of any type that can be drawn on this side of the hold-outs."""
    types = tuple(kind for kind in SESSIONS if space.side in ("train", "all") or kind.uses_free_pairs)
    kind = c.pick(types, lambda kind, rest: kind.fits(rest), tuple(SESSIONS[kind] for kind in types))
    c.begin("text")
    kind(c, space).write()
    c.end()
    return {"session": kind.__name__}


def program(kind: Kind, split: str, held: HeldOut, who: str = "any") -> Callable[[Chooser], dict[str, Any]]:
    """The grammar that writes a row of one kind and split."""
    if kind == "session":
        return lambda c: session(c, space(SPLITS[split], held))
    return lambda c: dialogue(c, space(SPLITS[split], held, who), learner(who))


def _write(kind: Kind, split: str, seed: int, held: HeldOut, who: str, index: int) -> Row:
    """One row, drawn by its own generator: the same whoever writes it, and whenever."""
    of_whom = "" if who == "any" else f"{who}/"
    sampler = Sampler(random.Random(f"{seed} {of_whom}{kind} {split} {index}"))
    meta = program(kind, split, held, who)(sampler)
    if kind == "transcript":
        # A transcript leaves out who the learner is said to be, so what it is like to be drawn is not known.
        lines = [f"{SPEAKER[role]}: {said}" for role, said in sampler.messages if role in SPEAKER]
        sampler.messages = [("text", "\n".join(lines))]
    return Row(
        id=f"curriculum/{of_whom}{kind}/{split}/{index:06d}",
        source="curriculum",
        split=split,
        messages=[{"role": role, "content": content} for role, content in sampler.messages],
        meta=meta | {"split": split},
        log2_prob=sampler.log2_prob if kind != "transcript" else None,
        assistant_log2_prob=sampler.assistant_log2_prob if kind == "dialogue" else None,
    )


def generate(
    config: CurriculumConfig, kind: Kind, split: str, count: int, *, seed: int, workers: int = 1
) -> Iterator[Row]:
    """`count` rows, independent draws from the grammar; the same rows for any number of workers."""
    if workers == 1:
        yield from rows_between(config, kind, split, 0, count, seed=seed)
        return
    write = partial(_write, kind, split, seed, heldout(config, seed), config.learner)
    first = _first(config, split)
    with worker_pool(workers) as pool:
        yield from pool.map(write, range(first, first + count), chunksize=256)


def rows_between(
    config: CurriculumConfig, kind: Kind, split: str, start: int, stop: int, *, seed: int
) -> Iterator[Row]:
    """The rows numbered `start` up to `stop` of those that `generate` gives."""
    first = _first(config, split)
    write = partial(_write, kind, split, seed, heldout(config, seed), config.learner)
    yield from map(write, range(first + start, first + stop))


def _first(config: CurriculumConfig, split: str) -> int:
    """The number of the first row of a split: what is held out is the same wherever training begins."""
    return config.first if split == "train" else 0


NOTHING_HELD_OUT = HeldOut(pairs=frozenset(), triples=frozenset())


def parses_reply(messages: Sequence[dict[str, str]], reply: str, who: str = "any") -> bool:
    """Could the grammar's tutor of such a learner have answered `reply`, on either side of the hold-outs?"""
    target = [(message["role"], message["content"]) for message in messages] + [("assistant", reply)]
    whole = space("all", NOTHING_HELD_OUT, who)
    found = derivations(lambda c: dialogue(c, whole, learner(who)), target, prefix=True)
    return next(found, None) is not None


def parse_replies(messages: Sequence[dict[str, str]], replies: Sequence[str], who: str = "any") -> list[bool]:
    """`parses_reply` of each of several replies to the same: what stands before them is read once."""
    before = [(message["role"], message["content"]) for message in messages]
    whole = space("all", NOTHING_HELD_OUT, who)

    def grammar(c: Chooser) -> dict[str, Any]:
        return dialogue(c, whole, learner(who))

    begun = beginnings(grammar, before, "\n".join(dict.fromkeys(replies)))
    found = {
        reply: next(derivations(grammar, [*before, ("assistant", reply)], prefix=True, after=begun), None) is not None
        for reply in dict.fromkeys(replies)
    }
    return [found[reply] for reply in replies]


def sentences_that_parse(text: str) -> tuple[int, int]:
    """How many lines of a sampled session the grammar could have written, each after the ones before; and of how many.

    Nothing after the first line that fails is judged, since its context is no longer the grammar's.
    """
    good = lines_read(lambda c: session(c, space("all", NOTHING_HELD_OUT)), text)
    return good, min(good + 1, text.count("\n") + 1)
