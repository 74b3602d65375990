"""Which linear layers of a model get an update, by the patterns of a configuration."""

from __future__ import annotations

import difflib
import re
from typing import Any

from espalier.errors import UserError
from training.config import AdapterSettings


def find_targets(model: Any, settings: AdapterSettings) -> list[str]:
    """The names of the linear layers that `target_modules` and `layers` of the settings mean, in the model's order.

    UserError where a pattern or a layer means nothing, and where a layer is smaller than the rank of its update. The
    output layer has none: the loss reads its weights, not what it would answer.
    """
    linear = _linear(model)
    chosen = _in_layers(_matching(linear, settings.target_modules), settings.layers, linear)
    if not chosen:
        raise UserError(
            f"adapter.layers: in {settings.layers} there is nothing of target_modules, {settings.target_modules}"
        )
    for name in chosen:
        if settings.r > min(linear[name]):
            inputs, outputs = linear[name]
            raise UserError(
                f"adapter.r: a rank of {settings.r} is more than {name} has, which maps {inputs} numbers to {outputs}; "
                "give a smaller one, or leave this layer out of adapter.target_modules"
            )
    return chosen


def _linear(model: Any) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of every linear layer but the output layer, by name; of quantised ones too."""
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    output = model.get_output_embeddings()
    found = {}
    for name, module in model.named_modules():
        if module is not output and isinstance(module, Linear):
            found[name] = (module.in_features, module.out_features)
        elif isinstance(module, Conv1D):
            found[name] = (module.nx, module.nf)
    return found


def _matching(names: Any, wanted: list[str] | str) -> list[str]:
    if wanted == "all-linear":
        return list(names)
    kinds = sorted({name.rpartition(".")[2] for name in names})
    if isinstance(wanted, str):
        found = [name for name in names if re.fullmatch(wanted, name)]
        if not found:
            example = next(iter(names), "")
            raise UserError(
                f"adapter.target_modules: the expression {wanted!r} matches no linear layer; it is held against whole "
                f"names, such as {example}"
            )
        return found
    for end in wanted:
        if not any(_ends(name, end) for name in names):
            near = difflib.get_close_matches(end, kinds, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UserError(
                f"adapter.target_modules: no linear layer is called {end!r}{hint or '; there are ' + ', '.join(kinds)} "
                "(the output layer gets no update)"
            )
    return [name for name in names if any(_ends(name, end) for end in wanted)]


def _ends(name: str, end: str) -> bool:
    return name == end or name.endswith(f".{end}")


def _in_layers(names: list[str], layers: str | None, linear: Any) -> list[str]:
    if layers is None:
        return names
    last = max((_layer(name) for name in linear), default=-1)
    wanted: set[int] = set()
    for part in layers.split(","):
        begin, _, end = part.partition("-")
        wanted.update(range(int(begin), int(end or begin) + 1))
    beyond = sorted(number for number in wanted if number > last)
    if beyond:
        raise UserError(f"adapter.layers: {layers} asks for layer {beyond[0]}, and the model has layers 0 to {last}")
    return [name for name in names if _layer(name) in wanted]


def _layer(name: str) -> int:
    """The number of the decoder layer that a module belongs to, which its name holds; -1 outside of them."""
    return next((int(part) for part in name.split(".") if part.isdigit()), -1)
