"""The table of bands: everything that grows with the pupil's age, one row a band, written out or given by a curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, ValidationError, model_validator

from espalier.command_line.config import Config
from research.bootstrap.bands import BANDS, LAST_BAND, TOP_SCORE
from research.bootstrap.classroom.record import Context


class Row(Config):
    """One band, as it is written: what a column's curve gives may be left out."""

    strength: Annotated[float, Field(ge=0, le=2)] | None = None
    """How strongly the adapter counts when the pupil speaks; 0 is the trunk alone."""
    trunk_steps: Annotated[int, Field(ge=0)] | None = None
    """Steps that the trunk is trained in a round."""
    adapter_steps: Annotated[int, Field(ge=0)] | None = None
    """Steps that the round's adapter is trained; 0 makes none, and the pupil is the trunk alone."""
    max_new_tokens: Annotated[int, Field(ge=1, le=512)] | None = None
    """Longest turn of the pupil's."""
    threshold: Annotated[int, Field(ge=0, lt=TOP_SCORE)] | None = None
    """Attempts of this score and below weigh nothing."""
    least_weight: Annotated[float, Field(gt=0, le=1)] | None = None
    """What the least score above the threshold weighs; from there the weight rises to 1 at the top score."""
    context: Context | None = None
    """What stands before an attempt in the adapter's rows: its episode alone, or the session as far as it went."""
    present: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of the tasks that are of this band; the others are of bands below."""


class Curve(Config):
    """A column as a curve over the bands, from the first to the last."""

    curve: Literal["linear", "s-curve", "stepped", "front-loaded"] = "linear"
    """A straight line, slow at both ends (3x² − 2x³), four steps of two bands each, or early (1 − (1 − x)²)."""
    from_: float
    """At band 0; written `from`."""
    to: float
    """At the last band."""

    @model_validator(mode="before")
    @classmethod
    def _from_is_no_name_in_python(cls, given: Any) -> Any:
        if isinstance(given, dict) and "from" in given:
            return {"from_": given["from"]} | {key: value for key, value in given.items() if key != "from"}
        return given

    def at(self, band: int) -> float:
        """Its value at a band."""
        x = band / LAST_BAND
        share = {
            "linear": x,
            "s-curve": 3 * x**2 - 2 * x**3,
            "stepped": (band // 2) / (LAST_BAND // 2),
            "front-loaded": 1 - (1 - x) ** 2,
        }[self.curve]
        return self.from_ + (self.to - self.from_) * share


class Curves(Config):
    """Columns given by a curve, which then counts whatever the rows say."""

    strength: Curve | None = None
    """Of the adapter."""
    trunk_steps: Curve | None = None
    """Rounded to whole steps."""
    adapter_steps: Curve | None = None
    """Rounded to whole steps."""
    max_new_tokens: Curve | None = None
    """Rounded to whole tokens."""
    threshold: Curve | None = None
    """Rounded to whole scores."""
    least_weight: Curve | None = None
    """Of attempts just above the threshold."""
    present: Curve | None = None
    """Share of tasks of the present band."""


class Band(NamedTuple):
    """One band of the table, whole; the columns are those of `Row`."""

    strength: float
    trunk_steps: int
    adapter_steps: int
    max_new_tokens: int
    threshold: int
    least_weight: float
    context: Context
    present: float


_WHOLE = ("trunk_steps", "adapter_steps", "max_new_tokens", "threshold")


def whole_table(rows: Sequence[Row], curves: Curves) -> tuple[Band, ...]:
    """The table, with curves in their place. ValueError with all that is missing or out of range."""
    if len(rows) != len(BANDS):
        raise ValueError(f"bands: {len(rows)} rows, and there are {len(BANDS)} bands (0 to {LAST_BAND})")
    problems, table = list[str](), list[Band]()
    for number, row in enumerate(rows):
        values: dict[str, Any] = {}
        for column in Band._fields:
            curve: Curve | None = getattr(curves, column, None)
            value: Any = getattr(row, column) if curve is None else curve.at(number)
            if value is None:
                problems.append(f"bands.{number}.{column}: a hole; give a value, or curves.{column}")
                continue
            values[column] = round(value) if column in _WHOLE else value
        try:
            Row.model_validate(values)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                problems.append(f"curves.{each['loc'][0]}: {each['input']:g} at band {number}: {each['msg']}")
        if len(values) == len(Band._fields):
            table.append(Band(**values))
    if problems:
        raise ValueError("; ".join(problems))
    return tuple(table)


def printed(table: Sequence[Band]) -> tuple[list[str], list[list[object]]]:
    """Headers and rows of the table as it is shown."""
    headers = ["band", "", *(column.replace("_", " ") for column in Band._fields)]
    return headers, [[number, BANDS[number], *band] for number, band in enumerate(table)]
