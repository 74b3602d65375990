import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from espalier.text.chat import ChatRenderer
from stage1.tokenizer import train_tokenizer
from tests import tiny

ROWS = [tiny.text_row(n, text) for n, text in enumerate(tiny.TEXTS * 5)]


def trained(vocab_size: int = 320, max_bytes: int = 10_000, split_digits: bool = False) -> ChatRenderer:
    rows = [*ROWS, *(tiny.text_row(n, f"x = {n} and 1000 and 2025") for n in range(50))] if split_digits else ROWS
    return train_tokenizer(
        rows, vocab_size=vocab_size, max_bytes=max_bytes, chat_template=None, split_digits=split_digits
    )


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=60))
def test_any_text_comes_back(text: str) -> None:
    renderer = trained_once()
    # A space is put before it, unless one is there already.
    assert renderer.decode(renderer.text_prompt(text)[1:]) == (text if text[:1] in ("", " ") else f" {text}")


def trained_once(cache: list[ChatRenderer] = []) -> ChatRenderer:  # noqa: B006
    if not cache:
        cache.append(trained())
    return cache[0]


def test_the_size_is_what_was_asked_for_and_common_words_are_one_token() -> None:
    renderer = trained(vocab_size=300)
    assert len(renderer.tokenizer) == 300
    assert len(renderer.text_prompt("the market")) < len("the market")


def test_the_same_rows_give_the_same_tokenizer_in_every_process() -> None:
    code = "from tests.stage1.test_tokenizer import trained; print(trained().tokenizer_hash)"  # its own hash seed
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == trained().tokenizer_hash


def test_only_so_many_bytes_are_read() -> None:
    assert trained(max_bytes=1).tokenizer_hash != trained().tokenizer_hash


def test_each_digit_can_be_a_token_the_same_wherever_it_stands() -> None:
    renderer = trained(split_digits=True)
    seven = renderer.text_prompt("7")[1:]
    assert len(seven) == 1
    for text in ("17", "a = 717", "[7, 70]\n7"):
        ids = renderer.text_prompt(text)[1:]
        assert ids.count(seven[0]) == text.count("7")
        assert renderer.decode(ids) == text  # and no space is put before it
    assert not [token for token in renderer.tokenizer.get_vocab() if sum(map(str.isdigit, token)) > 1]


def test_numbers_are_whole_tokens_otherwise() -> None:
    rows = [tiny.text_row(n, f"{n} and 1000 and 2025") for n in range(50)]
    renderer = train_tokenizer(rows, vocab_size=400, max_bytes=10_000, chat_template=None)
    assert len(renderer.text_prompt(" 2025")[1:]) == 1
