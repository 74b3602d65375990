"""One contestant at one length, in a process of its own, with an allocator that gives no more than the cap.

    python research/benchmarks/long_context/trial.py --who ours --shape qwen3-8b --seq_len 8192 --cap_gb 8 --work FOLDER

Prints a line of JSON last: whether it trained, its peaks in GiB (what torch's tensors took, what its allocator held,
what the process took on the card beside), and the tokens per second of each step. Ours is `stage1/train.py` itself,
with the flags that follow `--flags`. On a CPU, where nothing caps memory, tensors are counted one by one.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Literal

from pydantic import Field

from espalier.artifacts import records
from espalier.command_line.config import Config, load
from espalier.errors import UserError, run_main
from research.benchmarks.long_context import bases
from stage1.config import Stage1Config

LORA_R, LORA_ALPHA, LR = 32, 32.0, 1e-4
_GB = 2**30


class Trial(Config):
    """Who trains, how long sequences."""

    who: Literal["ours", "peft", "unsloth"] = "ours"
    """The contestant: ours, plain transformers with peft and bitsandbytes, or Unsloth."""
    shape: str = "qwen3-8b"
    """The model, by a name in bases.py."""
    seq_len: int = Field(4096, ge=8)
    """Tokens of a sequence; one at a time."""
    steps: int = Field(20, ge=1)
    """Optimizer steps."""
    cap_gb: float = Field(8.0, gt=0)
    """What the allocator may hold."""
    work: Path
    """The workspace, prepared."""
    flags: str = ""
    """Ours: further flags of stage1/train.py, by blanks."""


def main(argv: list[str]) -> None:
    trial, _ = load(Trial, argv, prog="python research/benchmarks/long_context/trial.py", doc=__doc__)
    os.environ |= {"ESPALIER_HOME": str(trial.work), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")
    import torch

    from research.benchmarks.long_context.counting import Held

    on_card = torch.cuda.is_available()
    if on_card:
        card = torch.cuda.get_device_properties(0)
        torch.cuda.set_per_process_memory_fraction(min(1.0, trial.cap_gb * _GB / card.total_memory))
    held = None if on_card else Held()
    found: dict[str, Any] = {"device": card.name if on_card else "cpu", "trained": True}
    try:
        with held or nullcontext():
            found["tokens_per_second"] = {"ours": ours, "peft": peft, "unsloth": unsloth}[trial.who](trial)
    except Exception as error:
        if not _out_of_memory(error):
            raise
        found |= {"trained": False, "why": str(error).partition("\n")[0][:300]}
    if held:
        found |= {"tensors_gb": held.peak / _GB, "reserved_gb": None, "beside_gb": None}
        found["trained"] = held.peak <= trial.cap_gb * _GB
    else:
        free, total = torch.cuda.mem_get_info()
        found |= {
            "tensors_gb": torch.cuda.max_memory_allocated() / _GB,
            "reserved_gb": torch.cuda.max_memory_reserved() / _GB,
            "beside_gb": (total - free - torch.cuda.memory_reserved()) / _GB,
        }
    print(json.dumps(found))


def _out_of_memory(error: BaseException | None) -> bool:
    """Whether this, or what it came from, says that the card is full."""
    if error is None:
        return False
    return "out of memory" in str(error).lower() or _out_of_memory(error.__cause__ or error.__context__)


def ours(trial: Trial) -> list[float]:
    """`stage1/train.py`, from its flags to its sealed run."""
    from stage1.train import main as train

    name = f"trial-{os.getpid()}"
    run = trial.work / "runs" / name
    try:
        with written(trial, name) as argv:
            code = train(argv)
        if code:
            raise UserError(f"stage1/train.py ended with exit code {code}")
        return [line["tokens_per_second"] for line in records.read_jsonl(run / "metrics.jsonl") if "loss" in line]
    finally:
        if run.exists():
            records.remove_folder(run)


@contextmanager
def written(trial: Trial, name: str) -> Iterator[list[str]]:
    """What stage1/train.py is given: a configuration in a file, and the trial's flags."""
    told = {
        "name": name, "mix": bases.MIX, "rows": "text", "base": f"path:{bases.folder_of(trial.shape, trial.work)}",
        "load_in_4bit": True, "adapter": {"r": LORA_R, "alpha": LORA_ALPHA}, "seq_len": trial.seq_len,
        "micro_batch_size": 1, "grad_accum": 1, "steps": trial.steps, "optim": {"lr": LR, "betas": [0.9, 0.999]},
        "schedule": {"kind": "constant", "warmup": 0}, "log_every": 1, "checkpoint_every": trial.steps,
        "heldout": {"every": 0, "final_sequences": 1, "batch_size": 1}, "checkin": {"every": 0}, "compile": "off",
        "monitors": {"on": "none"},  # as peers are watched by nobody
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.yaml"
        file.write_text(json.dumps(told), encoding="utf-8")  # JSON is YAML
        yield [str(file), *trial.flags.split()]


def config_of(trial: Trial, name: str) -> Stage1Config:
    """The configuration that stage1/train.py makes of it."""
    with written(trial, name) as argv:
        config, _ = load(Stage1Config, argv, prog="python stage1/train.py", doc=None)
    return config


def peft(trial: Trial) -> list[float]:
    """What the documentation of peft says: 4 bits, `prepare_model_for_kbit_training`, checkpointing, paged AdamW."""
    import torch
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import AutoModelForCausalLM

    from espalier.models.loading import four_bit

    device, dtype = ("cuda", torch.bfloat16) if torch.cuda.is_available() else ("cpu", torch.float32)
    model = AutoModelForCausalLM.from_pretrained(
        bases.folder_of(trial.shape, trial.work), quantization_config=four_bit(dtype), dtype=dtype,
        device_map={"": device}, attn_implementation="sdpa",
    )  # fmt: skip
    model = prepare_model_for_kbit_training(model, gradient_checkpointing_kwargs={"use_reentrant": False})
    lora = LoraConfig(r=LORA_R, lora_alpha=int(LORA_ALPHA), target_modules="all-linear", task_type="CAUSAL_LM")
    return _steps(trial, get_peft_model(model, lora), device, dtype)


def unsloth(trial: Trial) -> list[float]:
    """Unsloth with the checkpointing of its own that it advertises for long contexts."""
    try:
        from unsloth import FastLanguageModel
    except (ImportError, NotImplementedError) as error:
        raise UserError(f"unsloth cannot be used here ({error})") from error
    import torch

    model, _ = FastLanguageModel.from_pretrained(
        str(bases.folder_of(trial.shape, trial.work)), max_seq_length=trial.seq_len, load_in_4bit=True,
        dtype=torch.bfloat16,
    )  # fmt: skip
    model = FastLanguageModel.get_peft_model(
        model, r=LORA_R, lora_alpha=int(LORA_ALPHA), lora_dropout=0, bias="none",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        use_gradient_checkpointing="unsloth", max_seq_length=trial.seq_len,
    )  # fmt: skip
    return _steps(trial, model, "cuda", torch.bfloat16)


def _steps(trial: Trial, model: Any, device: str, dtype: Any) -> list[float]:
    """A peer's loop over the same rows: its own loss, 8-bit AdamW in paged memory, gradients clipped."""
    import torch
    from bitsandbytes.optim import PagedAdamW8bit

    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = PagedAdamW8bit(trained, lr=LR)
    wait: Callable[[], None] = torch.cuda.synchronize if device == "cuda" else lambda: None
    tokens, speeds = _tokens(trial), []
    for step in range(trial.steps):
        begun = time.perf_counter()
        start = step * trial.seq_len % (len(tokens) - trial.seq_len)
        ids = tokens[None, start : start + trial.seq_len].to(device)
        with torch.autocast(device, dtype=dtype, enabled=dtype != torch.float32):
            loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        wait()
        speeds.append(trial.seq_len / (time.perf_counter() - begun))
    return speeds


def _tokens(trial: Trial) -> Any:
    import torch
    from transformers import AutoTokenizer

    from espalier.text.rows import read_rows

    tokenizer = AutoTokenizer.from_pretrained(bases.folder_of(trial.shape, trial.work))
    rows = read_rows(trial.work / "mixes" / bases.MIX / "train.parquet")
    return torch.tensor([token for row in rows for token in tokenizer(row.messages[0]["content"]).input_ids])


if __name__ == "__main__":
    run_main(main)
