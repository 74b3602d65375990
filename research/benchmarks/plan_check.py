"""A plan of memory beside what a step takes: of models too large for this machine, and of runs on its processor.

    python research/benchmarks/plan_check.py [--fake false] [--runs false]

The first table is measured on fake tensors (`research/fake_training.py`), without a card: the most bytes alive in a
step of the real code, against the plan for the same configuration. Both sum gradients that meet into a third tensor, as
torch does where something watches; `of a real step` is the plan without that, which a run is told. The second table
trains small models here, each in a process of its own: the most memory it had (VmHWM), against what the program had
before there was a model and the tensors that were planned.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import json
import subprocess
import tempfile
from typing import Any

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, load
from espalier.errors import run_main
from training.config import AdapterSettings, MemorySettings, TrainConfig

GIB = 1 << 30
QWEN3_8B = {
    "vocab_size": 151_936, "hidden_size": 4096, "intermediate_size": 12_288, "num_hidden_layers": 36,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "tie_word_embeddings": False,
    "max_position_embeddings": 40_960,
}  # fmt: skip
LLAMA_8B = {
    "vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "tie_word_embeddings": False,
    "max_position_embeddings": 131_072,
}  # fmt: skip
CHECKPOINTS = {"gradient_checkpointing": "all"}
TILES = CHECKPOINTS | {"mlp_tiles": 8}
OFFLOAD = TILES | {"offload_checkpoints": True}
EVERYTHING = OFFLOAD | {"embedding_on_cpu": True, "head_in_4bit": True}
FAKE: list[tuple[str, int, dict[str, Any], dict[str, Any]]] = [
    ("qwen3", 2048, {}, {}),
    ("qwen3", 2048, CHECKPOINTS, {}),
    ("qwen3", 8192, CHECKPOINTS, {}),
    ("qwen3", 8192, TILES, {"optim": {"kind": "adamw_8bit"}}),
    ("qwen3", 16_384, OFFLOAD, {"optim": {"kind": "adamw_8bit"}}),
    ("qwen3", 16_384, EVERYTHING, {"optim": {"kind": "adamw_8bit"}}),
    ("llama", 2048, {}, {}),
    ("llama", 2048, {"gradient_checkpointing": 24}, {"load_in_4bit": False}),
    ("llama", 8192, TILES, {}),
    ("llama", 16_384, EVERYTHING, {"optim": {"kind": "adamw_8bit"}, "grad_accum": 2}),
]
"""Architecture, tokens of a sequence, switches, and what else is not NF4 LoRA of rank 16 under AdamW."""


class Benchmark(Config):
    """What to check."""

    fake: bool = True
    """Steps of models of 8 billion parameters on fake tensors."""
    runs: bool = True
    """Runs of small models on this machine's processor."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/plan_check.py", doc=__doc__)
    if settings.fake:
        fake()
    if settings.runs:
        runs()


def fake() -> None:
    """The table of fake steps."""
    import torch

    from research.fake_training import peaks
    from training.memory.plan import make_plan
    from training.memory.shapes import shape_of

    print("| model | tokens | switches | measured, GiB | plan, GiB | ratio | peak | of a real step, GiB |")
    print("|---|---:|---|---:|---:|---:|---|---:|")
    for kind, seq_len, switches, others in FAKE:
        config = training(seq_len, switches, others)
        described = describe(kind)
        shape = shape_of(described, config.adapter)
        planned = [
            make_plan(shape, config, device="cuda", dtype="bfloat16", sums_in_place=how) for how in (False, True)
        ]
        measured = peaks(described, config, dtype=torch.bfloat16).all
        print(
            f"| {kind} 8B | {seq_len:,} | {named(switches, others)} | {measured / GIB:.2f} | "
            f"{planned[0].tensors / GIB:.2f} | {planned[0].tensors / measured:.3f} | {planned[1].peak.name} | "
            f"{planned[1].tensors / GIB:.2f} |",
            flush=True,
        )


def describe(kind: str) -> Any:
    """The configuration of an architecture, from its published numbers."""
    from transformers import LlamaConfig, Qwen3Config

    return Qwen3Config(**QWEN3_8B) if kind == "qwen3" else LlamaConfig(**LLAMA_8B)


def training(seq_len: int, switches: dict[str, Any], others: dict[str, Any]) -> TrainConfig:
    """NF4 LoRA of rank 16 on all linear layers, unless `others` says otherwise."""
    facts: dict[str, Any] = {"load_in_4bit": True, "adapter": AdapterSettings(), "memory": MemorySettings(**switches)}
    facts["heldout"] = {"batch_size": 1}  # is no part of a step
    return TrainConfig(name="check", mix="check", base="check", seq_len=seq_len, micro_batch_size=1, **facts | others)


def named(switches: dict[str, Any], others: dict[str, Any]) -> str:
    """What differs from the plain configuration, in short."""
    said = [f"{key} {value}" if value is not True else key for key, value in switches.items()]
    said += [str(value.get("kind")) if isinstance(value, dict) else f"{key} {value}" for key, value in others.items()]
    return ", ".join(said).replace("_", " ") or "none"


RUN = """
import json, sys, torch
sys.path[0] = {root!r}
from research.benchmarks.plan_check import small_run
print(json.dumps(small_run(**json.loads({facts!r}))))
"""
RUNS: list[dict[str, Any]] = [
    {"width": 128, "layers": 2, "vocab": 1536, "seq_len": 256, "batch": 2, "rank": 0},
    {"width": 384, "layers": 8, "vocab": 8192, "seq_len": 512, "batch": 4, "rank": 0},
    {"width": 512, "layers": 8, "vocab": 8192, "seq_len": 1024, "batch": 4, "rank": 16},
    {"width": 512, "layers": 8, "vocab": 8192, "seq_len": 1024, "batch": 4, "rank": 16, "checkpoint": True},
    {"width": 640, "layers": 12, "vocab": 65_536, "seq_len": 512, "batch": 4, "rank": 16},
]


def runs() -> None:
    """The table of runs on the processor."""
    print("\n| model | trained | tokens | VmHWM, MiB | plan, MiB | ratio |\n|---|---|---:|---:|---:|---:|")
    for facts in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            code = RUN.format(root=str(repo_root()), facts=json.dumps(facts))
            done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        checkpointed = ", checkpointed" if facts.get("checkpoint") else ""
        print(
            f"| Llama, {found['parameters'] / 1e6:.1f} million | "
            f"{'LoRA' if facts['rank'] else 'in full'}{checkpointed} | {facts['batch']} x {facts['seq_len']:,} | "
            f"{found['measured'] / 2**20:.0f} | {found['planned'] / 2**20:.0f} | "
            f"{found['planned'] / found['measured']:.3f} |",
            flush=True,
        )


def small_run(
    width: int, layers: int, vocab: int, seq_len: int, batch: int, rank: int, checkpoint: bool = False
) -> dict[str, int]:
    """Three steps of a Llama of random weights in this process: bytes planned, and the most that it had."""
    import accelerate  # noqa: F401
    import peft  # noqa: F401
    import psutil
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from training import adapters
    from training.machine import peak_memory_gb
    from training.memory.plan import make_plan
    from training.memory.shapes import shape_of
    from training.optimizers import make_optimizer
    from training.sequences import Sequences, weighted_loss
    from training.switches.apply import apply

    torch.set_num_threads(1)
    described = LlamaConfig(
        vocab_size=vocab, hidden_size=width, intermediate_size=3 * width, num_hidden_layers=layers,
        num_attention_heads=width // 32, num_key_value_heads=width // 32, tie_word_embeddings=True,
    )  # fmt: skip
    switches = MemorySettings(**(CHECKPOINTS if checkpoint else {}))
    adapter = AdapterSettings(r=rank) if rank else None
    config = TrainConfig(
        name="a",
        mix="a",
        base="a",
        seq_len=seq_len,
        micro_batch_size=batch,
        adapter=adapter,
        memory=switches,
        heldout={"batch_size": 1},
    )
    shape = shape_of(described, adapter)
    planned = psutil.Process().memory_info().rss + make_plan(shape, config, device="cpu", dtype="float32").tensors
    model: Any = LlamaForCausalLM(described)
    if adapter:
        no_renderer: Any = None
        model = adapters.add_adapter(model.requires_grad_(False), adapter, no_renderer, "path:none", 0)
    apply(model, switches, compiled=False)
    optimizer = make_optimizer(model, config.optim)
    model.train()
    tokens = torch.randint(0, vocab, (batch, seq_len))
    rows = (torch.arange(seq_len) // 128).repeat(batch, 1)
    sequences = Sequences(
        input_ids=tokens, labels=tokens, position_ids=torch.arange(seq_len) % 128 + 0 * rows, rows=rows
    )
    places = torch.arange(batch * seq_len)
    for _ in range(3):
        weighted_loss(model, sequences, places, torch.ones(len(places)) / len(places)).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return {"parameters": shape.parameters, "planned": planned, "measured": int(peak_memory_gb("cpu") * GIB)}


if __name__ == "__main__":
    run_main(main)
