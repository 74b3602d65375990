"""The page's application: its documents, what it asks for in JSON, news as they come, and /v1 for programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from espalier.errors import UserError
from espalier.pages import assets
from espalier.pages.doors import Handler, documents, entrance
from espalier.pages.guard import Guard, answer, read_json, refused
from espalier.serving.request import Refusal
from explore.asked import Acts, Unanswerable
from explore.news import News
from explore.talk import Talk, in_thread

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from espalier.pages.tokens import Tokens
    from explore.place import Place

_ASSETS = Path(__file__).parent / "assets"
_STYLES = ("tabs", "watch", "talk", "inside")
_SCRIPTS = ("news", "chart", "watch", "chat", "listen", "journal", "inside", "scores", "operate", "page")
_LOCKED = "This page opens by its own link, which was shown where it was started."


def make_app(place: Place, tokens: Tokens, hosts: frozenset[str]) -> ASGIApp:
    """The application, for those who hold the token, at one of these hosts (HOST:PORT)."""
    static = {
        "/": ((_ASSETS / "page.html").read_text(encoding="utf-8"), "text/html"),
        "/page.css": (assets.style(_ASSETS, _STYLES, shared=("controls", "frame")), "text/css"),
        "/page.js": (assets.script(_ASSETS, _SCRIPTS, shared=("asking", "dialogs")), "text/javascript"),
    }
    acts, news, talk = Acts(place), News(place.look, lambda: place.ended), Talk(place)

    def known(request: Request) -> bool:
        return tokens.who(request) is not None

    def by_key(request: Request) -> bool:
        """Whether a program has the token as its key; a cookie alone only counts from this page itself."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and tokens.holder(key.strip()) is not None:
            return True
        return known(request) and (request.method == "GET" or "origin" in request.headers)

    def asked(act: Callable[[Any], Any]) -> Handler:
        async def handle(request: Request) -> Response:
            if not known(request):
                raise HTTPException(401, _LOCKED)
            told = await read_json(request)
            try:
                return answer(await in_thread(act, told if isinstance(told, dict) else {}))
            except Unanswerable as error:
                return answer({"error": str(error)}, error.status)
            except (UserError, Refusal) as error:
                return answer({"error": str(error)}, 422)

        return handle

    async def follow(request: Request) -> Response:
        if not known(request):
            raise HTTPException(401, _LOCKED)
        return StreamingResponse(news.events(), media_type="text/event-stream")

    def for_programs(act: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            if not by_key(request):
                return answer(Refusal(401, "give the token of the page's link as the API key").body, 401)
            return await act(request)

        return handle

    app = Starlette(
        routes=[
            *documents(static),
            entrance(tokens, "name"),
            Route("/news", follow),
            Route("/v1/models", for_programs(talk.models)),
            Route("/v1/chat/completions", for_programs(talk.complete), methods=["POST"]),
            *(Route(path, asked(act), methods=["POST"]) for path, act in acts.by_path.items()),
        ],
        exception_handlers={HTTPException: refused},
    )
    return Guard(app, hosts=hosts, programs="/v1/")
