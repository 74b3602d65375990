"""Check-ins: the same questions every so often, so that one can watch language arrive."""

from __future__ import annotations

from collections.abc import Sequence

from espalier.artifacts.run import Run
from espalier.command_line.console import say
from espalier.generation.generate import generate
from espalier.text.chat import ChatRenderer
from espalier.text.messages import Message
from training.config import CheckinSettings
from training.observers import CONTINUE, Step, Verdict

LOG = "identity_log.jsonl"


class Checkin:
    """The observer that asks; answers are shown, and kept in `journal.md` and `identity_log.jsonl`."""

    def __init__(self, renderer: ChatRenderer, settings: CheckinSettings, run: Run, *, as_chat: bool) -> None:
        self._renderer, self._settings, self._run, self._as_chat = renderer, settings, run, as_chat

    def __call__(self, step: Step) -> Verdict:
        every = self._settings.every
        if every and self._settings.prompts and (step.number % every == 0 or step.last):
            self._ask(step)
        return CONTINUE

    def _ask(self, step: Step) -> None:
        prompts: list[str | Sequence[Message]] = list(self._settings.prompts)
        if self._as_chat:
            prompts = [[{"role": "user", "content": prompt}] for prompt in self._settings.prompts]
        replies = generate(
            step.model,
            self._renderer,
            prompts,
            max_new_tokens=self._settings.max_new_tokens,
            temperature=self._settings.temperature,
            seed=self._settings.seed + step.number,
        )
        passages = []
        say(f"check-in at step {step.number}")
        for prompt, reply in zip(self._settings.prompts, replies, strict=True):
            shown = " / ".join(f"{prompt}{' → ' if self._as_chat else ''}{reply.text}".split("\n"))
            say(f"    {shown}")
            quoted = reply.text.replace("\n", "\n> ")
            passages.append(f"{prompt!r}\n\n> {quoted}\n")
            facts = {"prompt": prompt, "reply": reply.text, "finish": reply.finish}
            self._run.log(step.number, facts, file=LOG)
        self._run.journal(step.number, "\n".join(passages))
