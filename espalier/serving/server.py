"""`espalier serve`: models of one base at an address of this machine, as OpenAI's API has it.

POST /v1/chat/completions (streamed too), GET /v1/models, /v1/models/NAME and /health. It is for tries and tests:
replies are those that the evaluator would get, greedy unless a request says otherwise, and one base carries all of its
adapters in turn. It listens on the loopback interface alone, and answers no page of the web: what names another host
or comes from another origin is refused.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from espalier.command_line.console import say
from espalier.endpoints.client import is_loopback
from espalier.models.devices import check_here
from espalier.models.pool import Placement
from espalier.pages.listening import LOOPBACK, refused_port, until_stopped
from espalier.serving.completion import Completion
from espalier.serving.family import Family, open_family
from espalier.serving.request import Refusal, read_request
from espalier.serving.worker import Answering, Worker

HOST = LOOPBACK
_MOST_BYTES = 16 * 2**20
"""Of a request's body."""
_PATIENCE_S = 60
"""Seconds that a connection may be silent in the middle of a request."""


def serve(names: Sequence[str], *, port: int, placement: Placement) -> None:
    """Answer for the models by those names until SIGINT or SIGTERM.

    UserError where the port is taken, which is told before anything is loaded, and where a model cannot be served.
    """
    check_here(placement.device)
    server = Server(port)
    try:
        server.open(open_family(names, placement), placement.batch_size)
        say(f"answers at {server.url}, to this machine alone; Ctrl+C ends")
        until_stopped(server)
    finally:
        server.server_close()
    say("ended")


class Server(ThreadingHTTPServer):
    """A thread for each connection. It holds its port from the start, and listens when it can answer."""

    daemon_threads = True
    request_queue_size = 128
    family: Family
    worker: Worker

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Handler, bind_and_activate=False)
        self._listening = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1})
        try:
            self.server_bind()
        except OSError as error:
            self.server_close()
            raise refused_port(error, port) or error from None

    def server_bind(self) -> None:
        """Without looking a name up for the address, as the library would."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def open(self, family: Family, batch_size: int) -> None:
        """Listen, and be ready to answer for these."""
        self.family, self.worker = family, Worker(family, batch_size)
        self.server_activate()

    def start(self) -> None:
        """Answer, in threads of its own."""
        self.worker.start()
        self._listening.start()

    def stop(self) -> None:
        """Answer nothing more; a reply that is being written is left at its next token."""
        self.shutdown()
        self.worker.stop()
        self._listening.join()

    @property
    def url(self) -> str:
        """What clients call the base URL."""
        return f"http://{HOST}:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is nothing to complain of."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "espalier", ""
    timeout = _PATIENCE_S
    server: Server

    def do_GET(self) -> None:
        """Which models there are."""
        self._answered(self._list)

    def do_POST(self) -> None:
        """A chat completion."""
        self._answered(self._complete)

    def _answered(self, answer: Any) -> None:
        try:
            self._check_origin()
            answer()
        except Refusal as refusal:
            self.close_connection = True  # what was not read of its body would be taken for the next request
            self._send(refusal.body, refusal.status)

    def _check_origin(self) -> None:
        """A page of the web could have a browser ask this machine under a name of its own (DNS rebinding)."""
        origin = self.headers.get("origin")
        try:
            ours = is_loopback(f"http://{self.headers.get('host', HOST)}") and (not origin or is_loopback(origin))
        except ValueError:  # no address at all
            ours = False
        if not ours:
            raise Refusal(403, "this server answers for this machine alone")

    def _list(self) -> None:
        path = unquote(urlsplit(self.path).path)
        served = self.server.family.served
        if path == "/health":
            self._send({"status": "ok"})
        elif path == "/v1/models":
            self._send({"object": "list", "data": [each.entry for each in served.values()]})
        elif path.startswith("/v1/models/") and path.removeprefix("/v1/models/") in served:
            self._send(served[path.removeprefix("/v1/models/")].entry)
        else:
            raise Refusal(404, f"nothing is at {path}; there are /v1/models and /v1/chat/completions")

    def _complete(self) -> None:
        path = urlsplit(self.path).path
        if path != "/v1/chat/completions":
            raise Refusal(404, f"nothing is at {path}; there are /v1/models and /v1/chat/completions")
        asked = read_request(self._body(), list(self.server.family.served))
        answering = self.server.worker.submit(asked)
        completion = Completion(self.server.family.served[asked.model], asked)
        if asked.streamed:
            self._stream(answering, completion)
        else:
            self._send(completion.whole(answering.reply))

    def _body(self) -> bytes:
        length = self.headers.get("content-length", "")
        if not length.isdecimal():
            raise Refusal(411, "the request does not say how long it is")
        if int(length) > _MOST_BYTES:
            raise Refusal(413, f"the request is longer than {_MOST_BYTES >> 20} MiB")
        return self.rfile.read(int(length))

    def _stream(self, answering: Answering, completion: Completion) -> None:
        """Server-sent events. What goes wrong before the first piece has a status of its own; later it is an event."""
        begun = False
        for facts in completion.streamed(answering):
            if not begun:
                self._begin_stream()
                begun = True
            self._event(facts)
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _begin_stream(self) -> None:
        self.send_response(200)
        for name, value in (
            ("content-type", "text/event-stream; charset=utf-8"),
            ("cache-control", "no-store"),
            ("transfer-encoding", "chunked"),
        ):
            self.send_header(name, value)
        self.end_headers()

    def _event(self, facts: dict[str, Any]) -> None:
        self._chunk(b"data: " + _bytes(facts) + b"\n\n")

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.flush()

    def _send(self, facts: dict[str, Any], status: int = 200) -> None:
        content = _bytes(facts)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: a conversation is not written down."""


def _bytes(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts).encode()  # in ASCII: half a pair of surrogates, which JSON may hold, is no UTF-8
