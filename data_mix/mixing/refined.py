"""Refined rows: drafts on their way, and the tables that they are kept in between the steps of a build."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from data_mix.dedup.duplicates import KEY_BYTES, row_keys
from data_mix.filters.draft import said
from data_mix.language.hashed_words import HashedWords, hash_words
from data_mix.language.words import words
from data_mix.mixing.split import held_out_in, split_of
from espalier.text.messages import OPTIONAL, Message
from espalier.text.rows import REPETITIVE, Row, message_records, message_type, meta_json, tools_json

if TYPE_CHECKING:
    import numpy as np
    import pyarrow
    from numpy.typing import NDArray

    from data_mix.recipe import Recipe


STORES = {"rows": "", "preferences": ".preferences"}
"""What a job's files hold, and what the names of these end with before their suffix. Preferences lie apart: nothing is
trained on them, so they have no part in shares."""

_APART = "\x1e"
"""Stands between the words of two conversations: no word is like it, so no evaluation's run of words goes over it."""


@dataclass(kw_only=True, slots=True)
class Draft:
    """A row on its way."""

    id: str
    messages: list[Message]
    meta: dict[str, Any]
    hashes: NDArray[np.uint64] | None = None
    """Those of its words, where they are known already."""
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
    num_replied: int = 0
    """Messages at its end that answer a preference's prompt, where it comes of one: it goes where the prompt goes."""

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
    def is_preference(self) -> bool:
        """Whether its messages are a prompt, and what is thought of its replies the row."""
        return self.chosen is not None or self.rejected is not None

    @property
    def conversations(self) -> list[list[Message]]:
        """What there is to be looked at: the messages, or a preference's prompt with each of its replies."""
        if not self.is_preference:
            return [self.messages]
        return [[*self.messages, *reply] for reply in (self.chosen, self.rejected) if reply is not None]

    @property
    def words(self) -> list[str]:
        """The words of what there is to be looked at, thoughts included."""
        of_each = [words("\n".join(said(messages))) for messages in self.conversations]
        return of_each[0] if len(of_each) == 1 else [*of_each[0], _APART, *of_each[1]]

    @property
    def text(self) -> str:
        """What is said, and by whom: for a sample."""
        return spoken(self.messages, self.chosen, self.rejected)


def spoken(messages: list[Message], chosen: list[Message] | None = None, rejected: list[Message] | None = None) -> str:
    """Messages as a person reads them, and the replies to them."""
    lines = [f"{message['role']}: {message['content']}" for message in messages]
    for name, reply in (("chosen", chosen), ("rejected", rejected)):
        lines += [f"{name} {message['role']}: {message['content']}" for message in reply or ()]
    return "\n".join(lines)


def hashed_words(drafts: list[Draft]) -> HashedWords:
    """The words of drafts, of which only those are hashed that no scan has hashed before."""
    found = hash_words([draft.words for draft in drafts if draft.hashes is None])
    unknown = map(found.row, count())
    rows = [next(unknown) if draft.hashes is None else draft.hashes for draft in drafts]
    return HashedWords.of(rows, lambda at: drafts[at].words)


def refined_schema() -> pyarrow.Schema:
    """The columns of a row, and what the global steps need of it: its size, and its keys (`duplicates.RowKeys`), of
    which a preference has only `key`, of prompt and replies; and whether it is the good reply of one (`is_reply`)."""
    import pyarrow

    from espalier.text.rows import row_schema

    more = [
        ("num_bytes", pyarrow.int64()),
        ("key", pyarrow.binary(16)),
        ("turn", pyarrow.binary(16)),
        ("replies", pyarrow.list_(pyarrow.uint64())),
        ("is_reply", pyarrow.bool_()),
    ]
    return pyarrow.schema([*row_schema(), *(pyarrow.field(*pair) for pair in more)])


def to_table(drafts: list[Draft], *, source: str, weight: float, recipe: Recipe) -> pyarrow.Table:
    """Drafts, preferences or none, as a table of `refined_schema`; those that no curriculum has put in a split are put
    in one: by what the recipe holds out, or by their content, or by that of the prompt where they are replies to one,
    or preferences."""
    import numpy as np
    import pyarrow
    import pyarrow.compute

    schema = refined_schema()
    keys = [_keys(draft) for draft in drafts]
    messages = [message for draft in drafts for message in draft.messages]
    contents = pyarrow.array([message["content"] for message in messages], pyarrow.string())
    starts = np.cumsum([0, *(len(draft.messages) for draft in drafts)])
    lengths = pyarrow.compute.binary_length(contents).to_numpy()
    columns: dict[str, Any] = {
        "id": [draft.id for draft in drafts],
        "source": [source] * len(drafts),
        "split": [
            draft.split
            or held_out_in(draft.meta, recipe.hold_out, seed=recipe.seed)
            or split_of(key.side, valid_fraction=recipe.valid_fraction, seed=recipe.seed)
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
        "num_bytes": np.add.reduceat(lengths, starts[:-1]).astype(np.int64) + [_reply_bytes(draft) for draft in drafts],
        "key": [key.whole for key in keys],
        "turn": [key.turn for key in keys],
        "replies": [key.replies for key in keys],
        "is_reply": [draft.num_replied > 0 for draft in drafts],
    }
    arrays = [
        columns[column.name]
        if isinstance(columns[column.name], pyarrow.Array)
        else pyarrow.array(columns[column.name], column.type)
        for column in schema
    ]
    return pyarrow.Table.from_arrays(arrays, schema=schema)


class _Keys(NamedTuple):
    side: bytes
    """Decides the split."""
    whole: bytes
    turn: bytes | None
    replies: list[int]


def _keys(draft: Draft) -> _Keys:
    if draft.is_preference:
        given = bytes([draft.chosen is not None, draft.rejected is not None])
        contents = b"".join(row_keys(messages).content for messages in draft.conversations)
        whole = hashlib.blake2b(given + contents, digest_size=KEY_BYTES).digest()
        return _Keys(row_keys(draft.messages).content, whole, None, [])
    found = row_keys(draft.messages)
    side = row_keys(draft.messages[: -draft.num_replied]).content if draft.num_replied else found.content
    return _Keys(side, found.content, found.first_turn, found.replies)


def _reply_bytes(draft: Draft) -> int:
    return sum(len(message["content"].encode()) for message in (*(draft.chosen or ()), *(draft.rejected or ())))


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


class Store:
    """The files of one job's rows, or of its preferences; a context manager."""

    def __init__(self, name: str) -> None:
        import pyarrow.parquet

        self.signatures = open(f"{name}.signatures", "wb")  # noqa: SIM115, closed with the table
        self.table = pyarrow.parquet.ParquetWriter(
            f"{name}.parquet",
            refined_schema(),
            compression="lz4",
            use_dictionary=REPETITIVE,
            write_statistics=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.table.close()
        self.signatures.close()
