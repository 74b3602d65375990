"""An embedding model, where the user names one: what the reply means, what the learner said, and both together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from espalier.errors import UserError
from evaluation.judges.features.reading import Judged

Floats = NDArray[np.float64]

_BATCH = 64
_LONGEST = 256
"""Tokens of a text that are read; of the learner's turn the last ones, of the reply the first."""


class Embedding:
    """A model's last hidden states, their mean over a text's tokens."""

    def __init__(self, name: str) -> None:
        """`name` is the hub's or a folder's. The model is loaded when it is first asked. UserError if it cannot be."""
        self.name = name
        self._loaded: tuple[Any, Any] | None = None
        self._known: dict[str, Floats] = {}

    def vectors(self, items: Sequence[Judged]) -> Floats:
        """(items, 3 · width), of length 1: reply, learner's last turn, and their product."""
        self._read({text for each in items for text in (each.reply, _said(each))})
        rows = []
        for each in items:
            reply, learner = self._known[each.reply], self._known[_said(each)]
            together = reply * learner * np.sqrt(len(reply))
            rows.append(np.concatenate([reply, learner, together]))
        found: Floats = np.array(rows).reshape(len(items), -1)
        lengths: Floats = np.linalg.norm(found, axis=1, keepdims=True)
        return found / np.maximum(1e-12, lengths)

    def of_texts(self, texts: Sequence[str]) -> Floats:
        """(texts, width), of length 1: each text by itself."""
        self._read(set(texts))
        return np.array([self._known[text] for text in texts]).reshape(len(texts), -1)

    def _read(self, texts: set[str]) -> None:
        import torch

        new = sorted(texts - self._known.keys(), key=len)
        tokenizer, model = self._load() if new else (None, None)
        for start in range(0, len(new), _BATCH):
            batch = new[start : start + _BATCH]
            ids = [tokenizer(text or " ")["input_ids"][:_LONGEST] or [0] for text in batch]  # type: ignore[misc]
            length = max(map(len, ids))
            mask = torch.tensor([[1] * len(one) + [0] * (length - len(one)) for one in ids])
            padded = torch.tensor([one + [0] * (length - len(one)) for one in ids])
            with torch.inference_mode():
                states = model(input_ids=padded, attention_mask=mask).last_hidden_state.float()  # type: ignore[misc]
            sums = torch.nn.functional.normalize((states * mask[..., None]).sum(dim=1), dim=1)  # and so are means
            for text, vector in zip(batch, sums.numpy(), strict=True):
                self._known[text] = vector.astype(float)

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            from transformers import AutoModel, AutoTokenizer

            try:
                tokenizer, model = AutoTokenizer.from_pretrained(self.name), AutoModel.from_pretrained(self.name)
            except (OSError, ValueError) as error:
                reason = str(error).partition("\n")[0]
                raise UserError(f"--embedding {self.name}: cannot be loaded ({reason})") from None
            self._loaded = tokenizer, model.eval()
        return self._loaded


def _said(item: Judged) -> str:
    return item.messages[-1]["content"] if item.messages else ""
