"""The command line of an export."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions
from espalier.endpoints.client import EndpointSettings, Url

Form = Literal["merged", "gguf", "ollama", "adapter"]
"""What a model is exported to."""

Quant = Literal[
    "f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0",
    "q6_k", "q5_k_m", "q5_k_s", "q4_k_m", "q4_k_s", "q3_k_m", "q2_k",
]  # fmt: skip
"""How many bits a weight has in GGUF. Those with a k are made by llama.cpp's own program."""
DEFAULT_QUANT: dict[Form, Quant | None] = {"merged": None, "adapter": None, "gguf": "f16", "ollama": "q8_0"}
"""Of each form; None where weights stay as they are."""

_NAME_LENGTH = 64


class SamplingSettings(Config):
    """How replies are drawn where an export says it. Greedily by default, since that is how models are scored."""

    temperature: Annotated[float, Field(ge=0)] = 0.0
    """0 always takes the likeliest token."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the probability that is drawn from; 1 is all of it."""
    top_k: Annotated[int, Field(ge=0)] = 0
    """Number of likeliest tokens that are drawn from; 0 is all of them."""
    min_p: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Least share of the likeliest token's probability that a token needs; 0 asks for none."""
    repeat_penalty: Annotated[float, Field(gt=0)] = 1.0
    """Divides the score of what was said before; 1 changes nothing."""
    seed: int = 0
    """Of the sampling."""
    max_new_tokens: Annotated[int, Field(ge=1)] = 256
    """Longest reply, in tokens; at most half the context."""
    context: Annotated[int, Field(ge=16)] | None = None
    """Tokens of conversation and reply that an engine makes room for; by default the model's own, at most 8192."""


class ExportConfig(Config):
    """What is exported, and to what."""

    run: str
    """The model: a run, a folder or a hub name (run:, path:, hub: say which). It may stand first, without the flag."""
    to: Form
    """merged: weights for transformers and vLLM. gguf: one file for llama.cpp. ollama: that with a Modelfile. adapter:
    what was trained alone, for peft."""
    name: Name | None = None
    """Name of the export: exports/out/NAME. By default made of the model, the form and the quantisation."""
    quant: Quant | None = None
    """Of gguf and ollama: f32 and f16 are exact or nearly, q8_0 takes half, q4_0 a quarter and loses something; those
    with a k need llama.cpp's llama-quantize. By default f16, and q8_0 for ollama."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Of merged: what weights are merged and saved in; bfloat16 halves memory and disk, and rounds."""
    base_in_4bit: bool = False
    """Merge an adapter into its base as it was held in training with load_in_4bit: brought back from 4 bits. By default
    it is merged into the full weights, on which it is scored too where nobody asks for 4 bits. Not of adapter."""
    chat_template: str | None = None
    """Builtin template or file, for a model that has none."""
    sampling: SamplingSettings = SamplingSettings()
    """How replies are drawn."""

    @model_validator(mode="after")
    def _only_gguf_is_quantised(self) -> Self:
        if self.quant and DEFAULT_QUANT[self.to] is None:
            raise ValueError(f"--quant is of gguf and ollama; {self.to} keeps weights as they are (merged has --dtype)")
        return self

    @model_validator(mode="after")
    def _only_what_is_merged_is_rounded(self) -> Self:
        if self.dtype != "float32" and self.to != "merged":
            raise ValueError(f"--dtype is of merged; {self.to} is made from full precision (gguf has --quant)")
        if self.base_in_4bit and self.to == "adapter":
            raise ValueError("--base_in_4bit is of what is merged; adapter holds nothing of its base")
        return self


class ExportOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""

    force: bool = False
    """Export a run that is marked as regressed or gamed all the same."""
    redo: bool = False
    """Throw away the export of this name, once another is whole."""
    prompts: Annotated[int, Field(ge=8, le=1000)] | None = None
    """How many conversations both sides answer to be compared; 240 by default. Fewer are answered sooner by a large
    model on a processor; the record says how many."""
    push: str | None = None
    """Upload the complete export to this repository of models (OWNER/NAME) on the hub, private where it is new."""


class VerifyConfig(Config):
    """What is proven to be what was trained."""

    name: str
    """An export; with --endpoint an export or a model, which may be a run, a folder or a hub name. It may stand first,
    without the flag."""
    endpoint: Url | None = None
    """Base URL of a server that is to be held against it, which usually ends in /v1."""
    model: str | None = None
    """The model's name at the server; by default the same."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the server's key."""
    suites: list[str] = []
    """Suites of the evaluator in which an export of GGUF may lose one point of a hundred at most."""
    prompts: Annotated[int, Field(ge=8, le=1000)] | None = None
    """How many conversations are answered: by default 240, and 64 by a server."""
    at_least: Annotated[float, Field(gt=0, le=1)] = 0.98
    """Share of tokens on which the server has to agree with what was trained: 0.98 for q8_0 and finer, less for coarser
    weights."""
    chat_template: str | None = None
    """Builtin template or file, for a model that has none."""

    @model_validator(mode="after")
    def _suites_are_asked_of_files(self) -> Self:
        if self.suites and self.endpoint:
            raise ValueError("--suites is of an export, and not of a server; leave out one of the two")
        return self

    @property
    def at_endpoint(self) -> EndpointSettings:
        """How the server is asked."""
        return EndpointSettings(
            endpoint=self.endpoint or "", model=self.model or self.name, api_key_env=self.api_key_env, constrain="none"
        )


def default_name(model: str, to: Form, quant: Quant | None) -> str:
    """A name for the export of a model that is called so, which for a path is its last folder."""
    end = "-".join(filter(None, [to, quant]))
    plain = re.sub(r"[^A-Za-z0-9.-]+|\.\.+", "-", model).strip("-.") or "model"
    return f"{plain[: _NAME_LENGTH - len(end) - 1]}-{end}"
