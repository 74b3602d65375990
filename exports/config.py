"""The command line of an export."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions

Form = Literal["merged", "gguf", "ollama", "adapter"]
"""What a model is exported to."""

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
    dtype: Literal["float32", "bfloat16"] = "float32"
    """What weights are merged in, and saved in by merged: bfloat16 halves memory and disk, and rounds."""
    chat_template: str | None = None
    """Builtin template or file, for a model that has none."""
    sampling: SamplingSettings = SamplingSettings()
    """How replies are drawn."""


class ExportOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""

    force: bool = False
    """Export a run that is marked as regressed all the same."""
    redo: bool = False
    """Throw away the export of this name, once another is whole."""


def default_name(model: str, to: Form) -> str:
    """A name for the export of a model that is called so, which for a path is its last folder."""
    plain = re.sub(r"[^A-Za-z0-9.-]+|\.\.+", "-", model).strip("-.") or "model"
    return f"{plain[: _NAME_LENGTH - len(to) - 1]}-{to}"
