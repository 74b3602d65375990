"""Who may come in: each by a token of their own, which a link carries once and a cookie from then on.

The link has it behind `#`, where a browser keeps it to itself: it is in no request's address, and so in no log. The
page's script posts it, gets a cookie that scripts cannot read, and takes it out of the address.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_A_MONTH_S = 30 * 24 * 3600


class Tokens:
    """Tokens of those who may come in, made of a secret: the same as long as that is."""

    def __init__(self, secret: bytes, names: Sequence[str], port: int) -> None:
        self._tokens = {name: hmac.digest(secret, f"enter:{name}".encode(), hashlib.sha256).hex() for name in names}
        self._cookie = f"espalier_{port}"  # cookies know no ports

    def link(self, name: str, url: str) -> str:
        """The address at which `name` comes in."""
        return f"{url}#enter={self._tokens[name]}"

    def holder(self, token: object) -> str | None:
        """Whose token this is; None where it is nobody's. Takes the same time whatever is given."""
        given = token.encode("utf-8", "replace") if isinstance(token, str) else b""
        found = None
        for name, known in self._tokens.items():
            if hmac.compare_digest(known.encode(), given):
                found = name
        return found

    def who(self, request: Request) -> str | None:
        """Who asks, by the cookie."""
        return self.holder(request.cookies.get(self._cookie))

    def give(self, name: str, response: Response) -> None:
        """Let the browser that gets this response be `name` from now on."""
        response.set_cookie(
            self._cookie, self._tokens[name], max_age=_A_MONTH_S, path="/", httponly=True, samesite="strict"
        )
