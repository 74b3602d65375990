"""The models that are served: each by its name, adapters of one base on that base, switched when they are asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from espalier.artifacts import gates, records
from espalier.artifacts.paths import artifact
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.models.adapters import is_adapter, standing
from espalier.models.devices import choose_device, likely_dtype
from espalier.models.loading import load_renderer
from espalier.models.pool import Placement, Pool
from espalier.models.references import ModelRef, resolve
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template


@dataclass(frozen=True, kw_only=True)
class Served:
    """One model."""

    name: str
    """What a request calls it."""
    ref: ModelRef
    """What it is."""
    renderer: ChatRenderer
    """Messages to tokens, as it was trained with them."""
    entry: dict[str, Any]
    """What /v1/models says of it: the same at every start, so that replies kept by it stay its own."""


class Family:
    """The models of one server. One of them is at work at a time, by whoever holds `at_work`."""

    def __init__(self, served: Mapping[str, Served], placement: Placement, pool: Pool) -> None:
        self.served = served
        self.at_work = threading.Lock()
        self._placement, self._pool = placement, pool

    def model(self, name: str) -> Any:
        """The weights that answer for a name. UserError where they cannot be loaded, or their base has changed."""
        return self._pool.model(self.served[name].ref, self._placement)


def open_family(names: Sequence[str], placement: Placement) -> Family:
    """The models by those names, each loaded once so that what is wrong with one shows now.

    UserError where there is none, where two would go by one name, and where one has no chat template, or no weights.
    """
    pool, served = Pool(), dict[str, Served]()
    template = read_template(placement.chat_template) if placement.chat_template else None
    for reference in names:
        ref = resolve(reference, with_code=placement.trust_remote_code)
        name = Path(ref.name).name if ref.kind == "path" else ref.name
        if name in served:
            raise UserError(f"{served[name].ref.spec} and {ref.spec} would both be called {name}; name one of them")
        served[name] = serve_as(name, ref, placement, template)
        pool.join(ref, placement)
    family = Family(served, placement, pool)
    for each in served.values():
        family.model(each.name)
        say(f"{each.name}: {_described(each.ref)}")
    return family


def serve_as(name: str, ref: ModelRef, placement: Placement, template: str | None = None) -> Served:
    """A model under a name. UserError where it has no chat template, and none is given."""
    renderer = load_renderer(ref, template, trust_remote_code=placement.trust_remote_code)
    return Served(name=name, ref=ref, renderer=renderer, entry=_entry(name, ref, placement))


def _entry(name: str, ref: ModelRef, placement: Placement) -> dict[str, Any]:
    found = standing(ref, with_code=placement.trust_remote_code)
    device = choose_device(placement.device)
    return {
        "id": name,
        "object": "model",
        "created": _made(ref),
        "owned_by": "espalier",
        "root": ref.spec if ref.kind != "path" else name,
        "parent": found.ground.spec if found.adapters and found.ground.kind != "path" else None,
        "meta": {
            "content_hash": ref.content_hash,
            "ground": found.ground.content_hash,
            "device": device,
            "dtype": likely_dtype(placement.dtype, device),
            "load_in_4bit": placement.load_in_4bit,
        },
    }


def _made(ref: ModelRef) -> int:
    """When, in seconds: a run says it; of other models it is when their files were written."""
    manifest = artifact("runs", ref.name) / records.MANIFEST if ref.kind == "run" and "@" not in ref.name else None
    if manifest and manifest.is_file():
        return int(datetime.fromisoformat(records.read_json(manifest)["finished"]).timestamp())
    return int(min(path.stat().st_mtime for path in ref.path.iterdir()))


def _described(ref: ModelRef) -> str:
    found = standing(ref)
    kind = f"an adapter on {found.ground.spec}" if is_adapter(ref) else "a model of its own"
    if len(found.adapters) > 1:
        kind += f", beside {' and '.join(each.spec for each in found.adapters[:-1])}"
    held = None if ref.kind == "hub" else gates.mark_of(ref.path)
    return f"{kind} {held.brackets}".rstrip() if held else kind
