"""The residual stream of a model: what each of its layers hands on to the next, of texts as the model is given them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from espalier.errors import UserError
from espalier.generation.generate import Prompt, context_of
from espalier.models.compiling import eager
from espalier.models.hidden import answering, shown
from espalier.models.layers import decoder_layers, device_of
from espalier.text.chat import ChatRenderer

Tensor = torch.Tensor


def layers_of(model: Any) -> list[torch.nn.Module]:
    """The decoder layers. UserError for a model whose class does not say which they are."""
    layers = decoder_layers(model)
    if not layers:
        raise UserError(f"{type(model).__name__} does not say which its layers are, so none can be looked into")
    return layers


@contextmanager
def looked_into(model: Any) -> Iterator[None]:
    """Within, the model is in evaluation, without gradients and uncompiled; after it, as it was."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad(), eager():
            yield
    finally:
        model.train(was_training)


def residual_stream(model: Any, ids: Tensor) -> list[Tensor]:
    """What goes into the first layer, and what comes out of each: (B, S, width), one more than there are layers.

    `ids` (B, S) are filled up on the right, where no token looks. To be called within `looked_into`. UserError for
    layers that hand on something of another form.
    """
    layers = layers_of(model)
    found: list[Tensor] = []
    with ExitStack() as stack:
        for layer in layers:
            stack.enter_context(answering(layer, _kept(layer, found)))
        # Without logits, which may take far more memory than all states.
        shown(model, model.get_output_embeddings(), lambda hidden: None, input_ids=ids.to(device_of(model)))
    if len(found) != len(layers) + 1 or any(each.shape[:2] != ids.shape or each.ndim != 3 for each in found):
        raise UserError(f"{type(model).__name__} does not hand one vector a token from layer to layer")
    return found


def _kept(layer: Any, found: list[Tensor]) -> Any:
    own = layer.forward

    def forward(*given: Any, **options: Any) -> Any:
        if not found:
            found.append(given[0] if given else options["hidden_states"])
        out = own(*given, **options)
        found.append(out[0] if isinstance(out, tuple) else out)
        return out

    return forward


def told_from(model: Any, ids: Tensor, states: Sequence[Tensor]) -> Iterator[Tensor]:
    """The logits (B, S, vocabulary) that the model would give if its last layer handed on each of `states`.

    The way from there on is the model's own: its last norm, its output layer, whatever it does to its logits. To be
    called within `looked_into`.
    """
    last = layers_of(model)[-1]
    own = last.forward
    for state in states:

        def forward(*given: Any, instead: Tensor = state, **options: Any) -> Any:
            out = own(*given, **options)
            return (instead, *out[1:]) if isinstance(out, tuple) else instead

        with answering(last, forward):
            logits = model(input_ids=ids.to(device_of(model)), use_cache=False).logits
        yield logits


def ids_of(model: Any, renderer: ChatRenderer, text: Prompt, *, most: int) -> list[int]:
    """The tokens of a text, or of a conversation up to where the next reply begins, of which there are at most `most`.

    UserError where there are none or more, or more than the model takes.
    """
    ids = renderer.text_prompt(text) if isinstance(text, str) else renderer.prompt(text)
    if not text or len(ids) < 2:
        raise UserError("there is nothing to look at: give a sentence")
    limit = min(most, context_of(model) or most)
    if len(ids) > limit:
        raise UserError(f"that is {len(ids)} tokens, and at most {limit} can be looked at at once; give a shorter text")
    return ids


def written(renderer: ChatRenderer, ids: Sequence[int]) -> list[str]:
    """Each token by itself, as text."""
    return list(renderer.tokenizer.batch_decode([[token] for token in ids], clean_up_tokenization_spaces=False))
