"""llama.cpp, an engine that shares no code with ours, answering on the loopback device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest


class Engine:
    """A GGUF opened by llama.cpp, one thread, one conversation at a time."""

    def __init__(self, path: Path, context: int = 256) -> None:
        engine = pytest.importorskip("xllamacpp", reason="llama.cpp is not there: pip install '.[gguf]'")
        params = engine.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel, params.warmup, params.verbosity = context, 1, False, -1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        # By default what was read is kept in 16 bits, which is the engine's rounding and not the file's.
        params.cache_type_k = params.cache_type_v = engine.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = engine.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.n_gpu_layers, params.use_jinja, params.fit_params = 0, True, False
        self._server = engine.Server(params)  # answers as long as it lives

    def ask(self, path: str, **body: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(self._server.listening_address + path, json.dumps(body).encode(), headers)) as answer:
            return json.load(answer)

    def ids(self, text: str, *, special: bool = True) -> list[int]:
        """The tokens of a text; those that begin with it are not added."""
        found: list[int] = self.ask("/tokenize", content=text, add_special=False, parse_special=special)["tokens"]
        return found

    def prompt(self, messages: list[dict[str, str]]) -> list[int]:
        """What a conversation becomes by the template inside, and the tokens that begin every text."""
        text = self.ask("/apply-template", messages=messages)["prompt"]
        found: list[int] = self.ask("/tokenize", content=text, add_special=True, parse_special=True)["tokens"]
        return found

    def reply(self, ids: list[int], length: int) -> list[int]:
        """The likeliest tokens after these."""
        how = {"n_predict": length, "temperature": 0.0, "return_tokens": True, "cache_prompt": False}
        found: list[int] = self.ask("/completion", prompt=ids, **how)["tokens"]
        return found

    def likeliest(self, ids: list[int]) -> dict[int, float]:
        """The eight likeliest next tokens, and the logarithms of their probabilities; none where it ends, or
        where that token is no whole letter."""
        how = {"n_predict": 1, "temperature": 0.0, "n_probs": 8, "cache_prompt": False}
        found = self.ask("/completion", prompt=ids, **how).get("completion_probabilities", [])
        return {each["id"]: each["logprob"] for next_one in found for each in next_one["top_logprobs"]}
