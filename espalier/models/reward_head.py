"""What a reward model has beside its weights: the head that values a reply, and what its numbers mean.

The head is linear over the hidden state that the model has at the last token of a reply, brought to unit size, so that
it begins alike on every base. It has `members`, each with a reward for every column, and one trunk under all of them.
With a bottleneck it reads a stochastic encoding of that state in place of the state, and outside of training its mean.

Beside weights lie `reward.safetensors`, and `reward.json`: columns, members, and how rewards become values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.hidden import shown
from espalier.models.references import REWARD_FACTS
from espalier.models.reward import FORMAT, Meaning, read_facts

Tensor = torch.Tensor

WEIGHTS = "reward.safetensors"
_PLACE = "reward_head"
_TINY = 1e-6
_CALM = -4.0
"""Where the logarithm of an encoding's variances begins: noise is small at first, and grows where it costs nothing."""


class RewardHead(nn.Module):
    """Rewards (n, members, columns) of hidden states (n, width), in float32 whatever the model computes in."""

    taught: Tensor | None = None
    """While it is trained: how much each row of the pack teaches each member, (rows, members)."""

    def __init__(
        self, columns: Sequence[str], *, members: int, width: int, bottleneck: int | None = None, seed: int = 0
    ) -> None:
        super().__init__()
        self.columns, self.members, self.width, self.bottleneck = tuple(columns), members, width, bottleneck
        self.learned: dict[str, float] = dict.fromkeys(self.columns, 1 / len(self.columns))
        """Columns that something was there to learn of, and what each counts; 0 where a parent learned it."""
        draw = torch.Generator().manual_seed(seed)

        def drawn(rows: int, size: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(rows, size, generator=draw) / size**0.5)

        if bottleneck is not None:
            self.encoder = drawn(bottleneck, width)
            self.spread = nn.Parameter(torch.zeros(bottleneck, width))
            self.calm = nn.Parameter(torch.full((bottleneck,), _CALM))
        self.weight = drawn(members * len(columns), bottleneck or width)
        self.bias = nn.Parameter(torch.zeros(members * len(columns)))

    def forward(self, hidden: Tensor) -> Tensor:
        """Rewards of hidden states; behind a bottleneck, of their mean encodings."""
        return self.rewards(self.encoded(hidden)[0])

    def encoded(self, hidden: Tensor) -> tuple[Tensor, Tensor | None]:
        """What is valued, (n, size): the states at unit size, or the means of their encodings with the logarithms of
        the variances."""
        with torch.autocast(hidden.device.type, enabled=False):
            states = hidden.float()
            states = states * torch.rsqrt(states.square().mean(-1, keepdim=True) + _TINY)
            if self.bottleneck is None:
                return states, None
            return states @ self.encoder.T, states @ self.spread.T + self.calm

    def rewards(self, encodings: Tensor) -> Tensor:
        """Rewards (n, members, columns) of what `encoded` gives, or of samples of it."""
        with torch.autocast(encodings.device.type, enabled=False):
            found = encodings @ self.weight.T + self.bias
        return found.view(-1, self.members, len(self.columns))


def attach(model: Any, head: RewardHead) -> None:
    """Have `model`, adapted or not, carry a head: trained, moved and saved with it. Its own output layer is not asked
    any more, and is not trained."""
    words = model.get_output_embeddings().weight
    if words is not model.get_input_embeddings().weight:
        words.requires_grad_(False)
    setattr(model, _PLACE, head.to(words.device))


def head_of(model: Any) -> RewardHead | None:
    """The head that a model carries, if it has one."""
    found = vars(model).get("_modules", {}).get(_PLACE)
    return found if isinstance(found, RewardHead) else None


@contextmanager
def without_head(model: Any) -> Iterator[None]:
    """Within, `model` carries no head: it has the weights that its class says, and no others."""
    found = model._modules.pop(_PLACE, None)
    try:
        yield
    finally:
        if found is not None:
            model._modules[_PLACE] = found


def states_at(model: Any, output_layer: Any, places: Tensor, **inputs: Any) -> Tensor:
    """Hidden states (n, width) at `places` (n,) of the flattened input, in float32. `inputs` is what the model is
    called with."""

    def look(hidden: Tensor) -> Tensor:
        return hidden.flatten(0, 1).index_select(0, places).float()

    return shown(model, output_layer, look, **inputs)


def save_head(head: RewardHead, folder: Path, calibration: Mapping[str, Meaning] | None = None) -> None:
    """Write the head, and what its rewards mean where that is known, into `folder`."""
    from safetensors.torch import save_file

    save_file({name: value.detach().cpu().contiguous() for name, value in head.state_dict().items()}, folder / WEIGHTS)
    scales = {name: asdict(scale) for name, scale in (calibration or {}).items()}
    facts: dict[str, Any] = {
        "columns": list(head.columns),
        "members": head.members,
        "width": head.width,
        "bottleneck": head.bottleneck,
    }
    facts["learned"] = head.learned
    records.write_json(folder / REWARD_FACTS, {"format": FORMAT, **facts, "calibration": scales})


def restore_head(head: RewardHead, folder: Path) -> None:
    """Put what `save_head` wrote back, bit for bit. UserError where it is of another make."""
    there = load_head(folder)
    for name in ("columns", "members", "width", "bottleneck"):
        if getattr(head, name) != getattr(there, name):
            raise UserError(
                f"{folder / REWARD_FACTS}: {name} is {getattr(there, name)!r} there and {getattr(head, name)!r} here"
            )
    head.load_state_dict(there.state_dict())


def load_head(folder: Path) -> RewardHead:
    """The head that lies in `folder`. UserError where there is none, or not one as `reward.json` says."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    found = read_facts(folder)
    try:
        head = RewardHead(
            found["columns"], members=found["members"], width=found["width"], bottleneck=found["bottleneck"]
        )
        head.learned = dict(found.get("learned", head.learned))
        head.load_state_dict(load_file(folder / WEIGHTS))
    except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"{folder / WEIGHTS}: not the head that {REWARD_FACTS} tells of ({reason})") from error
    return head.eval()
