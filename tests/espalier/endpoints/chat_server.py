"""A small server that speaks as much of OpenAI's chat API as a script tells it to, and remembers what it was asked.

Nothing in it goes by the clock, so that a busy machine changes nothing: who must wait waits for another request
(`ChatServer.wait_for`, `together`), and an answer that comes too late is one that runs the client's clock out.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

HANGS_S = 600.0
"""What has not come by then will not come: a guard against a test that waits for ever, and no measure of anything."""
_LATE = "x-too-late"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server sends back."""

    body: Any = None
    """Bytes as they are, anything else as JSON."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    never: bool = False
    """Send nothing, for as long as the server lives."""


Script = Callable[[dict[str, Any], int], Answer]
"""(the request's body, its number from 0) -> the answer."""


def says(
    text: Any, *, usage: bool = True, model: str = "true-model", finish: str = "stop", beside: Any = None, **answer: Any
) -> Answer:
    """A chat completion whose content is `text`; `beside` are more keys of its message."""
    message = {"role": "assistant", "content": text, **(beside or {})}
    body: dict[str, Any] = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    if usage:
        body["usage"] = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    return Answer(body=body, **answer)


def fails(status: int, said: str = "no", **headers: str) -> Answer:
    """An error as OpenAI words it."""
    return Answer(status=status, body={"error": {"message": said, "type": "x", "code": "y"}}, headers=headers)


def too_late() -> Answer:
    """An answer after the time that the client gives the server, however long that is. For clients of this process."""
    return says("too late", headers={_LATE: "yes"})


def together(number: int, script: Script) -> Script:
    """The script's answers, each held back until `number` of them are asked for at once."""
    meeting = threading.Barrier(number)

    def wait(body: dict[str, Any], place: int) -> Answer:
        meeting.wait(HANGS_S)
        return script(body, place)

    return wait


def lists(**entry: Any) -> Callable[[], Answer]:
    """A /models of one model."""
    return lambda: Answer(body={"object": "list", "data": [{"id": "m", "object": "model", **entry}]})


def nothing() -> Answer:
    """A server without /models."""
    return Answer(status=404, body={"error": {"message": "no such page"}})


class ChatServer:
    """What a running server was asked."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.most_at_once = 0
        self.closing = threading.Event()
        self._at_once = 0
        self._limit = sys.maxsize
        self._news = threading.Condition()

    def wait_for(self, number: int) -> None:
        """Come back when so many requests have come, by the test or by a script that answers another of them."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.requests) >= number, HANGS_S), f"only {len(self.requests)} came"

    def answer_only(self, number: int) -> None:
        """Let requests wait from that number on, until another number is given, or their client leaves."""
        with self._news:
            self._limit = number
            self._news.notify_all()

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Answer:
        with self._news:
            number = len(self.requests)
            self.requests.append(body)
            self.headers.append(headers)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._news.notify_all()
            assert self._news.wait_for(lambda: number < self._limit, HANGS_S)
        try:
            return self.script(body, number)
        finally:
            with self._news:
                self._at_once -= 1


@contextmanager
def serving(
    script: Script, models: Callable[[], Answer] = nothing, *, date: Callable[[], str] | None = None
) -> Iterator[ChatServer]:
    """Run a server on a free port of this machine; /models gives what `models` does, and `date` is its clock."""
    server = ChatServer(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(models() if self.path == "/v1/models" else nothing())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._send(server.answer(body, {name.lower(): value for name, value in self.headers.items()}))

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date() if date else super().date_time_string(timestamp)

        def _send(self, answer: Answer) -> None:
            if answer.never:
                server.closing.wait(HANGS_S)
                self.close_connection = True
                return
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"content-type": "application/json", **answer.headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return None

    http = QuietServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        with _clock_that_runs_out():
            yield server
    finally:
        server.closing.set()
        http.shutdown()
        http.server_close()


class QuietServer(ThreadingHTTPServer):
    """A server to which a client that leaves, or is killed, is nothing to complain of."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def _clock_that_runs_out() -> Iterator[None]:
    """To openai's client, an answer marked as late is none in time: no honest one has to be quicker than some limit."""
    import openai

    client = openai.DefaultAsyncHttpxClient
    library = sys.modules[client.__mro__[1].__module__.partition(".")[0]]  # httpx or httpx2, by the version of openai
    send = client.send

    async def impatient(self: Any, request: Any, **how: Any) -> Any:
        response = await send(self, request, **how)
        if _LATE in response.headers:
            await response.aclose()
            raise library.ReadTimeout("too late", request=request)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "send", impatient)
        yield
