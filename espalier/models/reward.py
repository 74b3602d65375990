"""A reward model: what a reply is worth, by a head on a model that was taught by preferences and ratings.

reward = open_reward("run:basil-reward")
rewards = reward.score([(messages, "You went to the market! When?")])     # (replies, members, columns)
values = reward.values(rewards)                                           # (replies, columns), 0 to 1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from espalier.text.ratings import PREFERRED

if TYPE_CHECKING:
    from espalier.models.reward_head import RewardHead
    from espalier.text.chat import ChatRenderer, Rendered

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
        self.learned: dict[str, float] = facts.get("learned", dict.fromkeys(self.columns, 1.0))
        """Those that something was there to learn of, and what each counted: others are noise."""
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

    def place_of(self, column: str) -> int:
        """Where `columns` has one that was learned. UserError for another."""
        if column not in self.learned:
            raise UserError(
                f"{self.reference.spec} never learned {column!r}: no two replies that it was taught by differ by that, "
                f"or it was given no weight; it learned {', '.join(self.learned)}"
            )
        return self.columns.index(column)

    def score(self, conversations: Sequence[Conversation], names: Sequence[str] | None = None) -> Floats:
        """Rewards (n, members, columns) of each reply; not a number where it cannot be valued.

        `names` are what errors call the replies by. UserError, naming it, for a reward that is no finite number.
        """
        return self.score_or_why(conversations, names)[0]

    def score_or_why(
        self, conversations: Sequence[Conversation], names: Sequence[str] | None = None
    ) -> tuple[Floats, list[str]]:
        """The same, and why each reply cannot be valued; nothing where it can."""
        rows = [reply_or_why(self._renderer, messages, reply, self._context) for messages, reply in conversations]
        names = names or [f"number {place + 1} ({reply[:_SHOWN]!r})" for place, (_, reply) in enumerate(conversations)]
        shape = self.members, len(self.columns)
        found = rewards_or_nan(rows, self._rewards, shape, names, self.reference.spec, self._placement.batch_size)
        return found, [each if isinstance(each, str) else "" for each in rows]

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


def deciding(learned: Mapping[str, float]) -> str:
    """The column that a reward model is told by: the worth of a reply on the whole, or what counted most."""
    return PREFERRED if PREFERRED in learned else max(learned, key=lambda name: learned[name])


def reply_or_why(
    renderer: ChatRenderer, messages: Sequence[Message], reply: str, limit: int | None = None
) -> Rendered | str:
    """The very prompt and the reply with what ends it, of which the reply alone is trained; or why there is none.

    `limit` is how many tokens the model reads, which is all of them but the last.
    """
    if not reply.strip():
        return "the reply is empty"
    said = [each | {"weight": 0.0} if each["role"] == "assistant" else dict(each) for each in messages]
    try:
        found = renderer.sequences([*said, {"role": "assistant", "content": reply}])[-1]
    except UserError as error:  # the chat template refuses it: thoughts, perhaps, and no reply behind them
        return str(error)
    length = len(found.ids) - 1
    return found if limit is None or length <= limit else f"it takes {length:,} tokens, and the model reads {limit:,}"


def rewards_or_nan(
    rows: Sequence[Rendered | str],
    value: Callable[[Sequence[Sequence[int]]], Any],
    shape: tuple[int, int],
    names: Sequence[str],
    whose: str,
    batch_size: int,
) -> Floats:
    """Rewards (n, members, columns), `shape` being the last two, of what `reply_or_why` gave: `value` is asked for so
    many rows of ids at a time, each up to a reply's last. UserError for a reward that is no finite number, by name."""
    found = np.full((len(rows), *shape), np.nan)
    ids = {place: row.ids[:-1] for place, row in enumerate(rows) if not isinstance(row, str)}
    asked = sorted(ids, key=lambda place: -len(ids[place]))
    for start in range(0, len(asked), batch_size):
        places = asked[start : start + batch_size]
        found[places] = value([ids[place] for place in places])
    for place in asked:
        if not np.isfinite(found[place]).all():
            raise UserError(f"{whose}: the reward of reply {names[place]} is no finite number")
    return found


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
