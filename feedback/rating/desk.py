"""What a rater at the page gets and gives, as plain data: no name of a model is in anything that leaves here."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

from feedback.rating import figures
from feedback.rating.choosing import Due, Queue
from feedback.rating.content import hash_of_shown
from feedback.rating.questions import LONGEST_S, Verdict, check, on_the_page, turned
from feedback.rating.store import Store, Taken, Vote

_NONCE = re.compile(r"[A-Za-z0-9-]{8,64}")
LONGEST_COMMENT = 4000
AGREEMENT_EVERY = 10
"""After so many votes of a rater's, agreement is told anew."""
_SIDES = {"left": "first", "right": "second", "same": "equal"}
_PAGE = {found: side for side, found in _SIDES.items()}


class Refused(Exception):
    """Something that the page sent and that is not kept; the message says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Desk:
    """One file of ratings, with what is asked of it and of whom."""

    def __init__(
        self, store: Store, queue: Queue, *, dimensions: Sequence[str], chosen_by: str, stated: Mapping[str, str]
    ) -> None:
        self.store, self.queue = store, queue
        self.ask = store.ask
        self._ratings = hmac.digest(store.secret, b"ratings", "sha256").hex()[:16]  # tells files apart, and no name
        self._dimensions = list(dimensions)
        self._questions = on_the_page(self.ask, dimensions)
        self._chosen_by = chosen_by
        self._stated = dict(stated)
        self._told: dict[str, tuple[int, dict[str, Any]]] = {}
        self._known: dict[str, list[Vote]] = {}

    def state(self, rater: str) -> dict[str, Any]:
        """All that the page needs to begin, or to go on after anything went wrong."""
        about = {"ratings": self._ratings, "rater": rater, "questions": self._questions, "stated": self._stated}
        return about | self._next(rater)

    def vote(self, rater: str, told: Any) -> dict[str, Any]:
        """Keep a vote, and say what comes next. Refused where it is not kept.

        A vote that was kept before, and is sent again because the answer got lost, is kept once.
        """
        if (
            not isinstance(told, Mapping)
            or not isinstance(told.get("nonce"), str)
            or not _NONCE.fullmatch(told["nonce"])
        ):
            raise Refused(422, "this is no vote")
        if told.get("ratings", self._ratings) != self._ratings or told.get("rater", rater) != rater:
            # Browsers know neither ports nor files apart well enough; the page keeps this vote for those it is for.
            raise Refused(
                421, "An answer to other ratings, or of another rater, waits here until their link is opened."
            )
        if self.store.kept(told["nonce"]) is None:
            self._keep(rater, told)
        return self._next(rater)

    def _keep(self, rater: str, told: Mapping[str, Any]) -> None:
        due = self._as_shown(rater, told)
        verdict = self._verdict(told.get("verdict"), due.swapped)
        comment, seconds = told.get("comment", ""), told.get("seconds")
        if not isinstance(comment, str) or len(comment) > LONGEST_COMMENT:
            raise Refused(422, f"a comment is a text of at most {LONGEST_COMMENT:,} characters")
        if seconds is not None and not (isinstance(seconds, int | float) and 0 <= seconds < LONGEST_S):
            seconds = None
        facts = {
            "nonce": told["nonce"],
            "rater": rater,
            "item": due.item.id,
            "content": due.item.content_hash,
            "shown": told["shown"],
            "swapped": due.swapped,
            "repeat": due.repeat,
            "verdict": verdict,
            "comment": comment.encode("utf-8", "replace").decode().strip(),
            "seconds": seconds,
            "chosen_by": self._chosen_by,
            "origin": "page",
        }
        replaces = self._replaced(rater, told.get("replaces"), due)
        if replaces is not None:
            self._known.pop(rater, None)
        try:
            self.store.keep(facts, replaces=replaces)
        except Taken:
            raise Refused(409, "You have answered this one already, in another window.") from None

    def _as_shown(self, rater: str, told: Mapping[str, Any]) -> Due:
        item = self.queue.by_id.get(told["item"]) if type(told.get("item")) is int else None
        if item is None:
            raise Refused(409, "This one is asked no more, so your answer was not kept.")
        due = self.queue.asked(rater, item, repeat=told.get("repeat") is True)
        if told.get("shown") != self._shown(due):
            raise Refused(409, "What you saw has changed since, so your answer was not kept. This is how it reads now.")
        return due

    def _replaced(self, rater: str, number: Any, due: Due) -> int | None:
        if number is None:
            return None
        for vote in self._votes(rater):
            if vote.id == number and (vote.content, vote.repeat) == (due.item.content_hash, due.repeat):
                return vote.id
        raise Refused(409, "The answer that you are changing has been changed in another window.")

    def _verdict(self, told: Any, swapped: bool) -> Verdict | None:
        if told is None:
            return None
        try:
            if self.ask == "single":
                return check(told, self.ask)
            if not isinstance(told, Mapping) or not isinstance(told.get("why", {}), Mapping):
                raise ValueError("a verdict is an object")
            why = {str(name): _SIDES.get(str(side), "") for name, side in told.get("why", {}).items()}
            verdict = check({"better": _SIDES.get(str(told.get("better")), ""), "why": why}, self.ask)
            return turned(verdict) if swapped else verdict
        except ValueError as error:
            raise Refused(422, str(error)) from None

    def earlier(self, rater: str, before: int | None, skipped: bool = False) -> dict[str, Any]:
        """The rater's last vote before that one, to be looked at again and changed. Refused where there is none."""
        mine = [
            vote
            for vote in self.queue.about_these(self._votes(rater))
            if (before is None or vote.id < before) and (not skipped or vote.verdict is None)
        ]
        if not mine:
            raise Refused(404, "There is nothing before this one.")
        vote = mine[-1]
        due = self.queue.asked(rater, self.queue.by_content[vote.content], repeat=vote.repeat)
        given = {"id": vote.id, "verdict": self._on_page(vote, due.swapped), "comment": vote.comment}
        return {"item": self._item(due), "given": given}

    def _on_page(self, vote: Vote, swapped: bool) -> Verdict | None:
        if vote.verdict is None or self.ask == "single":
            return vote.verdict
        verdict = turned(vote.verdict) if swapped else vote.verdict
        return {"better": _PAGE[verdict["better"]], "why": {name: _PAGE[side] for name, side in verdict["why"].items()}}

    def agreement(self, rater: str) -> dict[str, Any]:
        """How far the raters agree, and this one with themselves.

        It is told anew after every ten votes of this rater, and at the end: from figures before and after one vote it
        could be read whether others had said the same of it.
        """
        mine = self._votes(rater)
        step = -1 if self.queue.due(rater, mine) is None else len(mine) // AGREEMENT_EVERY
        if self._told.get(rater, (None,))[0] != step or step == -1:
            self._told[rater] = step, self._agreement(mine)
        return self._told[rater][1]

    def _agreement(self, mine: Sequence[Vote]) -> dict[str, Any]:
        votes = self.store.votes()
        return {
            "among": [
                {"label": each.label, "value": each.alpha.value, "low": each.alpha.low, "high": each.alpha.high,
                 "number": each.alpha.num_units}
                for each in figures.among_raters(votes, self.ask)
            ],
            "raters": len({vote.rater for vote in votes}),
            "own": figures.of_rater(mine, self.ask),
            "every": AGREEMENT_EVERY,
        }  # fmt: skip

    def _next(self, rater: str) -> dict[str, Any]:
        votes = self._votes(rater)
        due = self.queue.due(rater, votes)
        return {"progress": self.queue.progress(votes), "item": None if due is None else self._item(due)}

    def _votes(self, rater: str) -> list[Vote]:
        """The rater's votes. No other process adds any, so those that were read are not read again."""
        known = self._known.setdefault(rater, [])
        known += self.store.votes(rater, after=known[-1].id if known else 0)
        return known

    def _item(self, due: Due) -> dict[str, Any]:
        return {
            "item": due.item.id,
            "repeat": due.repeat,
            "shown": self._shown(due),
            "messages": list(due.item.content.messages),
            "replies": list(due.item.content.shown(due.swapped)),
        }

    def _shown(self, due: Due) -> str:
        return hash_of_shown(due.item.content, due.swapped, self._questions)
