"""What renders and generates is in the key of every local model's reply, and nobody has to remember to count it up."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import espalier.generation.generate
from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from espalier.generation.generate import Reply
from espalier.models.loading import resolve
from espalier.models.pool import Placement
from evaluation.backends import versions
from evaluation.backends.fleet import Fleet
from evaluation.backends.local import LocalModel
from evaluation.backends.versions import CANNOT_CHANGE_A_TOKEN, ENTRIES, generator, tell_of_change
from evaluation.backends.vllm import VllmModel
from evaluation.backends.weights import Weights
from evaluation.cache import Cache, key_of
from evaluation.cases.suite import Generation
from evaluation.play import play
from tests import tiny
from tests.evaluation.backends.models import ASKS, adapter, base

KINDS = (LocalModel, VllmModel, Fleet)


def made(kind: type[Weights], ref: Any) -> Weights:
    more = {"workers": 1} if kind is Fleet else {}
    return kind(ref=ref, generation=Generation(max_new_tokens=8), placement=Placement(device="cpu"), **more)


def keys(kind: type[Weights], ref: Any) -> list[str]:
    """Of a reply and of likelihoods."""
    return [key_of(made(kind, ref).key(ask)) for ask in (ASKS[0], ASKS[5])]


@pytest.fixture
def edit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Pretends that a file of ours does something else."""

    def go(path: str) -> None:
        real = code_behind

        def edited(command: str) -> dict[str, str]:
            return real(command) | ({path: "edited"} if path in real(command) else {})

        monkeypatch.setattr(versions, "code_behind", edited)
        generator.cache_clear()

    yield go
    generator.cache_clear()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "path",
    [
        "espalier/text/chat.py",
        "espalier/text/chat_template.py",
        "espalier/generation/decoding.py",
        "espalier/generation/lean_llama.py",
        "espalier/models/loading.py",
    ],
)
def test_another_renderer_or_generator_is_another_key(
    kind: type[Weights], path: str, tmp_path: Path, edit: Callable[[str], None]
) -> None:
    ref = base(tmp_path / "m")
    before = keys(kind, ref)
    edit(path)
    assert not set(before) & set(keys(kind, ref))


@pytest.mark.parametrize("path", sorted(CANNOT_CHANGE_A_TOKEN))
def test_what_only_says_and_reads_is_no_part_of_it(path: str, tmp_path: Path, edit: Callable[[str], None]) -> None:
    ref = base(tmp_path / "m")
    before = keys(LocalModel, ref)
    edit(path)
    assert keys(LocalModel, ref) == before
    assert any(path in code_behind(entry) for entry in ENTRIES), "named, and not even reached"


def test_all_that_a_reply_is_made_by_is_reached() -> None:
    reached = {path for entry in ENTRIES for path in code_behind(entry)}
    assert {"chat", "chat_template", "loss_mask", "decoding", "lean_llama", "kv_cache", "likelihood"} <= {
        Path(path).stem for path in reached - CANNOT_CHANGE_A_TOKEN
    }


@pytest.mark.parametrize("package", ["transformers", "tokenizers", "torch", "jinja2"])
def test_another_version_of_a_package_is_another_key(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = base(tmp_path / "m")
    before = keys(LocalModel, ref)
    real = versions._version
    generator.cache_clear()
    monkeypatch.setattr(versions, "_version", lambda name: "0" if name == package else real(name))
    assert not set(before) & set(keys(LocalModel, ref))
    generator.cache_clear()


def test_each_engine_has_its_own(tmp_path: Path, edit: Callable[[str], None]) -> None:
    ref = base(tmp_path / "m")
    before = [keys(kind, ref) for kind in KINDS]
    assert before[0] == before[2] != before[1], "a fleet's replies are a local model's"
    edit("evaluation/backends/vllm.py")
    assert [keys(kind, ref) for kind in KINDS] == [before[0], keys(VllmModel, ref), before[2]]
    assert keys(VllmModel, ref) != before[1]


@pytest.mark.parametrize(("key", "value"), [("thinking", "keep"), ("date", "2020-02-02")])
def test_how_a_template_is_used_is_in_the_key(key: str, value: str, tmp_path: Path) -> None:
    ref = thoughtful(tmp_path / "m")
    before = keys(LocalModel, ref)
    said = ref.path / "espalier.json"
    facts = {name: fact for name, fact in json.loads(said.read_text()).items() if name != "template_hash"}
    said.write_text(json.dumps(facts | {key: value}))
    assert not set(before) & set(keys(LocalModel, ref))  # though the content hash given to it is the same


def test_a_template_that_prints_the_date_has_a_key_for_each_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Day(datetime.date):
        now = "2026-01-01"

        @classmethod
        def today(cls) -> datetime.date:
            return datetime.date.fromisoformat(cls.now)

    monkeypatch.setattr(datetime, "date", Day)
    dated, plain = thoughtful(tmp_path / "m"), base(tmp_path / "plain")
    before = keys(LocalModel, dated), keys(LocalModel, plain)
    assert keys(LocalModel, dated) == before[0]
    Day.now = "2026-01-02"
    assert keys(LocalModel, dated) != before[0] and keys(LocalModel, plain) == before[1]


def thoughtful(folder: Path) -> Any:
    """A model from elsewhere, whose template prints the date, and knows thoughts."""
    tiny.saved(folder)
    (folder / "chat_template.jinja").write_text(
        "{{ '<|system|>' + strftime_now('%d %B %Y') + eos_token }}{% for message in messages %}"
        "{{ '<|' + message['role'] + '|>' }}{% if message.reasoning_content %}"
        "{{ '<think>' + message.reasoning_content + '</think>' }}{% endif %}{{ message['content'] + eos_token }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
    )
    (folder / "espalier.json").write_text("{}")
    return resolve(f"path:{folder}")


def test_a_renderer_is_remembered_and_one_that_does_not_fit_is_refused_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = base(tmp_path / "m")
    before = keys(LocalModel, ref)
    monkeypatch.setattr(versions, "load_renderer", None)
    assert keys(LocalModel, ref) == before
    monkeypatch.undo()
    template = ref.path / "chat_template.jinja"
    template.write_text(template.read_text() + "{# changed #}")
    for _ in range(2):
        with pytest.raises(UserError, match="another chat template"):
            keys(LocalModel, resolve(f"path:{ref.path}"))


def test_a_key_that_was_made_before_needs_neither_torch_nor_transformers(tmp_path: Path) -> None:
    ref = adapter(tmp_path / "b", base(tmp_path / "a"), seed=3)
    before = keys(LocalModel, ref)[0]
    code = f"""
import sys
from espalier.models.references import resolve
from evaluation.backends.local import LocalModel
from espalier.models.pool import Placement
from evaluation.cache import key_of
from evaluation.cases.suite import Generation
from evaluation.backends.base import Ask
from evaluation.cases.case import Case
how = {{"generation": Generation(max_new_tokens=8), "placement": Placement(device="cpu")}}
case = Case(name="a", messages={ASKS[0].case.messages!r})
print(key_of(LocalModel(ref=resolve({ref.spec!r}), **how).key(Ask(case=case, turn=0, sample=0, seed=0))))
print([name for name in ("torch", "transformers", "peft") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repo_root())
    assert done.stdout.split("\n")[:2] == [before, "[]"], done.stdout + done.stderr


# What a user is told


NOTE = "what renders prompts and writes replies has changed"


def test_old_caches_open_and_what_cannot_be_used_is_said_once(
    tmp_path: Path, edit: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def write(model: Any, renderer: Any, prompts: Sequence[Any], **how: Any) -> Iterator[tuple[int, Reply]]:
        asked.append(len(prompts))
        yield from ((place, Reply(text="Hi.", num_tokens=1, finish="stop")) for place in range(len(prompts)))

    monkeypatch.setattr(espalier.generation.generate, "generate_each", write)
    ref = base(tmp_path / "m")

    def run() -> None:
        backend = made(LocalModel, ref)
        with Cache() as cache:
            tell_of_change(cache, {backend.computed_by: backend.generator})
            play(backend, [ASKS[0].case], [], cache=cache, seed=0)

    run()
    run()
    assert asked == [1] and NOTE not in capsys.readouterr().out
    edit("espalier/generation/decoding.py")
    run()
    run()
    assert asked == [1, 1] and capsys.readouterr().out.count(NOTE) == 1


def test_a_cache_of_an_earlier_version_is_told_from_a_new_one(capsys: pytest.CaptureFixture[str]) -> None:
    with Cache() as cache:
        cache.put([("fingerprint", {"heard": []})])
        tell_of_change(cache, {"espalier": "1"})
        assert NOTE not in capsys.readouterr().out, "nothing was answered yet"
        tell_of_change(cache, {"vllm": "1"})
        tell_of_change(cache, {"espalier": "1"})
        assert NOTE not in capsys.readouterr().out
    with Cache() as cache:
        cache._connection.execute("DELETE FROM kept")
        cache.put([("key", {"text": "Hi", "num_tokens": 1})])
        tell_of_change(cache, {})
        assert NOTE not in capsys.readouterr().out, "no model of ours is asked"
        tell_of_change(cache, {"espalier": "1"})
        assert capsys.readouterr().out.count(NOTE) == 1
        tell_of_change(cache, {"espalier": "1", "vllm": "1"})
        assert NOTE not in capsys.readouterr().out
