"""What a model computes of a sentence that somebody types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from espalier.errors import UserError

if TYPE_CHECKING:
    from explore.shelf import Shelf


def look_inside(shelf: Shelf, model: str, what: str, text: str) -> dict[str, Any]:
    """The logit lens or the attention of one of the models on `text`. UserError where it is something else."""
    served = shelf.find(model)
    look = _looks().get(what)
    if look is None:
        raise UserError(f"{what!r} is nothing that is looked at; there are {', '.join(_looks())}")
    with shelf.at_work:
        return look(shelf.model(model), served.renderer, text)


def _looks() -> dict[str, Callable[..., dict[str, Any]]]:
    from training.probing.attention import attention
    from training.probing.lens import lens

    return {"lens": lens, "attention": attention}
