"""Refined rows: drafts on their way, and the tables that they are kept in between the steps of a build."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from data_mix.duplicates import row_keys
from data_mix.split import split_of
from espalier.messages import OPTIONAL, Message
from espalier.rows import Row, message_records, message_type, meta_json, tools_json

if TYPE_CHECKING:
    import pyarrow


@dataclass(kw_only=True, slots=True)
class Draft:
    """A row on its way."""

    id: str
    messages: list[Message]
    meta: dict[str, Any]
    words: list[str] = field(default_factory=list)
    num_tokens: int | None = None
    """None until they are counted, or where nobody counts."""
    log2_prob: float | None = None
    assistant_log2_prob: float | None = None
    split: str = ""
    """Where the curriculum has decided it."""
    tools: list[dict[str, Any]] | None = None
    chosen: list[Message] | None = None
    rejected: list[Message] | None = None
    """As in a `Row`."""

    @classmethod
    def of_row(cls, row: Row) -> Self:
        """A row of the curriculum."""
        return cls(
            id=row.id,
            messages=row.messages,
            meta=row.meta,
            log2_prob=row.log2_prob,
            assistant_log2_prob=row.assistant_log2_prob,
            split=row.split,
        )

    @property
    def text(self) -> str:
        """What is said, and by whom: for a sample."""
        return spoken(self.messages)


def spoken(messages: list[Message]) -> str:
    """Messages as a person reads them."""
    return "\n".join(f"{message['role']}: {message['content']}" for message in messages)


def refined_schema() -> pyarrow.Schema:
    """The columns of a row, and what the global steps need of it: its size, and its keys (`duplicates.RowKeys`)."""
    import pyarrow

    from espalier.rows import row_schema

    more = [
        ("num_bytes", pyarrow.int64()),
        ("key", pyarrow.binary(16)),
        ("turn", pyarrow.binary(16)),
        ("replies", pyarrow.list_(pyarrow.uint64())),
    ]
    return pyarrow.schema([*row_schema(), *(pyarrow.field(*pair) for pair in more)])


def to_table(drafts: list[Draft], *, source: str, weight: float, valid_fraction: float, seed: int) -> pyarrow.Table:
    """Drafts as a table of `refined_schema`; those that no curriculum has put in a split are put in one."""
    import numpy as np
    import pyarrow
    import pyarrow.compute

    schema = refined_schema()
    keys = [row_keys(draft.messages) for draft in drafts]
    messages = [message for draft in drafts for message in draft.messages]
    contents = pyarrow.array([message["content"] for message in messages], pyarrow.string())
    starts = np.cumsum([0, *(len(draft.messages) for draft in drafts)])
    lengths = pyarrow.compute.binary_length(contents).to_numpy()
    columns: dict[str, Any] = {
        "id": [draft.id for draft in drafts],
        "source": [source] * len(drafts),
        "split": [
            draft.split or split_of(key.content, valid_fraction=valid_fraction, seed=seed)
            for draft, key in zip(drafts, keys, strict=True)
        ],
        "messages": pyarrow.ListArray.from_arrays(
            pyarrow.array(starts, pyarrow.int32()), _message_array(messages, contents)
        ),
        "meta": [meta_json(draft.meta) for draft in drafts],
        "weight": [weight] * len(drafts),
        "log2_prob": [draft.log2_prob for draft in drafts],
        "assistant_log2_prob": [draft.assistant_log2_prob for draft in drafts],
        "num_tokens": [draft.num_tokens for draft in drafts],
        "tools": [tools_json(draft.tools) for draft in drafts],
        "chosen": [None if draft.chosen is None else message_records(draft.chosen) for draft in drafts],
        "rejected": [None if draft.rejected is None else message_records(draft.rejected) for draft in drafts],
        "num_bytes": np.add.reduceat(lengths, starts[:-1]).astype(np.int64),
        "key": [key.content for key in keys],
        "turn": [key.first_turn for key in keys],
        "replies": [key.replies for key in keys],
    }
    arrays = [
        columns[column.name]
        if isinstance(columns[column.name], pyarrow.Array)
        else pyarrow.array(columns[column.name], column.type)
        for column in schema
    ]
    return pyarrow.Table.from_arrays(arrays, schema=schema)


def _message_array(messages: list[Message], contents: pyarrow.Array) -> pyarrow.StructArray:
    """Messages, whose contents are an array already, as `message_type`; most have a role and a content alone."""
    import pyarrow

    kind = message_type()
    arrays = {"role": pyarrow.array([message["role"] for message in messages], pyarrow.string()), "content": contents}
    if all(len(message) == 2 for message in messages):
        arrays |= {key: pyarrow.nulls(len(messages), kind.field(key).type) for key in OPTIONAL}
    else:
        records = message_records(messages)
        arrays |= {key: pyarrow.array([each.get(key) for each in records], kind.field(key).type) for key in OPTIONAL}
    return pyarrow.StructArray.from_arrays([arrays[field.name] for field in kind], fields=list(kind))
