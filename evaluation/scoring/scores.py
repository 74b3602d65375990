"""A scores folder: what is compared is written first, then records and report, the manifest last.

The same command on an unfinished folder goes on, since replies are kept in the cache as they come; on a finished one
there is nothing to do; with other models, cases or settings under the same name it is an error. A finished folder is
used again only if its files are those of its manifest, and by a pinned evaluation only if the same one wrote that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from espalier.artifacts import records
from espalier.artifacts.identity import differences
from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import artifact
from espalier.artifacts.rounds import Round
from espalier.artifacts.run import timestamp
from espalier.errors import UserError
from evaluation import seal
from evaluation.scoring.records import Record

if TYPE_CHECKING:
    from evaluation.pin import Evaluator

_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28,}\b")


class Scores:
    """One evaluation's folder, held by one process. A context manager that lets it go."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = artifact("scores", name)
        self.complete = False
        """Whether it was finished before."""
        self.changed = ""
        """What differs between the evaluator that finished it and the one there is now."""
        self._records = self.folder / "records.jsonl"
        self._lock = Lock(self.folder / "lock")

    @classmethod
    def open(
        cls,
        name: str,
        identity: dict[str, Any],
        evaluator: Evaluator,
        *,
        parents: dict[str, str],
        made_in: Round | None = None,
        redo: bool = False,
    ) -> Scores:
        """Begin, or go on with, the scores `name`; `redo` throws away what is there.

        `identity` is plain data that says what is compared, on what, and how; `parents` what it is made from, with
        content hashes; `made_in` the round of a loop that makes it. Raises UserError where scores of this name compare
        something else, are in another process's hands, were changed since they were made, or, where this is a pinned
        evaluation, were not made by it.
        """
        scores = cls(name)
        scores._take()
        try:
            if redo and (scores.folder / "scores.json").exists():
                records.remove_folder(scores.folder)
                scores._lock.release()
                scores._take()
            descent = {"parents": parents, **({"round": made_in.facts} if made_in else {})}
            scores._begin_or_go_on(identity, descent, evaluator)
        except BaseException:
            scores._lock.release()
            raise
        return scores

    def _take(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire(f"scores {self.name}")

    def _begin_or_go_on(self, identity: dict[str, Any], descent: dict[str, Any], evaluator: Evaluator) -> None:
        path = self.folder / "scores.json"
        now = json.loads(json.dumps(identity))
        scored_by = {"pin": evaluator.pin, "parts": evaluator.parts}
        written = {"name": self.name, "identity": now, **descent, "evaluator": scored_by, "created": timestamp()}
        if not path.exists():
            strangers = [entry.name for entry in self.folder.iterdir() if entry.name != "lock"]
            if strangers:
                raise UserError(f"{self.folder}: holds {strangers[0]} but no scores.json; move it away")
            records.write_json(path, written)
            return
        before = records.read_json(path)
        changed = differences(before["identity"], now)
        if changed:
            said = _HASH.sub(r"\1…", "; ".join(changed))
            raise UserError(
                f"scores {self.name} compare something else ({said}): "
                "choose another --name, or throw them away with --redo"
            )
        self.complete = records.is_complete(self.folder)
        if before.get("evaluator", {}).get("pin") != evaluator.pin:
            self.changed = evaluator.changes_since(before.get("evaluator", {}).get("parts", {}))
        if self.complete:
            self._check_records()
        elif self.changed:  # nothing was scored yet, and replies do not depend on what scores them
            records.write_json(path, written)

    def _check_records(self) -> None:
        manifest = records.verify_manifest(self.folder)
        if not seal.is_sealing():
            return
        if self.changed:
            raise UserError(
                f"scores {self.name} were made by another evaluator than the one pinned ({self.changed}): "
                "choose another --name, or score again with --redo"
            )
        if not seal.is_ours(str(manifest.pop("tag", "")), *_sealed(manifest)):
            raise UserError(
                f"scores {self.name} were not made by a pinned evaluation, or were changed since: "
                "choose another --name, or score again with --redo"
            )

    def write(self, found: Sequence[Record]) -> None:
        """Keep all records."""
        lines = (json.dumps(record.to_json(), ensure_ascii=False, allow_nan=False) + "\n" for record in found)
        records.write_text(self._records, "".join(lines))

    def read(self) -> list[Record]:
        """The records, none where nothing was scored yet. UserError where they cannot be read."""
        if not self._records.exists():
            return []
        try:
            return [Record.from_json(data) for data in records.read_jsonl(self._records)]
        except (KeyError, TypeError) as error:
            raise UserError(
                f"{self._records}: written by another version of Espalier ({error}); score again with --redo"
            ) from None

    def finish(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Seal the folder: the manifest, written last, with the tag of a pinned evaluation. Returns it."""
        before = records.read_json(self.folder / "scores.json")
        descent = {key: before[key] for key in ("parents", "round") if key in before}
        manifest = records.write_manifest(
            self.folder,
            {"kind": "scores", "name": self.name, **descent, "finished": timestamp(), **facts},
            content=("records.jsonl", "summary.json"),
            exclude=("lock",),
        )
        if seal.is_sealing():
            manifest["tag"] = seal.tag(*_sealed(manifest))
            records.write_json(self.folder / records.MANIFEST, manifest)
        return manifest

    def path(self, name: str) -> Path:
        """A file of the folder."""
        return self.folder / name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _sealed(manifest: dict[str, Any]) -> tuple[str, str]:
    return "scores", json.dumps(manifest, sort_keys=True)
