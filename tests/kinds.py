"""Tiny models of many architectures, of random weights, whose windows and chunks are far shorter than the sequences."""

from typing import Any

from tests import tiny

_SIZES = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
          "num_key_value_heads": 1, "head_dim": 16}  # fmt: skip
_WINDOW = {"sliding_window": 6}
_BY_TURNS = _WINDOW | {"layer_types": ["sliding_attention", "full_attention"]}
_QWEN_2 = {"use_sliding_window": True, "max_window_layers": 1}
_EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
_OLDER = {"n_embd": 32, "n_layer": 2, "n_head": 2}
KINDS: dict[str, dict[str, Any]] = {
    "llama": _SIZES,
    "mistral": _SIZES | _WINDOW,
    "mixtral": _SIZES | _WINDOW | _EXPERTS,
    "ministral": _SIZES | _BY_TURNS,
    "starcoder2": _SIZES | _WINDOW,
    "gemma": _SIZES,
    "gemma2": _SIZES | _BY_TURNS,
    "gemma3_text": _SIZES | _BY_TURNS,
    "gemma3": {"text_config": _SIZES | _BY_TURNS, "mm_tokens_per_image": 4, "image_token_index": 302,
               "vision_config": {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
                                 "num_attention_heads": 2, "image_size": 28, "patch_size": 14}},
    "qwen2": _SIZES | _WINDOW | _QWEN_2,
    "qwen3": _SIZES | _WINDOW | _QWEN_2,
    "qwen3_moe": _SIZES | _WINDOW | {"use_sliding_window": True, "moe_intermediate_size": 16, "num_experts": 4,
                                     "num_experts_per_tok": 2},
    "phi3": _SIZES | _WINDOW | {"pad_token_id": 0},
    "cohere2": _SIZES | _BY_TURNS,
    "olmo3": _SIZES | _BY_TURNS,
    "smollm3": _SIZES | _BY_TURNS | {"use_sliding_window": True, "no_rope_layers": [1, 0], "pad_token_id": 0},
    "exaone4": _SIZES | _BY_TURNS,
    "granite": _SIZES,
    "gpt_oss": _SIZES | _BY_TURNS | _EXPERTS,
    "llama4_text": _SIZES | _EXPERTS | {"num_hidden_layers": 4, "attention_chunk_size": 6, "intermediate_size_mlp": 32,
                                        "layer_types": ["chunked_attention"] * 3 + ["full_attention"],
                                        "no_rope_layers": [1, 1, 1, 0]},
    "gpt2": _OLDER,
    "gpt_neo": {"hidden_size": 32, "num_layers": 2, "num_heads": 2, "window_size": 6,
                "attention_types": [[["global", "local"], 1]]},
    "gpt_neox": _SIZES,
    "falcon": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2},
    "mpt": {"d_model": 32, "n_layers": 2, "n_heads": 2},
    "opt": {"hidden_size": 32, "ffn_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "word_embed_proj_dim": 32},
    "phi": _SIZES,
    "stablelm": _SIZES,
    # Those that carry something on, or know rows by no mask.
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 2},
    "lfm2": _SIZES | {"layer_types": ["conv", "full_attention"]},
    "mamba": {"hidden_size": 32, "num_hidden_layers": 2},
    "recurrent_gemma": _SIZES | {"num_hidden_layers": 3, "lru_width": 32, "attention_window_size": 6},
}  # fmt: skip
"""Configurations by transformers' name of the architecture."""
NEVER_PACKED = ("bloom", "lfm2", "mamba", "recurrent_gemma")


def model(name: str, seed: int = 0, **changes: Any) -> Any:
    """A model of one of `KINDS` in evaluation mode, for the tokenizer of `tiny`."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = KINDS[name] | changes
    sizes = {"vocab_size": len(tiny.renderer().tokenizer), "initializer_range": 0.3}
    if "text_config" in settings:
        settings["text_config"] = sizes | settings["text_config"]
    config = AutoConfig.for_model(name, **sizes | settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AutoModelForCausalLM.from_config(config).eval()
