"""How far a policy is from the weights it began at: held to the sum that defines it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from espalier.models.loading import load_for_inference
from feedback.loop import divergence as module
from feedback.loop.divergence import divergence
from tests.evaluation.backends.models import base

SAID = [
    ([{"role": "user", "content": "I goed to the market."}], "You went?"),
    (
        [
            {"role": "user", "content": "Hello!"},
            {"role": "assistant", "content": "Hello to you."},
            {"role": "user", "content": "I saw a house."},
        ],
        "You saw a house. When did you see it?",
    ),
    ([{"role": "user", "content": "Why?"}], "I saw"),
]


@pytest.fixture
def models(tmp_path: Path) -> tuple[Any, Any, Any]:
    base(tmp_path / "one", seed=1), base(tmp_path / "two", seed=2)
    (one, renderer), (two, _) = (load_for_inference(str(tmp_path / name), "cpu") for name in ("one", "two"))
    return one, two, renderer


def test_it_is_the_expected_log_ratio_of_each_token_of_the_reply_alone(models: tuple[Any, Any, Any]) -> None:
    one, two, renderer = models
    messages, reply = SAID[1]
    asked = renderer.prompt(messages)
    ids = renderer.sequences([*({**m, "weight": 0.0} for m in messages), {"role": "assistant", "content": reply}])[
        -1
    ].ids
    wanted = 0.0
    for place in range(len(asked), len(ids)):
        with torch.no_grad():
            p, q = (m(torch.tensor([ids[:place]])).logits[0, -1].double().softmax(-1) for m in (one, two))
        wanted += float((p * (p / q).log()).sum())
    found = divergence(one, two, renderer, SAID)
    assert found[1] == pytest.approx(wanted, rel=1e-4) and wanted > 0
    assert divergence(two, one, renderer, SAID)[1] != pytest.approx(wanted, rel=1e-2)


def test_it_is_the_same_in_any_batch_and_nothing_between_equals(
    models: tuple[Any, Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, renderer = models
    together = divergence(one, two, renderer, SAID)
    assert divergence(one, two, renderer, SAID, batch_size=1) == pytest.approx(together, rel=1e-4)
    monkeypatch.setattr(module, "_MOST_LOGITS", 1)
    assert divergence(one, two, renderer, SAID) == pytest.approx(together, rel=1e-4)
    assert divergence(one, one, renderer, SAID).tolist() == [0, 0, 0]
    assert divergence(one, two, renderer, []).tolist() == []
