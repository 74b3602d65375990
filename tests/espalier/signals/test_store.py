import sqlite3
from pathlib import Path

import pytest

from espalier.errors import UserError
from espalier.signals.records import Dialogue, Said, Severity, Signal, Turn
from espalier.signals.store import FILE, SignalStore

SAID = Said(asked="Hello!", reply="Hello, Anna.", finish="stop", prompt=1, system="Be kind.")
DIALOGUES = [
    Dialogue(turns=[Turn(role="user", said="Hi.", finish="given"), Turn(role="assistant", said="Oh.", finish="stop")]),
    Dialogue(turns=[Turn(role="user", said="No.", finish="given")], system="Be brief."),
]
HIGH = Signal(name="rate", value=0.5, severity=Severity.HIGH, said="Half repeats.", evidence={"texts": ["a a"]})


def filled(folder: Path) -> SignalStore:
    store = SignalStore.open(folder)
    for step in (10, 20):
        store.add_signals(step, "repetition", [Signal(name="rate", value=step / 100), HIGH])
        store.add_answers(step, [SAID])
        store.add_dialogues(step, DIALOGUES)
        store.add_event(step, "run", "alarm", "It repeats.", {"monitor": "repetition"})
        store.add_picture(step, "probes", {"0": {"tense": 0.5}})
    return store


def test_what_was_kept_is_read_as_it_was(tmp_path: Path) -> None:
    filled(tmp_path)  # and left open: a reader reads while another writes
    with SignalStore.read(tmp_path) as store:
        first, high, *_ = store.signals()
        assert (first.id, first.step, first.name, first.signal.value) == (1, 10, "repetition.rate", 0.1)
        assert high.signal == HIGH and high.at.endswith("+00:00")
        assert [each.said for each in store.answers()] == [SAID, SAID]
        assert [each.dialogue for each in store.dialogues(until_step=10)] == DIALOGUES
        event = store.events()[0]
        assert (event.who, event.what, event.said) == ("run", "alarm", "It repeats.")
        assert event.evidence == {"monitor": "repetition"}
        assert store.pictures("probes")[1].value == {"0": {"tense": 0.5}}
        assert store.series("repetition.rate") == [(10, 0.1), (10, 0.5), (20, 0.2), (20, 0.5)]
        assert store.names() == ["repetition.rate"]


def test_one_asks_for_a_part(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.add_signals(30, "health", [Signal(name="loss", value=2.0)])
    assert [each.name for each in store.signals(monitor="health")] == ["health.loss"]
    assert [each.step for each in store.signals(name="rate", since_step=11)] == [20, 20]
    assert [each.step for each in store.signals(after_id=4)] == [30]
    assert [each.id for each in store.dialogues(after_id=3)] == [5, 6]
    assert store.events(who="operator") == []


def test_what_no_number_or_json_can_say_is_kept_as_nothing_or_as_text(tmp_path: Path) -> None:
    store = SignalStore.open(tmp_path)
    store.add_signals(1, "m", [Signal(name="x", value=float("nan"), evidence={"at": float("inf"), "path": tmp_path})])
    (kept,) = store.signals()
    assert kept.signal.value is None and kept.signal.evidence == {"at": None, "path": str(tmp_path)}


def test_truncated_it_forgets_what_came_later_but_not_the_operator(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.add_event(20, "operator", "paused", "Pause.")
    last = store.signals()[-1].id
    store.truncate(10)
    found = [store.signals(), store.answers(), store.dialogues(), store.events(who="run"), store.pictures()]
    assert all(rows and {row.step for row in rows} == {10} for rows in found)
    assert [event.said for event in store.events(who="operator")] == ["Pause."]
    store.add_signals(20, "health", [Signal(name="loss", value=2.0)])
    assert store.signals()[-1].id > last  # who has read up to an id learns of what came instead


def test_a_damaged_one_is_set_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(UserError, match="cannot be read"):
        SignalStore.read(tmp_path)
    filled(tmp_path).close()
    assert "damaged-1" in capsys.readouterr().out
    assert (tmp_path / f"{FILE}.damaged-1").read_bytes().startswith(b"no database")
    assert len(SignalStore.read(tmp_path).answers()) == 2


def test_damage_inside_is_seen_when_it_is_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled(tmp_path).close()
    with open(tmp_path / FILE, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 3)
    store = SignalStore.open(tmp_path)
    assert store.signals() == [] and "damaged-1" in capsys.readouterr().out
    assert (tmp_path / f"{FILE}.damaged-1").exists()


def test_one_that_is_overwritten_beneath_a_training_is_set_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = filled(tmp_path)
    with open(tmp_path / FILE, "r+b") as file:
        file.write(bytes(range(256)) * 64)
    store.add_signals(40, "repetition", [Signal(name="rate", value=0.5)])
    assert "damaged-1" in capsys.readouterr().out
    assert [each.step for each in store.signals()] == [40] and (tmp_path / f"{FILE}.damaged-1").exists()


def test_a_locked_one_is_said_once_and_training_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = filled(tmp_path)
    other = sqlite3.connect(tmp_path / FILE)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        store.add_answers(30, [SAID])
    assert capsys.readouterr().out.count("cannot be written (database is locked)") == 1
    other.rollback()
    store.add_answers(40, [SAID])
    assert [each.step for each in store.answers()] == [10, 20, 40]
    assert "again" in capsys.readouterr().out


def test_where_none_can_be_written_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = SignalStore.open(tmp_path / "gone")
    store.add_answers(1, [SAID])
    assert store.answers() == [] and capsys.readouterr().out.count("cannot be written") == 1


def test_who_reads_makes_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        SignalStore.read(tmp_path)
    assert not list(tmp_path.glob(f"{FILE}*"))


def test_beside_another_process_nothing_is_kept(tmp_path: Path) -> None:
    store = SignalStore.nowhere(tmp_path)
    store.add_answers(1, [SAID])
    assert store.answers() == [] and not list(tmp_path.glob(f"{FILE}*"))
