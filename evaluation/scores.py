"""A scores folder: what is compared is written first, records as they come, the manifest last.

The same command on an unfinished folder goes on where it stopped; on a finished one there is nothing to do; with
other models, cases or settings under the same name it is an error.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from espalier import records
from espalier.errors import UserError
from espalier.identity import code_hashes, differences
from espalier.lock import Lock
from espalier.paths import artifact
from espalier.run import timestamp
from evaluation.cases import Case
from evaluation.play import Record, chunks

_CODE = ("espalier", "data_mix", "evaluation")
_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28,}\b")


class Scores:
    """One evaluation's folder, held by one process. A context manager that lets it go."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = artifact("scores", name)
        self.complete = False
        """Whether it was finished before."""
        self.code_changed = False
        """Whether it was finished by other code than there is now."""
        self._records = self.folder / "records.jsonl"
        self._lock = Lock(self.folder / "lock")

    @classmethod
    def open(cls, name: str, identity: dict[str, Any], *, redo: bool = False) -> Scores:
        """Begin, or go on with, the scores `name`; `redo` throws away what is there.

        `identity` is plain data that says what is compared, on what, and how. Raises UserError where scores of this
        name compare something else, were begun by other code, or are in another process's hands.
        """
        scores = cls(name)
        scores._take()
        try:
            if redo and (scores.folder / "scores.json").exists():
                records.remove_folder(scores.folder)
                scores._lock.release()
                scores._take()
            scores._begin_or_go_on(identity)
        except BaseException:
            scores._lock.release()
            raise
        return scores

    def _take(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire(f"scores {self.name}")

    def _begin_or_go_on(self, identity: dict[str, Any]) -> None:
        path = self.folder / "scores.json"
        code = {folder: digest for folder, digest in code_hashes().items() if folder in _CODE}
        now = json.loads(json.dumps(identity))
        if not path.exists():
            strangers = [entry.name for entry in self.folder.iterdir() if entry.name != "lock"]
            if strangers:
                raise UserError(f"{self.folder}: holds {strangers[0]} but no scores.json; move it away")
            records.write_json(path, {"name": self.name, "identity": now, "code": code, "created": timestamp()})
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
        self.code_changed = before["code"] != code
        if self.code_changed and not self.complete:
            raise UserError(
                f"scores {self.name} were begun by other code than there is now, and would be of two minds: "
                "begin again with --redo, or choose another --name"
            )

    def read(self) -> list[Record]:
        """The records so far, in the order they were made."""
        if not self._records.exists():
            return []
        return [Record.from_json(data) for data in records.read_jsonl(self._records)]

    def mend(self, models: Sequence[str], cases: Sequence[Case]) -> dict[str, int]:
        """Forget chunks a killed process left half-written; returns how many whole ones each model has."""
        records.mend_jsonl(self._records)
        found = self.read()
        have = Counter((record.model, record.case) for record in found)
        done = dict.fromkeys(models, 0)
        whole: set[tuple[str, str]] = set()
        for model in models:
            for chunk in chunks(cases):
                if any(have[model, case.name] != 1 + len(case.script) for case in chunk):
                    break
                done[model] += 1
                whole |= {(model, case.name) for case in chunk}
        kept = [record for record in found if (record.model, record.case) in whole]
        if len(kept) < len(found):
            records.write_text(self._records, "".join(map(_line, kept)))
        return done

    def append(self, found: Sequence[Record]) -> None:
        """Keep a chunk's records, in one write."""
        with open(self._records, "ab", buffering=0) as file:
            file.write("".join(map(_line, found)).encode())

    def finish(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Seal the folder: the manifest, written last. Returns it."""
        return records.write_manifest(
            self.folder,
            {"kind": "scores", "name": self.name, "finished": timestamp(), **facts},
            content=("records.jsonl", "summary.json"),
            exclude=("lock",),
        )

    def path(self, name: str) -> Path:
        """A file of the folder."""
        return self.folder / name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _line(record: Record) -> str:
    return json.dumps(record.to_json(), ensure_ascii=False, allow_nan=False) + "\n"
