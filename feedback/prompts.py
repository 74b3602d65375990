"""What is asked: prompts from a mix, a suite or a file, as cases that say what is known of a good reply.

    mix:basil/train                a tutor's turn of each dialogue of a split, later turns too; or preferences/SPLIT
    suite:pedagogical              a suite's cases
    prompts.jsonl, cases.yaml      the cases of a file: lines with `messages` or `prompt`

A later turn is asked for after the dialogue's own earlier ones. Where a curriculum wrote the dialogue its truth comes
along: what the learner meant, and, where the system line names the tutor's move, what that move does with the form.

What an evaluator asks is kept from training: a suite's cases, and those of a file too unless its owner says otherwise.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from espalier.artifacts.records import sha256_file
from espalier.artifacts.registry import source
from espalier.errors import UserError
from espalier.suite_file import builtin_suites, find_suite
from espalier.text.rows import Row, read_rows
from evaluation.cases.case import Case
from evaluation.cases.heldout import Mix, heldout_cases, names_move, open_mix, truth_of, tutor_turns
from evaluation.cases.suite import listed_cases, load_suite

_PREFERENCES = "preferences/"


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """The prompts, and where they are from."""

    cases: list[Case]
    """One each, in the order of their source; no two of a name."""
    parents: dict[str, str]
    """What they are made from, with content hashes."""
    heldout: bool
    """Whether they come from rows or cases that are kept from training."""


def read_prompts(
    text: str, *, limit: int | None, seed: int, named_moves: bool = False, may_train: bool = False
) -> Prompts:
    """The prompts that `text` names; of more than `limit` those that are drawn by `seed`.

    With `named_moves`, of a mix's dialogues only the turns whose move the system line asks for. With `may_train` the
    cases of a file are not kept from training.

    UserError for a mix, split, suite or file that is not there, or has nothing to answer, and for `may_train` of
    anything but a file.
    """
    kind, colon, name = text.partition(":")
    if colon and kind == "mix":
        found = _of_mix(name, limit, seed, named_moves)
    else:
        found = _of_suite(name if colon and kind == "suite" else text)
    if may_train:
        if not any(parent.startswith("file:") for parent in found.parents):
            raise UserError(f"--may_train: --prompts {text} is no file of your own, and says itself what is kept back")
        found = replace(found, heldout=False)
    cases = _drawn(found.cases, limit, seed)
    if not cases:
        raise UserError(f"--prompts {text}: holds nothing that could be answered")
    if silent := next((case.name for case in cases if not case.messages), None):
        raise UserError(f"--prompts {text}: {silent} asks how likely texts are, and wants no reply")
    return replace(found, cases=cases)


def _of_suite(choice: str) -> Prompts:
    """Every case of it, kept from training."""
    suite = load_suite(choice)
    if suite.heldout:
        mix = open_mix(suite.heldout.mix)
        cases, parents = heldout_cases(suite.heldout, mix), {f"mix:{mix.name}": mix.content_hash}
    else:
        cases, path = listed_cases(suite), find_suite(choice)
        parents = dict([source(path, sha256_file(path))])
        if choice in builtin_suites():
            parents = {f"suite:{suite.name}": sha256_file(path)}
    return Prompts(cases=[replace(case, script=(), simulation=None) for case in cases], parents=parents, heldout=True)


def _of_mix(name: str, limit: int | None, seed: int, named_moves: bool) -> Prompts:
    mix_name, _, split = name.partition("/")
    mix = open_mix(mix_name)
    path = mix.folder / f"{split}.parquet"
    known = _splits(mix)
    if split not in known:
        raise UserError(f"--prompts mix:{name}: wants mix:{mix_name}/SPLIT, one of {', '.join(known)}")
    # The rows are drawn before they are made into cases: a mix may have a million of them.
    asked = _moves_asked if named_moves else _places
    rows = _drawn_rows(path, asked, limit, seed)
    return Prompts(
        cases=list(_once(_case(row, asked(row), seed) for row in rows)),
        parents={f"mix:{mix.name}": mix.content_hash},
        heldout=split.removeprefix(_PREFERENCES) != "train",
    )


def _splits(mix: Mix) -> list[str]:
    found = sorted(mix.folder.glob("*.parquet")) + sorted(mix.folder.glob(f"{_PREFERENCES}*.parquet"))
    return [path.relative_to(mix.folder).with_suffix("").as_posix() for path in found]


def _drawn_rows(path: Path, asked: Callable[[Row], list[int]], limit: int | None, seed: int) -> list[Row]:
    answered = (row for row in read_rows(path) if asked(row))
    if limit is None:
        return list(answered)
    chosen = heapq.nsmallest(limit, enumerate(answered), key=lambda each: _lot(seed, each[1].id))
    return [row for _, row in sorted(chosen, key=lambda each: each[0])]


def _once(cases: Iterator[Case]) -> Iterator[Case]:
    """Preferences give one prompt several times."""
    seen = set()
    for case in cases:
        key = tuple((each["role"], each["content"]) for each in case.messages)
        if key not in seen:
            seen.add(key)
            yield case


def _places(row: Row) -> list[int]:
    """Where in a row's messages a reply is due: before each turn of the tutor's that follows the learner's."""
    if row.kind == "preference":
        return [len(row.messages)] if row.messages[-1]["role"] == "user" else []
    roles = [message["role"] for message in row.messages]
    return [at for at in range(1, len(roles)) if roles[at - 1 : at + 1] == ["user", "assistant"]]


def _moves_asked(row: Row) -> list[int]:
    """Those of the places where the move that the system line names is to be made: where there is a mistake."""
    places, turns = _places(row), tutor_turns(row)
    if len(turns) != len(places) or not names_move(row):
        return []
    return [at for at, (_, facts) in zip(places, turns, strict=True) if _changed(facts)]


def _changed(facts: dict[str, Any]) -> str:
    """What the learner did to the sentence that a turn answers; empty where it is right, or small talk."""
    return str(facts.get("change", facts["error"]))


def _case(row: Row, places: Sequence[int], seed: int) -> Case:
    """One of the places of a row, by lot."""
    at = places[int(_lot(seed, f"turn of {row.id}")[:8], 16) % len(places)]
    messages = [{"role": each["role"], "content": each["content"]} for each in row.messages]
    case = Case(
        name=row.id,
        messages=messages[:at],
        split=row.split,
        reference=messages[at]["content"] if at < len(messages) else None,
        answer=_answer(row.meta),
        tags=(row.split,),
    )
    turns, every = tutor_turns(row), _places(row)
    return _of_curriculum(case, row, turns[every.index(at)][1]) if len(turns) == len(every) else case


def _of_curriculum(case: Case, row: Row, facts: dict[str, Any]) -> Case:
    meta = row.meta
    truth = truth_of(facts, meta)
    changed = _changed(facts)
    if not changed or not names_move(row):
        # No move was asked for: what the dialogue's own reply did binds nobody.
        truth = replace(truth, strategy="", rule="may", asked="")
    change = meta.get("change", meta["error"])
    return replace(
        case,
        truth=truth,
        cluster=f"{meta['verb']} {meta['object']}".strip(),
        combination=(meta["verb"], meta["object"], change) if meta["verb"] else (),
        tags=tuple(filter(None, (row.split, truth.strategy, changed))),
    )


def _answer(meta: dict[str, Any]) -> str:
    """The solution that the learner is to find, where the row says it."""
    answer = meta.get("answer")
    return answer if isinstance(answer, str) else ""


def _drawn(cases: Sequence[Case], limit: int | None, seed: int) -> list[Case]:
    if limit is None or len(cases) <= limit:
        return list(cases)
    chosen = set(sorted(range(len(cases)), key=lambda at: _lot(seed, cases[at].name))[:limit])
    return [case for at, case in enumerate(cases) if at in chosen]


def _lot(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()
