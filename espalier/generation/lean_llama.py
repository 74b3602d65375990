"""The arithmetic of a small Llama in as few operations as it takes, for processors.

With a model of a few million parameters, most of a forward pass of transformers is not arithmetic: a norm is six
operations, an adapter adds three to each layer, and the mask is made anew. Here adapters are folded into a copy of the
weights, projections that read the same vector are one matrix, and reading a prompt stops at the last layer's keys and
values. What comes out differs by rounding, as between two batch sizes; a model for which it does not is left alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from espalier.generation.kv_cache import Slots

_MOST_PARAMETERS = 50_000_000
"""Above, arithmetic dominates, and a copy of the weights is not to be had for nothing."""
_NEAR = 1e-5
"""How far logits may differ from those of transformers, as a share of the largest."""


def flatten(model: Any) -> Flat | None:
    """The same model with fewer operations; None for one that is large, on a GPU, not in float32, or not a Llama.

    Whether it is the same is tried out on a few tokens: an adapter, or positions, of a kind unknown here do not pass.
    """
    from transformers import LlamaForCausalLM

    llama = model.get_base_model() if hasattr(model, "peft_config") else model
    weights = list(model.parameters())
    if (
        type(llama) is not LlamaForCausalLM
        or any(each.dtype != torch.float32 or each.device.type != "cpu" for each in weights)
        or sum(each.numel() for each in weights) > _MOST_PARAMETERS
        or llama.config.hidden_act != "silu"
        or llama.config.attention_bias
        or llama.config.mlp_bias
    ):
        return None
    with torch.no_grad():
        try:
            flat = Flat(llama)
        except AttributeError:
            return None
        tokens = torch.arange(8).unsqueeze(0) % llama.config.vocab_size
        wanted = model(input_ids=tokens, use_cache=False).logits[0, -1]
        memory = Slots(llama.config.num_hidden_layers, 1, 8)
        memory.begin(slice(0, 1), 0, 7)
        flat.read(tokens[:, :7], torch.arange(7), memory.cache)
        memory.go_on(torch.tensor([7]))
        found = flat.logits(tokens[:, 7], torch.tensor([7]), memory.cache)[0]
    return flat if bool((found - wanted).abs().max() <= _NEAR * wanted.abs().max()) else None


class Flat:
    """What a `LlamaForCausalLM` computes in float32, with adapters as they are switched now."""

    def __init__(self, llama: Any) -> None:
        config, decoder = llama.config, llama.model
        self._num_heads, self._num_groups = config.num_attention_heads, config.num_key_value_heads
        self._head_size, self._epsilon = decoder.layers[0].self_attn.head_dim, config.rms_norm_eps
        self._embedding = _weight(decoder.embed_tokens)
        self._layers = [_layer_weights(layer) for layer in decoder.layers]
        # A norm's weights scale what the next matrix reads, so that the matrix can hold them.
        self._output = _weight(llama.lm_head) * _weight(decoder.norm)
        self._rotary, self._angles = decoder.rotary_emb, self._table(decoder.rotary_emb, 256)

    def read(self, tokens: torch.Tensor, columns: torch.Tensor, cache: Any) -> None:
        """Put keys and values of `tokens` (rows, tokens), which stand in `columns` (tokens,), into `cache`."""
        hidden, angles = F.embedding(tokens, self._embedding), self._angles_of(columns.unsqueeze(0))
        first, length = int(columns[0]), len(columns)
        mask = torch.ones(length, first + length, dtype=torch.bool).tril(first) if first else None
        for place, layer in enumerate(self._layers):
            queries, keys, values = self._project(layer, hidden, angles)
            keys, values = cache.update(keys, values, place)
            if place + 1 == len(self._layers):
                return
            groups = self._num_heads // self._num_groups
            seen = F.scaled_dot_product_attention(
                queries,
                keys.repeat_interleave(groups, 1) if groups > 1 else keys,
                values.repeat_interleave(groups, 1) if groups > 1 else values,
                attn_mask=mask,
                is_causal=mask is None,
            )
            hidden = self._mix(layer, hidden, seen.transpose(1, 2))

    def logits(self, tokens: torch.Tensor, columns: torch.Tensor, cache: Any) -> torch.Tensor:
        """Logits (rows, vocabulary) after one token (rows,) for each row, which stands in its column (rows,)."""
        hidden, angles = F.embedding(tokens.unsqueeze(1), self._embedding), self._angles_of(columns.unsqueeze(1))
        beyond = torch.arange(int(columns.max()) + 1) > columns.unsqueeze(1)
        mask = torch.zeros(beyond.shape).masked_fill_(beyond, -torch.inf)[:, None, None]
        for place, layer in enumerate(self._layers):
            queries, keys, values = self._project(layer, hidden, angles)
            keys, values = cache.update(keys, values, place)
            # The heads that share keys stand where further tokens would: no copies of keys and values are made.
            queries = queries.view(len(tokens), self._num_groups, -1, self._head_size)
            seen = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
            hidden = self._mix(layer, hidden, seen.reshape(len(tokens), 1, -1, self._head_size))
        return F.linear(self._normed(hidden[:, 0]), self._output)

    def _angles_of(self, columns: torch.Tensor) -> torch.Tensor:
        """Cosines and signed sines (rows, 2, 1, tokens, head size) for `columns` (rows, tokens)."""
        end = int(columns.max()) + 1
        if end > len(self._angles):
            self._angles = self._table(self._rotary, 2 * end)
        return self._angles[columns].permute(0, 2, 1, 3).unsqueeze(2)

    def _table(self, rotary: Any, length: int) -> torch.Tensor:
        """Cosines and sines (columns, 2, head size). The sines of the first half are negated: see `_project`."""
        cos, sin = rotary(self._embedding, torch.arange(length).unsqueeze(0))
        sin[..., : self._head_size // 2] *= -1
        return torch.stack([cos[0], sin[0]], dim=1)

    def _project(
        self, layer: dict[str, torch.Tensor], hidden: torch.Tensor, angles: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries, keys and values (rows, heads, tokens, head size), the first two turned by their position."""
        rows, length, _ = hidden.shape
        heads = F.linear(self._normed(hidden), layer["qkv"]).view(rows, length, -1, self._head_size).transpose(1, 2)
        num_turned = self._num_heads + self._num_groups
        turned, values = heads[:, :num_turned], heads[:, num_turned:]
        turned = turned * angles[:, 0] + turned.roll(self._head_size // 2, dims=-1) * angles[:, 1]
        return turned[:, : self._num_heads], turned[:, self._num_heads :], values

    def _mix(self, layer: dict[str, torch.Tensor], hidden: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        hidden = hidden + F.linear(seen.flatten(2), layer["o"])
        gate, up = F.linear(self._normed(hidden), layer["gate_up"]).chunk(2, dim=-1)
        return hidden + F.linear(F.silu(gate) * up, layer["down"])

    def _normed(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden * hidden.square().mean(-1, keepdim=True).add_(self._epsilon).rsqrt_()


def _layer_weights(layer: Any) -> dict[str, torch.Tensor]:
    attention, mlp = layer.self_attn, layer.mlp
    heads = torch.cat([_weight(each) for each in (attention.q_proj, attention.k_proj, attention.v_proj)])
    return {
        "qkv": heads * _weight(layer.input_layernorm),
        "o": _weight(attention.o_proj),
        "gate_up": torch.cat([_weight(mlp.gate_proj), _weight(mlp.up_proj)]) * _weight(layer.post_attention_layernorm),
        "down": _weight(mlp.down_proj),
    }


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
    return weight
