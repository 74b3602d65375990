"""A reward from hidden states: states read beside others are those of a reply alone, and nothing leaks from what is
left out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evaluation.calibration.preferences import pairs_within
from evaluation.judges.base import Item
from research.benchmarks.reward import frozen, states
from research.benchmarks.reward.frozen import (
    COLUMNS,
    Choice,
    Taught,
    choose,
    columns_unseen,
    likeness,
    pairs_unseen,
    predict,
    reward,
)
from tests import tiny

ASKED = [{"role": "assistant", "content": "What is 3 x 3?"}, {"role": "user", "content": "6, or I went to the market"}]
REPLIES = ["You went to the market?", "How many threes?", "It is 9, look."]


def items(*replies: str, asked: str = "") -> list[Item]:
    learner = {"role": "user", "content": ASKED[1]["content"] + asked}
    return [Item(messages=[ASKED[0], learner], reply=reply) for reply in replies]


@pytest.mark.parametrize("sliding", [False, True])
def test_a_reply_read_beside_others_has_the_states_that_it_has_alone(tmp_path: Path, sliding: bool) -> None:
    model = tiny.model() if not sliding else windowed(4)
    prompt, tails = [1, *range(20, 31)], [[40, 41, 42], [50, 51, 52, 53, 54, 55], [60]]
    with torch.inference_mode():
        found = states._beside_each_other(model.model, prompt, tails)
    for tail, (mean, last) in zip(tails, found, strict=True):
        with torch.inference_mode():
            alone = model.model(input_ids=torch.tensor([prompt + tail]), output_hidden_states=True).hidden_states
        wanted = torch.stack(alone)[:, 0, len(prompt) :]
        np.testing.assert_allclose(mean, wanted.mean(dim=1), atol=1e-5)
        np.testing.assert_allclose(last, wanted[:, -1], atol=1e-5)


def windowed(window: int) -> Any:
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=64, hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=4, sliding_window=window, layer_types=["sliding_attention", "full_attention"],
    )  # fmt: skip
    return Gemma3ForCausalLM(config).eval()


def test_what_was_read_is_kept_and_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how: dict[str, Any] = {"base": str(tiny.saved(tmp_path / "base")), "layers": 2, "kept": tmp_path / "kept.npz"}
    how["template"] = "espalier"
    first = states.states_of(items(*REPLIES), **how)
    assert first.shape == (3, 2, 2, 8)
    more = states.states_of([*items(REPLIES[1]), *items(REPLIES[0], asked=" today")], **how)
    np.testing.assert_array_equal(more[0], first[1])
    assert np.abs(more[1] - first[0]).max() > 1e-3
    monkeypatch.setattr(states, "_read", None)
    np.testing.assert_array_equal(states.states_of(items(*reversed(REPLIES)), **how), first[::-1])


def known(seed: int = 0) -> Taught:
    """Replies of 4 tutors to 40 dialogues, each of a problem of its own in one of 4 parts; what they are worth lies in
    their states."""
    draw = np.random.default_rng(seed)
    dialogues, tutors = np.repeat(np.arange(40), 4), np.tile(np.arange(4), 40)
    hidden = draw.normal(size=(160, 2, frozen.NUM_LAYERS, 4)).astype(np.float32)
    worth = 0.5 + 0.2 * np.tanh(hidden[:, 0, 8:, 0].mean(axis=1)) + 0.05 * tutors
    labels = np.repeat(worth[:, None], len(COLUMNS), axis=1)
    labels[:, COLUMNS.index("revealing_of_the_answer")] = 1 - worth
    labels[:40, 0] = np.nan  # as where a file labels some columns alone
    return Taught(states=hidden, labels=labels, worth=worth, tutors=tutors, dialogues=dialogues, problems=dialogues % 4)


def test_it_learns_what_lies_in_states_and_chooses_the_layers_that_hold_it() -> None:
    data = known()
    choice, share = choose(data, pairs_within([str(each) for each in data.dialogues], data.worth))
    assert choice.layers == (8, 9, 10, 11) and 0.6 < share < 0.9
    train = np.flatnonzero(data.problems != 0)
    said = reward(predict(data.of(train), data.states[data.problems == 0], choice))
    assert np.corrcoef(said, data.worth[data.problems == 0])[0, 1] > 0.7


def test_what_is_said_of_a_reply_comes_of_no_label_of_its_problem_or_tutor() -> None:
    data = known()
    before = columns_unseen(data, Choice())
    place = 17
    left_out = (data.problems == data.problems[place]) | (data.tutors == data.tutors[place])
    changed = np.where(left_out[:, None], 1 - data.labels, data.labels)
    after = columns_unseen(Taught(**{**vars_of(data), "labels": changed}), Choice())
    np.testing.assert_allclose(after[place], before[place], atol=1e-9)
    assert np.nanmax(np.abs(after - before)) > 0.1


def test_a_pair_of_unseen_tutors_is_asked_of_one_model_that_saw_neither() -> None:
    data = known()
    pairs = pairs_within([str(each) for each in data.dialogues], data.worth)[-60:]
    kernel = likeness(data.states, Choice())
    before = pairs_unseen(data, pairs, kernel)
    one, other = pairs[5]
    left_out = (data.problems == data.problems[one]) | np.isin(data.tutors, data.tutors[[one, other]])
    changed = np.where(left_out[:, None], 0.9 - 0.8 * data.labels, data.labels)
    after = pairs_unseen(Taught(**{**vars_of(data), "labels": changed}), pairs, kernel)
    gaps = before[:, 0] - before[:, 1], after[:, 0] - after[:, 1]
    np.testing.assert_allclose(gaps[1][5], gaps[0][5], atol=1e-9)
    assert np.abs(gaps[1] - gaps[0]).max() > 0.01


def vars_of(data: Taught) -> dict[str, Any]:
    return {name: getattr(data, name) for name in Taught.__dataclass_fields__}


def test_the_reward_is_the_teachers_weights_with_the_answer_turned_round() -> None:
    best = np.array([[0.0 if name == "revealing_of_the_answer" else 1.0 for name in COLUMNS]])
    np.testing.assert_allclose(reward(np.concatenate([best, 1 - best])), [1, 0])
