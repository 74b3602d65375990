"""Replies to rate, a store with them in it, and raters who answer by a rule."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from feedback.rating.choosing import Due, Queue
from feedback.rating.content import Ask, hash_of_shown
from feedback.rating.desk import Desk
from feedback.rating.questions import on_the_page
from feedback.rating.sources import candidates, from_file
from feedback.rating.store import Store

MODELS = ("zebra-7", "quagga-9")


def lines(number: int, models: Sequence[str] = MODELS, **changes: Any) -> list[dict[str, Any]]:
    """`number` conversations, each answered by each model."""
    return [
        {
            "id": f"case {place}",
            "messages": [{"role": "user", "content": f"I goed to {place} market."}],
            "replies": [{"text": f"You went to {place} market, and then ({number})?", "model": model}
                        for number, model in enumerate(models)],
        } | changes
        for place in range(number)
    ]  # fmt: skip


def write(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def fill(path: Path, name: str = "mine", ask: Ask = "pairs") -> Store:
    """The store of that name, with what the file holds put in."""
    store = Store.open(name, make=True)
    store.begin(ask)
    found, _ = candidates(from_file(path), ask, pairs_per_prompt=3, seed=0)
    store.sync(found)
    return store


def desk(store: Store, gold: float = 0.0, **changes: Any) -> Desk:
    queue = Queue(store.items(asked=True), seed=0, gold=gold, **changes)
    return Desk(store, queue, dimensions=["tutor_tone"], chosen_by="random", stated={})


def answer_all(at: Desk, rater: str, say: Callable[[dict[str, Any]], Any]) -> int:
    """Let a rater answer whatever is asked, by `say`, which is given what the page gets; returns how many it was."""
    state, number = at.state(rater), 0
    while item := state["item"]:
        state = at.vote(rater, vote_on(item, say(item), nonce=f"{rater.encode().hex()}-{number:08d}"))
        number += 1
    return number


def vote_on(item: dict[str, Any], verdict: Any, nonce: str = "00000001", **changes: Any) -> dict[str, Any]:
    """What the page sends."""
    same = {key: item[key] for key in ("item", "repeat", "shown")}
    return {**same, "nonce": nonce, "verdict": verdict, "comment": "", "seconds": 1.5, "replaces": None} | changes


def facts_of(due: Due, rater: str, **changes: Any) -> dict[str, Any]:
    """A vote for the store's own `keep`."""
    questions = on_the_page("pairs", ["tutor_tone"])
    return {
        "nonce": f"{rater}-{due.item.id}-{due.repeat}", "rater": rater, "item": due.item.id,
        "content": due.item.content_hash, "shown": hash_of_shown(due.item.content, due.swapped, questions),
        "swapped": due.swapped, "repeat": due.repeat, "verdict": {"better": "first", "why": {}}, "comment": "",
        "seconds": None, "chosen_by": "random", "origin": "page",
    } | changes  # fmt: skip
