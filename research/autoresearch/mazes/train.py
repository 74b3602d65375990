"""Train a recurrent model that thinks in ticks to find routes through mazes, as well as a budget allows.

    python research/autoresearch/mazes/train.py --size 21 --ticks 16 --budget 300 [--brain]
        [--budget_in seconds|tokens|flops] [--seed 0] [--threads N] [--device cpu] [--given FOLDER] [--out FOLDER]

This is the file that experiments change: model, optimizer, schedule, loop and `Choices` are all fair game. What has to
stay is that `--out` leaves a checkpoint, and that `load` makes of it a model with `routes`. Mazes to learn from are
drawn as they are needed, by `mazes.py`.

It begins as a small Continuous Thought Machine (Darlow et al. 2025, arXiv:2505.05522): at every tick its neurons look
at the picture by attention, hear one another through synapses, and fire by a small network of their own over what each
has heard in the last ticks. How pairs of neurons fire in step over the ticks is what it knows: from that it looks, and
says the route. `--brain` makes several such regions, which hear one another.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from research.autoresearch.kit.command import Asked, Front, run_main


def add_flags(parser: argparse.ArgumentParser) -> None:
    sizes, ticks = range(9, 100, 2), range(1, 257)
    parser.add_argument("--size", type=int, choices=sizes, default=21, metavar="N", help="pixels of a side, odd (21)")
    parser.add_argument("--ticks", type=int, choices=ticks, metavar="N", help="how often it thinks (its Choices.ticks)")
    parser.add_argument("--brain", action="store_true", help="several regions that hear one another")


FRONT = Front(task="mazes", doc=__doc__, add_flags=add_flags)
if __name__ == "__main__":
    FRONT.answer_help()

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from research.autoresearch.kit.budget import flops_of
from research.autoresearch.kit.data import load_model, save_model
from research.autoresearch.mazes.mazes import ARRIVED, SMALLEST, longest, stream

NUM_MOVES = 5
REGIONS_OF_A_BRAIN = 3


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What can be chosen; a comment says the values that are allowed."""

    ticks: int = 16  # 4 to 32 by 4; --ticks wins over it
    regions: int = 1  # 1 to 4; --brain makes 3 of 1
    neurons: int = 128  # 64 to 384 by 64; of a region
    memory: int = 8  # 2 to 16; ticks that a neuron remembers
    hidden: int = 4  # 1 to 16; of each neuron's own network
    pairs: int = 128  # 32 to 512 by 32; of neurons whose synchronisation is known, for looking and for saying each
    heads: int = 4  # 1 | 2 | 4 | 8; of attention
    head_width: int = 16  # 8 | 16 | 32
    width: int = 32  # 16 to 64 by 8; of the picture's features
    depth: int = 8  # 1 to 24; blocks of convolutions between the pixels and the features
    shared: bool = False  # False | True; all blocks are one
    places: bool = True  # False | True; features know where they are
    grow: float = 0.5  # 0.0 to 0.9; part of the budget in which the mazes grow from the smallest to their size
    lookahead: int = 4  # 1 to 20; moves that are trained beyond those that are right
    everywhere: float = 0.0  # 0.0 to 4.0; weight of a loss that asks each cell's features for the move from there
    first_move: float = 1.0  # 1.0 to 10.0; what the first move counts in the loss
    lr: float = 0.001  # 0.0001 to 0.01 log; the peak
    beta2: float = 0.98  # 0.9 to 0.999
    weight_decay: float = 0.01  # 0.0 to 0.3
    clip: float = 1.0  # 0.1 to 10.0 log; the longest gradient
    warmup: float = 0.02  # 0.0 to 0.2; part of the budget
    last_lr: float = 0.1  # 0.0 to 0.5; part of the peak that is left at the end of a cosine
    batch: int = 64  # 16 to 256 by 16; mazes of a step


class Block(nn.Module):
    """Two convolutions, added to what they see."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.into = nn.Conv2d(width, width, 3, padding=1)
        self.out = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.out(F.relu(self.into(self.norm(x))))
        return x + added


class Eye(nn.Module):
    """Pixels (B, H, W, 3) to features (B, H // 2 x W // 2, width), one for each cell of the maze."""

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.cells = nn.Conv2d(3, choices.width, 3, stride=2)
        blocks = [Block(choices.width) for _ in range(1 if choices.shared else choices.depth)]
        self.blocks = nn.ModuleList(blocks)
        self.times = choices.depth if choices.shared else 1
        self.place = nn.Linear(16, choices.width) if choices.places else None

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.cells(2 * pixels.permute(0, 3, 1, 2) - 1)
        for block in [block for block in self.blocks for _ in range(self.times)]:
            x = block(x)
        features: Tensor = x.flatten(2).transpose(1, 2)
        if self.place is not None:
            features = features + self.place(waves(x.shape[2], x.shape[3], x.device))
        return features


def waves(rows: int, columns: int, device: torch.device) -> Tensor:
    """(rows x columns, 16): sines and cosines of a cell's row and column."""
    places = torch.cartesian_prod(*(torch.arange(number, device=device) + 0.5 for number in (rows, columns)))
    angles = (places[:, :, None] * math.pi / 2 ** torch.arange(1, 5, device=device)).flatten(1)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Synchronisation(nn.Module):
    """How far pairs of neurons fire in step: the sum of their products over the ticks, older ones fading at a rate that
    each pair learns. The pairs are drawn once."""

    left: Tensor
    right: Tensor

    def __init__(self, neurons: int, pairs: int) -> None:
        super().__init__()
        self.register_buffer("left", torch.randint(neurons, (pairs,)))
        self.register_buffer("right", torch.randint(neurons, (pairs,)))
        self.fading = nn.Parameter(torch.zeros(pairs))

    def forward(self, fired: Tensor, before: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """What is known at this tick (B, pairs), and the sums to go on with."""
        product = fired[:, self.left] * fired[:, self.right]
        kept = torch.exp(-self.fading.clamp(min=0))
        total, weight = before or (torch.zeros_like(product), torch.zeros_like(product))
        total, weight = kept * total + product, kept * weight + 1
        return total / weight.sqrt(), (total, weight)


class Region(nn.Module):
    """Neurons that look, hear and fire; one tick is `forward`."""

    def __init__(self, choices: Choices, heard: int) -> None:
        super().__init__()
        self.heads, inner = choices.heads, choices.heads * choices.head_width
        self.keys_and_values = nn.Sequential(nn.LayerNorm(choices.width), nn.Linear(choices.width, 2 * inner))
        self.query = nn.Linear(choices.pairs, inner)
        self.synapses = nn.Sequential(
            nn.Linear(inner + heard + choices.neurons, 2 * choices.neurons), nn.GLU(), nn.LayerNorm(choices.neurons)
        )
        scale = 1 / math.sqrt(choices.memory)
        self.remembering = nn.Parameter(
            torch.empty(choices.neurons, choices.memory, 2 * choices.hidden).uniform_(-scale, scale)
        )
        self.remembering_bias = nn.Parameter(torch.zeros(choices.neurons, 1, 2 * choices.hidden))
        scale = 1 / math.sqrt(choices.hidden)
        self.firing = nn.Parameter(torch.empty(choices.neurons, choices.hidden, 2).uniform_(-scale, scale))
        self.firing_bias = nn.Parameter(torch.zeros(choices.neurons, 1, 2))
        self.looking = Synchronisation(choices.neurons, choices.pairs)
        self.saying = Synchronisation(choices.neurons, choices.pairs)
        self.first_memory = nn.Parameter(torch.randn(choices.neurons, 1, choices.memory) * 0.1)
        self.first_fired = nn.Parameter(torch.randn(choices.neurons) * 0.1)

    def begin(self, features: Tensor) -> "State":
        """What it has before the first tick, of features (B, places, width)."""
        batch = len(features)
        keys, values = self.keys_and_values(features).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        fired = self.first_fired.expand(batch, -1)
        said, saying = self.saying(fired, None)
        return State(keys, values, self.first_memory.expand(-1, batch, -1), fired, said, None, saying)

    def forward(self, state: "State", heard: Sequence[Tensor]) -> "State":
        known, looking = self.looking(state.fired, state.looking)
        query = self.query(known).unflatten(1, (self.heads, 1, -1))
        glance = (query @ state.keys.transpose(2, 3) / math.sqrt(query.shape[3])).softmax(dim=3)
        seen = (glance @ state.values).flatten(1)
        received = self.synapses(torch.cat([seen, state.fired, *heard], dim=1))
        memory = torch.cat([state.memory[..., 1:], received.T[..., None]], dim=2)
        thought = F.glu(torch.baddbmm(self.remembering_bias, memory, self.remembering), dim=2)
        fired = F.glu(torch.baddbmm(self.firing_bias, thought, self.firing), dim=2).squeeze(2).T
        said, saying = self.saying(fired, state.saying)
        return State(state.keys, state.values, memory, fired, said, looking, saying)


@dataclass(frozen=True)
class State:
    """A region between two ticks."""

    keys: Tensor
    values: Tensor
    memory: Tensor
    """(neurons, B, memory): what each neuron received."""
    fired: Tensor
    """(B, neurons)."""
    said: Tensor
    """(B, pairs): what others hear, and the route is told from."""
    looking: tuple[Tensor, Tensor] | None
    saying: tuple[Tensor, Tensor]


class Model(nn.Module):
    """Pixels (B, H, W, 3) to logits (ticks, B, moves, 5)."""

    def __init__(self, choices: Choices, size: int) -> None:
        super().__init__()
        self.ticks = choices.ticks
        self.eye = Eye(choices)
        heard = (choices.regions - 1) * choices.pairs
        self.regions: Sequence[Region] = nn.ModuleList(  # type: ignore[assignment]
            Region(choices, heard) for _ in range(choices.regions)
        )
        self.everywhere = nn.Linear(choices.width, NUM_MOVES - 1) if choices.everywhere else None
        self.route = nn.Linear(choices.regions * choices.pairs, longest(size) * NUM_MOVES)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.think(self.eye(pixels))

    def think(self, features: Tensor) -> Tensor:
        """Features (B, places, width) to logits (ticks, B, moves, 5)."""
        states = [region.begin(features) for region in self.regions]
        told = []
        for _ in range(self.ticks):
            said = [state.said for state in states]
            states = [
                region(state, said[:place] + said[place + 1 :])
                for place, (region, state) in enumerate(zip(self.regions, states, strict=True))
            ]
            told.append(self.route(torch.cat([state.said for state in states], dim=1)))
        return torch.stack(told).view(self.ticks, len(features), -1, NUM_MOVES)

    @torch.no_grad()
    def routes(self, pixels: Tensor) -> Tensor:
        """Pixels (B, H, W, 3) float32 from 0 to 1, to moves (B, L) int64: those of the tick that is surest."""
        logits: Tensor = self(pixels)
        return at_surest(logits, logits).argmax(dim=2)


def doubt(logits: Tensor) -> Tensor:
    """The mean entropy of the moves at each tick: (ticks, B)."""
    logs = F.log_softmax(logits, dim=3)
    return -(logs.exp() * logs).sum(dim=3).mean(dim=2)


def at_surest(of_ticks: Tensor, logits: Tensor) -> Tensor:
    """Of (ticks, B, ...), what belongs to the tick at which each maze's `logits` are surest: (B, ...)."""
    return of_ticks[doubt(logits.detach()).argmin(dim=0), torch.arange(of_ticks.shape[1])]


def loss_of(logits: Tensor, routes: Tensor, choices: Choices) -> Tensor:
    """The mean of the loss at the tick where it is least and at the tick that is surest, of each maze.

    Of a route, its moves count as far as any tick has them right, and `lookahead` more.
    """
    ticks, batch, moves, _ = logits.shape
    losses = F.cross_entropy(logits.flatten(0, 2), routes.repeat(ticks, 1).flatten(), reduction="none")
    losses = losses.view(ticks, batch, moves)
    right = (logits.argmax(dim=3) == routes).cumprod(dim=2).sum(dim=2).amax(dim=0)
    weights = (torch.arange(moves, device=logits.device) < right[:, None] + choices.lookahead).float()
    weights[:, 0] = choices.first_move
    losses = (losses * weights).sum(dim=2) / weights.sum(dim=1)
    return (losses.amin(dim=0) + at_surest(losses, logits)).mean() / 2


def loss_everywhere(logits: Tensor, pixels: Tensor) -> Tensor:
    """The loss of the move towards the goal from each cell, of logits (B, cells, 4), as far as routes go."""
    white = pixels.amax(dim=3) > 0
    # By move, whether a cell (B, rows, columns) can be left by it.
    ways = white[:, :-1:2, 1::2], white[:, 1::2, 2::2], white[:, 2::2, 1::2], white[:, 1::2, :-1:2]
    red, green, _ = pixels[:, 1::2, 1::2].unbind(dim=3)
    met = (green > red) & (green > pixels[:, 1::2, 1::2, 2])
    moves = torch.full(met.shape, -1, device=pixels.device)
    for _ in range(longest(pixels.shape[1])):
        around = F.pad(met, (1, 1, 1, 1))
        beside = around[:, :-2, 1:-1], around[:, 1:-1, 2:], around[:, 2:, 1:-1], around[:, 1:-1, :-2]
        for move, (way, neighbour) in enumerate(zip(ways, beside, strict=True)):
            fresh = way & neighbour & ~met
            moves[fresh] = move
            met = met | fresh
    return F.cross_entropy(logits.flatten(0, 1), moves.flatten(), ignore_index=-1)


def rate(choices: Choices, progress: float) -> float:
    """The learning rate when so much of the budget is spent, as a part of the peak."""
    if progress < choices.warmup:
        return (progress + 0.1 * choices.warmup) / (1.1 * choices.warmup)
    gone = (progress - choices.warmup) / (1 - choices.warmup)
    return choices.last_lr + (1 - choices.last_lr) * (1 + math.cos(math.pi * gone)) / 2


def size_at(choices: Choices, size: int, progress: float) -> int:
    """The size of the mazes to learn from when so much of the budget is spent."""
    grown = min(1.0, progress / choices.grow) if choices.grow else 1.0
    return SMALLEST + 2 * int((size - SMALLEST) / 2 * grown)


def chosen(asked: Asked) -> Choices:
    """The choices of this file, with what the command line says otherwise."""
    choices = Choices()
    if asked.more.ticks:
        choices = replace(choices, ticks=asked.more.ticks)
    if asked.more.brain and choices.regions == 1:
        choices = replace(choices, regions=REGIONS_OF_A_BRAIN)
    return choices


def train(asked: Asked) -> int:
    """Spend the budget, write the checkpoint; returns the number of parameters."""
    choices, budget, size = chosen(asked), asked.budget, asked.more.size
    model = Model(choices, size).to(asked.device)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=choices.lr, betas=(0.9, choices.beta2), weight_decay=choices.weight_decay, fused=True
    )
    mazes = {each: stream(choices.batch, each, [asked.seed, each]) for each in range(SMALLEST, size + 1, 2)}

    def step(size_now: int) -> tuple[float, float]:
        drawn = next(mazes[size_now])
        pixels, routes = (torch.from_numpy(each).to(asked.device) for each in (drawn.images, drawn.routes))
        routes = F.pad(routes, (0, longest(size) - routes.shape[1]), value=ARRIVED)
        features = model.eye(pixels)
        logits = model.think(features)
        loss = loss_of(logits, routes, choices)
        if model.everywhere:
            loss = loss + choices.everywhere * loss_everywhere(model.everywhere(features), pixels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), choices.clip)
        optimizer.step()
        first = at_surest(logits, logits)[:, 0].argmax(dim=1)
        return loss.item(), (first == routes[:, 0]).float().mean().item()

    budget.start()
    flops: dict[int, float] = {}
    shown, right = 0, 0.0
    while not budget.done:
        optimizer.param_groups[0]["lr"] = choices.lr * rate(choices, budget.progress)
        now = size_at(choices, size, budget.progress)
        if budget.unit == "flops" and now not in flops:
            (loss, first), flops[now] = flops_of(partial(step, now))
        else:
            loss, first = step(now)
        if not math.isfinite(loss):
            raise SystemExit(f"step {budget.steps}: the loss is no longer a number")
        right += (first - right) / min(budget.steps + 1, 50)
        budget.spend(tokens=choices.batch * longest(size), flops=flops.get(now, 0.0))
        if budget.progress * 20 >= shown:
            done = f"step {budget.steps}  {budget.progress:.0%} of the budget"
            print(f"{done}  {loss:.4f} loss  {right:.1%} of first moves right", flush=True)
            shown = int(budget.progress * 20) + 1
    save_model(asked.out, model.state_dict(), asdict(choices) | {"size": size})
    return sum(weight.numel() for weight in model.parameters())


def load(folder: Path) -> Model:
    """The model that a training left in a folder."""
    tensors, sizes = load_model(folder)
    size = sizes.pop("size")
    model = Model(Choices(**sizes), size)
    model.load_state_dict(tensors)
    return model.eval()


def main(argv: list[str]) -> int:
    return FRONT.run(argv, train)


if __name__ == "__main__":
    run_main(main)
