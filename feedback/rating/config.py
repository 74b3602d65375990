"""The command line of rating."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from espalier.command_line.config import Config, FilePath, Name, Options
from espalier.errors import UserError
from espalier.models.devices import Device
from evaluation.config import default_name
from evaluation.judges.base import DIMENSIONS
from feedback.rating.content import Ask
from feedback.rating.raters import check_rater

_OF_ARTIFACTS = ("records", "samples")
"""Files of scores and corpora, which are called as their folder."""


def _known(names: list[str]) -> list[str]:
    if unknown := [name for name in names if name not in DIMENSIONS]:
        raise ValueError(f"no dimension: {', '.join(unknown)}; known: {', '.join(DIMENSIONS)}")
    return list(dict.fromkeys(names))


def _raters(names: list[str] | None) -> list[str] | None:
    return None if names is None else list(dict.fromkeys(check_rater(name) for name in names))


def _next(choice: str) -> str:
    if choice != "random" and not choice.startswith("run:"):
        raise ValueError("wants random, or run:NAME of a reward model")
    return choice


class RateConfig(Config):
    """Whose replies are rated, by whom, and how it is chosen what to ask."""

    models: list[str] = []
    """Whose replies: runs, folders, hub names and so on, as evaluation/run.py takes them. They are evaluated first
    where they were not."""
    suite: str = "pedagogical"
    """What they answer."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Only so many cases of the suite."""
    scores: Name | None = None
    """Take the replies of scores that are there, instead; --models then chooses among those in them."""
    replies: FilePath | None = None
    """Take the replies of a file: records.jsonl of scores, samples.jsonl of a corpus, or lines with `messages` or
    `prompt` and `replies`, or `reply` and `model`."""
    name: Name | None = None
    """Name of the ratings: ratings/NAME.db. By default made of where the replies come from."""
    ask: Ask | None = None
    """pairs: which of two replies is better, and why; single: what one reply is like. By default what was asked under
    this name before, or pairs."""
    dimensions: Annotated[list[str], AfterValidator(_known)] = list(DIMENSIONS)
    """What else is asked, of the dimensions that judges know."""
    raters: Annotated[list[str] | None, AfterValidator(_raters)] = None
    """Who rates; each gets a link. By default those of before, or one who is called teacher."""
    next: Annotated[str, AfterValidator(_next)] = "random"
    """What is asked next: random, or what the reward model run:NAME is least sure of."""
    gold: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """The share of questions that come a second time, to measure a rater against themselves."""
    pairs_per_prompt: Annotated[int, Field(ge=1)] = 3
    """Where a conversation has many replies: so many pairs of them, drawn by chance."""
    seed: int = 0
    """Of what chance decides: the order of questions and replies."""
    host: str = "127.0.0.1"
    """The address of this machine to answer at. Another than the loopback one lets others in the network rate."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8010
    """Where to listen; 0 for any port."""
    device: Device = "auto"
    """Where models are loaded that have to answer first, or to say how sure they are."""
    load_in_4bit: bool = False
    """Load them in 4 bits (NF4)."""
    chat_template: str | None = None
    """Builtin template or file, for models that have none."""

    @property
    def brings(self) -> bool:
        """Whether it is said where replies come from."""
        return bool(self.models or self.scores or self.replies)


class RateOptions(Options):
    """Flags of one invocation. With any of them no page is served."""

    import_: list[FilePath] = []
    """Put the votes of these files in: as --votes writes them, CSV with the same columns, or MRBench's."""
    export: FilePath | None = None
    """Write what raters said together to this file, a JSON line each, for data_mix/build.py."""
    votes: FilePath | None = None
    """Write every vote to this file, with all that is known of it."""
    changed: bool = False
    """Export also what was said of replies that have changed since."""
    agreement: bool = False
    """Say how far the raters agree, and each with themselves."""

    @property
    def moves_out(self) -> bool:
        """Whether something is asked of votes that are there."""
        return bool(self.export or self.votes or self.agreement)


def name_of(config: RateConfig) -> str:
    """The name of the ratings. UserError where nothing says whose replies are rated."""
    if config.name:
        return config.name
    end = "-single" if config.ask == "single" else ""
    if config.scores:
        return _plain(config.scores, end)
    if config.replies:
        stem = config.replies.name.split(".")[0]
        return _plain(config.replies.parent.name if stem in _OF_ARTIFACTS else stem, end)
    if config.models:
        return _plain(default_name(config.suite, config.models, config.limit), end)
    raise UserError(
        "whose replies? --models basil-trunk basil-core (espalier runs lists runs), --replies FILE, or the --name of "
        "ratings that are there"
    )


def evaluation_words(config: RateConfig, scores: str) -> list[str]:
    """The command line that has the models answer, after `evaluation/run.py`."""
    words = ["--models", *config.models, "--suite", config.suite, "--name", scores, "--publish", "false"]
    given: Sequence[tuple[str, Any]] = [
        ("limit", config.limit),
        ("device", config.device if config.device != "auto" else None),
        ("load_in_4bit", "true" if config.load_in_4bit else None),
        ("chat_template", config.chat_template),
    ]
    return words + [word for key, value in given if value is not None for word in (f"--{key}", str(value))]


def _plain(text: str, end: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).replace("..", "-").strip("-.")[: 64 - len(end)] + end
