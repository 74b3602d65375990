"""A run as a training leaves it, without one, and a page on it in this process."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.artifacts.run import timestamp
from espalier.pages.listening import PageServer, hold, hosts_of, url_of
from espalier.pages.tokens import Tokens
from espalier.signals.records import Dialogue, Said, Severity, Signal, Turn
from espalier.signals.store import SignalStore
from explore.config import ExploreConfig
from explore.page import make_app
from explore.place import make_place
from tests import served
from tests.evaluation.report.made_up import HOSTILE
from tests.served import Answer


def make_run(workspace: Path, name: str = "core", *, points: int = 40) -> Path:
    """A run that was interrupted at step `points`, and was watched."""
    folder = workspace / "runs" / name
    config = {"steps": 2 * points, "rows": "chat"}
    records.write_json(
        folder / "run.json", {"name": name, "config": config, "parents": {}, "created": timestamp(), "continued": []}
    )
    lines = [{"step": step, "loss": 3 / (1 + step), "lr": 0.01} for step in range(1, points + 1)]
    records.write_jsonl(folder / "metrics.jsonl", lines)
    (folder / "journal.md").write_text("".join(f"## Step {step}\n\n> {HOSTILE[0]}\n\n" for step in (10, 20)))
    with SignalStore.open(folder) as store:
        for step in (10, 20):
            high = Severity.HIGH if step == 20 else None
            found = Signal(
                name="rate", value=step / 100, severity=high, said=HOSTILE[1], evidence={"texts": HOSTILE[:2]}
            )
            store.add_signals(step, "repetition", [found])
            store.add_answers(step, [Said(asked="Who are you?", reply=HOSTILE[0], finish="stop", prompt=0)])
            turns = [
                Turn(role="user", said="I go.", finish="given"),
                Turn(role="assistant", said=HOSTILE[1], finish="stop"),
            ]
            store.add_dialogues(step, [Dialogue(turns=turns)])
        store.add_event(20, "run", "paused", "repetition: too much")
        store.add_picture(20, "probes", {"1": {"tense": {"accuracy": 0.9, "control": 0.5, "selectivity": 0.4}}})
    return folder


class Page:
    """A page that is served in this process."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token, self.host = port, token, f"127.0.0.1:{port}"
        self.cookie = ""

    def request(
        self, path: str, told: Any = None, *, method: str = "POST", body: bytes | None = None, **headers: str | None
    ) -> Answer:
        """As `served.ask` does, with the cookie that it was given."""
        headers = {"cookie": self.cookie or None, **headers}
        return served.ask(self.port, path, told, method=method, body=body, **headers)

    def ask(self, path: str, **told: Any) -> Any:
        """The answer to a question, which has one."""
        status, _, content = self.request(path, told)
        assert status == 200, content
        return json.loads(content)

    def enter(self) -> None:
        """Come in by the link."""
        status, headers, _ = self.request("/enter", {"token": self.token})
        assert status == 200
        self.cookie = headers["set-cookie"].partition(";")[0]

    def news(self) -> Iterator[dict[str, Any]]:
        """What it tells by itself."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request("GET", "/news", headers={"Host": self.host, "Cookie": self.cookie})
            answer = connection.getresponse()
            assert answer.status == 200 and answer.getheader("content-type", "").startswith("text/event-stream")
            while line := answer.readline():
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


@contextmanager
def page_on(model: str, **config: Any) -> Iterator[Page]:
    """A page on a run or a model, at which one has come in."""
    place = make_place(ExploreConfig(model=model, **config))
    with hold("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        tokens = Tokens(b"s" * 32, [place.name], port)
        server = PageServer(make_app(place, tokens, hosts_of(held)), held)
        server.start()
        try:
            page = Page(port, tokens.link(place.name, url_of(held)).partition("=")[2])
            page.enter()
            yield page
        finally:
            place.close()
            server.stop()
