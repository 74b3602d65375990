"""What a configuration says of a concept that is to stay as it is."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from espalier.artifacts import records
from espalier.command_line.config import Config, FilePath
from espalier.errors import UserError


class ProtectSettings(Config):
    """A concept that training is not to change."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    """What it is called in metrics.jsonl."""
    words: dict[str, list[str]] | None = None
    """The words that say it, by label, those that stand for one another in the same place: {one: [was, is], many:
    [were, are]}. Without words, nothing keeps what the output layer makes of it."""
    examples: FilePath | None = None
    """A table (.jsonl, .csv) of `text` and `label`, each text a beginning at whose end the concept decides. By default
    the places in the run's own rows before one of the words, which may use them wrongly, or not at all."""
    layers: Literal["all"] | list[Annotated[int, Field(ge=0)]] = "all"
    """Where it is kept, counted by what reads it: 0 is what the first decoder layer reads, and as many as there are
    layers is what the output layer reads. Kept in some of them alone, it is learned anew around them."""
    how: Literal["inlp", "mean", "leace", "random"] = "inlp"
    """How its subspace is found: the directions by which one classifier after another tells the labels (inlp, Ravfogel
    et al. 2020, arXiv:2004.07667); the difference of means; what LEACE (Belrose et al. 2023, arXiv:2306.03819) reads
    and takes away; or, for a control, drawn by chance and as large as that of inlp."""
    rank: int = Field(4, ge=1)
    """Directions in each layer (how: inlp, random)."""
    max_examples: int = Field(512, ge=16)
    """Places that are looked at, as many of each label."""
    held: int = Field(8, ge=0)
    """Examples that every micro-batch is held to, which costs a pass through them; 0 for none, and then what else is
    learned carries the concept away."""
    weight: float = Field(1.0, gt=0)
    """Weight of that, beside the loss: of the share of their spread by which the examples have moved, squared."""
    every: int = Field(100, ge=0)
    """Steps between measurements of how far it has drifted; 0 for the end only."""

    @model_validator(mode="after")
    def _says_what_it_is(self) -> Self:
        if self.words is None and self.examples is None:
            raise ValueError("give words, examples or both, or nothing says what the concept is")
        if self.layers == []:
            raise ValueError("layers: wants a layer at least, or all")
        return self

    @model_validator(mode="after")
    def _words_stand_for_one_another(self) -> Self:
        if self.words is None:
            return self
        numbers = {len(said) for said in self.words.values()}
        if len(self.words) < 2 or len(numbers) > 1 or 0 in numbers:
            raise ValueError(
                "words: wants two labels at least, each with as many words, so that the first ones stand for one "
                "another, and the second ones, and so on"
            )
        said = [word for words in self.words.values() for word in words]
        if len(set(said)) < len(said):
            raise ValueError("words: one word stands there twice, so that it would be said in place of itself")
        return self


def read_examples(path: Path) -> list[tuple[str, str]]:
    """Texts and labels of a table. UserError where it is none."""
    try:
        if path.suffix == ".jsonl":
            rows = list(records.read_jsonl(path))
        elif path.suffix == ".csv":
            with open(path, encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
        else:
            raise UserError(f"{path}: a table of examples ends in .jsonl or .csv")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path}: no table of text and label ({error})") from error
    for number, row in enumerate(rows, start=1):
        said = [row.get(key) if isinstance(row, dict) else None for key in ("text", "label")]
        if not all(isinstance(value, str) and value.strip() for value in said):
            raise UserError(f"{path}: example {number} wants `text` and `label`, two words or more, not {row!r:.80}")
    return [(row["text"], row["label"]) for row in rows]
