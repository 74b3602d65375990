from pathlib import Path
from typing import Any

import pytest
import yaml

from espalier.command_line.config import Config
from espalier.errors import UserError
from espalier.signals.records import Severity
from tests.training.watching.toy import settings, toy
from training.config import MonitorSettings
from training.monitors.base import MonitorKind
from training.observers import Action
from training.watching import policy


class Keys(Config):
    many: int = 1
    """How many."""


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, MonitorKind]:
    """Two monitors, one with keys of its own."""
    found = {
        "echo": toy("echo", lambda look: []),
        "keyed": MonitorKind(name="keyed", looks_at="", evidence="", make=lambda config, keys: keys, settings=Keys),
    }
    monkeypatch.setattr(policy, "monitors", lambda: found)
    return found


def written(folder: Path, **keys: Any) -> Path:
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump(keys))
    return file


def test_the_default_pauses_for_what_is_grave() -> None:
    usual = policy.read_policy(MonitorSettings().policy)
    assert [usual.action("any", severity) for severity in Severity] == [Action.CONTINUE, Action.CONTINUE, Action.PAUSE]


def test_a_monitor_may_be_taken_otherwise(tmp_path: Path) -> None:
    file = written(tmp_path, warn="checkpoint", monitors={"echo": {"high": "stop"}})
    found = policy.read_policy(file)
    assert found.action("echo", Severity.HIGH) is Action.STOP
    assert found.action("echo", Severity.WARN) is found.action("keyed", Severity.WARN) is Action.CHECKPOINT
    assert found.action("keyed", Severity.HIGH) is Action.PAUSE


@pytest.mark.parametrize(
    "keys, says",
    [
        ({"high": "shout"}, "policy.yaml: high: wants 'log', 'checkpoint', 'pause' or 'stop', not 'shout'"),
        ({"hihg": "stop"}, "policy.yaml: hihg: unknown key; did you mean high?"),
        ({"monitors": {"ehco": {"high": "stop"}}}, "no monitor is called 'ehco'; did you mean echo?"),
        ({"settings": {"bias": {}}}, "no monitor is called 'bias'; there are echo, keyed"),
        ({"monitors": {"echo": {"grave": "stop"}}}, "monitors.echo.grave: unknown key"),
    ],
)
def test_what_is_wrong_with_one_is_said(tmp_path: Path, keys: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError) as caught:
        policy.read_policy(written(tmp_path, **keys))
    assert says in str(caught.value)


def test_monitors_are_chosen_by_name() -> None:
    assert list(policy.chosen(MonitorSettings())) == ["echo", "keyed"]
    assert policy.chosen(MonitorSettings(on="none")) == policy.chosen(MonitorSettings(on=[])) == {}
    assert list(policy.chosen(MonitorSettings(on=["keyed"]))) == ["keyed"]
    with pytest.raises(UserError, match="monitors.on: no monitor is called 'kyed'; did you mean keyed"):
        policy.chosen(MonitorSettings(on=["kyed"]))


def test_a_monitor_gets_keys_of_its_own_from_the_policy(tmp_path: Path) -> None:
    made = policy.make(settings(on=["keyed"]), policy.Policy(settings={"keyed": {"many": 3}}))
    assert made["keyed"][1] == Keys(many=3)  # type: ignore[comparison-overlap]
    assert policy.make(settings(on=["keyed"]), policy.Policy())["keyed"][1] == Keys()  # type: ignore[comparison-overlap]
    with pytest.raises(UserError, match=r"settings\.keyed: many: wants a whole number, not 'x'"):
        policy.make(settings(), policy.Policy(settings={"keyed": {"many": "x"}}))
    with pytest.raises(UserError, match="echo has no keys of its own"):
        policy.make(settings(), policy.Policy(settings={"echo": {}}))
