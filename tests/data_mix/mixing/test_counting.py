"""Counts are those of the tokenizer itself, whoever counts."""

from pathlib import Path

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from data_mix.mixing.counting import TokenCounter, find_tokenizer, tokenizer_hash
from espalier.errors import UserError


def trained(*, byte_level: bool) -> tokenizers.Tokenizer:
    made = tokenizers.Tokenizer(models.BPE(unk_token=None if byte_level else "<unk>"))
    made.normalizer = normalizers.NFC()
    if byte_level:
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        made.pre_tokenizer = pre_tokenizers.Whitespace()
        alphabet = []
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=alphabet, special_tokens=["<unk>", "<end>"], show_progress=False
    )
    made.train_from_iterator(["the teacher asks the learner", "il professore chiede", "12 + 30 = 42"] * 20, trainer)
    return made


BYTE_LEVEL = trained(byte_level=True)
COUNTER = TokenCounter(BYTE_LEVEL.to_str())


@given(st.lists(st.text(max_size=40), max_size=5))
def test_the_quick_counter_counts_as_the_tokenizer_does(texts: list[str]) -> None:
    assert COUNTER.count(texts) == [len(BYTE_LEVEL.encode(text, add_special_tokens=False).ids) for text in texts]


def test_a_known_kind_is_counted_quickly_and_any_other_all_the_same() -> None:
    assert COUNTER.backend == "gigatoken"
    other = trained(byte_level=False)
    counter = TokenCounter(other.to_str())
    texts = ["the teacher asks", "", "nothing known: \u017c\u00f3\u0142w", "<end>"]
    assert counter.count(texts) == [len(other.encode(text, add_special_tokens=False).ids) for text in texts]


def test_scripts_that_the_two_normalise_differently() -> None:
    texts = ["\U000113c2\U000113c2", "a\U0001611e\U0001611f", "\U00016d67\U00016d67!", "plain"]
    assert COUNTER.count(texts) == [len(BYTE_LEVEL.encode(text).ids) for text in texts]


def test_truncation_and_padding_that_are_saved_with_it_do_not_count() -> None:
    cut = trained(byte_level=True)
    cut.enable_truncation(3)
    cut.enable_padding(length=50)
    text = "the teacher asks the learner 12345"
    assert TokenCounter(cut.to_str()).count([text]) == COUNTER.count([text])


def test_a_tokenizer_by_file_or_folder(tmp_path: Path) -> None:
    BYTE_LEVEL.save(str(tmp_path / "tokenizer.json"))
    by_file, by_folder = find_tokenizer(str(tmp_path / "tokenizer.json")), find_tokenizer(str(tmp_path))
    assert by_file == by_folder
    assert tokenizer_hash(by_file) == tokenizer_hash(BYTE_LEVEL.to_str()) != tokenizer_hash('{"a": 1}')


def test_older_kinds_of_files_are_converted(tmp_path: Path) -> None:
    BYTE_LEVEL.model.save(str(tmp_path))
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "GPT2Tokenizer"}')
    assert TokenCounter(find_tokenizer(str(tmp_path))).count(["the teacher"]) == COUNTER.count(["the teacher"])


@pytest.mark.parametrize("name", ["tokenizer.json", "folder", "no/such/thing/here", "absent"])
def test_what_is_no_tokenizer_is_said(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="not a tokenizer.json|no tokenizer that can count|no model"):
        find_tokenizer(name)
