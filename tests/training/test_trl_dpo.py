"""Our loop beside TRL's DPOTrainer: the same pairs, template, LoRA and schedule give the same loss, step by step.

What TRL had to be told beside what `test_trl.py` says:

- its reference, where adapters are stacked: by itself it would switch off all but a copy of the topmost one, the
  parent's with them, and compare with what nobody trained.
- the LoRA itself in float32 on 4 bits, which it rounds to bfloat16.

Ours are packed, two pairs a sequence, and blind to each other; TRL's are padded rows of a batch.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from data_mix.packing.pack import Pack
from espalier.artifacts.run import Run
from espalier.models.loading import load_base, resolve
from espalier.text.chat import ChatRenderer
from espalier.text.rows import Row
from tests import tiny
from tests.data_mix.packing.test_comparisons import mix, packed
from tests.training.test_trl import OPTIM as OPTIM_OF_SFT
from tests.training.test_trl import STEPS, TEMPLATE, close
from training.adapters import add_adapter
from training.asking import ask
from training.batches import make_batch
from training.checkpoint import Progress
from training.compared import Compared
from training.config import AdapterSettings, LoopSettings, PreferenceSettings
from training.loop import train
from training.objectives.dpo import dpo
from training.observers import CONTINUE, Step, Verdict
from training.optimizers import make_optimizer

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:`gradient_checkpointing` is deprecated")]

PAIRS, PER_SEQUENCE, SHORTEST, LONGEST = 8, 2, 41, 60
"""Pairs of a step, those that fill a sequence, and how many places one takes: two fit, three do not."""
BETA = 0.5
OPTIM = OPTIM_OF_SFT | {"lr": 1e-2}
"""Less steep: a pair's loss goes up and down where that of a token falls, and the last bits grow with it."""


@pytest.fixture(scope="module")
def renderer() -> ChatRenderer:
    return ChatRenderer(tiny.renderer_without_prefix().tokenizer, TEMPLATE)


@pytest.fixture(scope="module")
def pack(renderer: ChatRenderer, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Pairs whose replies are of many lengths, two in each sequence."""
    words = ["I", "went", "to", "the", "market", "Sophie", "says", "a", "house", "saw"]
    rows: list[Row] = []
    number = 0
    while len(rows) < 5 * PAIRS:
        number += 1
        said = [" ".join(words[(number * by + at * at) % 10] for at in range(1 + number * by % 9)) for by in (3, 5, 7)]
        prompt, chosen, rejected = ([{"role": role, "content": f"{text} {number}."}] for role, text in
                                    zip(("user", "assistant", "assistant"), said, strict=True))  # fmt: skip
        places = sum(len(renderer.render([*prompt, *reply]).ids) - 1 for reply in (chosen, rejected))
        if SHORTEST <= places <= LONGEST:
            replies: Any = {"chosen": chosen, "rejected": rejected}
            rows.append(Row(id=str(number), source="t", split="train", messages=prompt, **replies))
    found, counts = packed(mix(tmp_path_factory.mktemp("mixes") / "m", rows), renderer, seq_len=PER_SEQUENCE * LONGEST)
    assert counts["sequences"] * PER_SEQUENCE == counts["groups"] == len(rows)
    return found


def steps_of(pack: Pack) -> list[np.ndarray]:
    """The sequences of each step."""
    size = PAIRS // PER_SEQUENCE
    return [np.arange(step * size, (step + 1) * size) % len(pack) for step in range(STEPS)]


def ours(model: Any, pack: Pack, grad_accum: int, **how: Any) -> list[float]:
    """The loss of every step of our loop."""
    own, accelerator = copy.deepcopy(model), Accelerator(cpu=True)
    pack.references["reference"] = ask(own, pack, batch_size=4, accelerator=accelerator)
    settings = LoopSettings(steps=STEPS, grad_accum=grad_accum, optim=OPTIM, schedule={"kind": "linear", "warmup": 0})
    losses: list[float] = []
    compared = Compared(pack)

    def batches(step: int) -> list[Any]:
        chosen = steps_of(pack)[step]
        totals = compared.totals(chosen, grad_accum)
        return [
            make_batch(pack, part, int(pack.trained(chosen).sum()), compared.extras(part) | totals)
            for part in chosen.reshape(grad_accum, -1)
        ]

    def note(step: Step) -> Verdict:
        losses.extend([step.loss] * (step.number > 0))
        return CONTINUE

    run = Run.start(
        f"ours-{grad_accum}-{how}".translate({ord(c): "_" for c in "{}': "}), command="test", config=settings,
        parents={}, seeds={}, device="cpu", threads=1, compile_mode="off",
    )  # fmt: skip
    with run:
        train(
            model=own,
            optimizer=make_optimizer(own, settings.optim),
            objective=lambda model, batch: dpo(model, batch, how=PreferenceSettings(beta=BETA, **how)),
            batches=batches,
            settings=settings,
            run=run,
            accelerator=accelerator,
            progress=Progress(),
            observers=[note],
            checkpoint=lambda progress: None,
        )
    return losses


def trls(
    model: Any, renderer: ChatRenderer, pack: Pack, grad_accum: int, out: Path, *, reference: Any = None, **more: Any
) -> Any:
    """The loss of every step of TRL's trainer, and the trainer; it is given the `reference` that it could not find."""
    from datasets import Dataset, disable_progress_bars
    from trl import DPOConfig, DPOTrainer

    disable_progress_bars()
    losses = [0.0] * STEPS

    class Noting(DPOTrainer):  # type: ignore[misc]
        def training_step(self, *arguments: Any, **named: Any) -> torch.Tensor:
            loss: torch.Tensor = super().training_step(*arguments, **named)
            losses[self.state.global_step] += float(loss)
            return loss

    settings = DPOConfig(
        output_dir=str(out), max_steps=STEPS, per_device_train_batch_size=PAIRS // grad_accum,
        gradient_accumulation_steps=grad_accum, learning_rate=OPTIM["lr"], adam_beta1=OPTIM["betas"][0],
        adam_beta2=OPTIM["betas"][1], max_grad_norm=OPTIM["clip"], weight_decay=0.0, lr_scheduler_type="linear",
        warmup_steps=0, gradient_checkpointing=False, bf16=False, use_cpu=True, train_sampling_strategy="sequential",
        save_strategy="no", report_to="none", disable_tqdm=True, dataloader_pin_memory=False, max_length=None,
        beta=BETA, **more,
    )  # fmt: skip
    own = copy.deepcopy(model)
    trainer = Noting(
        model=own,
        ref_model=reference,
        args=settings,
        train_dataset=Dataset.from_list(as_messages(pack, renderer)),
        processing_class=copy.deepcopy(renderer.tokenizer),
    )
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            trainer.model.get_parameter(name).data = parameter.detach().clone()
    trainer.train()
    return losses, trainer


def as_messages(pack: Pack, renderer: ChatRenderer) -> list[dict[str, Any]]:
    """The pairs of all steps, in their order, as text; each side makes ids of it by itself."""
    found = []
    for chosen in steps_of(pack):
        for sequence in chosen:
            numbers = list(dict.fromkeys(pack.rows[sequence][pack.rows[sequence] >= 0].tolist()))
            for pair in zip(numbers[::2], numbers[1::2], strict=True):
                texts = [renderer.decode([int(pack.inputs[sequence][pack.rows[sequence] == number][0]),
                                          *pack.labels[sequence][pack.rows[sequence] == number]])
                         for number in pair]  # fmt: skip
                said = [text.replace("<|end|>", "").replace("<|user|>", "").split("<|assistant|>") for text in texts]
                assert said[0][0] == said[1][0]
                chosen_, rejected = ([{"role": "assistant", "content": reply}] for _, reply in said)
                prompt = [{"role": "user", "content": said[0][0]}]
                found.append({"prompt": prompt, "chosen": chosen_, "rejected": rejected})
    return found


def same(
    model: Any, renderer: ChatRenderer, pack: Pack, tmp_path: Path, *, parts: Sequence[int] = (1,),
    reference: Any = None, ours_how: dict[str, Any] = {}, **trls_how: Any,  # noqa: B006
) -> None:  # fmt: skip
    first = ours(model, pack, 1, **ours_how)
    for grad_accum in parts:
        assert close(first, ours(model, pack, grad_accum, **ours_how))
        losses, trainer = trls(model, renderer, pack, grad_accum, tmp_path, reference=reference, **trls_how)
        assert close(first, losses), [round(abs(a - b), 7) for a, b in zip(first, losses, strict=True)]
        its = trainer.train_dataset[0]
        row = pack.rows[0] == pack.rows[0][0]
        assert [its["prompt_ids"][0], *pack.labels[0][row]] == its["prompt_ids"] + its["chosen_ids"]


def test_our_losses_are_trls(renderer: ChatRenderer, pack: Pack, tmp_path: Path) -> None:
    model = add_adapter(tiny.model(), AdapterSettings(r=4, alpha=8), renderer, "tiny", seed=3)
    same(model, renderer, pack, tmp_path, parts=(1, 4))
    same(model, renderer, pack, tmp_path, ours_how={"loss": "ipo"}, loss_type=["ipo"])
    same(model, renderer, pack, tmp_path, ours_how={"loss": "hinge"}, loss_type=["hinge"])


def test_on_a_base_in_4_bits_they_are(renderer: ChatRenderer, pack: Pack, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    folder = tiny.saved(tmp_path / "base", width=64, feed_forward=128)
    base = load_base(resolve(f"path:{folder}"), device="cpu", dtype=torch.float32, load_in_4bit=True)
    model = add_adapter(base, AdapterSettings(r=4, alpha=8), renderer, "tiny", seed=3)
    same(model, renderer, pack, tmp_path)


def test_on_a_parents_adapter_they_are(renderer: ChatRenderer, pack: Pack, tmp_path: Path) -> None:
    """The parent's adapter lies frozen below, and is part of what both begin as and are compared with."""
    from espalier.models.loading import save_model

    base = resolve(f"path:{tiny.saved(tmp_path / 'base', width=64, feed_forward=128)}")
    plain = load_base(base, device="cpu", dtype=torch.float32)
    parent = tiny.trained_a_little(add_adapter(plain, AdapterSettings(r=2), renderer, base.spec, seed=5), lr=0.1)
    (tmp_path / "parent").mkdir()
    save_model(parent, renderer, tmp_path / "parent", base)
    below = [resolve(f"path:{tmp_path / 'parent'}")]
    model = add_adapter(
        load_base(base, device="cpu", dtype=torch.float32), AdapterSettings(r=4, alpha=8), renderer, base.spec, 3, below
    )
    # Without what peft puts around it, which TRL does not expect of a reference; the adapters lie inside.
    reference = copy.deepcopy(model).get_base_model().requires_grad_(False)
    same(model, renderer, pack, tmp_path, reference=reference)
