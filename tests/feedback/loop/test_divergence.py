"""How far a policy is from the weights it began at: held to the sum that defines it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from espalier.errors import UserError
from espalier.models.loading import load_for_inference
from evaluation.cases.case import Reply
from feedback.loop import divergence as module
from feedback.loop.divergence import divergence
from tests.evaluation.backends.models import base

TOLD = [
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


SAID = [(messages, Reply(text=text, num_tokens=4, finish="stop")) for messages, text in TOLD]


@pytest.fixture
def models(tmp_path: Path) -> tuple[Any, Any, Any]:
    base(tmp_path / "one", seed=1), base(tmp_path / "two", seed=2)
    (one, renderer), (two, _) = (load_for_inference(str(tmp_path / name), "cpu") for name in ("one", "two"))
    return one, two, renderer


def test_it_is_the_expected_log_ratio_of_each_token_of_the_reply_alone(models: tuple[Any, Any, Any]) -> None:
    one, two, renderer = models
    messages, reply = TOLD[1]
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


def test_what_the_policy_did_not_draw_counts_for_nothing(models: tuple[Any, Any, Any]) -> None:
    one, two, renderer = models
    messages, text = TOLD[1]
    ended, cut = (Reply(text=text, num_tokens=4, finish=finish) for finish in ("stop", "length"))
    failed = Reply(text="", num_tokens=0, finish="error", error="no answer")
    found = divergence(one, two, renderer, [(messages, ended), (messages, cut), (messages, failed)])
    ids = [*renderer.prompt(messages), *renderer.tokenizer.encode(text, add_special_tokens=False)]
    with torch.no_grad():
        p, q = (model(torch.tensor([ids])).logits[0, -1].double().softmax(-1) for model in (one, two))
    assert found[0] - found[1] == pytest.approx(float((p * (p / q).log()).sum()), rel=1e-3), "the end of a cut reply"
    assert np.isnan(found[2])


def test_a_reply_that_cannot_be_shown_has_none_and_stops_nobody(
    models: tuple[Any, Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, renderer = models
    whole = type(renderer).sequences

    def refuses(self: Any, messages: Any) -> Any:
        if messages[-1]["content"].startswith("<think>"):
            raise UserError("an assistant's turn has thoughts and no reply")
        return whole(self, messages)

    monkeypatch.setattr(type(renderer), "sequences", refuses)
    thoughts = (TOLD[0][0], Reply(text="<think>What did she", num_tokens=4, finish="length"))
    found = divergence(one, two, renderer, [thoughts, SAID[1]])
    assert np.isnan(found[0]) and found[1] == pytest.approx(divergence(one, two, renderer, [SAID[1]])[0])
