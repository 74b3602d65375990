"""A row: one text, conversation or preference of a mix, and the Parquet files that hold rows.

Every later stage speaks of rows by their id, so a row checks itself when it is made and a file of rows checks
itself again when it is read. A row is *text* (its messages, with the role ``text``, are the pieces of one text: no chat
roles, every token is trained with the weight of its piece), a *chat*, or a *preference*: its messages are then a
prompt, and it says which reply to it is the better one (``chosen`` and ``rejected``), or what is thought of a single
reply (one of the two).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from espalier.errors import UserError
from espalier.text.messages import TEXT_ROLE, Message, check_messages

if TYPE_CHECKING:
    import pyarrow

Kind = Literal["text", "chat", "preference"]

REPETITIVE = ["source", "split", *(f"{key}.list.element.role" for key in ("messages", "chosen", "rejected"))]
"""Columns whose values repeat: in the others a Parquet file would look for repetition in vain, which takes time."""
_ENCODER = json.JSONEncoder(ensure_ascii=True, sort_keys=True, allow_nan=False)
ROWS_PER_GROUP = 4096
"""Fixed, because the size of a row group shows in the file's bytes and the same recipe must give the same bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a mix. Raises ValueError, saying what is wrong, when it is not whole."""

    id: str
    """Names the row wherever it goes: packed sequences, error messages, audits. Unique within a mix."""
    source: str
    """Name of the recipe's source that the row came from."""
    split: str
    """``train``, ``valid`` or the name of a held-out split."""
    messages: list[Message]
    """In order; a text row's have the role ``text``, and a preference's are its prompt."""
    meta: dict[str, Any] = field(default_factory=dict)
    """Anything JSON can hold: error type, strategy, language, where the row stood in its file."""
    weight: float = 1.0
    """Multiplies the loss of the row's tokens."""
    log2_prob: float | None = None
    """Exact log2-probability of the row under the grammar that wrote it; None for found text."""
    assistant_log2_prob: float | None = None
    """The part of ``log2_prob`` that falls on assistant turns."""
    num_tokens: int | None = None
    """Tokens of the contents under the mix's counting tokenizer; None where the mix counts none."""
    tools: list[dict[str, Any]] | None = None
    """Declarations of the tools that the assistant may call, as a chat template takes them."""
    chosen: list[Message] | None = None
    """The better reply to a preference's prompt, or the only one and good: one turn of the assistant's, or more."""
    rejected: list[Message] | None = None
    """The worse reply, or the only one and bad."""

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
        if self.num_tokens is not None and self.num_tokens < 0:
            raise ValueError(f"num_tokens must be at least 0, got {self.num_tokens!r}")
        if self.tools is not None and not (self.tools and all(isinstance(tool, dict) for tool in self.tools)):
            raise ValueError("tools must be a non-empty list of objects")
        self._check_preference()

    def _check_preference(self) -> None:
        replies = [reply for reply in (self.chosen, self.rejected) if reply is not None]
        for reply in replies:
            check_messages(reply)
            if reply[-1]["role"] != (TEXT_ROLE if self.is_text else "assistant"):
                raise ValueError("chosen and rejected must end with an assistant's turn, or go on with a text")
        if replies and self.messages[-1]["role"] == "assistant":
            raise ValueError("a preference's prompt must not end with an assistant's turn")
        if len(replies) == 2 and self.chosen == self.rejected:
            raise ValueError("chosen and rejected are the same reply")

    @property
    def kind(self) -> Kind:
        """What the row is: see the module's docstring."""
        if self.chosen is not None or self.rejected is not None:
            return "preference"
        return "text" if self.is_text else "chat"

    @property
    def is_text(self) -> bool:
        """Whether the row is plain text, without chat roles."""
        return bool(self.messages[0]["role"] == TEXT_ROLE)

    @property
    def num_bytes(self) -> int:
        """UTF-8 bytes of all contents, a preference's replies included; roles and a template's text are not counted."""
        said = [*self.messages, *(self.chosen or ()), *(self.rejected or ())]
        return sum(len(message["content"].encode()) for message in said)

    @property
    def num_assistant_bytes(self) -> int:
        """UTF-8 bytes of the assistant's contents; 0 for a text row."""
        return sum(len(message["content"].encode()) for message in self.messages if message["role"] == "assistant")


class RowWriter:
    """Streams rows into a Parquet file; a context manager. The same rows give the same bytes.

    The file is not put in place atomically: a mix is, as a whole folder.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet

        self._schema = row_schema()
        self._file = pyarrow.parquet.ParquetWriter(path, self._schema, compression="zstd", use_dictionary=REPETITIVE)
        self._rows: list[dict[str, Any]] = []
        self._tables: list[pyarrow.Table] = []
        self._num_waiting = 0
        self.num_rows = 0
        """Rows written so far."""

    def write(self, row: Row) -> None:
        """Add one row."""
        self._rows.append(_to_record(row))
        self.num_rows += 1
        if len(self._rows) + self._num_waiting >= ROWS_PER_GROUP:
            self._gather()

    def write_table(self, table: pyarrow.Table) -> None:
        """Add many rows, as a table with the columns of `row_schema`; the file is the same as row by row."""
        self._gather()
        self._tables.append(table.select(self._schema.names).cast(self._schema))
        self._num_waiting += table.num_rows
        self.num_rows += table.num_rows
        self._flush()

    def _gather(self) -> None:
        import pyarrow

        if self._rows:
            self._tables.append(pyarrow.Table.from_pylist(self._rows, schema=self._schema))
            self._num_waiting += len(self._rows)
            self._rows.clear()
        self._flush()

    def _flush(self, at_least: int = ROWS_PER_GROUP) -> None:
        import pyarrow

        if self._num_waiting < at_least:
            return
        waiting = pyarrow.concat_tables(self._tables)
        end = self._num_waiting if at_least < ROWS_PER_GROUP else self._num_waiting // ROWS_PER_GROUP * ROWS_PER_GROUP
        for start in range(0, end, ROWS_PER_GROUP):
            group = waiting.slice(start, min(ROWS_PER_GROUP, end - start))
            self._file.write_table(group.combine_chunks(), row_group_size=ROWS_PER_GROUP)
        self._tables = [waiting.slice(end)]
        self._num_waiting -= end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._gather()
            self._flush(at_least=1)
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
        with pyarrow.parquet.ParquetFile(path, pre_buffer=False) as file:
            if not file.schema_arrow.equals(row_schema()):
                columns = ", ".join(file.schema_arrow.names)
                raise UserError(
                    f"{path}: not a file of rows as this version writes them (its columns are {columns}); if it is a "
                    "mix's, build that again, with --overwrite"
                )
            for batch in file.iter_batches(batch_size=ROWS_PER_GROUP):
                yield from (row_from_record(record) for record in batch.to_pylist())
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
        "messages": message_records(row.messages),
        "meta": meta_json(row.meta),
        "weight": row.weight,
        "log2_prob": row.log2_prob,
        "assistant_log2_prob": row.assistant_log2_prob,
        "num_tokens": row.num_tokens,
        "tools": tools_json(row.tools),
        "chosen": None if row.chosen is None else message_records(row.chosen),
        "rejected": None if row.rejected is None else message_records(row.rejected),
    }


def row_from_record(record: dict[str, Any]) -> Row:
    """The row that a record of the columns of `row_schema` holds."""
    replies = {key: None if record[key] is None else messages_of(record[key]) for key in ("chosen", "rejected")}
    tools = None if record["tools"] is None else json.loads(record["tools"])
    meta = json.loads(record["meta"])
    return Row(**record | replies | {"messages": messages_of(record["messages"]), "meta": meta, "tools": tools})


def message_records(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Messages as they lie in a file of rows: what an assistant called as JSON text."""
    return [
        message | {"tool_calls": _ENCODER.encode(message["tool_calls"])} if "tool_calls" in message else message
        for message in messages
    ]


def messages_of(found: list[dict[str, Any]]) -> list[Message]:
    """The messages that lie in a file of rows as `found`: what they have not is absent."""
    messages = []
    for each in found:
        message = {key: value for key, value in each.items() if value is not None}
        if "tool_calls" in message:
            message["tool_calls"] = json.loads(message["tool_calls"])
        messages.append(message)
    return messages


def meta_json(meta: dict[str, Any]) -> str:
    """How a row's `meta` is written. Raises ValueError or TypeError for what JSON cannot hold."""
    return _ENCODER.encode(meta)


def tools_json(tools: list[dict[str, Any]] | None) -> str | None:
    """How a row's `tools` are written."""
    return None if tools is None else _ENCODER.encode(tools)


def message_type() -> pyarrow.DataType:
    """How a message lies in a file of rows; what it has not is null."""
    import pyarrow

    return pyarrow.struct(
        [
            ("role", pyarrow.string()),
            ("content", pyarrow.string()),
            ("weight", pyarrow.float64()),
            ("reasoning", pyarrow.string()),
            ("tool_calls", pyarrow.string()),
        ]
    )


def row_schema() -> pyarrow.Schema:
    """The columns of a file of rows."""
    import pyarrow

    messages = pyarrow.list_(message_type())
    return pyarrow.schema(
        [
            ("id", pyarrow.string()),
            ("source", pyarrow.string()),
            ("split", pyarrow.string()),
            ("messages", messages),
            ("meta", pyarrow.string()),
            ("weight", pyarrow.float64()),
            ("log2_prob", pyarrow.float64()),
            ("assistant_log2_prob", pyarrow.float64()),
            ("num_tokens", pyarrow.int64()),
            ("tools", pyarrow.string()),
            ("chosen", messages),
            ("rejected", messages),
        ]
    )
