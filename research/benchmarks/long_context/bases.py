"""Models of known shapes with random weights, and rows as long as any sequence, laid out once for every contestant.

`qwen3-8b` and `llama-3.1-8b` have the published configurations; `tiny` is a Qwen3 for a rehearsal on a CPU. Weights are
written layer by layer, so that memory never holds more than one of them, and read tensor by tensor into 4 bits.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from espalier.artifacts import records

MIX = "long-rows"
_WORDS, _ROWS, _WORDS_PER_ROW = 400, 4, 60_000
_STD = 0.02

SHAPES: dict[str, dict[str, Any]] = {
    "qwen3-8b": {
        "model_type": "qwen3", "vocab_size": 151_936, "hidden_size": 4096, "intermediate_size": 12_288,
        "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "max_position_embeddings": 40_960, "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0},
    },
    "llama-3.1-8b": {
        "model_type": "llama", "vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14_336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "max_position_embeddings": 131_072, "rms_norm_eps": 1e-5,
        "rope_parameters": {"rope_type": "default", "rope_theta": 500_000.0},
    },
    "tiny": {
        "model_type": "qwen3", "vocab_size": 2048, "hidden_size": 64, "intermediate_size": 192,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
        "max_position_embeddings": 1024, "rms_norm_eps": 1e-6,
    },
}  # fmt: skip
"""Sources: the config.json of Qwen/Qwen3-8B and of meta-llama/Llama-3.1-8B, without its scaling of positions."""


def config_of(shape: str) -> Any:
    """The transformers configuration of a shape."""
    from transformers import AutoConfig

    return AutoConfig.for_model(**SHAPES[shape], tie_word_embeddings=False)


def folder_of(shape: str, work: Path) -> Path:
    """Where a shape's model lies in the workspace."""
    return work / "bases" / shape


def prepare(shape: str, work: Path) -> None:
    """Lay out the model and the rows in `work`, unless they are there."""
    from espalier.text.rows import read_rows, write_rows
    from stage1.tokenizer import train_tokenizer

    mix = work / "mixes" / MIX
    if not records.is_complete(mix):
        mix.mkdir(parents=True, exist_ok=True)
        write_rows(mix / "train.parquet", list(_rows()))
        records.write_manifest(mix, {"kind": "mix", "name": MIX})
    folder = folder_of(shape, work)
    if folder.exists():
        return
    folder.parent.mkdir(exist_ok=True)
    with records.staging(folder) as temporary:
        rows = read_rows(mix / "train.parquet")
        tokenizer = train_tokenizer(rows, vocab_size=512, max_bytes=100_000, chat_template=None).tokenizer
        tokenizer.save_pretrained(temporary)
        config = config_of(shape)
        config.pad_token_id, config.eos_token_id = tokenizer.pad_token_id, tokenizer.eos_token_id
        config.architectures = [_class(config).__name__]
        config.dtype = "bfloat16"
        config.save_pretrained(temporary)
        _write_weights(config, temporary)


def _rows() -> Iterator[Any]:
    from espalier.text.rows import Row

    chance = random.Random(0)
    words = ["".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(2, 8))) for _ in range(_WORDS)]
    for number in range(_ROWS):
        text = " ".join(chance.choices(words, k=_WORDS_PER_ROW))
        yield Row(id=f"long-{number}", source="random", split="train", messages=[{"role": "text", "content": text}])


def _class(config: Any) -> type:
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING

    found: type = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    return found


def _write_weights(config: Any, folder: Path) -> None:
    """A file of safetensors for each decoder layer, and one for each tensor outside of them."""
    import torch
    from safetensors.torch import save_file

    device = "cuda" if torch.cuda.is_available() else "cpu"
    chance = torch.Generator(device).manual_seed(0)
    with torch.device("meta"):
        model = _class(config)(config)
    files: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, value in model.state_dict().items():
        part = ".".join(name.split(".")[:3]) if ".layers." in name else name
        files.setdefault(part, {})[name] = tuple(value.shape)
    index, total = {}, 0
    for number, shapes in enumerate(files.values(), 1):
        file = f"model-{number:05d}-of-{len(files):05d}.safetensors"
        tensors = {}
        for name, shape in shapes.items():
            value = torch.ones(shape, dtype=torch.bfloat16, device=device)
            tensors[name] = (value.normal_(0, _STD, generator=chance) if len(shape) > 1 else value).cpu()
            index[name], total = file, total + 2 * value.numel()
        save_file(tensors, folder / file, metadata={"format": "pt"})
    told = {"metadata": {"total_size": total}, "weight_map": index}
    (folder / "model.safetensors.index.json").write_text(json.dumps(told), encoding="utf-8")
