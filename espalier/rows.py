"""A row: one text or one conversation of a mix, and the Parquet files that hold rows.

Every later stage speaks of rows by their id, so a row checks itself when it is made and a file of rows checks
itself again when it is read. A row is either *text* (one message with the role ``text``: no chat roles, every token
is trained) or a *chat* (roles ``system``, ``user``, ``assistant``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from espalier.errors import UserError

if TYPE_CHECKING:
    import pyarrow

CHAT_ROLES = ("system", "user", "assistant")
TEXT_ROLE = "text"
# Fixed, because the size of a row group shows in the file's bytes and the same recipe must give the same bytes.
_ROWS_PER_GROUP = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a mix. Raises ValueError, saying what is wrong, when it is not whole."""

    id: str
    """Names the row wherever it goes: packed sequences, error messages, audits. Unique within a mix."""
    source: str
    """Name of the recipe's source that the row came from."""
    split: str
    """``train``, ``valid`` or the name of a held-out split."""
    messages: list[dict[str, str]]
    """``{"role", "content"}`` in order; a text row has exactly one, with the role ``text``."""
    meta: dict[str, Any] = field(default_factory=dict)
    """Anything JSON can hold: error type, strategy, language, where the row stood in its file."""
    weight: float = 1.0
    """Multiplies the loss of the row's tokens."""
    log2_prob: float | None = None
    """Exact log2-probability of the row under the grammar that wrote it; None for found text."""
    assistant_log2_prob: float | None = None
    """The part of ``log2_prob`` that falls on assistant turns."""

    def __post_init__(self) -> None:
        for name in ("id", "source", "split"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise ValueError(f"{name} must be a non-empty string, got {value!r}")
        check_messages(self.messages)
        if not isinstance(self.meta, dict):
            raise ValueError(f"meta must be a mapping, got {type(self.meta).__name__}")
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise ValueError(f"weight must be finite and above 0, got {self.weight!r}")
        for name in ("log2_prob", "assistant_log2_prob"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value <= 0):
                raise ValueError(f"{name} must be a finite number of at most 0, got {value!r}")

    @property
    def is_text(self) -> bool:
        """Whether the row is plain text, without chat roles."""
        return self.messages[0]["role"] == TEXT_ROLE

    @property
    def num_bytes(self) -> int:
        """UTF-8 bytes of all contents. Roles and whatever a chat template adds are not counted."""
        return sum(len(message["content"].encode()) for message in self.messages)

    @property
    def num_assistant_bytes(self) -> int:
        """UTF-8 bytes of the assistant's contents; 0 for a text row."""
        return sum(len(message["content"].encode()) for message in self.messages if message["role"] == "assistant")


def check_messages(messages: object) -> None:
    """Raises ValueError unless ``messages`` is a well-formed list of ``{"role", "content"}``."""
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages must be a non-empty list")
    for position, message in enumerate(messages):
        if not isinstance(message, dict) or message.keys() != {"role", "content"}:
            raise ValueError(f"message {position} must have exactly the keys role and content")
        role, content = message["role"], message["content"]
        if role not in CHAT_ROLES and role != TEXT_ROLE:
            known = ", ".join((*CHAT_ROLES, TEXT_ROLE))
            raise ValueError(f"message {position} has the role {role!r}; known are {known}")
        if not isinstance(content, str) or not content.strip():
            raise ValueError(f"message {position} ({role}) has no content")
        try:
            content.encode()
        except UnicodeEncodeError:
            raise ValueError(f"message {position} ({role}) holds bytes or half characters that are no UTF-8") from None
        if "\0" in content:
            raise ValueError(f"message {position} ({role}) holds a NUL character")
        if role == TEXT_ROLE and len(messages) != 1:
            raise ValueError("a text row has exactly one message, with the role text")


class RowWriter:
    """Streams rows into a Parquet file; a context manager. The same rows give the same bytes.

    The file is not put in place atomically: a mix is, as a whole folder.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet

        self._schema = _schema()
        self._file = pyarrow.parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[dict[str, Any]] = []
        self.num_rows = 0
        """Rows written so far."""

    def write(self, row: Row) -> None:
        """Add one row."""
        self._waiting.append(_to_record(row))
        self.num_rows += 1
        if len(self._waiting) == _ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow

        if self._waiting:
            self._file.write_batch(pyarrow.RecordBatch.from_pylist(self._waiting, schema=self._schema))
            self._waiting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
        self._file.close()


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Writes `rows` to a Parquet file, streaming, and returns how many there were."""
    with RowWriter(path) as writer:
        for row in rows:
            writer.write(row)
    return writer.num_rows


def read_rows(path: Path) -> Iterator[Row]:
    """Yields the rows of a Parquet file in order. Raises UserError, naming the file, when it is missing or damaged."""
    import pyarrow
    import pyarrow.parquet

    if not path.is_file():
        raise UserError(f"{path}: no such file of rows; a mix makes it, by `python data_mix/build.py RECIPE.yaml`")
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            if not file.schema_arrow.equals(_schema()):
                raise UserError(f"{path}: not a file of rows (its columns are {', '.join(file.schema_arrow.names)})")
            for batch in file.iter_batches(batch_size=_ROWS_PER_GROUP):
                for record in batch.to_pylist():
                    yield Row(**record | {"meta": json.loads(record["meta"])})
    except (pyarrow.ArrowException, ValueError, TypeError, OSError) as error:
        raise UserError(f"{path}: damaged ({error}); build the mix again") from error


def count_rows(path: Path) -> int:
    """How many rows a Parquet file holds, without reading them."""
    import pyarrow.parquet

    return int(pyarrow.parquet.read_metadata(path).num_rows)


def _to_record(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "source": row.source,
        "split": row.split,
        "messages": row.messages,
        "meta": json.dumps(row.meta, ensure_ascii=True, sort_keys=True, allow_nan=False),
        "weight": row.weight,
        "log2_prob": row.log2_prob,
        "assistant_log2_prob": row.assistant_log2_prob,
    }


def _schema() -> pyarrow.Schema:
    import pyarrow

    message = pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())])
    return pyarrow.schema(
        [
            ("id", pyarrow.string()),
            ("source", pyarrow.string()),
            ("split", pyarrow.string()),
            ("messages", pyarrow.list_(message)),
            ("meta", pyarrow.string()),
            ("weight", pyarrow.float64()),
            ("log2_prob", pyarrow.float64()),
            ("assistant_log2_prob", pyarrow.float64()),
        ]
    )
