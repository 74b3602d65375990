"""Local models in memory. Adapters of one base share it, with each other and with the base itself, and are switched.

Switching takes one adapter off and puts the next one on. peft can hold several at once, but a second one that has its
own tied embeddings would not be tied, and would answer wrongly.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from espalier.models.adapters import (
    Standing,
    base_of,
    info,
    is_adapter,
    is_stacked,
    put_on,
    settings_of,
    standing,
    take_off,
)
from espalier.models.devices import choose_device, choose_dtype, give_back_memory
from espalier.models.loading import ModelRef, load_base, load_model


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Where and how local models run."""

    device: str = "auto"
    """cpu, cuda, cuda:N or auto."""
    dtype: str = "auto"
    """float32, bfloat16 or auto."""
    load_in_4bit: bool = False
    """Whether weights are quantised (NF4)."""
    chat_template: str | None = None
    """Name or file of a template, for a model that has none."""
    trust_remote_code: bool = False
    """Whether code that comes with a model may run."""
    batch_size: int = 32
    """Replies generated at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Foundation:
    """What is loaded once."""

    content_hash: str
    """Of the base, or of a model that is no adapter."""
    random_seed: int | None
    """Where the base's weights were forgotten, the seed of those in their place."""
    placement: Placement
    """Where it is loaded, and how."""
    only_for: str = ""
    """Content hash of the one adapter that it is for, where switching adapters could leave traces in it."""


@dataclass(kw_only=True)
class _Loaded:
    """A foundation, and what stands on it now."""

    model: Any
    """It, or a PeftModel around it."""
    adapters: tuple[ModelRef, ...] = ()
    """The adapters it carries."""


class Pool:
    """The models of one evaluation. Each backend joins when it is made, and what it needs is loaded when it asks.

    The base stays in memory until the last of those that stand on it has left. One model is at work at a time: asking
    for the next one switches.
    """

    def __init__(self) -> None:
        self._members: Counter[Foundation] = Counter()
        self._loaded: dict[Foundation, _Loaded] = {}
        self._standings: dict[ModelRef, Standing] = {}

    def join(self, ref: ModelRef, placement: Placement) -> None:
        """Say that this model will be wanted."""
        self._members[foundation(ref, placement)] += 1

    def model(self, ref: ModelRef, placement: Placement) -> Any:
        """The model, ready to answer. UserError where it cannot be loaded, or where its base has changed."""
        key = foundation(ref, placement)
        if ref not in self._standings:  # which may ask a hub, and hashes what the model stands on
            self._standings[ref] = standing(ref, with_code=placement.trust_remote_code)
        found = self._standings[ref]
        if key not in self._loaded:
            how = _how(placement)
            self._loaded[key] = _Loaded(
                model=load_base(found.ground, **how) if found.adapters else load_model(ref, **how)
            )
        loaded, adapters = self._loaded[key], found.adapters
        if loaded.adapters != adapters:
            if loaded.adapters:
                loaded.model, loaded.adapters = take_off(loaded.model), ()
            if adapters:
                loaded.model, loaded.adapters = put_on(loaded.model, adapters), adapters
        return loaded.model

    def leave(self, ref: ModelRef, placement: Placement) -> None:
        """Say that this model is no longer wanted; with the last, memory is freed."""
        key = foundation(ref, placement)
        self._members[key] -= 1
        if self._members[key] <= 0 and self._loaded.pop(key, None) is not None:
            give_back_memory()


def stands_on(ref: ModelRef) -> dict[str, Any] | None:
    """Content hash and random seed of the base that an adapter was trained on; None for a model that is no adapter."""
    if not is_adapter(ref):
        return None
    said: dict[str, Any] | None = info(ref.path).get("base")
    if said is None:
        said = {"content_hash": base_of(ref).content_hash, "random_seed": None}
    return {"content_hash": said["content_hash"], "random_seed": said["random_seed"]}


@cache
def foundation(ref: ModelRef, placement: Placement) -> Foundation:
    """What `ref` needs loaded: equal for models that can share it."""
    where = replace(placement, batch_size=0, chat_template=None)
    lowest = ref
    traces = False
    while (base := stands_on(lowest)) is not None:
        traces |= not _leaves_no_trace(settings_of(lowest))
        if not is_stacked(lowest):
            return Foundation(**base, placement=where, only_for=ref.content_hash if traces else "")
        lowest = base_of(lowest)
    return Foundation(content_hash=ref.content_hash, random_seed=ref.random_seed, placement=where)


def _leaves_no_trace(adapter: dict[str, Any]) -> bool:
    """Whether an adapter can be put on a base and taken off again: LoRA that changes none of the base's own weights."""
    return (
        adapter.get("peft_type") == "LORA"
        and adapter.get("bias", "none") == "none"
        and adapter.get("init_lora_weights", True) in (True, False, "gaussian")
        and not adapter.get("layer_replication")
        and not adapter.get("target_parameters")
    )


def _how(placement: Placement) -> dict[str, Any]:
    device = choose_device(placement.device)
    return {
        "device": device,
        "dtype": choose_dtype(placement.dtype, device),
        "load_in_4bit": placement.load_in_4bit,
        "trust_remote_code": placement.trust_remote_code,
    }
