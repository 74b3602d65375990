"""A learner that a model behind an endpoint plays; what it knows by now is still decided by the rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from espalier.endpoints.budget import Budget
from espalier.endpoints.client import EndpointError, EndpointSettings
from espalier.errors import UserError
from evaluation.backends.fingerprint import SelfReport
from evaluation.backends.questions import Asker, Question
from evaluation.cases.case import Case, Messages
from evaluation.learner.simulated import mastery, put_right, says_right

_MAX_TOKENS = 120
_TRIES = 3
"""How often a learner that says nothing is asked, each time with another seed."""
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
        self._asker = Asker(settings, budget)
        self._report = SelfReport(settings)

    @property
    def identity(self) -> dict[str, Any]:
        """The endpoint, its model and the prompt: what it said is kept under them."""
        return {**self._report.facts, "prompt": [_PROMPT, _STATES]}

    def respond(self, dialogues: list[tuple[Case, Messages, int]]) -> list[str | None]:
        """The learner's next words for each (case, messages, seed); None where it is over. UserError where the endpoint
        does not answer, or says nothing: without the learner's words a dialogue cannot go on."""
        questions = {place: _question(*dialogue) for place, dialogue in enumerate(dialogues)}
        wanted = {place: question for place, question in questions.items() if question}
        said: dict[int, str] = {}
        for _ in range(_TRIES):
            wanted, silences = self._ask(wanted, said)
            if not wanted:
                break
        else:
            raise UserError(
                f"--learner: {self._asker.name} says nothing, {_TRIES} times in a row ({', '.join(sorted(silences))}); "
                "turn its thinking off, as its server wants it (--endpoint.extra '{chat_template_kwargs: "
                "{enable_thinking: false}}'), or name another learner"
            )
        return [said.get(place) for place in range(len(dialogues))]

    def _ask(self, wanted: dict[int, Question], said: dict[int, str]) -> tuple[dict[int, Question], set[str]]:
        """Puts answers into `said`. Returns what is to be asked again, and why those answers were empty."""
        places, again, silences = list(wanted), dict[int, Question](), set[str]()
        for index, answer in self._asker.ask(list(wanted.values())):
            place = places[index]
            if isinstance(answer, EndpointError):
                raise UserError(f"--learner: {answer}")
            if answer.silence:
                again[place] = replace(wanted[place], seed=(wanted[place].seed or 0) + 1)
                silences.add(answer.silence)
            else:
                said[place] = answer.text.strip()
        return again, silences


def _question(case: Case, messages: Messages, seed: int) -> Question | None:
    """What the model is asked; None where the learner has put it right, so that the dialogue is over."""
    truth = case.truth
    since = messages[len(case.messages) :]
    if truth is None or any(m["role"] == "user" and says_right(truth, m["content"]) for m in since):
        return None
    level = mastery(case, messages)
    system = _PROMPT.format(
        level=truth.level or "A2",
        language=truth.first_language or "unknown",
        said=truth.learner,
        right=put_right(truth),
        state=next(text for limit, text in _STATES if level < limit),
    )
    # The learner is the one who answers here, so the roles change sides.
    other = {"user": "assistant", "assistant": "user"}
    told = [{"role": other[m["role"]], "content": m["content"]} for m in messages if m["role"] in other]
    return Question(
        messages=[{"role": "system", "content": system}, *told], max_tokens=_MAX_TOKENS, temperature=0.7, seed=seed
    )
