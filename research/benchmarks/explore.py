"""What the exploration page costs a training, and how soon it shows.

    python research/benchmarks/explore.py [--pairs 5] [--steps 600]

Prints: how long a browser takes to the page's first paint and to the first drawn chart, of a run with 1,000,000 logged
points (Chromium and its driver are wanted, else this is left out); how long the server takes to read them, to thin them
to a chart, and to answer 20 clients that all ask at once; and the seconds of training steps with somebody chatting on
the page beside, against without, as the ratio of alternating pairs. The chat answers, waits as a person does, and asks
again. Run it on a machine that does nothing else.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, load
from espalier.errors import run_main

_CLIENTS = 20
_POINTS = 1_000_000
_BETWEEN_S = 8.0
"""Seconds in which somebody reads a reply and types the next question."""


class Benchmark(Config):
    """How much to measure."""

    pairs: int = 5
    """Pairs of trainings, one with and one without somebody who chats."""
    steps: int = 600
    """Steps of each; the first third, in which the page begins and loads what models need, is not counted."""
    config: str = "stage1/configs/basil-trunk.yaml"
    """What is trained, from the checkout's folder."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/explore.py", doc=__doc__)
    with tempfile.TemporaryDirectory() as home:
        os.environ["ESPALIER_HOME"] = home
        show_a_million(Path(home))
    with tempfile.TemporaryDirectory() as home:
        os.environ["ESPALIER_HOME"] = home
        beside_a_training(Path(home), settings)


def show_a_million(home: Path) -> None:
    """A run with a million points: reading, thinning, 20 clients, and a browser."""
    import numpy as np

    from espalier.artifacts import records
    from espalier.artifacts.run import timestamp
    from explore.figures import Figures, thinned

    run = home / "runs" / "long"
    facts = {"name": "long", "config": {"steps": _POINTS}, "parents": {}, "created": timestamp(), "continued": []}
    records.write_json(run / "run.json", facts)
    values = np.random.default_rng(0).normal(size=_POINTS).cumsum()
    with open(run / "metrics.jsonl", "w") as file:
        file.writelines(json.dumps({"step": n, "loss": v, "lr": 0.01}) + "\n" for n, v in enumerate(values.tolist(), 1))
    figures = Figures(run / "metrics.jsonl")
    seconds = timed(lambda: figures.read(seconds=1e9))
    series = figures.series("loss")
    assert series is not None and len(series[0]) == _POINTS
    print(f"read {_POINTS:,} lines: {seconds:.2f} s; thin them to 800 pixels: ", end="")
    print(f"{1e3 * timed(lambda: thinned(series, 0, _POINTS, 800), 20):.1f} ms")
    with Page("long") as page:
        while page.ask("/state")["reading"]:
            time.sleep(0.1)
        one = timed(lambda: page.ask("/series", names=["loss", "lr"], width=800), 20)
        took: list[float] = []
        clients = [
            threading.Thread(target=lambda: took.append(timed(lambda: page.ask("/series", names=["loss"], width=800))))
            for _ in range(_CLIENTS)
        ]
        together = timed(lambda: [each.start() for each in clients] and [each.join() for each in clients])
        print(
            f"a chart of all of it: {1e3 * one:.0f} ms alone; {_CLIENTS} clients at once: all within {together:.2f} s"
        )
        in_browser(page)


def in_browser(page: "Page") -> None:
    """First paint, and the first chart, as Chromium tells them."""
    from tests.chromium import MISSING, open_chromium

    if MISSING:
        return print(f"first paint: not measured ({MISSING})")
    painted, drawn = [], []
    with open_chromium() as driver:
        for _ in range(5):
            driver.get("about:blank")
            begun = time.perf_counter()
            driver.get(page.link)
            while not driver.execute_script("return document.querySelector('[data-name=loss] .line') !== null"):
                time.sleep(0.01)
            drawn.append(time.perf_counter() - begun)
            (paint,) = driver.execute_script("return performance.getEntriesByName('first-contentful-paint')")
            painted.append(paint["startTime"])
    print(f"first paint: {statistics.median(painted):.0f} ms; the first chart: {statistics.median(drawn):.2f} s")


def beside_a_training(home: Path, settings: Benchmark) -> None:
    """The seconds of steps with somebody who chats, against without, in turn."""
    ratios = []
    train(home, settings, "warm", chats=False)
    for number in range(settings.pairs):
        order = (False, True) if number % 2 else (True, False)
        took = {chats: train(home, settings, f"pair-{number}-{chats}", chats) for chats in order}
        ratios.append(took[False] / took[True])
        print(f"pair {number + 1}: {took[False]:.2f} s without, {took[True]:.2f} s with: speed {ratios[-1]:.3f}")
    print(f"speed with somebody who chats: {statistics.median(ratios):.3f} (median of {len(ratios)} pairs)")


def train(home: Path, settings: Benchmark, name: str, chats: bool) -> float:
    """Train a run; returns the seconds of its steps but for the first third."""
    more = ["--name", name, "--steps", str(settings.steps), "--checkpoint_every", str(max(settings.steps // 10, 1))]
    more += ["--log_every", "1", "--publish", "false", *(["--serve_while_training"] if chats else [])]
    command = [sys.executable, str(repo_root() / "stage1/train.py"), str(repo_root() / settings.config), *more]
    with open(home / f"{name}.txt", "w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        if chats:
            said = home / f"{name}.txt"
            while process.poll() is None and "#enter=" not in said.read_text():
                time.sleep(0.2)
            chat_until(Page.at(said.read_text()), process)
        if process.wait():
            raise SystemExit((home / f"{name}.txt").read_text())
    logged = (home / "runs" / name / "metrics.jsonl").read_text().splitlines()
    lines = [json.loads(line) for line in logged if '"seconds"' in line]
    first = lines[len(lines) // 3]
    return float(lines[-1]["seconds"] - first["seconds"])


def chat_until(page: "Page", process: "subprocess.Popen[Any]") -> None:
    """Ask, read, and ask again, until the training has ended."""
    replies = 0
    while process.poll() is None:
        try:
            models = page.ask("/state")["models"]
            if models:
                said = [{"role": "user", "content": "Yesterday I goed to the market. What did I do wrong?"}]
                page.ask("/v1/chat/completions", model=models[0], messages=said, max_tokens=64, temperature=0.7)
                replies += 1
        except OSError:
            pass  # no checkpoint that could be asked, or the page has ended
        end = time.monotonic() + _BETWEEN_S
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
    print(f"    {replies} replies", flush=True)


class Page:
    """The page on a run, in a process of its own."""

    def __init__(self, run: str) -> None:
        command = [sys.executable, str(repo_root() / "explore/run.py"), run, "--port", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._find(self._process.stdout.readline())

    @classmethod
    def at(cls, said: str) -> "Page":
        """The one whose link is in what was said."""
        page = cls.__new__(cls)
        page._find(next(line for line in said.splitlines() if "#enter=" in line))
        return page

    def _find(self, line: str) -> None:
        self.link = line.split(": ", 1)[1].strip()
        self._url, _, self._token = self.link.partition("/#enter=")
        told = self._open("/enter", {"token": self._token}, {})
        self._cookie = str(told.headers["set-cookie"]).partition(";")[0]

    def ask(self, path: str, **told: Any) -> Any:
        """The answer to a question."""
        return json.loads(self._open(path, told, {"Cookie": self._cookie}).read())

    def _open(self, path: str, told: Any, headers: dict[str, str]) -> Any:
        given = {"Content-Type": "application/json", "Origin": self._url, **headers}
        return urllib.request.urlopen(urllib.request.Request(self._url + path, json.dumps(told).encode(), given))

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def timed(act: Callable[[], Any], times: int = 1) -> float:
    """Seconds that it takes; the median of several times."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        took.append(time.perf_counter() - begun)
    return statistics.median(took)


if __name__ == "__main__":
    run_main(main)
