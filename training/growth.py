"""How a run goes on from its parent: what is loaded, what lies beside it frozen, and what is trained."""

from __future__ import annotations

from typing import Any, TypeVar

from espalier.artifacts.paths import artifact
from espalier.artifacts.run import saved_config
from espalier.errors import UserError
from espalier.models import adapters
from espalier.models.adapters import Grown, Standing
from espalier.models.loading import restore_weights
from espalier.models.references import ModelRef
from training.config import AdapterSettings, TrainConfig

C = TypeVar("C", bound=TrainConfig)

_MAY_CHANGE = {"dropout", "init"}
"""Of an adapter that is trained on: what is not in its weights, and where it once began."""


def settled(config: C, parent: ModelRef | None) -> C:
    """The configuration with what it leaves to its parent. UserError where the parent cannot be gone on from so."""
    if parent is None or config.growth == "merge":
        return config
    if config.growth == "stack":
        _check_stack(config, parent)
        return config
    if not adapters.is_adapter(parent):
        _check_whole(config, parent)
        return config
    settings = _of_parent(config, parent)
    if settings.train_embeddings != "none" and (config.memory.embedding_on_cpu or config.memory.head_in_4bit):
        raise UserError(
            f"memory: the adapter of {parent.spec} trains embeddings, so they stay on the device as they are"
        )
    return config.model_copy(update={"adapter": settings})


def foreseen(config: C) -> C:
    """`settled` for a plan, whose parent need not be there yet; nothing is looked at but the parent's configuration."""
    run = (config.parent or "").partition("@")[0]
    if config.growth != "continue" or config.adapter or not run or not (artifact("runs", run) / "run.json").is_file():
        return config
    said = saved_config(run)["adapter"]
    return config.model_copy(update={"adapter": said and AdapterSettings.model_validate(said)})


def grown(config: TrainConfig, parent: ModelRef | None) -> Grown | None:
    """How the run's model came to be; None for one that is grown from random weights."""
    if parent is None:
        return None
    stacked = config.growth == "stack" or (config.growth == "continue" and adapters.is_stacked(parent))
    return Grown(parent=parent, growth=config.growth, stacked=stacked)


def base_of(config: TrainConfig, parent: ModelRef | None) -> ModelRef | None:
    """What the run's adapter stands on; None where all weights are trained."""
    if parent is None or not config.adapter:
        return None
    return adapters.base_of(parent, with_code=config.trust_remote_code) if config.growth == "continue" else parent


def standing(config: TrainConfig, parent: ModelRef) -> Standing:
    """What is put together before anything is trained: a plain model, and adapters that lie frozen on it."""
    if config.growth == "merge":
        return Standing(ground=parent, adapters=())
    found = adapters.standing(parent, with_code=config.trust_remote_code)
    return found if config.growth == "stack" else Standing(ground=found.ground, adapters=found.adapters[:-1])


def take_up(model: Any, config: TrainConfig, parent: ModelRef) -> None:
    """Give a new adapter the weights of its parent's, where that is trained on. UserError where they do not fit."""
    if config.growth != "continue" or not adapters.is_adapter(parent):
        return
    adapters.check_fit(model, parent, adapters.TRAINED)
    restore_weights(model, parent.path)


def _check_stack(config: TrainConfig, parent: ModelRef) -> None:
    if not adapters.is_adapter(parent):
        raise UserError(
            f"growth: stack keeps the parent's adapter beside a new one, and {parent.spec} has none, all its weights "
            "were trained; give growth: merge"
        )
    below = adapters.standing(parent, with_code=config.trust_remote_code).adapters
    for each in below:
        said = adapters.settings_of(each)
        if said.get("peft_type") != "LORA" or said.get("use_dora") or said.get("bias", "none") != "none":
            raise UserError(
                f"growth: stack adds updates up, and the adapter of {each.spec} is no plain LoRA ("
                f"{'DoRA' if said.get('use_dora') else said.get('peft_type')}); give growth: merge"
            )
        own_embeddings = said.get("modules_to_save") or said.get("trainable_token_indices")
        if own_embeddings and (config.memory.embedding_on_cpu or config.memory.head_in_4bit):
            raise UserError(
                f"memory: the adapter of {each.spec} brings embeddings of its own, which stay on the device as they "
                "are; give growth: merge, or leave embedding_on_cpu and head_in_4bit out"
            )


def _check_whole(config: TrainConfig, parent: ModelRef) -> None:
    trained = f"growth: continue trains all weights of {parent.spec}, which has no adapter"
    if config.adapter:
        raise UserError(f"{trained}; leave adapter out, or give growth: merge for a new one")
    frozen = ["load_in_4bit"] * config.load_in_4bit
    frozen += [f"memory.{key}" for key in ("embedding_on_cpu", "head_in_4bit") if getattr(config.memory, key)]
    if frozen:
        raise UserError(f"{frozen[0]} is for frozen weights, but {trained}")


def _of_parent(config: TrainConfig, parent: ModelRef) -> AdapterSettings:
    """The settings of the adapter that is trained on, with the configuration's dropout."""
    if parent.kind != "run":
        if config.adapter is None:
            raise UserError(f"growth: continue: nothing says how the adapter of {parent.spec} was made; give adapter")
        _check_settings(config.adapter, parent)
        return config.adapter
    said = saved_config(parent.name.partition("@")[0])["adapter"]
    if said is None:
        raise UserError(
            f"{parent.spec} is an adapter, and its run.json says that all weights were trained; make it anew"
        )
    theirs = AdapterSettings.model_validate(said)
    if config.adapter is None:
        return theirs
    differing = [
        f"{key} is {getattr(config.adapter, key)!r} here and was {getattr(theirs, key)!r}"
        for key in AdapterSettings.model_fields
        if key not in _MAY_CHANGE and getattr(config.adapter, key) != getattr(theirs, key)
    ]
    if differing:
        raise UserError(
            f"growth: continue trains the adapter of {parent.spec} on as it is, so adapter cannot be another one "
            f"({'; '.join(differing)}); leave adapter out, or give growth: merge or stack for a new one"
        )
    return theirs.model_copy(update={"dropout": config.adapter.dropout})


def _check_settings(given: AdapterSettings, parent: ModelRef) -> None:
    """UserError where an adapter that stands alone is another one: at another scale its updates say something else.

    Which layers it has, only its weights can tell, once there is a model.
    """
    left_out = {"use_rslora": False, "use_dora": False, "rank_pattern": {}, "alpha_pattern": {}}
    theirs = left_out | adapters.settings_of(parent)
    differing = [
        f"{key} is {value} here and {theirs.get(key)} there"
        for key, value in (left_out | given.in_peft).items()
        if theirs.get(key) != value
    ]
    if differing:
        raise UserError(
            f"growth: continue trains the adapter of {parent.spec} on as it is, so adapter cannot be another one "
            f"(in adapter_config.json's words, {'; '.join(differing)}); give what stands there, or growth: merge or "
            "stack for a new one"
        )
