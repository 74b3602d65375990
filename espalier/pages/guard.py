"""What may reach a page's application, and what the browser may do with its answers.

Any page of the web can have a browser ask this machine, under a name of its own too (DNS rebinding), and a browser
sends cookies to every port of a host. So a request has to name exactly this host and port, and one that changes
something has to come from this very origin, in JSON, which no form can send. Of the answers nothing runs but the page's
own script.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
"""Of a request's body."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]


class Guard:
    """Around an application: refuses what does not name one of `hosts` (HOST:PORT), and posts from elsewhere.

    Under the path `programs` one that names no origin comes through: programs send none, and every browser does. What
    answers there must not let anybody in by a cookie alone.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], programs: str | None = None) -> None:
        self._app, self._hosts, self._programs = app, hosts, programs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
            await send(message)

        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        await (self._app if refusal is None else refusal)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        given: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name.lower(), []).append(value.decode("latin-1"))
        host = given.get(b"host", [])
        if len(host) != 1 or host[0].lower() not in self._hosts:
            return answer({"error": "this page answers at its own address alone"}, 403)
        if scope["method"] in ("GET", "HEAD"):
            return None
        origin = given.get(b"origin", [])
        by_program = not origin and self._programs is not None and scope["path"].startswith(self._programs)
        if origin != [f"http://{host[0]}"] and not by_program:
            return answer({"error": "this comes from another page"}, 403)
        if given.get(b"content-type", [""])[0].partition(";")[0].strip().lower() != "application/json":
            return answer({"error": "wants JSON"}, 415)
        return None


def answer(facts: Mapping[str, Any], status: int = 200) -> Response:
    """JSON, in ASCII: half of a surrogate pair, which a reply may hold, is no UTF-8."""
    return Response(json.dumps(facts, allow_nan=False), status, media_type="application/json")


async def read_body(request: Request, most: int = MOST_BYTES) -> bytes:
    """What was sent. HTTPException where it is longer than `most` bytes."""
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise HTTPException(413, "too long")
    return content


async def read_json(request: Request) -> Any:
    """The JSON value that was sent. HTTPException where it is none, or too long."""
    content = await read_body(request)
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise HTTPException(400, "no JSON") from None


async def refused(request: Request, error: Exception) -> Response:
    """An HTTPException as JSON."""
    assert isinstance(error, HTTPException)
    return answer({"error": error.detail}, error.status_code)
