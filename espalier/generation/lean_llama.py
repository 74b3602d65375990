"""The one shortcut in generation: a small Llama's arithmetic in as few operations as it takes, for processors.

**When.** `lean` is asked once per batch, in `decoding._Batch`, and nowhere else. It says yes to a `LlamaForCausalLM` in
float32 on a processor with at most 50 million parameters, adapted or not; to all else, None, and transformers reads.

**Why.** With so few parameters most of a forward pass of transformers is not arithmetic: a norm is six operations, an
adapter adds three to each layer, the mask is made anew, and so are copies of keys. Here adapters, norms' weights and
the scale of attention are folded into a copy of the weights, projections that read the same vector are one matrix, laid
out as few rows multiply it fastest, positions are one multiplication of complex numbers, and reading a prompt stops at
the last layer's keys and values. `research/benchmarks/evaluation/lean.py` prints what that is worth.

**What it rests on.** Where transformers and peft keep weights and what their modules are called; that positions turn
halves of a head, by angles that do not depend on the text's length. Each time, eight tokens are read both ways first:
where something is missing, of another shape, or logits differ by more than rounding does, transformers reads. Replies
are the same text: what differs is the rounding, as between two batch sizes.

**How to turn it off.** `ESPALIER_LEAN=off` in the environment of any command.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from torch.nn import functional as F

from espalier.generation.kv_cache import Slots

_MOST_PARAMETERS = 50_000_000
"""Above, arithmetic dominates, and a copy of the weights is not to be had for nothing."""
_FIXED_ANGLES = ("default", "linear", "llama3", "yarn")
"""Kinds of positions of which each has its angles, however long the text is: eight tokens would not show the others."""
_NEAR = 1e-5
"""How far logits may differ from those of transformers, as a share of the largest."""


def lean(model: Any) -> LeanLlama | None:
    """The same model with fewer operations, or None where transformers has to read: see the top of this file."""
    from transformers import LlamaForCausalLM

    llama = model.get_base_model() if hasattr(model, "peft_config") else model
    weights = list(model.parameters())
    if (
        os.environ.get("ESPALIER_LEAN") == "off"
        or type(llama) is not LlamaForCausalLM
        or any(each.dtype != torch.float32 or each.device.type != "cpu" for each in weights)
        or sum(each.numel() for each in weights) > _MOST_PARAMETERS
    ):
        return None
    with torch.no_grad():
        tokens = torch.arange(8) % llama.config.vocab_size
        wanted = model(input_ids=tokens.unsqueeze(0), use_cache=False).logits[0, -1]
        try:
            found = LeanLlama(llama)
            logits = _after(found, tokens, len(llama.model.layers))
            near = (logits - wanted).abs().max() <= _NEAR * wanted.abs().max()
        except (AttributeError, KeyError, TypeError, RuntimeError):
            return None  # transformers or peft is not as expected
    return found if near else None


def _after(network: LeanLlama, tokens: torch.Tensor, num_layers: int) -> torch.Tensor:
    last = len(tokens) - 1
    memory = Slots(num_layers, 1, len(tokens))
    memory.begin(slice(0, 1), 0, last)
    network.read(tokens[None, :last], torch.arange(last), memory)
    memory.go_on(torch.tensor([last]), len(tokens))
    return network.logits(tokens[last:], torch.tensor([last]), memory)[0]


class LeanLlama:
    """What a `LlamaForCausalLM` computes in float32, with adapters as they are switched now.

    AttributeError, KeyError, TypeError or RuntimeError where it is not put together as expected.
    """

    def __init__(self, llama: Any) -> None:
        config, decoder = llama.config, llama.model
        if config.hidden_act != "silu" or config.attention_bias or config.mlp_bias:
            raise TypeError("an activation, or biases, that are not known here")
        if config.rope_parameters["rope_type"] not in _FIXED_ANGLES:
            raise TypeError("angles that change with the length of the text")
        self._num_heads, self._num_groups = config.num_attention_heads, config.num_key_value_heads
        self._head_size = decoder.layers[0].self_attn.head_dim
        self._embedding = _weight(decoder.embed_tokens)
        # A norm divides by the root of the sum of squares plus this; the root of the width is in the matrix behind it.
        self._epsilon = torch.tensor(config.rms_norm_eps * config.hidden_size).sqrt()
        self._layers = [self._layer_weights(layer) for layer in decoder.layers]
        self._output = _behind_norm(decoder.norm, [_weight(llama.lm_head)])
        self._rotary, self._angles = decoder.rotary_emb, self._table(decoder.rotary_emb, 256)

    def read(self, tokens: torch.Tensor, columns: torch.Tensor, memory: Slots) -> None:
        """Put keys and values of `tokens` (rows, tokens), which stand in `columns` (tokens,), into `memory`."""
        rows, length = tokens.shape
        first, groups = int(columns[0]), self._num_heads // self._num_groups
        hidden = F.embedding(tokens.flatten(), self._embedding)
        angles = self._angles_of(columns, first + length).repeat(rows, 1, 1)
        mask = torch.ones(length, first + length, dtype=torch.bool).tril(first) if first else None
        for place, layer in enumerate(self._layers):
            heads = (each.view(rows, length, -1, self._head_size) for each in self._project(layer, hidden, angles))
            queries, keys, values = (each.transpose(1, 2) for each in heads)
            keys, values = memory.layers[place].update(keys, values)
            if place + 1 == len(self._layers):
                return
            seen = F.scaled_dot_product_attention(
                queries,
                keys.repeat_interleave(groups, 1) if groups > 1 else keys,
                values.repeat_interleave(groups, 1) if groups > 1 else values,
                attn_mask=mask,
                is_causal=mask is None,
                scale=1.0,
            )
            self._mix(layer, hidden, seen.transpose(1, 2).reshape(rows * length, -1))

    def logits(self, tokens: torch.Tensor, columns: torch.Tensor, memory: Slots) -> torch.Tensor:
        """Logits (rows, vocabulary) after one token (rows,) for each row, which stands in its column (rows,)."""
        rows, width = len(tokens), memory.end
        hidden, angles = F.embedding(tokens, self._embedding), self._angles_of(columns, width)
        mask = torch.where(torch.arange(width) > columns.unsqueeze(1), -torch.inf, 0.0).unsqueeze(1)
        for place, layer in enumerate(self._layers):
            queries, keys, values = self._project(layer, hidden, angles)
            keys, values = memory.layers[place].update(keys.unsqueeze(2), values.unsqueeze(2))
            # The heads that share keys stand where further tokens would: no copies of keys and values are made.
            queries = queries.reshape(rows * self._num_groups, -1, self._head_size)
            scores = torch.bmm(queries, keys.transpose(2, 3).flatten(0, 1))
            scores.view(rows, -1, width).add_(mask)
            seen = torch.bmm(scores.softmax(-1), values.flatten(0, 1))
            self._mix(layer, hidden, seen.view(rows, -1))
        return torch.mm(self._normed(hidden), self._output)

    def _angles_of(self, columns: torch.Tensor, end: int) -> torch.Tensor:
        """Turns (columns, 1, half a head) of `columns` (columns,), all before `end`, as complex numbers."""
        if end > len(self._angles):
            self._angles = self._table(self._rotary, 2 * end)
        return self._angles[columns].unsqueeze(1)

    def _table(self, rotary: Any, length: int) -> torch.Tensor:
        cos, sin = rotary(self._embedding, torch.arange(length).unsqueeze(0))
        half = self._head_size // 2
        return torch.complex(cos[0, :, :half].contiguous(), sin[0, :, :half].contiguous())

    def _project(
        self, layer: dict[str, torch.Tensor], hidden: torch.Tensor, angles: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries, keys and values (tokens, heads, head size), the first two turned by their position."""
        rows, size, num_turned = len(hidden), self._head_size, self._num_heads + self._num_groups
        heads = torch.mm(self._normed(hidden), layer["qkv"])
        turned, values = heads.tensor_split((num_turned * size,), 1)
        turned = torch.view_as_complex(turned.view(rows, num_turned, -1, 2)) * angles
        turned = torch.view_as_real(turned).view(rows, num_turned, size)
        return (
            turned.narrow(1, 0, self._num_heads),
            turned.narrow(1, self._num_heads, self._num_groups),
            values.view(rows, -1, size),
        )

    def _mix(self, layer: dict[str, torch.Tensor], hidden: torch.Tensor, seen: torch.Tensor) -> None:
        """Add to `hidden` (tokens, width), in place, what a layer makes of it and of `seen`."""
        hidden.addmm_(seen, layer["o"])
        gate, up = torch.mm(self._normed(hidden), layer["gate_up"]).chunk(2, 1)
        hidden.addmm_(F.silu(gate).mul_(up), layer["down"])

    def _normed(self, hidden: torch.Tensor) -> torch.Tensor:
        length = torch.linalg.vector_norm(hidden, dim=-1, keepdim=True)
        return hidden / torch.hypot(length, self._epsilon)

    def _layer_weights(self, layer: Any) -> dict[str, torch.Tensor]:
        """Matrices (in, out): with few rows, that is multiplied twice as quickly as (out, in)."""
        attention, mlp = layer.self_attn, layer.mlp
        return {
            "qkv": _behind_norm(
                layer.input_layernorm,
                [
                    self._pairs_adjacent(_weight(attention.q_proj)) * attention.scaling,
                    self._pairs_adjacent(_weight(attention.k_proj)),
                    _weight(attention.v_proj),
                ],
            ),
            "o": _weight(attention.o_proj).T.contiguous(),
            "gate_up": _behind_norm(layer.post_attention_layernorm, [_weight(mlp.gate_proj), _weight(mlp.up_proj)]),
            "down": _weight(mlp.down_proj).T.contiguous(),
        }

    def _pairs_adjacent(self, weight: torch.Tensor) -> torch.Tensor:
        """Of each head, the two halves that are turned together, one by one: complex numbers lie so in memory."""
        halves = weight.view(-1, 2, self._head_size // 2, weight.shape[1])
        return halves.transpose(1, 2).reshape(weight.shape)


def _behind_norm(norm: Any, weights: list[torch.Tensor]) -> torch.Tensor:
    """One matrix (in, out) of several (out, in) that read the same vector, with the norm's own weights in it."""
    scale = _weight(norm)
    scale = scale * scale.new_tensor(len(scale)).sqrt()
    return (torch.cat(weights) * scale).T.contiguous()


def _weight(module: Any) -> torch.Tensor:
    """A module's weight with its adapters folded in, where switched on; AttributeError for unknown parts."""
    adapters = [] if getattr(module, "disable_adapters", True) else module.active_adapters
    if hasattr(module, "token_adapter"):  # peft's wrapper for embeddings of which adapters have some rows
        layer = module.token_adapter
        merged: torch.Tensor = layer.get_merged_weights(adapters) if adapters else layer.base_layer.weight
        return merged.detach()
    if hasattr(module, "original_module"):  # and for a module that adapters have copies of
        own = [module.modules_to_save[name] for name in adapters if name in module.modules_to_save]
        return _weight(own[0] if own else module.original_module)
    if not hasattr(module, "base_layer"):
        weight: torch.Tensor = module.weight.detach()
        return weight
    weight = module.base_layer.weight.detach()
    for name in adapters:
        if name in module.lora_A:
            weight = weight + module.get_delta_weight(name).detach()
            if name in module.lora_magnitude_vector:  # DoRA: each row as long as was learned
                weight = weight * (module.lora_magnitude_vector[name].weight.detach() / weight.norm(dim=1))[:, None]
    return weight
