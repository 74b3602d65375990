"""Train the judge that scores tutors' replies, from teachers' labels, on CPU.

    python evaluation/judges/train.py --labels bea2025_dev.json mrbench_v2.json mathdial.jsonl [--name classifier]

It is kept as judges/NAME/, and evaluations use the one named classifier by themselves. How far it can be trusted is for
evaluation/calibrate.py to say, whose command is printed at the end.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import shlex
from typing import TYPE_CHECKING, Any

from espalier.command_line.config import Config, FilePath, Name, NotedOptions, load
from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from evaluation.judges.labels import Labelled

PACKAGES = ("numpy", "scipy", "safetensors")


class TrainConfig(Config):
    """What a judge is made of."""

    labels: list[FilePath] = []
    """Label files, by content: MRBench's bea2025_dev.json and mrbench_v2.json, MathDial's dialogues, any of these."""
    name: Name = "classifier"
    """Name of the judge: judges/NAME."""
    embedding: str | None = None
    """An embedding model, by hub name or folder, whose reading of replies is used too."""
    seed: int = 0
    """Of the replies that are made, and of the folds that decisions are chosen by."""


class TrainOptions(NotedOptions):
    """Flags of one invocation."""

    redo: bool = False
    """Replace the judge of this name, and its calibration."""


def main(argv: list[str]) -> int:
    config, options = load(
        TrainConfig, argv, prog="python evaluation/judges/train.py", doc=__doc__, options=TrainOptions
    )
    if not config.labels:
        raise UserError("--labels: name at least one label file; the README says where to get them")
    identity = identity_of(config)
    if not options.redo and is_there(config.name, identity):
        say(f"judge {config.name} is already complete. How far to trust it: {calibration_command(config)}")
    else:
        train(config, identity)
    if options.publish:
        from espalier.memory.runlog import note

        note(f"judge:{config.name}")
    return 0


def identity_of(config: TrainConfig) -> dict[str, Any]:
    """What decides, beside code, what is learnt."""
    from importlib.metadata import version

    from espalier.artifacts.records import sha256_file

    for path in config.labels:
        if not path.is_file():
            raise UserError(f"--labels {path}: no such file")
    return {
        "kind": "judge",
        "labels": [{"file": path.name, "sha256": sha256_file(path)} for path in config.labels],
        "embedding": config.embedding,
        "seed": config.seed,
        "packages": {name: version(name) for name in PACKAGES},
    }


def is_there(name: str, identity: dict[str, Any]) -> bool:
    """Whether the judge is complete. UserError where another one has the name."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import read_manifest
    from evaluation.judges.classifier import code_hash

    manifest = read_manifest(artifact("judges", name))
    if manifest is None:
        return False
    wanted = {**identity, "code": code_hash()}
    changed = [key for key in wanted if key != "packages" and manifest.get(key) != wanted[key]]
    if changed:
        raise UserError(f"judge {name} was trained with other {', '.join(changed)}; choose another --name, or --redo")
    return True


def train(config: TrainConfig, identity: dict[str, Any]) -> None:
    """Read the labels, learn, keep what was learnt."""
    import time

    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import sha256_file
    from espalier.artifacts.registry import source
    from espalier.artifacts.run import timestamp
    from evaluation.judges.classifier import fit, save
    from evaluation.judges.embedding import Embedding
    from evaluation.judges.labels import read_labels

    began = time.monotonic()
    labelled = read_labels(config.labels)
    announce(labelled)
    try:
        fitted = fit(labelled, seed=config.seed, embedding=Embedding(config.embedding) if config.embedding else None)
    except ValueError as error:
        raise UserError(f"--labels: {error}") from None
    parents = dict(source(path, sha256_file(path)) for path in config.labels)
    facts = {**identity, "name": config.name, "parents": parents, "finished": timestamp()}
    manifest = save(fitted, config.name, facts, replace=True)
    size = sum(file["bytes"] for file in manifest["files"].values())
    for part in fitted.parts:
        num_facts, num_terms = len(part.space.mean), len(part.space.vocabulary)
        say(f"{', '.join(part.dimensions)}: from {num_facts} facts and {num_terms} n-grams")
    say(f"trained in {time.monotonic() - began:.0f} s: {artifact('judges', config.name)} ({size / 1e6:.1f} MB)")
    say(f"next, how far to trust it: {calibration_command(config)}")


def announce(labelled: "list[Labelled]") -> None:
    """What there is to learn from."""
    from evaluation.judges.base import DIMENSIONS

    problems, tutors = {each.problem for each in labelled}, {each.tutor for each in labelled}
    say(f"{len(labelled)} labelled replies by {len(tutors)} tutors to {len(problems)} problems")
    rows = []
    for name, dimension in DIMENSIONS.items():
        given = [each.labels[name] for each in labelled if name in each.labels]
        shares = ", ".join(f"{verdict} {given.count(verdict)}" for verdict in dimension.values)
        rows.append([name, len(given), shares if given else "no labels: not taught"])
    table(["dimension", "labels", "verdicts"], rows)


def calibration_command(config: TrainConfig) -> str:
    """The command that calibrates this judge."""
    words = ["--labels", *map(str, config.labels)]
    if config.name != "classifier":
        words += ["--judge", config.name]
    return f"python evaluation/calibrate.py {shlex.join(words)}"


if __name__ == "__main__":
    run_main(main)
