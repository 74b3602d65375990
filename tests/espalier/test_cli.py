"""`espalier runs`, `show`, `rm`, `chat`, as one types them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts.paths import artifact, repo_root
from espalier.cli import main
from espalier.command_line import yaml_text
from espalier.command_line.conversation import fit
from espalier.errors import UserError
from espalier.generation import generate
from espalier.generation.generate import Reply
from espalier.models import loading
from tests.espalier.artifacts.test_run import finished, other_process, start


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    main(list(argv))
    return capsys.readouterr().out


def test_runs_lists_state_parents_step_and_figures(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no runs yet" in shown(capsys, "runs")
    content = finished("trunk")["content_hash"]
    with start("core", parents={"run:trunk": content}) as run:
        run.log(40, {"loss": 1.25, "tokens_per_second": 23000.0})
        run.log(41, {"loss": 1.0})
        path = run.folder / "metrics.jsonl"
        path.write_bytes(path.read_bytes()[:-3])
    lines = [line.split() for line in shown(capsys, "runs").splitlines()[2:]]
    assert lines[0] == ["trunk", "complete", "mix:basil", "1", "valid_bits_per_byte", "1.5"]
    assert lines[1][:4] == ["core", "interrupted", "run:trunk", "40"]
    assert "loss 1.25" in " ".join(lines[1])


def test_show_tells_identity_lineage_and_summary(capsys: pytest.CaptureFixture[str]) -> None:
    content = finished("trunk")["content_hash"]
    finished("core", parents={"run:trunk": content})
    text = shown(capsys, "show", "core")
    for part in (
        "complete",
        "run:trunk",
        "mix:basil",
        "torch=2.",
        "valid_bits_per_byte  1.5",
        "final/model.safetensors",
    ):
        assert part in text
    assert "core" in shown(capsys, "show", "trunk").partition("Descendants")[2].partition("Environment")[0]
    assert yaml_text.parse(shown(capsys, "show", "core", "--config"), "") == {"name": "basil", "lr": 0.1}
    with pytest.raises(UserError, match="no run is called x"):
        main(["show", "x"])
    with pytest.raises(UserError, match="cannot be a name"):
        main(["show", "../x"])


def test_rm_refuses_what_others_need_and_what_is_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    finished("core", parents={"run:trunk": finished("trunk")["content_hash"]})
    with pytest.raises(UserError, match="trunk stays, because others descend from it; first remove: core"):
        main(["rm", "trunk", "--yes"])
    process = other_process("busy")
    try:
        with pytest.raises(UserError, match="busy stays: it is running"):
            main(["rm", "busy", "--yes"])
    finally:
        process.kill()
        process.wait()
    for name in ("core", "trunk", "busy"):
        assert f"removed {name}" in shown(capsys, "rm", name, "--yes")
        assert not artifact("runs", name).exists()
    assert list(artifact("runs", "x").parent.iterdir()) == []


def test_rm_asks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    finished("core")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(UserError, match="wants a yes: espalier rm core --yes"):
        main(["rm", "core"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "")
    assert shown(capsys, "rm", "core") == "kept\n"
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert shown(capsys, "rm", "core") == "removed core\n"


def test_the_command_and_the_module_are_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "espalier", "show", "nothing"], capture_output=True, text=True, cwd=repo_root()
    )
    assert (done.returncode, done.stderr) == (2, "error: no run is called nothing (there are: none)\n")


class WordRenderer:
    """One token for each message."""

    def prompt(self, messages: list[dict[str, str]]) -> list[int]:
        return [0] * len(messages)

    def decode(self, ids: list[int]) -> str:
        return " ".join(map(str, ids))


class FakeModel:
    class config:
        max_position_embeddings = 6


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A model that answers with the number of messages it was shown; returns what it was shown."""
    prompts: list[Any] = []

    def answer(_: Any, __: Any, batch: list[Any], **___: Any) -> list[Reply]:
        prompts.append([dict(m) for m in batch[0]] if isinstance(batch[0], list) else batch[0])
        return [Reply(text=f"heard {len(batch[0])}", num_tokens=2, finish="stop")]

    monkeypatch.setattr(generate, "generate", answer)
    reference = loading.ModelRef(kind="path", name="/core", path=Path("/core"), content_hash="")
    monkeypatch.setattr(loading, "resolve", lambda _, **__: reference)
    monkeypatch.setattr(loading, "load_for_inference", lambda *_, **__: (FakeModel(), WordRenderer()))
    return prompts


def test_chat_once(echo: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "chat", "core", "--once", "I go.", "--system", "Recast.") == "heard 2\n"
    assert echo == [[{"role": "system", "content": "Recast."}, {"role": "user", "content": "I go."}]]
    shown(capsys, "chat", "core", "--text", "--once", r"Tutor: Hello.\nBasil:")
    assert echo[-1] == "Tutor: Hello.\nBasil:"


def test_a_run_trained_on_text_continues_it(echo: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    finished("trunk")
    record = artifact("runs", "trunk") / "run.json"
    record.write_text(record.read_text().replace('"lr": 0.1', '"rows": "text"'))
    reference = loading.ModelRef(kind="run", name="trunk", path=Path("/core"), content_hash="")
    monkeypatch.setattr(loading, "resolve", lambda _, **__: reference)
    main(["chat", "trunk", "--once", "Sophie says:"])
    assert echo == ["Sophie says:"]


def test_chat_on_what_is_no_device(workspace: Path) -> None:
    with pytest.raises(UserError, match="device: 'gpu' is no device: .* a GPU is called cuda"):
        main(["chat", "some/model", "--device", "gpu"])  # told before the hub is asked


def test_chat_on_a_pipe_remembers_forgets_and_begins_anew(
    echo: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["one", "", "two", "three", "/new", "four"])

    def read(prompt: str) -> str:
        assert prompt == ""
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    monkeypatch.setattr("builtins.input", read)
    main(["chat", "core"])
    written = capsys.readouterr()
    assert written.out.splitlines() == ["heard 1", "heard 3", "heard 3", "heard 1"]
    assert written.err == "(2 earlier messages no longer fit the context and are forgotten)\n"
    assert [message["content"] for message in echo[2]] == ["two", "heard 3", "three"]


def test_fit_keeps_the_system_message_and_refuses_what_cannot_fit() -> None:
    messages = [{"role": role, "content": role} for role in ("system", "user", "assistant", "user")]
    assert fit(messages, WordRenderer(), 4) == messages
    assert fit(messages, WordRenderer(), 3) == [messages[0], messages[3]]
    with pytest.raises(UserError, match="longer than the model's context"):
        fit(messages, WordRenderer(), 1)
