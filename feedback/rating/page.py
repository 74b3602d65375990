"""The page's application: a document, its sheet and script, and what a rater asks and answers, as JSON."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from espalier.pages import assets
from espalier.pages.doors import Handler, documents, entrance
from espalier.pages.guard import Guard, answer, read_json, refused
from feedback.rating.desk import Desk, Refused

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from espalier.pages.tokens import Tokens

_ASSETS = Path(__file__).parent / "assets"
_STYLES = ("foot", "exchange", "answers")
_SCRIPTS = ("server", "exchange", "reasons", "grades", "question", "agreement", "keys", "page")


def make_app(desk: Desk, tokens: Tokens, hosts: frozenset[str]) -> ASGIApp:
    """The application, for those who hold one of the tokens, at one of these hosts (HOST:PORT).

    Its handlers run one after the other on one thread, as the store wants it.
    """
    static = {
        "/": ((_ASSETS / "page.html").read_text(encoding="utf-8"), "text/html"),
        "/page.css": (assets.style(_ASSETS, _STYLES, shared=("controls", "frame")), "text/css"),
        "/page.js": (assets.script(_ASSETS, _SCRIPTS, shared=("asking", "dialogs")), "text/javascript"),
    }

    def asked(act: Callable[[str, Any], dict[str, Any]]) -> Handler:
        async def handle(request: Request) -> Response:
            rater = tokens.who(request)
            if rater is None:
                raise HTTPException(
                    401, "Every rater has a link of their own, which was shown where the page was started. Open yours."
                )
            told = await read_json(request)
            try:
                return answer(act(rater, told))
            except Refused as error:
                return answer({"error": str(error)}, error.status)
            except sqlite3.Error as error:
                print(f"not kept: {desk.store.path}: {error}", file=sys.stderr, flush=True)
                return answer({"error": f"It could not be written ({error})."}, 503)

        return handle

    acts: dict[str, Callable[[str, Any], dict[str, Any]]] = {
        "/state": lambda rater, told: desk.state(rater),
        "/vote": desk.vote,
        "/earlier": lambda rater, told: desk.earlier(rater, *_before(told)),
        "/agreement": lambda rater, told: desk.agreement(rater),
    }
    app = Starlette(
        routes=[
            *documents(static),
            entrance(tokens, "rater"),
            *(Route(path, asked(act), methods=["POST"]) for path, act in acts.items()),
        ],
        exception_handlers={HTTPException: refused},
    )
    return Guard(app, hosts=hosts)


def _before(told: Any) -> tuple[int | None, bool]:
    told = told if isinstance(told, dict) else {}
    before = told.get("before")
    return before if type(before) is int else None, told.get("skipped") is True
