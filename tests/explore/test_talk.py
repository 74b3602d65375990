"""Talking to checkpoints, in the form of OpenAI's API, while they come and go."""

import http.client
import json
import threading
from contextlib import closing

import pytest

from espalier.artifacts import records
from espalier.generation.generate import generate
from espalier.models.loading import load_for_inference, save_model
from espalier.serving.worker import Worker
from tests import tiny
from tests.explore.made_up import make_run, page_on

SAID = [{"role": "user", "content": "I goed to the market."}]


def keep(run, step: int, seed: int) -> None:
    """A checkpoint of a run."""
    folder = run / "checkpoints" / f"step-{step:06d}"
    folder.mkdir(parents=True)
    save_model(tiny.model(seed, init_std=0.6), tiny.renderer(), folder, None)
    records.write_manifest(folder, {"kind": "checkpoint", "step": step})


@pytest.fixture
def run(workspace):
    folder = make_run(workspace)
    keep(folder, 10, seed=1)
    keep(folder, 20, seed=2)
    return folder


@pytest.fixture
def page(run):
    with page_on("core", device="cpu") as it:
        yield it


def expected(name: str, max_tokens: int = 12) -> str:
    model, renderer = load_for_inference(name, device="cpu")
    return generate(model, renderer, [SAID], max_new_tokens=max_tokens)[0].text


def reply(page, model: str, **more) -> str:
    return page.ask("/v1/chat/completions", model=model, messages=SAID, max_tokens=12, **more)["choices"][0]["message"][
        "content"
    ]


def pieces(page, model: str, max_tokens: int = 12):
    """The pieces of a streamed reply, as they come."""
    with closing(http.client.HTTPConnection("127.0.0.1", page.port)) as connection:
        body = json.dumps({"model": model, "messages": SAID, "max_tokens": max_tokens, "stream": True})
        headers = {"Host": page.host, "Authorization": f"Bearer {page.token}", "Content-Type": "application/json"}
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        assert answer.status == 200
        while line := answer.readline():
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])


def test_each_checkpoint_answers_as_itself_and_the_run_as_its_newest(page):
    one, two = expected("core@step-000010"), expected("core@step-000020")
    assert one != two
    assert page.ask("/state")["models"] == ["core", "core@step-000020", "core@step-000010"]
    for _ in range(2):
        assert reply(page, "core@step-000010") == one
        assert reply(page, "core@step-000020") == reply(page, "core") == two
    found = list(pieces(page, "core@step-000010"))
    assert "".join(each["choices"][0]["delta"].get("content", "") for each in found) == one and len(found) > 4
    listed = json.loads(page.request("/v1/models", method="GET")[2])["data"]
    assert [each["id"] for each in listed] == ["core", "core@step-000020", "core@step-000010"]
    assert listed[0]["meta"]["content_hash"] == listed[1]["meta"]["content_hash"]


def test_checkpoints_come_and_go(page, run):
    before = reply(page, "core")
    keep(run, 30, seed=3)
    records.remove_folder(run / "checkpoints" / "step-000010")
    assert reply(page, "core") == expected("core@step-000030") != before
    status, _, said = page.request("/v1/chat/completions", {"model": "core@step-000010", "messages": SAID})
    assert status == 404 and "did you mean core@step-0000" in said
    records.remove_folder(run / "checkpoints" / "step-000030")
    keep(run, 30, seed=4)  # a run that went back, and came out elsewhere
    assert reply(page, "core@step-000030") == expected("core@step-000030")
    (run / "checkpoints" / "step-000030" / "model.safetensors").write_bytes(b"")
    status, _, said = page.request("/v1/chat/completions", {"model": "core@step-000030", "messages": SAID})
    assert status == 400 and "changed since" in said


def test_only_a_few_are_in_memory(run):
    from espalier.models.pool import Placement
    from explore.names import references
    from explore.shelf import Shelf

    keep(run, 30, seed=3)
    shelf = Shelf(lambda: references(["run:core"]), Placement(device="cpu"), beside_training=lambda: False)
    for name in ("core@step-000010", "core@step-000020", "core@step-000030", "core@step-000010"):
        shelf.take(name)
    assert len(shelf._pool._loaded) == 2


def test_who_leaves_is_not_written_for(page, monkeypatch):
    """A reply that nobody waits for any more is given up, and the next one is answered."""
    submit, asked = Worker.submit, []

    def submitted(worker, what):
        asked.append(submit(worker, what))
        return asked[-1]

    monkeypatch.setattr(Worker, "submit", submitted)
    stream = pieces(page, "core@step-000010", max_tokens=100)
    next(stream), next(stream)
    stream.close()
    for _ in range(100):  # the server hears of it while it answers others
        assert reply(page, "core@step-000020") == expected("core@step-000020")
        if asked[0].left:
            break
    assert asked[0].left


def test_twenty_talk_at_once(page):
    wanted = {name: expected(name) for name in ("core@step-000010", "core@step-000020")}
    found: list[tuple[str, str]] = []

    def talk(name: str) -> None:
        found.append((name, reply(page, name)))

    threads = [threading.Thread(target=talk, args=(name,)) for name in wanted for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted((name, text) for name, text in wanted.items() for _ in range(10))


def test_what_is_asked_wrongly_is_said_as_openai_says_it(page):
    for told, status in (
        ({"model": "nothing"}, 404),
        ({"model": "core", "messages": []}, 400),
        ({"model": "core", "messages": SAID, "tools": [1]}, 400),
        ({"model": "core", "messages": SAID, "max_tokens": 10**6}, 400),
        ({"model": "core", "messages": SAID, "max_tokens": 10**6, "stream": True}, 400),
    ):
        found = page.request("/v1/chat/completions", told)
        assert (found[0], bool(json.loads(found[2])["error"]["message"])) == (status, True)
    assert page.request("/v1/chat/completions", body=b" " * (2**20 + 1))[0] == 413


def test_a_sentence_is_looked_into(page):
    for as_chat in (False, True):
        told = {"model": "core@step-000010", "text": "I went to the market.", "as_chat": as_chat}
        lens = page.ask("/inside", what="lens", **told)
        assert len(lens["layers"]) == 3 and len(lens["layers"][0]) == len(lens["tokens"])
        attention = page.ask("/inside", what="attention", **told)
        assert attention["tokens"] == lens["tokens"] and len(attention["weights"]) == len(attention["weights"][0]) == 2
    assert reply(page, "core@step-000010") == expected("core@step-000010"), "and it says what it said before"
    for wrong in ({"what": "soul"}, {"what": "lens", "text": " "}, {"what": "lens", "text": "I went. " * 200}):
        assert page.request("/inside", {"model": "core", "text": "I went.", **wrong})[0] == 422
    assert page.request("/inside", {"model": "nothing", "what": "lens", "text": "I went."})[0] == 422


def test_any_model_can_be_talked_to_without_a_run(workspace):
    folder = tiny.saved(workspace / "mine", seed=5, init_std=0.6)
    with page_on(str(folder), device="cpu") as page:
        state = page.ask("/state")
        assert (state["kind"], state["models"]) == ("model", ["mine"])
        assert reply(page, "mine") == expected(f"path:{folder}")
        assert page.request("/happened")[0] == 404 and page.ask("/series", names=["loss"])["series"] == {}
        assert page.request("/operate", {"word": "stop", "confirmed": True})[0] == 404
