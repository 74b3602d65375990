"""Adapters: what each of them stands on, and how they are put on that and taken off again.

An adapter stands on a plain model, or on another adapter. It says which of two things became of that one: it was
merged, and is part of the weights that the new one was trained on; or it was stacked, and lies beside the new one,
frozen. So a model is a ground, which is loaded plain, and the adapters that lie on it, the lowest first.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.references import ModelRef, folder_hash, resolve

INFO = "espalier.json"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
TRAINED = "default"
"""What the topmost adapter is called inside a model, which is what peft calls one that nobody named."""

Growth = Literal["merge", "stack", "continue"]
"""How a model goes on from its parent: from the parent with its adapter merged, from the parent's adapter frozen beside
a new one, or from the very weights that the parent trained."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grown:
    """How a model came to be, as it is written beside its weights."""

    parent: ModelRef
    """What it went on from."""
    growth: Growth
    """How."""
    stacked: bool = False
    """Whether the adapter of its base lies frozen beside its own, in place of being merged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What a model is put together from."""

    ground: ModelRef
    """Loaded plain: adapters that it may have itself are merged."""
    adapters: tuple[ModelRef, ...]
    """Put on it, the lowest first; none for a model that is no adapter."""


def info(folder: Path) -> dict[str, Any]:
    """What `espalier.json` says; empty for a folder that Espalier did not write."""
    path = folder / INFO
    return records.read_json(path) if path.exists() else {}


def is_adapter(reference: ModelRef) -> bool:
    """Whether a model is an adapter, which stands on another one."""
    return (reference.path / ADAPTER_CONFIG).exists()


def settings_of(adapter: ModelRef) -> dict[str, Any]:
    """What peft says of an adapter."""
    return dict(records.read_json(adapter.path / ADAPTER_CONFIG))


def base_of(reference: ModelRef, *, with_code: bool = False) -> ModelRef:
    """The model that an adapter stands on, `with_code` that comes with it; UserError where it has changed since."""
    said = info(reference.path).get("base")
    if said is None:
        named = settings_of(reference).get("base_model_name_or_path")
        if not named:
            raise UserError(f"{reference.path}: adapter_config.json names no base; write it as base_model_name_or_path")
        return resolve(named, with_code=with_code, rewards=True)
    base = resolve(said["spec"], with_code=with_code, rewards=True)
    known_by = {base.content_hash} | ({folder_hash(base.path)} if base.kind == "path" else set())
    if said["content_hash"] not in known_by:
        raise UserError(f"{reference.spec} was trained on another {base.spec} than the one that is there now")
    return replace(base, random_seed=said["random_seed"])


def is_stacked(reference: ModelRef) -> bool:
    """Whether an adapter lies beside that of its base, in place of on weights that it was merged into."""
    return bool((info(reference.path).get("base") or {}).get("stacked"))


def standing(reference: ModelRef, *, with_code: bool = False) -> Standing:
    """What a model is put together from. UserError where something of it is gone, or has changed since."""
    if not is_adapter(reference):
        return Standing(ground=reference, adapters=())
    base = base_of(reference, with_code=with_code)
    below = standing(base, with_code=with_code) if is_stacked(reference) else Standing(ground=base, adapters=())
    return Standing(ground=below.ground, adapters=(*below.adapters, reference))


def put_on(base: Any, adapters: Sequence[ModelRef], *, as_parents: bool = False) -> Any:
    """The plain model `base` with adapters on it, not merged, in evaluation mode; all of them are active.

    `as_parents` leaves room for one more, which is to be trained. UserError where their weights are not safetensors, or
    were made for a model of another architecture.
    """
    from peft import PeftModel

    if hasattr(base, "peft_config"):
        raise ValueError("there are adapters on this model already, and peft would put one around the other")
    names = [f"parent{number}" for number in range(1, len(adapters) + 1)]
    if not as_parents:
        names[-1] = TRAINED
    model: Any = None
    for name, adapter in zip(names, adapters, strict=True):
        _check_weights(adapter)
        try:
            if model is None:
                model = PeftModel.from_pretrained(base, str(adapter.path), adapter_name=name)
            else:
                model.load_adapter(str(adapter.path), adapter_name=name)
        except (ValueError, RuntimeError, KeyError) as error:
            raise _does_not_fit(adapter, str(error)) from error
        check_fit(model, adapter, name)
        if name != TRAINED:
            _lay_down(model, name)
    activate(model)
    return model.eval()


def activate(model: Any, *, to_train: bool = False) -> None:
    """Have all adapters of a model take part; none of them is trained, or the topmost alone."""
    names = list(model.peft_config)
    model.base_model.set_adapter(names, inference_mode=True)
    model.active_adapter = names[-1]
    if to_train:
        model.set_requires_grad(TRAINED, True)


def scale(model: Any, strength: float) -> None:
    """Have the active adapters of a model count `strength` times as much, in this process: no weight is changed.

    UserError for an adapter that is more than updates beside weights, which alone can be scaled.
    """
    from peft.tuners.lora import LoraLayer
    from peft.utils import AuxiliaryTrainingWrapper

    for path, module in model.named_modules():
        if isinstance(module, AuxiliaryTrainingWrapper) or getattr(module, "lora_magnitude_vector", None):
            raise UserError(f"{path}: embeddings of its own, and DoRA's lengths, have no strength that could be scaled")
        if isinstance(module, LoraLayer):
            module.scale_layer(strength)


def take_off(model: Any) -> Any:
    """The plain model that adapters were put on, as it was before."""
    from peft.utils import AuxiliaryTrainingWrapper

    base = model.get_base_model()
    for name, module in list(base.named_modules()):
        if isinstance(module, AuxiliaryTrainingWrapper):  # peft would leave the adapter's own embeddings in its place
            base.set_submodule(name, module.original_module)
    for name, module in vars(model).get("put_aside", {}).items():
        base.set_submodule(name, module)
    return model.unload()


def _lay_down(model: Any, name: str) -> None:
    """Make an adapter something to stand on: without dropout, and its embeddings simply those of the model.

    peft knows one replacement of a module at a time. So the next adapter finds the parent's embeddings as if they were
    the base's, tied as they were; those of the base are put aside, for `take_off`.
    """
    import torch
    from peft.tuners.lora import LoraLayer
    from peft.utils import AuxiliaryTrainingWrapper

    model.peft_config[name].lora_dropout = 0.0
    aside = vars(model).setdefault("put_aside", {})
    plain: dict[int, torch.nn.Parameter] = {}
    base = model.get_base_model()
    for path, module in list(base.named_modules()):
        if isinstance(module, LoraLayer) and name in module.lora_dropout:
            module.lora_dropout[name] = torch.nn.Identity()
        elif isinstance(module, AuxiliaryTrainingWrapper):
            aside.setdefault(path, module.original_module)
            base.set_submodule(path, _replacement(module, name, plain))


def _replacement(wrapper: Any, name: str, plain: dict[int, Any]) -> Any:
    """The module that a wrapper of peft's computes, alone; `plain` has the weights made so far, of which some are tied.

    ValueError for a wrapper that is not known.
    """
    import torch
    from peft.utils.other import ModulesToSaveWrapper, TrainableTokensWrapper

    if type(wrapper) is ModulesToSaveWrapper:
        return wrapper.modules_to_save[name].requires_grad_(False)
    if type(wrapper) is not TrainableTokensWrapper:
        raise ValueError(f"a module is replaced by {type(wrapper).__name__}, which is not known here")
    tokens, original = wrapper.token_adapter, wrapper.original_module
    owner = tokens.tied_adapter or tokens
    if id(owner) not in plain:
        weight = owner.get_merged_weights([name]).detach().to(original.weight.dtype)
        plain[id(owner)] = torch.nn.Parameter(weight, requires_grad=False)
    return copy.deepcopy(original, {id(original.weight): plain[id(owner)]})


def _check_weights(adapter: ModelRef) -> None:
    if not (adapter.path / ADAPTER_WEIGHTS).is_file():
        raise UserError(f"{adapter.path}: it has no {ADAPTER_WEIGHTS}; other formats are not loaded")


def check_fit(model: Any, adapter: ModelRef, name: str) -> None:
    """UserError where an adapter has other weights than there is room for; peft would leave the rest as it began."""
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(adapter.path / ADAPTER_WEIGHTS, "pt") as file:
        there = set(file.keys())
    wanted = set(get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False))
    beyond = {key for key in there - wanted if ".lora_" in key}
    for key in sorted((wanted - there) | beyond)[:1]:
        raise _does_not_fit(adapter, f"{'no place for' if key in beyond else 'no'} {key}")


def _does_not_fit(adapter: ModelRef, why: str) -> UserError:
    line = (why.strip() or "it cannot be loaded").splitlines()
    reason = line[1] if len(line) > 1 and line[0].startswith("Error(s) in loading") else line[0]
    return UserError(f"{adapter.spec} was made for a model of another architecture than its base ({reason.strip()})")
