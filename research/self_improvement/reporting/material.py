"""What a loop's report is made of: each round with its examination, what was ranked in it, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from espalier.artifacts.gates import Change, read_gates
from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_json, read_jsonl

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """One of a round's best challenges."""

    family: str
    skill: str
    difficulty: int
    proposer: str
    content: str
    performances: tuple[str, ...]
    """Some of what was made of it."""


@dataclass(frozen=True)
class Told:
    """A round."""

    number: int
    found: Facts
    """As the loop's folder keeps it."""
    exam: Facts | None
    """exam.json of the model that the round made, whether it was taken or not; None where it made none, or that is
    gone."""
    families: Facts = field(default_factory=dict)
    """round.json of what was ranked, by family."""
    by: str = ""
    """What said which performance is better: truth, judges or the lot."""
    creativity: Facts = field(default_factory=dict)
    """By family, how creative judges find its challenges beside other sets."""
    samples: tuple[Sample, ...] = ()
    changes: Mapping[str, Change] = field(default_factory=dict)
    """By core suite, what the round's model does beside the one that the loop began with."""
    seconds: float = 0.0

    @property
    def taken(self) -> bool:
        """Whether its model is the one that goes on; round 0 has none but the one that it begins with."""
        return bool(self.found.get("taken", True))

    @property
    def gone(self) -> bool:
        """Whether its model was examined, and what that found is not there."""
        return self.exam is None and exam_of(self.found) is not None


@dataclass(frozen=True)
class Loop:
    """A loop so far."""

    name: str
    rounds: Sequence[Told]
    ended: str = ""
    """Why it ended; empty where it goes on."""

    @cached_property
    def numbers(self) -> list[int]:
        return [each.number for each in self.rounds]

    @cached_property
    def taken(self) -> int:
        """How many rounds after round 0 were taken."""
        return sum(each.taken for each in self.rounds[1:])

    @cached_property
    def examined(self) -> list[Told]:
        """Rounds of which the examination is there."""
        return [each for each in self.rounds if each.exam]

    @cached_property
    def present(self) -> Told | None:
        """The round of the model that the loop has come to, if its examination is there."""
        return next((each for each in reversed(self.rounds) if each.taken and each.exam), None)

    @cached_property
    def family_names(self) -> list[str]:
        """Those that any round examined or ranked."""
        found = dict[str, None]()
        for each in self.rounds:
            found |= dict.fromkeys([*(each.exam["families"] if each.exam else ()), *each.families])
        return list(found)

    def of_exams(self, *keys: Any) -> list[Any]:
        """Of each round what lies under these keys of its examination; None where that is not there."""
        return [dig(each.exam, *keys) for each in self.rounds]

    def of_ranked(self, family: str, *keys: Any) -> list[Any]:
        """Of each round what lies under these keys of what was ranked of a family."""
        return [dig(each.families, family, *keys) for each in self.rounds]


def dig(facts: Any, *keys: Any) -> Any:
    """What lies under keys within keys; None where any is missing."""
    for key in keys:
        if facts is None:
            return None
        facts = facts.get(key) if isinstance(facts, Mapping) else facts[key] if key < len(facts) else None
    return facts


_MOST_SAMPLES, _MOST_PERFORMANCES = 4, 2


def exam_of(found: Facts) -> str | None:
    """The examination of the model that a round made; None where it made none. One that was not taken leaves the loop
    with the examination of the model before it."""
    return found.get("exam_of") if found["number"] else found["exam"]


def told(loop: str, rounds: Sequence[Facts], seconds: Mapping[str, float]) -> list[Told]:
    """The rounds of a loop, in order; `seconds` has how long each artifact took."""
    return [
        Told(
            number=each["number"],
            found=each,
            exam=_json(exam_of(each), "exam.json"),
            families=ranked.get("families", {}),
            by=ranked.get("by") or "",
            creativity=ranked.get("creativity") or {},
            samples=tuple(_samples(each, ranked)),
            changes=_changes(each),
            seconds=sum(spent for step, spent in seconds.items() if step.startswith(f"{loop}-r{each['number']:02d}-")),
        )
        for each in rounds
        for ranked in [_json(each.get("ranked"), "round.json") or {}]
    ]


def _json(corpus: str | None, file: str) -> Facts | None:
    path = artifact("corpora", corpus) / file if corpus else None
    return dict(read_json(path)) if path and path.is_file() else None


def _lines(corpus: str | None, file: str) -> Iterator[Facts]:
    path = artifact("corpora", corpus) / file if corpus else None
    return iter(read_jsonl(path)) if path and path.is_file() else iter(())


def _samples(found: Facts, ranked: Facts) -> Iterator[Sample]:
    best = {name: each.get("best", [])[:_MOST_SAMPLES] for name, each in ranked.get("families", {}).items()}
    wanted = {name for of in best.values() for name in of}
    challenges = {
        each["id"]: each for each in _lines(found.get("challenges"), "challenges.jsonl") if each["id"] in wanted
    }
    said: dict[str, list[str]] = {}
    for each in _lines(found.get("performances"), "performances.jsonl"):
        if each["challenge"] in wanted:
            said.setdefault(each["challenge"], []).append(each["performance"]["text"])
    for of in best.values():
        for name in of:
            if challenge := challenges.get(name):
                yield Sample(
                    family=challenge["family"],
                    skill=challenge["skill"],
                    difficulty=challenge["difficulty"],
                    proposer=challenge["proposer"],
                    content=challenge["content"],
                    performances=tuple(dict.fromkeys(said.get(name, [])))[:_MOST_PERFORMANCES],
                )


def _changes(found: Facts) -> Mapping[str, Change]:
    word, _, name = str(found.get("tried")).partition(":")
    gates = read_gates(artifact("runs", name)) if word == "run" else None
    return gates.changes if gates else {}
