"""From nothing to a core that one can talk to: mix, trunk, core, evaluation, report.

    python research/demo.py          # what `make demo` runs
    python research/demo.py --fast   # fewer steps: less than half the time, and a core that is wrong more often

Every step is one of the project's commands, shown as you would type it. The machine's speed is measured first, to say
how long it will take; what is finished already is not done again.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import shlex
import time
from itertools import islice

from espalier.artifacts.paths import artifact, repo_root
from espalier.artifacts.records import is_complete
from espalier.command_line.config import Config, load, load_file
from espalier.command_line.console import duration, say
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError, run_main
from stage1.config import Stage1Config

TRUNK, CORE = "stage1/configs/basil-trunk.yaml", "stage1/configs/basil.yaml"
FAST_STEPS = {"trunk": 1000, "core": 6500}
_PROBE_S = 3.0
_REST_S = 100.0
"""Mix, packs, check-ins, measurements and evaluation, in the time that the steps of a minute take: they scale alike."""


class Demo(Config):
    """What to show."""

    fast: bool = False
    """Train fewer steps, under other names (basil-fast-trunk, basil-fast)."""


def main(argv: list[str]) -> int:
    settings, _ = load(Demo, argv, prog="python research/demo.py", doc=__doc__)
    trunk, core = ("basil-fast-trunk", "basil-fast") if settings.fast else ("basil-trunk", "basil-core")
    commands = [
        ("1/4  the mix: a curriculum written from scratch", "data_mix/build.py data_mix/recipes/basil.yaml"),
        ("2/4  the trunk: a model from random weights, grown on sessions", f"stage1/train.py {TRUNK}"),
        ("3/4  the core: the trunk, taught by dialogues", f"stage1/train.py {CORE}"),
        ("4/4  what the core learned that the trunk did not know", f"evaluation/run.py --models {trunk} {core}"),
    ]
    if settings.fast:
        commands[1] = (commands[1][0], f"{commands[1][1]} --name {trunk} --steps {FAST_STEPS['trunk']}")
        commands[2] = (commands[2][0], f"{commands[2][1]} --name {core} --parent {trunk} --steps {FAST_STEPS['core']}")
    say(f"== {how_long(trunk, core, fast=settings.fast)}")
    begun = time.monotonic()
    for title, command in commands:
        say(f"\n== {title}   ({duration(time.monotonic() - begun)} so far)\n$ python {command}")
        if code := run_command(*shlex.split(command)):
            return code
        if title.startswith("1"):
            show_rows()
    say(f"\n== done, in {duration(time.monotonic() - begun)}. Talk to it: .venv/bin/espalier chat {core}")
    return 0


def how_long(trunk: str, core: str, *, fast: bool) -> str:
    """How long the demo will take here, told from a few training steps of the trunk's shape."""
    tokens = 0
    for kind, name, path in (("trunk", trunk, TRUNK), ("core", core, CORE)):
        config = load_file(Stage1Config, repo_root() / path)
        steps = FAST_STEPS[kind] if fast else config.steps
        if not is_complete(artifact("runs", name)):
            tokens += steps * config.micro_batch_size * config.seq_len
    if not tokens:
        return "the models are here already, so this takes about two minutes"
    say("measuring how fast this machine is …")
    speed = tokens_per_second()
    seconds = tokens / speed * (1 + _REST_S / 300)
    return (
        f"{speed:,.0f} tokens a second here: the whole takes about {duration(seconds)}, if the machine stays as it is"
    )


def tokens_per_second(threads: int | None = None) -> float:
    """Tokens a second, forward and backward, of the trunk's shape, with as many threads as it would choose."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from training.batches import Batch
    from training.objectives.sft import sft
    from training.sequences import Sequences
    from training.threads import choose_threads

    config = load_file(Stage1Config, repo_root() / TRUNK)
    assert config.model is not None
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=config.tokenizer.vocab_size,
            hidden_size=config.model.width,
            intermediate_size=config.model.feed_forward,
            num_hidden_layers=config.model.num_layers,
            num_attention_heads=config.model.num_heads,
        )
    )
    shape = (config.micro_batch_size, config.seq_len)
    num_tokens = shape[0] * shape[1]
    torch.set_num_threads(threads or choose_threads(num_tokens, config.model.width, config.model.feed_forward))
    tokens = torch.randint(0, config.tokenizer.vocab_size, shape)
    sequences = Sequences(
        input_ids=tokens,
        labels=tokens,
        position_ids=torch.arange(shape[1]).expand(shape),
        rows=torch.zeros(shape, dtype=torch.int64),
    )
    batch = Batch(
        sequences=sequences,
        weights=torch.ones(shape),
        num_tokens=num_tokens,
        row_ids=list,
        num_trained=num_tokens,
    )
    sft(model, batch)[0].backward()
    steps, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < _PROBE_S:
        sft(model, batch)[0].backward()
        steps += 1
    return steps * num_tokens / (time.perf_counter() - begun)


def show_rows() -> None:
    """A few rows of the mix: what the models are about to read."""
    from espalier.text.rows import read_rows

    path = artifact("mixes", "basil") / "train.parquet"
    if not path.is_file():
        raise UserError(f"{path}: the mix was built under another name")
    shown = {"text": 1, "chat": 3}
    say("what they will read, for example:")
    for row in islice(read_rows(path), 100_000):
        if not any(shown.values()):
            break
        if shown.get(row.kind):
            shown[row.kind] -= 1
            for message in row.messages:
                role = "" if row.is_text else f"{message['role']}: "
                say(f"    {role}{message['content'].replace(chr(10), ' / ')[:160]}")
            say("    –")


if __name__ == "__main__":
    run_main(main)
