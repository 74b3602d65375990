"""Our loop beside TRL's SFTTrainer: the same rows, template, LoRA and schedule give the same loss, step by step.

What TRL had to be told so that both train the same thing:

- `assistant_only_loss`, and a template with `{% generation %}` markers: it trains every token of a chat otherwise.
- batches in the order of the rows (`train_sampling_strategy`): each side shuffles by a generator of its own.
- the LoRA itself, as a model that has it already: peft draws A from torch's global generator, and what each side draws
  before that is its own affair.
- AdamW's betas, no weight decay, one and the same schedule, no gradient checkpointing, float32 (its default is bf16).
- packs that are laid out already, with the length of each row (`seq_lengths`): its own packing gives other packs.
- `packing`, for without it the collator pads packs and tells the model of no positions: rows would see each other. Told
  of positions, transformers keeps rows apart by itself, with its attention in torch too.
"""

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from espalier.artifacts.run import Run
from espalier.text.chat import ChatRenderer, Rendered
from tests import tiny
from training.adapters import add_adapter
from training.batches import Batch
from training.checkpoint import Progress
from training.config import AdapterSettings, LoopSettings
from training.loop import train
from training.objectives.sft import sft
from training.observers import CONTINUE, Step, Verdict
from training.optimizers import make_optimizer
from training.sequences import Sequences

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:`gradient_checkpointing` is deprecated")]

TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}<|assistant|>"
    "{% generation %}{{ message['content'] }}<|end|>{% endgeneration %}"
    "{% else %}<|user|>{{ message['content'] }}<|end|>{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
STEPS, SEQUENCES, ROWS = 20, 8, 3
"""Optimizer steps, sequences in each, and rows in a packed one."""
OPTIM: dict[str, Any] = {"lr": 3e-2, "betas": (0.9, 0.95), "clip": 0.05}
"""Steep enough for the loss to fall, clipped in every step."""

Messages = list[dict[str, str]]
Group = list[Rendered]
"""The rows of a sequence."""


@pytest.fixture(scope="module")
def renderer() -> ChatRenderer:
    return ChatRenderer(tiny.renderer_without_prefix().tokenizer, TEMPLATE)


@pytest.fixture(scope="module")
def model(renderer: ChatRenderer) -> Any:
    """A tiny model with LoRA beside its weights; no test changes it."""
    return add_adapter(tiny.model(), AdapterSettings(r=4, alpha=8), renderer, "tiny", seed=3)


def chats(number: int) -> list[Messages]:
    """Chats of which each trains another number of tokens, so that means over micro-batches differ from the step's."""
    words = ["I", "went", "to", "the", "market", "Sophie", "says", "a", "house", "saw"]
    found = []
    for row in range(number):
        asked, told = ([words[(row * 7 + k * k) % 10] for k in range(1 + (row * by) % 9)] for by in (3, 5))
        turns = [("user", " ".join(asked)), ("assistant", " ".join(told) + ".")] * (1 + row % 2)
        found.append([{"role": role, "content": content} for role, content in turns])
    return found


def ours(model: Any, renderer: ChatRenderer, steps: Sequence[Sequence[Group]], grad_accum: int) -> list[float]:
    """The loss of every step of our loop."""
    seq_len = max(sum(len(row.ids) - 1 for row in group) for groups in steps for group in groups)
    settings = LoopSettings(steps=STEPS, grad_accum=grad_accum, optim=OPTIM, schedule={"kind": "linear", "warmup": 0})
    losses: list[float] = []

    def note(step: Step) -> Verdict:
        if step.number:
            losses.append(step.loss)
        return CONTINUE

    own = copy.deepcopy(model)
    run = Run.start(
        f"ours-{grad_accum}", command="test", config=settings, parents={}, seeds={}, device="cpu", threads=1,
        compile_mode="off",
    )  # fmt: skip
    with run:
        train(
            model=own,
            optimizer=make_optimizer(own, settings.optim),
            objective=sft,
            batches=lambda step: list(micro_batches(steps[step], grad_accum, seq_len)),
            settings=settings,
            run=run,
            accelerator=Accelerator(cpu=True),
            progress=Progress(),
            observers=[note],
            checkpoint=lambda progress: None,
        )
    return losses


def micro_batches(groups: Sequence[Group], grad_accum: int, seq_len: int) -> Iterator[Batch]:
    """The sequences of a step as tensors, in so many parts."""
    num_trained = sum(sum(row.mask) for group in groups for row in group)
    size = len(groups) // grad_accum
    for start in range(0, len(groups), size):
        part = groups[start : start + size]
        filled = torch.zeros(5, size, seq_len, dtype=torch.int64)
        filled[3] = -1
        for place, group in enumerate(part):
            flat = [
                (row.ids[k], row.ids[k + 1], k, number, row.mask[k + 1])
                for number, row in enumerate(group)
                for k in range(len(row.ids) - 1)
            ]
            filled[:, place, : len(flat)] = torch.tensor(flat).T
        input_ids, labels, position_ids, rows, trained = filled
        yield Batch(
            sequences=Sequences(input_ids=input_ids, labels=labels, position_ids=position_ids, rows=rows),
            weights=trained.float(),
            num_trained=num_trained,
            num_tokens=int((rows >= 0).sum()),
            row_ids=list,
        )


def trls(model: Any, renderer: ChatRenderer, data: dict[str, Any], grad_accum: int, out: Path, **more: Any) -> Any:
    """The loss of every step of TRL's trainer, and the trainer."""
    from datasets import Dataset, disable_progress_bars
    from trl import SFTConfig, SFTTrainer

    disable_progress_bars()
    losses = [0.0] * STEPS

    class Noting(SFTTrainer):  # type: ignore[misc]
        def training_step(self, *arguments: Any, **named: Any) -> torch.Tensor:
            loss: torch.Tensor = super().training_step(*arguments, **named)
            losses[self.state.global_step] += float(loss)
            return loss

    settings = SFTConfig(
        output_dir=str(out), max_steps=STEPS, per_device_train_batch_size=SEQUENCES // grad_accum,
        gradient_accumulation_steps=grad_accum, learning_rate=OPTIM["lr"], adam_beta1=OPTIM["betas"][0],
        adam_beta2=OPTIM["betas"][1], max_grad_norm=OPTIM["clip"], weight_decay=0.0, lr_scheduler_type="linear",
        warmup_steps=0, train_sampling_strategy="sequential", gradient_checkpointing=False, bf16=False, use_cpu=True,
        save_strategy="no", report_to="none", disable_tqdm=True, dataloader_pin_memory=False, **more,
    )  # fmt: skip
    trainer = Noting(
        model=copy.deepcopy(model),
        args=settings,
        train_dataset=Dataset.from_dict(data),
        processing_class=copy.deepcopy(renderer.tokenizer),
    )
    trainer.train()
    return losses, trainer


def close(one: Sequence[float], other: Sequence[float]) -> bool:
    assert len(one) == len(other) == STEPS
    assert one[-1] < one[0] - 0.1  # or nothing was learned, and nothing was compared
    return max(abs(left - right) for left, right in zip(one, other, strict=True)) < 1e-4


def by_step(rows: Sequence[Rendered], per_sequence: int) -> list[list[Group]]:
    """The rows in their order, as the sequences of each step."""
    groups = [list(rows[start : start + per_sequence]) for start in range(0, len(rows), per_sequence)]
    return [groups[start : start + SEQUENCES] for start in range(0, len(groups), SEQUENCES)]


def test_row_by_row_our_losses_are_trls(model: Any, renderer: ChatRenderer, tmp_path: Path) -> None:
    """From messages on: the template, the ids and the masks of each are its own."""
    messages = chats(STEPS * SEQUENCES)
    rows = [renderer.render(each) for each in messages]
    found = {}
    for grad_accum in (1, SEQUENCES):
        found["ours", grad_accum] = ours(model, renderer, by_step(rows, 1), grad_accum)
        losses, trainer = trls(
            model, renderer, {"messages": messages}, grad_accum, tmp_path, assistant_only_loss=True, max_length=None
        )
        found["trl", grad_accum] = losses
        for row, its in zip(rows, trainer.train_dataset, strict=True):
            assert row.ids == its["input_ids"]
            assert row.mask == [label != -100 for label in its["labels"]]
    for other in found.values():
        assert close(found["ours", 1], other)


def test_packed_our_losses_are_trls(model: Any, renderer: ChatRenderer, tmp_path: Path) -> None:
    """Three rows a sequence, blind to each other on either side."""
    rows = [renderer.render(each) for each in chats(STEPS * SEQUENCES * ROWS)]
    steps = by_step(rows, ROWS)
    groups = [group for step in steps for group in step]
    packs = {
        "input_ids": [[token for row in group for token in row.ids] for group in groups],
        "labels": [
            [token if trained else -100 for row in group for token, trained in zip(row.ids, row.mask, strict=True)]
            for group in groups
        ],
        "seq_lengths": [[len(row.ids) for row in group] for group in groups],
    }
    found = {}
    for grad_accum in (1, SEQUENCES):
        found["ours", grad_accum] = ours(model, renderer, steps, grad_accum)
        found["trl", grad_accum], _ = trls(
            model, renderer, packs, grad_accum, tmp_path, packing=True,
            dataset_kwargs={"skip_prepare_dataset": True},
        )  # fmt: skip
    for other in found.values():
        assert close(found["ours", 1], other)
