"""Say what an experiment's checkpoint is worth: the one figure that counts, found without running its code here.

    python research/autoresearch/evaluate.py --task language --source FOLDER --checkpoint FOLDER [--corpus NAME]
        [--on val|second] [--result FILE.json]

The model answers in the sandbox, from inputs alone; what the answers are worth is found in this process, which never
imports the experiment's file. The locked files are those of the checkout that this file lies in: the loop runs that of
the branch's base commit. With --result, JSON is written: val_bpb, or under which name the experiment counts for nothing
(`named`), and the hashes of all that it stands on. The exit code is 0 either way.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import random
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from espalier.command_line.config import Config, load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from research.autoresearch.tasks import Task, task_called

if TYPE_CHECKING:
    from research.autoresearch.evaluating.asking import Asker

WALL_SECONDS = 300.0
"""For each question that a model is asked."""
PREPARED = {"language": "txt", "mazes": "safetensors"}


class EvaluateConfig(Config):
    """What is evaluated."""

    task: str
    """language or mazes."""
    source: Path
    """The tree with the experiment's file."""
    checkpoint: Path
    """The folder with its model.safetensors."""
    corpus: str | None = None
    """Name of the prepared data; the task's own by default."""
    on: Literal["val", "second"] = "val"
    """val decides about experiments; second is what no experiment meets, for replays alone."""
    result: Path | None = None
    """Where the figures go, as JSON."""
    threads: int = Field(2, ge=1)
    """Of the processor, for the model."""
    walls: bool = True
    """Whether it answers behind walls. Without, for a GPU, its code can do here all that you can."""
    device: str = "cpu"
    """cpu, or without walls cuda or cuda:N."""


def main(argv: list[str]) -> int:
    config, _ = load(EvaluateConfig, argv, prog="python research/autoresearch/evaluate.py", doc=__doc__)
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import write_json

    task = task_called(config.task)
    if config.walls and config.device != "cpu":
        raise UserError(f"--device {config.device}: behind walls there is no GPU; say --walls false to do without them")
    found = evaluate(
        task,
        config.source,
        config.checkpoint,
        artifact("corpora", config.corpus or task.corpus),
        on=config.on,
        threads=config.threads,
        walls=config.walls,
        device=config.device,
    )
    if config.result is not None:
        write_json(config.result, found)
    if found["named"] is not None:
        say(f"counts for nothing: {found['named']}")
        return 0
    say(f"val_bpb:          {found['val_bpb']:.6f}")
    for name in task.beside:
        say(f"{name + ':':<18}{found[name]:.6f}")
    return 0


def evaluate(
    task: Task,
    source: Path,
    folder: Path,
    corpus: Path,
    *,
    on: str = "val",
    threads: int = 2,
    walls: bool = True,
    device: str = "cpu",
    wall_seconds: float = WALL_SECONDS,
    chance: random.Random | None = None,
) -> dict[str, Any]:
    """What the checkpoint in `folder` is worth with the editable file of `source`, on a secret file of `corpus`.

    `chance` draws the places that are asked for twice; nobody can know the default's.
    """
    from espalier.artifacts.records import verify_manifest
    from research.autoresearch.evaluating import checkpoint
    from research.autoresearch.evaluating.asking import asker
    from research.autoresearch.evaluating.hashes import hashes
    from research.autoresearch.naming import Named
    from research.autoresearch.staging import ROOT, check_locked, editable_text

    began = time.monotonic()
    verify_manifest(corpus, under="secret/")
    secret = corpus / "secret" / f"{on}.{PREPARED[task.name]}"
    found: dict[str, Any] = {"task": task.name, "on": on, "val_bpb": None, **dict.fromkeys(task.beside), "named": None}
    texts = {name: editable_text(source, name) for name in task.editable}
    seconds, cpu_seconds = list[float](), list[float]()
    try:
        check_locked(task, source)
        found["num_params"] = checkpoint.num_params(folder)
        found["hashes"] = hashes(task, ROOT, source, folder, corpus)
        with asker(
            task, source, folder, threads=threads, walls=walls, device=device, wall_seconds=wall_seconds
        ) as asked:
            seconds, cpu_seconds = asked.seconds, asked.cpu_seconds
            found |= _scored(asked, texts, secret, corpus, chance or random.SystemRandom())
    except Named as error:
        found["named"] = str(error)
    found["walls"] = walls
    found["seconds"] = {"all": time.monotonic() - began, "asked": seconds, "asked_cpu": cpu_seconds}
    return found


def _scored(
    asked: "Asker", texts: Mapping[str, bytes], secret: Path, corpus: Path, chance: random.Random
) -> Mapping[str, Any]:
    if asked.task.name == "mazes":
        from research.autoresearch.evaluating.mazes import score_mazes

        return score_mazes(asked, secret, chance)
    from research.autoresearch.evaluating.embedded import check_embedded
    from research.autoresearch.evaluating.language import score_language
    from research.autoresearch.staging import ROOT, editable_text

    for name, text in texts.items():
        check_embedded(text, secret.read_bytes(), corpus / "given" / "train.txt", editable_text(ROOT, name))
    return score_language(asked, secret.read_bytes(), chance)


if __name__ == "__main__":
    run_main(main)
