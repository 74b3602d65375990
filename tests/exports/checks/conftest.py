"""A tiny adapter, as a run leaves it, and few questions."""

from pathlib import Path

import pytest

from espalier.models import loading
from exports.checks import logits, prompt_ids, trained
from tests import tiny
from tests.espalier.models.test_loading import adapted
from tests.tiny import trained_a_little


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few questions: what is tried here is whether a difference is seen."""
    monkeypatch.setattr(trained, "NUM_PROMPTS", 12)
    monkeypatch.setattr(logits, "NUM_PROMPTS", 8)
    monkeypatch.setattr(prompt_ids, "NUM_CONVERSATIONS", 40)


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    base = loading.resolve(str(tiny.saved(tmp_path / "base", width=32, feed_forward=32)))
    folder = tmp_path / "adapter"
    folder.mkdir()
    model = trained_a_little(adapted(tmp_path / "base"), lr=0.05)
    loading.save_model(model, tiny.renderer(), folder, base)
    return folder
