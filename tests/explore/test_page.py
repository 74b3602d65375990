"""The page's server: who may ask it what, what it tells, and that nothing of it reaches past the run."""

import shutil
import threading
from contextlib import suppress

import pytest

from espalier.artifacts import records
from espalier.artifacts.lock import Lock
from espalier.errors import UserError
from espalier.signals.store import SignalStore
from explore.config import ExploreConfig
from explore.place import make_place, secret
from tests.evaluation.report.made_up import HOSTILE
from tests.explore.made_up import make_run, page_on

ASKED = (
    "/state",
    "/series",
    "/happened",
    "/answers",
    "/turns",
    "/journal",
    "/picture",
    "/inside",
    "/scores",
    "/operate",
)


@pytest.fixture
def run(workspace):
    return make_run(workspace)


@pytest.fixture
def page(run):
    with page_on("core") as it:
        yield it


def test_without_the_token_there_is_nothing_but_the_empty_page(page):
    page.cookie = ""
    assert page.request("/", method="GET")[0] == 200
    for path in ASKED:
        assert page.request(path)[0] == 401 and page.request(path, method="GET")[0] == 405
    assert page.request("/news", method="GET")[0] == 401
    assert page.request("/v1/models", method="GET")[0] == page.request("/v1/chat/completions")[0] == 401
    assert page.request("/enter", {"token": "é"})[0] == page.request("/enter", ["a"])[0] == 401
    page.cookie = f"espalier_{page.port}={'0' * 64}"
    assert page.request("/state")[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"}, {"host": None}, {"host": "localhost:1"}, {"origin": None}, {"origin": "null"},
        {"origin": "https://evil.example"}, {"origin": "http://127.0.0.1:1"}, {"content_type": "text/plain"},
        {"content_type": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_comes_from_elsewhere_is_refused_though_it_has_the_cookie(page, headers):
    for path, told in (("/operate", {"word": "stop", "confirmed": True}), ("/state", {})):
        assert page.request(path, told, **headers)[0] in (400, 403, 415)


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_a_cookie_alone_does_not_let_another_page_chat(page, origin):
    """Programs come through without an origin, by the token as their key; a browser's cookie is no key."""
    asked = {"model": "core", "messages": [{"role": "user", "content": "Hi"}]}
    assert page.request("/v1/chat/completions", asked, origin=origin)[0] in (401, 403)
    key = {"authorization": f"Bearer {page.token}", "cookie": None}
    assert page.request("/v1/chat/completions", asked, origin=origin, **key)[0] == (404 if origin is None else 403)
    assert page.request("/v1/chat/completions", asked, origin=None, authorization="Bearer no", cookie=None)[0] == 401


def test_nothing_runs_on_the_page_but_its_own_script(page):
    for path, method in (("/", "GET"), ("/page.js", "GET"), ("/state", "POST"), ("/nothing", "GET")):
        _, headers, _ = page.request(path, method=method)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "require-trusted-types-for" in policy
        assert headers["cache-control"] == "no-store" and "server" not in headers
    script = page.request("/page.js", method="GET")[2]
    assert not any(way in script for way in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "document.write"))


def test_how_things_stand(page, run):
    found = page.ask("/state")
    assert (found["name"], found["state"], found["step"], found["steps"]) == ("core", "interrupted", 40, 80)
    assert found["logged"] == {"figures": ["loss", "lr"], "signals": ["repetition.rate"]}
    assert found["pictures"] == {"probes": [20]} and found["models"] == [] and found["trouble"] == ""
    assert found["marks"]["turns"] == 4 and found["marks"]["figures"] == 40


def test_figures_and_signals_are_asked_for_alike(page):
    found = page.ask("/series", names=["loss", "repetition.rate", "nothing", "../../run.json"], width=300)
    assert list(found["series"]) == ["loss", "repetition.rate"]
    assert (found["first"], found["last"]) == (0, 40) and found["series"]["loss"]["points"] == 40
    assert found["series"]["repetition.rate"] == {"points": 2, "steps": [10, 20], "values": [0.1, 0.2]}
    assert page.ask("/series", names=["loss"], first=5, last=7, width=300)["series"]["loss"]["steps"] == [5, 6, 7]
    assert page.ask("/series", names=["loss"], first=-3, last="x", width=None)["last"] == 40
    assert page.request("/series", {"names": "loss"})[0] == 422


def test_what_was_said_comes_whole_and_older_pieces_on_demand(page, monkeypatch):
    happened = page.ask("/happened")
    assert [each["step"] for each in happened["alarms"]] == [20]
    assert happened["alarms"][0]["evidence"] == {"texts": HOSTILE[:2]} and happened["events"][0]["what"] == "paused"
    answers = page.ask("/answers")["answers"]
    assert [each["step"] for each in answers] == [20, 10] and answers[0]["reply"] == HOSTILE[0]
    assert [each["step"] for each in page.ask("/answers", before=answers[0]["id"])["answers"]] == [10]
    assert [each["turn"] for each in page.ask("/turns")["turns"]] == [1, 0, 1, 0]
    assert page.ask("/picture", what="probes", step=20)["value"]["1"]["tense"]["accuracy"] == 0.9
    assert page.ask("/picture", what="probes", step=21)["value"] is None
    monkeypatch.setattr("explore.record._PIECE", 100)
    piece = page.ask("/journal")
    assert piece["text"].startswith("## Step 20") and "Step 10" not in piece["text"]
    assert page.ask("/journal", before=piece["begin"])["text"].startswith("## Step 10")


def test_a_figure_is_read_anew_where_its_run_went_back(page, run):
    assert page.ask("/series", names=["repetition.rate"])["series"]["repetition.rate"]["steps"] == [10, 20]
    with SignalStore.open(run) as store:
        store.truncate(10)
        store.add_event(12, "operator", "resumed", "")
    assert page.ask("/series", names=["repetition.rate"])["series"]["repetition.rate"]["steps"] == [10]


def test_a_word_wants_a_confirmation_and_a_training(page, run):
    assert page.request("/operate", {"word": "stop"})[0] == 422
    status, _, content = page.request("/operate", {"word": "stop", "confirmed": True})
    assert status == 422 and "does not train now" in content and not (run / "control").exists()
    lock = Lock(run / "lock")
    lock.acquire("run core")
    try:
        for wrong in ({"word": "rm"}, {"word": None}, {"word": "every", "every": 0}, {"word": "every", "every": True}):
            assert page.request("/operate", {"confirmed": True, **wrong})[0] == 422
        assert not (run / "control").exists()
        assert "was told: pause" in page.ask("/operate", word="pause", confirmed=True)["said"]
        assert (run / "control").read_text() == "pause\n"
        page.ask("/operate", word="every", every=250, confirmed=True)
        assert (run / "control").read_text() == "pause\nevery 250\n"
    finally:
        lock.release()


def test_pages_are_told_what_is_new_and_that_a_run_was_removed(page, run):
    news = page.news()
    before = next(news)
    assert before["step"] == 40
    records.append_jsonl(run / "metrics.jsonl", {"step": 41, "loss": 0.1})
    after = next(news)
    assert after["step"] == 41 and after["marks"]["figures"] == before["marks"]["figures"] + 1
    shutil.rmtree(run)
    assert next(each for each in news if each["kind"] == "gone")
    assert page.ask("/state")["kind"] == "gone" and page.ask("/happened")["alarms"] == []


def test_twenty_pages_at_once_hear_of_it(page, run):
    heard = []
    begun = threading.Barrier(21)

    def follow() -> None:
        news = page.news()
        first = next(news)
        begun.wait()
        heard.append((first["step"], next(news)["step"]))

    pages = [threading.Thread(target=follow) for _ in range(20)]
    for each in pages:
        each.start()
    begun.wait()
    records.append_jsonl(run / "metrics.jsonl", {"step": 50, "loss": 0.1})
    for each in pages:
        each.join()
    assert heard == [(40, 50)] * 20


def test_a_damaged_history_is_told_and_the_rest_is_shown(page, run):
    (run / "signals.db").write_bytes(b"no database at all" * 100)
    found = page.ask("/state")
    assert "signals.db" in found["trouble"] and found["logged"]["figures"] == ["loss", "lr"]
    assert page.ask("/happened") == {"alarms": [], "events": []}


def test_a_run_that_nothing_watched_and_one_that_has_only_begun(workspace):
    for file in ("signals.db", "journal.md", "metrics.jsonl"):
        folder = make_run(workspace, f"without-{file.partition('.')[0]}")
        (folder / file).unlink()
        with page_on(folder.name) as page:
            assert page.ask("/state")["state"] == "interrupted" and page.ask("/journal") is not None
            assert page.ask("/answers")["answers"] is not None and "series" in page.ask("/series", names=["loss"])


def test_scores_are_shown_by_checkpoint(page, workspace):
    def scores(name: str, spec: str, value: float, choices: dict | None) -> None:
        folder = workspace / "scores" / name
        identity = {
            "suite": {"name": "baseline"},
            "cases": {"number": 9},
            "models": {"m": {"spec": spec, "kind": "run"}},
        }
        records.write_json(folder / "scores.json", {"identity": identity, "created": name})
        facts = {
            "kind": "scores",
            "decides": "choice_correct",
            "headline": {"m": value},
            "intervals": {"m": [0.1, 0.9]},
        }
        records.write_manifest(folder, facts | ({"choices": {"m": choices}} if choices else {}))

    scores("a", "run:core@step-000020", 0.5, {"items": 9, "wrong": 4, "wrong_but_sound": 3})
    scores("b", "run:core@step-000010", 0.4, None)
    scores("c", "run:core-other", 0.9, None)
    scores("d", "run:core", 0.6, {"items": 9, "wrong": 2, "wrong_but_sound": 0})
    records.write_json(workspace / "scores" / "e" / "manifest.json", {"headline": []})
    (suite,) = page.ask("/scores")["suites"]
    assert [(each["step"], each["value"]) for each in suite["checkpoints"]] == [(10, 0.4), (20, 0.5), (None, 0.6)]
    assert suite["checkpoints"][1]["choices"] == {"items": 9, "wrong": 4, "wrong_but_sound": 3}


def test_what_is_no_request_is_an_answer_and_no_traceback(page, capfd):
    for path in ASKED:
        for body, statuses in ((b"{", (400,)), (b"[" * 50000, (400,)), (b" " * 70000, (413,)), (b"null", (200, 422))):
            assert page.request(path, body=body)[0] in statuses, (path, body[:9])
    told = {"names": [HOSTILE[4]], "what": "\ud83d", "before": "<b>", "text": "\ud83d", "model": "../..", "step": -1}
    for path in ASKED:
        assert page.request(path, told)[0] in (200, 422)
    assert page.request("/../explore/run.py", method="GET")[0] == 404
    assert "Traceback" not in capfd.readouterr().err


def test_names_of_nothing_are_told_with_what_is_near(run):
    with pytest.raises(UserError, match="core"):
        make_place(ExploreConfig(model="run:cor"))
    with pytest.raises(UserError, match="did you mean core"):
        make_place(ExploreConfig(model="coer"))


def test_links_stay_the_same_and_nobody_else_can_read_what_they_are_made_of(workspace):
    first = secret()
    assert secret() == first and len(first) == 32
    assert (workspace / "cache" / "explore.secret").stat().st_mode & 0o077 == 0
    (workspace / "cache" / "explore.secret").write_bytes(b"")
    assert len(secret()) == 32


def test_a_port_that_is_taken(run, capsys):
    import socket

    from explore import run as command

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="is taken"):
            command.main(["core", "--port", str(taken.getsockname()[1])])
    with socket.socket() as usual:
        usual.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # of one who had it just now
        with suppress(OSError):  # somebody else has it, which is as good
            usual.bind(("127.0.0.1", 8020))
            usual.listen()
        with command.hold_port(ExploreConfig(model="core")) as held:
            assert held.getsockname()[1] not in (0, 8020)
    with pytest.raises(UserError, match="not all of"):
        command.main(["core", "--host", "0.0.0.0"])
