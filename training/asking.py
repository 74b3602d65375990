"""What a model gives to the tokens that a pack trains, computed as training computes it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from data_mix.packing.pack import Pack
from espalier.command_line import processes
from espalier.command_line.console import progress
from training.batches import Batch, make_sequences
from training.groups import pairs_of, said
from training.sequences import token_losses
from training.together import summed

_SHOWN_AFTER_S = 3.0


def ask(model: Any, pack: Pack, *, batch_size: int, accelerator: Any, label: str = "") -> np.ndarray:
    """Log-probabilities (N, S) float32 that `model` gives the trained labels of a pack; 0 for the others.

    Computed as in training, by the same compiled layers where there are some: with gradients, of which none is taken,
    and in training mode where nothing in the model is drawn at random. Where several processes train together, all
    have to ask.
    """
    found = np.zeros(pack.inputs.shape, np.float32)
    device = next(model.parameters()).device
    was_training = model.training
    model.train(not draws(model))
    starts = range(0, len(pack), batch_size)[processes.rank() :: processes.count()]
    begun = time.monotonic()
    with progress(len(starts), f"reference, {label}") as shown:
        for number, start in enumerate(starts):
            # Filled up with sequences from the beginning: a batch of another size would be computed otherwise.
            chosen = np.arange(start, start + batch_size) % len(pack)
            own = slice(start, min(start + batch_size, len(pack)))
            with accelerator.autocast():
                found[own] = _given(model, pack, chosen, device)[: own.stop - start]
            if time.monotonic() - begun > _SHOWN_AFTER_S:
                shown.update(number + 1, {})
    model.train(was_training)
    return summed(found, device)


def _given(model: Any, pack: Pack, chosen: np.ndarray, device: torch.device) -> np.ndarray:
    trained = np.flatnonzero(pack.trained(chosen))
    sequences = make_sequences(pack, chosen).each(lambda tensor: tensor.to(device))
    losses = token_losses(model, sequences, torch.from_numpy(trained).to(device))
    given = np.zeros(sequences.rows.shape, np.float32)
    given.flat[trained] = -losses.detach().float().cpu().numpy()
    return given


def draws(model: Any) -> bool:
    """Whether a model in training computes otherwise each time: dropout, or noise on its embeddings."""
    if any(isinstance(module, torch.nn.Dropout) and module.p > 0 for module in model.modules()):
        return True
    if model.get_input_embeddings()._forward_hooks:
        return True
    settings = model.config.get_text_config().to_dict()
    return any(isinstance(value, float) and value > 0 for key, value in settings.items() if _is_dropout(key))


def margins(model: Any, batch: Batch, reference: str, accelerator: Any) -> list[float]:
    """Nats by which the better reply of each pair in a batch has gained more than the worse, on what a reference that
    the batch knows gives; of a step without pairs, what each reply has gained."""
    batch = batch.each(lambda tensor: tensor.to(next(model.parameters()).device))
    was_training = model.training
    model.train(not draws(model))
    with accelerator.autocast():
        found = said(model, batch)
    model.train(was_training)
    scores = found.by_row(found.log_probs - batch.extras[f"{reference}_tokens"].flatten()[found.places]).detach()
    pairs = pairs_of(batch)
    if int(batch.extras["step_pairs"][0]):
        scores = scores[pairs[:, 0]] - scores[pairs[:, 1]]
    return scores.double().tolist()


def _is_dropout(key: str) -> bool:
    return "dropout" in key or key.endswith("pdrop")
