"""An author that does what the prompt asks for: past_tense and article_missing, every move, always another story."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.espalier.endpoints.chat_server import Answer, says

_FIRST = {
    "recast": "Ah, {you} there! What was it like?",
    "clarifying question": "Which street was it, story {number}?",
    "confirmation check": "So {you} there, is that it?",
    "expansion prompt": "Tell me two more things about story {number}.",
    "choice framing": "Two ways to tell it: {said} there, or {meant} there. Which one do you take?",
    "hint": "Think of the day of story {number}. What happens to a little word then?",
    "reflective question": "Look at your story {number} again. How do its parts go together?",
    "gentle repetition": "{You} there. Story {number} sounds nice.",
    "affective support": "Thank you for story {number}, I could follow you.",
    "adaptive simplification": "{You} there. Good! And then?",
}
_MISTAKES = {"a verb about the past": ("I go", "I went"), "a or the is missing": ("I saw dog", "I saw a dog")}


def dialogue(request: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a request asks for, as data; `changes` replace its keys."""
    asked = request["messages"][1]["content"]
    strategy = re.search(r"move in its first turn: ([\w ]+)\.", asked)
    turns = re.search(r"exactly (\d+) turns", asked)
    assert strategy and turns
    said, meant = next(pair for brief, pair in _MISTAKES.items() if brief in asked)
    number = request.get("seed", 0)
    you = meant.replace("I", "you")
    first = _FIRST[strategy[1]].format(
        you=you, You=you[0].upper() + you[1:], said=said.replace("I", "you"), meant=you, number=number
    )
    texts = [f"Last week {said} near house {number}.", first]
    for more in range(2, int(turns[1]), 2):
        texts += [f"Yes, number {more} was nice.", "I am glad to hear it. What came next?"]
    speakers = ["learner", "tutor"] * (int(turns[1]) // 2)
    found = [{"speaker": speaker, "text": text} for speaker, text in zip(speakers, texts, strict=True)]
    return {"said": said, "meant": meant, "turns": found} | changes


def writes(request: dict[str, Any], number: int = 0, **answer: Any) -> Answer:
    """A server's answer that holds what was asked for."""
    return says(json.dumps(dialogue(request)), **answer)
