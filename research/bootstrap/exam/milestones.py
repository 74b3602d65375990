"""The milestones: what a pupil has to do to be of a band, and when an examination of it is passed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from espalier.command_line import complaints
from espalier.command_line.config import Config, read_yaml
from espalier.errors import UserError
from evaluation.comparison.stats import Estimate
from research.bootstrap.bands import BANDS, TOP_SCORE

Share = Annotated[float, Field(gt=0, lt=1)]


class Milestone(Config):
    """What the examination of one band is, and what passes it."""

    tasks: int = Field(ge=1)
    """Tasks of a paper."""
    score: int = Field(ge=1, le=TOP_SCORE)
    """From which score on a turn is good."""
    at_least: Share
    """The share of good turns that the lower bound of its 95 % interval has to reach."""
    sentences: Share | None = None
    """The same for the share of sentences that parse; null where none are asked for."""
    longest: int = Field(ge=1, le=512)
    """Tokens of a turn after which it is cut, which is the same for every pupil."""

    def failed(self, good: Estimate, sentences: Estimate | None) -> list[str]:
        """Why an examination with these shares is not passed; nothing where it is."""
        wanted: list[tuple[str, Estimate | None, float]] = [("good turns", good, self.at_least)]
        if self.sentences is not None:
            wanted.append(("sentences that parse", sentences, self.sentences))
        return [
            f"{what}: {_said(found)}, and at least {bar:.2f} is wanted"
            for what, found, bar in wanted
            if found is None or found.low < bar
        ]


class Milestones(Config):
    """Those of all bands."""

    seed: int = Field(ge=0, lt=2**31)
    """Decides which tasks are drawn: the same for every pupil, so that pupils can be compared."""
    types: tuple[str, ...] = Field(min_length=1)
    """Session types whose tasks are asked, evenly."""
    each_type: Share
    """The share of good turns of each of them that a paper has to reach."""
    bands: tuple[Milestone, ...]
    """One for each band, from 0 on."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if len(self.bands) != len(BANDS):
            raise ValueError(f"bands: {len(self.bands)} milestones, and there are {len(BANDS)} bands")
        if len(set(self.types)) < len(self.types):
            raise ValueError("types: one is named twice")
        return self


def read_milestones(path: Path) -> Milestones:
    """The milestones in a file. UserError with all that is wrong with it."""
    data = read_yaml(path)
    try:
        return Milestones.model_validate(data)
    except ValidationError as error:
        raise UserError(
            "\n".join(complaints.of_validation(error, Milestones, data, where=str(path), given={}))
        ) from None


def _said(found: Estimate | None) -> str:
    return "there are none" if found is None else f"{found.value:.3f}, surely above {found.low:.3f}"
