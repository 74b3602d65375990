"""Models behind an address: each answers as itself, whatever is asked beside it, and what is not done is said."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

openai = pytest.importorskip("openai", reason='needs the extra "endpoints"')

from espalier.artifacts.gates import Gates, write_gates
from espalier.errors import UserError
from espalier.generation.generate import Reply, generate
from espalier.models.loading import load_for_inference
from espalier.models.pool import Placement
from espalier.serving.family import open_family
from espalier.serving.request import Refusal, read_request
from espalier.serving.server import Server, serve
from espalier.serving.worker import Answering
from tests.evaluation.backends.models import adapter, base
from tests.processes import ROOT

TEXTS = ["I goed to the market.", "Why?", "She have a cat, and it eated my bread yesterday.", "ñandú 🙂 是"]


@pytest.fixture
def family(tmp_path: Path) -> list[str]:
    """A base, two adapters on it, and one beside the first of them."""
    on = base(tmp_path / "base")
    one = adapter(tmp_path / "one", on, 1)
    adapter(tmp_path / "two", on, 2, train_embeddings="all")
    adapter(tmp_path / "beside", one, 3, growth="stack")
    return [str(tmp_path / name) for name in ("base", "one", "two", "beside")]


@contextmanager
def serving(names: list[str], batch_size: int = 8) -> Iterator[Server]:
    placement = Placement(device="cpu", batch_size=batch_size)
    server = Server(0)
    try:
        server.open(open_family(names, placement), placement.batch_size)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        server.server_close()


def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.url, api_key="none", max_retries=0)


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def expected(name: str, text: str, **how: Any) -> str:
    model, renderer = load_for_inference(name, device="cpu")
    seed = [how.pop("seed")] if "seed" in how else 0
    return generate(model, renderer, [said(text)], **{"max_new_tokens": 12, "seed": seed} | how)[0].text


def test_each_answers_as_itself_whatever_is_asked_beside_it(family: list[str]) -> None:
    wanted = {(Path(name).name, text): expected(name, text) for name in family for text in TEXTS}
    assert len(set(wanted.values())) > 8
    found: dict[tuple[str, str], str] = {}
    with serving(family) as server:
        asks = client(server)
        assert [each.id for each in asks.models.list()] == ["base", "one", "two", "beside"]
        entry: Any = asks.models.retrieve("beside")
        assert entry.meta["content_hash"] != entry.meta["ground"] and entry.owned_by == "espalier"

        def ask(name: str, text: str) -> None:
            reply = asks.chat.completions.create(model=name, messages=said(text), max_tokens=12)
            found[name, text] = reply.choices[0].message.content or ""
            assert reply.model == name and reply.usage and reply.usage.completion_tokens <= 12
            assert reply.choices[0].finish_reason == ("length" if reply.usage.completion_tokens == 12 else "stop")

        threads = [threading.Thread(target=ask, args=key) for key in wanted]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == wanted


def test_a_reply_in_pieces_is_the_reply(family: list[str]) -> None:
    """Bytes of half a character are held back; a text with a stop in it is cut before it, however it is asked for."""
    with serving(family) as server:
        asks = client(server)
        for text in TEXTS:
            whole = expected(family[1], text, max_new_tokens=40)
            pieces = list(
                asks.chat.completions.create(
                    model="one", messages=said(text), max_tokens=40, stream=True, stream_options={"include_usage": True}
                )
            )
            words = [piece.choices[0].delta.content or "" for piece in pieces[:-1]]
            assert "".join(words) == whole and len([word for word in words if word]) > 3
            assert [piece.choices[0].finish_reason for piece in pieces[:-1] if piece.choices[0].finish_reason]
            assert pieces[-1].usage and pieces[-1].usage.total_tokens > 0
            stop = whole[len(whole) // 2 :][:2]
            for streamed in (False, True):
                answer: Any = asks.chat.completions.create(
                    model="one", messages=said(text), max_tokens=40, stop=[stop], stream=streamed
                )
                got = (
                    answer.choices[0].message.content
                    if not streamed
                    else "".join(piece.choices[0].delta.content or "" for piece in answer)
                )
                assert got == whole[: whole.find(stop)]


def test_half_a_character_waits_for_its_other_half() -> None:
    asked = read_request(json.dumps({"model": "m", "messages": said("x"), "stream": True}).encode(), ["m"])
    answering = Answering(asked)
    for text in ("I\ufffd", "I\ufffd\ufffd", "I🙂", "I🙂\ufffd", "I🙂\ufffd!"):
        answering.hear(text)
    answering.hear("I🙂\ufffd!\ufffd")
    answering.end(Reply(text="I🙂\ufffd!\ufffd", num_tokens=5, finish="length"))
    assert list(answering.pieces())[:-1] == ["I", "🙂", "\ufffd!", "\ufffd"]


def test_draws_are_those_of_the_seed(family: list[str]) -> None:
    how = {"temperature": 0.9, "top_p": 0.8, "seed": 7}
    wanted = expected(family[2], TEXTS[0], **how)
    with serving(family) as server:
        asks = client(server)
        found = [
            asks.chat.completions.create(model="two", messages=said(TEXTS[0]), max_tokens=12, **how)  # type: ignore[call-overload]
            for _ in range(2)
        ]
        drawn = {
            asks.chat.completions.create(model="two", messages=said("?"), max_tokens=30, temperature=2.0)
            .choices[0].message.content
            for _ in range(3)
        }  # fmt: skip
    assert [each.choices[0].message.content for each in found] == [wanted, wanted]
    assert len(drawn) > 1, "without a seed, anything"


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        (b"{", 400, "not JSON"),
        (b"[1]", 400, "no JSON object"),
        ({"model": "on"}, 404, "did you mean one?"),
        ({}, 404, "there are base, one"),
        ({"messages": []}, 400, "messages wants a list"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, r"messages\[0\]: wants a role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "parts that are text"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, 400, "half a character"),
        ({"messages": [{"role": "assistant", "content": "x", "tool_calls": [1]}]}, 400, "tool_calls is not known"),
        ({"temprature": 1}, 400, "temprature is not known here; did you mean temperature"),
        ({"temperature": -1}, 400, "temperature wants a number between 0 and"),
        ({"temperature": 10**400}, 400, "temperature wants a number between 0 and"),
        ({"temperature": float("nan")}, 400, "temperature wants"),
        ({"temperature": True}, 400, "temperature wants a number, not True"),
        ({"top_p": 1.5}, 400, "between 0 and 1"),
        ({"max_tokens": "many"}, 400, "max_tokens wants a whole number"),
        ({"max_tokens": -3}, 400, "max_tokens wants a number of at least 1"),
        ({"max_tokens": 0}, 400, "max_tokens wants a number of at least 1"),
        ({"max_tokens": 4, "max_completion_tokens": 5}, 400, "say the same and differ"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, 400, r"messages\[0\]: wants a role"),
        ({"seed": 2**70}, 400, "seed wants"),
        ({"stop": [""]}, 400, "stop wants a text"),
        ({"n": 3}, 400, "n is not done here"),
        ({"tools": [{}]}, 400, "tools is not done here"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format is not done here"),
    ],
)
def test_what_is_not_done_here_is_refused_by_name(body: Any, status: int, complaint: str) -> None:
    whole = (
        {"model": "one", "messages": said("x")} | body
        if isinstance(body, dict) and body and "model" not in body
        else body
    )
    with pytest.raises(Refusal, match=complaint) as refused:
        read_request(whole if isinstance(whole, bytes) else json.dumps(whole).encode(), ["base", "one"])
    assert refused.value.status == status and refused.value.body["error"]["message"]


def test_what_changes_nothing_is_taken() -> None:
    neutral = {"n": 1, "tools": None, "response_format": {"type": "text"}, "user": "me", "max_completion_tokens": 4}
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    messages = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": parts}]
    asked = read_request(json.dumps({"model": "m", "messages": messages} | neutral).encode(), ["m"])
    assert asked.messages == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "ab"}]
    assert (asked.max_tokens, asked.temperature, asked.top_p, asked.seed, asked.stops) == (4, 0.0, 1.0, None, ())


def raw(server: Server, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    connection.putrequest(method, path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_only_this_machine_is_answered_and_no_page_of_the_web(family: list[str]) -> None:
    chat = "/v1/chat/completions"
    with serving(family[:1]) as server:
        assert server.server_address[0] == "127.0.0.1"
        assert raw(server, "GET", "/health") == (200, {"status": "ok"})
        assert raw(server, "GET", "/v1/models", host="evil.example")[0] == 403
        assert raw(server, "GET", "/v1/models", host="[::1")[0] == 403
        assert raw(server, "GET", "/v1/models", origin="https://evil.example")[0] == 403
        assert raw(server, "GET", "/v1/models", host=f"localhost:{server.server_port}")[0] == 200
        assert raw(server, "GET", "/v1/models/none")[0] == raw(server, "POST", "/v1/completions")[0] == 404
        assert raw(server, "POST", chat)[0] == 411
        assert raw(server, "POST", chat, content_length=str(2**40))[0] == 413
        long = json.dumps({"model": "base", "messages": said("word " * 2000)}).encode()
        for streamed in (b"", b', "stream": true'):
            status, answer = raw(
                server, "POST", chat, long[:-1] + streamed + b"}", content_length=str(len(long) + len(streamed))
            )
            assert status == 400 and "the model takes 512" in answer["error"]["message"]
        assert client(server).chat.completions.create(model="base", messages=said("x"), max_tokens=2).usage


def test_who_leaves_in_the_middle_is_not_waited_for(family: list[str]) -> None:
    with serving(family[:2]) as server:
        asks = client(server)
        stream = asks.chat.completions.create(model="one", messages=said("x"), max_tokens=200, stream=True)
        next(iter(stream))
        stream.close()
        found = asks.chat.completions.create(model="base", messages=said(TEXTS[0]), max_tokens=12)
        assert found.choices[0].message.content == expected(family[0], TEXTS[0])


def test_who_waits_when_the_server_ends_is_told(family: list[str]) -> None:
    placement = Placement(device="cpu")
    server = Server(0)
    server.open(open_family(family[:1], placement), 1)
    body = json.dumps({"model": "base", "messages": said("x")}).encode()
    waiting = [server.worker.submit(read_request(body, ["base"])) for _ in range(2)]
    server.worker._stopping = True
    server.worker.start()
    server.worker.stop()
    for each in waiting:
        with pytest.raises(Refusal, match="the server is ending"):
            _ = each.reply
    with pytest.raises(Refusal, match="the server is ending"):
        server.worker.submit(read_request(body, ["base"]))
    server.server_close()


def test_a_port_that_is_taken_is_told_before_anything_is_loaded(family: list[str]) -> None:
    with serving(family[:1]) as server, pytest.raises(UserError, match=f"port {server.server_port} is taken; give an"):
        serve(["no-such-model"], port=server.server_port, placement=Placement(device="cpu"))


def test_two_models_of_one_name(family: list[str], tmp_path: Path) -> None:
    base(tmp_path / "more" / "base", seed=4)
    with pytest.raises(UserError, match="would both be called base; name one"):
        open_family([family[0], str(tmp_path / "more" / "base")], Placement(device="cpu"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_the_middle_of_a_reply_ends_it_cleanly(family: list[str], number: signal.Signals) -> None:
    command = [sys.executable, "-m", "espalier", "serve", *family[:2], "--port", "0", "--device", "cpu"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    lines = []
    while not lines or "answers at" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], lines
    asks = openai.OpenAI(base_url=lines[-1].split()[2].rstrip(","), api_key="none", max_retries=0)
    stream = asks.chat.completions.create(model="one", messages=said("x"), max_tokens=480, stream=True)
    next(iter(stream))
    process.send_signal(number)
    assert process.stdout.read().strip() == "ended"
    assert process.wait() == 0


def test_what_speaks_against_a_model_is_said_as_it_is_opened(
    family: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_gates(tmp_path, Gates(passed=False, regressed=True, reasons=[], scores={}, changes={}, gamed=True))
    open_family(family[:1], Placement(device="cpu"))
    assert "a model of its own [regressed] [gamed]" in capsys.readouterr().out
