"""Whether a running server answers as what was trained: Ollama, llama.cpp, vLLM, whatever speaks OpenAI's form.

It is asked greedily. Each of its answers is read by the trained model and by what that was trained from: how many of
its tokens does each find likeliest? So a server of rounded weights is still known, and one that serves the base instead
of the adapter is told from both. What a server says of its prompts' lengths shows a template that is another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from espalier.endpoints.client import Endpoint, EndpointSettings
from espalier.endpoints.completion import Reply as Answer
from exports.checks.trained import NEW_TOKENS, Trained, along
from exports.exported import Finding

_TWICE = 4
"""How many prompts are asked a second time: greedy answers are the same again."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of a server's tokens, how many a model finds likeliest."""

    tokens: int
    """The server's, with the ends of its replies."""
    with_trained: int
    with_base: int | None
    """None where nothing is known of what it was trained from."""

    @property
    def share(self) -> float:
        """With what was trained."""
        return self.with_trained / max(self.tokens, 1)

    @property
    def base_share(self) -> float:
        """With what it was trained from."""
        return (self.with_base or 0) / max(self.tokens, 1)


def check(ours: Trained, settings: EndpointSettings, *, prompts: int, at_least: float) -> list[Finding]:
    """What a server's answers to the first `prompts` conversations show. UserError where it does not answer.

    `at_least` is the share of tokens on which it has to agree with what was trained.
    """
    asked = ours.prompts[:prompts]
    answers, again = asyncio.run(_ask(settings, asked))
    answered = _answered(ours, answers, at_least)
    return [answered, _prompt_lengths(ours, answers, answered.passed), _repeats(answers, again), _ends(ours, answers)]


async def _ask(settings: EndpointSettings, prompts: Sequence[Any]) -> tuple[list[Answer], list[Answer]]:
    gate = asyncio.Semaphore(settings.concurrency)

    async def ask(endpoint: Endpoint, messages: Any) -> Answer:
        async with gate:
            return await endpoint.ask(messages, max_tokens=NEW_TOKENS, temperature=0.0)

    async with Endpoint(settings) as endpoint:
        first = await asyncio.gather(*(ask(endpoint, messages) for messages in prompts))
        again = await asyncio.gather(*(ask(endpoint, messages) for messages in prompts[:_TWICE]))
    return list(first), list(again)


def _answered(ours: Trained, answers: list[Answer], at_least: float) -> Finding:
    count = len(answers)
    wanted = [_text(ours, ours.renderer.decode(reply.ids)) for reply in ours.replies[:count]]
    same = [_text(ours, answer.content) == want for answer, want in zip(answers, wanted, strict=True)]
    found = _agreement(ours, answers)
    passed = found.share >= at_least and found.share > found.base_share
    said = f"{sum(same)} of {count} answers are the trained ones; {found.share:.1%} of its tokens"
    if found.with_base is not None:
        said += f" are what was trained would say, {found.base_share:.1%} what it was trained from would"
    if not passed:
        at = same.index(False) if False in same else 0
        said += f"; {_verdict(found, at_least)}. Asked {_last(ours, at)!r} it says {answers[at].content[:80]!r}"
        said += f", and not {wanted[at][:80]!r}"
    figures = {
        "agreement": found.share,
        "agreement_with_base": None if found.with_base is None else found.base_share,
        "tokens": found.tokens,
        "model": answers[0].model,
    }
    return Finding(check="answers", passed=passed, asked=count, differing=count - sum(same), figures=figures, said=said)


def _ids(ours: Trained, place: int, answer: Answer) -> list[int]:
    """The tokens of an answer: where it is the trained reply, those, for a text can be written in several ways."""
    for reply in (ours.replies[place], *((ours.replies_before or [])[place : place + 1])):
        if _text(ours, ours.renderer.decode(reply.ids)) == _text(ours, answer.content):
            return reply.ids
    ids: list[int] = ours.renderer.tokenizer.encode(answer.content, add_special_tokens=False)
    return ids


def _verdict(found: Agreement, at_least: float) -> str:
    if found.with_base is not None and found.base_share > found.share:
        nearer = "this is nearer to what it was trained from than to what was trained"
        return f"{nearer}: its adapter is not on, or it is a third model"
    if found.share > 0.9:
        return f"nearly what was trained, as coarser weights are (--at_least {found.share:.2f} would let it pass)"
    return f"this is not what was trained ({at_least:.0%} of tokens are asked for)"


def _agreement(ours: Trained, answers: list[Answer]) -> Agreement:
    stops = ours.renderer.stop_ids
    replies = [_ids(ours, place, answer)[:NEW_TOKENS] for place, answer in enumerate(answers)]
    ends = [answer.finish == "stop" for answer in answers]

    def agreeing(model: Any) -> int:
        total = 0
        for logits, reply, end in zip(along(model, ours.ids[: len(replies)], replies), replies, ends, strict=True):
            best = logits.argmax(-1).tolist()
            total += sum(one == other for one, other in zip(best, reply, strict=False))
            total += end and best[-1] in stops
        return total

    before = ours.before
    with_base = None
    if before is not None:
        with before as model:
            with_base = agreeing(model)
    tokens = sum(map(len, replies)) + sum(ends)
    return Agreement(tokens=tokens, with_trained=agreeing(ours.model), with_base=with_base)


def _prompt_lengths(ours: Trained, answers: list[Answer], answers_agree: bool) -> Finding:
    """The lengths of prompts, which tell where answers do not: servers that reckon otherwise are no fault by that."""
    pairs = list(zip(answers, ours.ids, strict=False))
    told = [(answer.prompt_tokens, len(ids)) for answer, ids in pairs if answer.prompt_tokens is not None]
    apart = [one - other for one, other in told if one is not None and one != other]
    if not told:
        return Finding.not_checked("prompt lengths", "the server does not say how long its prompts are")
    said = f"{len(told) - len(apart)} of {len(told)} prompts are as long there as in training"
    if apart:
        said += f"; others by {min(apart):+d} to {max(apart):+d} tokens"
        said += ", though answers agree" if answers_agree else ": its template or tokenizer is another"
    passed = not apart or answers_agree
    return Finding(check="prompt lengths", passed=passed, asked=len(told), differing=len(apart), said=said)


def _repeats(answers: list[Answer], again: list[Answer]) -> Finding:
    other = sum(one.content != two.content for one, two in zip(answers, again, strict=False))
    said = "asked again it answers the same" if not other else "asked again it answers otherwise: it does not take the"
    said += " likeliest token at temperature 0" if other else ""
    return Finding(check="repeats", passed=not other, asked=len(again), differing=other, said=said)


def _ends(ours: Trained, answers: list[Answer]) -> Finding:
    """Whether replies that end in training end there. One in four may go on, where weights are rounded."""
    ended = [reply.ended for reply in ours.replies[: len(answers)]]
    running = sum(was and answer.finish != "stop" for was, answer in zip(ended, answers, strict=True))
    if not any(ended):
        return Finding.not_checked("ends", f"in training none of these replies ends within {NEW_TOKENS} tokens")
    said = f"{sum(ended) - running} of {sum(ended)} replies that end in training end there"
    return Finding(check="ends", passed=4 * running <= sum(ended), asked=sum(ended), differing=running, said=said)


def _text(ours: Trained, text: str) -> str:
    """A reply without the space that some tokenizers put before every text, and servers leave or take away."""
    return text.removeprefix(ours.renderer.prefix).rstrip()


def _last(ours: Trained, at: int) -> str:
    content: str = ours.prompts[at][-1]["content"]
    return content[:60]
