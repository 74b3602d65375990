"""`espalier ls`, `runs`, `show`, `tree`, `rm`, `chat`, as one types them."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts.gates import Change, Gates, write_gates
from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import artifact, repo_root
from espalier.cli import main
from espalier.command_line import yaml_text
from espalier.command_line.conversation import fit
from espalier.errors import UserError
from espalier.generation import generate
from espalier.generation.generate import Reply
from espalier.models import loading
from tests.espalier.artifacts.forge import forge
from tests.espalier.artifacts.test_registry import dead_pid
from tests.espalier.artifacts.test_run import finished, other_process, start


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    main(list(argv))
    return capsys.readouterr().out


def test_runs_lists_state_parents_step_and_figures(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing yet" in shown(capsys, "runs")
    content = finished("trunk")["content_hash"]
    with start("core", parents={"run:trunk": content}) as run:
        run.log(40, {"loss": 1.25, "tokens_per_second": 23000.0})
        run.log(41, {"loss": 1.0})
        path = run.folder / "metrics.jsonl"
        path.write_bytes(path.read_bytes()[:-3])
    lines = [line.split() for line in shown(capsys, "runs").splitlines()[2:]]
    assert lines[0] == ["trunk", "complete", "mix:basil", "step", "1", "valid_bits_per_byte", "1.5"]
    assert lines[1] == ["core", "interrupted", "run:trunk", "step", "40", "loss", "1.25"]


def test_ls_lists_all_kinds_or_those_named(capsys: pytest.CaptureFixture[str]) -> None:
    forge("mix:basil")
    forge("run:core", "mix:basil", "run:a", "run:b", "run:c", round={"loop": "grow", "round": 3, "part": "core"})
    forge("scores:recast", "run:core")
    old = artifact("mixes", "basil") / "manifest.json"
    old.write_text(old.read_text().replace('"parents"', '"before"'))
    lines = [re.split("  +", line) for line in shown(capsys, "ls").splitlines()]
    assert lines[0] == ["artifact", "state", "made from", "round", "what it is"]
    assert [line[:3] for line in lines[2:]] == [
        ["mix:basil", "complete", "?"],
        ["run:core", "complete", "mix:basil, run:a, run:b and 1 more"],
        ["scores:recast", "complete", "run:core"],
    ]
    assert lines[3][3] == "grow 3"
    assert [line.split()[0] for line in shown(capsys, "ls", "scores", "mix").splitlines()[2:]] == [
        "scores:recast",
        "mix:basil",
    ]
    forge("export:core-gguf-q8_0", "run:core")
    assert shown(capsys, "ls", "exports") == shown(capsys, "ls", "export")
    assert [line.split()[0] for line in shown(capsys, "ls", "exports").splitlines()[2:]] == ["core-gguf-q8_0"]
    with pytest.raises(UserError, match="stays, because others descend from it; first remove: export:core-gguf-q8_0"):
        main(["rm", "core", "--yes"])
    with pytest.raises(UserError, match=r"'model'; there are corpora, mixes, runs, judges, scores, loops, exports"):
        main(["ls", "model"])


def test_show_tells_identity_lineage_and_summary(capsys: pytest.CaptureFixture[str]) -> None:
    content = finished("trunk")["content_hash"]
    finished("core", parents={"run:trunk": content})
    text = shown(capsys, "show", "core")
    for part in (
        "complete",
        "run:trunk",
        "mix:basil  gone",
        "torch=2.",
        "valid_bits_per_byte  1.5",
        "final/model.safetensors",
    ):
        assert re.sub(" +", " ", part) in re.sub(" +", " ", text)
    assert "core" in shown(capsys, "show", "trunk").partition("Descendants")[2].partition("Environment")[0]
    assert yaml_text.parse(shown(capsys, "show", "core", "--config"), "") == {"name": "basil", "lr": 0.1}


def test_show_tells_what_a_variant_was_held_to(capsys: pytest.CaptureFixture[str]) -> None:
    forge("run:core")
    lost = Change(column="fix_given", parent=0.98, variant=0.5, difference=-0.48, low=-0.6, high=-0.4, allowed=0.02)
    reasons = ["recast: fix_given lost 0.48"]
    held_to = Gates(passed=False, regressed=True, reasons=reasons, scores={"recast": "s"}, changes={"recast": lost})
    write_gates(artifact("runs", "core"), held_to)
    text = re.sub(" +", " ", shown(capsys, "show", "core"))
    assert "verdict regressed: recast: fix_given lost 0.48" in text
    assert "recast: fix_given 0.98 to 0.5, -0.48 (-0.6 to -0.4), loss allowed 0.02" in text
    write_gates(artifact("runs", "core"), replace(held_to, gamed=True, exploits=["flattery"]))
    text = re.sub(" +", " ", shown(capsys, "show", "core"))
    assert "verdict regressed, gamed: recast: fix_given lost 0.48" in text and "exploits flattery" in text
    (artifact("runs", "core") / "gates.json").write_text('{"passed": 3}')
    assert "gates.json: not a mark of this version" in shown(capsys, "show", "core")


def test_a_name_is_looked_for_among_all_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    for spec in ("mix:basil", "run:basil", "judge:classifier"):
        forge(spec)
    assert "Judge classifier" in shown(capsys, "show", "classifier")
    assert "Mix basil" in shown(capsys, "show", "mix:basil")
    for command in ("show", "rm", "tree"):
        with pytest.raises(UserError, match="several are called basil: say which, mix:basil or run:basil"):
            main([command, "basil"])
        with pytest.raises(UserError, match=r"no artifact is called classifer; did you mean judge:classifier\?"):
            main([command, "classifer"])
        with pytest.raises(UserError, match=r"no scores is called x; espalier ls lists what there is"):
            main([command, "scores:x"])
    with pytest.raises(UserError, match="no artifact is called"):
        main(["show", "../x"])


def test_whatever_is_in_a_workspace_is_shown_in_plain_lines(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b]0;owned\x07\n\u202e" + "x" * 10_000
    forge("run:core", f"hub:{evil}", command=evil, environment={"packages": 3}, continued=[{"no": "date"}], seeds=[1])
    (workspace / "runs" / "\x1b[31mred").mkdir()
    (workspace / "runs" / "\x1b[31mred" / "a").touch()
    (workspace / "mixes" / "half").mkdir(parents=True)
    (workspace / "mixes" / "half" / "manifest.json").write_text("{")
    text = shown(capsys, "ls") + shown(capsys, "show", "core") + shown(capsys, "tree") + shown(capsys, "show", "half")
    assert all(line.isprintable() and len(line) < 2000 for line in text.splitlines())
    assert r"\x1b[31mred" in text and "foreign" in text and "damaged" in text


def test_rm_refuses_what_others_need_and_what_is_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    forge("corpus:talk")
    forge("mix:small", "corpus:talk")
    finished("core", parents={"run:trunk": finished("trunk")["content_hash"], "mix:small": ""})
    forge("scores:recast", "run:core")
    chain = ["scores:recast", "core", "small", "talk"]
    for below, name in pairwise(chain):
        with pytest.raises(UserError, match=f"{name} stays, because others descend from it; first remove: .*{below}"):
            main(["rm", name, "--yes"])
    process = other_process("busy")
    try:
        with pytest.raises(UserError, match="busy stays: it is running"):
            main(["rm", "busy", "--yes"])
    finally:
        process.kill()
        process.wait()
    for name in (*chain, "trunk", "busy"):
        assert "removed " in shown(capsys, "rm", name, "--yes")
    for kind in ("corpora", "mixes", "runs", "scores"):
        assert list(artifact(kind, "x").parent.iterdir()) == []


def test_rm_leaves_what_is_not_ours(workspace: Path, tmp_path: Path) -> None:
    (workspace / "runs" / "thesis").mkdir(parents=True)
    (workspace / "runs" / "thesis" / "chapter.txt").touch()
    with pytest.raises(UserError, match="run:thesis stays, for it is not one of ours"):
        main(["rm", "thesis", "--yes"])
    forge("run:core")
    (workspace / "runs" / "core").rename(tmp_path / "elsewhere")
    (workspace / "runs" / "core").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="run:core is a link to .*elsewhere"):
        main(["rm", "core", "--yes"])
    assert (tmp_path / "elsewhere" / "run.json").exists()


def test_rm_clears_leftovers_of_processes_that_are_no_more(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dead = f".basil.tmp-{dead_pid()}"
    for name in (dead, f".basil.tmp-{os.getpid()}", ".basil.work"):
        (workspace / "mixes" / name).mkdir(parents=True)
    lock = Lock(workspace / "mixes" / ".basil.work" / "lock")
    lock.acquire("mix basil")
    try:
        for name in (f".basil.tmp-{os.getpid()}", ".basil.work"):
            with pytest.raises(UserError, match="stays: it is running"):
                main(["rm", name, "--yes"])
    finally:
        lock.release()
    assert shown(capsys, "rm", dead, "--yes") == f"removed mix:{dead}\n"
    shown(capsys, "rm", "mix:.basil.work", "--yes")
    assert [path.name for path in (workspace / "mixes").iterdir()] == [f".basil.tmp-{os.getpid()}"]


def test_the_packs_of_a_mix_go_alone(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forge("mix:basil")
    pack = workspace / "mixes" / "basil" / "packs" / "5b8d0b149bb23d39"
    pack.mkdir(parents=True)
    (pack / "inputs.npy").write_bytes(bytes(2_500_000))
    assert re.search(
        r"espalier rm mix:basil/packs clears them\)\n\n +5b8d0b149bb23d39 +2.5 MB", shown(capsys, "show", "basil")
    )
    with (
        start("core", parents={"mix:basil": ""}),
        pytest.raises(UserError, match="stays while it is read by: run:core"),
    ):
        main(["rm", "mix:basil/packs", "--yes"])
    assert shown(capsys, "rm", "basil/packs", "--yes") == "removed mix:basil/packs\n"
    assert sorted(path.name for path in pack.parents[1].iterdir()) == ["content", "manifest.json"]
    for other in ("basil/packs", "basil/..", "basil/content", "core/final"):
        with pytest.raises(UserError, match="no such part that can be removed alone"):
            main(["rm", other, "--yes"])


def test_rm_asks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    finished("core")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(UserError, match="wants a yes: espalier rm run:core --yes"):
        main(["rm", "core"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "")
    assert shown(capsys, "rm", "core") == "kept\n"
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert shown(capsys, "rm", "core") == "removed run:core\n"


def test_the_command_and_the_module_are_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "espalier", "show", "nothing"], capture_output=True, text=True, cwd=repo_root()
    )
    told = "error: no artifact is called nothing; espalier ls lists what there is\n"
    assert (done.returncode, done.stderr) == (2, told)


def test_a_terminal_that_knows_ascii_alone_gets_that(workspace: Path) -> None:
    forge("mix:basil", "hub:größe/x")
    code = """
import sys
from espalier.cli import entry
try:
    entry()
finally:
    print(sorted(name for name in sys.modules if name in ("torch", "numpy", "pyarrow", "transformers")))
"""
    for argv, expected in (
        (["tree"], "hub:gr\\xf6\\xdfe/x\n`-- mix:basil  60,000 rows"),
        (["ls"], "hub:gr\\xf6\\xdfe/x"),
        (["show", "basil"], "hub:gr\\xf6\\xdfe/x"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *argv],
            capture_output=True,
            text=True,
            cwd=repo_root(),
            env=os.environ | {"PYTHONIOENCODING": "ascii"},
        )
        assert expected in done.stdout and done.stdout.endswith("[]\n"), done.stderr


class WordRenderer:
    """One token for each message."""

    def prompt(self, messages: list[dict[str, str]]) -> list[int]:
        return [0] * len(messages)

    def opening(self, prompt: list[int]) -> str:
        return ""


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
