"""NEFTune: noise on the embeddings while a model is trained, against learning its rows by heart.

Jain et al. 2023, arXiv:2310.05914. A token's embedding of d numbers gets as many, drawn evenly from ±alpha / √(L·d),
where L is the length of the token's own row: packed, a row is as noisy as alone.
"""

from __future__ import annotations

from typing import Any

import torch

Tensor = torch.Tensor


def add_noise(model: Any, alpha: float) -> None:
    """Let `model` be trained with noise. Where it is measured or asked, or no gradient is taken, there is none.

    Noise is drawn from torch's random state, as dropout is, which a checkpoint keeps.
    """
    decoder = (model.get_base_model() if hasattr(model, "peft_config") else model).get_decoder()
    rows: list[Tensor | None] = [None]

    def remember(_: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        rows[0] = options.get("position_ids")

    def disturb(embedding: Any, _: Any, output: Tensor) -> Tensor | None:
        if not (decoder.training and torch.is_grad_enabled()):
            return None
        lengths = output.new_full(output.shape[:-1], output.shape[-2]) if rows[0] is None else row_lengths(rows[0])
        reach = alpha / (lengths * output.shape[-1]).float().sqrt()
        return output + torch.empty_like(output).uniform_(-1, 1) * reach.to(output)[..., None]

    decoder.register_forward_pre_hook(remember, with_kwargs=True)
    model.get_input_embeddings().register_forward_hook(disturb)


def row_lengths(position_ids: Tensor) -> Tensor:
    """For each token (B, S), how long its row is; a row begins where positions begin anew."""
    begins = position_ids == 0
    begins[:, 0] = True
    places = torch.nonzero(begins.flatten()).squeeze(1)
    lengths = torch.diff(places, append=places.new_tensor([begins.numel()]))
    return lengths.repeat_interleave(lengths).view(position_ids.shape)
