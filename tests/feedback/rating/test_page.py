"""The page's server: who may ask it what, and what it gives away."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from feedback import rate
from feedback.rating.store import Store
from tests.feedback.rating.made_up import MODELS, lines, vote_on, write
from tests.feedback.rating.served import Served


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[object]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("ESPALIER_HOME", str(folder))
        write(folder / "replies.jsonl", lines(30))
        yield folder


@pytest.fixture(scope="module")
def server(home) -> Iterator[Served]:
    with Served(
        "--replies", home / "replies.jsonl", "--name", "quagga-zebra", "--port", 0, "--raters", "Anna", "Ben Ó"
    ) as it:
        yield it


@pytest.fixture(autouse=True)
def workspace(home, monkeypatch):
    monkeypatch.setenv("ESPALIER_HOME", str(home))


@pytest.fixture
def anna(server):
    return server.cookie("Anna")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"}, {"host": None}, {"host": "127.0.0.1"}, {"host": "127.0.0.1.evil.example:80"},
        {"host": "localhost:1"}, {"host": "rebound.example:80", "origin": "http://rebound.example:80"},
        {"origin": None}, {"origin": "null"}, {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:1"}, {"origin": "http://127.0.0.1"}, {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"}, {"content_type": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_comes_from_elsewhere_is_refused_though_it_has_the_cookie(server, anna, headers):
    status, _, said = server.ask("/state", cookie=anna, **headers)
    assert status in (400, 403, 415) and "item" not in said


def test_a_name_of_this_machine_that_another_gave_it_is_refused_for_reading_too(server):
    assert server.ask("/", method="GET", host=f"rebound.example:{server.port}")[0] == 403
    assert server.ask("/", method="GET", origin=None)[0] == 200
    assert server.ask("/", method="GET", host=f"localhost:{server.port}")[0] == 200


def test_without_a_token_there_is_nothing_but_the_empty_page(server):
    for path in ("/state", "/vote", "/earlier", "/agreement"):
        assert server.ask(path)[0] == 401
        assert server.ask(path, cookie=f"espalier_{server.port}={'0' * 64}")[0] == 401
        assert server.ask(path, method="GET")[0] == 405
    assert server.ask("/enter", {"token": "é"})[0] == server.ask("/enter", ["a"])[0] == 401
    assert server.ask("/../feedback/rate.py", method="GET")[0] == 404


def test_a_cookie_that_scripts_and_other_sites_do_not_get(server):
    token = server.links["Anna"].rpartition("=")[2]
    _, headers, _ = server.ask("/enter", {"token": token})
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(headers["set-cookie"].split("; "))
    assert len({link.rpartition("=")[2] for link in server.links.values()}) == 2


def test_nothing_runs_on_the_page_but_its_own_script(server, anna):
    for path, method in (("/", "GET"), ("/page.js", "GET"), ("/state", "POST"), ("/nothing", "GET")):
        _, headers, _ = server.ask(path, method=method, cookie=anna)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        assert "server" not in headers
    assert "<script>" not in server.ask("/", method="GET")[2]


def test_no_models_name_reaches_the_browser(server, anna):
    said = [server.ask(path, method="GET") for path in ("/", "/page.js", "/page.css")]
    said += [server.ask(path, cookie=anna) for path in ("/state", "/agreement", "/earlier")]
    state = json.loads(server.ask("/state", cookie=anna)[2])
    said.append(server.ask("/vote", vote_on(state["item"], None, nonce="blindness"), cookie=anna))
    for status, headers, content in said:
        assert status in (200, 404)
        for name in (*MODELS, "quagga", "zebra", "case 1"):
            assert name not in content and name not in str(headers)


def test_what_is_no_request_is_an_answer_and_no_traceback(server, anna):
    for body, status in ((b"{", 400), (b"\xff", 400), (b"[" * 50000, 400), (b" " * 70000, 413), (b"null", 422)):
        assert server.ask("/vote", body=body, cookie=anna)[0] == status
    assert server.ask("/earlier", {"before": "<b>", "skipped": 3}, cookie=anna)[0] in (200, 404)


def test_a_second_server_is_refused_and_an_export_is_not(server, home):
    again = [sys.executable, str(repo_root() / "feedback/rate.py"), "--name", "quagga-zebra", "--port"]
    done = subprocess.run([*again, "0"], capture_output=True, text=True)
    assert done.returncode == 2
    assert (
        done.stderr
        == f"error: ratings quagga-zebra is in use by process {server.process.pid}; wait for it or stop it first\n"
    )
    done = subprocess.run([*again, str(server.port)], capture_output=True, text=True)
    assert done.returncode == 2 and f"port {server.port} is taken" in done.stderr
    done = subprocess.run([*again[:-1], "--export", str(home / "a.jsonl")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_votes_that_were_acknowledged_outlive_kill_9_and_links_stay(home):
    words = ("--replies", home / "replies.jsonl", "--name", "killed", "--raters", "Anna")
    with Served(*words, "--port", 0) as first:
        cookie = first.cookie("Anna")
        state = json.loads(first.ask("/state", cookie=cookie)[2])
        for number in range(20):
            vote = vote_on(state["item"], {"better": "left", "why": {}}, nonce=f"vote-{number:04d}")
            state = json.loads(first.ask("/vote", vote, cookie=cookie)[2])
        assert first.end(signal.SIGKILL)[0] == -signal.SIGKILL
    with Served(*words[2:], "--port", 0) as second:
        token = cookie.partition("=")[2]
        again = json.loads(second.ask("/state", cookie=f"espalier_{second.port}={token}")[2])
        assert (again["progress"], again["item"]) == (state["progress"], state["item"])
        assert second.links["Anna"].endswith(token)
        code, said = second.end()
    assert (code, said) == (0, f"ended; 20 votes are in {home}/ratings/killed.db\n"), "and nothing was logged"
    with Store.read("killed") as store:
        assert len({vote.id for vote in store.votes()}) == 20


@pytest.mark.parametrize(
    ("host", "complaint"),
    [
        ("0.0.0.0", "not all of"),
        ("::", "not all of"),
        ("192.0.2.1", "no address of"),
        ("localhost", "wants an address"),
    ],
)
def test_hosts_that_are_none(home, host, complaint):
    with pytest.raises(UserError, match=complaint):
        rate.main(["--name", "no", "--host", host])
    assert not (home / "ratings" / "no.db").exists()
