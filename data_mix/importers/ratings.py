"""Replies that people rated: a prompt, one reply to it, and by column a number from 0 to 1.

    {"messages": […], "reply": "…", "ratings": {"preferred": 0.8, "providing_guidance": 1}}
    prompt + reply or response + ratings        the prompt a text or messages
    any of the shapes of one reply + ratings    whose last reply is the one that was rated

A rated reply is trained as a good one only where every rating is the best possible; else it is a bad one, in a
comparison at most. Its ratings go to `meta.ratings`, beside who wrote and who rated it.
"""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, one, short
from data_mix.importers.parts.weights import weight_in
from data_mix.importers.preferences import PREFERENCE, from_preference
from data_mix.reading.record import BadRecord
from espalier.text.ratings import check_ratings, is_best

_REPLIES = ("reply", "response")
_ABOUT = ("tutor", "model", "problem", "dialogue", "rater", "raters", "language")
_OWN = {"ratings", "weight", *_REPLIES, *_ABOUT}


def from_rated(record: Any) -> Imported:
    """The prompt, the reply on the side that its ratings put it on, and the ratings. Raises BadRecord where it is not
    clear what was rated, or how."""
    if not isinstance(record, dict) or not _is_rated(record):
        raise BadRecord("unknown_shape", "has no ratings, or says otherwise which reply is a good one")
    ratings = read_ratings(record["ratings"])
    try:
        found = from_preference(_as_labelled(record))
    except BadRecord as problem:
        if problem.reason in ("unknown_shape", "no_assistant_turn"):
            raise BadRecord("no_reply", "there is no reply that the ratings could be about") from None
        raise
    assert found.chosen is not None
    meta = short(**{key: record.get(key) for key in _ABOUT}) | found.meta
    if "weight" in record:
        meta["weight"] = weight_in({"weight": record["weight"]})
    return rated(found.messages, found.chosen, ratings, meta, of=found)


def rated(
    messages: Messages, reply: Messages, ratings: dict[str, float], meta: dict[str, Any], *, of: Imported | None = None
) -> Imported:
    """A rated row: the prompt and the turns that answer it, which lie on the better side only where nothing could be
    better. `of` is what else was read of the record."""
    good = is_best(ratings)
    return Imported(
        messages=messages,
        meta=meta | {"ratings": ratings},
        tools=of.tools if of else None,
        unread=of.unread if of else frozenset(),
        chosen=reply if good else None,
        rejected=None if good else reply,
    )


def read_ratings(value: Any) -> dict[str, float]:
    """Ratings as a row keeps them. Raises BadRecord for what is none."""
    try:
        return check_ratings(value)
    except ValueError as error:
        raise BadRecord("bad_ratings", f"ratings {error}") from None


def _as_labelled(record: dict[str, Any]) -> dict[str, Any]:
    """The record as one whose reply is said to be good: what is read of it besides is the same."""
    rest = {name: value for name, value in record.items() if name not in _OWN}
    given = [key for key in _REPLIES if record.get(key) is not None]
    if not given:
        return rest | {"label": True}
    if len(given) > 1:
        raise BadRecord("two_replies", f"{' and '.join(given)} may both be what was rated; take one of them out")
    reply = record[given[0]]
    if isinstance(reply, str) and not reply.strip():
        raise BadRecord("empty_reply", f"{given[0]} is empty, and nothing can be rated about it")
    return rest | {"chosen": reply}


def _is_rated(record: dict[str, Any]) -> bool:
    return isinstance(record.get("ratings"), dict) and not PREFERENCE.looks_like(record)


RATED = Importer(
    name="rated",
    order=15,  # before all that it could be taken for, were it not said what is thought of its reply
    looks_like=_is_rated,
    convert=one(from_rated),
    keys=frozenset(_OWN) | PREFERENCE.keys,
)
