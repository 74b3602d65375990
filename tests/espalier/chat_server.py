"""A small server that speaks as much of OpenAI's chat API as a script tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server sends back."""

    body: Any = None
    """Bytes as they are, anything else as JSON."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


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


class ChatServer:
    """What a running server was asked."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Answer:
        with self._lock:
            number = len(self.requests)
            self.requests.append(body)
            self.headers.append(headers)
            self.times.append(time.monotonic())
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            answer = self.script(body, number)
            time.sleep(answer.delay_s)
            return answer
        finally:
            with self._lock:
                self._at_once -= 1


@contextmanager
def serving(script: Script) -> Iterator[ChatServer]:
    """Run a server on a free port of this machine."""
    server = ChatServer(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = server.answer(body, {name.lower(): value for name, value in self.headers.items()})
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            try:
                self.send_response(answer.status)
                for name, value in {"content-type": "application/json", **answer.headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):  # the client was killed, or waits no longer
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            return None

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    http = Server(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
