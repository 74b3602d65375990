"""What a model computes of a sentence that somebody types, and what its layers know of words."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from espalier.errors import UserError

if TYPE_CHECKING:
    from explore.shelf import Shelf
    from training.probing.material import Marked

_SENTENCES, _TEXTS = 250, 40
"""What probes are trained on and asked about: some seconds of a small model's time."""


def look_inside(shelf: Shelf, model: str, what: str, text: str, *, as_chat: bool) -> dict[str, Any]:
    """The `lens` or the `attention` of one of the models on `text`, which `as_chat` is a learner's turn; or its
    `probes`, which need no text. UserError where it is something else, or the model cannot be looked into."""
    from training.probing.attention import attention
    from training.probing.lens import lens
    from training.probing.probes import probe
    from training.probing.record import as_picture

    renderer = shelf.take(model).renderer
    asked = [{"role": "user", "content": text}] if as_chat else text
    marked = _marked() if what == "probes" else []
    with shelf.at_work:
        weights = shelf.model(model)
        if what == "lens":
            return dict(lens(weights, renderer, asked))
        if what == "attention":
            return dict(attention(weights, renderer, asked))
        if what == "probes":
            return {"layers": as_picture(probe(weights, renderer, marked))}
    raise UserError(f"{what!r} is nothing that is looked at; there are lens, attention, probes")


@cache
def _marked() -> list[Marked]:
    from training.probing.material import labelled

    return labelled(sentences=_SENTENCES, sessions=_TEXTS, dialogues=_TEXTS)
