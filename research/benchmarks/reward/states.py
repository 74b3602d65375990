"""What a language model has in mind where it reads a tutor's reply: hidden states of its lower layers, kept in a file.

A dialogue's replies are read beside each other behind one prompt: each sees the prompt and itself, at the positions
that it would have alone, so that a state is that of the reply alone within rounding.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from espalier.command_line.console import progress
from evaluation.judges.features.reading import Judged

Floats = NDArray[np.float32]
_LONGEST = 400
"""Tokens of a reply that are read."""
_TOGETHER = 16
"""Replies behind one prompt at most."""


def states_of(replies: Sequence[Judged], *, base: str, template: str, layers: int, kept: Path) -> Floats:
    """(replies, 2, layers, width): after each of the first layers the mean over the reply's tokens, and its last one's.

    What `kept` holds is not read again; what it does not is added. The first layer's input counts as layer 0.
    """
    keys = [_key(each) for each in replies]
    known: dict[str, Floats] = {}
    if kept.is_file():
        with np.load(kept) as file:
            known = dict(zip(file["keys"].tolist(), file["states"], strict=True))
    wanted = {key: each for key, each in zip(keys, replies, strict=True) if key not in known}
    if wanted:
        known |= _read(wanted, base, template, layers)
        np.savez(kept, keys=np.array(list(known)), states=np.stack(list(known.values())))
    return np.stack([known[key] for key in keys])


def _key(each: Judged) -> str:
    return hashlib.sha256(json.dumps([each.messages, each.reply]).encode()).hexdigest()[:24]


def _read(wanted: dict[str, Judged], base: str, template: str, layers: int) -> dict[str, Floats]:
    import torch
    from transformers import AutoConfig, AutoModel

    from espalier.models.loading import load_renderer, resolve
    from espalier.text.chat_template import read_template

    reference = resolve(base)
    renderer = load_renderer(reference, read_template(template))
    config = AutoConfig.from_pretrained(reference.path)
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]
    model = AutoModel.from_pretrained(reference.path, config=config, dtype=torch.float32, attn_implementation="sdpa")
    together: dict[str, list[str]] = defaultdict(list)
    for key, each in wanted.items():
        together[json.dumps(each.messages)].append(key)
    found: dict[str, Floats] = {}
    with progress(len(wanted), "hidden states") as bar, torch.inference_mode():
        for names in together.values():
            for start in range(0, len(names), _TOGETHER):
                some = names[start : start + _TOGETHER]
                prompt = renderer.prompt(wanted[some[0]].messages)
                said = [
                    renderer.render([*wanted[key].messages, {"role": "assistant", "content": wanted[key].reply}]).ids
                    for key in some
                ]
                # The last token ends the turn, which is no word of the reply.
                tails = [ids[len(prompt) : -1][:_LONGEST] for ids in said]
                states = _beside_each_other(model.eval(), prompt, tails)
                found |= dict(zip(some, (each[:, :layers] for each in states), strict=True))
                bar.update(len(found), {})
    return found


def _beside_each_other(model: Any, prompt: list[int], tails: list[list[int]]) -> list[Floats]:
    """Of each tail, (2, layers + 1, width)."""
    import torch

    ids, places, owners, spans = list(prompt), list(range(len(prompt))), [-1] * len(prompt), []
    for number, tail in enumerate(tails):
        spans.append(slice(len(ids), len(ids) + len(tail)))
        ids += tail
        places += range(len(prompt), len(prompt) + len(tail))
        owners += [number] * len(tail)
    place, owner = torch.tensor(places), torch.tensor(owners)
    sees = (place[None] <= place[:, None]) & ((owner[None] == -1) | (owner[None] == owner[:, None]))
    mask: Any = sees[None, None]
    if window := getattr(model.config, "sliding_window", None):
        near = (sees & (place[:, None] - place[None] < window))[None, None]
        mask = {"full_attention": mask, "sliding_attention": near}
    shown = model(
        input_ids=torch.tensor([ids]), position_ids=place[None], attention_mask=mask, output_hidden_states=True,
        use_cache=False,
    ).hidden_states  # fmt: skip
    states = torch.stack(shown)[:, 0].float()
    return [torch.stack([states[:, span].mean(dim=1), states[:, span.stop - 1]]).numpy() for span in spans]
