"""An Ollama folder: a Modelfile that leaves nothing to Ollama's own defaults, and a template that gives the ids of
training; and a GGUF whose own template does, in the engine that reads it."""

from pathlib import Path

import pytest

pytest.importorskip("gguf", reason="GGUF cannot be written: pip install '.[gguf]'")

from espalier.errors import UserError
from espalier.models import loading
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from exports import run as command
from exports.checks import go_template
from exports.checks.conversations import conversations
from exports.checks.modelfile import read_modelfile
from tests import tiny
from tests.exports.engine import Engine

SAID = [
    each for each in conversations(60) if not any(mark in turn["content"] for turn in each for mark in ("<|", "|>"))
]


def export(workspace: Path, model: Path, *words: str) -> Path:
    command.main([str(model), "--to", "ollama", "--name", "one", *words])
    return workspace / "exports" / "out" / "one"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny.saved(tmp_path / "model", width=32, feed_forward=32)


def test_nothing_is_left_to_defaults(workspace: Path, model: Path) -> None:
    said = read_modelfile(export(workspace, model))
    assert {name: values[0] for name, values in said.parameters.items()} == {
        "num_ctx": "512", "num_predict": "256", "temperature": "0.0", "top_k": "0", "top_p": "1.0", "min_p": "0.0",
        "typical_p": "1.0", "repeat_penalty": "1.0", "repeat_last_n": "0", "presence_penalty": "0.0",
        "frequency_penalty": "0.0", "seed": "0", "stop": "<|end|>",
    }  # fmt: skip


def test_what_was_asked_for_is_said(workspace: Path, model: Path) -> None:
    words = ["--sampling.temperature", "0.7", "--sampling.top_p", "0.9", "--sampling.context", "128"]
    said = read_modelfile(export(workspace, model, *words, "--sampling.repeat_penalty", "1.1")).parameters
    assert [said[key] for key in ("temperature", "top_p", "num_ctx", "num_predict", "repeat_penalty")] == [
        ["0.7"], ["0.9"], ["128"], ["64"], ["1.1"]
    ]  # fmt: skip
    assert said["repeat_last_n"] == ["64"], "or the penalty would look at nothing"


def test_the_engine_reads_the_ids_of_training(workspace: Path, model: Path) -> None:
    folder, renderer = export(workspace, model), tiny.renderer()
    engine, due = Engine(folder / "one.gguf", context=512), renderer.prompts(SAID)
    assert [engine.prompt(each) for each in SAID] == due, "by the template inside"
    if go_template.is_installed():
        printed = go_template.render(read_modelfile(folder).template, SAID)
        found = [engine.ask("/tokenize", content=text, add_special=True, parse_special=True) for text in printed]
        assert [each["tokens"] for each in found] == due, "and by the Modelfile's"


def test_a_template_that_go_cannot_say_is_refused(workspace: Path, tmp_path: Path) -> None:
    from tests.espalier.text.templates import MISTRAL, tokenizer

    folder = tmp_path / "model"
    folder.mkdir()
    loading.save_model(tiny.model(), ChatRenderer(tokenizer(), MISTRAL), folder, None)
    with pytest.raises(UserError, match="the chat template is none that others could be told"):
        export(workspace, folder)
    assert not list((workspace / "exports" / "out").iterdir())


def test_texts_that_nothing_parts_are_refused(workspace: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    plain = ChatRenderer(tiny.renderer_without_prefix().tokenizer, read_template("plain"))
    loading.save_model(tiny.model(), plain, folder, None)
    with pytest.raises(UserError, match="no template gives others the ids that the model was trained with"):
        export(workspace, folder)


@pytest.mark.parametrize("name", ["me/one", "one two", "a:b", "../one", ""])
def test_a_name_that_ollama_would_read_otherwise_is_refused(workspace: Path, model: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be a name") as refused:
        command.main([str(model), "--to", "ollama", f"--name='{name}'"])
    assert "\n" not in str(refused.value) and not (workspace / "exports").exists()
