"""What a reward model is least sure of, which is asked first."""

import numpy as np
import pytest

from espalier.errors import UserError
from espalier.models.pool import Placement
from espalier.models.reward import open_reward
from feedback.rating import doubt
from tests import tiny
from tests.espalier.models.test_reward import headed, saved
from tests.feedback.rating.made_up import desk, fill, lines, write

CPU = Placement(device="cpu")


@pytest.fixture
def reward(tmp_path):
    return str(saved(tmp_path / "reward", headed(tiny.model())))


@pytest.mark.parametrize("ask", ["pairs", "single"])
def test_members_that_disagree_are_asked_about_first_and_an_empty_reply_last(tmp_path, reward, ask, monkeypatch):
    records = lines(6)
    records[2]["replies"][0]["text"] = " "
    with fill(write(tmp_path / "replies.jsonl", records), ask=ask) as store:
        found, said = doubt.doubts_of(store, reward, CPU)
        items = store.items(asked=True)
        told = {item.content_hash: found[item.content_hash] for item in items}
        assert len([value for value in told.values() if value is None]) == (1 if ask == "pairs" else 0)
        assert all(value > 0 for value in told.values() if value is not None)
        first = desk(store, doubts=found).state("Anna")["item"]["item"]
        surest = max((value, item.id) for item in items if (value := told[item.content_hash]) is not None)
        assert first == surest[1] and "disagree" in said
        shown = next(item.content for item in items if item.id == first)
        rewards = open_reward(reward, CPU).score([(list(shown.messages), reply) for reply in shown.replies])[:, :, 0]
        wanted = rewards[0] if ask == "single" else 1 / (1 + np.exp(rewards[1] - rewards[0]))
        assert surest[0] == pytest.approx(wanted.std())
        monkeypatch.setattr(doubt, "_doubts", None)
        assert doubt.doubts_of(store, reward, CPU)[0] == found, "and is not asked again"


def test_a_reward_model_of_one_member_cannot_disagree(tmp_path):
    alone = str(saved(tmp_path / "alone", headed(tiny.model(), members=1)))
    with fill(write(tmp_path / "replies.jsonl", lines(2))) as store:
        with pytest.raises(UserError, match="one member"):
            doubt.doubts_of(store, alone, CPU)
        with pytest.raises(UserError):
            doubt.doubts_of(store, "run:nobody", CPU)
