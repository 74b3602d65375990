"""A model of Espalier's as lm-evaluation-harness knows models."""

from __future__ import annotations

from typing import Any

from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM

from espalier.models.loading import load_for_inference
from espalier.text.chat_template import read_template


@register_model("espalier")
class EspalierModel(HFLM):  # type: ignore[misc]
    """The harness's own Hugging Face backend, around a model that Espalier loads and checks.

    `name` is a run, a folder or a hub name. An adapter finds its base by itself, and is refused where the base or the
    chat template is not the one it was trained with; the rest is what `--device`, `--dtype` and so on are elsewhere.
    """

    def __init__(
        self,
        name: str,
        *,
        device: str | None = None,
        dtype: str = "auto",
        load_in_4bit: bool = False,
        chat_template: str | None = None,
        trust_remote_code: bool = False,
        **options: Any,
    ) -> None:
        model, renderer = load_for_inference(
            name,
            device=device or "auto",
            dtype=dtype,
            load_in_4bit=load_in_4bit,
            chat_template=read_template(chat_template) if chat_template else None,
            trust_remote_code=trust_remote_code,
        )
        if hasattr(model, "peft_config"):
            # The harness ties the weights of a loaded model once more, which fails on an adapter that has its own
            # embeddings: transformers takes peft's wrapper for a weight. They are tied already.
            model.tie_weights = lambda: None
        super().__init__(pretrained=model, tokenizer=renderer.tokenizer, **options)
