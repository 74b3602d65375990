"""Which families a loop has, and how each is set up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from pydantic import Field

from espalier.command_line.config import Config
from espalier.errors import UserError
from research.self_improvement.families.family import Family
from research.self_improvement.families.predict_output.family import TRAINED
from research.self_improvement.families.programming.task import LANGUAGES

if TYPE_CHECKING:
    from espalier.sandbox import Pool


class PredictOutputSettings(Config):
    """Short programs, and what they print."""

    trained: int = Field(TRAINED, ge=1)
    """Levels that are trained on, from the easiest; the others are examined alone."""


class SocialGamesSettings(Config):
    """Several players, rules in code."""

    small: bool = False
    """The games whose moves are a few words, and their rules not told: for models that know little else."""


class TriviaSettings(Config):
    """Questions about pages."""

    pages: str | None = None
    """A folder or file of texts, a Wikipedia dump, or hub:OWNER/NAME; by default pages written from the curriculum's
    lexicon, of which all is known."""
    most: int = Field(1000, ge=2)
    """Read at most so many pages."""


class ProgrammingSettings(Config):
    """Statements with validators, and programs that pass them."""

    languages: list[str] = list(LANGUAGES)
    """Languages of solutions."""


class FamilySettings(Config):
    """The families of a loop; one that is null is left out."""

    predict_output: PredictOutputSettings | None = None
    """Predict the output of short programs."""
    social_games: SocialGamesSettings | None = None
    """Win games by their rules."""
    trivia: TriviaSettings | None = None
    """Ask and answer about pages."""
    programming: ProgrammingSettings | None = None
    """Write programs that pass validators."""


def open_families(settings: FamilySettings) -> dict[str, Family]:
    """The families that are set up, by name. UserError where there is none, or one of them cannot be had here."""
    found = list[Family]()
    if settings.predict_output:
        from research.self_improvement.families.predict_output import PredictOutput

        with _told("predict_output.trained"):
            found.append(PredictOutput(settings.predict_output.trained))
    if settings.social_games:
        from research.self_improvement.families.social_games.family import SocialGames

        found.append(SocialGames(small=settings.social_games.small))
    if settings.trivia:
        from research.self_improvement.families.trivia import LexiconTrivia, Trivia, read_pages

        pages = settings.trivia.pages
        with _told("trivia.pages"):
            found.append(Trivia(read_pages(pages, most=settings.trivia.most).pages) if pages else LexiconTrivia())
    if settings.programming:
        from research.self_improvement.families.programming.programming import Programming

        with _told("programming.languages"):
            found.append(Programming(settings.programming.languages))
    if not found:
        raise UserError("families: none is set up; name one at least, such as --families.predict_output.trained 8")
    return {family.name: family for family in found}


@contextmanager
def _told(key: str) -> Iterator[None]:
    """What is wrong with a family, by its key."""
    try:
        yield
    except UserError as error:
        raise UserError(f"families.{key}: {error}") from None


@contextmanager
def open_pools(families: Mapping[str, Family], *, workers: int, unsafe: bool) -> Iterator[dict[str, Pool | None]]:
    """By family the sandbox in which its programs run; None for one that runs none. UserError where there can be no
    walls, unless `unsafe` was typed."""
    from espalier.sandbox import Pool

    with ExitStack() as opened:
        yield {
            name: opened.enter_context(Pool(family.limits, workers=workers, unsafe=unsafe)) if family.limits else None
            for name, family in families.items()
        }
