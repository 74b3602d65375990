"""The trained judge: what it is taught from, and the artifact it is kept in, `judges/NAME/`.

It is taught on CPU in seconds (teaching.py) and kept as arrays and words, never as code. What it says of a reply
depends on that reply alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from espalier.artifacts.code_behind import code_behind, hash_of
from espalier.artifacts.paths import artifact
from espalier.artifacts.records import (
    is_complete,
    read_json,
    read_manifest,
    staging,
    verify_manifest,
    write_json,
    write_manifest,
)
from espalier.errors import UserError
from evaluation.judges.base import DEFAULT, DIMENSIONS, Item, Verdict
from evaluation.opener import opens

if TYPE_CHECKING:
    from evaluation.config import EvaluateConfig
    from evaluation.judges.distractors import Taught
    from evaluation.judges.embedding import Embedding
    from evaluation.judges.parts import PartedJudge

_ARRAYS, _WORDS = "judge.safetensors", "judge.json"
_READS = "evaluation/judges/features/table.py"
_WEIGHS = tuple(f"evaluation/judges/{name}.py" for name in ("likeness", "fitted", "parts", "embedding"))


def fit(
    labelled: Sequence[Taught], *, seed: int = 0, embedding: Embedding | None = None, without: str = ""
) -> PartedJudge:
    """A judge taught by `labelled` and nothing else, by each dimension that has at least two verdicts there.

    `without` is a kind of made replies that it is taught none of: what it says of that kind is then no memory.

    Equal arguments give equal judges. ValueError where no dimension has, or where all replies are of one problem.
    """
    from evaluation.judges.distractors import distractors
    from evaluation.judges.parts import PartedJudge
    from evaluation.judges.teaching import teach, teach_apart

    given = {name: {each.labels[name] for each in labelled if name in each.labels} for name in DIMENSIONS}
    dimensions = [name for name, verdicts in given.items() if len(verdicts) > 1]
    if not dimensions:
        raise ValueError("no dimension has two verdicts that could be told apart")
    together = [name for name in dimensions if not DIMENSIONS[name].apart]
    parts = []
    if together:
        rows = [each for each in labelled if not each.labels or any(not DIMENSIONS[name].apart for name in each.labels)]
        made = [each for each in distractors(rows, seed=seed) if each.kind != without]
        parts.append(teach(rows, made, together, seed=seed, embedding=embedding))
    apart = [name for name in dimensions if DIMENSIONS[name].apart]
    parts += [teach_apart(labelled, name, seed=seed, without=without) for name in apart]
    return PartedJudge(parts=tuple(parts))


@cache
def code_hash() -> str:
    """SHA-256 of the code that reads replies, with all that it imports and the tables it looks in, and of the code that
    weighs what it reads: a judge means nothing under other code."""
    files = code_behind(_READS) | {path: hash_of(path) for path in _WEIGHS}
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


class Classifier:
    """A trained judge from its artifact. Nothing is loaded before the first reply is judged."""

    def __init__(self, name: str, manifest: Mapping[str, Any]) -> None:
        self.name = name
        self._manifest = manifest

    @classmethod
    def open(cls, name: str) -> Classifier:
        """The judge `name` of the workspace. UserError where there is none, or where it was made by other code."""
        manifest = read_manifest(artifact("judges", name))
        if manifest is None:
            raise UserError(f"no trained judge {name}; train one: {training_command(name)}")
        if manifest.get("code") != code_hash():
            raise UserError(
                f"judge {name} was trained by other code than reads replies now; train it again: "
                f"{training_command(name, manifest)} --redo"
            )
        return cls(name, manifest)

    @property
    def names(self) -> tuple[str, ...]:
        """Its own."""
        return (self.name,)

    @property
    def identity(self) -> dict[str, Any]:
        """By the hash of all that it was taught."""
        return {"kind": "trained", "content": self._manifest["content_hash"], "code": self._manifest["code"]}

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All: it abstains by those it was not taught."""
        return tuple(DIMENSIONS)

    def judge(self, items: Sequence[Item]) -> list[dict[str, Verdict]]:
        """By each dimension the expected value, or why there is none."""
        asked = [item for item in items if item.reply.strip()]
        values = self._fitted.values(self._fitted.predict(asked))
        untaught = Verdict(value=None, why=f"judge {self.name} was taught no labels of it")
        found, place = [], 0
        for item in items:
            if not item.reply.strip():
                found.append({name: Verdict(value=None, why="the reply is empty") for name in DIMENSIONS})
                continue
            known = {name: Verdict(value=float(rows[place])) for name, rows in values.items()}
            found.append({name: known.get(name, untaught) for name in DIMENSIONS})
            place += 1
        return found

    @cached_property
    def _fitted(self) -> PartedJudge:
        from safetensors.numpy import load_file

        from evaluation.judges.parts import PartedJudge

        folder = artifact("judges", self.name)
        verify_manifest(folder)
        return PartedJudge.of(load_file(folder / _ARRAYS), read_json(folder / _WORDS)["parts"])


def save(fitted: PartedJudge, name: str, facts: Mapping[str, Any], *, replace: bool) -> dict[str, Any]:
    """Keep a judge as `judges/NAME/`, whole or not at all; returns its manifest, which holds `facts` too."""
    from safetensors.numpy import save_file

    with staging(artifact("judges", name), replace=replace) as folder:
        save_file(fitted.arrays(), folder / _ARRAYS)
        write_json(folder / _WORDS, {"parts": fitted.words()})
        return write_manifest(folder, {**facts, "code": code_hash()})


def training_command(name: str, manifest: Mapping[str, Any] | None = None) -> str:
    """The command that trains the judge `name`, with the labels it was trained on where that is known."""
    files = [each["file"] for each in manifest.get("labels", [])] if manifest else []
    named = "" if name == DEFAULT else f" --name {name}"
    return f"python evaluation/judges/train.py --labels {' '.join(files) or 'FILE'}{named}"


@opens("NAME", "a trained judge, judges/NAME in the workspace")
def trained_judge(reference: str, config: EvaluateConfig) -> Classifier:
    """UserError where none is complete under that name."""
    if not is_complete(artifact("judges", reference)):
        advice = f"`{training_command(DEFAULT)}` trains {DEFAULT}"
        raise UserError(f"--judges {reference}: no judge is trained under that name; {advice}")
    return Classifier.open(reference)
