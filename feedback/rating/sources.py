"""What could be asked: replies in the records of an evaluation, or in a file, put together by the conversation."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from data_mix.reading.sources import BadRecord, read_records
from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete, read_json, read_jsonl, verify_manifest
from espalier.errors import UserError
from espalier.text.messages import Message
from feedback.rating.content import Ask, Content, drawn
from feedback.rating.store import Candidate

_REPLY = ("reply", "response", "output", "text")
_FORM = '{"messages": […], "replies": [TEXT, …]}, or {"messages": […], "reply": TEXT, "model": NAME}'
_MOST_TOLD = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One reply and what it answers."""

    case: str
    messages: tuple[Message, ...]
    reply: str
    author: str
    sample: int
    failed: bool = False
    """Whether there is no reply, since something went wrong."""


def from_scores(name: str, models: Sequence[str]) -> list[Said]:
    """The replies of those models in the scores of that name, of all that were examined where none is named.

    UserError where the scores are not whole, lack one of them, or examined one as it was before it was trained again.
    """
    folder = artifact("scores", name)
    if not is_complete(folder):
        raise UserError(f"{folder}: no finished scores; python evaluation/run.py makes them")
    verify_manifest(folder)
    known = read_json(folder / "scores.json")["identity"]["models"]
    by_spec = {str(each["spec"]): author for author, each in known.items()}
    wanted = {by_spec.get(model, model) for model in models}
    if missing := sorted(wanted - set(known)):
        raise UserError(f"scores {name} have no replies of {', '.join(missing)}; they have {', '.join(known)}")
    authors = wanted or {author for author, each in known.items() if each["kind"] not in ("rule", "control")}
    for author in sorted(authors):
        _check_as_it_is(name, author, known[author])
    return [
        Said(
            case=f"{record['case']}#{record['turn']}" if record["turn"] else str(record["case"]),
            messages=tuple(record["messages"]),
            reply=record["reply"],
            author=record["model"],
            sample=int(record["sample"]),
            failed=record["finish"] == "error",
        )
        for record in read_jsonl(folder / "records.jsonl")
        if record["model"] in authors and not record["log_likelihoods"]
    ]


def _check_as_it_is(scores: str, author: str, examined: dict[str, Any]) -> None:
    kind, _, name = str(examined["spec"]).partition(":")
    if kind != "run" or not is_complete(artifact("runs", name)):
        return
    if read_json(artifact("runs", name) / "manifest.json").get("content_hash") != examined["content_hash"]:
        raise UserError(
            f"scores {scores} hold what {author} said before it was trained again; ask it anew: "
            f"python evaluation/run.py … --name {scores} --redo"
        )


def from_file(path: Path) -> list[Said]:
    """The replies in a file of any kind that holds records. UserError names the lines that hold none."""
    found: list[Said] = []
    problems = []
    for record in read_records(path):
        try:
            if isinstance(record.value, BadRecord):
                raise ValueError(record.value.detail)
            found += _said(record.value, record.line)
        except ValueError as error:
            problems.append(f"{path}:{record.line}: {error}")
    complain(problems)
    return found


def complain(problems: Sequence[str]) -> None:
    """UserError with the first of the problems, where there are any."""
    if problems:
        more = len(problems) - _MOST_TOLD
        told = [*problems[:_MOST_TOLD], *([f"and {more} more of the kind"] if more > 0 else [])]
        raise UserError("\n".join(told))


def _said(record: Any, line: int) -> Iterator[Said]:
    if not isinstance(record, dict):
        raise ValueError(f"no object; wants {_FORM}")
    messages = messages_of(record)
    names = (record.get(key) for key in ("case", "id", "name"))  # the case of samples is what is known of it
    case = next((str(name) for name in names if isinstance(name, str | int) and name != ""), f"line {line}")
    case += f"#{record['turn']}" if record.get("turn") else ""
    for place, (author, reply, failed) in enumerate(_replies(record)):
        sample = record.get("sample", place)
        yield Said(case=case, messages=messages, reply=reply, author=author, sample=int(sample or 0), failed=failed)


def messages_of(record: dict[str, Any]) -> tuple[Message, ...]:
    """The conversation of a record: `messages`, as a list or as JSON text, or `prompt`. ValueError where it is none."""
    found = record.get("messages")
    if isinstance(found, str) and found.strip():
        try:
            found = json.loads(found)
        except ValueError:
            raise ValueError("messages is no list of messages, nor JSON text of one") from None
    if found is None or found == "":
        prompt = record.get("prompt")
        if isinstance(prompt, list):
            found = prompt
        elif isinstance(prompt, str) and prompt.strip():
            found = [{"role": "user", "content": prompt}]
    if not isinstance(found, list) or not found:
        raise ValueError(f"no messages and no prompt; wants {_FORM}")
    for each in found:
        if (
            not isinstance(each, dict)
            or not isinstance(each.get("role"), str)
            or not isinstance(each.get("content"), str)
        ):
            raise ValueError("a message wants a role and a content, both texts")
    return tuple({"role": each["role"], "content": each["content"]} for each in found)


def _replies(record: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Who wrote each reply, the reply, and whether there is none, since something went wrong."""
    author = str(record.get("model") or "")
    if isinstance(record.get("replies"), list):
        for each in record["replies"]:
            own = each if isinstance(each, dict) else {}
            yield str(own.get("model") or author), _text(each), own.get("finish") == "error"
    elif "chosen" in record or "rejected" in record:
        for name in ("chosen", "rejected"):
            if record.get(name) is not None:
                yield str(record.get(f"{name}_model") or author), _text(record[name]), False
    else:
        key = next((key for key in _REPLY if key in record), None)
        if key is None:
            raise ValueError(f"no reply; wants {_FORM}")
        yield author, _text(record[key]), record.get("finish") == "error"


def _text(reply: Any) -> str:
    if isinstance(reply, list) and len(reply) == 1:
        reply = reply[0]
    if isinstance(reply, dict):
        told = reply
        reply = next((told[key] for key in ("content", *_REPLY) if key in told), None)
    if not isinstance(reply, str):
        raise ValueError(f"a reply is a text, not {type(reply).__name__}")
    return str(reply)


def candidates(
    said: Sequence[Said], ask: Ask, *, pairs_per_prompt: int, seed: int
) -> tuple[list[Candidate], Counter[str]]:
    """What can be asked of these replies, and how many cannot, by reason.

    Two replies are compared only where they answer the very same conversation. Where several models answered it, those
    of different models are; else the samples of the one; at most `pairs_per_prompt`, drawn by chance. UserError where
    nothing is left.
    """
    left_out: Counter[str] = Counter()
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[Said]] = {}
    for each in said:
        if each.failed:
            left_out["there is no reply, since something went wrong"] += 1
            continue
        groups.setdefault((each.case, tuple((m["role"], m["content"]) for m in each.messages)), []).append(each)
    offered = (_pairs if ask == "pairs" else _singles)(groups.values(), left_out, pairs_per_prompt, seed)
    found: dict[str, Candidate] = {}
    places: set[str] = set()
    for place, replies in offered:
        try:
            content = Content.of(replies[0].messages, [each.reply for each in replies])
        except ValueError as error:
            left_out[str(error)] += 1
            continue
        authors = {each.reply: each.author for each in replies}
        if content.hash in found or place in places:
            left_out["it is there already"] += 1
            continue
        places.add(place)
        found[content.hash] = Candidate(
            place=place,
            content=content,
            authors=tuple(authors[reply] for reply in content.replies),
            case=replies[0].case,
        )
    if not found:
        why = "; ".join(f"{number}: {reason}" for reason, number in left_out.most_common(3)) or "there are no replies"
        other = "; --ask single asks about one reply at a time" if ask == "pairs" else ""
        raise UserError(f"nothing to rate ({why}){other}")
    return list(found.values()), left_out


def _pairs(groups: Any, left_out: Counter[str], most: int, seed: int) -> Iterator[tuple[str, list[Said]]]:
    for group in groups:
        several = len({each.author for each in group}) > 1
        pairs = [(a, b) for a, b in combinations(group, 2) if not several or a.author != b.author]
        if not pairs:
            left_out["no second reply to the same conversation"] += 1
        by_place = {_place(a.case, *sorted([(a.author, a.sample), (b.author, b.sample)])): [a, b] for a, b in pairs}
        chosen = sorted(by_place, key=lambda place: drawn(seed, place))[:most]
        left_out["more pairs of a conversation than are asked"] += len(by_place) - len(chosen)
        yield from ((place, by_place[place]) for place in chosen)
    left_out += Counter()  # without what is zero


def _singles(groups: Any, left_out: Counter[str], most: int, seed: int) -> Iterator[tuple[str, list[Said]]]:
    for group in groups:
        for each in group:
            yield _place(each.case, (each.author, each.sample)), [each]


def _place(case: str, *replies: tuple[str, int]) -> str:
    return json.dumps([case, *replies])


def names_told(found: Sequence[Candidate]) -> int:
    """How many candidates have a reply that says its author's name, which no page can hide."""
    return sum(_tells(each) for each in found)


def _tells(candidate: Candidate) -> bool:
    said = " ".join(candidate.content.replies)
    names = filter(None, candidate.authors)
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said, re.IGNORECASE) for name in names)
