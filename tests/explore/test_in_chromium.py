"""The page in a real browser: beside a training that runs, killed under, on a phone, and with words that would run."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records
from tests.chromium import CONTRASTS, MISSING, Visitor, open_chromium
from tests.evaluation.report.made_up import HOSTILE
from tests.explore.made_up import make_run
from tests.explore.test_talk import keep
from tests.processes import ROOT
from tests.served import Served, port
from tests.stage1.commands import TRUNK, make_mix, write_config

pytestmark = [pytest.mark.skipif(bool(MISSING), reason=MISSING), pytest.mark.slow]
ENTER = "\ue007"
TABS = ("watch", "chat", "listen", "journal", "inside", "scores")


class Person(Visitor):
    """Somebody at the page of a run."""

    there = "[role=tab], [data-locked]"
    patience_s = 240

    def words(self, selector: str) -> str:
        return "\n".join(self.exactly(selector))

    def key(self, key: str) -> None:
        """A key that is meant for the page, and not for a field that one writes in."""
        self.driver.execute_script("document.activeElement?.blur()")
        self.driver.find_element("css selector", "body").send_keys(key)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with open_chromium() as driver:
        yield driver


@pytest.fixture
def person(chromium: Any) -> Person:
    somebody = Person(chromium)
    somebody.forget()
    return somebody


def explore(*words: object) -> Served:
    return Served("explore/run.py", *words, "--device", "cpu")


def link_of(server: Served) -> str:
    return next(iter(server.links.values()))


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_every_tab_shows_what_was_kept_as_words_and_can_be_read(workspace, person, width, dark):
    run = make_run(workspace)
    keep(run, 20, seed=2)
    with explore("core", "--port", 0) as server:
        person.come(link_of(server), width, dark)
        person.until(lambda: person.all("[data-name=loss] .line") and person.all(".happened .high"))
        person.driver.execute_script("document.querySelector('.happened .high .row').click()")
        person.until(lambda: HOSTILE[0] in person.words(".evidence pre"))
        for place, tab in enumerate(TABS, start=1):
            person.key(str(place))
            person.until(lambda tab=tab: person.all(f"#panel-{tab}:not([hidden])"))
            if tab == "listen":
                person.until(
                    lambda: HOSTILE[0] in person.words(".over-time") and HOSTILE[1] in person.words(".dialogue")
                )
            if tab == "journal":
                person.until(lambda: HOSTILE[0] in person.words("blockquote"))
            if tab == "inside":
                person.until(lambda: "0.9 of new words" in person.words(".probes"))
            if tab == "scores":
                person.until(lambda: "evaluation/run.py --models core@step-000020" in person.words(".scores pre"))
            overflow = "return document.documentElement.scrollWidth - innerWidth"
            assert person.driver.execute_script(overflow) <= 0, tab
            least, where = person.driver.execute_script(CONTRASTS)
            assert least >= 4.5, (tab, where)
        person.clean()


@contextmanager
def training(workspace: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A training that goes on until it is told to stop, with its page beside it; and what both say."""
    make_mix(workspace)
    checkin = {"every": 50, "prompts": [HOSTILE[0]], "max_new_tokens": 4}
    config = write_config(workspace, TRUNK, steps=10**6, checkpoint_every=10**5, checkin=checkin, heldout={"every": 0})
    output = workspace / "output.txt"
    command = [
        sys.executable,
        str(ROOT / "stage1/train.py"),
        str(config),
        "--serve_while_training",
        "--monitors.policy",  # so small a model learns by leaps, and is not to be paused for one
        str(ROOT / "training/watching/policies/log.yaml"),
        "--publish",
        "false",
    ]
    with open(output, "wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield process, output
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def link_in(person: Person, output: Path) -> str:
    person.until(lambda: re.search(r"http://\S+#enter=\w+", output.read_text()))
    found = re.search(r"http://\S+#enter=\w+", output.read_text())
    assert found
    return found[0]


def test_beside_a_training_that_runs(workspace, person):
    with training(workspace) as (process, output):
        link = link_in(person, output)
        person.come(link)
        person.until(lambda: person.all("[data-state=running]") and person.all("[data-name=loss] .line"))
        before = person.words("#bar .place")
        person.until(lambda: person.words("#bar .place") != before)

        person.key("2")
        person.until(lambda: "There is no checkpoint yet" in person.words(".chat"))
        person.key("c")
        person.until(lambda: person.all("dialog"))
        person.press(ENTER)
        person.until(lambda: person.all(".chat select option"))
        person.all(".composer textarea")[0].send_keys("I goed." + ENTER)
        person.until(lambda: person.words(".composer .main") == "Stop")
        person.until(lambda: person.words(".composer .main") == "Send")
        assert "I goed." in person.words(".turn.user") and person.words(".turn .caution") == ""

        beat = workspace / "runs" / "trunk" / "heartbeat.json"
        person.key("p")
        person.until(lambda: person.all("dialog"))
        assert not (workspace / "runs" / "trunk" / "control").exists(), "nothing is told before it is confirmed"
        person.press(ENTER)
        person.until(lambda: person.all("[data-state=paused]"))
        assert records.read_json(beat)["state"] == "paused"
        person.key("p")
        person.until(lambda: person.all("dialog"))
        person.press(ENTER)
        person.until(lambda: person.all("[data-state=running]"))
        person.key("4")
        person.until(lambda: "operator" in person.words(".passages"))
        person.all("[data-word=stop]")[0].click()
        person.until(lambda: person.all("dialog"))
        person.all("dialog [value=yes]")[0].click()
        person.until(lambda: process.poll() is not None)
        assert process.returncode == 0
        person.until(lambda: "Nobody answers" in person.words("#said"))
        person.clean()


def test_a_page_that_crashes_leaves_training_alone_and_one_ends_with_a_killed_training(workspace, person):
    import psutil

    with training(workspace) as (process, output):
        link_in(person, output)
        (page,) = psutil.Process(process.pid).children()
        page.kill()
        person.until(lambda: page.status() == psutil.STATUS_ZOMBIE)
        run = workspace / "runs" / "trunk"
        at = records.last_jsonl(run / "metrics.jsonl") or {"step": 0}
        person.until(lambda: (records.last_jsonl(run / "metrics.jsonl") or at)["step"] > at["step"] + 5)
        process.send_signal(signal.SIGINT)
        person.until(lambda: process.poll() is not None)
        assert process.returncode == 130 and "the page ended by itself" in output.read_text()
    shutil.rmtree(run)
    shutil.rmtree(workspace / "mixes")
    with training(workspace) as (process, output):
        link_in(person, output)
        (page,) = psutil.Process(process.pid).children()
        process.kill()
        process.wait()
        person.until(lambda: not page.is_running() or page.status() == psutil.STATUS_ZOMBIE)


def test_a_page_goes_on_by_itself_where_its_server_was_killed_and_says_that_a_run_was_removed(workspace, person):
    run = make_run(workspace)
    words = ("core", "--port", port())
    with explore(*words) as server:
        person.come(link_of(server))
        person.until(lambda: person.all("[data-name=loss] .line"))
        server.end(signal.SIGKILL)
        person.until(lambda: "Nobody answers" in person.words("#said"))
    records.append_jsonl(run / "metrics.jsonl", {"step": 77, "loss": 0.5, "fresh": 1.0})
    with explore(*words):
        person.until(lambda: "step 77 of 80" in person.words("#bar") and person.all("[data-name=fresh] circle"))
        assert person.words("#said") == ""
        shutil.rmtree(run)
        person.until(lambda: "This run was removed" in person.words("#main"))
    person.clean()


def test_two_checkpoints_side_by_side_and_two_servers_at_once(workspace, person):
    run = make_run(workspace)
    keep(run, 10, seed=1)
    keep(run, 20, seed=2)
    with explore("core", "--port", 0) as server, explore("core", "--port", 0) as other:
        assert server.port != other.port
        person.come(link_of(other))
        person.until(lambda: person.all("[data-name=loss]"))
        person.come(link_of(server))
        person.key("2")
        person.until(lambda: person.all(".chat select option"))
        next(each for each in person.all(".chat .tools button") if "Compare" in each.text).click()
        person.until(lambda: len(person.all(".pane")) == 2)
        person.all(".composer textarea")[0].send_keys("I goed to the market." + ENTER)
        person.until(lambda: person.words(".composer .main") == "Stop")
        person.until(lambda: person.words(".composer .main") == "Send")
        said = [each.text for each in person.all(".turn.assistant")]
        assert len(said) == 2 and said[0].splitlines()[1:] != said[1].splitlines()[1:]
        person.driver.get(f"http://{server.host}/#enter={'0' * 64}")
        person.driver.refresh()
        person.until(lambda: "not known here" in person.words("[data-locked]"))
