"""The vLLM backend on a module that is vLLM to it, and answers by a tiny model of transformers."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.loading import load_for_inference, replace
from espalier.models.pool import Placement
from espalier.models.references import ModelRef
from evaluation.backends.base import Ask
from evaluation.backends.vllm import VllmModel
from evaluation.cache import key_of
from evaluation.cases.case import Case
from evaluation.cases.suite import Generation
from tests import tiny
from tests.evaluation.backends.models import ASKS, adapter, base, local


class FakeLLM:
    """`vllm.LLM` as far as it is used: constructor, `generate`, `llm_engine.model_config.max_model_len`."""

    made: list[dict[str, Any]] = []
    asked: list[Any] = []

    def __init__(self, model: str, tokenizer: str, **options: Any) -> None:
        if options.get("dtype") == "bfloat16" and "small" in model:
            raise ValueError("bfloat16 is not supported here\nand more lines")
        self.made.append({"model": model, "tokenizer": tokenizer, **options})
        # vLLM would put the adapter on for each request; tokenizer names the folder with both here.
        self._model, self._renderer = load_for_inference(f"path:{tokenizer}", device="cpu")
        length = self._model.config.max_position_embeddings
        self.llm_engine = SimpleNamespace(model_config=SimpleNamespace(max_model_len=length))

    def generate(
        self, prompts: list[dict[str, list[int]]], how: Any, *, use_tqdm: bool, lora_request: Any
    ) -> list[Any]:
        self.asked.append((len(prompts), lora_request))
        hows = how if isinstance(how, list) else [how] * len(prompts)
        return [self._one(prompt["prompt_token_ids"], each) for prompt, each in zip(prompts, hows, strict=True)]

    def _one(self, ids: list[int], how: Any) -> Any:
        assert len(ids) + how.max_tokens <= self._model.config.max_position_embeddings
        with torch.no_grad():
            scores = self._model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
            told = [{ids[n]: SimpleNamespace(logprob=float(scores[n - 1, ids[n]]))} for n in range(1, len(ids))]
            written: list[int] = []
            while len(written) < how.max_tokens:
                written.append(int(self._model(input_ids=torch.tensor([ids + written])).logits[0, -1].argmax()))
                if written[-1] in (how.stop_token_ids or []):
                    break
        ended = written[-1] in (how.stop_token_ids or [])
        output = SimpleNamespace(token_ids=tuple(written), finish_reason="stop" if ended else "length")
        return SimpleNamespace(
            outputs=[output], prompt_logprobs=[None, *told] if how.prompt_logprobs is not None else None
        )


def sampling_params(**how: Any) -> Any:
    """`vllm.SamplingParams`, with the defaults of what is used."""
    known = {"temperature", "top_p", "max_tokens", "seed", "stop_token_ids", "detokenize", "prompt_logprobs"}
    assert set(how) <= known
    return SimpleNamespace(**{"stop_token_ids": None, "prompt_logprobs": None} | how)


def stand_in(monkeypatch: pytest.MonkeyPatch, engine: type[FakeLLM]) -> None:
    """`import vllm` finds this engine."""
    module, lora, request = ModuleType("vllm"), ModuleType("vllm.lora"), ModuleType("vllm.lora.request")
    module.LLM, module.SamplingParams = engine, sampling_params  # type: ignore[attr-defined]
    request.LoRARequest = lambda *what: what  # type: ignore[attr-defined]
    for name, each in (("vllm", module), ("vllm.lora", lora), ("vllm.lora.request", request)):
        monkeypatch.setitem(sys.modules, name, each)


@pytest.fixture(autouse=True)
def fake_vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, FakeLLM)
    monkeypatch.setattr(FakeLLM, "made", [])
    monkeypatch.setattr(FakeLLM, "asked", [])


def by_vllm(ref: ModelRef, **placement: Any) -> VllmModel:
    place = Placement(**{"device": "cpu"} | placement)
    return VllmModel(ref=ref, generation=Generation(max_new_tokens=8), placement=place)


def test_replies_and_likelihoods_are_those_of_the_model(tmp_path: Path) -> None:
    ref = base(tmp_path / "m")
    expected, found = dict(local(ref).answer(ASKS)), dict(by_vllm(ref).answer(ASKS))
    assert [found[place] for place in range(5)] == [expected[place] for place in range(5)]
    assert found[5].log_likelihoods == pytest.approx(expected[5].log_likelihoods, rel=1e-5)
    assert FakeLLM.made[0]["dtype"] == "float32" and FakeLLM.asked[0] == (5, None)


def test_the_token_that_ends_a_reply_is_not_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end = tiny.renderer().tokenizer.eos_token_id
    one = SimpleNamespace(outputs=[SimpleNamespace(token_ids=(270, end), finish_reason="stop")])
    monkeypatch.setattr(FakeLLM, "_one", lambda self, ids, how: one)
    (reply,) = dict(by_vllm(base(tmp_path / "m")).answer(ASKS[:1])).values()
    assert (reply.text, reply.num_tokens, reply.finish) == (tiny.renderer().decode([270]).strip(), 1, "stop")


def test_an_adapter_goes_with_each_request(tmp_path: Path) -> None:
    on = base(tmp_path / "base")
    ref = adapter(tmp_path / "a", on, 1)
    expected, found = dict(local(ref).answer(ASKS[:5])), dict(by_vllm(ref).answer(ASKS[:5]))
    assert found == expected
    made = FakeLLM.made[0]
    assert made["model"] == str(on.path) and made["enable_lora"] and made["max_lora_rank"] == 8
    assert FakeLLM.asked == [(5, ("a", 1, str(ref.path)))]
    settings = records.read_json(ref.path / "adapter_config.json")
    records.write_json(ref.path / "adapter_config.json", settings | {"rank_pattern": {"q_proj": 33}})
    backend = by_vllm(ref)
    with pytest.raises(UserError, match="another architecture than its base .size mismatch"):  # the fake does load it
        dict(backend.answer(ASKS[:1]))
    assert FakeLLM.made[1]["max_lora_rank"] == 64


def test_a_base_that_is_made_when_it_is_loaded_is_refused(tmp_path: Path) -> None:
    on = base(tmp_path / "base")
    for ref in (
        adapter(tmp_path / "top", adapter(tmp_path / "middle", on, 1), 2),
        adapter(tmp_path / "forgotten", replace(on, random_seed=5), 3),
    ):
        with pytest.raises(UserError, match="--engine local"):
            dict(by_vllm(ref).answer(ASKS))


def test_what_does_not_fit_is_an_error_of_its_own(tmp_path: Path) -> None:
    tiny.saved(tmp_path / "m", max_positions=40, init_std=0.6)
    ref = replace(base(tmp_path / "other"), path=tmp_path / "m")
    long = Case(name="long", messages=[{"role": "user", "content": "I went. " * 30}])
    texts = Case(name="texts", messages=[], texts=("I went to the market. " * 30,))
    asks = [Ask(case=case, turn=0, sample=0, seed=0) for case in (long, texts, ASKS[0].case)]
    found = dict(by_vllm(ref).answer(asks))
    assert found[0].finish == "error" and "the model takes 40" in found[0].error
    assert found[1].log_likelihoods[0] < -100 and found[2].finish == "length"


def test_quantised_and_refused(tmp_path: Path) -> None:
    dict(by_vllm(base(tmp_path / "m"), load_in_4bit=True).answer(ASKS[:1]))
    assert FakeLLM.made[0]["quantization"] == "bitsandbytes"
    with pytest.raises(
        UserError, match=r"cannot run path:.*small \(bfloat16 is not supported here\); try --engine local"
    ):
        dict(by_vllm(base(tmp_path / "small"), dtype="bfloat16").answer(ASKS[:1]))


def test_its_replies_are_kept_apart_from_ours(tmp_path: Path) -> None:
    ref = base(tmp_path / "m")
    assert key_of(by_vllm(ref).key(ASKS[0])) != key_of(local(ref).key(ASKS[0]))


def test_without_vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(UserError, match="vLLM is not installed"):
        dict(by_vllm(base(tmp_path / "m")).answer(ASKS))
