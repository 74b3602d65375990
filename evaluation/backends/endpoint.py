"""A model behind an OpenAI-compatible endpoint: vLLM, Ollama, llama.cpp's server, OpenAI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from espalier.endpoints.budget import Budget
from espalier.endpoints.client import EndpointError, EndpointSettings
from espalier.endpoints.completion import Reply as Answer
from espalier.endpoints.completion import is_same_model
from espalier.errors import UserError
from evaluation.backends.base import Ask, Given
from evaluation.backends.fingerprint import SelfReport
from evaluation.backends.questions import Asker, Question
from evaluation.cache import key_of
from evaluation.cases.case import Reply
from evaluation.cases.suite import Generation
from evaluation.config import endpoint_settings
from evaluation.opener import opens

_FILTERED = "content_filter"
_OTHER = "answered by {}, not by the model asked"


class EndpointModel:
    """A model that is asked over the network.

    The key of a reply holds what the server reports of itself (see `fingerprint`), so it is asked for that first.
    """

    is_model: ClassVar[bool] = True
    ref: ClassVar[None] = None
    supports_texts: ClassVar[bool] = False
    interactive: ClassVar[bool] = False
    """Chat endpoints do not say how likely a given text is."""

    def __init__(self, *, settings: EndpointSettings, generation: Generation, budget: Budget | None = None) -> None:
        self.name = settings.model
        self._settings = settings
        self._generation = generation
        self._asker = Asker(settings, budget)
        self._report = SelfReport(settings)

    @property
    def identity(self) -> dict[str, Any]:
        """Where it is, and what it reports of itself. UserError where nobody answers, now or ever before."""
        facts = self._report.facts
        spec = f"openai:{self._settings.model}@{self._settings.endpoint}"
        return {"kind": "endpoint", "spec": spec, "content_hash": key_of(facts), "reported": facts}

    def key(self, ask: Ask) -> dict[str, Any]:
        """Who answers, the conversation and the settings; of greedy replies, neither sample nor seed.

        UserError for a case that wants likelihoods.
        """
        if ask.case.texts:
            raise UserError(
                f"{self.identity['spec']}: case {ask.case.name} wants the likelihood of texts, which a chat endpoint "
                "does not give; name a model on this machine, or another suite"
            )
        found = {
            "computed_by": "endpoint",
            "model": self._report.facts,
            "messages": ask.case.messages,
            "max_new_tokens": self._generation.max_new_tokens,
            "temperature": self._generation.temperature,
            "extra": self._settings.extra,
        }
        if self._generation.temperature == 0:
            return found
        return found | {"top_p": self._generation.top_p, "sample": ask.sample, "seed": ask.seed}

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """Replies as they come. What the server refuses, garbles or does not answer in time is an error of its own.

        UserError where it cannot be reached at all, the key or the model is wrong, or the budget is reached.
        """
        try:
            for place, outcome in self._asker.ask([self._question(ask) for ask in asks]):
                if isinstance(outcome, EndpointError):
                    yield place, Reply(text="", num_tokens=0, finish="error", error=str(outcome))
                else:
                    self._report.hear(outcome.system_fingerprint)
                    yield place, self._reply(outcome)
        finally:
            self._report.keep()

    def _question(self, ask: Ask) -> Question:
        how = self._generation
        sampled = how.temperature > 0
        return Question(
            messages=ask.case.messages,
            max_tokens=how.max_new_tokens,
            temperature=how.temperature,
            top_p=how.top_p if sampled else None,
            seed=ask.seed if sampled else None,
        )

    def _reply(self, answer: Answer) -> Reply:
        """An empty text is a reply. What the server's filter took away is none."""
        if answer.finish == _FILTERED:
            return Reply(text="", num_tokens=0, finish="error", error="withheld by the server's content filter")
        other = () if is_same_model(self._settings.model, answer.model) else (_OTHER.format(answer.model),)
        return Reply(
            text=answer.content,
            num_tokens=answer.completion_tokens or 0,
            finish="length" if answer.finish == "length" else "stop",
            reasoning=answer.thoughts,
            silence=answer.silence,
            remarks=(*answer.remarks, *other),
        )

    def close(self) -> None:
        """Holds nothing between two calls."""


@opens("openai:NAME@URL", "a model behind any OpenAI-compatible endpoint")
def endpoint_model(reference: str, given: Given) -> EndpointModel:
    """With a budget of its own."""
    return EndpointModel(
        settings=endpoint_settings(reference, given.config),
        generation=given.suite.generation,
        budget=Budget(given.config.endpoint.budget),
    )
