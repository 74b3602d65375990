"""Tensors of which each of several processes holds a part (FSDP), put together: by all of them, for the first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from espalier.command_line import processes


def put_together(tensors: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The named tensors as they are where one process holds them whole, and on the CPU where it does not.

    All processes have to ask, and the first is answered: the others keep nothing, so that memory holds one copy.
    """
    found = {}
    for name, tensor in tensors:
        tensor = tensor.detach()
        if hasattr(tensor, "full_tensor"):  # a DTensor: all of them send what they have
            tensor = tensor.full_tensor().cpu()
        if processes.is_main():
            found[name] = tensor
    return found
