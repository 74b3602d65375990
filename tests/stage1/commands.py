"""A toy mix, a trunk and a core on it that are trained in a second, and what is left of them."""

from pathlib import Path
from typing import Any

import yaml

from espalier.artifacts import records
from espalier.signals.store import SignalStore
from espalier.text.rows import write_rows
from tests import tiny
from tests.processes import Moment

VERBS = [("go", "went"), ("see", "saw"), ("eat", "ate"), ("buy", "bought"), ("make", "made")]
NOUNS = ["market", "house", "cake", "river", "book", "bread"]

TRUNK = {
    "name": "trunk",
    "mix": "toy",
    "rows": "text",
    "model": {"num_layers": 2, "width": 16, "feed_forward": 32, "num_heads": 2},
    "tokenizer": {"vocab_size": 320},
    "seq_len": 32,
    "micro_batch_size": 2,
    "steps": 24,
    "optim": {"lr": 0.01},
    "schedule": {"warmup": 2},
    "compile": "off",
    "log_every": 1,
    "checkpoint_every": 4,
    "heldout": {"every": 6},
    "checkin": {"every": 8, "prompts": ["Tutor: Who are you?\nBasil:"], "max_new_tokens": 8},
}
"""A trunk that is trained in a second."""
CORE = TRUNK | {
    "name": "core",
    "rows": "chat",
    "parent": "trunk",
    "model": None,
    "adapter": {"r": 2, "dropout": 0.2, "train_embeddings": "all"},
    "grad_accum": 2,
}
"""Its core: dropout and accumulation, so that random states and the place in the data matter."""


def make_mix(workspace: Path, name: str = "toy") -> None:
    """Sixty texts and sixty chats, and a few held out."""
    pairs = [(verb, noun) for verb in VERBS for noun in NOUNS] * 2
    texts = [
        tiny.text_row(i, f"Basil: I {verb[1]} the {noun}. {'I went. ' * (i % 5)}")
        for i, (verb, noun) in enumerate(pairs)
    ]
    chats = [
        tiny.chat_row(i, f"I {verb[0]} the {noun}.", f"You {verb[1]} the {noun}?")
        for i, (verb, noun) in enumerate(pairs)
    ]
    held = [tiny.text_row(900, "Basil: I saw the book.", split="valid", log2_prob=-9.0)]
    held += [tiny.text_row(902, "Basil: I ate the bread. " * 8, split="valid", log2_prob=-40.0)]
    held += [tiny.chat_row(901, "I see the book.", "You saw the book?", split="valid", assistant_log2_prob=-1.0)]
    folder = workspace / "mixes" / name
    folder.mkdir(parents=True)
    write_rows(folder / "train.parquet", texts + chats)
    write_rows(folder / "valid.parquet", held)
    records.write_manifest(folder, {"kind": "mix", "name": name, "sources": []})


def write_config(folder: Path, config: dict[str, Any], **changes: Any) -> Path:
    """The configuration as a file."""
    config = config | changes
    path = folder / f"{config['name']}.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def log_of_step(number: int) -> Moment:
    """Just before a step is logged: those before it are."""
    return Moment(path=r".*/metrics\.jsonl", number=number)


def last_step(run: Path) -> int:
    """The last step in the run's metrics."""
    return max(row["step"] for row in records.read_jsonl(run / "metrics.jsonl"))


def fingerprint(run: Path) -> dict[str, str]:
    """Hashes of the final weights and of all that was logged but for the clock and the memory."""
    found = {path.name: records.sha256_file(path) for path in sorted((run / "final").glob("*.safetensors"))}
    clocks = ("seconds", "tokens_per_second", "peak_memory_gb")
    rows = [{k: v for k, v in row.items() if k not in clocks} for row in records.read_jsonl(run / "metrics.jsonl")]
    found["metrics"] = repr(rows)
    if (run / "journal.md").exists():
        found["journal"] = (run / "journal.md").read_text()
    if (run / "signals.db").exists():
        found["answers"] = repr([(each.step, each.said) for each in SignalStore.read(run).answers()])
    return found
