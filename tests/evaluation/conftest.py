"""A toy mix, a suite over it, and runs small enough to answer at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records
from espalier.text.rows import write_rows
from tests.evaluation.toy_world import HELD_OUT, byte_tokenizer, rows

SUITE = """
name: toy
version: 3
description: A toy.
truth: Known by construction.
heldout: {mix: toy, splits: [unseen_triples, unseen_pairs], cases_per_split: 100, dialogues_per_split: 2}
generation: {max_new_tokens: 6}
metrics: [corrected_present, corrected_absent, fix_present, uptake, asks, explicit_correction, in_role, good_reply]
headline: corrected_present
"""


@pytest.fixture
def toy_mix(workspace: Path) -> Path:
    """The mix `toy`: 12 usable cases in each of two held-out splits, of which 4 have two turns."""
    folder = workspace / "mixes" / "toy"
    folder.mkdir(parents=True)
    for split, verbs in (("train", [0, 1, 2]), ("unseen_triples", [3]), ("unseen_pairs", [4])):
        write_rows(folder / f"{split}.parquet", rows(split, verbs))
    records.write_manifest(folder, {"kind": "mix", "name": "toy", "heldout": HELD_OUT})
    return folder


@pytest.fixture
def suite_file(workspace: Path, toy_mix: Path) -> str:
    """The path of a suite over the toy mix."""
    path = workspace / "toy.yaml"
    path.write_text(SUITE)
    return str(path)


@pytest.fixture
def make_run(workspace: Path, toy_mix: Path) -> Callable[..., Path]:
    """Makes a finished run with random weights and a chat template: `make_run(name, seed=0, parents={})`."""

    def make(
        name: str, *, seed: int = 0, parents: dict[str, str] | None = None, summary: dict[str, Any] | None = None
    ) -> Path:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        from espalier.artifacts.run import Run
        from espalier.command_line.config import Config
        from espalier.models.loading import save_model
        from espalier.text.chat import ChatRenderer
        from espalier.text.chat_template import read_template

        torch.manual_seed(seed)
        tokenizer = byte_tokenizer()
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=8,
                intermediate_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                max_position_embeddings=512,
                initializer_range=0.5,
            )
        )
        if parents is None:
            parents = {"mix:toy": records.read_manifest(toy_mix)["content_hash"]}
        run = Run.start(
            name,
            command="test",
            config=Config(),
            parents=parents,
            seeds={"all": seed},
            device="cpu",
            threads=1,
            compile_mode="off",
        )
        with run:
            (run.folder / "final").mkdir()
            save_model(model, ChatRenderer(tokenizer, read_template("espalier")), run.folder / "final", None)
            run.finish(summary or {})
        return run.folder

    return make
