"""The contestants, each trained in a process of its own: ours, TRL's SFTTrainer, transformers' Trainer.

    python research/benchmarks/training/contestants.py --who ours --case llama --work FOLDER

Prints a line of JSON last: the tokens of every step, padding not counted, the time at the end of every step (by the
clock, and of the processor), the peak of resident memory after the last one (VmHWM, which also holds what was imported
and mapped), and the losses.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import json
import os
import tempfile
import time
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from espalier.command_line.config import Config, load
from espalier.errors import run_main
from research.benchmarks.training import cases
from research.benchmarks.training.cases import CASES, Case

Dtype = Literal["float32", "bfloat16"]
LORA: dict[str, Any] = {"r": 16, "alpha": 32}
OPTIM: dict[str, Any] = {"lr": 1e-4, "betas": (0.9, 0.999)}


class Contest(Config):
    """Who trains what, how."""

    who: Literal["ours", "trl", "trainer"] = "ours"
    """The contestant."""
    case: str = "llama"
    """What is trained."""
    work: Path
    """The workspace, prepared."""
    dtype: Dtype = "float32"
    """What is computed in."""
    weights: Dtype = "float32"
    """What frozen weights are held in, by peers; ours holds them in what it computes in."""
    compile: Literal["layers", "model", "off"] = "off"
    """Ours: decoder layers or nothing; a peer's torch_compile compiles the model."""
    micro_batch_size: int = Field(1, ge=1)
    """Packed sequences at a time."""
    checkpointing: bool = False
    """A peer's gradient checkpointing (its default in TRL), which saves memory and costs time."""


class Watch:
    """When steps ended, and what had been read by then."""

    def __init__(self, steps: int) -> None:
        self.steps, self.begun = steps, time.perf_counter()
        self.seconds: list[float] = []
        self.cpu_seconds: list[float] = []
        self.tokens: list[int] = []
        self.losses: list[float] = []
        self.peak_mb = self.before_mb = 0.0

    def step(self, tokens: int, loss: float) -> None:
        """A step ended; `tokens` were read in all, padding not counted."""
        self.seconds.append(time.perf_counter() - self.begun)
        self.cpu_seconds.append(time.process_time())
        self.tokens.append(tokens)
        self.losses.append(loss)
        if len(self.seconds) == self.steps:
            self.peak_mb = high_water_mark()

    def say(self) -> None:
        print(json.dumps(vars(self)))


def high_water_mark() -> float:
    """The most memory that was ever resident in this process, in MiB (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(argv: list[str]) -> None:
    contest, _ = load(Contest, argv, prog="python research/benchmarks/training/contestants.py", doc=__doc__)
    os.environ |= {"ESPALIER_HOME": str(contest.work), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    case = CASES[contest.case]
    watch = Watch(case.warmup + case.steps)
    {"ours": ours, "trl": trl, "trainer": trainer}[contest.who](contest, case, watch)
    watch.say()


def ours(contest: Contest, case: Case, watch: Watch) -> None:
    """`stage1/train.py`, with a clock in the place of its check-ins."""
    from unittest.mock import patch

    from espalier.artifacts.records import remove_folder
    from stage1.config import Stage1Config
    from stage1.train import train
    from training.config import TrainOptions
    from training.launch import check_process
    from training.observers import CONTINUE, Step, Verdict

    name = f"beside-{os.getpid()}"
    config = Stage1Config.model_validate(
        {
            "name": name, "mix": cases.MIX, "rows": case.rows, "base": str(cases.base(case, contest.work)),
            "chat_template": cases.chat_template(case), "adapter": LORA if case.lora else None, "seq_len": case.seq_len,
            "long_rows": "drop", "micro_batch_size": contest.micro_batch_size,
            "grad_accum": case.per_step // contest.micro_batch_size, "steps": watch.steps, "device": "cpu",
            "dtype": contest.dtype, "compile": contest.compile, "optim": OPTIM, "log_every": watch.steps,
            "threads": int(os.environ["OMP_NUM_THREADS"]), "schedule": {"kind": "constant", "warmup": 0},
            "heldout": {"every": 0, "final_sequences": 1, "batch_size": 1},
        }
    )  # fmt: skip

    def clock(step: Step) -> Verdict:
        if step.number:
            watch.step(step.tokens, step.loss)
        else:
            watch.before_mb = high_water_mark()
        return CONTINUE

    check_process(config)
    with patch("training.watching.watch.Watch", lambda *_, **__: clock):
        train(config, TrainOptions())
    remove_folder(contest.work / "runs" / name)


def rendered(contest: Contest, case: Case) -> tuple[Any, Iterator[tuple[list[int], list[int]]]]:
    """The tokenizer, and the ids and labels of each row as we would train it: the peers read the same tokens."""
    from data_mix.packing.rendering import Rendering
    from espalier.models.loading import load_renderer
    from espalier.models.references import resolve
    from espalier.text.chat_template import read_template
    from espalier.text.rows import read_rows

    template = cases.chat_template(case)
    base = resolve(f"path:{cases.base(case, contest.work)}")
    renderer = load_renderer(base, read_template(template) if template else None, to_train=True)
    rows = read_rows(contest.work / "mixes" / cases.MIX / "train.parquet")
    found = Rendering(renderer, case.rows, "error").of(rows)
    return renderer.tokenizer, (
        (each.ids, [token if weight else -100 for token, weight in zip(each.ids, each.weights, strict=True)])
        for _, each, _ in found
        if len(each.ids) <= case.seq_len
    )


def arguments(contest: Contest, case: Case, watch: Watch, folder: str) -> dict[str, Any]:
    """What both peers are told: our optimizer, no evaluation, no saving, no reports, logs at the end only."""
    return {
        "output_dir": folder, "max_steps": watch.steps, "per_device_train_batch_size": contest.micro_batch_size,
        "gradient_accumulation_steps": case.per_step // contest.micro_batch_size, "learning_rate": OPTIM["lr"],
        "adam_beta1": OPTIM["betas"][0], "adam_beta2": OPTIM["betas"][1], "weight_decay": 0.0,
        "lr_scheduler_type": "constant", "optim": "adamw_torch_fused", "max_grad_norm": 1.0, "report_to": "none",
        "save_strategy": "no", "logging_strategy": "steps", "logging_steps": watch.steps, "use_cpu": True,
        "bf16": contest.dtype == "bfloat16", "torch_compile": contest.compile == "model", "disable_tqdm": True,
        "gradient_checkpointing": contest.checkpointing, "dataloader_pin_memory": False, "seed": 0,
    }  # fmt: skip


def watched(kind: Any, watch: Watch) -> tuple[Any, Any]:
    """`kind` of trainer counting the tokens it is given, and the callback that notes the end of every step."""
    from transformers import TrainerCallback

    class Counting(kind):  # type: ignore[misc]
        num_read, loss_sum = 0, 0.0

        def training_step(self, model: Any, inputs: Any, *others: Any, **named: Any) -> Any:
            Counting.num_read += inputs["input_ids"].numel()
            loss = super().training_step(model, inputs, *others, **named)
            Counting.loss_sum += float(loss.detach())
            return loss

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            watch.before_mb = high_water_mark()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            watch.step(Counting.num_read, Counting.loss_sum)
            Counting.loss_sum = 0.0

    return Counting, Clock()


def trl(contest: Contest, case: Case, watch: Watch) -> None:
    """TRL's SFTTrainer: its own best-fit packing without padding, its own loss in chunks."""
    import torch
    from datasets import Dataset, disable_progress_bars
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    disable_progress_bars()
    tokenizer, rows = rendered(contest, case)
    pairs = list(rows)
    dataset = Dataset.from_dict({"input_ids": [ids for ids, _ in pairs], "labels": [labels for _, labels in pairs]})
    model = AutoModelForCausalLM.from_pretrained(cases.base(case, contest.work), dtype=getattr(torch, contest.weights))
    lora = LoraConfig(
        r=LORA["r"], lora_alpha=LORA["alpha"], lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    kind, clock = watched(SFTTrainer, watch)
    with tempfile.TemporaryDirectory() as folder:
        given = SFTConfig(
            **arguments(contest, case, watch, folder), packing=True, max_length=case.seq_len, shuffle_dataset=True
        )
        kind(
            model=model, args=given, train_dataset=dataset, processing_class=tokenizer, callbacks=[clock],
            peft_config=lora if case.lora else None,
        ).train()  # fmt: skip


def trainer(contest: Contest, case: Case, watch: Watch) -> None:
    """transformers' Trainer on rows put end to end and cut into equal lengths, as its own examples do: no padding, no
    mask, so that attention takes its fastest way (and rows see each other)."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, Trainer, TrainingArguments, default_data_collator

    _, rows = rendered(contest, case)
    stream = [token for ids, _ in rows for token in ids]
    blocks = [stream[start : start + case.seq_len] for start in range(0, len(stream) - case.seq_len, case.seq_len)]
    dataset = Dataset.from_dict({"input_ids": blocks, "labels": blocks})
    model = AutoModelForCausalLM.from_pretrained(cases.base(case, contest.work), dtype=torch.float32)
    kind, clock = watched(Trainer, watch)
    with tempfile.TemporaryDirectory() as folder:
        given = TrainingArguments(**arguments(contest, case, watch, folder))
        kind(
            model=model, args=given, train_dataset=dataset, data_collator=default_data_collator, callbacks=[clock]
        ).train()


if __name__ == "__main__":
    run_main(main)
