"""Votes as rows that a mix takes: of each content one line, of what its raters said together.

Each rater counts once, be it that they answered twice. Of a pair the reply that more is said for is `chosen`, by a
`margin` of 0 to 1; of one reply the means of what was said are `ratings`, each as `DIMENSIONS` values it, and of the
grade, as `preferred`. A vote on what has changed since is of something else than what is there: it is counted, and kept
out unless asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluation.judges.base import DIMENSIONS
from feedback.rating.content import Content
from feedback.rating.questions import worth
from feedback.rating.store import Item, Store, Vote

_WORTH = {"first": 1.0, "equal": 0.5, "second": 0.0}
_FOR = {"first": "a", "second": "b", "equal": "same"}


@dataclass(frozen=True, kw_only=True)
class Exported:
    """Lines for a mix, and what became of the votes."""

    rows: list[dict[str, Any]]
    counts: Counter[str]


class _Shown:
    """What items show now. Which of them a vote was given on is no matter: lines of a file may have moved since."""

    def __init__(self, store: Store) -> None:
        items = store.items()
        self._by_id = {item.id: item for item in items}
        self._by_content = {item.content_hash: item for item in (*items, *store.items(asked=True))}

    def __contains__(self, content: str) -> bool:
        return content in self._by_content

    def item(self, vote: Vote) -> Item:
        """The item that shows what the vote is about; where none does any more, the one that did.

        That one's authors are of what it shows now: which of them wrote which reply before, nobody knows.
        """
        found = self._by_content.get(vote.content)
        if found is not None:
            return found
        before = self._by_id[vote.item]
        return before if len(set(before.authors)) == 1 else replace(before, authors=())


def export(store: Store, name: str, *, changed: bool = False) -> Exported:
    """What raters said of each content; `changed` takes votes along on what has been replaced since."""
    counts: Counter[str] = Counter()
    contents, shown = store.contents(), _Shown(store)
    by_content: dict[str, list[Vote]] = {}
    for vote in store.votes():
        counts["votes"] += 1
        stale = vote.content not in shown
        counts["on what has changed since"] += stale
        counts["passed over"] += vote.verdict is None
        if vote.verdict is not None and (changed or not stale):
            by_content.setdefault(vote.content, []).append(vote)
    rows = []
    for found, votes in by_content.items():
        row = (_pair if store.ask == "pairs" else _rated)(contents[found], shown.item(votes[0]), votes, counts)
        if row is not None:
            rows.append({"id": f"{name}-{found[:12]}"} | row)
    counts["lines"] = len(rows)
    return Exported(rows=rows, counts=+counts)


def _pair(content: Content, item: Item, votes: Sequence[Vote], counts: Counter[str]) -> dict[str, Any] | None:
    by_rater = [[_WORTH[vote.verdict["better"]] for vote in mine if vote.verdict] for mine in _by_rater(votes)]
    counts["contradicted by the same rater"] += sum(len(set(mine)) > 1 for mine in by_rater)
    said = [sum(mine) / len(mine) for mine in by_rater]
    counts["of raters who disagree"] += len({(each > 0.5) - (each < 0.5) for each in said}) > 1
    share = sum(said) / len(said)
    if share == 0.5:
        counts["ties, not in a line"] += 1
        return None
    if not all(reply.strip() for reply in content.replies):
        counts["beside an empty reply, not in a line"] += 1
        return None
    order = (0, 1) if share > 0.5 else (1, 0)
    chosen, rejected = (content.replies[place] for place in order)
    authors = [item.authors[place] if place < len(item.authors) else "" for place in order]
    why = _reasons(votes, "first" if share > 0.5 else "second")
    return {
        "messages": list(content.messages),
        "chosen": chosen,
        "rejected": rejected,
        "margin": round(abs(2 * share - 1), 4),
        **{key: author for key, author in zip(("chosen_model", "rejected_model"), authors, strict=True) if author},
        "meta": _meta(item, votes) | why,
    }


def _reasons(votes: Sequence[Vote], better: str) -> dict[str, float]:
    """Of each dimension that was given as a reason, how far it speaks for the better reply, -1 to 1."""
    found: dict[str, list[int]] = {}
    for vote in votes:
        for name, side in (vote.verdict or {}).get("why", {}).items():
            found.setdefault(name, []).append(1 if side == better else -1)
    return {f"why_{name}": round(sum(said) / len(said), 4) for name, said in found.items()}


def _rated(content: Content, item: Item, votes: Sequence[Vote], counts: Counter[str]) -> dict[str, Any] | None:
    means: dict[str, list[float]] = {}
    for mine in _by_rater(votes):
        own: dict[str, list[float]] = {}
        for vote in mine:
            for name, said in (vote.verdict or {}).items():
                value = worth(said) if name == "overall" else DIMENSIONS[name].values[said]
                own.setdefault("preferred" if name == "overall" else name, []).append(value)
        counts["contradicted by the same rater"] += any(len(set(values)) > 1 for values in own.values())
        for name, values in own.items():
            means.setdefault(name, []).append(sum(values) / len(values))
    counts["of raters who disagree"] += any(len(set(values)) > 1 for values in means.values())
    (reply,) = content.replies
    author = item.authors[0] if item.authors else ""
    return {
        "messages": list(content.messages),
        "reply": reply,
        "ratings": {name: round(sum(values) / len(values), 4) for name, values in means.items()},
        **({"model": author} if author else {}),
        "meta": _meta(item, votes),
    }


def _by_rater(votes: Sequence[Vote]) -> list[list[Vote]]:
    found: dict[str, list[Vote]] = {}
    for vote in votes:
        found.setdefault(vote.rater, []).append(vote)
    return list(found.values())


def _meta(item: Item, votes: Sequence[Vote]) -> dict[str, Any]:
    by = dict.fromkeys(vote.chosen_by for vote in votes)
    return {
        "case": item.case,
        "raters": len({vote.rater for vote in votes}),
        "votes": len(votes),
        "chosen_to_be_asked_by": ", ".join(by),
    }


def votes_of(store: Store) -> Iterator[dict[str, Any]]:
    """Every vote that stands as a line that `--import` reads, with all that is known of how it was given."""
    contents, shown = store.contents(), _Shown(store)
    for vote in store.votes():
        content, item = contents[vote.content], shown.item(vote)
        line: dict[str, Any] = {"rater": vote.rater, "messages": list(content.messages)}
        if store.ask == "pairs":
            line |= dict(zip(("reply_a", "reply_b"), content.replies, strict=True))
            line |= dict(zip(("model_a", "model_b"), item.authors, strict=False))
            line |= {"better": _FOR[vote.verdict["better"]], "why": _of_replies(vote)} if vote.verdict else {}
        else:
            line |= {"reply": content.replies[0], "model": (*item.authors, "")[0]} | (vote.verdict or {})
        yield line | {
            "case": item.case, "skipped": vote.verdict is None, "comment": vote.comment, "repeat": vote.repeat,
            "swapped": vote.swapped, "seconds": vote.seconds, "at": vote.at, "shown": vote.shown,
            "chosen_by": vote.chosen_by, "origin": vote.origin, "changed_since": vote.content not in shown,
        }  # fmt: skip


def _of_replies(vote: Vote) -> dict[str, str]:
    return {name: _FOR[side] for name, side in (vote.verdict or {}).get("why", {}).items()}
