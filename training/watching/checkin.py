"""Check-ins: the same questions every so often, so that one can watch language arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from espalier.command_line.console import printable, say
from espalier.generation.generate import Prompt, generate
from espalier.signals.records import Said
from espalier.text.chat import ChatRenderer
from espalier.text.messages import Message
from training.config import CheckinSettings


def ask(model: Any, renderer: ChatRenderer, settings: CheckinSettings, step: int, *, as_chat: bool) -> list[Said]:
    """What the model answers to the prompts, from a generator that the step seeds; shown on the terminal."""
    replies = generate(
        model,
        renderer,
        [asked(prompt, settings.system, as_chat=as_chat) for prompt in settings.prompts],
        max_new_tokens=settings.max_new_tokens,
        temperature=settings.temperature,
        seed=settings.seed + step,
    )
    if settings.prompts:
        say(f"check-in at step {step}")
    for prompt, reply in zip(settings.prompts, replies, strict=True):
        told = f"(not asked: {reply.error})" if reply.finish == "error" else reply.text
        say("    " + " / ".join(map(printable, f"{prompt}{' → ' if as_chat else ''}{told}".split("\n"))))
    system = settings.system if as_chat else None
    return [
        Said(asked=prompt, reply=reply.text, finish=reply.finish, prompt=place, system=system)
        for place, (prompt, reply) in enumerate(zip(settings.prompts, replies, strict=True))
    ]


def asked(prompt: str, system: str | None, *, as_chat: bool) -> Prompt:
    """A prompt as the model learns: a text to be continued, or a learner's words, which `system` may stand before."""
    if not as_chat:
        return prompt
    told: Sequence[Message] = [{"role": "system", "content": system}] if system is not None else []
    return [*told, {"role": "user", "content": prompt}]
