"""A learner that a model behind an endpoint plays; what it knows by now is still decided by the rules."""

from __future__ import annotations

import asyncio
from typing import Any

from espalier.budget import Budget
from espalier.endpoints import Endpoint, EndpointError, EndpointSettings
from espalier.errors import UserError
from evaluation.cases import Case, Messages
from evaluation.learner.simulated import mastery, put_right, says_right

_MAX_TOKENS = 120
_PROMPT = """You play a learner of English in a conversation with a tutor. Level: {level}. First language: {language}.
You said: "{said}" You do not know that it should be: "{right}"
{state}
Answer the tutor's last words in one or two short sentences, as such a learner would. Say nothing else: no notes, no
quotation marks, no explanation of your role. Never teach, never praise the tutor's English."""
_STATES = (
    (0.3, "You make the same kind of mistake again, and notice nothing, whatever the tutor asks."),
    (0.7, "You begin to doubt your sentence. You try again and get it half right, or ask about it."),
    (1.1, "You have just understood it. You say your sentence again, put right."),
)


class EndpointLearner:
    """A learner behind an OpenAI-compatible endpoint."""

    def __init__(self, settings: EndpointSettings, budget: Budget | None = None) -> None:
        self._settings = settings
        self._budget = budget

    @property
    def identity(self) -> dict[str, Any]:
        """The endpoint, its model and the prompt: what it said is kept under them."""
        return {"endpoint": self._settings.endpoint, "model": self._settings.model, "prompt": [_PROMPT, _STATES]}

    def respond(self, dialogues: list[tuple[Case, Messages, int]]) -> list[str | None]:
        """The learner's next words for each (case, messages, seed); None where it is over. UserError where the endpoint
        does not answer: without the learner's words a dialogue cannot go on."""
        return asyncio.run(self._respond(dialogues))

    async def _respond(self, dialogues: list[tuple[Case, Messages, int]]) -> list[str | None]:
        gate = asyncio.Semaphore(self._settings.concurrency)
        async with Endpoint(self._settings, self._budget) as endpoint:

            async def one(case: Case, messages: Messages, seed: int) -> str | None:
                async with gate:
                    return await _speak(endpoint, case, messages, seed)

            return list(await asyncio.gather(*(one(*dialogue) for dialogue in dialogues)))


async def _speak(endpoint: Endpoint, case: Case, messages: Messages, seed: int) -> str | None:
    truth = case.truth
    if truth is None:
        return None
    since = messages[len(case.messages) :]
    if any(message["role"] == "user" and says_right(truth, message["content"]) for message in since):
        return None
    level = mastery(case, messages)
    state = next(text for limit, text in _STATES if level < limit)
    system = _PROMPT.format(
        level=truth.level or "A2",
        language=truth.first_language or "unknown",
        said=truth.learner,
        right=put_right(truth),
        state=state,
    )
    # The learner is the one who answers here, so the roles change sides.
    other = {"user": "assistant", "assistant": "user"}
    told = [{"role": other[m["role"]], "content": m["content"]} for m in messages if m["role"] in other]
    try:
        reply = await endpoint.ask([{"role": "system", "content": system}, *told], max_tokens=_MAX_TOKENS, seed=seed)
    except EndpointError as error:
        raise UserError(f"--learner: {error}") from None
    return reply.text.strip() or None
