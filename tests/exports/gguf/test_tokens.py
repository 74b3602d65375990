"""A tokenizer gives the same ids in llama.cpp, or is refused: a wrong one would give others in silence."""

from pathlib import Path
from typing import Any

import pytest
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

pytest.importorskip("gguf", reason="GGUF cannot be written: pip install '.[gguf]'")

from espalier.errors import UserError
from espalier.models import loading
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from exports import run as command
from tests import tiny
from tests.exports.engine import Engine

TEXTS = [
    "Hello!",
    "I went to the market.",
    "naïve “x” 你好 🙂",
    "a\n\nb\tc",
    "12345 67",
    "I'm DON'T",
    "مرحبا",
    "\u00a0x",
    "…",
]
SPECIAL = ["<unk>", "<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>"]
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def renderer_of(backend: Any, *special: str) -> ChatRenderer:
    """A renderer of a tokenizer that is trained on a few words."""
    alphabet = [f"<0x{byte:02X}>" for byte in range(256)] if backend.model.byte_fallback else []
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=[*SPECIAL, *alphabet],
        initial_alphabet=[] if alphabet else sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator([*tiny.TEXTS, *TEXTS] * 3, trainer)
    unknown = {"unk_token": "<unk>"} if alphabet else {}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", additional_special_tokens=SPECIAL[3:], **unknown
    )
    return ChatRenderer(tokenizer, read_template("espalier"))


def byte_level(pattern: str | None, *, ignore_merges: bool = False) -> Any:
    backend = tokenizers.Tokenizer(models.BPE(ignore_merges=ignore_merges))
    backend.decoder = decoders.ByteLevel()
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    split = pattern and pre_tokenizers.Split(tokenizers.Regex(pattern), "isolated")
    backend.pre_tokenizer = pre_tokenizers.Sequence([split, bytes_]) if split else bytes_
    return backend


def digits_apart() -> Any:
    backend = byte_level(None)
    digits = pre_tokenizers.Digits(individual_digits=True)
    backend.pre_tokenizer = pre_tokenizers.Sequence([digits, backend.pre_tokenizer])
    return backend


def sentencepiece(*, prepends: bool) -> Any:
    backend = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    steps = [normalizers.Prepend("▁")] if prepends else []
    backend.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", "▁")])
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return backend


def export(workspace: Path, folder: Path, renderer: ChatRenderer) -> Path:
    folder.mkdir()
    model = tiny.model()
    model.resize_token_embeddings(len(renderer.tokenizer) + 5, mean_resizing=False)
    loading.save_model(model, renderer, folder, None)
    command.main([str(folder), "--to", "gguf", "--name", "one"])
    return workspace / "exports" / "out" / "one" / "one.gguf"


@pytest.mark.parametrize(
    "backend",
    [byte_level(None), digits_apart(), byte_level(QWEN), byte_level(LLAMA, ignore_merges=True),
     sentencepiece(prepends=True), sentencepiece(prepends=False)],
    ids=["gpt-2", "digits apart", "qwen", "llama 3", "sentencepiece with a space", "sentencepiece"],
)  # fmt: skip
def test_texts_become_the_same_ids(workspace: Path, tmp_path: Path, backend: Any) -> None:
    renderer = renderer_of(backend)
    engine = Engine(export(workspace, tmp_path / "model", renderer))
    for text in TEXTS:
        due = renderer.prompt([{"role": "user", "content": text}])
        assert engine.prompt([{"role": "user", "content": text}]) == due, text


def test_another_pattern_is_refused(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="llama.cpp has no tokenizer known here that splits texts by") as refused:
        export(workspace, tmp_path / "model", renderer_of(byte_level(r"\p{L}+|\p{N}+|\s+|.")))
    assert "\n" not in str(refused.value)
    with pytest.raises(UserError, match="takes whole words before merges"):
        export(workspace, tmp_path / "other", renderer_of(byte_level(QWEN, ignore_merges=True)))


def test_another_kind_is_refused(workspace: Path, tmp_path: Path) -> None:
    vocab = [(text, -1.0) for text in [*SPECIAL, *"abcdefghijklmnopqrstuvwxyzI. "]]
    backend = tokenizers.Tokenizer(models.Unigram(vocab, 0))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", additional_special_tokens=SPECIAL[3:]
    )
    with pytest.raises(UserError, match="a tokenizer of the kind Unigram is not known to the GGUF writer, only BPE"):
        export(workspace, tmp_path / "model", ChatRenderer(tokenizer, read_template("espalier")))


def test_more_tokens_than_rows_are_refused(workspace: Path, tmp_path: Path) -> None:
    folder, renderer = tmp_path / "model", renderer_of(byte_level(None))
    folder.mkdir()
    model = tiny.model()
    model.resize_token_embeddings(40, mean_resizing=False)
    loading.save_model(model, renderer, folder, None)
    with pytest.raises(UserError, match=r"the tokenizer has \d+ tokens, and the model's embedding 40 rows"):
        command.main([str(folder), "--to", "gguf", "--name", "one"])
