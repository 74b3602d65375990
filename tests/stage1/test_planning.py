"""`--plan`, `--vram`, `--fit`: told before anything is loaded, chosen so that it fits, refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest
import transformers

from espalier.artifacts import records
from espalier.artifacts.run import recorded
from espalier.errors import UserError
from stage1.train import main
from tests.stage1.commands import CORE, TRUNK, make_mix, write_config

BASE = {"vocab_size": 512, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 8}
QUICK: dict[str, Any] = {"steps": 2, "checkin": {"every": 0}, "heldout": {"every": 0}}


@pytest.fixture
def described(workspace: Path) -> Path:
    """A base of which only the configuration is here."""
    folder = workspace / "base"
    transformers.LlamaConfig(**BASE, num_attention_heads=4, max_position_embeddings=4096).save_pretrained(folder)
    facts = {key: value for key, value in TRUNK.items() if key not in ("model", "tokenizer")}
    return write_config(
        workspace, facts, name="tuned", base=str(folder), adapter={"r": 4}, seq_len=2048, micro_batch_size=4
    )


def test_a_plan_needs_no_more_than_a_configuration(described: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(described), "--plan", "--vram", "24GB"]) == 0
    said = capsys.readouterr().out
    assert "llama, 5.5 million parameters; 4 x 2,048 tokens on cuda, bfloat16" in said
    assert "kept by layers that are not checkpointed" in said and "optimizer step" in said
    assert "it fits in a card of 24GB" in said and "24 steps of up to 8,192 tokens, 196,608 in all" in said
    assert not recorded("tuned")


def test_what_does_not_fit_is_told_what_to_turn_on(described: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(described), "--plan", "--vram", "1GB"]) == 0
    said = capsys.readouterr().out
    assert "it does not fit in a card of 1GB" in said
    assert "micro_batch_size: 1, grad_accum: 4" in said and "with these it fits" in said


def test_held_out_rows_are_part_of_a_plan(described: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(described), "--plan", "--vram", "0.85GB", "--micro_batch_size", "1"]) == 0
    said = capsys.readouterr().out
    assert "at the peak, in the held-out rows" in said and "heldout.batch_size: 1" in said
    assert (
        main([str(described), "--plan", "--vram", "0.85GB", "--micro_batch_size", "1", "--heldout.batch_size", "1"])
        == 0
    )
    assert "it fits in a card of 0.85GB" in capsys.readouterr().out


def test_fit_chooses_the_longest_that_fits_and_keeps_the_tokens_of_a_step(
    described: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(described), "--plan", "--fit", "--vram", "24GB", "--max_seq_len", "1024"]) == 0
    said = capsys.readouterr().out
    assert "seq_len: 1024" in said and "micro_batch_size: 8" in said
    assert main([str(described), "--plan", "--fit", "--vram", "0.7GB"]) == 0
    said = capsys.readouterr().out
    assert "memory.gradient_checkpointing" in said and "it fits in a card of 0.7GB" in said


def test_a_new_model_and_one_whose_parent_is_not_there_yet(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trunk = write_config(workspace, TRUNK)
    assert main([str(trunk), "--plan"]) == 0
    alone = capsys.readouterr().out
    assert "llama, 0.0 million parameters" in alone and "Python, torch and libraries" in alone
    core = write_config(workspace, CORE, parent_config=trunk.name)
    assert main([str(core), "--plan"]) == 0
    assert "plan of core: llama" in capsys.readouterr().out


def test_fit_trains_with_what_it_chose_and_goes_on_with_it(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_mix(workspace)
    config = str(write_config(workspace, TRUNK, **QUICK))
    assert main([config, "--fit", "--max_seq_len", "64"]) == 0
    chosen = recorded("trunk")["config"]
    assert (chosen["seq_len"], chosen["micro_batch_size"] * chosen["grad_accum"]) == (64, 1)
    done = records.verify_manifest(workspace / "runs" / "trunk")["summary"]
    assert done["peak_memory_gb"] and done["planned_memory_gb"] is None, "what is planned is a GPU's count of tensors"
    capsys.readouterr()
    assert main([config, "--fit"]) == 0
    said = capsys.readouterr().out
    assert "goes on with the settings that it was begun with" in said and "already complete" in said


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--plan", "--vram", "8"], "--vram: '8' is no size of a card: write it as 8GB or 24GB"),
        (["--plan", "--vram", "lots"], "'lots' is no size of a card"),
        (["--vram", "8GB"], "--vram names a card to plan for: give --plan or --fit with it"),
        (["--max_seq_len", "64"], "--max_seq_len bounds what --fit chooses"),
        (["--plan", "--vram", "8GB", "--device", "cpu"], "names a card, but device: cpu computes without one"),
        (["--plan", "--vram", "0.4GB"], "nothing fits: the smallest plan"),
        (["--plan", "--fit", "--vram", "0.4GB"], "nothing fits: the smallest plan"),
        (["--fit", "--vram", "8GB", "--device", "cpu"], "device: cpu computes without one"),
        (["--plan", "--base", "nobody/nothing"], "no config.json in the cache, and the hub did not give it"),
        (["--plan", "--base", "nothing"], "no model 'nothing'"),
    ],
)
def test_what_cannot_be_planned_is_one_line(described: Path, flags: list[str], complaint: str) -> None:
    with pytest.raises(UserError) as refused:
        main([str(described), *flags])
    assert complaint in str(refused.value) and "\n" not in str(refused.value)


def test_an_architecture_that_nobody_knows_is_one_line(described: Path, workspace: Path) -> None:
    file = workspace / "base" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model_type": "zeppelin"}))
    with pytest.raises(UserError, match="its architecture, zeppelin, is not known to transformers"):
        main([str(described), "--plan"])


def test_a_plan_refuses_what_training_would_refuse(workspace: Path, described: Path) -> None:
    transformers.LlamaConfig(**BASE, num_attention_heads=4, tie_word_embeddings=True).save_pretrained(
        workspace / "base"
    )
    with pytest.raises(UserError, match="memory.embedding_on_cpu: the output layer shares the embedding's weights"):
        main([str(described), "--plan", "--vram", "8GB", "--memory.embedding_on_cpu", "true"])
    with pytest.raises(UserError, match="memory.gradient_checkpointing: 99 layers, but the model has 8; say all"):
        main([str(described), "--plan", "--vram", "8GB", "--memory.gradient_checkpointing", "99"])


def test_without_a_card_nothing_is_planned_into_other_memory(
    described: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*flags: str) -> str:
        assert main([str(described), "--plan", "--device", "cpu", *flags]) == 0
        return capsys.readouterr().out

    switches = ("--memory.gradient_checkpointing", "all", "--memory.offload_checkpoints", "true")
    away = said(*switches, "--memory.embedding_on_cpu", "true")
    assert "host memory" not in away
    assert away == said("--memory.gradient_checkpointing", "all"), "one memory, and the same in it"


def test_several_processes_do_not_choose_each_for_itself(described: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="--fit: each of several processes would choose for itself"):
        main([str(described), "--plan", "--fit", "--vram", "8GB", "--grad_accum", "2"])
