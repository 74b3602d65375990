"""GGUF and Ollama in an engine that shares no code with ours, and what is said where there is none."""

import json
from pathlib import Path

import pytest

pytest.importorskip("gguf", reason="GGUF cannot be written: pip install '.[gguf]'")

from espalier.artifacts import records
from espalier.errors import UserError
from exports import checks, verify
from exports import run as command
from exports.checks import engine, go_template, modelfile, opened, prompt_ids
from exports.checks.engine import Engine
from exports.checks.modelfile import read_modelfile
from exports.config import ExportConfig, ExportOptions
from exports.exported import Exported, find_run, open_export
from research.benchmarks.exports.faults import found

needs_engine = pytest.mark.skipif(not engine.is_installed(), reason="llama.cpp is not there: pip install '.[gguf]'")


def findings(workspace: Path) -> dict[str, dict[str, object]]:
    said = json.loads((workspace / "exports" / "out" / "one" / "verification.json").read_text())["findings"]
    return {each["check"]: each for each in said}


@needs_engine
def test_an_ollama_folder_passes_every_check_and_again(
    workspace: Path, adapter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([str(adapter), "--to", "ollama", "--quant", "f16", "--name", "one"]) == 0
    said = findings(workspace)
    assert {"template", "engine's template", "logits", "replies", "agreement", "stops", "life", "modelfile"} < set(said)
    assert said["replies"]["differing"] == 0 and "llama.cpp" in str(said["replies"]["said"])
    if go_template.is_installed():
        assert said["go template"]["asked"] == 40 and "not_checked" not in said["go template"]["figures"]  # type: ignore[operator]
    assert verify.main(["one"]) == 0
    folder = workspace / "exports" / "out" / "one"
    modelfile = (folder / "Modelfile").read_text()
    (folder / "Modelfile").write_text(modelfile.replace("num_ctx 512", "num_ctx 2048"))
    with pytest.raises(UserError, match="Modelfile: changed since it was made"):
        verify.main(["one"])


def test_without_an_engine_or_go_the_record_says_so(
    workspace: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "is_installed", lambda: False)
    monkeypatch.setattr(go_template, "is_installed", lambda: False)
    assert command.main([str(adapter), "--to", "ollama", "--quant", "f16", "--name", "one"]) == 0
    said = findings(workspace)
    assert "not checked: no engine is installed" in str(said["engine's template"]["said"])
    assert "not checked: there is no Go" in str(said["go template"]["said"])
    assert "transformers' reader of GGUF" in str(said["replies"]["said"])


@needs_engine
@pytest.mark.parametrize(
    ("name", "caught_by"),
    [
        ("template with one space more", {"template", "engine's template"}),
        ("adapter left out", {"logits", "replies", "life"}),
        ("rope base wrong", {"logits"}),
        ("wrong end", {"stops"}),
        ("merges of the tokenizer swapped", {"engine's template"}),
    ],
)
def test_a_fault_in_a_gguf_is_caught(name: str, caught_by: set[str], adapter: Path, tmp_path: Path) -> None:
    config = ExportConfig(run=str(adapter), to="gguf", quant="f16")
    run, renderer = find_run(config)
    exported = Exported(name="planted", config=config, folder=tmp_path / "out", run=run, renderer=renderer)
    assert {each.check for each in found(exported, name) if not each.passed} >= caught_by


@needs_engine
def test_a_file_that_is_no_gguf_ends_the_engine_and_not_us(tmp_path: Path) -> None:
    (tmp_path / "one.gguf").write_bytes(b"GGUF and nothing")
    with pytest.raises(UserError, match="one.gguf: llama.cpp .* does not open it"):
        Engine(tmp_path / "one.gguf", 64)


@pytest.mark.skipif(not go_template.is_installed(), reason="Go is not there: apt-get install golang")
def test_go_renders_as_ollama_does() -> None:
    said = [{"role": role, "content": text} for role, text in (("system", "s"), ("user", "<q>"), ("assistant", "a"))]
    said += [{"role": "user", "content": "b"}, {"role": "user", "content": "c"}]
    by_messages = "{{ range .Messages }}[{{ .Role }}:{{ .Content }}]{{ end }}"
    assert go_template.render(by_messages, [said]) == ["[system:s][user:<q>][assistant:a][user:b\n\nc]"]
    by_exchange = "{{ if .System }}S{{ .System }}{{ end }}U{{ .Prompt }}A{{ .Response }}E"
    assert go_template.render(by_exchange, [said]) == ["SsU<q>AaEUb\n\ncA"]
    with pytest.raises(UserError, match="the Modelfile's template: template:"):
        go_template.render("{{ range }}", [said])


def test_a_modelfile_is_read_as_ollama_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "Modelfile"
    path.write_text('FROM ./m.gguf\nTEMPLATE """a\n{{ .Prompt }}"""\nPARAMETER stop "<|end|>"\nparameter num_ctx 512\n')
    said = read_modelfile(tmp_path)
    assert said.template == "a\n{{ .Prompt }}" and said.parameters == {"stop": ["<|end|>"], "num_ctx": ["512"]}
    path.write_text("FROM ./m.gguf\n")
    with pytest.raises(UserError, match="has no TEMPLATE, so that Ollama would take one of its own"):
        read_modelfile(tmp_path)


@pytest.fixture
def ollama(workspace: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """An Ollama folder whose files may be changed; asked by no engine."""
    monkeypatch.setattr(checks, "CHECKS", dict.fromkeys(checks.CHECKS, ()))
    monkeypatch.setattr(opened, "is_installed", lambda: False)
    command.main([str(adapter), "--to", "ollama", "--name", "one"])
    return open_export("one")


def test_whatever_a_modelfile_says_besides_is_told(ollama: Exported) -> None:
    path = ollama.folder / "Modelfile"
    written = path.read_text()

    def said(text: str) -> str:
        path.write_text(text)
        with opened.one_export():
            found = modelfile.check(ollama, ExportOptions())
        assert found.passed == (text == written) and found.differing <= found.asked
        return found.said

    assert said(written) == "all sampling parameters are set as they should be"
    assert "FROM is llama3, not ./one.gguf" in said(written.replace("FROM ./one.gguf", "FROM llama3"))
    assert "FROM is ./one.gguf llama3, not ./one.gguf" in said(f"{written}FROM llama3\n")
    assert "it has SYSTEM" in said(f"{written} system You are a pirate.\n")
    assert "mirostat is set" in said(f"{written}PARAMETER mirostat 2\n")
    assert "presence_penalty is 0.0 9, not 0" in said(f"{written}PARAMETER presence_penalty 9\n")
    unended = "".join(line for line in written.splitlines(True) if not line.startswith("PARAMETER stop"))
    assert "stop is not set, not " in said(unended)


@pytest.mark.skipif(not go_template.is_installed(), reason="Go is not there: apt-get install golang")
def test_go_that_prints_the_token_that_begins_a_text_begins_it_twice(ollama: Exported) -> None:
    path, begin = ollama.folder / "Modelfile", ollama.renderer.tokenizer.bos_token
    with opened.one_export():
        assert prompt_ids.check_go(ollama, ExportOptions()).passed
        path.write_text(path.read_text().replace('TEMPLATE """', f'TEMPLATE """{begin}'))
        found = prompt_ids.check_go(ollama, ExportOptions())
    assert not found.passed and found.differing == found.asked == 40, found.said


@needs_engine
@pytest.mark.parametrize(
    ("better", "reached", "passes"),
    [
        ("higher", 0.70, True),
        ("higher", 0.692, True),
        ("higher", 0.68, False),
        ("lower", 0.72, False),
        ("lower", 0.5, True),
        ("neither", 0.72, False),
    ],
)
def test_a_suite_may_lose_one_point(
    better: str, reached: float, passes: bool, workspace: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exports.checks import suite

    monkeypatch.setattr(checks, "CHECKS", dict.fromkeys(checks.CHECKS, ()))
    command.main([str(adapter), "--to", "gguf", "--name", "one"])

    def evaluated(script: str, *words: str) -> int:
        assert script == "evaluation/run.py" and words[2].startswith("openai:one@http://127.0.0.1:")
        folder = workspace / "scores" / words[words.index("--name") + 1]
        records.write_json(folder / "summary.json", {"better": better})
        records.write_json(folder / "manifest.json", {"decides": "good", "headline": {"a": 0.7, "one": reached}})
        records.write_jsonl(folder / "records.jsonl", [{"model": "a"}, {"model": "one"}, {"model": "rule:copy"}] * 3)
        return 0

    monkeypatch.setattr(suite, "run_command", evaluated)
    found = suite.check(open_export("one"), "recast")
    assert found.passed == passes and found.asked == 3 and found.said == f"good {reached:.3f}, and 0.700 as trained"
    monkeypatch.setattr(suite, "run_command", lambda *words: 2)
    with pytest.raises(UserError, match="evaluation/run.py ended with code 2: recast was not compared"):
        suite.check(open_export("one"), "recast")


def test_scores_of_two_exports_or_of_a_run_never_share_a_name() -> None:
    from exports.checks.suite import scores_name

    long = "a" * 50
    asked = [("basil-l2", "recast"), ("a-b", "c"), ("a", "b-c"), (f"{long}-gguf-f16", "s"), (f"{long}-gguf-q8_0", "s")]
    names = [scores_name(*each) for each in asked]
    assert len(set(names)) == len(names) and all(name.endswith("-export") and len(name) <= 64 for name in names)
    assert scores_name("one", "my suites/own.yaml").startswith("one-own-")
