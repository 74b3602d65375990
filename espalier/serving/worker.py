"""The one thread that writes replies. What waits for the same model, and is to be written alike, is written together.

A reply does not depend on what it is written beside, so that it makes no difference but in time.
"""

from __future__ import annotations

import os
import queue
import secrets
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from espalier.errors import UserError
from espalier.generation.generate import Reply, context_of, generate_each
from espalier.serving.family import Family
from espalier.serving.request import Asked, Refusal

_USUAL = 256
"""Tokens of a reply whose length the client leaves open, if half the context has room for them."""
_UNFINISHED = "\ufffd"
"""What the first bytes of a character are decoded to."""


class Answering:
    """A request on its way: what was asked, and what comes of it."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.left = False
        """Whether nobody waits for it any more."""
        self._sent = ""
        self._news: queue.SimpleQueue[str | Reply | Exception] = queue.SimpleQueue()

    def pieces(self) -> Iterator[str | Reply]:
        """The reply's text as it grows, then the whole reply. Raises Refusal, or whatever went wrong."""
        while True:
            news = self._news.get()
            if isinstance(news, Exception):
                raise news
            yield news
            if isinstance(news, Reply):
                return

    @property
    def reply(self) -> Reply:
        """The whole reply, when it is there."""
        *_, last = self.pieces()
        assert isinstance(last, Reply)
        return last

    @property
    def is_heard(self) -> bool:
        """Whether the client is told of a reply while it grows."""
        return self.asked.streamed and not self.asked.stops

    def hear(self, text: str) -> None:
        """The reply so far. What is new of it is handed on, but for the beginning of a character."""
        whole = text.rstrip(_UNFINISHED)
        if whole.startswith(self._sent) and len(whole) > len(self._sent):
            self._news.put(whole[len(self._sent) :])
            self._sent = whole

    def end(self, outcome: Reply | Exception) -> None:
        """The whole reply, or what went wrong."""
        if isinstance(outcome, Reply) and self.asked.streamed and len(outcome.text) > len(self._sent):
            self._news.put(outcome.text[len(self._sent) :])
        self._news.put(outcome)


class _Stopped(Exception):
    """The server ends, or nobody waits for what is being written."""


class Worker:
    """Takes requests from any thread, and answers them in one of its own."""

    def __init__(self, family: Family, batch_size: int, *, gives_way: Callable[[], int] | None = None) -> None:
        """`gives_way` says with which niceness it writes from now on, where something else here comes first."""
        self._family, self._batch_size, self._gives_way = family, batch_size, gives_way
        self._waiting: deque[Answering] = deque()
        self._news = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="espalier-replies")

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer nothing more: who waits is told, a reply that is being written is left at its next token."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        self._thread.join()
        while self._waiting:
            self._waiting.popleft().end(_ended())

    def submit(self, asked: Asked) -> Answering:
        """Have it answered."""
        answering = Answering(asked)
        with self._news:
            if self._stopping:
                raise _ended()
            self._waiting.append(answering)
            self._news.notify_all()
        return answering

    def _work(self) -> None:
        while together := self._next():
            if self._gives_way:
                with suppress(OSError):  # not everybody may go back to what was before
                    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._gives_way())
            try:
                with self._family.at_work:
                    self._answer(together)
            except _Stopped:
                _tell(together, _ended())
            except UserError as error:
                _tell(together, Refusal(500, str(error)))
            except Exception:
                traceback.print_exc(file=sys.stderr)
                _tell(together, Refusal(500, "this is a bug; the server's own output has its traceback"))

    def _next(self) -> list[Answering]:
        """Those that are answered together, the longest waiting among them; none where the server ends."""
        with self._news:
            self._news.wait_for(lambda: self._some_wait() or self._stopping)
            if self._stopping:
                return []
            first = _alike(self._waiting[0].asked)
            together = [each for each in self._waiting if _alike(each.asked) == first][: self._batch_size]
            for each in together:
                self._waiting.remove(each)
            return together

    def _some_wait(self) -> bool:
        """Whether there is somebody to answer; those whose client has left are let go."""
        for each in [each for each in self._waiting if each.left]:
            self._waiting.remove(each)
            each.end(_ended())
        return bool(self._waiting)

    def _answer(self, together: list[Answering]) -> None:
        asked = together[0].asked
        served, model = self._family.served[asked.model], self._family.model(asked.model)
        limit = asked.max_tokens or min(_USUAL, (context_of(model) or 2 * _USUAL) // 2)
        openings = [""] * len(together)
        if any(each.asked.streamed for each in together):
            openings = [_opening(served.renderer, each.asked) for each in together]

        def hear(place: int, text: Callable[[], str]) -> None:
            if self._stopping or all(each.left for each in together):
                raise _Stopped
            if together[place].is_heard:
                together[place].hear(openings[place] + text())

        found = generate_each(
            model,
            served.renderer,
            [each.asked.messages for each in together],
            max_new_tokens=limit,
            temperature=asked.temperature,
            top_p=asked.top_p,
            seed=[secrets.randbits(31) if each.asked.seed is None else each.asked.seed for each in together],
            batch_size=self._batch_size,
            listener=hear,
        )
        for place, reply in found:
            together[place].end(_outcome(served.renderer, together[place].asked, reply))


def _alike(asked: Asked) -> tuple[Any, ...]:
    return asked.model, asked.max_tokens, asked.temperature, asked.top_p


def _opening(renderer: Any, asked: Asked) -> str:
    try:
        return str(renderer.opening(renderer.prompt(asked.messages)))
    except UserError:
        return ""


def _outcome(renderer: Any, asked: Asked, reply: Reply) -> Reply | Exception:
    """The reply as it is sent: with the mark of thoughts that the prompt has opened, and cut where the client says."""
    if reply.finish == "error":
        return Refusal(400, reply.error, param="messages")
    text, finish = renderer.opening(reply.prompt_ids) + reply.text, reply.finish
    found = [place for stop in asked.stops if (place := text.find(stop)) >= 0]
    if found:
        text, finish = text[: min(found)], "stop"
    return Reply(text=text, num_tokens=reply.num_tokens, finish=finish, prompt_ids=reply.prompt_ids)


def _tell(together: list[Answering], error: Exception) -> None:
    for each in together:
        each.end(error)


def _ended() -> Refusal:
    return Refusal(503, "the server is ending")
