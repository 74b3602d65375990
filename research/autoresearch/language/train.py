"""Train a byte-level language model as well as a budget allows.

    python research/autoresearch/language/train.py --budget 300 [--budget_in seconds|tokens|flops] [--seed 0]
        [--threads N] [--device cpu] [--corpus NAME | --given FOLDER] [--out FOLDER]

This is the file that experiments change: model, optimizer, schedule, loop and `Choices` are all fair game. What has to
stay is that `--out` leaves a checkpoint, and that `load` makes of it a model with a `context` and `log_probs`.
It begins as a plain GPT (Radford et al. 2019): learned positions, layer norms, GELU, AdamW, a cosine.
"""

import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from research.autoresearch.kit.command import Asked, Front, run_main

FRONT = Front(task="language", doc=__doc__)
if __name__ == "__main__":
    FRONT.answer_help()

import numpy
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from research.autoresearch.kit.budget import flops_of
from research.autoresearch.kit.data import load_model, read_text, save_model

NUM_BYTES = 256


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What can be chosen; a comment says the values that are allowed."""

    context: int = 128  # 64 | 128 | 256 | 512; bytes that the model sees
    depth: int = 4  # 2 to 8; blocks
    width: int = 128  # 64 to 256 by 64; of the residual stream
    head_width: int = 32  # 16 | 32 | 64; of a head of attention
    positions: str = "learned"  # learned | rope | none
    qk_norm: bool = False  # False | True; queries and keys are normalised
    norm: str = "layer"  # layer | rms
    norm_at: str = "before"  # before | after | both; of attention and mlp
    mlp: str = "gelu"  # gelu | relu2 | swiglu | geglu
    mlp_ratio: float = 4.0  # 1.0 to 6.0; its parameters are those of an ungated one so many times as wide
    tied: bool = True  # False | True; the output layer is the embedding
    optimizer: str = "adamw"  # adamw | muon; muon takes the blocks' matrices, adamw the rest
    lr: float = 0.003  # 0.0003 to 0.03 log; the peak
    beta2: float = 0.95  # 0.9 to 0.999
    weight_decay: float = 0.1  # 0.0 to 0.3; of matrices
    clip: float = 1.0  # 0.1 to 10.0 log; the longest gradient
    schedule: str = "cosine"  # cosine | linear | wsd | constant
    warmup: float = 0.02  # 0.0 to 0.2; part of the budget
    decay: float = 0.3  # 0.1 to 0.9 where schedule = wsd; part of the budget at whose end wsd goes down
    last_lr: float = 0.1  # 0.0 to 0.3; part of the peak that is left at the end
    batch: int = 8  # 4 to 64 by 4; windows of a step
    dtype: str = "float32"  # float32 | bfloat16; of matrix products


class Attention(nn.Module):
    """Causal self-attention with several heads."""

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.head_width, self.rope = choices.head_width, choices.positions == "rope"
        self.into = nn.Linear(choices.width, 3 * choices.width, bias=False)
        self.out = nn.Linear(choices.width, choices.width, bias=False)
        self.norms = nn.ModuleList(nn.RMSNorm(self.head_width) for _ in range(2 * choices.qk_norm))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.into(x).unflatten(-1, (3, -1, self.head_width)).permute(2, 0, 3, 1, 4)
        if self.norms:
            q, k = self.norms[0](q), self.norms[1](k)
        if self.rope:
            q, k = rotated(q), rotated(k)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        added: Tensor = self.out(mixed.transpose(1, 2).flatten(-2))
        return added


def rotated(x: Tensor) -> Tensor:
    """Rotary position embedding (Su et al. 2021, arXiv:2104.09864) of (..., T, C)."""
    half = x.shape[-1] // 2
    rates = 10_000.0 ** (-torch.arange(half, device=x.device) / half)
    angles = torch.arange(x.shape[-2], device=x.device)[:, None] * rates
    sin, cos = angles.sin().to(x.dtype), angles.cos().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class MLP(nn.Module):
    """Two layers, or three where it is gated (Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.kind, self.gated = choices.mlp, choices.mlp in ("swiglu", "geglu")
        hidden = round(choices.mlp_ratio * choices.width * (2 / 3 if self.gated else 1) / 8) * 8
        self.into = nn.Linear(choices.width, hidden * (2 if self.gated else 1), bias=False)
        self.out = nn.Linear(hidden, choices.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.into(x)
        if self.gated:
            x, gate = x.chunk(2, dim=-1)
            x = x * (F.silu(gate) if self.kind == "swiglu" else F.gelu(gate))
        else:
            x = F.gelu(x) if self.kind == "gelu" else F.relu(x).square()
        added: Tensor = self.out(x)
        return added


def norm(choices: Choices) -> nn.Module:
    return nn.LayerNorm(choices.width) if choices.norm == "layer" else nn.RMSNorm(choices.width)


class Block(nn.Module):
    """Attention and MLP, each added to the residual stream; norms before them, after their sum, or around them."""

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.norm_at = choices.norm_at
        self.parts = nn.ModuleList([Attention(choices), MLP(choices)])
        self.norms = nn.ModuleList(norm(choices) for _ in self.parts)
        self.second_norms = nn.ModuleList(norm(choices) for _ in self.parts if self.norm_at == "both")

    def forward(self, x: Tensor) -> Tensor:
        for place, (part, norm) in enumerate(zip(self.parts, self.norms, strict=True)):
            if self.norm_at == "after":
                x = norm(x + part(x))
            else:
                added = part(norm(x))
                x = x + (self.second_norms[place](added) if self.norm_at == "both" else added)
        return x


class Model(nn.Module):
    """Bytes (B, T), T at most `context`, to logits (B, T, 256) of the next byte."""

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.context = choices.context
        self.embedding = nn.Embedding(NUM_BYTES, choices.width)
        learned = choices.positions == "learned"
        self.positions = nn.Embedding(choices.context, choices.width) if learned else None
        self.blocks = nn.ModuleList(Block(choices) for _ in range(choices.depth))
        self.norm = norm(choices)
        self.head = None if choices.tied else nn.Linear(choices.width, NUM_BYTES, bias=False)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                into_the_stream = name.endswith("out.weight")
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * choices.depth) if into_the_stream else 0.02)

    def forward(self, seen: Tensor) -> Tensor:
        x = self.embedding(seen)
        if self.positions is not None:
            x = x + self.positions.weight[: seen.shape[1]]
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.embedding.weight if self.head is None else self.head.weight)

    @torch.no_grad()
    def log_probs(self, seen: Tensor) -> Tensor:
        """Bytes (B, T) int64, T at most `context`, to natural log-probabilities (B, T, 256) of each next byte."""
        logits: Tensor = self(seen)
        return F.log_softmax(logits.float(), dim=-1)


class Muon(torch.optim.Optimizer):
    """Momentum whose matrices are made nearly orthogonal (Jordan et al. 2024, kellerjordan.github.io/posts/muon), with
    steps as long as AdamW's are, so that both take one rate (Liu et al. 2025, arXiv:2502.16982)."""

    def __init__(self, groups: list[dict[str, object]], lr: float) -> None:
        super().__init__(groups, {"lr": lr, "momentum": 0.95, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
                mean.lerp_(weight.grad, 1 - group["momentum"])
                direction = orthogonal(weight.grad.lerp(mean, group["momentum"]))
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(direction, alpha=group["lr"] * 0.2 * math.sqrt(max(weight.shape)))


def orthogonal(matrix: Tensor) -> Tensor:
    """The matrix with singular values near 1, by five steps of a Newton-Schulz iteration."""
    x: Tensor = matrix / (matrix.norm() + 1e-7)
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = x.T if is_tall else x
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (2.0315 * gram @ gram - 4.7750 * gram) @ x
    return x.T if is_tall else x


def make_optimizers(model: Model, choices: Choices) -> list[torch.optim.Optimizer]:
    """AdamW, and Muon beside it where it is chosen."""
    weights = dict(model.named_parameters())
    matrices = [weight for name, weight in weights.items() if name.startswith("blocks.") and weight.ndim == 2]
    vectors = [weight for weight in weights.values() if weight.ndim < 2]
    tables = [weight for name, weight in weights.items() if weight.ndim == 2 and not name.startswith("blocks.")]
    hidden = {"params": matrices, "weight_decay": choices.weight_decay}
    others = [{"params": tables, "weight_decay": choices.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    by_adam = others if choices.optimizer == "muon" else [hidden, *others]
    made: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(by_adam, lr=choices.lr, betas=(0.9, choices.beta2), fused=True)
    ]
    return [*made, Muon([hidden], choices.lr)] if choices.optimizer == "muon" else made


def rate(choices: Choices, progress: float) -> float:
    """The learning rate when so much of the budget is spent, as a part of the peak."""
    if progress < choices.warmup:
        return (progress + 0.1 * choices.warmup) / (1.1 * choices.warmup)
    gone = (progress - choices.warmup) / (1 - choices.warmup)
    left = {
        "cosine": (1 + math.cos(math.pi * gone)) / 2,
        "linear": 1 - gone,
        "wsd": min(1.0, (1 - progress) / choices.decay),
        "constant": 1.0,
    }[choices.schedule]
    return choices.last_lr + (1 - choices.last_lr) * left if choices.schedule != "constant" else 1.0


def train(asked: Asked) -> int:
    """Spend the budget, write the checkpoint; returns the number of parameters."""
    choices, budget = Choices(), asked.budget
    text = read_text(asked.given, at_least=choices.context + 1)
    model = Model(choices).to(asked.device)
    optimizers = make_optimizers(model, choices)
    draws = numpy.random.default_rng(asked.seed)

    def step() -> float:
        starts = draws.integers(0, len(text) - choices.context, choices.batch)
        windows = torch.from_numpy(text[starts[:, None] + numpy.arange(choices.context + 1)]).to(asked.device).long()
        with torch.autocast(asked.device.partition(":")[0], torch.bfloat16, enabled=choices.dtype == "bfloat16"):
            logits = model(windows[:, :-1])
        loss = F.cross_entropy(logits.float().flatten(0, 1), windows[:, 1:].flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), choices.clip)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        return loss.item() / math.log(2)

    budget.start()
    flops, shown = 0.0, 0
    while not budget.done:
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["lr"] = choices.lr * rate(choices, budget.progress)
        if budget.unit == "flops" and not flops:
            bits, flops = flops_of(step)
        else:
            bits = step()
        if not math.isfinite(bits):
            raise SystemExit(f"step {budget.steps}: the loss is no longer a number")
        budget.spend(tokens=choices.batch * choices.context, flops=flops)
        if budget.progress * 20 >= shown:
            print(f"step {budget.steps}  {budget.progress:.0%} of the budget  {bits:.4f} bits per byte", flush=True)
            shown = int(budget.progress * 20) + 1
    save_model(asked.out, model.state_dict(), asdict(choices))
    return sum(weight.numel() for weight in model.parameters())


def load(folder: Path) -> Model:
    """The model that a training left in a folder."""
    tensors, sizes = load_model(folder)
    model = Model(Choices(**sizes))
    model.load_state_dict(tensors)
    return model.eval()


def main(argv: list[str]) -> int:
    return FRONT.run(argv, train)


if __name__ == "__main__":
    run_main(main)
