"""The results of a loop: `results-TASK.jsonl`, which is the truth, and `results-TASK.tsv`, which is made from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from espalier.artifacts.records import append_jsonl, finite, mend_jsonl, sha256_file, write_jsonl, write_text
from espalier.command_line.console import say
from espalier.errors import UserError
from research.autoresearch.looping.records import HEADER, Record, row


class Results:
    """Those of one loop, in its folder. What was read or appended once is not taken from the files again."""

    def __init__(self, folder: Path, task: str) -> None:
        """Reads what is there; a last line that a killed writer left half-written is set aside, and said."""
        self.jsonl, self.tsv = (folder / f"results-{task}.{suffix}" for suffix in ("jsonl", "tsv"))
        if torn := mend_jsonl(self.jsonl):
            aside = self.jsonl.with_suffix(".torn")
            with open(aside, "ab") as file:
                file.write(torn + b"\n")
            say(f"{self.jsonl}: its last line was half-written ({len(torn)} bytes); it is set aside in {aside.name}")
        self.records = list(read_results(self.jsonl)) if self.jsonl.exists() else []
        for place, record in enumerate(self.records):
            if record["number"] != place:
                raise UserError(f"{self.jsonl}:{place + 1}: is experiment {record['number']}, and {place} comes here")
        self._hash = self._hashed()
        self._write_tsv()

    def append(self, record: Record) -> None:
        """Add a record to both."""
        if record["number"] != len(self.records):
            raise ValueError(f"record {record['number']} after {len(self.records)} of them")
        self.restore()
        append_jsonl(self.jsonl, record)
        # As it will be read again: what is not finite has become null.
        self.records.append(cast(Record, json.loads(json.dumps(finite(record)))))
        self._hash = self._hashed()
        self._write_tsv()

    def restore(self) -> bool:
        """Write both as they were, where something else has changed them since. Returns whether it had."""
        if self._hashed() == self._hash:
            return False
        write_jsonl(self.jsonl, self.records)
        self._hash = self._hashed()
        self._write_tsv()
        say(f"{self.jsonl}: something else had changed it; it is written again as it was")
        return True

    def copy_to(self, folder: Path) -> None:
        """Copies for whoever proposes: nothing reads them back."""
        for path in (self.jsonl, self.tsv):
            write_text(folder / path.name, path.read_text(encoding="utf-8") if path.exists() else "")

    def _hashed(self) -> str:
        return sha256_file(self.jsonl) if self.jsonl.exists() else ""

    def _write_tsv(self) -> None:
        lines = ["\t".join(HEADER), *map(row, self.records)]
        write_text(self.tsv, "\n".join(lines) + "\n")


def read_results(path: Path) -> Iterator[Record]:
    """The records of a `results-TASK.jsonl` that may be being written to: a last line without an end is left out.

    UserError where a line is no record.
    """
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                value = json.loads(line)
            except (json.JSONDecodeError, UnicodeDecodeError) as error:
                raise UserError(f"{path}:{number}: not JSON ({error})") from error
            missing = sorted(Record.__required_keys__ - value.keys()) if isinstance(value, dict) else ["all of it"]
            if missing:
                raise UserError(f"{path}:{number}: is no record of an experiment, it lacks {', '.join(missing[:3])}")
            yield cast(Record, value)
