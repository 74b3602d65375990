"""Votes from files: lines of ours or in their form, as JSON lines, CSV or whatever else holds records, and MRBench's.

    {"rater", "messages" or "prompt", "reply_a", "reply_b", "better": "a" | "b" | "same", "why": {dimension: "a" | "b"}}
    {"rater", "messages" or "prompt", "reply", "overall": 1 to 5, dimension: verdict, …}

All of a file comes in, or nothing. A vote that is there already is a duplicate; one of the same rater on the same
content that says something else contradicts it, and the first stands. Both are counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data_mix.reading.sources import BadRecord, read_records
from espalier.artifacts.records import sha256_file
from espalier.artifacts.run import timestamp
from espalier.errors import UserError
from evaluation.judges.base import DIMENSIONS
from evaluation.judges.labels import read_file
from feedback.rating.content import Ask, Content
from feedback.rating.questions import LONGEST_S, Verdict, check
from feedback.rating.raters import check_rater
from feedback.rating.sources import complain, messages_of
from feedback.rating.store import Candidate, Store

_SIDES = {"a": "first", "b": "second", "same": "equal", "tie": "equal", "equal": "equal"}
_MRBENCH = ("tutor_responses", "anno_llm_responses")
_TRUE = (True, 1, "true", "True", "1")

Given = tuple[Candidate, dict[str, Any]]


def read_votes(path: Path, ask: Ask) -> list[Given]:
    """The votes of a file, with what they are about. UserError names the lines that hold none."""
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    if ask == "pairs" and _is_mrbench(path):
        raise UserError(f"{path}: MRBench labels single replies; put it in with --ask single")
    given = list(_mrbench(path) if _is_mrbench(path) else _votes(path, ask))
    if not given:
        raise UserError(f"{path}: no votes in it")
    return given


def put_in(store: Store, given: Sequence[Given]) -> Counter[str]:
    """Put votes in; returns how many, how many were duplicates or said more, and how many contradicted another."""
    counts: Counter[str] = Counter({"votes": 0, "duplicates": 0, "contradictions": 0})
    there = {(vote.rater, vote.content, vote.repeat): asdict(vote) | {"replaces": vote.id} for vote in store.votes()}
    new: dict[tuple[str, str, bool], Given] = {}
    for candidate, facts in given:
        key = (facts["rater"], candidate.content.hash, facts["repeat"])
        before = new[key][1] if key in new else there.get(key)
        if before is None:
            counts["votes"] += 1
            new[key] = candidate, facts | {"replaces": None}
        elif not _agree(before["verdict"], facts["verdict"]):
            counts["contradictions"] += 1
        elif (verdict := _both(before["verdict"], facts["verdict"])) == before["verdict"]:
            counts["duplicates"] += 1
        else:
            counts["votes that say more than one before"] += 1
            new[key] = candidate, _completed(before, facts) | {"verdict": verdict}
    store.put_in(new.values())
    return counts


def _agree(before: Verdict | None, verdict: Verdict | None) -> bool:
    """Whether nothing is answered in two ways: one of two votes may say more than the other."""
    if before is None or verdict is None:
        return before == verdict
    one, other = before | before.get("why", {}), verdict | verdict.get("why", {})
    return all(one[name] == other[name] for name in one.keys() & other.keys() - {"why"})


def _both(before: Verdict | None, verdict: Verdict | None) -> Verdict | None:
    """All that either of two votes says that agree."""
    if before is None or verdict is None:
        return verdict
    why = before.get("why", {}) | verdict.get("why", {})
    return before | verdict | ({"why": why} if "why" in before else {})


def _completed(before: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """A vote that says more, with all that is known of how the one before was given, which it replaces."""
    page = before if before["shown"] else facts
    chosen_by = before if before["chosen_by"] != "unknown" else facts
    return dict(facts) | {
        "shown": page["shown"],
        "swapped": page["swapped"],
        "origin": page["origin"],
        "comment": before["comment"] or facts["comment"],
        "seconds": facts["seconds"] if before["seconds"] is None else before["seconds"],
        "chosen_by": chosen_by["chosen_by"],
        "replaces": before["replaces"],
    }


def _votes(path: Path, ask: Ask) -> Iterator[Given]:
    problems = []
    origin, source = path.name, sha256_file(path)
    for record in read_records(path):
        try:
            if isinstance(record.value, BadRecord):
                raise ValueError(record.value.detail)
            if not isinstance(record.value, Mapping):
                raise ValueError("no object; a vote is one")
            yield _vote(dict(record.value), ask, origin, f"{source}:{record.line}")
        except ValueError as error:
            problems.append(f"{path}:{record.line}: {error}")
    complain(problems)


def _vote(line: dict[str, Any], ask: Ask, origin: str, nonce: str) -> Given:
    line = {
        key: value for key, value in line.items() if value not in (None, "")
    }  # an empty cell of a table says nothing
    rater = check_rater(line.get("rater"))
    replies = [_reply(line, key) for key in (("reply_a", "reply_b") if ask == "pairs" else ("reply",))]
    content = Content.of(messages_of(line), replies)
    skipped = line.get("skipped") in _TRUE
    verdict = None if skipped else check((_pair if ask == "pairs" else _single)(line, replies, content), ask)
    authors = [_text(line, key) for key in (("model_a", "model_b") if ask == "pairs" else ("model",))]
    by_text = dict(zip(replies, authors, strict=True))
    candidate = Candidate(
        place=json.dumps(["imported", content.hash]),
        content=content,
        authors=tuple(by_text[reply] for reply in content.replies),
        case=_text(line, "case"),
    )
    return candidate, _facts(line, rater, verdict, origin, nonce)


def _facts(line: Mapping[str, Any], rater: str, verdict: Verdict | None, origin: str, nonce: str) -> dict[str, Any]:
    return {
        "nonce": nonce,
        "rater": rater,
        "shown": _text(line, "shown"),
        "swapped": line.get("swapped") in _TRUE,
        "repeat": line.get("repeat") in _TRUE,
        "verdict": verdict,
        "comment": _text(line, "comment"),
        "seconds": _seconds(line),
        "at": _text(line, "at") or timestamp(),
        "chosen_by": _text(line, "chosen_by") or "unknown",
        "origin": _text(line, "origin") or origin,
    }


def _seconds(line: Mapping[str, Any]) -> float | None:
    try:
        found = float(line["seconds"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return found if 0 <= found < LONGEST_S else None


def _text(line: Mapping[str, Any], key: str) -> str:
    """A text that can be kept: halves of characters, which JSON can hold and no file of text, become question marks."""
    return str(line.get(key, "")).encode("utf-8", "replace").decode()


def _reply(line: Mapping[str, Any], key: str) -> str:
    if not isinstance(line.get(key, ""), str):
        raise ValueError(f"{key} is no text")
    return str(line.get(key, ""))


def _pair(line: Mapping[str, Any], replies: Sequence[str], content: Content) -> Verdict:
    why = line.get("why", {})
    if isinstance(why, str):
        try:
            why = json.loads(why)
        except ValueError:
            raise ValueError("why is no object, nor JSON text of one") from None
    better = line.get("better")
    if not isinstance(better, str) or better not in _SIDES or not isinstance(why, dict):
        raise ValueError(f"better is {better!r}; it is a, b or same")
    turned = replies[0] != content.replies[0]
    other = {"first": "second", "second": "first", "equal": "equal"}
    place = {side: other[found] if turned else found for side, found in _SIDES.items()}
    return {"better": place[better], "why": {name: place.get(str(side), str(side)) for name, side in why.items()}}


def _single(line: Mapping[str, Any], replies: Sequence[str], content: Content) -> Verdict:
    verdict: Verdict = {name: line[name] for name in DIMENSIONS if name in line}
    overall = line.get("overall")
    if isinstance(overall, str) and overall.strip().isdigit():
        overall = int(overall)
    return verdict | ({"overall": overall} if overall is not None else {})


def _is_mrbench(path: Path) -> bool:
    """Whether a file is a list of dialogues with labelled replies, told by its first record."""
    if path.suffix.lower() != ".json":
        return False
    first = next(iter(read_records(path)), None)
    return first is not None and isinstance(first.value, dict) and any(key in first.value for key in _MRBENCH)


def _mrbench(path: Path) -> Iterator[Given]:
    """Its labels have no names of those who gave them: one rater, called as the benchmark."""
    source = sha256_file(path)
    for number, entry in enumerate(read_file(path)):
        content = Content.of(entry.messages, [entry.reply])
        place = json.dumps(["imported", content.hash])
        case = f"{entry.dialogue}: {entry.tutor}"
        candidate = Candidate(place=place, content=content, authors=(entry.tutor,), case=case)
        line = {"chosen_by": "MRBench"}
        yield candidate, _facts(line, "MRBench", check(dict(entry.labels), "single"), path.name, f"{source}:{number}")
