"""The configurations that come with the project: each is valid, and its plan keeps what its name promises."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from espalier.artifacts import records
from espalier.command_line.config import read_yaml
from stage1.config import DEFAULT_CONFIG
from stage1.train import main

FOLDER = DEFAULT_CONFIG.parent
_QWEN3: dict[str, Any] = {
    "model_type": "qwen3",
    "vocab_size": 151_936,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40_960,
}
BASES: dict[str | None, dict[str, Any]] = {
    "Qwen/Qwen3-8B": _QWEN3
    | {
        "hidden_size": 4096,
        "intermediate_size": 12_288,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "tie_word_embeddings": False,
    },
    "Qwen/Qwen3-0.6B": _QWEN3
    | {
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "num_hidden_layers": 28,
        "num_attention_heads": 16,
        "tie_word_embeddings": True,
    },
    "meta-llama/Llama-3.1-8B-Instruct": {
        "model_type": "llama",
        "vocab_size": 128_256,
        "hidden_size": 4096,
        "intermediate_size": 14_336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 131_072,
        "tie_word_embeddings": False,
    },
    "google/gemma-3-270m": {
        "model_type": "gemma3_text",
        "vocab_size": 262_144,
        "hidden_size": 640,
        "intermediate_size": 2048,
        "num_hidden_layers": 18,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 256,
        "sliding_window": 512,
        "max_position_embeddings": 32_768,
    },
}
"""What the bases' own config.json say of their shapes, by the names that the hub knows them by."""
BASES[None] = BASES["Qwen/Qwen3-0.6B"]
CARDS = {"8gb": ["--vram", "8GB"], "24gb": ["--vram", "24GB"]}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_configuration_is_valid_and_is_planned_without_a_network(
    file: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=8 << 30))
    said = read_yaml(file)
    words: list[str] = CARDS.get(file.stem.rpartition("-")[2], [])
    if "base" in said:
        base = workspace / "base"
        base.mkdir()
        records.write_json(base / "config.json", BASES[said["base"]])
        words = [*words, "--base", str(base)]
    assert main([str(file), "--plan", *words]) == 0
    shown = capsys.readouterr().out
    assert f"plan of {said['name']}: " in shown
    assert "it fits in " + (f"a card of {words[1]}" if words[:1] == ["--vram"] else "this machine") in shown


def test_on_8_gb_sequences_have_16_384_tokens() -> None:
    found = {file.stem: read_yaml(file) for file in FOLDER.glob("*-8gb.yaml")}
    assert {name: said["seq_len"] for name, said in found.items()} == {
        "qwen3-8b-8gb": 16_384,
        "llama-3.1-8b-8gb": 16_384,
    }


def test_no_two_configurations_make_the_same_run() -> None:
    names = [read_yaml(file)["name"] for file in FOLDER.glob("*.yaml")]
    assert len(names) == len(set(names))
