"""A mix's rows as one text, in an order that says nothing, and its end cut off for validation.

How a row reads: a text is what its pieces say, one behind the other. Of a chat each turn is a line `User: …`,
`Assistant: …`, `System: …` or `Tool: …`; what an assistant thought stands before its turn (`Assistant thinks: …`), what
it called behind it (`Assistant calls: …`, as JSON), and tools that it could call at the beginning (`Tools: …`, as
JSON). An empty line ends every row. Weights multiply nothing here.

Rows stand in the order of SHA-256 of their text and the seed, so that the end is drawn from all of the mix, and each
text stands once: its copies would else lie on both sides of a cut. So nothing of a row is cut in two either: what is
left over of the row that a cut goes through is in no file.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from espalier.errors import UserError
from espalier.text.messages import Message
from espalier.text.rows import Row

_DIGEST = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a row's text lies in the scratch file."""

    digest: bytes
    start: int
    size: int
    log2_prob: float | None


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What became of the rows."""

    counts: dict[str, int]
    """Of rows and bytes, by what became of them."""
    floor: float | None
    """Bits per byte of the validation rows under the grammar that wrote them; None where it did not write all."""


def rendered(row: Row) -> str:
    """A row as it reads, with the empty line that ends it."""
    if row.is_text:
        return "".join(message["content"] for message in row.messages) + "\n\n"
    tools = [f"Tools: {_json(row.tools)}"] if row.tools else []
    return "\n".join([*tools, *(line for message in row.messages for line in _turn(message))]) + "\n\n"


def _turn(message: Message) -> Iterator[str]:
    role = message["role"].capitalize()
    if "reasoning" in message:
        yield f"{role} thinks: {message['reasoning']}"
    if message["content"]:
        yield f"{role}: {message['content']}"
    if "tool_calls" in message:
        yield f"{role} calls: {_json(message['tool_calls'])}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def write_texts(rows: Iterable[Row], train: Path, held: tuple[Path, Path], *, held_bytes: int, seed: int) -> Cut:
    """Write the text of `rows` but its end into `train`, its last `held_bytes` into `held[0]`, those before them into
    `held[1]`.

    What is in memory is a line for each row, not its text. UserError where the rows have not enough text.
    """
    scratch = train.with_name(f".{train.name}.rows")
    try:
        places, counts = _scatter(rows, scratch, seed)
        order = sorted(places, key=lambda place: place.digest)
        with open(scratch, "rb") as texts:
            floor = None
            for number, path in enumerate(held):
                taken = _taken_from_end(order, held_bytes)
                text = b"".join(_read(texts, place) for place in taken)
                path.write_bytes(text[-held_bytes:])
                counts[f"{path.stem}_rows"] = len(taken)
                counts["cut_bytes"] += len(text) - held_bytes
                floor = floor if number else _floor(taken)
            with open(train, "wb") as file:
                for place in order:
                    file.write(_read(texts, place))
    finally:
        scratch.unlink(missing_ok=True)
    counts["train_rows"], counts["train_bytes"] = len(order), sum(place.size for place in order)
    return Cut(counts=dict(counts), floor=floor)


def _scatter(rows: Iterable[Row], scratch: Path, seed: int) -> tuple[list[_Place], Counter[str]]:
    """Every row's text into `scratch`, once, and where it lies."""
    places: list[_Place] = []
    seen: set[bytes] = set()
    counts: Counter[str] = Counter(read=0, text=0, chat=0, copies=0, weighted=0, cut_bytes=0)
    with open(scratch, "wb") as file:
        for row in rows:
            text = rendered(row).encode()
            digest = hashlib.sha256(b"%d " % seed + text).digest()[:_DIGEST]
            counts["read"] += 1
            counts["text" if row.is_text else "chat"] += 1
            counts["weighted"] += row.weight != 1 or any(message.get("weight", 1) != 1 for message in row.messages)
            if digest in seen:
                counts["copies"] += 1
                continue
            seen.add(digest)
            places.append(_Place(digest=digest, start=file.tell(), size=len(text), log2_prob=row.log2_prob))
            file.write(text)
    return places, counts


def _taken_from_end(order: list[_Place], wanted: int) -> list[_Place]:
    """The last rows that have so many bytes together, which `order` then has no longer."""
    size, number = 0, 0
    while size < wanted and number < len(order) - 1:
        number += 1
        size += order[-number].size
    if size < wanted:
        raise UserError(
            f"the mix has too little text: {sum(place.size for place in order):,} bytes are left to take {wanted:,} "
            "from, and to train on; name a larger --mix, or say fewer --val_bytes for a smoke test"
        )
    taken = order[-number:]
    del order[-number:]
    return taken


def _floor(taken: list[_Place]) -> float | None:
    bits = [place.log2_prob for place in taken if place.log2_prob is not None]
    return -sum(bits) / sum(place.size for place in taken) if len(bits) == len(taken) else None


def _read(texts: Any, place: _Place) -> bytes:
    texts.seek(place.start)
    found: bytes = texts.read(place.size)
    return found
