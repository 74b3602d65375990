"""Feed-forward blocks in tiles learn what whole ones learn, and never hold the inner width for a whole sequence."""

import copy
from functools import partial
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from espalier.errors import UserError
from espalier.models.compiling import compile_layers
from espalier.models.layers import decoder_layers
from tests import kinds
from tests.training.switches.shapes import INNER, SEQ_LEN, batch, kept_bytes, learned, make, same
from training.config import MemorySettings
from training.objectives.sft import sft
from training.switches.apply import apply

TILED = MemorySettings(mlp_tiles=5)  # the last tile is shorter
BOTH = MemorySettings(mlp_tiles=5, gradient_checkpointing="all", offload_checkpoints=True)


def switched(model: Any, settings: MemorySettings, *, compiled: bool = False) -> Any:
    if compiled:
        compile_layers(model)
    apply(model, settings, compiled=compiled)
    return model


def close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Equal but for the order in which tiles' shares of a weight's gradient are added."""
    return torch.allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("settings", [TILED, BOTH], ids=["tiled", "checkpointed"])
@pytest.mark.parametrize("lora", [True, False], ids=["lora", "full"])
@pytest.mark.parametrize("kind", ["llama", "qwen3", "gemma3_text", "mistral", "phi3", "phi", "gpt2"])
def test_loss_and_gradients_are_those_of_the_plain_path(kind: str, lora: bool, settings: MemorySettings) -> None:
    expected = learned(make(kind, lora=lora))
    same(learned(switched(make(kind, lora=lora), settings)), expected, close)


@pytest.mark.parametrize("settings", [TILED, BOTH], ids=["tiled", "checkpointed"])
def test_dropout_draws_the_same_masks_in_the_backward_pass(settings: MemorySettings) -> None:
    """The gradients are those of tiles that autograd follows by itself."""

    def followed(block: Any, x: torch.Tensor) -> torch.Tensor:
        tokens = x.flatten(0, 1)
        tiles = [type(block).forward(block, tile.unsqueeze(0)) for tile in tokens.split(-(-len(tokens) // 5))]
        return torch.cat(tiles, 1).view_as(x)

    expected = make("llama", dropout=0.5)
    for layer in decoder_layers(expected):
        layer.mlp.forward = partial(followed, layer.mlp)  # type: ignore[union-attr]
    same(learned(switched(make("llama", dropout=0.5), settings)), learned(expected), close)


class Widest(TorchDispatchMode):
    """The most tokens that a tensor of the inner width holds at once, and how often a block's tile is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = self.products = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for value in made if isinstance(made, tuple | list) else [made]:
            if isinstance(value, torch.Tensor) and value.ndim == 3 and value.shape[-1] == INNER:
                self.tokens = max(self.tokens, value.shape[:-1].numel())
                self.products += func.overloadpacket is torch.ops.aten.silu
        return made


def widest(settings: MemorySettings) -> Widest:
    model = switched(make("llama"), settings)
    sft(model, batch(num_sequences=1))  # the first call also tries out what becomes of the logits
    with Widest() as seen:
        sft(model, batch(num_sequences=1))[0].backward()
    return seen


def test_no_pass_holds_the_inner_width_for_a_whole_sequence() -> None:
    assert widest(MemorySettings()).tokens == SEQ_LEN
    assert widest(TILED).tokens == widest(BOTH).tokens == 5
    assert kept_bytes(switched(make("llama"), TILED)) < kept_bytes(make("llama")) / 2


def test_a_block_in_a_checkpointed_layer_is_computed_twice_and_not_three_times() -> None:
    layers = 3
    assert widest(MemorySettings(gradient_checkpointing="all")).products == 2 * layers
    assert widest(BOTH).products == 2 * 5 * layers


@pytest.mark.slow
def test_tiles_in_compiled_layers() -> None:
    expected = learned(make("gemma3_text"))
    same(learned(switched(make("gemma3_text"), BOTH, compiled=True)), expected, close)


def test_a_copy_of_the_model_computes_with_its_own_weights() -> None:
    model = switched(make("llama"), TILED)
    expected, other = learned(model), copy.deepcopy(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    same(learned(other), expected, torch.equal)


def test_layers_without_a_block_of_a_known_make_are_refused_by_name() -> None:
    with pytest.raises(
        UserError, match="MixtralDecoderLayer cannot be computed in tiles, for it chooses among experts"
    ):
        switched(make("mixtral"), TILED)
    model = make("llama", lora=False)
    for layer in model.model.layers:
        layer.mlp = torch.nn.Identity()
    with pytest.raises(UserError, match="LlamaDecoderLayer cannot be computed in tiles, for none of its parts"):
        switched(model, TILED)


def test_below_the_lowest_layer_that_is_trained_nothing_goes_back() -> None:
    model = switched(kinds.model("llama").requires_grad_(False).train(), TILED)
    layer = decoder_layers(model)[0]
    assert not layer.mlp(torch.ones(1, 16, model.config.hidden_size)).requires_grad
