"""A model on this machine, run by vLLM (Kwon et al. 2023, arXiv:2309.06180): for a GPU and many replies.

Prompts go to vLLM as the tokens that our renderer makes of them, and the tokens that come back are decoded by it: the
chat template is the one of training here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.loading import base_of, load_renderer
from evaluation.backends.base import Ask
from evaluation.backends.weights import Weights
from evaluation.cases.case import Reply

_AT_ONCE = 1024
"""Asks handed over together: vLLM batches them as it likes, and a killed evaluation loses no more."""
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""LoRA ranks that vLLM can be made ready for."""


@dataclass(kw_only=True)
class VllmModel(Weights):
    """A model that vLLM loads when it is first asked; an adapter goes with each request for it."""

    computed_by: ClassVar[str] = "vllm"
    written_by: ClassVar[str] = "evaluation/backends/vllm.py"
    with_packages: ClassVar[tuple[str, ...]] = ("vllm",)
    _engine: Any = field(default=None, repr=False)

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """Replies, 1,024 at a time; a prompt that does not fit, or that the template refuses, is an error of its own.

        UserError where vLLM is not installed or cannot run this model.
        """
        renderer = load_renderer(self.ref, self.template, trust_remote_code=self.placement.trust_remote_code)
        self._engine = self._engine or self._start()
        for start in range(0, len(asks), _AT_ONCE):
            some = range(start, min(start + _AT_ONCE, len(asks)))
            yield from self._reply(renderer, {place: asks[place] for place in some if not asks[place].case.texts})
            yield from self._score(renderer, {place: asks[place] for place in some if asks[place].case.texts})

    def _reply(self, renderer: Any, asks: dict[int, Ask]) -> Iterator[tuple[int, Reply]]:
        from vllm import SamplingParams

        from espalier.generation.generate import prompt_ids, reply_of

        prompts: dict[int, list[int]] = {}
        asked = [ask.case.messages for ask in asks.values()]
        found_ids = prompt_ids(renderer, asked, self.generation.max_new_tokens, self._context)
        for place, ids in zip(asks, found_ids, strict=True):
            if isinstance(ids, UserError):
                yield place, Reply(text="", num_tokens=0, finish="error", error=str(ids))
            else:
                prompts[place] = ids
        how = [
            SamplingParams(
                temperature=self.generation.temperature,
                top_p=self.generation.top_p,
                max_tokens=self.generation.max_new_tokens,
                seed=asks[place].seed,
                stop_token_ids=sorted(renderer.stop_ids),
                detokenize=False,
            )
            for place in prompts
        ]
        for place, output in zip(prompts, self._run(list(prompts.values()), how), strict=True):
            written, ended = list(output.outputs[0].token_ids), output.outputs[0].finish_reason == "stop"
            if ended and written and written[-1] in renderer.stop_ids:
                written.pop()
            found = reply_of(renderer, asks[place].case.messages, prompts[place], written, ended=ended)
            text = self.written(renderer, prompts[place], found.text)
            yield place, Reply(text=text, num_tokens=found.num_tokens, finish=found.finish)

    def _score(self, renderer: Any, asks: dict[int, Ask]) -> Iterator[tuple[int, Reply]]:
        from vllm import SamplingParams

        from espalier.generation.likelihood import windows

        num_given = len(renderer.start_ids)
        # Even to score a text, vLLM must write one token.
        cut = {
            (place, index): windows(renderer.text_prompt(text), num_given, self._context - 1)
            for place, ask in asks.items()
            for index, text in enumerate(ask.case.texts)
        }
        owners = [(owner, num_scored) for owner, parts in cut.items() for _, num_scored in parts]
        rows = [ids for parts in cut.values() for ids, _ in parts]
        sums = dict.fromkeys(cut, 0.0)
        how = SamplingParams(temperature=0.0, max_tokens=1, prompt_logprobs=0, detokenize=False)
        for (owner, num_scored), ids, output in zip(owners, rows, self._run(rows, how), strict=True):
            said = zip(ids[-num_scored:], output.prompt_logprobs[-num_scored:], strict=True)
            sums[owner] += sum(found[token].logprob for token, found in said)
        for place, ask in asks.items():
            scores = tuple(sums[place, index] for index in range(len(ask.case.texts)))
            yield place, Reply(text="", num_tokens=0, finish="stop", log_likelihoods=scores)

    def _run(self, rows: list[list[int]], how: Any) -> list[Any]:
        from vllm.lora.request import LoRARequest

        if not rows:
            return []
        prompts = [{"prompt_token_ids": ids} for ids in rows]
        adapter = LoRARequest(self.name, 1, str(self.ref.path)) if self._is_adapter else None
        outputs: list[Any] = self._engine.generate(prompts, how, use_tqdm=False, lora_request=adapter)
        return outputs

    def _start(self) -> Any:
        try:
            from vllm import LLM
        except ImportError:
            raise UserError(
                '--engine vllm: vLLM is not installed; pip install -e ".[vllm]", or --engine local'
            ) from None
        options: dict[str, Any] = {
            "dtype": self.placement.dtype,
            "trust_remote_code": self.placement.trust_remote_code,
            "seed": 0,
        }
        if self.placement.load_in_4bit:
            options |= {"quantization": "bitsandbytes"}
        if self._is_adapter:
            settings = records.read_json(self.ref.path / "adapter_config.json")
            rank = max(settings["r"], *settings.get("rank_pattern", {}).values(), 0)
            fitting = next((ready for ready in _RANKS if ready >= rank), rank)
            options |= {"enable_lora": True, "max_loras": 1, "max_lora_rank": fitting}
        folder = self._folder()
        try:
            return LLM(model=str(folder), tokenizer=str(self.ref.path), **options)
        except (ValueError, RuntimeError, OSError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise UserError(f"--engine vllm: vLLM cannot run {self.ref.spec} ({reason}); try --engine local") from error

    def _folder(self) -> Path:
        if not self._is_adapter:
            return self.ref.path
        base = base_of(self.ref, with_code=self.placement.trust_remote_code)
        if base.random_seed is not None or (base.path / "adapter_config.json").exists():
            raise UserError(
                f"--engine vllm: {self.ref.spec} stands on a base that is made when it is loaded; --engine local"
            )
        return base.path

    @property
    def _is_adapter(self) -> bool:
        return (self.ref.path / "adapter_config.json").exists()

    @property
    def _context(self) -> int:
        return int(self._engine.llm_engine.model_config.max_model_len)

    def close(self) -> None:
        """End vLLM, which gives its memory back."""
        self._engine = None
