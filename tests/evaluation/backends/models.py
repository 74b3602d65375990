"""Tiny models and adapters in folders, and asks for them."""

from pathlib import Path
from typing import Any

import torch

from espalier.models.adapters import Grown, Growth, Standing, standing
from espalier.models.loading import load_base, resolve, save_model
from espalier.models.pool import Placement
from espalier.models.references import ModelRef
from evaluation.backends.base import Ask
from evaluation.backends.local import LocalModel
from evaluation.cases.case import Case
from evaluation.cases.suite import Generation
from tests import tiny
from training.adapters import add_adapter
from training.config import AdapterSettings

WORDS = ["I went to the market.", "Anna ate the cake.", "Sophie says: I saw a house.", "You went?", "I saw"]
ASKS = [
    *[
        Ask(case=Case(name=text, messages=[{"role": "user", "content": text}]), turn=0, sample=0, seed=place)
        for place, text in enumerate(WORDS)
    ],
    Ask(case=Case(name="pair", messages=[], texts=("I went", "I a market to the")), turn=0, sample=0, seed=9),
]


def base(folder: Path, seed: int = 0) -> ModelRef:
    """A model whose replies differ from prompt to prompt."""
    return resolve(f"path:{tiny.saved(folder, seed=seed, init_std=0.6)}")


def adapter(folder: Path, on: ModelRef, seed: int, *, growth: Growth = "merge", **settings: Any) -> ModelRef:
    """An adapter on a base that changes what the base says; `stack` has that one's adapter lie below it."""
    below = standing(on) if growth == "stack" else Standing(ground=on, adapters=())
    model = add_adapter(
        load_base(below.ground, device="cpu", dtype=torch.float32),
        AdapterSettings(r=2, **settings),
        tiny.renderer(),
        on.spec,
        seed=seed,
        parents=below.adapters,
    )
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.data += torch.randn(parameter.shape, generator=torch.Generator().manual_seed(seed + len(name)))
    folder.mkdir(parents=True)
    grown = Grown(parent=on, growth=growth, stacked=growth == "stack")
    save_model(model, tiny.renderer(), folder, on, grown=grown)
    return resolve(f"path:{folder}")


def local(ref: ModelRef, **changes: Any) -> LocalModel:
    """A backend for `ref`; `changes` go to its generation, its placement, or itself."""
    generation = {key: changes.pop(key) for key in list(changes) if key in Generation.model_fields}
    placement = {key: changes.pop(key) for key in list(changes) if key in Placement.__dataclass_fields__}
    return LocalModel(
        ref=ref,
        generation=Generation(**{"max_new_tokens": 8} | generation),
        placement=Placement(**{"device": "cpu"} | placement),
        **changes,
    )
