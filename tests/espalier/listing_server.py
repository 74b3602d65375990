"""The scripted chat server, which also lists what it serves under /models."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.espalier.chat_server import Answer, ChatServer, Script


@contextmanager
def listing(
    script: Script, models: Callable[[], Answer], *, date: Callable[[], str] | None = None
) -> Iterator[ChatServer]:
    """Run a server that answers /models with what `models` gives; `date` is what its clock says."""
    server = ChatServer(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(models() if self.path == "/v1/models" else Answer(status=404, body={}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._send(server.answer(body, {name.lower(): value for name, value in self.headers.items()}))

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date() if date else super().date_time_string(timestamp)

        def _send(self, answer: Answer) -> None:
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return None

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


def lists(**entry: Any) -> Callable[[], Answer]:
    """A /models of one model."""
    return lambda: Answer(body={"object": "list", "data": [{"id": "m", "object": "model", **entry}]})


def nothing() -> Answer:
    """A server without /models."""
    return Answer(status=404, body={"error": {"message": "no such page"}})
