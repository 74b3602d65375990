"""Values of tables (Parquet, `datasets`) to plain JSON values."""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from typing import Any

from data_mix.reading.record import BadRecord

_SPELLED = (datetime.datetime, datetime.date, datetime.time)


def plain(value: Any) -> Any:
    """The JSON value that stands for `value`: dates as ISO 8601, exact decimals as text, arrays as lists.

    NaN becomes null: it is how pandas writes a missing number. Raises BadRecord for what no JSON stands for: bytes
    that are no text (a picture, a sound), infinite numbers, objects of other kinds.
    """
    try:
        return _plain(value)
    except RecursionError:
        raise BadRecord("not_json", "nested too deeply") from None


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is dict:
        return {key if type(key) is str else str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, _SPELLED):
        return value.isoformat()
    if isinstance(value, decimal.Decimal | datetime.timedelta | uuid.UUID):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            raise BadRecord(
                "not_text", f"{len(value):,} bytes that are no text, a picture or a sound perhaps"
            ) from None
    if kind.__module__.split(".")[0] == "numpy" and hasattr(value, "tolist"):
        listed = value.tolist()
        if type(listed) is not kind:
            return _plain(listed)
    raise BadRecord("not_json", f"a {kind.__name__} is no JSON value")


def _number(value: float) -> float | None:
    if math.isinf(value):
        raise BadRecord("not_json", "an infinite number is no JSON value")
    return None if math.isnan(value) else value
