"""What a training is given and leaves is whole, or told."""

from pathlib import Path

import pytest
import torch

from espalier.errors import UserError
from research.autoresearch.kit.data import load_model, read_text, save_model


def test_a_checkpoint_holds_tensors_and_sizes(tmp_path: Path) -> None:
    weight = torch.arange(6.0).view(2, 3)
    out = tmp_path / "out"
    out.mkdir()
    save_model(out, {"weight": weight.T}, {"depth": 2, "norm": "layer"})
    tensors, sizes = load_model(out)
    assert sizes == {"depth": 2, "norm": "layer"} and torch.equal(tensors["weight"], weight.T)
    assert [path.name for path in out.iterdir()] == ["model.safetensors"]


def test_one_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").mkdir()
    with pytest.raises(OSError, match=r"model\.safetensors"):
        save_model(tmp_path, {"weight": torch.ones(1)}, {"depth": 2})
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("content", [None, b"", b"no tensors"])
def test_what_is_no_checkpoint_is_told(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match="checkpoint"):
        load_model(tmp_path)


def test_a_text_is_read_as_bytes(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_bytes("naïve\n".encode())
    assert bytes(read_text(tmp_path)) == "naïve\n".encode()


@pytest.mark.parametrize("content", [None, b"", b"ab"])
def test_a_text_that_is_missing_or_too_short_is_told(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "train.txt").write_bytes(content)
    with pytest.raises(UserError, match="train.txt"):
        read_text(tmp_path, at_least=3)
