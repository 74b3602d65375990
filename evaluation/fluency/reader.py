"""The language model that tells in an evaluation what is language: `--fluency NAME`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from espalier.errors import UserError
from espalier.models import hashes
from espalier.models.pool import Pool
from evaluation.backends.base import Backend
from evaluation.backends.opening import open_backend
from evaluation.backends.weights import Weights
from evaluation.cases.case import Case

if TYPE_CHECKING:
    from evaluation.cases.suite import Suite
    from evaluation.config import EvaluateConfig

_ENOUGH = 500
"""Different words by which a tokenizer is tried."""
_MOST_UNREAD = 0.5
"""Share of them that it may have no tokens for: past that, most of what it reads would be one and the same sign."""


def open_reader(config: EvaluateConfig, suite: Suite) -> Backend | None:
    """The model that `--fluency` names, if it names one; UserError unless it is one on this machine.

    Its files are read, not remembered: the pin is of their content.
    """
    if config.fluency is None:
        return None
    try:
        with hashes.forgotten():
            found = open_backend(config.fluency, config, suite=suite, mix=None, cases=(), cases_hash="", pool=Pool())
    except UserError as error:
        raise UserError(f"--fluency {config.fluency}: {error}") from None
    if not isinstance(found, Weights):
        raise UserError(
            f"--fluency {config.fluency}: cannot say how likely a text is; name a model on this machine: a run, a "
            "folder or a hub name"
        )
    return found


def check_reads(reader: Backend, cases: Sequence[Case]) -> None:
    """UserError where it has no tokenizer, or none that has tokens for most words of the cases."""
    from espalier.models.loading import load_renderer

    assert isinstance(reader, Weights)  # by `open_reader`
    try:
        renderer = load_renderer(reader.ref, reader.template, trust_remote_code=reader.placement.trust_remote_code)
    except UserError as error:
        raise UserError(f"--fluency {reader.name}: {error}") from None
    words = _words(cases)
    unknown = renderer.tokenizer.unk_token_id
    tokens = [ids[len(renderer.start_ids) :] if isinstance(ids, list) else [] for ids in renderer.prompts(words)]
    unread = [word for word, ids in zip(words, tokens, strict=True) if not ids or unknown in ids]
    if len(unread) > _MOST_UNREAD * len(words):
        raise UserError(
            f"--fluency {reader.name}: its tokenizer cannot read these cases: it has no tokens for {len(unread):,} of "
            f"{len(words):,} words, such as {unread[0]!r}; name a model of their language"
        )


def _words(cases: Iterable[Case]) -> list[str]:
    """The first words of the cases, each once, as people wrote them."""
    found: dict[str, None] = {}
    for case in cases:
        texts = [*(message["content"] for message in case.messages), case.reference or ""]
        for text in texts:
            found |= dict.fromkeys(text.encode("utf-8", "replace").decode().split())
        if len(found) >= _ENOUGH:
            break
    return list(found)[:_ENOUGH]
