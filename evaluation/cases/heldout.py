"""Cases from a mix's held-out splits: dialogues up to the tutor's turn, with what the grammar knows of that turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import artifact, repo_root, workspace
from espalier.artifacts.records import read_manifest
from espalier.errors import UserError
from espalier.text.rows import Row, read_rows
from evaluation.cases.case import Case, Truth, Turn
from evaluation.cases.suite import HeldOut


@dataclass(frozen=True, kw_only=True, slots=True)
class Mix:
    """A complete mix, as far as an evaluation reads it."""

    name: str
    """Its name."""
    folder: Path
    """Its folder."""
    manifest: dict[str, Any]
    """Its manifest."""

    @property
    def content_hash(self) -> str:
        """What its rows are known by."""
        return str(self.manifest["content_hash"])


def open_mix(name: str) -> Mix:
    """The mix called `name`. UserError with the command that builds it where it is missing or not complete."""
    folder = artifact("mixes", name)
    manifest = read_manifest(folder)
    if manifest is None:
        recipe = repo_root() / "data_mix" / "recipes" / f"{name}.yaml"
        known = sorted(path.parent.name for path in (workspace() / "mixes").glob("*/manifest.json"))
        advice = (
            f"build it with: python data_mix/build.py {recipe.name if recipe.is_file() else 'RECIPE.yaml'}"
            f" --name {name}; complete mixes: {', '.join(known) or 'none'}"
        )
        raise UserError(f"mix {name} {'is not complete' if folder.is_dir() else 'does not exist'}; {advice}")
    return Mix(name=name, folder=folder, manifest=manifest)


def heldout_cases(spec: HeldOut, mix: Mix, *, limit: int | None = None) -> list[Case]:
    """The first dialogues of each split whose system line names the tutor's move, at most `limit` over all splits.

    Of those with several tutor turns the first `dialogues_per_split` carry their script. UserError where a split is
    missing or holds no such dialogue.
    """
    cases: list[Case] = []
    for place, split in enumerate(spec.splits):
        wanted = spec.cases_per_split
        if limit is not None:
            wanted = min(wanted, (limit - len(cases)) // (len(spec.splits) - place))
        found = [_case(row) for row in islice(_usable(mix, split), wanted)]
        if not found and wanted:
            raise UserError(
                f"mix {mix.name}, split {split}: no dialogue whose system line names the tutor's move, so nothing to "
                "ask; was the mix built from the curriculum?"
            )
        scripted = [case.name for case in found if case.script][: spec.dialogues_per_split]
        cases += [case if case.name in scripted else replace(case, script=()) for case in found]
    if not cases:
        raise UserError(f"limit {limit} leaves no case")
    return cases


def tutor_turns(row: Row) -> list[tuple[str, dict[str, Any]]]:
    """Each tutor turn of a curriculum dialogue with what is known about it; empty for other rows."""
    replies = [message["content"] for message in row.messages if message["role"] == "assistant"]
    facts = row.meta.get("turns", [])
    return list(zip(replies, facts, strict=True)) if len(facts) == len(replies) else []


def _usable(mix: Mix, split: str) -> Iterator[Row]:
    path = mix.folder / f"{split}.parquet"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in mix.folder.glob("*.parquet")))
        raise UserError(f"mix {mix.name} has no split {split}; it has {known}")
    for row in read_rows(path):
        if names_move(row) and tutor_turns(row):
            yield row


def names_move(row: Row) -> bool:
    """Whether a curriculum dialogue's system line asks the tutor for the move that its replies make."""
    asked = row.messages[0]["content"] if row.messages[0]["role"] == "system" else ""
    return _plain(row.meta.get("strategy", "?")) in _plain(asked)


def _plain(text: str) -> str:
    return text.replace("_", " ").lower()


def _case(row: Row) -> Case:
    turns = tutor_turns(row)
    learner = [message["content"] for message in row.messages if message["role"] == "user"]
    opening = next(place for place, message in enumerate(row.messages) if message["role"] == "assistant")
    meta = row.meta
    change = meta.get("change", meta["error"])
    return Case(
        name=row.id,
        messages=row.messages[:opening],
        split=row.split,
        truth=truth_of(turns[0][1], meta),
        reference=turns[0][0],
        script=tuple(
            Turn(learner=said, truth=truth_of(facts, meta), reference=reply)
            for said, (reply, facts) in zip(learner[1:], turns[1:], strict=True)
        ),
        cluster=f"{meta['verb']} {meta['object']}",
        combination=(meta["verb"], meta["object"], change),
        tags=(row.split, meta["strategy"], change),
    )


def truth_of(facts: dict[str, Any], meta: dict[str, Any]) -> Truth:
    """What is known of a tutor's turn: `facts` of the turn, `meta` of its row."""
    return Truth(
        learner=facts["learner"],
        strategy=facts["strategy"],
        rule=facts["rule"],
        corrected=facts["corrected"],
        fix=facts["fix"],
        error=facts["error"],
        first_language=meta.get("first_language", ""),
        level=meta.get("level", ""),
        learner_kind=meta.get("learner_kind", ""),
        switched=tuple((said, means) for said, means in facts.get("switched", ())),
        asked=facts.get("asked", ""),
    )
