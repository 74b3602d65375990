"""One hash for all that scores; whoever pins it gets no other evaluator, and nothing that somebody else kept."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.artifacts.code_behind import code_behind, contents_of
from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from espalier.models import hashes
from evaluation import pin, seal
from evaluation.backends import rules
from evaluation.cache import _hash, default_path
from evaluation.judges.classifier import code_hash
from evaluation.run import main
from tests.espalier.endpoints.chat_server import says, serving

CASES = "- {name: a, prompt: 'Say a.', checks: {contains: [a]}}\n- {name: b, prompt: 'Say b.'}\n"
PAGE = "evaluation/report/web/assets/base.css"


@pytest.fixture(autouse=True)
def key(tmp_path, monkeypatch):
    """Where the secret lies."""
    monkeypatch.setenv("ESPALIER_KEY_FILE", str(tmp_path / "state" / "key"))
    return tmp_path / "state" / "key"


@pytest.fixture
def suite(workspace):
    path = workspace / "listed.yaml"
    path.write_text(CASES)
    return str(path)


@pytest.fixture
def pin_of(capsys):
    def go(*words):
        capsys.readouterr()
        assert main([*words, "--print-pin"]) == 0
        return capsys.readouterr().out.strip()

    return go


def trained(workspace, words='{"parts": []}'):
    """A judge that nobody has to load."""
    folder = workspace / "judges" / "mine"
    records.write_text(folder / "judge.json", words)
    records.write_manifest(folder, {"code": code_hash()})
    return folder


def test_it_is_of_what_scores_and_not_of_who_is_scored(workspace, suite, pin_of):
    words = ["--suite", suite]
    before = pin_of(*words)
    assert len(before) == 64 and set(before) <= set("0123456789abcdef")
    assert sorted(path.name for path in workspace.iterdir()) == ["listed.yaml"], "nothing was written"
    for same in (["--models", "nobody", "openai:m@http://127.0.0.1:1"], ["--batch_size", "3"], ["--name", "x"]):
        assert pin_of(*words, *same) == before
    for other in (
        ["--limit", "1"],
        ["--seed", "1"],
        ["--device", "cpu"],
        ["--trust_remote_code"],
        ["--endpoint.extra.x", "1"],
    ):
        assert pin_of(*words, *other) != before
    Path(suite).write_text(CASES.replace("[a]", "[o]"))
    assert pin_of(*words) != before


def test_judges_and_calibration_are_in_it(workspace, suite, pin_of):
    Path(suite).write_text(f"name: judged\nmetrics: [coherence]\ncases:\n{CASES}")
    words = ["--suite", suite, "--judges", "mine", "openai:m@http://127.0.0.1:1"]
    folder = trained(workspace)
    found = [pin_of(*words)]
    model = workspace / "reads.txt" / "model"
    for content in ("one", "other"):
        records.write_text(model / "config.json", content)
        trained(workspace, json.dumps({"parts": [{"embedding": str(model)}, {"embedding": None}]}))
        found.append(pin_of(*words))
    for name in ("mine", "m", "metrics"):
        records.write_text(workspace / "judges" / name / "calibration.json", "{}")
        found.append(pin_of(*words))
    assert len(set(found)) == 6
    (folder / "judge.json").write_text('{"parts": [] }')
    with pytest.raises(UserError, match=r"judge.json: changed since it was made"):
        pin_of(*words)
    manifest = records.write_manifest(folder, {"code": code_hash()}) | {"content_hash": "0" * 64}
    records.write_json(folder / "manifest.json", manifest)
    with pytest.raises(UserError, match="its content_hash is not that of the files"):
        pin_of(*words)


def test_controls_and_packages_are_in_it(suite_file, pin_of, monkeypatch):
    before = pin_of("--suite", suite_file)
    text = Path(suite_file).read_text()
    for names in ("[rule:copy]", "[rule:reference]"):
        Path(suite_file).write_text(f"{text}controls: {names}\n")
        found = pin_of("--suite", suite_file)
        assert found != before
        before = found
    Path(suite_file).write_text(f"{text}controls: [rule:copy]\n")
    found = pin_of("--suite", suite_file)
    monkeypatch.setattr(rules, "commonest_recast", lambda mix: "Yes: {}")
    assert pin_of("--suite", suite_file) != found, "the control that comes of other rows of the mix"
    found = pin_of("--suite", suite_file)
    with monkeypatch.context() as patched:
        edited = {"evaluation/controls/frames.yaml": "edited"}
        patched.setattr(pin, "contents_of", lambda place: contents_of(place) | edited)
        assert pin_of("--suite", suite_file) != found, "a control that says something else"
    monkeypatch.setattr(pin, "_version", lambda package: "0")
    assert pin_of("--suite", suite_file) != found


def test_what_does_not_count_is_reached_and_is_all_that_does_not(suite, pin_of, monkeypatch):
    real = code_behind
    assert all(any(path.startswith(each) for path in real(pin.COMMAND)) for each in pin.CANNOT_CHANGE_A_SCORE)
    found = {}
    for path in (PAGE, "evaluation/metrics/phrases.yaml", "evaluation/judges/rubric.yaml", "evaluation/pin.py",
                 "evaluation/metrics/stop_words.yaml", "evaluation/report/verdict.py",
                 "evaluation/controls/borrowed.py", "evaluation/backends/rules.py"):  # fmt: skip
        monkeypatch.setattr(pin, "code_behind", lambda entry, path=path: {
            name: "edited" if name == path else content for name, content in real(entry).items()
        })  # fmt: skip
        monkeypatch.setattr(pin, "contents_of", lambda place, path=path: {
            name: "edited" if name == path else content for name, content in contents_of(place).items()
        })  # fmt: skip
        found[path] = pin_of("--suite", suite)
    monkeypatch.undo()
    before = pin_of("--suite", suite)
    assert [path for path, other in found.items() if other == before] == [PAGE]


def echo(body, number):
    return says(body["messages"][-1]["content"].replace("Say", "You said"))


FILES = ("records.jsonl", "report.md", "report.json", "summary.json")


def scored(workspace):
    return {name: (workspace / "scores" / "s" / name).read_bytes() for name in FILES}


def plant(text):
    """What whoever can write the cache does to every reply in it, hashes and all."""
    connection = sqlite3.connect(default_path())
    with connection:
        for key, value in connection.execute("SELECT key, value FROM kept").fetchall():
            data = json.loads(value)
            if isinstance(data, dict) and "num_tokens" in data:
                forged = json.dumps(data | {"text": text})
                connection.execute(
                    "UPDATE kept SET value = ?, hash = ? WHERE key = ?", (forged, _hash(key, forged), key)
                )
    connection.close()


def test_a_planted_reply_wins_nothing_under_a_pin(workspace, suite, pin_of, capsys):
    with serving(echo) as server:
        words = ["--suite", suite, "--models", f"openai:m@{server.url}", "--name", "s"]
        pinned = [*words, "--pin", pin_of(*words)[:16]]
        assert main(pinned) == 0 and len(server.requests) == 2
        first = scored(workspace)
        manifest = records.read_json(workspace / "scores" / "s" / "manifest.json")
        assert f"The evaluator is `{manifest['evaluator']['pin']}` (code " in first["report.md"].decode()
        assert manifest["evaluator"]["pin"] == pin_of(*words) and {"code", "controls"} < set(manifest["evaluator"])
        assert main(pinned) == main([*pinned, "--redo"]) == 0
        assert len(server.requests) == 2 and scored(workspace) == first, "served from the cache, and the same bytes"
        assert f"--name s --pin {pin_of(*words)}\n" in first["report.md"].decode(), "the command that makes it again"
        assert main([*words, "--redo"]) == 0
        plain = scored(workspace)
        assert plain["records.jsonl"] == first["records.jsonl"] and plain["summary.json"] == first["summary.json"]
        assert b"--pin " + pin_of(*words).encode() not in plain["report.md"]
        assert main([*pinned, "--redo"]) == 0 and scored(workspace) == first

        plant("An a for you.")
        capsys.readouterr()
        assert main([*pinned, "--redo"]) == 0
        assert len(server.requests) == 4 and scored(workspace) == first
        assert "2 entries were not kept by this evaluator, pinned" in capsys.readouterr().out
        plant("An a for you.")
        assert main([*words, "--redo"]) == 0 and len(server.requests) == 4
        assert b"An a for you." in scored(workspace)["records.jsonl"], "without a pin a plant is served"


def test_another_evaluator_is_refused_before_anything_is_asked_or_run_or_written(workspace, suite, pin_of, capsys):
    own = workspace / "own.py"
    metric = (
        "from evaluation.metrics.base import metric\n\n@metric('x')\ndef x(case, reply):\n    \"X.\"\n    return %s\n"
    )
    own.write_text(metric % "0.0")
    Path(suite).write_text(f"name: own\nmetrics: [x, checks]\ncases:\n{CASES}")
    with serving(echo) as server:
        words = ["--suite", suite, "--models", f"openai:m@{server.url}", "--name", "s", "--metrics", str(own)]
        right = pin_of(*words)
        with pytest.raises(UserError, match="no scores here were made by that one"):
            main([*words, "--pin", "0" * 12])
        assert not server.requests and sorted(path.name for path in workspace.iterdir()) == ["listed.yaml", "own.py"]
        assert main([*words, "--pin", right]) == 0
        before = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
        own.write_text(metric % "1.0" + f"open({str(workspace / 'was-run')!r}, 'w')\n")
        before[own] = own.read_bytes()
        with pytest.raises(
            UserError, match=r"now, another .*since scores s: code: --metrics 0: own.py\); .*--pin [0-9a-f]{64}"
        ):
            main([*words, "--pin", right])
        assert len(server.requests) == 2
        assert {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()} == before


def test_a_pinned_evaluation_takes_no_hash_from_memory(suite, pin_of):
    from evaluation.config import EvaluateConfig
    from evaluation.plan import read_questions

    evaluator = read_questions(EvaluateConfig(suite=suite)).evaluator
    with pin.held_to(evaluator.pin, evaluator):
        assert seal.is_sealing() and not hashes._remembering
    with pin.held_to(None, evaluator):
        assert not seal.is_sealing() and hashes._remembering


@pytest.mark.parametrize("text", ["abc", "g" * 12, "A" * 64, "0" * 65])
def test_a_pin_that_is_none_is_refused(suite, text):
    with pytest.raises(UserError, match="12 to 64 hexadecimal digits"):
        main(["--suite", suite, "--models", "rule:reference", "--pin", text])


@pytest.mark.slow
def test_an_edited_checkout_is_another_evaluator(workspace, tmp_path, suite):
    """In a copy of the code, as a candidate would go about it."""
    copy = tmp_path / "copy"
    for folder in ("espalier", "data_mix", "evaluation"):
        shutil.copytree(repo_root() / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))

    def command(*words):
        line = [sys.executable, str(copy / "evaluation" / "run.py"), "--suite", suite, *words]
        return subprocess.run(line, capture_output=True, text=True, cwd="/")

    def edit(path, old, new):
        text = (copy / path).read_text()
        assert old in text
        (copy / path).write_text(text.replace(old, new, 1))

    before = command("--print_pin").stdout.strip()
    words = ["--models", "rule:reference", "--name", "s", "--pin", before]
    assert command(*words).returncode == 0
    edit("evaluation/metrics/form.py", '"""', '"""Of form: ')
    edit(PAGE, "{", "{ ")
    assert command(*words).returncode == 0, "a word and a style change no score"
    edit("evaluation/metrics/safety.py", "return", "return 1.0 or")
    (copy / "cefrpy.py").write_text("CEFRAnalyzer = None\n")
    done = command(*words)
    assert done.returncode == 2 and "since scores s: code: cefrpy.py, evaluation/metrics/safety.py)" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and done.stdout == ""


@pytest.mark.parametrize("words", [["--pin", ""], ["--pin="], ["--pin", "null"]])
def test_an_empty_pin_does_not_turn_the_guard_off(words: list[str]) -> None:
    with pytest.raises(UserError, match="--pin: is empty"):
        main(["--models", "rule:reference", "--suite", "stress", *words])
