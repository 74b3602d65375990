"""The residual stream, the logit lens and attention are the model's own, and looking leaves no trace in it."""

import math

import pytest
import torch

from espalier.errors import UserError
from espalier.models.attention import attend_by_rows
from tests import tiny
from training.probing.attention import attention, attention_weights, habits
from training.probing.lens import lens
from training.probing.stream import looked_into, residual_stream, told_from

TEXT = "I went to the market."
IDS = torch.tensor([[1, 40, 41, 42, 7]])


def gemma(**changes: object) -> torch.nn.Module:
    """With windows, soft caps and norms around each block: nothing of it is as in a Llama."""
    from transformers import Gemma2Config, Gemma2ForCausalLM

    size = {"vocab_size": 320, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 3, "head_dim": 4}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "sliding_window": 3, "max_position_embeddings": 64}
    torch.manual_seed(0)
    return Gemma2ForCausalLM(Gemma2Config(**size, **heads, **changes)).eval()


MODELS = {"llama": tiny.model, "gemma": gemma, "gemma, eager": lambda: gemma(attn_implementation="eager")}


@pytest.mark.parametrize("name", MODELS)
def test_the_stream_is_what_layers_hand_on(name: str) -> None:
    model = MODELS[name]()
    with torch.no_grad():
        own = model(input_ids=IDS, output_hidden_states=True)
    with looked_into(model):
        stream = residual_stream(model, IDS)
        from_the_last = next(told_from(model, IDS, stream[-1:]))
        from_the_first = next(told_from(model, IDS, stream[:1]))
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(stream[:-1], own.hidden_states, strict=False))
    assert len(stream) == len(own.hidden_states) and torch.equal(from_the_last, own.logits)
    assert not torch.allclose(from_the_first, own.logits)


def test_the_last_layer_of_a_lens_is_the_model_and_the_first_one_is_not() -> None:
    model, renderer = tiny.trained_a_little(tiny.model()), tiny.renderer()
    found = lens(model, renderer, TEXT)
    ids = torch.tensor([renderer.text_prompt(TEXT)])
    with torch.no_grad():
        own = model(input_ids=ids).logits[0].softmax(-1)
    tokens = [renderer.decode([token]) for token in ids[0]]
    assert found["tokens"] == tokens and [len(layer) for layer in found["layers"]] == [len(tokens)] * 3
    for place, (token, share) in enumerate(each[0] for each in found["layers"][-1]):
        assert share == pytest.approx(float(own[place].max())) and token == renderer.decode([int(own[place].argmax())])
    assert found["next"][-1] == pytest.approx([float(own[at, token]) for at, token in enumerate(ids[0, 1:])])
    assert found["next"][0] != pytest.approx(found["next"][-1])


def test_a_conversation_is_looked_at_up_to_where_the_reply_begins() -> None:
    model, renderer = tiny.model(), tiny.renderer()
    asked = [{"role": "user", "content": TEXT}]
    assert lens(model, renderer, asked)["tokens"] == [renderer.decode([token]) for token in renderer.prompt(asked)]


@pytest.mark.parametrize("by_rows", [False, True], ids=["torch's kernel", "ours"])
@pytest.mark.parametrize("name", MODELS)
def test_attention_is_what_the_model_attends_to(name: str, by_rows: bool) -> None:
    model = MODELS[name]()
    with torch.no_grad():
        before = model(input_ids=IDS).logits
    if by_rows:
        assert attend_by_rows(model)
    implementation = model.config._attn_implementation
    found = attention_weights(model, IDS)
    if not by_rows:
        model.set_attn_implementation("eager")
        with torch.no_grad():
            theirs = model(input_ids=IDS, output_attentions=True).attentions
        assert all(torch.allclose(ours, each, atol=1e-4) for ours, each in zip(found, theirs, strict=True))
        model.set_attn_implementation(implementation)
    assert all(torch.allclose(each.sum(-1), torch.ones(()), atol=1e-3) for each in found)
    assert all(float(each.triu(1).abs().max()) == 0 for each in found), "nobody looks ahead"
    if name != "llama":
        windows = [float(each[..., 3:, 0].max()) == 0 for each in found]
        assert windows == [True, False, True], "a layer with a window of three does not look further"
    with torch.no_grad():
        assert torch.equal(model(input_ids=IDS).logits, before) or by_rows
    assert model.config._attn_implementation == implementation


def test_looking_leaves_no_trace() -> None:
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    model, renderer = tiny.model().train(), tiny.renderer()
    kernels, drawn = dict(ALL_ATTENTION_FUNCTIONS), torch.get_rng_state()
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    lens(model, renderer, TEXT)
    attention(model, renderer, TEXT)
    with pytest.raises(UserError):
        attention(model, renderer, "to " * 500)
    assert model.training and all(parameter.grad is None for parameter in model.parameters())
    assert all("forward" not in vars(module) for module in model.modules())
    assert dict(ALL_ATTENTION_FUNCTIONS) == kernels and torch.equal(torch.get_rng_state(), drawn)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


def test_habits_are_told_of_heads_that_have_them() -> None:
    size = 5
    before = [[float(q == 0 or k == q - 1) if k <= q else 0.0 for k in range(size)] for q in range(size)]
    itself = [[float(k == q) for k in range(size)] for q in range(size)]
    first = [[float(k == 0) for k in range(size)] for q in range(size)]
    found = habits({"tokens": ["x"] * size, "weights": [[before, itself, first]]})[0]
    assert [each["before"] for each in found] == pytest.approx([1, 0, 0.25])
    assert [each["itself"] for each in found] == [0, 1, 0] and found[2]["first"] == 1
    assert math.isclose(found[0]["first"], 0.25), "where the token before is the first one"


@pytest.mark.parametrize(
    ("text", "complaint"), [("", "give a sentence"), ("to the market " * 300, "at most 256 can be looked at")]
)
def test_what_cannot_be_looked_at_is_said(text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        lens(tiny.model(max_positions=4096), tiny.renderer(), text)
