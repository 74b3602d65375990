from typing import Any

import pytest
import torch

from espalier.errors import UserError
from espalier.models import rows
from tests import kinds, tiny
from training.adapters import add_adapter
from training.config import AdapterSettings
from training.packing_check import check_rows_apart


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind not in kinds.NEVER_PACKED])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_models_of_attention_alone_pass(kind: str, dtype: torch.dtype) -> None:
    check_rows_apart(kinds.model(kind).to(dtype), 40)


@pytest.mark.parametrize("kind", kinds.NEVER_PACKED)
def test_models_that_nothing_keeps_apart_are_refused(kind: str) -> None:
    with pytest.raises(UserError, match="packed row") as error:
        check_rows_apart(kinds.model(kind), 40)
    assert str(error.value).endswith(("choose a base with attention alone", "choose another base"))


def test_a_model_that_carries_a_state_from_row_to_row_is_found() -> None:
    check_rows_apart(tiny.model().eval(), 8)
    leaky = tiny.model().eval()
    leaky.model.layers[0].register_forward_hook(lambda module, inputs, output: output + output.cumsum(1))
    with pytest.raises(UserError, match="carries something from one packed row into the next"):
        check_rows_apart(leaky, 40)


@pytest.mark.parametrize("kind", ["mistral", "gemma3_text", "gemma2", "llama4_text", "qwen2"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_mask_that_looks_past_the_window_is_found(
    kind: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it would be for a model whose reach is configured under a name that is not known here."""
    model = kinds.model(kind).to(dtype)
    monkeypatch.setattr(rows, "_within", lambda *_: (0, 0))
    check_rows_apart(model, 8)
    with pytest.raises(UserError, match="give a seq_len of 6 or less, its window, or choose another base"):
        check_rows_apart(model, 40)


def test_an_adapted_model_passes_and_is_named_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    model: Any = kinds.model("gemma3_text")
    adapted = add_adapter(model, AdapterSettings(r=2), tiny.renderer(), "base", seed=1).eval()
    check_rows_apart(adapted, 40)
    monkeypatch.setattr(rows, "_within", lambda *_: (0, 0))
    with pytest.raises(UserError, match="Gemma3ForCausalLM answers otherwise"):
        check_rows_apart(adapted, 40)


def test_a_model_that_blows_rounding_up_is_allowed_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a real Gemma 3 does in bfloat16, whatever attends."""
    monkeypatch.setattr("training.packing_check._SAME_IN_16_BITS", 1e-9)
    check_rows_apart(kinds.model("gemma3_text").to(torch.bfloat16), 40)
