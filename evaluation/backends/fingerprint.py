"""What an endpoint reports of itself, so that replies of one model are not taken for those of the next of its name.

Two things are reported. The entry of the model in /models is asked for before anything else: Ollama puts the time of
the model there, llama.cpp's server its size, vLLM its path. It is part of every key. The `system_fingerprint` of
replies is known only when the first has come, too late for a key. So it is remembered: where all replies of an
evaluation bear other ones than those before, the server has changed, which is said, and from the next evaluation on it
is part of the key, so that everything is asked again. (Some servers answer from several machines and alternate. As long
as one of the known fingerprints comes back, that is no change.)

Both are remembered in the cache. Where /models does not answer, what it said last holds: an evaluation whose replies
are all kept needs no server. A server that lists nothing is known by its URL and the model's name alone.
"""

from __future__ import annotations

import asyncio
from functools import cached_property
from pathlib import Path
from typing import Any

from espalier.command_line.console import say
from espalier.endpoints.client import Endpoint, EndpointError, EndpointSettings, Unanswered, warnings
from espalier.errors import UserError
from evaluation.cache import Cache, key_of

_KEPT = ("id", "created", "owned_by", "root", "parent", "meta")
"""Keys of an entry that say which model it is. Others are new at every request (vLLM's permission), or say how the
server is at the moment."""
_PATIENCE_S = 10.0


class SelfReport:
    """What one endpoint says of one model, from this evaluation's beginning to its end."""

    def __init__(self, settings: EndpointSettings, cache: Path | None = None) -> None:
        self._settings = settings
        self._cache = cache
        self._key = key_of(["fingerprint", settings.endpoint, settings.model])
        self._heard: set[str] = set()

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Endpoint, model, its entry in /models, and the fingerprint it changed to, if it did: plain data for keys.

        UserError where nobody answers and nothing is remembered, and where the key is missing.
        """
        for line in warnings(self._settings):
            say(line)
        known = self._recall()
        try:
            listed = _entry(asyncio.run(self._models()), self._settings.model)
        except EndpointError as error:
            if known is None and isinstance(error, Unanswered):
                raise UserError(str(error)) from None
            listed = known["listed"] if known else None
            if listed or isinstance(error, Unanswered):
                say(f"note: {error}; going by what it said of itself before")
        if known is None or known["listed"] != listed:
            known = {"listed": listed, "heard": [], "changed_to": None}
            self._remember(known)
        who = {"endpoint": self._settings.endpoint, "model": self._settings.model}
        return who | {"listed": known["listed"], "changed_to": known["changed_to"]}

    def hear(self, system_fingerprint: str | None) -> None:
        """Note what a reply bore."""
        if system_fingerprint:
            self._heard.add(system_fingerprint)

    def keep(self) -> None:
        """Remember what was heard, and say so where the server has changed."""
        known = self._recall() or {"listed": self.facts["listed"], "heard": [], "changed_to": None}
        before, heard = set(known["heard"]), set(self._heard)
        if heard <= before:
            return
        if before.isdisjoint(heard) and before:
            known["changed_to"] = min(heard)
            who = f"{self._settings.endpoint} (model {self._settings.model})"
            now, then = (", ".join(sorted(found)) for found in (heard, before))
            say(
                f"note: {who} has changed: its system_fingerprint was {then}, and is {now}. Replies kept from before "
                "stand beside new ones here; the next evaluation asks for all of them again"
            )
        else:
            heard |= before
        self._remember(known | {"heard": sorted(heard)})

    async def _models(self) -> list[dict[str, Any]]:
        quick = {
            "timeout_s": min(_PATIENCE_S, self._settings.timeout_s),
            "max_retries": min(1, self._settings.max_retries),
        }
        async with Endpoint(self._settings.model_copy(update=quick)) as endpoint:
            return await endpoint.models()

    def _recall(self) -> dict[str, Any] | None:
        with Cache(self._cache) as cache:
            return cache.get([self._key]).get(self._key)

    def _remember(self, known: dict[str, Any]) -> None:
        with Cache(self._cache) as cache:
            cache.put([(self._key, known)])


def _entry(models: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The entry of the model called `name`; of a server that has one model and calls it as it likes, that one's."""
    named = [entry for entry in models if entry.get("id") in (name, f"{name}:latest")]
    found = named or (models if len(models) == 1 else [])
    return {key: found[0][key] for key in _KEPT if found[0].get(key) is not None} if found else None
