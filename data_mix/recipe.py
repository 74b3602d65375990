"""What a recipe says: which sources a mix is made of, and how they are read and split."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from data_mix.curriculum.config import CurriculumConfig
from espalier.config import Config, FilePath, Options
from espalier.errors import UserError
from espalier.paths import check_name

DEFAULT_RECIPE = Path(__file__).with_name("recipes") / "basil.yaml"
CURRICULUM = "curriculum"
_OF_FILES = ("name", "licence", "format", "text_row", "on_bad_row", "rows", "weight")


class Source(Config):
    """One source of a mix: the from-scratch curriculum, or files of yours. It has either `curriculum` or `path`."""

    curriculum: CurriculumConfig | None = None
    """The from-scratch curriculum, and how much of it."""
    path: FilePath | None = None
    """A file (.jsonl, .json, .parquet, .txt, .md, each but Parquet also with .gz) or a folder of them."""
    name: str = ""
    """What its rows are called; by default the file's or folder's name."""
    licence: str = "not stated"
    """The licence of the files; the manifest repeats it."""
    format: Literal["auto", "messages", "alpaca", "oasst", "text"] = "auto"
    """How a record is turned into messages; `auto` tells it from the record's keys."""
    text_row: Literal["paragraph", "line", "file"] = "paragraph"
    """What makes a row of a plain text file: paragraphs are set apart by blank lines."""
    on_bad_row: Literal["error", "drop"] = "error"
    """Whether a row that cannot be used stops the build, or is dropped and counted."""
    rows: int | None = Field(None, ge=1)
    """Take only so many rows, the first ones."""
    weight: float = Field(1.0, gt=0)
    """Multiplies the loss of the source's rows."""

    @field_validator("name")
    @classmethod
    def _name_is_plain(cls, name: str) -> str:
        return _checked(name) if name else name

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.curriculum is None) == (self.path is None):
            raise ValueError("wants either `curriculum` or `path`")
        if self.curriculum is not None:
            extra = [key for key in _OF_FILES if getattr(self, key) != type(self).model_fields[key].default]
            if extra:
                raise ValueError(f"{', '.join(extra)}: for files only, the curriculum has no such key")
        return self

    @property
    def label(self) -> str:
        """The name that the source's rows carry."""
        return self.name or (CURRICULUM if self.path is None else self.path.name.split(".")[0] or self.path.name)


class Recipe(Config):
    """A mix, whole: the same recipe over the same files gives the same bytes."""

    name: str
    """Name of the mix: it is built in mixes/NAME."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Decides the curriculum's rows, what they hold out, and which rows of files are held out as `valid`."""
    sources: list[Source] = Field(min_length=1)
    """What the mix is made of."""
    valid_fraction: float = Field(0.05, ge=0, lt=1)
    """Share of the files' rows that is held out as `valid`; equal conversations are never on both sides. The
    curriculum writes its held-out splits itself."""

    @field_validator("name")
    @classmethod
    def _name_is_a_name(cls, name: str) -> str:
        return _checked(name)

    @model_validator(mode="after")
    def _sources_are_told_apart(self) -> Self:
        labels = [source.label for source in self.sources]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"two sources are called {', '.join(twice)}; give one of them another `name`")
        return self


class BuildOptions(Options):
    """Flags of one build; they do not change what is built."""

    workers: int = Field(0, ge=0)
    """Processes that write the curriculum; 0 is one for each core. Any number gives the same bytes."""
    overwrite: bool = False
    """Replace a mix of this name that was built from another recipe, other files or other code."""


def _checked(name: str) -> str:
    try:
        return check_name(name)
    except UserError as error:
        raise ValueError(str(error)) from None
