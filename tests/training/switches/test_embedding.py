"""An embedding on the host looks up what the embedding looks up, and stays where it is."""

import pytest
import torch

from espalier.errors import UserError
from espalier.models.layers import device_of
from tests import kinds, tiny
from tests.training.head.test_losses import PLACES, gradients, packed
from training.adapters import add_adapter, share_trained
from training.config import AdapterSettings, MemorySettings
from training.sequences import token_losses
from training.switches.apply import apply_to_base
from training.switches.embedding import EmbeddingOnHost


def test_losses_and_gradients_are_the_same_and_the_model_says_where_it_is() -> None:
    def adapted(*, on_host: bool) -> object:
        base = kinds.model("gemma3_text", tie_word_embeddings=False)
        if on_host:
            base.set_input_embeddings(EmbeddingOnHost(base.get_input_embeddings()))
        return add_adapter(base, AdapterSettings(r=2), tiny.renderer(), "base", seed=1).train()

    model, plain = adapted(on_host=True), adapted(on_host=False)
    assert share_trained(model) == share_trained(plain)
    found, expected = (token_losses(each, packed(200), PLACES) for each in (model, plain))
    assert torch.equal(found, expected)
    mine, theirs = gradients(model, found.sum()), gradients(plain, expected.sum())
    assert mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in theirs)
    moved = model.to("meta")
    assert moved.device.type == "meta"
    assert moved.get_input_embeddings().weight.device.type == "cpu"
    # Where replies are written and likelihoods taken, tokens go to the layers, which once was asked of the embedding.
    assert device_of(moved).type == "meta"


def test_where_all_is_in_host_memory_nothing_is_done() -> None:
    model = kinds.model("llama")
    before = model.get_input_embeddings()
    apply_to_base(model, MemorySettings(embedding_on_cpu=True))
    assert model.get_input_embeddings() is before


def test_what_an_output_layer_shares_is_refused() -> None:
    model = kinds.model("gemma2").to("meta")
    model.tie_weights()
    with pytest.raises(UserError, match="set memory.head_in_4bit too"):
        apply_to_base(model, MemorySettings(embedding_on_cpu=True))
