"""The command line of exploring."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from espalier.command_line.config import Config, Options
from espalier.models.devices import Device

USUAL_PORT = 8020


class ExploreConfig(Config):
    """What is looked at, and where the page is."""

    model: str
    """A run, whether it trains, is finished or was interrupted; or any other model (path, hub name), to talk to."""
    beside: list[str] = []
    """Other models to talk to beside it: runs, paths, hub names."""
    host: str = "127.0.0.1"
    """The address of this machine to answer at. Another than the loopback one lets others in the network come in."""
    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Where to listen; 0 for any port. By default 8020, or any that is free where that is taken."""
    device: Device = "auto"
    """Where models are loaded to be talked to. auto leaves a card to the training that goes on on it."""
    threads: Annotated[int, Field(ge=1)] | None = None
    """CPU threads for that; by default one, while a training goes on on this machine's processors."""
    load_in_4bit: bool = False
    """Load models in 4 bits (NF4)."""
    chat_template: str | None = None
    """Builtin template or file, for models that have none."""


class ExploreOptions(Options):
    """Flags of one invocation."""

    beside_training: int | None = None
    """The process that started this one to watch it train; this one ends with it."""
