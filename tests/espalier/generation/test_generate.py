from collections.abc import Sequence
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma3TextConfig, GPT2Config, Lfm2Config, MistralConfig, Qwen3Config

from espalier.generation import decoding
from espalier.generation.generate import Reply, generate, generate_each
from espalier.text.chat import ChatRenderer
from tests import kinds, tiny

RENDERER = tiny.renderer()
MODEL = tiny.model(init_std=0.6)
PROMPTS: list[str | list[dict[str, str]]] = [
    "I went",
    [{"role": "user", "content": "I go to the market yesterday and see a house."}],
    "Sophie says: I saw a house. Basil says: You",
    [{"role": "user", "content": "Hi"}],
    "Anna",
]


def alone(model: Any, prompt: str | list[dict[str, str]], length: int) -> str:
    """Greedy decoding without cache, padding or batch."""
    ids = RENDERER.text_prompt(prompt) if isinstance(prompt, str) else RENDERER.prompt(prompt)
    written: list[int] = []
    while len(written) < length:
        token = int(model(input_ids=torch.tensor([ids + written])).logits[0, -1].argmax())
        if token in RENDERER.stop_ids:
            break
        written.append(token)
    text = RENDERER.decode(written)
    return text if isinstance(prompt, str) else text.removeprefix(RENDERER.prefix)


@pytest.fixture(params=["on", "off"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with the small model's own forward pass, once with that of transformers."""
    monkeypatch.setenv("ESPALIER_LEAN", request.param)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_greedy_text_does_not_depend_on_the_batch(batch_size: int) -> None:
    replies = generate(MODEL, RENDERER, PROMPTS, max_new_tokens=12, batch_size=batch_size)
    assert [reply.text for reply in replies] == [alone(MODEL, prompt, 12) for prompt in PROMPTS]
    assert len({reply.text for reply in replies}) > 1
    asked = [RENDERER.text_prompt(each) if isinstance(each, str) else RENDERER.prompt(each) for each in PROMPTS]
    assert [reply.prompt_ids for reply in replies] == asked


def ending(*, often: float) -> Any:
    """A model that ends its replies after unlike lengths: the end token is as likely as `often` makes it."""
    model = tiny.model(init_std=0.6, tie_embeddings=False)
    with torch.no_grad():
        model.lm_head.weight[RENDERER.tokenizer.eos_token_id] *= often
    return model


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("batch_size", [2, 3, 7, 40])
def test_rows_that_end_make_room_for_others(batch_size: int) -> None:
    model = ending(often=3.0)
    prompts = [f"{name} {verb} the {noun}." for name in ("Anna", "Sophie", "I") for verb in ("ate", "saw", "went to")
               for noun in ("cake", "house", "market", "You")]  # fmt: skip
    replies = generate(model, RENDERER, prompts, max_new_tokens=20, batch_size=batch_size)
    lengths = {reply.num_tokens for reply in replies}
    assert len(lengths) > 5 and {reply.finish for reply in replies} == {"stop", "length"}
    assert [reply.text for reply in replies] == [alone(model, prompt, 20) for prompt in prompts]


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("batch_size", [1, 4])
def test_what_all_prompts_begin_with_is_read_once(batch_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    system = {"role": "system", "content": "Sophie says: I saw a house. You went to the market?"}
    prompts = [[system, {"role": "user", "content": text}] for text in ("Hi", "Anna ate the cake.", "I", "You went?")]
    plain = [alone(MODEL, prompt, 8) for prompt in prompts]
    assert [
        reply.text for reply in generate(MODEL, RENDERER, prompts, max_new_tokens=8, batch_size=batch_size)
    ] == plain
    read: list[int] = []
    admit = decoding._Batch.admit
    monkeypatch.setattr(decoding._Batch, "admit", lambda self, rows: (read.append(self._shared), admit(self, rows))[1])
    generate(MODEL, RENDERER, prompts, max_new_tokens=8, batch_size=batch_size)
    assert min(read) >= 16


SMALL: dict[str, Any] = {
    "vocab_size": len(RENDERER.tokenizer), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "initializer_range": 0.4,
}  # fmt: skip
OTHERS = {
    "qwen3": Qwen3Config(**SMALL),
    "gpt2": GPT2Config(vocab_size=SMALL["vocab_size"], n_embd=16, n_layer=2, n_head=2, initializer_range=0.4),
    "a window too small for these prompts": MistralConfig(**SMALL, sliding_window=6),
    "windows in some layers": Gemma3TextConfig(
        **SMALL, sliding_window=6, layer_types=["sliding_attention", "full_attention"]
    ),
    "local layers that count from the longest row": kinds.model("gpt_neo").config,
    "a window large enough": MistralConfig(**SMALL, sliding_window=4096),
    "states beside keys": Lfm2Config(**SMALL, layer_types=["conv", "full_attention"]),
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("batch_size", [1, 5])
def test_models_of_other_kinds(kind: str, batch_size: int) -> None:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(OTHERS[kind]).eval()
    replies = generate(model, RENDERER, PROMPTS, max_new_tokens=10, batch_size=batch_size)
    assert [reply.text for reply in replies] == [alone(model, prompt, 10) for prompt in PROMPTS]


@pytest.mark.parametrize("batch_size", [1, 3])
def test_samples_depend_on_seed_and_place_only(batch_size: int) -> None:
    def sample(seed: int) -> list[Reply]:
        return generate(
            MODEL, RENDERER, PROMPTS, max_new_tokens=8, temperature=1.0, top_p=0.9, seed=seed, batch_size=batch_size
        )

    state = torch.get_rng_state()
    assert (
        sample(1)
        == sample(1)
        == generate(MODEL, RENDERER, PROMPTS, max_new_tokens=8, temperature=1.0, top_p=0.9, seed=1, batch_size=5)
    )
    assert sample(1) != sample(2)
    assert torch.equal(state, torch.get_rng_state())


def test_a_prompt_with_a_seed_of_its_own_is_answered_alike_wherever_it_stands() -> None:
    def sample(prompts: Sequence[Any], seeds: list[int], batch_size: int) -> list[Reply]:
        return generate(MODEL, RENDERER, prompts, max_new_tokens=8, temperature=1.0, seed=seeds, batch_size=batch_size)

    forward = sample(PROMPTS, [11, 12, 13, 14, 15], 2)
    assert sample(PROMPTS[::-1], [15, 14, 13, 12, 11], 5) == forward[::-1]
    assert sample([PROMPTS[2]], [13], 1) == [forward[2]]
    assert sample([PROMPTS[2]], [14], 1) != [forward[2]]


def test_replies_come_as_they_are_ready() -> None:
    model = ending(often=3.0)
    prompts = ["Anna ate the cake.", "Sophie saw the house.", "I went to the market.", "You", "I saw a cake."]
    found = list(generate_each(model, RENDERER, prompts, max_new_tokens=20, batch_size=5))
    lengths = [reply.num_tokens + (reply.finish == "stop") for _, reply in found]
    assert lengths == sorted(lengths) and len(set(lengths)) > 1
    assert sorted(place for place, _ in found) == [0, 1, 2, 3, 4]


def test_a_prompt_without_room_is_an_error_of_its_own_and_nothing_is_cut_off() -> None:
    model = tiny.model(init_std=0.6, max_positions=40)
    fits, long = "I went", "I went to the market. " * 9
    count = len(RENDERER.text_prompt(long))
    first, second, third = generate(model, RENDERER, [fits, long, fits], max_new_tokens=10)
    assert first == third and first.finish != "error"
    assert second == Reply(
        text="",
        num_tokens=0,
        finish="error",
        error=f"the prompt has {count} tokens and the reply may have 10; the model takes 40",
    )
    exactly = 40 - len(RENDERER.text_prompt(fits))
    assert generate(model, RENDERER, [fits], max_new_tokens=exactly)[0].finish != "error"
    assert generate(model, RENDERER, [fits], max_new_tokens=exactly + 1)[0].finish == "error"


def test_a_prompt_that_the_template_refuses_is_an_error_of_its_own() -> None:
    template = (
        "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools here') }}{% endif %}"
        "<|user|>{{ m.content }}{{ eos_token }}{% endfor %}"
    )
    renderer = ChatRenderer(tiny.renderer().tokenizer, template)
    hi = {"role": "user", "content": "Hi"}
    refused, answered = generate(MODEL, renderer, [[{"role": "tool", "content": "x"}, hi], [hi]], max_new_tokens=2)
    assert refused.finish == "error" and "refuses the roles tool" in refused.error
    assert answered.finish != "error"


def test_too_little_memory_makes_batches_smaller(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = generate(MODEL, RENDERER, PROMPTS, max_new_tokens=6)
    admit = decoding._Batch.admit

    def full(self: Any, rows: list[Any]) -> None:
        if len(rows) > 1:
            raise torch.OutOfMemoryError("out of memory")
        admit(self, rows)

    monkeypatch.setattr(decoding._Batch, "admit", full)
    assert generate(MODEL, RENDERER, PROMPTS, max_new_tokens=6, batch_size=5) == expected
    assert "from here on 2 replies" in capsys.readouterr().out


def test_a_nucleus_of_nothing_is_greedy() -> None:
    greedy = generate(MODEL, RENDERER, PROMPTS, max_new_tokens=8)
    assert generate(MODEL, RENDERER, PROMPTS, max_new_tokens=8, temperature=1.0, top_p=1e-9) == greedy


def test_a_stop_token_ends_a_reply_and_is_not_shown() -> None:
    model = tiny.model()
    end = RENDERER.tokenizer.eos_token_id
    with torch.no_grad():  # whatever is read, the last norm points at the end token
        model.model.norm.weight.zero_()
    replies = generate(model, RENDERER, ["I went"], max_new_tokens=5)
    assert replies[0].finish == "length" and replies[0].num_tokens == 5  # all logits equal: token 0 without end
    model.lm_head = torch.nn.Linear(8, len(RENDERER.tokenizer))
    with torch.no_grad():
        model.lm_head.bias[end] = 9.0
    assert generate(model, RENDERER, ["I went"], max_new_tokens=5) == [Reply(text="", num_tokens=0, finish="stop")]


def test_the_model_is_left_in_the_mode_it_was_in() -> None:
    model = tiny.model().train()
    generate(model, RENDERER, ["I went"], max_new_tokens=1)
    assert model.training


def test_a_reply_does_not_begin_with_the_tokenizers_own_space_and_a_continuation_keeps_it() -> None:
    model = tiny.model()
    model.lm_head = torch.nn.Linear(8, len(RENDERER.tokenizer))
    with torch.no_grad():
        model.model.norm.weight.zero_()
        model.lm_head.bias[RENDERER.text_prompt("I")[1]] = 9.0
    asked = [[{"role": "user", "content": "Who went?"}], "Who went?", ""]
    replies = generate(model, RENDERER, asked, max_new_tokens=2)
    assert [reply.text for reply in replies] == ["I I", " I I", "I I"]


@pytest.mark.usefixtures("either_way")
def test_a_reply_ends_before_the_token_that_holds_what_it_is_to_end_with() -> None:
    freely = generate(MODEL, RENDERER, PROMPTS, max_new_tokens=24)
    letter = max("aeiou", key=lambda each: sum(each in reply.text for reply in freely))
    cut = generate(MODEL, RENDERER, PROMPTS, max_new_tokens=24, until=letter)
    assert any(letter in reply.text for reply in freely)
    for whole, reply in zip(freely, cut, strict=True):
        assert letter not in reply.text and whole.text.startswith(reply.text)
        assert reply.finish == ("stop" if letter in whole.text else whole.finish)


@pytest.mark.parametrize("top_p", [1.0, 0.9])
def test_draws_are_as_often_as_probable(top_p: float) -> None:
    """Over tokens that are likely and unlikely in no order, and one that is impossible."""
    logits = torch.tensor([1.0, -3.0, 2.0, -torch.inf, 0.0, 1.5])
    shares = (logits / 0.8).softmax(0)
    kept = shares if top_p == 1 else torch.where(shares > shares.sort(descending=True).values[3], shares, 0.0)
    draws: list[torch.Generator | None] = [torch.Generator().manual_seed(seed) for seed in range(4000)]
    sampling = decoding.Sampling(max_new_tokens=1, temperature=0.8, top_p=top_p, stop_ids=frozenset())
    chosen = torch.tensor(decoding._choose(logits.expand(len(draws), -1), draws, sampling))
    found = chosen.bincount(minlength=len(logits)) / len(draws)
    assert (found - kept / kept.sum()).abs().max() < 0.02 and not found[kept == 0].any()


def test_a_users_turn_can_be_written() -> None:
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "You went?"}]
    (reply,) = generate(MODEL, RENDERER, [said], max_new_tokens=8, speaker="user")
    assert RENDERER.decode(reply.prompt_ids).endswith("You went?<|end|><|user|>")
    written: list[int] = []
    while len(written) < 8:
        token = int(MODEL(input_ids=torch.tensor([reply.prompt_ids + written])).logits[0, -1].argmax())
        if token in RENDERER.stop_ids:
            break
        written.append(token)
    assert reply.text == RENDERER.decode(written).removeprefix(RENDERER.prefix)
