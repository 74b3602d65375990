"""What a configuration asks of memory, and what it cannot ask together."""

from pathlib import Path
from typing import Any

import pytest

from espalier.command_line.config import load
from espalier.errors import UserError
from training.config import TrainConfig

LORA = ("--name=run", "--mix=mix", "--base=base", "--adapter.kind=lora")


def asked(tmp_path: Path, *flags: str) -> TrainConfig:
    (tmp_path / "empty.yaml").write_text("{}\n")
    config, _ = load(TrainConfig, list(flags), prog="train", doc=None, default=tmp_path / "empty.yaml")
    return config


def test_nothing_is_paid_for_memory_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert asked(tmp_path, *LORA).memory.model_dump() == {
        "gradient_checkpointing": "none",
        "offload_checkpoints": False,
        "mlp_tiles": 1,
        "embedding_on_cpu": False,
        "head_in_4bit": False,
        "liger": False,
    }


@pytest.mark.parametrize("wanted", ["none", "all", 12])
def test_layers_are_checkpointed_by_name_or_number(tmp_path: Path, wanted: Any) -> None:
    found = asked(tmp_path, *LORA, f"--memory.gradient_checkpointing={wanted}")
    assert found.memory.gradient_checkpointing == wanted


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--memory.offload_checkpoints=true",), "without gradient_checkpointing no layer's input is kept"),
        (("--memory.gradient_checkpointing=0",), "memory.gradient_checkpointing"),
        (("--memory.gradient_checkpointing=some",), "memory.gradient_checkpointing"),
        (("--memory.mlp_tiles=1000",), "1000 pieces of 128 tokens"),
        (("--memory.embedding_on_cpu=true", "--adapter.train_embeddings=tokens"), "embeddings are trained"),
        (("--memory.head_in_4bit=true", "--adapter.train_embeddings=all"), "embeddings are trained"),
        (("--memory.head_in_4bit=true", "--adapter=null"), "all weights are trained"),
    ],
)
def test_what_cannot_be_together_is_said_by_its_key(tmp_path: Path, flags: tuple[str, ...], message: str) -> None:
    given = [flag for flag in LORA if flag.partition(".")[0] not in flags[-1]]
    with pytest.raises(UserError, match=message):
        asked(tmp_path, *given, *flags)


def test_what_learns_every_row_is_given_no_rejected_replies(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rows: preference holds rejected replies too, and objective: sft would learn"):
        asked(tmp_path, *LORA, "--rows=preference")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("dpo", "loss=hinge", "label_smoothing=0.3"), "preference.label_smoothing: loss: hinge has no use for it"),
        (("dpo", "loss=unpaired", "sft_weight=1"), "preference.sft_weight: loss: unpaired has no use for it"),
        (("dpo", "loss=orpo", "reference=run:nobody"), "preference.reference: loss: orpo has no use for it"),
        (("dpo", "max_kl=2"), "preference.max_kl: loss: sigmoid has no use for it"),
        (("gradient", "loss=unpaired"), "preference.loss: objective: gradient has no use for it"),
    ],
)
def test_a_key_of_comparing_that_does_nothing_is_refused(tmp_path: Path, flags: tuple[str, ...], message: str) -> None:
    objective, *keys = flags
    with pytest.raises(UserError, match=message):
        asked(
            tmp_path, *LORA, "--rows=preference", f"--objective={objective}", *(f"--preference.{key}" for key in keys)
        )


def test_the_keys_that_each_way_of_comparing_has_are_taken(tmp_path: Path) -> None:
    for flags in (
        ("dpo", "label_smoothing=0.3", "sft_weight=1", "beta=0.5", "reference=run:x"),
        ("gradient", "max_kl=2", "kl_weight=0", "scale_rewards=true", "sampled_by=run:x", "reference=run:x"),
    ):
        objective, *keys = flags
        asked(
            tmp_path, *LORA, "--rows=preference", f"--objective={objective}", *(f"--preference.{key}" for key in keys)
        )
