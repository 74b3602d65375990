"""What is done about what monitors find: a YAML file of severities and actions."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from espalier.command_line import complaints
from espalier.command_line.config import Config, load_file
from espalier.errors import UserError
from espalier.signals.records import Severity
from training.config import MonitorSettings, TrainConfig
from training.monitors.base import Monitor, MonitorKind, monitors
from training.observers import Action

Does = Literal["log", "checkpoint", "pause", "stop"]
_ACTIONS = {"log": Action.CONTINUE, "checkpoint": Action.CHECKPOINT, "pause": Action.PAUSE, "stop": Action.STOP}


class Overrides(Config):
    """What one monitor's severities do; null as those of the others."""

    note: Does | None = None
    """Of its notes."""
    warn: Does | None = None
    """Of its warnings."""
    high: Does | None = None
    """Of what is grave."""


class Policy(Config):
    """What each severity does."""

    note: Does = "log"
    """Something to be read some day."""
    warn: Does = "log"
    """Something to be looked at."""
    high: Does = "pause"
    """Something that should not go on unseen."""
    monitors: dict[str, Overrides] = {}
    """Of single monitors otherwise."""
    settings: dict[str, dict[str, Any]] = {}
    """Keys of single monitors."""

    def action(self, monitor: str, severity: Severity) -> Action:
        """What a finding of a monitor asks for."""
        own: Does | None = getattr(self.monitors.get(monitor), severity.word, None)
        usual: Does = getattr(self, severity.word)
        return _ACTIONS[own or usual]


def read_policy(file: Path) -> Policy:
    """The policy in a file. UserError where it is none, or names a monitor that there is not."""
    policy = load_file(Policy, file)
    for key in ("monitors", "settings"):
        check_names(getattr(policy, key), f"{file}: {key}")
    return policy


def check_names(names: Iterable[str], where: str) -> None:
    """UserError where one of the names is no monitor's."""
    known = monitors()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
            raise UserError(f"{where}: no monitor is called {name!r}; {hint}")


def chosen(settings: MonitorSettings) -> dict[str, MonitorKind]:
    """The monitors that a configuration asks for, by name. UserError where there is no such one."""
    named = [settings.on] if isinstance(settings.on, str) else settings.on
    check_names((name for name in named if name not in ("all", "none")), "monitors.on")
    return {name: kind for name, kind in monitors().items() if name in named or (kind.in_all and "all" in named)}


def check(config: TrainConfig) -> None:
    """UserError where a configuration, or its policy, names a monitor that there is not or says what it cannot."""
    make(config, read_policy(config.monitors.policy))


def make(config: TrainConfig, policy: Policy) -> dict[str, tuple[MonitorKind, Monitor]]:
    """The monitors of a run, each with what it was made from. UserError where one's keys are not right."""
    return {
        name: (kind, kind.made(config, _own(kind, policy.settings, config.monitors.policy)))
        for name, kind in chosen(config.monitors).items()
    }


def _own(kind: MonitorKind, given: Mapping[str, dict[str, Any]], file: Path) -> Config | None:
    if kind.name not in given:
        return None
    where = f"{file}: settings.{kind.name}"
    if kind.settings is None:
        raise UserError(f"{where}: {kind.name} has no keys of its own")
    keys = given[kind.name]
    try:
        return kind.settings.model_validate(keys, context={"relative_to": file.parent})
    except ValidationError as error:
        raise UserError(
            "\n".join(complaints.of_validation(error, kind.settings, keys, where=where, given={}))
        ) from None
