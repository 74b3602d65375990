"""Adapters: what is trained beside frozen weights, and how much of a model that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from espalier.errors import UserError
from espalier.models.adapters import TRAINED, activate, put_on
from espalier.models.references import ModelRef
from espalier.text.chat import ChatRenderer
from training.adapter_init import measure_from_beginning
from training.adapter_targets import find_targets
from training.config import AdapterSettings


def add_adapter(
    model: Any,
    settings: AdapterSettings,
    renderer: ChatRenderer,
    base: str,
    seed: int,
    parents: Sequence[ModelRef] = (),
) -> Any:
    """The plain `model` with LoRA beside its frozen weights; the adapter's own weights are float32. `base` names it.

    Adapters of `parents`, the lowest first, lie on the model too, frozen and active, and the new one beside them. Where
    its updates do not begin at random, they are still to be begun (`adapter_init.begin`), or restored.

    Where embeddings are trained too, tied ones stay tied (for single tokens peft sees to that by itself): an output
    layer that keeps the old embeddings would answer in a language the input no longer speaks.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    if hasattr(model, "peft_config"):
        raise ValueError("there is an adapter on this model already, and peft would put one around the other")
    tied = bool(model.config.tie_word_embeddings)
    embeddings: dict[str, Any] = {}
    if settings.train_embeddings == "tokens":
        embeddings = {"trainable_token_indices": template_tokens(renderer)}
    elif settings.train_embeddings == "all":
        embeddings = {"modules_to_save": _embedding_names(model, tied), "ensure_weight_tying": tied}
    config = LoraConfig(
        task_type="CAUSAL_LM",
        **settings.in_peft,
        lora_dropout=settings.dropout,
        target_modules=find_targets(model, settings),
        **embeddings,
    )
    adapted: Any = put_on(model, parents, as_parents=True) if parents else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if adapted is None:
            adapted = get_peft_model(model, config)
        else:
            adapted.add_adapter(TRAINED, config)
    if parents:
        activate(adapted, to_train=True)
    if getattr(model, "is_loaded_in_4bit", False):
        # What is frozen keeps its 16 bits: peft's own preparation would cast embedding and output layer too, 2.3 GiB
        # more for a vocabulary of 151,936 by 4,096. Layers in 4 bits take inputs of either precision.
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
    if settings.init == "pissa":
        measure_from_beginning(adapted)
    adapted.peft_config[TRAINED].base_model_name_or_path = base
    return adapted


def template_tokens(renderer: ChatRenderer) -> list[int]:
    """The special tokens that the chat template writes; UserError where it writes none."""
    roles = (("system", "user", "assistant"), ("user", "assistant", "user", "assistant"))
    ids: set[int] = set()
    for signature in roles:
        try:
            messages = [{"role": role, "content": "x"} for role in signature]
            ids |= set(renderer.render(messages).ids) & renderer.special_ids
        except UserError:  # some templates know no system role
            continue
    if not ids:
        raise UserError("adapter.train_embeddings: tokens, but the chat template writes no special token to train")
    return sorted(ids)


def share_trained(model: Any) -> tuple[int, int]:
    """Parameters trained, and all parameters of the model as it is used.

    Tied ones count once, 4-bit ones as the weights they stand for, and embeddings that an adapter replaces not at all;
    what a switch keeps elsewhere or otherwise, as it was.
    """
    used = {name: value for name, value in model.named_parameters() if ".original_module." not in name}
    trained = sum(value.numel() for value in used.values() if value.requires_grad)
    total = sum(value.numel() * (2 if type(value).__name__ == "Params4bit" else 1) for value in used.values())
    return trained, total + sum(getattr(module, "num_frozen", 0) for module in model.modules())


def _embedding_names(model: Any, tied: bool) -> list[str]:
    names = {id(module): name.rpartition(".")[2] for name, module in model.named_modules()}
    layers = [model.get_input_embeddings()] + ([] if tied else [model.get_output_embeddings()])
    return [names[id(layer)] for layer in layers]
