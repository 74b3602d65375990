import pytest
import torch

from espalier.generate import Reply, generate
from tests import tiny

RENDERER = tiny.renderer()
MODEL = tiny.model(init_std=0.6)
PROMPTS: list[str | list[dict[str, str]]] = [
    "I went",
    [{"role": "user", "content": "I go to the market yesterday and see a house."}],
    "Sophie says: I saw a house. Basil says: You",
    [{"role": "user", "content": "Hi"}],
    "Anna",
]


def alone(prompt: str | list[dict[str, str]], length: int) -> list[int]:
    """Greedy decoding without cache, padding or batch."""
    ids = RENDERER.text_prompt(prompt) if isinstance(prompt, str) else RENDERER.prompt(prompt)
    written: list[int] = []
    while len(written) < length:
        token = int(MODEL(input_ids=torch.tensor([ids + written])).logits[0, -1].argmax())
        if token in RENDERER.stop_ids:
            break
        written.append(token)
    return written


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_greedy_text_does_not_depend_on_the_batch(batch_size: int) -> None:
    replies = generate(MODEL, RENDERER, PROMPTS, max_new_tokens=12, batch_size=batch_size)
    assert [reply.text for reply in replies] == [RENDERER.decode(alone(prompt, 12)) for prompt in PROMPTS]
    assert len({reply.text for reply in replies}) > 1


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
