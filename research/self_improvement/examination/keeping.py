"""The examination of round 0, read back, so that later ones are held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete, read_json, read_jsonl
from espalier.errors import UserError
from research.self_improvement.examination.drift import FixedPair
from research.self_improvement.examination.figures import Scored
from research.self_improvement.judging.comparing import Compared
from research.self_improvement.records import Played, read_played

FILE = "exam.json"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An examination that is held against."""

    name: str
    model: str
    """Who was examined."""
    played: Mapping[str, Played]
    """By challenge."""
    scored: Mapping[str, Scored]
    """By challenge."""
    pairs: Sequence[FixedPair]
    judged: Sequence[Compared]
    """What the model of then said of them as a judge."""


def read_kept(name: str, config: Mapping[str, Any], same: Sequence[str]) -> Kept:
    """The examination `name`, whose configuration has to be `config` in these keys.

    UserError where there is none, where it was held otherwise, or where it was itself held against another.
    """
    folder = artifact("corpora", name)
    if not is_complete(folder) or not (folder / FILE).is_file():
        raise UserError(
            f"--against {name}: no examination; make one by research/self_improvement/examine.py --name {name}"
        )
    theirs = read_json(folder / "manifest.json")["config"]
    if theirs.get("against"):
        raise UserError(
            f"--against {name}: was itself held against {theirs['against']}; name that one, which is of round 0"
        )
    if other := [key for key in same if theirs.get(key) != config[key]]:
        key = other[0]
        raise UserError(
            f"--against {name}: was held with {key} {theirs.get(key)!r}, and this one is with {config[key]!r}; only "
            "examinations that are held alike can be compared"
        )
    return Kept(
        name=name,
        model=read_json(folder / FILE)["model"],
        played={each.challenge: each for each in read_played(folder / "performances.jsonl")},
        scored={line["challenge"]: Scored(**line) for line in read_jsonl(folder / "scored.jsonl")},
        pairs=[FixedPair.read(line) for line in read_jsonl(folder / "pairs.jsonl")],
        judged=[Compared(**line) for line in read_jsonl(folder / "judged.jsonl")],
    )
