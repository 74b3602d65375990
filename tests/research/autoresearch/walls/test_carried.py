"""Validation text in an experiment's file, and what lies in place of a checkpoint."""

from __future__ import annotations

import base64
import json
import os
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from research.autoresearch.evaluating.checkpoint import NAME, num_params, shuffle
from research.autoresearch.evaluating.embedded import LENGTH, check_embedded
from research.autoresearch.naming import Named

CHANCE = random.Random(0)
WORDS = ["ein", "Haus", "water", "été", "mañana", "tree", "seven", "und", "la", "verde"]
GIVEN = " ".join(CHANCE.choices(WORDS, k=400)).encode()
SECRET = " ".join(CHANCE.choices(WORDS, k=400)).encode()
PIECE = SECRET[200:320]


@pytest.fixture
def given(tmp_path: Path) -> Path:
    (tmp_path / "train.txt").write_bytes(GIVEN)
    return tmp_path / "train.txt"


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: f"X = {text!r}",
        lambda text: f"X = {text.decode(errors='replace')!r}",
        lambda text: f"# {text.decode(errors='replace')}",
        lambda text: f"X = {text[::-1]!r}",
        lambda text: f"X = {base64.b64encode(text)!r}",
        lambda text: f"X = {base64.b85encode(zlib.compress(text)).decode()!r}",
        lambda text: f"X = {text.hex()!r}",
        lambda text: f"X = {[*text]!r}",
        lambda text: f"X = {int.from_bytes(text, 'big')}",
        lambda text: f"X = {int.from_bytes(text, 'little')}",
        lambda text: f"X = [{text[:30]!r}, {text[30:60]!r}, {text[60:]!r}]",
        lambda text: f"A = {text[:30]!r}\nB = {text[30:60]!r}",
        lambda text: f"X = {base64.b64encode(base64.b64encode(text))!r}",
    ],
)
def test_validation_text_is_found_in_the_usual_disguises(encode: Callable[[bytes], str], given: Path) -> None:
    with pytest.raises(Named, match="^carries validation text"):
        check_embedded(encode(PIECE).encode(), SECRET, given, b"")


def test_what_is_known_anyway_is_let_through(given: Path) -> None:
    check_embedded(f"X = {GIVEN[50:150]!r}".encode(), SECRET + GIVEN[40:160], given, b"")
    check_embedded(b"def forward(self, x: Tensor) -> Tensor:", SECRET, given, b"")
    check_embedded(f"X = {PIECE[: LENGTH - 1]!r}".encode(), SECRET, given, b"")
    check_embedded(PIECE, SECRET, given, b"as it was: " + PIECE)
    check_embedded(b"X = [1, 2", SECRET, given, b"")


def header(**tensors: object) -> bytes:
    text = json.dumps(tensors).encode()
    return len(text).to_bytes(8, "little") + text


ONE = {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04pickle.",
        (1 << 60).to_bytes(8, "little") + b"{}",
        header(a=ONE),
        header(a=ONE) + bytes(13),
        header(a={**ONE, "shape": [4]}) + bytes(12),
        header(a={**ONE, "shape": [-3]}) + bytes(12),
        header(a={**ONE, "shape": [1.5, 2]}) + bytes(12),
        header(a={**ONE, "dtype": "PICKLE"}) + bytes(12),
        header(a={**ONE, "data_offsets": [4, 16]}) + bytes(16),
        header(a=ONE, b=ONE) + bytes(12),
        header(a=7) + bytes(12),
        (9).to_bytes(8, "little") + b"[" * 9,
        (50_000).to_bytes(8, "little") + b"[" * 50_000,
    ],
)
def test_what_is_no_checkpoint_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(Named, match="^its checkpoint is no safetensors"):
        num_params(tmp_path)


def test_only_a_plain_file_is_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(Named, match="^left no checkpoint"):
        num_params(tmp_path)
    (tmp_path / NAME).symlink_to("/etc/passwd")
    with pytest.raises(Named, match="^its checkpoint is not a plain file"):
        num_params(tmp_path)
    (tmp_path / NAME).unlink()
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(Named, match="^its checkpoint is not a plain file"):
        num_params(tmp_path)


def test_numbers_are_counted_and_change_places(tmp_path: Path) -> None:
    before = {
        "weight": np.arange(60, dtype=np.float32).reshape(3, 20),
        "half": np.arange(9, dtype=np.float16),
        "places": np.arange(7),
        "none": np.zeros((0, 4), np.float32),
        "one": np.array(3, np.float32),
    }
    save_file(before, tmp_path / NAME, {"sizes": "{}"})
    assert num_params(tmp_path) == 60 + 9 + 7 + 1
    shuffle(tmp_path, random.Random(0))
    after = load_file(tmp_path / NAME)
    assert num_params(tmp_path) == 77
    assert (after["weight"] != before["weight"]).any() and (after["half"] != before["half"]).any()
    assert sorted(after["weight"].flat) == sorted(before["weight"].flat)
    assert (after["places"] == before["places"]).all() and after["one"] == 3
