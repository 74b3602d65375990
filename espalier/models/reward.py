"""A reward model: what a reply is worth, by a head on a model that was taught by preferences and ratings.

reward = open_reward("run:basil-reward")
rewards = reward.score([(messages, "You went to the market! When?")])     # (replies, members, columns)
values = reward.values(rewards)                                           # (replies, columns), 0 to 1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.adapters import info
from espalier.models.devices import choose_device, choose_dtype
from espalier.models.pool import Placement, stands_on
from espalier.models.references import REWARD_FACTS, ModelRef, resolve
from espalier.text.messages import Message

if TYPE_CHECKING:
    from espalier.models.reward_head import RewardHead
    from espalier.text.chat import ChatRenderer

Conversation = tuple[Sequence[Message], str]
"""Messages, the last of them not the assistant's, and a reply to them."""
Floats = NDArray[np.float64]
FORMAT = 1
_SHOWN = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What the rewards of one column mean, by what was found on replies that were not trained on."""

    temperature: float
    """The better of two replies is the one with the greater reward with probability sigmoid(difference / temperature),
    of mean rewards over members."""
    slope: float
    """A reply's value, 0 to 1, is sigmoid(slope * reward + offset)."""
    offset: float
    """See there."""
    of: str
    """What the value means: `rating`, what teachers would give; `preferred`, how likely the reply would be preferred to
    a typical one."""


class RewardModel:
    """A reward model. Nothing is loaded before the first reply is valued."""

    def __init__(self, reference: ModelRef, placement: Placement) -> None:
        facts = read_facts(reference.path)
        # What its rewards mean was found on the weights that it was trained on: those of 4 bits are others.
        rounded = bool((info(reference.path).get("base") or {}).get("in_4_bits"))
        self.reference = reference
        self._placement = replace(placement, load_in_4bit=placement.load_in_4bit or rounded)
        self.columns: tuple[str, ...] = tuple(facts["columns"])
        """What is valued, a reward for each: `preferred`, and what else teachers rated."""
        self.members = int(facts["members"])
        """How many heads it has, each taught by a draw of prompts of its own."""
        self.calibration: dict[str, Meaning] = calibration_in(reference.path)
        """By column what rewards mean, as far as it is known."""

    @property
    def identity(self) -> dict[str, Any]:
        """By the content of all that decides a reward."""
        return {
            "kind": "reward",
            "spec": self.reference.spec,
            "content_hash": self.reference.content_hash,
            "base": stands_on(self.reference),
            "load_in_4bit": self._placement.load_in_4bit,
        }

    def score(self, conversations: Sequence[Conversation], names: Sequence[str] | None = None) -> Floats:
        """Rewards (n, members, columns) of each reply; not a number where it cannot be valued, which `why_not` tells.

        `names` are what errors call the replies by. UserError, naming it, for a reward that is no finite number.
        """
        found = np.full((len(conversations), self.members, len(self.columns)), np.nan)
        ids = {place: each for place, each in enumerate(self._rendered(conversations)) if not isinstance(each, str)}
        asked = sorted(ids, key=lambda place: -len(ids[place]))
        size = self._placement.batch_size
        for start in range(0, len(asked), size):
            places = asked[start : start + size]
            found[places] = self._rewards([ids[place] for place in places])
        for place in asked:
            if not np.isfinite(found[place]).all():
                name = names[place] if names else f"number {place + 1} ({conversations[place][1][:_SHOWN]!r})"
                raise UserError(f"{self.reference.spec}: the reward of reply {name} is no finite number")
        return found

    def why_not(self, conversations: Sequence[Conversation]) -> list[str]:
        """Why each reply cannot be valued; nothing where it can."""
        return [each if isinstance(each, str) else "" for each in self._rendered(conversations)]

    def values(self, rewards: Floats) -> Floats:
        """What rewards (n, members, columns) mean, (n, columns), 0 to 1; not a number where it is not known."""
        means = rewards.mean(axis=1)
        found = np.full(means.shape, np.nan)
        for place, name in enumerate(self.columns):
            if name in self.calibration:
                scale = self.calibration[name]
                found[:, place] = sigmoid(scale.slope * means[:, place] + scale.offset)
        return found

    def disagreement(self, rewards: Floats) -> Floats:
        """How far members differ, (n, columns): the standard deviation of their rewards, 0 where there is one."""
        spread: Floats = rewards.std(axis=1)
        return spread

    def _rendered(self, conversations: Sequence[Conversation]) -> list[list[int] | str]:
        """The tokens that each reply is valued by, which are those that it was taught by; or why there are none."""
        return [self._ids(messages, reply) for messages, reply in conversations]

    def _ids(self, messages: Sequence[Message], reply: str) -> list[int] | str:
        if not reply.strip():
            return "the reply is empty"
        try:
            ids = reply_ids(self._renderer, messages, reply)
        except UserError as error:
            return str(error)
        limit = self._context
        if limit is not None and len(ids) > limit:
            return f"it takes {len(ids):,} tokens, and the reward model reads {limit:,}"
        return ids

    @cached_property
    def _context(self) -> int | None:
        from espalier.models.loading import context_of

        return context_of(self.reference)

    @cached_property
    def _renderer(self) -> ChatRenderer:
        from espalier.models.loading import load_renderer
        from espalier.text.chat_template import read_template

        chosen = self._placement.chat_template
        return load_renderer(
            self.reference,
            read_template(chosen) if chosen else None,
            trust_remote_code=self._placement.trust_remote_code,
        )

    @cached_property
    def _loaded(self) -> tuple[Any, RewardHead]:
        from espalier.models.loading import load_model
        from espalier.models.reward_head import load_head

        where = self._placement
        device = choose_device(where.device)
        model = load_model(
            self.reference,
            device=device,
            dtype=choose_dtype(where.dtype, device),
            load_in_4bit=where.load_in_4bit,
            trust_remote_code=where.trust_remote_code,
        )
        return model, load_head(self.reference.path).to(device)

    def _rewards(self, rows: Sequence[Sequence[int]]) -> Any:
        model, head = self._loaded
        return rewards_of(model, head, rows)


def open_reward(reference: str, placement: Placement | None = None) -> RewardModel:
    """The reward model of that name: a run (or a checkpoint of one), or a folder. UserError where it is none."""
    return RewardModel(resolve(reference, rewards=True), placement or Placement())


def read_facts(folder: Path) -> dict[str, Any]:
    """What `reward.json` says. UserError where there is none, or one of another version."""
    path = folder / REWARD_FACTS
    if not path.is_file():
        raise UserError(f"{folder}: no reward model (it has no {REWARD_FACTS}); python feedback/reward.py makes one")
    found = records.read_json(path)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UserError(f"{path}: not of this version; make the reward model again")
    return found


def calibration_in(folder: Path) -> dict[str, Meaning]:
    """By column what its rewards mean; empty where that was not found out."""
    return {name: Meaning(**scale) for name, scale in read_facts(folder)["calibration"].items()}


def reply_ids(renderer: ChatRenderer, messages: Sequence[Message], reply: str) -> list[int]:
    """The ids that a model reads before it would end the reply: the very prompt, and the reply.

    UserError where the chat template refuses them.
    """
    said = [each | {"weight": 0.0} if each["role"] == "assistant" else dict(each) for each in messages]
    found = renderer.sequences([*said, {"role": "assistant", "content": reply}])
    return found[-1].ids[:-1]


def rewards_of(model: Any, head: RewardHead, rows: Sequence[Sequence[int]]) -> Any:
    """Rewards (rows, members, columns), an array, of token ids that end with a reply's last."""
    import torch

    from espalier.models.compiling import eager
    from espalier.models.layers import device_of
    from espalier.models.reward_head import states_at

    device = device_of(model)
    longest = max(map(len, rows))
    # Filled up on the right, where no token of a reply looks: neither a mask nor positions are wanted.
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=device)
    places = torch.tensor([number * longest + len(row) - 1 for number, row in enumerate(rows)], device=device)
    with torch.no_grad(), eager():
        states = states_at(model, model.get_output_embeddings(), places, input_ids=ids)
        return head(states).double().cpu().numpy()


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow."""
    found: Floats = 0.5 * (1 + np.tanh(0.5 * x))
    return found
