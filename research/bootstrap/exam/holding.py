"""An examination as it is held: papers of all bands, the same papers by controls, and what else is measured."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from research.bootstrap.bands import BANDS
from research.bootstrap.classroom.asking import SOPHIE, Episode
from research.bootstrap.classroom.session_type import SessionType
from research.bootstrap.exam import identity, pairs
from research.bootstrap.exam.controls import CONTROLS
from research.bootstrap.exam.manner import manner
from research.bootstrap.exam.marks import Grade, Marked, Parses, mark, of_band, result
from research.bootstrap.exam.memoriser import memoriser
from research.bootstrap.exam.milestones import Milestone, Milestones
from research.bootstrap.exam.papers import Drawer
from research.bootstrap.exam.sitting import Answer, Answers, Asked, sit

_WATCHED = range(1, 7)
"""Bands whose first task is shown through all rounds."""


class Voice(Protocol):
    """Who is examined."""

    def says(
        self, transcripts: Sequence[str], *, seeds: Sequence[int], temperature: float, max_new_tokens: int
    ) -> Sequence[Answer]:
        """One line for each transcript, drawn by its seed, or the likeliest at temperature 0."""
        ...

    def likelihoods(self, texts: Sequence[str]) -> Sequence[float]:
        """How likely it finds each text, in nats."""
        ...


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """What does not depend on who is examined."""

    milestones: Milestones
    types: Mapping[str, type[SessionType]]
    """Session types by name."""
    grade: Grade
    parses: Parses
    number: int = 0
    """Which round, by which second papers are drawn."""
    limit: int | None = None
    """At most so many tasks of each band, none of which is passed by so few."""

    @property
    def controls(self) -> Mapping[str, Answers]:
        """Who is examined beside the pupil, by name; the docstring of each says what it does."""
        return {**CONTROLS, "memoriser": memoriser(self.milestones, self.types)}


@dataclass(kw_only=True)
class Held:
    """What an examination came to: the parts of exam.json, and the lines of the files beside it."""

    bands: list[dict[str, Any]] = field(default_factory=list)
    controls: dict[str, Any] = field(default_factory=dict)
    first: list[Marked] = field(default_factory=list)
    """The turns of all first papers."""
    replies: list[dict[str, Any]] = field(default_factory=list)
    identities: list[dict[str, Any]] = field(default_factory=list)
    minimal_pairs: dict[str, Any] = field(default_factory=dict)
    as_sophie: list[dict[str, Any]] = field(default_factory=list)

    @property
    def facts(self) -> dict[str, Any]:
        """What of exam.json the pupil decides."""
        wanted = manner([(each.asked, Answer(text=each.asked.ask.model)) for each in self.first])
        said = manner([(each.asked, each.answer) for each in self.first])
        passing = {band for each in self.controls.values() for band in _passed(each) if band}
        return {
            "bands": self.bands,
            "manner": {"turns": len(self.first), **said, "wanted": wanted},
            "controls": self.controls,
            "controls_pass": sorted(passing),
            "minimal_pairs": self.minimal_pairs,
            "identity": identity.read(self.identities),
            "as_sophie": self.as_sophie,
            "watched": _watched(self.replies),
        }


def hold(examiner: Examiner, voice: Voice, *, present: int, seed: str) -> Held:
    """Examine a pupil of band `present`; `seed` decides what it draws when it speaks of itself."""
    held = Held(controls={name: {"about": each.__doc__, "bands": []} for name, each in examiner.controls.items()})
    for band in range(len(BANDS)):
        _examine(examiner, voice, band, held, confirm=band >= present)
        held.as_sophie.append(_as_sophie(examiner, voice, band))
    held.minimal_pairs = _minimal_pairs(examiner.milestones.seed, voice)
    held.identities = _identities(voice, seed)
    return held


def _examine(examiner: Examiner, voice: Voice, band: int, held: Held, *, confirm: bool) -> None:
    """One band: its paper, by the pupil and by controls, and where it is passed the paper that confirms it."""
    milestone = examiner.milestones.bands[band]
    tasks = min(milestone.tasks, examiner.limit or milestone.tasks)
    drawer = Drawer(examiner.milestones, band, examiner.types)
    papers = [drawer.paper(tasks)]

    def sat(answers: Answers) -> list[Marked]:
        return mark(sit(papers[-1], answers), examiner.grade)

    won_by = _controls(examiner, milestone, papers[0], held.controls)
    each_type = examiner.milestones.each_type
    marked = sat(_answers(voice, milestone))
    held.first += marked
    held.replies += _lines(band, 0, marked)
    first, second = result(milestone, marked, examiner.parses, each_type), None
    if examiner.limit is not None:
        first["failed"].insert(0, f"limited: {tasks} of {milestone.tasks} tasks were asked")
    if confirm and not first["failed"]:
        papers.append(drawer.paper(tasks, examiner.number))
        again = sat(_answers(voice, milestone))
        held.replies += _lines(band, 1, again)
        second = result(milestone, again, examiner.parses, each_type)
    held.bands.append(of_band(band, first, second, won_by if band else ()))


def _as_sophie(examiner: Examiner, voice: Voice, band: int) -> dict[str, Any]:
    """What the same voice can do where it is called Sophie, whom it has heard: half a paper."""
    milestone = examiner.milestones.bands[band]
    tasks = max(1, min(milestone.tasks, examiner.limit or milestone.tasks) // 2)
    paper = Drawer(examiner.milestones, band, examiner.types, SOPHIE).paper(tasks)
    facts = result(milestone, mark(sit(paper, _answers(voice, milestone), SOPHIE), examiner.grade), examiner.parses)
    return {key: facts[key] for key in ("turns", "share", "low", "high")}


def _controls(examiner: Examiner, milestone: Milestone, paper: Sequence[Episode], found: dict[str, Any]) -> list[str]:
    """What the controls come to on a paper; returns those that pass, though it be without some session types."""
    for name, answers in examiner.controls.items():
        facts = result(milestone, mark(sit(paper, answers), examiner.grade), examiner.parses)
        kept = {key: facts[key] for key in ("share", "low")}
        found[name]["bands"].append(kept | {"passed": not facts["failed"]})
    return [name for name, each in found.items() if each["bands"][-1]["passed"]]


def _passed(control: Mapping[str, Any]) -> list[int]:
    return [band for band, each in enumerate(control["bands"]) if each["passed"]]


def _answers(voice: Voice, milestone: Milestone) -> Answers:
    def answers(asked: Sequence[Asked]) -> Sequence[Answer]:
        transcripts = [each.transcript for each in asked]
        return voice.says(transcripts, seeds=[0] * len(transcripts), temperature=0.0, max_new_tokens=milestone.longest)

    return answers


def _lines(band: int, paper: int, marked: Iterable[Marked]) -> list[dict[str, Any]]:
    return [
        {
            "band": band,
            "paper": paper,
            "place": each.asked.place,
            "turn": each.asked.turn,
            "kind": each.asked.ask.kind,
            "asked": "\n".join(map(str, each.asked.ask.lines)),
            "reply": each.answer.text.strip(),
            "finish": "stop" if each.answer.ended else "length",
            "model": each.asked.ask.model,
            "english": each.grade.english,
            "task": each.grade.task,
            "score": each.grade.score,
            "why": each.grade.why,
        }
        for each in marked
    ]


def _watched(replies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    keys = ("band", "kind", "asked", "reply", "model", "score")
    shown = [each for each in replies if each["band"] in _WATCHED and not each["paper"] + each["place"] + each["turn"]]
    return [{key: each[key] for key in keys} for each in shown]


def _minimal_pairs(seed: int, voice: Voice) -> dict[str, Any]:
    found = pairs.pairs(seed)
    return pairs.told_right(found, voice.likelihoods(pairs.texts(found)))


def _identities(voice: Voice, seed: str) -> list[dict[str, Any]]:
    asked, rng = list(identity.asked()), random.Random(seed)
    seeds = [rng.randrange(2**48) for _ in asked]
    said: dict[int, Answer] = {}
    for temperature in sorted({each["temperature"] for each in asked}):
        places = [place for place, each in enumerate(asked) if each["temperature"] == temperature]
        replies = voice.says(
            [asked[place]["transcript"] for place in places],
            seeds=[seeds[place] for place in places],
            temperature=temperature,
            max_new_tokens=identity.LONGEST,
        )
        said |= dict(zip(places, replies, strict=True))
    return [identity.heard(each, said[place]) for place, each in enumerate(asked)]
