import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from espalier.errors import UserError
from espalier.generation.generate import generate
from espalier.generation.likelihood import log_likelihoods
from espalier.models.loading import load_for_inference, resolve
from evaluation.backends.base import Ask
from evaluation.cache import key_of
from evaluation.cases.case import Case
from tests import tiny
from tests.evaluation.backends.models import ASKS, adapter, base, local


def test_replies_are_those_of_the_model(tmp_path: Path) -> None:
    ref = base(tmp_path / "m")
    model, renderer = load_for_inference(ref.spec, device="cpu")
    plain = generate(model, renderer, [ask.case.messages for ask in ASKS[:-1]], max_new_tokens=8)
    backend = local(ref, batch_size=2)
    found = dict(backend.answer(ASKS))
    assert [found[place].text for place in range(5)] == [reply.text for reply in plain]
    assert len({reply.text for reply in plain}) > 2
    assert found[5].log_likelihoods == pytest.approx(log_likelihoods(model, renderer, ASKS[5].case.texts))
    assert (found[5].text, found[5].finish) == ("", "stop")
    assert dict(backend.answer(ASKS[::-1])) == {5 - place: reply for place, reply in found.items()}
    backend.close()


def test_draws_come_from_each_asks_own_seed(tmp_path: Path) -> None:
    ref = base(tmp_path / "m")
    backend = local(ref, temperature=1.0, samples=2)
    forward, backward = dict(backend.answer(ASKS[:5])), dict(backend.answer(ASKS[:5][::-1]))
    assert [forward[place] for place in range(5)] == [backward[4 - place] for place in range(5)]
    other = dict(backend.answer([replace(ask, seed=ask.seed + 100) for ask in ASKS[:5]]))
    assert other != forward


def test_what_cannot_be_asked_is_an_error_and_the_rest_is_answered(tmp_path: Path) -> None:
    tiny.saved(tmp_path / "m", max_positions=40, init_std=0.6)
    long = Ask(
        case=Case(name="long", messages=[{"role": "user", "content": "I went. " * 30}]), turn=0, sample=0, seed=0
    )
    found = dict(local(resolve(str(tmp_path / "m"))).answer([long, *ASKS]))
    assert found[0].finish == "error" and "the model takes 40" in found[0].error
    assert all(found[place].finish != "error" for place in range(1, 7))


def test_a_model_that_says_nothing_and_one_that_never_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end = tiny.renderer().tokenizer.eos_token_id
    backend = local(base(tmp_path / "m"))
    for push, expected in ((99.0, ("", 0, "stop")), (-99.0, (8, "length"))):
        model = tiny.model()
        model.lm_head = torch.nn.Linear(8, len(tiny.renderer().tokenizer))
        with torch.no_grad():
            model.lm_head.bias[end] = push
        monkeypatch.setattr(backend.pool, "model", lambda ref, placement, model=model: model)
        for _, reply in backend.answer(ASKS[:2]):
            assert (reply.text, reply.num_tokens, reply.finish)[-len(expected) :] == expected


def test_another_template_than_the_trained_one_is_said_before_weights_are_loaded(tmp_path: Path) -> None:
    folder = tiny.saved(tmp_path / "m")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text() + "{# changed #}")
    backend = local(resolve(str(folder)))
    with pytest.raises(UserError, match="another chat template"):
        dict(backend.answer(ASKS))
    assert not backend.pool._loaded


def test_keys_hold_what_decides_a_reply_and_nothing_else(tmp_path: Path) -> None:
    one, twin, other = base(tmp_path / "one"), base(tmp_path / "twin"), base(tmp_path / "other", seed=1)
    free = base(tmp_path / "free", seed=2)
    (free.path / "espalier.json").write_text("{}")  # trained elsewhere, so that another template may be tried
    ask, again = ASKS[0], replace(ASKS[0], sample=1, seed=77, turn=2)
    renamed = replace(ask, case=replace(ask.case, name="else", tags=("t",)))
    same = [
        local(one).key(ask),
        local(twin).key(ask),
        local(one).key(again),
        local(one).key(renamed),
        local(one, batch_size=3, top_p=0.5).key(ask),
        local(one, dtype="float32").key(ask),
    ]
    assert len({key_of(key) for key in same}) == 1
    sampling = {"temperature": 0.7}
    different = [
        same[0],
        local(other).key(ask),
        local(one).key(ASKS[1]),
        local(one).key(ASKS[5]),
        local(one, max_new_tokens=9).key(ask),
        local(one, dtype="bfloat16").key(ask),
        local(one, load_in_4bit=True).key(ask),
        local(one, device="cuda").key(ask),
        local(free).key(ask),
        local(free, chat_template="plain").key(ask),
        local(one, **sampling).key(ask),
        local(one, **sampling).key(replace(ask, sample=1)),
        local(one, **sampling).key(replace(ask, seed=1)),
        local(one, **sampling, top_p=0.5).key(ask),
    ]
    assert len({key_of(key) for key in different}) == len(different)
    texts = [local(one).key(ASKS[5]), local(one, max_new_tokens=9, temperature=1.0).key(ASKS[5])]
    assert key_of(texts[0]) == key_of(texts[1])


def test_the_key_of_an_adapter_holds_its_base(tmp_path: Path) -> None:
    on, other = base(tmp_path / "a"), base(tmp_path / "b", seed=1)
    ref = adapter(tmp_path / "c", on, seed=3)
    first = local(ref).key(ASKS[0])
    file = ref.path / "espalier.json"
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | {"base": said["base"] | {"content_hash": other.content_hash}}))
    assert key_of(local(ref).key(ASKS[0])) != key_of(first)  # though the content hash given to it is the same


def test_names(tmp_path: Path, make_run: Callable[..., Path]) -> None:
    make_run("toy")
    assert local(resolve("toy")).name == "toy" and local(base(tmp_path / "m")).name == "m"
    assert local(resolve("toy"), load_in_4bit=True).identity == local(resolve("toy")).identity | {"load_in_4bit": True}
