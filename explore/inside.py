"""What a model computes of a sentence that somebody types."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from espalier.errors import UserError

if TYPE_CHECKING:
    from explore.shelf import Shelf

LOOKS = ("lens", "attention")


def look_inside(shelf: Shelf, model: str, what: str, text: str) -> dict[str, Any]:
    """The logit lens or the attention of one of the models on `text`. UserError where it is something else."""
    served = shelf.take(model)
    if what not in LOOKS:
        raise UserError(f"{what!r} is nothing that is looked at; there are {', '.join(LOOKS)}")
    try:
        look = getattr(import_module(f"training.probing.{what}"), what)
    except ModuleNotFoundError:
        raise UserError("this checkout cannot look inside yet: it has no training/probing") from None
    with shelf.at_work:
        found: dict[str, Any] = look(shelf.model(model), served.renderer, text)
        return found
