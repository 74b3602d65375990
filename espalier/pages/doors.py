"""What every page's application has: document, sheet and script, and the door at which a link's token is given in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from espalier.pages.guard import answer, read_json

if TYPE_CHECKING:
    from espalier.pages.tokens import Tokens


def documents(files: Mapping[str, tuple[str, str]]) -> list[Route]:
    """Routes to texts that never change: path -> text and media type."""

    def route(path: str, text: str, kind: str) -> Route:
        async def give(request: Request) -> Response:
            return Response(text, media_type=kind)

        return Route(path, give)

    return [route(path, *found) for path, found in files.items()]


def entrance(tokens: Tokens, told_as: str) -> Route:
    """The route at which a token is given in for a cookie; the answer says whose it is, under the key `told_as`."""

    async def enter(request: Request) -> Response:
        told = await read_json(request)
        name = tokens.holder(told.get("token") if isinstance(told, dict) else None)
        if name is None:
            raise HTTPException(401, "This link is not known here. Ask for one anew where the page was started.")
        response = answer({told_as: name})
        tokens.give(name, response)
        return response

    return Route("/enter", enter, methods=["POST"])


Handler = Callable[[Request], Awaitable[Response]]
"""What answers a request."""
