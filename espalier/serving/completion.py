"""A reply in the form of OpenAI's chat completions, whole or in pieces."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

from espalier.generation.generate import Reply
from espalier.serving.family import Served
from espalier.serving.request import Asked, Refusal
from espalier.serving.worker import Answering


class Completion:
    """A reply in the form of OpenAI's, whole or in pieces."""

    def __init__(self, served: Served, asked: Asked) -> None:
        self.asked = asked
        self._head = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": served.name,
            "system_fingerprint": f"espalier-{served.ref.content_hash[:12]}",
        }

    def whole(self, reply: Reply) -> dict[str, Any]:
        """All of it at once."""
        message = {"role": "assistant", "content": reply.text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}
        return self._head | {"object": "chat.completion", "choices": [choice], "usage": _usage(reply)}

    def streamed(self, answering: Answering) -> Iterator[dict[str, Any]]:
        """It in pieces, as they come. Raises Refusal before the first; what goes wrong later is a piece itself."""
        begun = False
        try:
            for piece in answering.pieces():
                if not begun:
                    yield self._piece({"role": "assistant", "content": ""})
                    begun = True
                if isinstance(piece, str):
                    yield self._piece({"content": piece})
                    continue
                yield self._piece({}, piece)
                if self.asked.usage_streamed:
                    yield self._head | {"object": "chat.completion.chunk", "choices": [], "usage": _usage(piece)}
        except Refusal as refusal:
            if not begun:
                raise
            yield refusal.body

    def _piece(self, delta: dict[str, Any], reply: Reply | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reply and reply.finish, "logprobs": None}
        return self._head | {"object": "chat.completion.chunk", "choices": [choice]}


def _usage(reply: Reply) -> dict[str, int]:
    prompt, written = len(reply.prompt_ids), reply.num_tokens
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
