"""Equal conversations share their keys, the first of each is found exactly, and canned replies are counted."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.dedup import duplicates
from data_mix.dedup.duplicates import (
    NO_KEY,
    Replies,
    canned,
    content_key,
    first_of_each,
    first_turn_key,
    key_array,
    normalised,
    reply_keys,
    row_keys,
)

contents = st.text(st.sampled_from("aB .\n\t\u00a0\u2003İß\u0301é"), max_size=8)
turns = st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": contents})
some_keys = st.lists(st.sampled_from([NO_KEY, *(bytes([a] * 8 + [b] * 8) for a in range(3) for b in range(1, 3))]))


def chat(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts)]


def firsts(keys: list[bytes]) -> list[int]:
    """What `first_of_each` has to find, by a dictionary."""
    seen: dict[bytes, int] = {}
    found = []
    for row, key in enumerate(keys):
        found.append(-1 if key == NO_KEY or key not in seen else seen[key])
        seen.setdefault(key, row)
    return found


@given(st.text() | contents)
def test_only_case_and_white_space_are_passed_over(text: str) -> None:
    assert normalised(text) == " ".join(text.casefold().split())


def test_the_content_key_is_pinned() -> None:
    messages = [{"role": "system", "content": "Be kind."}, *chat("Straße\n one", "Yes.")]
    assert content_key(messages).hex() == "3cb1b19c16af001089769a7a307dd80e"
    assert content_key(messages) == content_key([messages[0], *chat("STRASSE one ", "yes.")])


def test_the_first_turn_is_the_users() -> None:
    system = {"role": "system", "content": "Be kind."}
    key = first_turn_key(chat("Hello  there", "Hi."))
    assert key is not None and len(key) == 16
    assert key == first_turn_key([system, *chat("hello there", "Good day.", "And you?")])
    assert key != first_turn_key(chat("hello", "Hi."))
    assert first_turn_key([{"role": "text", "content": "Hello there"}]) is None
    assert first_turn_key([system, {"role": "assistant", "content": "Hello there"}]) is None


@given(st.lists(turns, min_size=1, max_size=5) | st.builds(lambda text: [{"role": "text", "content": text}], contents))
def test_all_keys_at_once_are_the_same_keys(messages: list[dict[str, str]]) -> None:
    keys = row_keys(messages)
    assert keys.content == content_key(messages)
    assert keys.first_turn == first_turn_key(messages)
    assert keys.replies == reply_keys(messages)
    assert len(keys.replies) == sum(message["role"] == "assistant" for message in messages)


@given(some_keys)
def test_the_first_of_each_key_is_found(keys: list[bytes]) -> None:
    assert first_of_each(key_array(keys)).tolist() == firsts(keys)


@given(some_keys, st.integers(1, 5))
def test_keys_that_fall_together_are_told_apart(keys: list[bytes], chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_folded", lambda keys: (keys[:, 0] & np.uint64(1)) << np.uint64(63))
        patch.setattr(duplicates, "_CHUNK", chunk)
        assert first_of_each(key_array(keys)).tolist() == firsts(keys)


def test_keys_may_lie_on_disk_as_16_bytes(tmp_path: Path) -> None:
    keys = [content_key(chat(f"question {number % 700}", "answer")) for number in range(1000)]
    (tmp_path / "keys").write_bytes(b"".join(keys))
    found = first_of_each(np.memmap(tmp_path / "keys", dtype="V16", mode="r"))
    assert found.tolist() == firsts(keys) == first_of_each(key_array(keys)).tolist()
    with pytest.raises(ValueError, match="keys of shape"):
        first_of_each(np.zeros((4, 3), dtype=np.uint64))


def test_a_million_keys_take_little_memory() -> None:
    keys = np.random.default_rng(0).integers(1, 2**63, size=(1_000_000, 2), dtype=np.uint64)
    keys[500_000:] = keys[:500_000]
    tracemalloc.start()
    found = first_of_each(keys)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found == np.r_[np.full(500_000, -1), np.arange(500_000)]).all()
    assert peak / len(keys) < 30


def test_canned_replies_are_counted() -> None:
    rows = [chat("a", "Well done!", "b", "WELL  done!"), chat("c", "No."), chat("d", "well done!")]
    replies = np.array([key for row in rows for key in reply_keys(row)], dtype=np.uint64)
    found = canned({"tutor": replies, "mute": np.zeros(0, dtype=np.uint64)})
    assert found["tutor"] == Replies(replies=4, distinct=2, largest=3, largest_key=reply_keys(rows[2])[0])
    assert found["tutor"].distinct_share == 0.5
    assert found["mute"] == Replies(replies=0, distinct=0, largest=0, largest_key=None)
    assert found["mute"].distinct_share == 1


@given(st.lists(st.text(st.one_of(st.characters(max_codepoint=0x7F), st.characters(codec="utf-8")), max_size=12)))
def test_keys_are_those_of_the_normalised_texts(contents: list[str]) -> None:
    messages = [{"role": "assistant", "content": content} for content in contents]
    plain = [{"role": "assistant", "content": normalised(content)} for content in contents]
    assert row_keys(messages) == row_keys(plain)
    assert len(set(reply_keys(messages))) == len(set(map(normalised, contents)))


def test_a_reply_that_calls_or_thinks_otherwise_is_another() -> None:
    asked = {"role": "user", "content": "Look it up."}
    call = {"type": "function", "function": {"name": "look", "arguments": {"word": "went"}}}
    said: list[dict[str, Any]] = [
        {},
        {"tool_calls": [call]},
        {"tool_calls": [call, call]},
        {"tool_calls": [call | {"function": {"name": "look", "arguments": {"word": "go"}}}]},
        {"reasoning": "A verb."},
        {"reasoning": "A noun."},
    ]
    replies = [{"role": "assistant", "content": "Wait."} | more for more in said]
    assert len({content_key([asked, reply]) for reply in replies}) == len(replies)
    assert len({reply_keys([asked, reply])[0] for reply in replies}) == len(replies)
    assert content_key([asked, replies[0] | {"weight": 0.0}]) == content_key([asked, replies[0]])
    assert content_key([asked, replies[0] | {"tool_calls": [call | {"id": "7"}]}]) == content_key([asked, replies[1]])
