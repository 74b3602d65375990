"""A reward model: its head, what is kept of it, and what it says of replies."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.loading import restore_weights, save_model
from espalier.models.pool import Placement
from espalier.models.references import resolve
from espalier.models.reward import Meaning, open_reward, reply_or_why
from espalier.models.reward_head import RewardHead, attach, head_of, save_head
from espalier.text.chat import ChatRenderer
from tests import tiny
from training.adapters import add_adapter
from training.config import AdapterSettings

COLUMNS = ("preferred", "guiding")
ASKED = [{"role": "user", "content": "I went to the market."}]
SAID = [
    (ASKED, "You went to the market?"),
    ([*ASKED, {"role": "assistant", "content": "When?"}, {"role": "user", "content": "I saw a house."}], "I saw it."),
    (ASKED, "Anna ate the cake. Anna ate the cake."),
]


def headed(model: Any, **facts: Any) -> Any:
    attach(model, RewardHead(COLUMNS, **{"members": 3, "width": 8, "seed": 1} | facts))
    return model


def adapted() -> Any:
    model = add_adapter(tiny.model(), AdapterSettings(r=2), tiny.renderer(), "path:/nowhere", seed=0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.2)
    return model


def saved(folder: Path, model: Any, calibration: dict[str, Meaning] | None = None) -> Path:
    folder.mkdir(parents=True)
    save_model(model, tiny.renderer(), folder, None)
    if calibration:
        save_head(head_of(model), folder, calibration)  # type: ignore[arg-type]
    return folder


@pytest.mark.parametrize("bottleneck", [None, 4])
def test_a_reward_is_the_heads_value_of_the_state_at_the_replys_last_token(
    tmp_path: Path, bottleneck: int | None
) -> None:
    model = headed(tiny.model(), bottleneck=bottleneck)
    reward = open_reward(str(saved(tmp_path / "rm", model)), Placement(device="cpu"))
    found = reward.score(SAID)

    assert found.shape == (3, 3, 2) and reward.columns == COLUMNS and reward.members == 3
    renderer = tiny.renderer()
    for (messages, reply), rewards in zip(SAID, found, strict=True):
        ids = reply_or_why(renderer, messages, reply).ids[:-1]  # type: ignore[union-attr]
        assert ids[: len(renderer.prompt(messages))] == renderer.prompt(messages)
        with torch.no_grad():
            state = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states[-1][0, -1]
        unit = state / state.square().mean().add(1e-6).sqrt()
        head = head_of(model)
        assert head is not None
        read = unit if bottleneck is None else head.encoder @ unit
        wanted = (head.weight @ read + head.bias).view(3, 2).detach().numpy()
        np.testing.assert_allclose(rewards, wanted, atol=1e-5)


def test_what_a_reply_is_worth_does_not_depend_on_the_replies_beside_it(tmp_path: Path) -> None:
    folder = saved(tmp_path / "rm", headed(tiny.model()))
    together = open_reward(str(folder), Placement(device="cpu")).score(SAID)
    alone = open_reward(str(folder), Placement(device="cpu", batch_size=1)).score(SAID)
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert np.ptp(together[:, :, 0]) > 0.1


@pytest.mark.parametrize("make", [tiny.model, adapted])
def test_the_head_is_kept_beside_the_weights_and_put_back_bit_for_bit(tmp_path: Path, make: Any) -> None:
    model = headed(make())
    folder = saved(tmp_path / "rm", model)
    weights = load_file(next(iter(folder.glob("*model.safetensors"))))
    assert not any("reward" in name for name in weights)  # other tools open the folder as they would any

    other = headed(make(), seed=2)
    restore_weights(other, folder)
    for name, value in head_of(model).state_dict().items():  # type: ignore[union-attr]
        assert torch.equal(value, head_of(other).state_dict()[name])  # type: ignore[union-attr]
    with pytest.raises(UserError, match=r"members is 3 there and 2 here"):
        restore_weights(headed(make(), members=2), folder)


def test_a_head_on_an_untied_output_layer_leaves_that_alone() -> None:
    model = headed(tiny.model(tie_embeddings=False))
    assert not model.get_output_embeddings().weight.requires_grad
    assert headed(tiny.model()).get_input_embeddings().weight.requires_grad


def test_what_cannot_be_valued_is_no_number_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reward = open_reward(str(saved(tmp_path / "rm", headed(tiny.model(max_positions=64)))), Placement(device="cpu"))
    said = [(ASKED, "  "), (ASKED, "You went?"), (ASKED, "went to the market " * 20), (ASKED, "<think>Went, cut")]
    rendered = []
    monkeypatch.setattr(
        type(tiny.renderer()), "sequences", lambda *words, of=ChatRenderer.sequences: rendered.append(1) or of(*words)
    )
    rewards, (empty, fine, long, thoughts) = reward.score_or_why(said)
    assert len(rendered) == 3, "each that says something once"
    assert np.isnan(rewards[[0, 2, 3]]).all() and np.isfinite(rewards[1]).all()
    assert (empty, fine) == ("the reply is empty", "")
    assert "reads 64" in long and "thoughts and no reply" in thoughts


def test_a_reward_that_is_no_number_is_an_error_that_names_the_reply(tmp_path: Path) -> None:
    model = headed(tiny.model())
    with torch.no_grad():
        head_of(model).bias[1] = float("nan")  # type: ignore[union-attr]
    reward = open_reward(str(saved(tmp_path / "rm", model)), Placement(device="cpu"))
    with pytest.raises(UserError, match=r"reward of reply row-7 is no finite number"):
        reward.score(SAID[:1], names=["row-7"])


def test_rewards_become_values_where_it_is_known_what_they_mean(tmp_path: Path) -> None:
    scale = Meaning(temperature=2.0, slope=0.5, offset=-1.0, of="rating")
    folder = saved(tmp_path / "rm", headed(tiny.model()), {"guiding": scale})
    reward = open_reward(str(folder), Placement(device="cpu"))
    rewards = np.array([[[0.0, 1.0], [0.0, 2.0], [0.0, 6.0]]])
    values = reward.values(rewards)
    assert np.isnan(values[0, 0]) and values[0, 1] == pytest.approx(1 / (1 + np.exp(-0.5)))
    np.testing.assert_allclose(reward.disagreement(rewards), [[0.0, np.std([1.0, 2.0, 6.0])]])


def test_it_is_opened_on_weights_of_as_many_bits_as_its_rewards_were_given_a_meaning_on(tmp_path: Path) -> None:
    folder = saved(tmp_path / "rm", headed(tiny.model()))
    assert open_reward(str(folder)).identity["load_in_4bit"] is False
    said = records.read_json(folder / "espalier.json")
    records.write_json(folder / "espalier.json", said | {"base": {"in_4_bits": True}})
    assert open_reward(str(folder)).identity["load_in_4bit"] is True


def test_a_reward_model_is_taken_for_nothing_that_writes(tmp_path: Path) -> None:
    folder = saved(tmp_path / "rm", headed(tiny.model()))
    with pytest.raises(UserError, match=r"is a reward model: it values replies, and writes none"):
        resolve(str(folder))
    assert resolve(str(folder), rewards=True).path == folder


def test_what_is_no_reward_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no reward model \(it has no reward.json\)"):
        open_reward(str(tiny.saved(tmp_path / "plain")))
    folder = saved(tmp_path / "rm", headed(tiny.model()))
    save_file({"weight": torch.zeros(2, 2)}, folder / "reward.safetensors")
    with pytest.raises(UserError, match=r"not the head that reward.json tells of"):
        open_reward(str(folder), Placement(device="cpu")).score(SAID)
    records.write_json(folder / "reward.json", {"format": 0})
    with pytest.raises(UserError, match=r"not of this version"):
        open_reward(str(folder))
