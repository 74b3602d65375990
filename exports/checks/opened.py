"""An export as others open it: transformers, peft, transformers' reader of GGUF, and an engine where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from functools import cached_property, lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

from espalier.errors import UserError
from espalier.models.loading import hush
from exports.checks import rounding
from exports.checks.comparing import first_difference
from exports.checks.engine import Engine, Written, is_installed
from exports.checks.trained import NEW_TOKENS, Reply, trained
from exports.exported import Exported

NO_ENGINE = 'no engine is installed (pip install -e ".[gguf]")'
"""Why something is left to transformers' reader."""


class Opened:
    """An export, opened by what others open it with, in float32 on the processor."""

    def __init__(self, exported: Exported) -> None:
        self.exported = exported
        self._engine: Engine | None = None

    @cached_property
    def file(self) -> Path | None:
        """Its GGUF. UserError where there are several, or none where one is due."""
        found = [path for path in self.exported.files if path.suffix == ".gguf"]
        if self.exported.to not in ("gguf", "ollama"):
            return None
        if len(found) != 1:
            raise UserError(f"{self.exported.folder}: holds {len(found)} GGUF files, and should hold one")
        return found[0]

    @cached_property
    def head(self) -> Any:
        """Its GGUF, read by the `gguf` package, which takes seconds where vocabularies are large; None without one."""
        if self.file is None:
            return None
        from gguf import GGUFReader

        return GGUFReader(self.file)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the head of its GGUF says, lists apart; nothing where there is none."""
        return rounding.facts(self.head) if self.head is not None else {}

    @cached_property
    def kinds(self) -> set[str]:
        """The types of its tensors, as GGUF calls them."""
        if self.head is not None:
            return set(rounding.tensor_types(self.head).values())
        return {"BF16" if self.exported.config.dtype == "bfloat16" and self.exported.to == "merged" else "F32"}

    @cached_property
    def model(self) -> Any:
        """As transformers opens it, or peft, where it is an adapter. UserError where they do not."""
        import torch
        from transformers import AutoModelForCausalLM

        hush()
        try:
            if self.file is not None:
                with redirect_stderr(StringIO()):  # a bar that transformers draws whoever hushes it
                    found = AutoModelForCausalLM.from_pretrained(
                        self.file.parent, gguf_file=self.file.name, dtype=torch.float32
                    )
            elif self.exported.to == "adapter":
                from peft import AutoPeftModelForCausalLM

                found = AutoPeftModelForCausalLM.from_pretrained(self.exported.folder, dtype=torch.float32)
            else:
                found = AutoModelForCausalLM.from_pretrained(
                    self.exported.folder, dtype=torch.float32, use_safetensors=True
                )
        except (OSError, ValueError, KeyError, NotImplementedError, RuntimeError) as error:
            raise UserError(f"{self.exported.name}: does not open ({(str(error).splitlines() or ['?'])[0]})") from error
        return found.eval()

    @cached_property
    def tokenizer(self) -> Any:
        """Its tokenizer, as transformers opens it."""
        from transformers import AutoTokenizer

        hush()
        if self.file is not None:
            return AutoTokenizer.from_pretrained(self.file.parent, gguf_file=self.file.name)
        return AutoTokenizer.from_pretrained(self.exported.folder)

    @property
    def engine(self) -> Engine | None:
        """An engine that has its GGUF open; None where it has none, or none is installed."""
        if self._engine is None and self.file is not None and is_installed():
            longest = max(map(len, trained(self.exported).ids))
            self._engine = Engine(self.file, longest + NEW_TOKENS + 1)
        return self._engine

    @cached_property
    def reference(self) -> Any:
        """What was trained, with its weights rounded as the export's are: what an engine has to answer like."""
        return rounding.rounded(self.exported, trained(self.exported).whole, self.head)

    @cached_property
    def reference_replies(self) -> list[Reply]:
        """Its greedy replies."""
        ours = trained(self.exported)
        return ours.replies if self.reference is ours.model else ours.greedy(self.reference)

    @cached_property
    def written(self) -> list[Written]:
        """What the engine answers greedily, with how likely it finds each token."""
        assert self.engine is not None
        return self.engine.greedy(trained(self.exported).ids, NEW_TOKENS)

    @cached_property
    def replies(self) -> list[Reply]:
        """The export's greedy replies: by the engine where there is one."""
        if self.engine is None:
            return trained(self.exported).greedy(self.model)
        return [Reply(each.ids, each.ended) for each in self.written]

    @cached_property
    def forced(self) -> list[list[int]]:
        """By the engine, the likeliest token before each token of the trained replies, and where they end.

        As far as its own reply goes the same way, that says it; beyond, it is asked.
        """
        ours = trained(self.exported)
        assert self.engine is not None
        ends = next(iter(ours.renderer.stop_ids))
        known, asked = [], []
        for ids, reply, own in zip(ours.ids, ours.replies, self.replies, strict=True):
            told = own.ids + [ends] * own.ended
            same = first_difference(reply.ids, told)
            total = len(reply.ids) + reply.ended
            known.append(told[: total if same is None else min(same + 1, total)])
            asked.append([ids + reply.ids[:at] for at in range(len(known[-1]), total)])
        found = iter(self.engine.next_tokens([prefix for each in asked for prefix in each]))
        return [one + [next(found) for _ in each] for one, each in zip(known, asked, strict=True)]

    def close(self) -> None:
        """End the engine."""
        if self._engine is not None:
            self._engine.close()


_open: list[Opened] = []


@lru_cache(maxsize=1)
def opened(exported: Exported) -> Opened:
    """The export, opened once for all its checks."""
    _open.append(Opened(exported))
    return _open[-1]


@contextmanager
def one_export() -> Iterator[None]:
    """While one export is checked, what was opened stays; afterwards nothing does."""
    try:
        yield
    finally:
        while _open:
            _open.pop().close()
        opened.cache_clear()
        trained.cache_clear()
