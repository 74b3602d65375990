"""Chat completions in the form of OpenAI's API, for the page's own chat and for any program."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from espalier.errors import UserError, describe
from espalier.pages.guard import answer, read_body
from espalier.serving.request import Asked, Refusal, read_request

if TYPE_CHECKING:
    from espalier.serving.completion import Completion
    from espalier.serving.worker import Answering
    from explore.place import Place

_MOST_BYTES = 2**20
"""Of a conversation."""
_MOST_WAITING = 200
"""Replies that are waited for at once, each by a thread that does nothing else."""
T = TypeVar("T")


class Talk:
    """What answers at /v1."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._waiting = anyio.CapacityLimiter(_MOST_WAITING)

    async def models(self, request: Request) -> Response:
        """What can be talked to."""
        shelf, _ = await in_thread(lambda: self._place.talk)
        entries = []
        for name in await in_thread(self._place.models):
            try:
                entries.append((await in_thread(shelf.find, name)).entry)
            except (Refusal, UserError, OSError):
                continue  # it went, or is damaged: whoever asks for it by name is told
        return answer({"object": "list", "data": entries})

    async def complete(self, request: Request) -> Response:
        """A reply, whole or streamed."""
        try:
            body = await read_body(request, _MOST_BYTES)
            asked = read_request(body, list(await in_thread(self._place.models)))
            answering, completion = await in_thread(self._begin, asked)
            if asked.streamed:
                return await self._streamed(answering, completion)
            return answer(completion.whole(await self._wait(lambda: answering.reply)))
        except Refusal as refusal:
            return answer(refusal.body, refusal.status)
        except (UserError, OSError) as error:  # a checkpoint that is no more
            return answer(Refusal(400, describe(error) or str(error), param="model").body, 400)
        except HTTPException as error:
            return answer(Refusal(error.status_code, error.detail).body, error.status_code)

    def _begin(self, asked: Asked) -> tuple[Answering, Completion]:
        from espalier.serving.completion import Completion

        shelf, worker = self._place.talk
        served = shelf.take(asked.model)
        return worker.submit(asked), Completion(served, asked)

    async def _wait(self, act: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(act, limiter=self._waiting, abandon_on_cancel=True)

    async def _streamed(self, answering: Answering, completion: Completion) -> Response:
        pieces = completion.streamed(answering)
        first = await self._wait(lambda: _next(pieces))  # what is wrong before it has a status of its own

        async def events() -> AsyncIterator[bytes]:
            try:
                piece = first
                while piece is not None:
                    yield b"data: " + json.dumps(piece).encode() + b"\n\n"
                    piece = await self._wait(lambda: _next(pieces))
                yield b"data: [DONE]\n\n"
            finally:
                answering.left = True

        return StreamingResponse(events(), media_type="text/event-stream")


def _next(pieces: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
    return next(pieces, None)


async def in_thread(act: Callable[..., T], *given: Any) -> T:
    """What `act` returns, while others are answered."""
    return await anyio.to_thread.run_sync(act, *given)
