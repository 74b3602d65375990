"""What is trained beside the peers: a base, rows and a size, laid out once so that every contestant finds the same.

`llama`    LoRA on a Llama of 26 M random parameters and a vocabulary of 32,000: the body takes the time
`widened`  LoRA on a small pretrained Llama whose vocabulary is widened to Qwen3's 151,936: the head takes the time
`gemma`    LoRA on Gemma 3 270M: 268 M parameters, a vocabulary of 262,144, sliding windows
`basil`    the default trunk, from random weights: every token trained
`core`     the same weights on chats, as the default core is trained: the assistant's tokens trained, all weights
`small`    the shape of `llama`, from random weights
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from espalier.artifacts import records
from espalier.command_line import yaml_text
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError

MIX = "beside"
_RECIPE: dict[str, Any] = {
    "name": MIX,
    "seed": 0,
    "sources": [{"curriculum": {"sessions": 3000, "dialogues": 1500, "held_out_rows": 20}}],
}
_LLAMA = {"num_layers": 8, "width": 384, "feed_forward": 1024, "num_heads": 6}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One training, whoever does it."""

    name: str
    """As above."""
    rows: Literal["text", "chat"]
    """Which rows of the mix; of a chat the assistant's turns are trained, of a text every token."""
    seq_len: int
    """Tokens of a packed sequence."""
    per_step: int
    """Packed sequences of a step."""
    micro_batch_size: int
    """Ours: how many of them at a time. Peers are measured with several numbers."""
    steps: int
    """Steps that are measured."""
    lora: bool = True
    """Whether an adapter is trained beside frozen weights, or all weights."""
    warmup: int = 3
    """Steps before them: compiling, allocating."""


CASES = {
    case.name: case
    for case in (
        Case(name="llama", rows="chat", seq_len=512, per_step=4, micro_batch_size=4, steps=4, warmup=1),
        Case(name="widened", rows="chat", seq_len=512, per_step=2, micro_batch_size=2, steps=4, warmup=1),
        Case(name="gemma", rows="chat", seq_len=512, per_step=1, micro_batch_size=1, steps=3, warmup=1),
        Case(name="basil", rows="text", seq_len=256, per_step=4, micro_batch_size=4, steps=300, lora=False, warmup=50),
        Case(name="core", rows="chat", seq_len=256, per_step=2, micro_batch_size=2, steps=300, lora=False, warmup=50),
        Case(name="small", rows="text", seq_len=512, per_step=4, micro_batch_size=4, steps=4, lora=False, warmup=1),
    )
}


def prepare(case: Case, work: Path, stories: Path | None, qwen3_tokenizer: Path | None, gemma: Path | None) -> None:
    """Lay out the mix and the base in `work`, the workspace, unless they are there. UserError for a missing path."""
    if not records.is_complete(work / "mixes" / MIX):
        work.mkdir(parents=True, exist_ok=True)
        (work / "recipe.yaml").write_text(yaml_text.dump(_RECIPE), encoding="utf-8")
        if run_command("data_mix/build.py", str(work / "recipe.yaml")):
            raise UserError("the mix could not be built, for the reason given above")
    folder = base(case, work)
    if folder.exists():
        return
    if case.name == "gemma":
        if gemma is None:
            raise UserError("the case gemma needs --gemma FOLDER, where Gemma 3 270M lies")
        folder.parent.mkdir(exist_ok=True)
        folder.symlink_to(gemma.resolve())
        return
    with records.staging(folder) as temporary:
        if case.name == "widened":
            if stories is None or qwen3_tokenizer is None:
                raise UserError("the case widened needs --stories FOLDER and --qwen3_tokenizer FOLDER")
            _widen(stories, qwen3_tokenizer, temporary)
        else:
            _grow(case, work, temporary)


def base(case: Case, work: Path) -> Path:
    """The folder that every contestant loads the model from, and its tokenizer and chat template."""
    return work / "bases" / case.name


def chat_template(case: Case) -> str | None:
    """The template of a base that has none."""
    return "plain" if case.name == "gemma" else None


def _widen(stories: Path, qwen3_tokenizer: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(qwen3_tokenizer)
    model = AutoModelForCausalLM.from_pretrained(stories, dtype=torch.float32)
    torch.manual_seed(0)
    model.resize_token_embeddings(151_936, mean_resizing=False)
    model.config.bos_token_id, model.config.eos_token_id = None, tokenizer.eos_token_id
    model.generation_config.bos_token_id, model.generation_config.eos_token_id = None, tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _grow(case: Case, work: Path, folder: Path) -> None:
    """Random weights of the trunk's shape, or of the larger one, and a tokenizer of the mix's text."""
    from transformers import LlamaForCausalLM

    from espalier.artifacts.paths import repo_root
    from espalier.command_line.config import load_file
    from espalier.models.loading import save_model
    from espalier.text.rows import read_rows
    from stage1.config import ModelSettings, Stage1Config
    from stage1.new_model import new_model
    from stage1.tokenizer import train_tokenizer

    trunk = load_file(Stage1Config, repo_root() / "stage1/configs/basil-trunk.yaml")
    renderer = train_tokenizer(
        read_rows(work / "mixes" / MIX / "train.parquet"),
        vocab_size=trunk.tokenizer.vocab_size,
        max_bytes=2_000_000,
        chat_template="espalier",
    )
    is_trunk = case.name in ("basil", "core")
    settings = trunk.model if is_trunk else ModelSettings(**_LLAMA, init_std=0.02)
    assert settings is not None
    model = new_model(settings, renderer, seed=0)
    if not is_trunk:
        model.config.vocab_size = 32_000
        model = LlamaForCausalLM(model.config)
    save_model(model, renderer, folder, None)
