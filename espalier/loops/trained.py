"""A training that a loop runs, as its configuration names it."""

from __future__ import annotations

from typing import Any

from espalier.command_line.config import Config, FilePath


class Trained(Config):
    """One of our training commands: its configuration, and what differs from it here."""

    config: FilePath
    """The configuration file."""
    keys: dict[str, Any] = {}
    """Keys of it with other values, dotted as on the command line: {steps: 300, optim.lr: 1e-4}."""
