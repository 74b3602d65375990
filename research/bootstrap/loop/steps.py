"""The steps of a round, a function each: one of our commands, from artifacts by name to the next artifact.

What a round is told of its pupil, its band and its size is said on each command line, so that any step can be read in
the log, repeated alone, and gone on with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_manifest
from espalier.artifacts.rounds import Round
from espalier.command_line.config import to_dict
from espalier.errors import UserError
from espalier.loops.pace import Pace
from espalier.loops.steps import flags, run_step
from espalier.loops.trained import Trained
from research.bootstrap.classroom.scene import PAIRS, SEED
from research.bootstrap.loop.bands_table import Band
from research.bootstrap.loop.config import BootstrapConfig

SESSIONS, GRADE, ROWS, CALIBRATE = (
    f"research/bootstrap/{name}.py" for name in ("sessions", "grade", "rows", "calibrate")
)
BUILD, TRAIN, EXAMINE = "data_mix/build.py", "stage1/train.py", "research/bootstrap/examine.py"
_FOLDERS = {
    CALIBRATE: "corpora",
    SESSIONS: "corpora",
    GRADE: "corpora",
    ROWS: "corpora",
    BUILD: "mixes",
    TRAIN: "runs",
    EXAMINE: "corpora",
}
_WITH_A_MODEL = (SESSIONS, EXAMINE)
HELD_OUT_ROWS = 300
"""Sessions of the curriculum on which the trunk's bits per byte are held to their entropy."""

WHO_ONE_IS = ("who_are_you",)
"""What the curriculum holds of who one is, which nobody hears where no session asks for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pupil:
    """Who speaks as Basil: a trunk, or an adapter on it."""

    run: str
    """Its run."""
    strength: float
    """How strongly the adapter counts."""


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps of one round."""

    config: BootstrapConfig
    pace: Pace
    number: int
    """Which round, from 0."""
    band: int
    """The pupil's band in it."""
    run: Callable[..., int] | None = None
    """What runs a command that needs a model; by default a process that starts from nothing, as for the others."""

    @property
    def row(self) -> Band:
        """The table's row for the band."""
        return self.config.table[self.band]

    def name(self, part: str, number: int | None = None) -> str:
        """What a part of this or another round is called."""
        return part_of(self.config, self.number if number is None else number, part)

    def heard(self, grades: Sequence[str]) -> str | None:
        """Sessions of Sophie's alone, of all bands, and the more of what was failed by these grades; None in a round
        that has none."""
        size = self.config.heard if self.number else self.config.listening.heard
        needed = {"needed": list(grades), "focus": self.config.heard_focus} if grades else {}
        told = {"sessions": size, "staging": False, "pupil": None, **needed}
        return self._run(SESSIONS, "heard", self._held | told) if size else None

    def sessions(self, pupil: Pupil, more: int = 0) -> str:
        """Sessions with the pupil; `more` counts further ones."""
        config = self.config
        told = {
            "first": more * config.sessions,
            "sessions": config.sessions,
            "staging": config.staging,
            "pupil": f"run:{pupil.run}",
            "strength": pupil.strength,
            "max_new_tokens": self._column("max_new_tokens"),
            "context": self._column("context"),
            "temperature": config.temperature,
            "attempts": config.attempts,
            "permuted": config.permuted_reactions,
            "demonstrations": config.demonstrations,
            **self._machine,
        }
        return self._run(SESSIONS, f"sessions.{more}" if more else "sessions", self._held | told)

    def calibrate(self) -> None:
        """Whether the loop's grader tells good replies from what is made to please. UserError where it does not."""
        name = self._run(CALIBRATE, "grader", {"seed": self.config.seed, **self._chosen("grader")})
        if failed := _counts(name)["failed"]:
            raise UserError(
                f"the grader is not to be trusted, and the loop learns by nothing else: {'; '.join(failed)} "
                f"(corpora/{name}/page.md); choose another --grader"
            )

    def grades(self, sessions: str, more: int = 0) -> str:
        """What the pupil's turns in these sessions are worth."""
        told = {"sessions": sessions, "seed": self.config.seed, "permuted": self.config.permuted_grades}
        told |= self._chosen("grader")
        return self._run(GRADE, f"grades.{more}" if more else "grades", told)

    def rows(self, heard: str | None, sessions: Sequence[str], grades: Sequence[str], more: int = 0) -> str:
        """What trunk and adapter learn from what is heard, and from sessions of this and earlier rounds, weighed as the
        band wants it."""
        config = self.config
        told = {
            "number": self.number,
            "seed": config.seed,
            "heard": [heard] if heard else [],
            "sessions": list(sessions),
            "grades": list(grades),
            "band": self.band,
            "threshold": self._column("threshold") if config.threshold else None,
            "least_weight": self._column("least_weight"),
            "weights": config.weights,
            "context": self._column("context"),
            "negatives": config.negatives,
            "half_life": config.half_life,
            "tutor_weight": config.tutor_weight,
            "own_turns_divisor": config.own_turns_divisor,
        }
        return self._run(ROWS, f"rows.{more}" if more else "rows", told)

    def trunk_mix(self, rows: str) -> str:
        """What the trunk hears: its rows, the curriculum's sessions, and graded attempts where it has no adapter."""
        heard, config = self.config.listening, self.config
        overheard = config.overheard if self.number else heard.overheard
        before = heard.overheard + (self.number - 1) * config.overheard if self.number else 0
        curriculum: dict[str, Any] = {"sessions": overheard, "dialogues": 0, "first": before}
        curriculum |= {"held_out_rows": HELD_OUT_ROWS, "held_out_seed": SEED, "held_out_pairs": PAIRS}
        curriculum |= {} if config.identity else {"without": WHO_ONE_IS}
        curriculum |= {"held_out_triples": PAIRS}  # drawn with the pairs, which another share would change
        sources = [_source(rows, "trunk"), {"curriculum": curriculum}]
        if not config.separate and size_of(rows, "attempts"):
            sources.append(_source(rows, "attempts"))
        return self._mix("trunk", sources)

    def trunk(self, mix: str, before: str | None) -> str:
        """The round's trunk: the one before, trained on, or one from random weights."""
        config = self.config
        steps = self.row.trunk_steps if before else config.listening.steps
        steps += 0 if config.separate or not before else self.row.adapter_steps
        new = {
            "parent": None,
            "growth": "merge",
            "model": to_dict(config.model),
            "tokenizer": to_dict(config.tokenizer),
        }
        keys = {"parent": before} if before else new | config.listening.keys
        return self._trained("trunk", config.trunk, {"mix": mix, "steps": steps, **keys})

    def adapter(self, rows: str, trunk: str) -> str | None:
        """An adapter on the round's trunk, trained anew on graded attempts; None where there is none to be made."""
        config = self.config
        if not config.separate or not self.row.adapter_steps or not self.row.strength or not size_of(rows, "attempts"):
            return None
        mix = self._mix("adapter", [_source(rows, "attempts")])
        adapted = {"r": config.adapter.r, **config.adapter.model_dump(mode="json", exclude_defaults=True)}
        keys = {"parent": trunk, "adapter": adapted, "steps": self.row.adapter_steps}
        adapter = self._trained("adapter", config.adapters, {"mix": mix, **keys})
        if not config.negatives or not size_of(rows, "pairs"):
            return adapter
        pairs = self._mix("pairs", [_source(rows, "pairs") | {"preferences": "keep"}])
        return self._trained("preferring", config.preferences, {"mix": pairs, "parent": adapter})

    def exam(self, pupil: Pupil, trunk: str) -> str:
        """What the pupil can do on held-out tasks of all bands."""
        config = self.config
        told = {
            "number": self.number,
            "seed": config.seed,
            "band": self.band,
            "pupil": f"run:{pupil.run}",
            "strength": pupil.strength,
            "trunk": trunk,
            "milestones": config.milestones,
            "limit": config.exam_limit,
            **self._machine,
        }
        return self._run(EXAMINE, "exam", told)

    @property
    def _held(self) -> dict[str, Any]:
        """What all sessions of the round have in common."""
        config = self.config
        return {
            "number": self.number,
            "seed": config.seed,
            "tasks": config.tasks,
            "band": self.band,
            "present": self.row.present,
            "identity": config.identity,
            "shuffled": config.shuffled,
            **self._chosen("tutor"),
        }

    def _column(self, name: str) -> list[Any]:
        """A column of the table, by band."""
        return [getattr(row, name) for row in self.config.table]

    def _chosen(self, key: Literal["grader", "tutor"]) -> dict[str, Any]:
        chosen = getattr(self.config, key).model_dump(mode="json", exclude_defaults=True)
        return {key: chosen} if chosen else {}

    @property
    def _machine(self) -> dict[str, Any]:
        return {"device": self.config.device, "threads": self.config.threads}

    def _mix(self, part: str, sources: Sequence[Mapping[str, Any]]) -> str:
        told = {f"sources.{place}": dict(source) for place, source in enumerate(sources)}
        return self._run(BUILD, part, {"seed": self.config.seed, "valid_fraction": 0, "workers": 1, **told})

    def _trained(self, part: str, trained: Trained, differs: Mapping[str, Any]) -> str:
        keys = {
            "recipe": None,
            "seed": self.config.seed,
            "monitors.on": "none",
            **self._machine,
            **trained.keys,
            **differs,
            "publish": False,
        }
        return run_step(self.pace, TRAIN, "runs", self.name(part), str(trained.config), *flags(keys), run=self.run)

    def _run(self, command: str, part: str, told: Mapping[str, Any]) -> str:
        quiet = {} if command == BUILD else {"publish": False}
        run = self.run if command in _WITH_A_MODEL and told.get("pupil") else None
        return run_step(self.pace, command, _FOLDERS[command], self.name(part), *flags({**told, **quiet}), run=run)


def part_of(config: BootstrapConfig, number: int, part: str) -> str:
    """What a part of a round is called: NAME-r03-PART."""
    return Round(loop=config.name, number=number, part=part).name


def size_of(rows: str, part: str) -> int:
    """How many rows of a part (`trunk`, `attempts` that weigh anything, `pairs`) a corpus of rows has."""
    return int(_counts(rows)[part])


def _counts(corpus: str) -> dict[str, Any]:
    manifest = read_manifest(artifact("corpora", corpus))
    assert manifest is not None
    return dict(manifest["counts"])


def _source(rows: str, part: str) -> dict[str, Any]:
    return {"path": Path(f"corpora:{rows}/{part}.jsonl"), "name": part, "licence": "made here"}
