"""What a page is about: a run's folder, or a model that is none; its figures, its record, and who may be talked to."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espalier.artifacts import registry
from espalier.artifacts.kinds import of_word
from espalier.artifacts.paths import artifact, workspace
from espalier.models.references import kind_of, resolve
from espalier.pages.listening import Answering
from explore.config import ExploreConfig
from explore.figures import Figures
from explore.names import checkpoints, references
from explore.record import Record

if TYPE_CHECKING:
    from espalier.serving.worker import Worker
    from explore.shelf import Shelf

_GIVES_WAY = 10
"""Niceness of writing replies: a training that wants a processor has nine tenths of it, and words still come."""
_BATCH = 8
_LOOKS_S = 1.0
"""Seconds between looks at whether the training is still there that this page ends with."""


class Place:
    """What a page is about."""

    def __init__(self, config: ExploreConfig) -> None:
        kind, name = kind_of(config.model)
        self.is_run = kind == "run"
        self.name = Path(name).name if kind == "path" else name.partition("@")[0] if kind == "run" else name
        self.folder = artifact("runs", self.name) if self.is_run else None
        self.figures = Figures(self.folder / "metrics.jsonl") if self.folder else None
        self.record = Record(self.folder) if self.folder else None
        self._config = config
        # What a name stands for does not change while the page is open, not even where the run is removed.
        self._references = [":".join(kind_of(each)) for each in (config.model, *config.beside)]
        self.ended = False
        """Whether nothing more is answered."""
        self._opening = threading.Lock()
        self._talk: tuple[Shelf, Worker] | None = None

    def models(self) -> dict[str, str]:
        """What can be talked to now: reference by name."""
        return references(self._references)

    @property
    def talk(self) -> tuple[Shelf, Worker]:
        """The models, and who writes their replies. What is heavy is imported when this is first asked for."""
        with self._opening:
            if self._talk is None:
                os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as in training: idle threads take no processor long
                from espalier.models.pool import Placement
                from espalier.serving.worker import Worker
                from explore.shelf import Shelf

                asked = self._config
                placement = Placement(
                    device=asked.device,
                    load_in_4bit=asked.load_in_4bit,
                    chat_template=asked.chat_template,
                    batch_size=_BATCH,
                )
                shelf = Shelf(self.models, placement, beside_training=self.trains, threads=asked.threads)
                self._talk = shelf, Worker(shelf, _BATCH, gives_way=lambda: _GIVES_WAY if self.trains() else 0)
                self._talk[1].start()
            return self._talk

    def close(self) -> None:
        """Write no more replies, and tell no more news."""
        self.ended = True
        with self._opening:
            if self._talk is not None:
                self._talk[1].stop()

    def trains(self) -> bool:
        """Whether a training of this run goes on, or waits."""
        return self.is_run and _state(self.name).state in ("running", "paused")

    def look(self) -> dict[str, Any]:
        """How things stand, and how far each record of it has come, so that a page can tell what is new."""
        if self.folder is None or self.figures is None or self.record is None:
            return {"name": self.name, "kind": "model", "state": "", "marks": {}}
        if not (self.folder / "run.json").exists():
            return {"name": self.name, "kind": "gone", "state": "gone", "marks": {}}
        self.figures.read()
        found = _state(self.name)
        beat, last = found.facts["heartbeat.json"], found.facts["metrics.jsonl"]
        config = found.identity.get("config", {})
        step = max(int(beat.get("step", 0)), int(last.get("step", 0)))
        return {
            "name": self.name,
            "kind": "run",
            "state": found.state,
            "created": found.created,
            "step": step,
            "steps": config.get("steps"),
            "speed": last.get("tokens_per_second"),
            "as_chat": config.get("rows") != "text",
            "why": (beat.get("why", "") if found.state == "paused" else found.facts["failed.json"].get("reason", "")),
            "about": found.about,
            "checkpoints": [int(name.partition("-")[2]) for name in checkpoints(self.folder)],
            "reading": self.figures.behind,
            "marks": {
                "figures": self.figures.rows,
                "named": len(self.figures.names()),
                **self.record.marks(),
            },
        }


def _state(name: str) -> registry.Artifact:
    kind = of_word("run")
    assert kind is not None
    return registry.read(kind, name)


def secret() -> bytes:
    """What links are made of: kept, so that a page that is started again knows those whom it let in."""
    path = workspace() / "cache" / "explore.secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = path.read_bytes()
        if len(found) >= 32:
            return found
        handle = os.open(path, os.O_WRONLY | os.O_TRUNC)  # a disk was full when it was made
    made = secrets.token_bytes(32)
    with os.fdopen(handle, "wb") as file:
        file.write(made)
    return made


class Beside:
    """A page's server, which may end with a training."""

    def __init__(self, server: Answering, place: Place, training: int | None) -> None:
        self._server, self._place, self._training = server, place, training
        self._ended = threading.Event()

    def start(self) -> None:
        """Answer."""
        self._server.start()
        if self._training is not None:
            threading.Thread(target=self._end_with, args=(self._training,), daemon=True).start()

    def _end_with(self, training: int) -> None:
        while os.getppid() == training:  # also where it was killed, and could tell nobody
            if self._ended.wait(_LOOKS_S):
                return
        os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """Answer nothing more."""
        self._ended.set()
        self._place.close()
        self._server.stop()


def make_place(config: ExploreConfig) -> Place:
    """What the configuration asks for. UserError where there is no such run."""
    place = Place(config)
    if place.folder is not None and not (place.folder / "run.json").exists():
        resolve(config.model)  # which says what is there instead
    return place
