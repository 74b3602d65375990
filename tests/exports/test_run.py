"""An export is whole, checked and named after what it was made of, or it is not there."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from espalier.artifacts import records
from espalier.artifacts.paths import check_name, repo_root
from espalier.errors import UserError
from espalier.models import loading
from exports import checks, verify
from exports import run as command
from exports.config import ExportConfig, ExportOptions
from exports.exported import Exported, Finding, find_run, open_export
from exports.seal import name_of
from tests import processes, tiny
from tests.espalier.models.test_loading import adapted
from tests.tiny import trained_a_little
from training.adapters import add_adapter
from training.config import AdapterSettings

IDS = torch.tensor([[0, 4, 50, 61, 72, 1, 5]])


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(input_ids=IDS).logits
    return found


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """An adapter on a tiny base, as a run leaves it."""
    base, folder = loading.resolve(str(tiny.saved(tmp_path / "base"))), tmp_path / "adapter"
    folder.mkdir()
    model = trained_a_little(adapted(tmp_path / "base"), lr=0.05)
    loading.save_model(model, tiny.renderer(), folder, base)
    return folder


def exported(workspace: Path, name: str) -> Path:
    return workspace / "exports" / "out" / name


def test_what_is_merged_answers_as_the_adapter_on_its_base(workspace: Path, adapter: Path) -> None:
    assert command.main([str(adapter), "--to", "merged", "--name", "one"]) == 0
    folder = exported(workspace, "one")
    ours = loading.load_model(loading.resolve(str(adapter)), device="cpu", dtype=torch.float32)
    theirs = AutoModelForCausalLM.from_pretrained(folder)
    assert torch.allclose(logits(ours), logits(theirs), atol=1e-5)
    with ours.disable_adapter():
        assert not torch.allclose(logits(ours), logits(theirs), atol=1e-2), "the adapter counts"
    manifest = records.verify_manifest(folder)
    assert manifest["kind"] == "export" and manifest["to"] == "merged"
    assert manifest["parents"] == {f"path:{adapter}": loading.resolve(str(adapter)).content_hash}
    assert manifest["sampling"]["context"] == 512 and manifest["sampling"]["max_new_tokens"] == 256
    tokenizer = AutoTokenizer.from_pretrained(folder)
    messages = [{"role": "user", "content": "I go."}]
    asked = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert asked == tiny.renderer().prompt(messages)
    said = GenerationConfig.from_pretrained(folder)
    assert said.eos_token_id == 1 and said.do_sample is False and said.max_new_tokens == 256


def test_what_was_trained_on_four_bits_can_be_merged_into_what_they_left(workspace: Path, tmp_path: Path) -> None:
    base, folder = loading.resolve(str(tiny.saved(tmp_path / "base", width=64, feed_forward=128))), tmp_path / "adapter"
    small = loading.load_model(base, device="cpu", dtype=torch.float32, load_in_4bit=True)
    model = trained_a_little(add_adapter(small, AdapterSettings(r=2), tiny.renderer(), base.spec, seed=1), lr=0.05)
    folder.mkdir()
    loading.save_model(model, tiny.renderer(), folder, base)
    command.main([str(folder), "--to", "merged", "--name", "back", "--base_in_4bit"])
    command.main([str(folder), "--to", "merged", "--name", "full"])
    back, full = (AutoModelForCausalLM.from_pretrained(exported(workspace, name)) for name in ("back", "full"))
    assert torch.allclose(logits(model), logits(back), atol=1e-4) and not hasattr(back.config, "quantization_config")
    ours = loading.load_model(loading.resolve(str(folder)), device="cpu", dtype=torch.float32)
    assert torch.allclose(logits(ours), logits(full), atol=1e-4)
    assert not torch.allclose(logits(back), logits(full), atol=1e-2), "4 bits left something else"
    with pytest.raises(UserError, match="is no adapter, and has no base that was held in 4 bits"):
        command.main([str(base.path), "--to", "merged", "--name", "none", "--base_in_4bit"])


def test_a_merged_export_is_a_model_of_ours_again(workspace: Path, adapter: Path) -> None:
    command.main([str(adapter), "--to", "merged", "--name", "one", "--dtype", "bfloat16"])
    again = loading.resolve(str(exported(workspace, "one")))
    assert loading.load_renderer(again).template_hash == tiny.renderer().template_hash
    assert loading.load_model(again, device="cpu", dtype=None).dtype == torch.bfloat16


def test_peft_opens_an_adapter(workspace: Path, adapter: Path) -> None:
    said = records.read_json(adapter / loading.INFO)
    parent = {"spec": f"path:{adapter}", "content_hash": "1" * 64}
    records.write_json(adapter / loading.INFO, said | {"parent": parent})
    command.main([str(adapter), "--to", "adapter", "--name", "one"])
    told = records.read_json(exported(workspace, "one") / loading.INFO)["parent"]
    assert told == parent | {"spec": "a folder"}, "what it went on from is known by its hash, wherever it lay"
    ours = loading.load_model(loading.resolve(str(adapter)), device="cpu", dtype=torch.float32)
    theirs = AutoPeftModelForCausalLM.from_pretrained(exported(workspace, "one"))
    assert torch.equal(logits(ours), logits(theirs.eval()))


def test_weights_for_transformers_want_no_package_for_gguf(
    workspace: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exports.checks import logits, trained

    monkeypatch.setitem(sys.modules, "gguf", None)
    monkeypatch.setattr(trained, "NUM_PROMPTS", 4)
    monkeypatch.setitem(checks.CHECKS, "merged", (logits.check,))
    assert command.main([str(adapter), "--to", "merged", "--name", "one"]) == 0


def test_fewer_conversations_are_answered_where_that_is_asked(
    workspace: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exports.checks import replies

    monkeypatch.setitem(checks.CHECKS, "merged", (replies.check_greedy,))
    command.main([str(adapter), "--to", "merged", "--name", "one", "--prompts", "8"])
    (found,) = records.read_json(exported(workspace, "one") / "verification.json")["findings"]
    assert 0 < found["asked"] <= 8


def test_an_adapter_says_itself_what_ends_its_replies(
    workspace: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exports.checks import opened, stops, trained

    said = records.read_json(asked := adapter.parent / "base" / "generation_config.json")
    records.write_json(asked, said | {"eos_token_id": 7})
    again = loading.resolve(str(adapter.parent / "base"))
    loading.save_model(trained_a_little(adapted(again.path), lr=0.05), tiny.renderer(), adapter, again)
    monkeypatch.setattr(trained, "NUM_PROMPTS", 4)
    monkeypatch.setitem(checks.CHECKS, "adapter", (stops.check,))
    assert command.main([str(adapter), "--to", "adapter", "--name", "one"]) == 0
    folder = exported(workspace, "one")
    assert GenerationConfig.from_pretrained(folder).eos_token_id == next(iter(tiny.renderer().stop_ids))
    assert "GenerationConfig.from_pretrained" in (folder / "README.md").read_text()
    records.write_json(folder / "generation_config.json", {"eos_token_id": 7})
    config = ExportConfig(run=str(adapter), to="adapter")
    run, renderer = find_run(config)
    with opened.one_export():
        wrong = stops.check(
            Exported(name="one", config=config, folder=folder, run=run, renderer=renderer), ExportOptions()
        )
    assert not wrong.passed and "does not stop it" in wrong.said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--to", "adapter", "--dtype", "bfloat16"], "--dtype is of merged"),
        (["--to", "gguf", "--dtype", "bfloat16"], "--dtype is of merged"),
        (["--to", "adapter", "--base_in_4bit"], "--base_in_4bit is of what is merged"),
    ],
)
def test_what_changes_nothing_in_a_form_is_refused(workspace: Path, adapter: Path, words: list[str], why: str) -> None:
    with pytest.raises(UserError, match=why):
        command.main([str(adapter), *words])
    assert not (workspace / "exports").exists()


def test_whole_weights_are_no_adapter(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no adapter, all its weights were trained; export it with --to merged"):
        command.main([str(tiny.saved(tmp_path / "full")), "--to", "adapter"])
    assert not list(workspace.glob("exports/out/*"))


def test_what_fails_a_check_is_not_written(
    workspace: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(exported: Exported, options: object) -> Finding:
        assert (exported.folder / "model.safetensors").is_file() and exported.renderer.stop_ids
        return Finding(check="ends", passed=False, asked=9, differing=2, said="2 of 9 replies never end")

    monkeypatch.setitem(checks.CHECKS, "merged", (broken,))
    with pytest.raises(UserError, match="ends: 2 of 9 replies never end\nthe export is not what was trained, and is"):
        command.main([str(adapter), "--to", "merged", "--name", "one"])
    assert not list((workspace / "exports" / "out").iterdir())
    assert "ends" in capsys.readouterr().out


def test_what_the_checks_found_is_shipped(workspace: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Finding(check="ends", passed=True, asked=9, figures={"longest": 4.5}, said="all end")
    monkeypatch.setitem(checks.CHECKS, "merged", (lambda exported, options: found,))
    command.main([str(adapter), "--to", "merged", "--name", "one"])
    written = json.loads((exported(workspace, "one") / "verification.json").read_text())["findings"]
    assert [Finding(**each) for each in written] == [found]
    assert open_export("one").run.path == adapter


def test_the_same_command_again_says_that_it_is_done(
    workspace: Path, adapter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(adapter), "--to", "merged", "--name", "one"]
    command.main(words)
    before = (exported(workspace, "one") / "manifest.json").read_bytes()
    assert command.main(words) == 0
    log = workspace / "agents" / "RUNLOG.md"
    assert log.read_text().count("export:one `") == 1, "it is noted, and once"
    assert "one is already complete" in capsys.readouterr().out.splitlines()[-1]
    with pytest.raises(UserError, match=r"made otherwise \(config.dtype: float32 before, bfloat16 now\)"):
        command.main([*words, "--dtype", "bfloat16"])
    assert (exported(workspace, "one") / "manifest.json").read_bytes() == before
    assert command.main([*words, "--dtype", "bfloat16", "--redo"]) == 0
    assert (exported(workspace, "one") / "manifest.json").read_bytes() != before


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["one"], "one has no GGUF to be asked"),
        (["--endpoint", "http://127.0.0.1:1/v1", "one"], "--suites is of an export, and not of a server"),
    ],
)
def test_a_suite_that_cannot_be_asked_is_refused_before_anything_else(
    workspace: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], why: str
) -> None:
    command.main([str(adapter), "--to", "merged", "--name", "one"])
    monkeypatch.setattr(checks, "verify", lambda *_: pytest.fail("checks were made"))
    with pytest.raises(UserError, match=why):
        verify.main([*words, "--suites", "recast"])


def test_a_check_that_was_not_made_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    command.tell([Finding.not_checked("life", "nothing is known")])
    assert "passed" not in capsys.readouterr().out


def test_an_export_of_what_changed_since_is_refused(workspace: Path, adapter: Path) -> None:
    command.main([str(adapter), "--to", "merged", "--name", "one"])
    (adapter / "more.json").write_text("{}")
    with pytest.raises(UserError, match="was made of another path:.* than the one that is there now"):
        open_export("one")
    with pytest.raises(UserError, match="made otherwise"):
        command.main([str(adapter), "--to", "merged", "--name", "one"])


@pytest.mark.slow
def test_nothing_half_written_is_taken_for_whole(workspace: Path, adapter: Path) -> None:
    words = (str(adapter), "--to", "merged", "--name", "one")
    for strikes, code in {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}.items():
        last = r".*/\.verification\.json.*" if strikes == signal.SIGKILL else r".*/\.one\.tmp.*/\.espalier\.json.*"
        ended = processes.run("exports/run.py", *words, at=processes.Moment(path=last, signal=strikes))
        assert ended.code == code, ended.output
        left = list((workspace / "exports" / "out").iterdir())
        assert len(left) == (strikes == signal.SIGKILL) and not exported(workspace, "one").exists()
    assert processes.run("exports/run.py", *words).code == 0
    assert [path.name for path in (workspace / "exports" / "out").iterdir()] == ["one"]


@pytest.mark.parametrize(
    ("kind", "model", "name"),
    [
        ("hub", "Qwen/Qwen3-0.6B", "Qwen-Qwen3-0.6B-merged"),
        ("path", "/some/a b../final", "a-b-merged"),
        ("run", "core@step-000100", "core-step-000100-merged"),
        ("path", "/é", "model-merged"),
        ("run", "a" * 64, f"{'a' * 57}-merged"),
    ],
)
def test_a_name_is_made_of_any_models(kind: Any, model: str, name: str) -> None:
    found = loading.ModelRef(kind=kind, name=model, path=Path(), content_hash="")
    assert check_name(name_of(ExportConfig(run=model, to="merged"), found)) == name


@pytest.mark.parametrize("form", ["merged", "gguf"])
def test_a_disk_that_fills_up(tmp_path: Path, form: str) -> None:
    model = tiny.saved(tmp_path / "model", width=32, feed_forward=32)
    (tmp_path / "disk").mkdir()
    mount = f"mount -t tmpfs -o size=24k tmpfs {tmp_path}/disk"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("this machine lets no test mount a small disk")
    words: list[Any] = ["exports/run.py", model, "--to", form, "--name", "one", "--publish", "false"]
    python = f"ESPALIER_HOME={tmp_path}/disk {sys.executable} {' '.join(map(str, words))}"
    steps = [mount, f"{python}; echo code $?", f"find {tmp_path}/disk -mindepth 3"]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", "\n".join(steps)], capture_output=True, text=True, cwd=repo_root()
    )
    assert done.stdout.splitlines()[-1] == "code 2", done.stdout
    assert done.stderr.startswith("error: disk full") and done.stderr.count("\n") == 1, done.stderr
