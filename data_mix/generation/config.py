"""What a grid says: which dialogues to ask for, of whom, how, and what may be spent on them."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator

from data_mix.generation.briefs import briefs
from espalier.command_line.config import ArtifactOptions, FilePath, Name, to_dict
from espalier.endpoints.budget import BudgetSettings
from espalier.endpoints.client import EndpointSettings, Url

DEFAULT_GRID = Path(__file__).with_name("grids") / "small.yaml"
MAY_CHANGE = ("budget", "concurrency", "timeout_s", "max_retries", "api_key_env", "allow_http")
"""Keys that decide how a corpus is asked for, and nothing in it: they may differ when the command is run again."""
_TOPICS = [
    "a day at the market", "a meal that went well or badly", "a journey by bus or train", "someone in the family",
    "a pet or another animal", "the weather and what it changed", "a job or a task at work", "a lesson or an exam",
    "a film, a song or a book", "a sport or a game", "something lost or found", "something bought or given",
    "a visit to a doctor", "the place where one lives", "a celebration", "a plan for the weekend", "a neighbour",
    "a telephone or a computer", "a memory from childhood", "something repaired or made by hand", "a walk outdoors",
    "a misunderstanding", "clothes", "a wish for next year",
]  # fmt: skip


def _distinct(values: list[Any]) -> list[Any]:
    twice = next((value for number, value in enumerate(values) if value in values[:number]), None)
    if twice is not None:
        raise ValueError(f"{twice} is named twice")
    return values


Axis = Annotated[list[str], Field(min_length=1), AfterValidator(_distinct)]


class GenerateConfig(EndpointSettings):
    """A corpus of dialogues: a grid, and the model that writes them."""

    name: Name
    """Name of the corpus: it is written to corpora/NAME."""
    endpoint: Url = "http://127.0.0.1:8000/v1"
    """Its base URL, which usually ends in /v1."""
    strategies: Axis = Field(default_factory=lambda: list(briefs().strategies))
    """The tutor's moves; all ten by default."""
    errors: Axis = Field(default_factory=lambda: list(briefs().errors))
    """Kinds of mistakes; all of the curriculum's by default."""
    first_languages: Axis | None = None
    """Learners' first languages; null: those that the curriculum knows each mistake of."""
    levels: Axis = Field(default_factory=lambda: list(briefs().levels))
    """Learners' levels."""
    pairs: Literal["typical", "all"] = "typical"
    """Which mistakes meet which first languages: those that are typical, as the curriculum has it, or all."""
    samples: int = Field(1, ge=1)
    """Dialogues asked for in each cell."""
    exchanges: Annotated[list[int], Field(min_length=1), AfterValidator(_distinct)] = [1, 2, 3]
    """How many times the learner and the tutor speak; each dialogue has one of these."""
    topics: Axis = _TOPICS
    """What the dialogues are about; the samples of a cell take different ones while there are any."""
    prompt: FilePath = Path("repo:data_mix/generation/prompts/dialogue.yaml")
    """The file with what is asked of the model."""
    temperature: float | None = Field(0.9, ge=0, le=2)
    """Of sampling; null: the server's own."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Of sampling; null: the server's own."""
    max_tokens: int = Field(1200, ge=1)
    """Longest reply, in tokens; a longer one is cut off, and rejected."""
    send_seed: bool = True
    """Send a seed with each request, for servers that know what to do with it."""
    tries: int = Field(2, ge=1, le=5)
    """How often one dialogue is asked for. From the second time on the model is told what was wrong with the last."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Decides topics and lengths, and the seeds that are sent."""
    budget: BudgetSettings = BudgetSettings()
    """What may be spent."""

    @field_validator("strategies", "errors", "levels")
    @classmethod
    def _known(cls, names: list[str], info: Any) -> list[str]:
        known = list(getattr(briefs(), info.field_name))
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                raise ValueError(f"{name} is not known; {hint}")
        return names

    @field_validator("exchanges")
    @classmethod
    def _lengths(cls, exchanges: list[int]) -> list[int]:
        if not all(1 <= length <= 8 for length in exchanges):
            raise ValueError("wants numbers from 1 to 8")
        return exchanges

    def identity(self) -> dict[str, Any]:
        """All that decides what the corpus holds, as plain data."""
        return {key: value for key, value in to_dict(self).items() if key not in MAY_CHANGE}


class GenerateOptions(ArtifactOptions):
    """Flags of one invocation."""

    dry_run: bool = False
    """Say how many cells and calls there are and what they may cost, show a prompt, and stop. Nothing is sent."""
