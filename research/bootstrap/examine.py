"""Examine a pupil on held-out tasks of all bands, and say which it passes.

    python research/bootstrap/examine.py --name NAME --pupil run:NAME [--strength 0.5] [--band 3] [--trunk NAME]

Tasks, and what passes, are those of `milestones.yaml`; replies are the likeliest. What it came to is in
corpora/NAME/exam.json, and every turn in replies.jsonl; research/bootstrap/exam/__init__.py says what stands in them.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, FilePath, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main
from espalier.models import devices
from research.bootstrap.bands import LAST_BAND

if TYPE_CHECKING:
    from research.bootstrap.exam.holding import Held
    from research.bootstrap.exam.milestones import Milestones

COMMAND = "research/bootstrap/examine.py"
FILE = "exam.json"
_NOT_WHAT_BUT_HOW = ("name", "batch_size", "milestones")


class ExamineConfig(Config):
    """Who is examined, and on what."""

    name: Name = "exam"
    """Name of the examination: corpora/NAME."""
    pupil: str | None = None
    """Who is examined: a run, a folder or a hub name."""
    strength: float = Field(1.0, ge=0)
    """How strongly its adapter counts."""
    trunk: Name | None = None
    """The run whose bits per byte over the floor are told."""
    number: int = Field(0, ge=0)
    """Which round: it decides the second papers, and with the seed what the pupil says of itself."""
    seed: int = Field(0, ge=0)
    """Of what it says of itself; tasks are drawn by the milestones' own."""
    band: int = Field(0, ge=0, le=LAST_BAND)
    """The pupil's band: from there on, what is passed has to be passed again, on a second paper."""
    milestones: FilePath = Path("repo:research/bootstrap/milestones.yaml")
    """What has to be passed to be of a band."""
    limit: int | None = Field(None, ge=1)
    """Ask at most so many tasks of each band; for trying things out, since no band is passed by fewer."""
    device: devices.Device = "cpu"
    """cpu, cuda, cuda:1 and so on, or auto."""
    threads: int = Field(1, ge=1)
    """CPU threads."""
    batch_size: int = Field(128, ge=1)
    """Turns that are written at once."""


class ExamineOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(ExamineConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=ExamineOptions)
    if config.pupil is None:
        raise UserError("--pupil: is missing; it names the model that is examined")
    return examine(config, config.pupil, options)


def examine(config: ExamineConfig, pupil: str, options: ExamineOptions) -> int:
    """Hold the examination that `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.records import sha256_file, write_json
    from espalier.models.references import resolve
    from research.bootstrap.exam.milestones import read_milestones

    devices.check_here(config.device)
    milestones, sha256 = read_milestones(config.milestones), sha256_file(config.milestones)
    who = resolve(pupil)
    parents = {who.spec: who.content_hash, "file:milestones.yaml": sha256}
    if config.trunk:
        trunk = resolve(f"run:{config.trunk}")
        parents[trunk.spec] = trunk.content_hash
    decides = {key: value for key, value in to_dict(config).items() if key not in _NOT_WHAT_BUT_HOW}
    about = f"an examination of {pupil} at strength {config.strength:g}"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"examination {config.name} is already complete: {corpus.folder / FILE}")
        else:
            held = held_by(config, pupil, milestones)
            found = held.facts | {"floor": floor_of(config.trunk), "milestones": sha256, "limit": config.limit}
            write_json(corpus.folder / FILE, found)
            lines = {"replies.jsonl": held.replies, "identities.jsonl": held.identities}
            corpus.finish(lines, about=f"{about}: {_passed(found)}", counts=count(found))
            tell(found)
            say(f"complete: {corpus.folder / FILE}")
        if options.publish:
            corpus.publish()
    return 0


def held_by(config: ExamineConfig, pupil: str, milestones: "Milestones") -> "Held":
    """The examination, held. UserError where the pupil cannot go on with what it is asked."""
    import torch

    from research.bootstrap.classroom.types import TYPES
    from research.bootstrap.exam.holding import Examiner, hold
    from research.bootstrap.exam.voice import PupilsVoice
    from research.bootstrap.graders.english import parses
    from research.bootstrap.graders.grade import grade
    from research.bootstrap.pupil import Pupil

    if unknown := sorted(set(milestones.types) - set(TYPES)):
        raise UserError(f"{config.milestones}: types: there are no {', '.join(unknown)}; there are {', '.join(TYPES)}")
    torch.set_num_threads(config.threads)
    model = Pupil.open(pupil, strength=config.strength, device=config.device)
    voice = PupilsVoice(pupil=model, batch_size=config.batch_size)
    examiner = Examiner(
        milestones=milestones, types=TYPES, grade=grade, parses=parses, number=config.number, limit=config.limit
    )
    return hold(examiner, voice, present=config.band, seed=f"{config.seed}/{config.number}")


def floor_of(trunk: str | None) -> dict[str, float] | None:
    """What a trunk's training measured on the curriculum's held-out sessions; None where it measured no such thing."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import read_manifest

    manifest = read_manifest(artifact("runs", trunk)) if trunk else None
    figures = manifest["summary"]["heldout"].get("valid", {}).get("fit", {}) if manifest else {}
    if figures.get("floor") is None:
        return None
    return {key: figures[key] for key in ("bits_per_byte", "floor", "excess")}


def count(found: dict[str, Any]) -> dict[str, Any]:
    """What it came to, in numbers."""
    return {
        "turns": sum(each["turns"] for each in found["bands"]),
        "good": sum(each["good"] for each in found["bands"]),
        "bands_passed": [each["band"] for each in found["bands"] if each["passed"]],
    }


def tell(found: dict[str, Any]) -> None:
    """Say what it came to."""
    rows = [
        [each["band"], each["name"], each["turns"], each["share"], each["low"], each["at_least"],
         each["sentences"] and each["sentences"]["share"], "yes" if each["passed"] else "no"]
        for each in found["bands"]
    ]  # fmt: skip
    table(["band", "", "turns", "good", "surely above", "wanted", "parse", "passed"], rows)
    for band in found["controls_pass"]:
        say(f"note: band {band} is passed by a control, so that nobody passes it")


def _passed(found: dict[str, Any]) -> str:
    bands = count(found)["bands_passed"]
    return f"passed bands {', '.join(map(str, bands))}" if bands else "passed no band"


if __name__ == "__main__":
    run_main(main)
