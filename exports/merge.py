"""A merged export: the plain model in safetensors, with tokenizer, template and how it generates, for transformers."""

from __future__ import annotations

import copy
from typing import Any

from espalier.errors import UserError
from espalier.models import loading
from espalier.models.adapters import put_on, standing
from espalier.text.chat import ChatRenderer
from exports.exported import Exported
from exports.templates.choosing import choose
from exports.templates.reading import as_transformers_reads


def write(exported: Exported) -> None:
    """Write the model with its adapters merged, so that any tool opens it without ours."""
    model = plain_model(exported)
    model.generation_config = generation(exported)
    loading.save_model(model, told(exported), exported.folder, None)


def plain_model(exported: Exported) -> Any:
    """The exported model on the CPU with everything merged, in the data type that was asked for.

    UserError where its base is to be what 4 bits left of it, and there is no adapter on any.
    """
    import torch

    run, how = exported.run, {"device": "cpu", "dtype": getattr(torch, exported.config.dtype)}
    if not exported.config.base_in_4bit:
        return loading.load_base(run, **how)
    found = standing(run)
    if not found.adapters:
        raise UserError(f"{run.spec} is no adapter, and has no base that was held in 4 bits; leave out --base_in_4bit")
    base = loading.load_base(found.ground, load_in_4bit=True, **how).dequantize()
    return put_on(base, found.adapters).merge_and_unload()


def told(exported: Exported) -> ChatRenderer:
    """The renderer with the template that gives others the ids of training too, with nothing of it left to be asked."""
    renderer = exported.renderer
    text = choose(renderer, as_transformers_reads(renderer))
    if text == renderer.template.text:
        return renderer
    return ChatRenderer(
        copy.deepcopy(renderer.tokenizer), text, thinking=renderer.template.thinking, date=renderer.template.date
    )


def generation(exported: Exported) -> Any:
    """How the model generates: it stops where a turn ends, not only where a text does."""
    from transformers import GenerationConfig

    tokenizer, sampling = exported.renderer.tokenizer, exported.sampling
    stops = sorted(exported.renderer.stop_ids, key=lambda token: (token != tokenizer.eos_token_id, token))
    drawn = {}
    if sampling.temperature > 0:
        drawn = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "min_p": sampling.min_p,
        }
    return GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=stops if len(stops) > 1 else stops[0],
        pad_token_id=tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id,
        max_new_tokens=sampling.max_new_tokens,
        repetition_penalty=sampling.repeat_penalty,
        do_sample=sampling.temperature > 0,
        **drawn,
    )
