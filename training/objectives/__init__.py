"""What is learned: a file here is an objective, and `objective: NAME` takes it by the file's name.

An objective is a pure function (model, batch) -> loss, facts. Its file has a function `make` of (model, settings) that
returns it: what it needs for the whole run, such as a frozen copy of the model it begins with, is made there. It may
call the model several times, and finds in `batch.extras` what it needs besides sequences, such as which rows are pairs.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # configurations are read before torch is
    from torch import Tensor

    from training.batches import Batch

Facts = Mapping[str, "Tensor"]
"""Scalars that an objective says of a micro-batch; averaged over those of a step that have them, and logged."""
Objective = Callable[[Any, "Batch"], tuple["Tensor", Facts]]
"""(model, batch) -> loss, facts. Losses are shares that add up over the micro-batches of a step."""
COMPARING = ("dpo", "gradient", "reward")
"""Those that compare replies, which a pack of preferences holds together."""
REFERRING = ("dpo", "gradient")
"""Those of them that compare by what the model itself makes of replies, beside what a reference makes of them."""
NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))

if TYPE_CHECKING:
    Name = str
else:
    Name = Literal[NAMES]


def make_objective(name: str, model: Any, settings: Any) -> Objective:
    """The objective called `name`, for a model about to be trained under the settings of its run."""
    found: Objective = import_module(f"{__name__}.{name}").make(model, settings)
    return found
