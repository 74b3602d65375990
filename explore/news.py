"""What is new, told to every open page as server-sent events: how things stand, whenever that has changed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from explore.talk import in_thread

_LOOKS_S = 1.0
"""Seconds between looks while somebody is there: one for all pages together, none where nobody is."""
_READS_S = 0.2
"""The same while a long record is being read in; and between looks at whether there is news for a page."""
_BEATS_S = 15.0
"""Seconds of silence after which something is sent all the same, so that a line that is dead shows."""


class News:
    """How things stand, looked at for all pages at once."""

    def __init__(self, look: Callable[[], dict[str, Any]], ended: Callable[[], bool]) -> None:
        """`look` says how things stand; `ended`, whether nothing more is told."""
        self._look, self._ended = look, ended
        self._now: dict[str, Any] | None = None
        self._looked = 0.0
        self._looking: asyncio.Lock | None = None

    async def now(self) -> dict[str, Any]:
        """How things stand, at most a look old."""
        self._looking = self._looking or asyncio.Lock()
        async with self._looking:
            waits = _READS_S if self._now and self._now.get("reading") else _LOOKS_S
            if self._now is None or time.monotonic() - self._looked >= waits:
                self._now = await in_thread(self._look)
                self._looked = time.monotonic()
            return self._now

    async def events(self) -> AsyncIterator[bytes]:
        """The first at once, each other when something has changed."""
        before, sent = None, time.monotonic()
        while not self._ended():
            now = await self.now()
            if now is not before:
                text = json.dumps(now, allow_nan=False)
                if before is None or text != json.dumps(before, allow_nan=False):
                    yield f"data: {text}\n\n".encode()
                    sent = time.monotonic()
                before = now
            if time.monotonic() - sent > _BEATS_S:
                yield b": still there\n\n"
                sent = time.monotonic()
            await asyncio.sleep(_READS_S)
