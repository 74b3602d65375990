"""`espalier signals`, as one types it."""

import csv
import json
import threading
from pathlib import Path

import pyarrow.parquet
import pytest

from espalier.artifacts.paths import artifact
from espalier.artifacts.run import Run
from espalier.cli import main
from espalier.command_line import signals
from espalier.errors import UserError
from espalier.signals.records import Said, Severity, Signal
from espalier.signals.store import FILE, SignalStore
from tests.espalier.artifacts.test_run import start


@pytest.fixture
def watched() -> Run:
    run = start()
    for step in range(0, 100, 10):
        run.signals.add_signals(step, "repetition", [Signal(name="rate", value=step / 100)])
    high = Signal(name="rate", value=0.9, severity=Severity.HIGH, said="It\x1b[2J loops.", evidence={"texts": ["a\na"]})
    run.signals.add_signals(100, "repetition", [high])
    run.signals.add_signals(100, "bias", [Signal(name="gender", value=-1.0, severity=Severity.WARN, said="A lean.")])
    run.signals.add_answers(100, [Said(asked="Hi!", reply='=1+1, "<b>"', finish="stop", prompt=0)])
    run.happened(100, "operator", "paused", "The operator said pause.")
    run.release()
    return run


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    main(["signals", "basil", *argv])
    return capsys.readouterr().out


def test_figures_findings_and_what_was_done_are_shown(watched: Run, capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(capsys)
    (line,) = [line for line in said.splitlines() if line.startswith("repetition.rate")]
    assert line.split()[1:7] == ["11", "100", "0.9", "0", "0.9", "high"] and line.endswith("█") and "▁" in line
    assert r"step 100  high  repetition.rate: It\x1b[2J loops." in said and "\x1b" not in said
    assert "operator  paused: The operator said pause." in said


def test_one_asks_for_a_part(watched: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "bias" not in shown(capsys, "--monitor", "repetition")
    assert "repetition" not in shown(capsys, "--name", "gender")
    assert "bias" not in shown(capsys, "--severity", "high")
    assert "100" not in shown(capsys, "--since", "20", "--until", "50")
    rows = [json.loads(line) for line in shown(capsys, "--json", "--severity", "warn").splitlines()]
    assert [(row["monitor"], row["severity"]) for row in rows] == [("repetition", "high"), ("bias", "warn")]
    assert rows[0]["evidence"] == {"texts": ["a\na"]}


def test_a_figure_may_be_named_as_it_is_shown(watched: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "bias.gender" in shown(capsys, "--name", "bias.gender")
    (row,) = map(json.loads, shown(capsys, "--json", "--name", "bias.gender").splitlines())
    assert (row["monitor"], row["name"]) == ("bias", "gender")


def test_what_is_not_there_is_said_whatever_was_done(watched: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing of that kind; figures are bias.gender, repetition.rate" in shown(capsys, "--name", "nosuch")
    run = start()
    run.signals.add_signals(110, "calm", [Signal(name="rate", value=0.1)])
    run.happened(110, "run", "journal", "an entry was written into the journal")
    run.release()
    said = shown(capsys, "--severity", "warn", "--since", "105")
    assert "nothing of that kind" in said and "an entry was written" not in said


def test_it_is_taken_elsewhere(watched: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(capsys, "--export", str(tmp_path / "a.csv"), "--monitor", "repetition")
    assert said.endswith("a.csv: 11 signals\n")
    with open(tmp_path / "a.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[-1]["said"] == "It\x1b[2J loops." and rows[0]["severity"] == ""
    shown(capsys, "--export", str(tmp_path / "b.parquet"))
    table = pyarrow.parquet.read_table(tmp_path / "b.parquet")
    assert table.num_rows == 12 and table.column("value").to_pylist()[-1] == -1.0
    shown(capsys, "--export", str(tmp_path / "c.csv"), "--of", "answers")
    assert '"=1+1, ""<b>"""' in (tmp_path / "c.csv").read_text()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--severity", "grave"], "no severity is called 'grave'; there are note, warn, high"),
        (["--of", "secrets"], "--of secrets: there are signals, answers"),
        (["--export", "a.xlsx"], r"wants a file that ends in \.csv or \.parquet"),
        (["--export", "/no/such/a.csv"], "there is no folder /no/such"),
    ],
)
def test_what_is_asked_wrongly_is_said(watched: Run, argv: list[str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        main(["signals", "basil", *argv])


def test_where_there_are_none_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="no run is called basil"):
        main(["signals", "basil"])
    start().release()
    with pytest.raises(UserError, match="run basil has kept no signals"):
        main(["signals", "basil"])
    with pytest.raises(UserError, match="cannot be a name"):
        main(["signals", "../basil"])
    SignalStore.open(artifact("runs", "basil")).close()
    assert "no monitor has found anything yet" in shown(capsys)
    (artifact("runs", "basil") / FILE).write_bytes(b"damaged" * 1000)
    with pytest.raises(UserError, match=r"signals\.db: cannot be read"):
        main(["signals", "basil"])


def test_nothing_of_that_kind(watched: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "figures are bias.gender, repetition.rate" in shown(
        capsys, "--monitor", "rep", "--since", "1", "--until", "2"
    )


def test_it_follows_until_the_run_ends(
    watched: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start()
    done = threading.Event()

    def later(_: float) -> None:
        if not done.is_set():
            run.signals.add_signals(110, "bias", [Signal(name="age", severity=Severity.WARN, said="Another lean.")])
            run.happened(110, "operator", "stopped", "The operator said stop.")
            run.release()
            done.set()

    monkeypatch.setattr(signals.time, "sleep", later)
    said = shown(capsys, "--follow")
    assert said.count("Another lean.") == said.count("operator  stopped") == said.count("A lean.") == 1
