"""The client: what it sends, what it waits for, what it refuses, and that it keeps to a budget."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from pydantic import ValidationError

pytest.importorskip("openai", reason='needs the extra "endpoints"')

from espalier.endpoints.budget import Budget, BudgetReached, BudgetSettings
from espalier.endpoints.client import (
    Closed,
    Endpoint,
    EndpointError,
    EndpointSettings,
    Refused,
    Unanswered,
    Unpriced,
    is_loopback,
    read_key,
    warnings,
)
from espalier.endpoints.completion import Reply
from espalier.errors import UserError
from tests.espalier.endpoints.chat_server import Answer, Script, fails, nothing, says, serving, together, too_late

HELLO = [{"role": "user", "content": "Hello"}]
SCHEMA = {"title": "word", "type": "object", "properties": {}, "required": [], "additionalProperties": False}


def asked(url: str, budget: Budget | None = None, *, what: dict[str, Any] | None = None, **keys: Any) -> Reply:
    """Ask an endpoint once."""

    async def ask() -> Reply:
        async with Endpoint(EndpointSettings(endpoint=url, model="asked-model", **keys), budget) as endpoint:
            return await endpoint.ask(HELLO, **({"max_tokens": 50} | (what or {})))

    return asyncio.run(ask())


def in_turn(*answers: Answer) -> Script:
    return lambda body, number: answers[min(number, len(answers) - 1)]


def test_a_reply_tells_the_true_model_and_its_tokens() -> None:
    with serving(in_turn(says("Hi", finish="length"))) as server:
        reply = asked(server.url, what={"temperature": 0.5, "seed": 7}, extra={"min_p": 0.1})
    assert (reply.text, reply.model, reply.finish) == ("Hi", "true-model", "length")
    assert (reply.prompt_tokens, reply.completion_tokens, reply.retries) == (1000, 100, 0)
    assert server.requests == [
        {"model": "asked-model", "messages": HELLO, "max_tokens": 50, "temperature": 0.5, "seed": 7, "min_p": 0.1}
    ]


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have waited between two tries: it does not."""
    taken: list[float] = []

    async def nap(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr("openai._base_client.anyio.sleep", nap)
    return taken


def test_it_waits_as_long_as_it_is_told(naps: list[float]) -> None:
    with serving(in_turn(fails(429, retry_after="1.3"), says("Hi"))) as server:
        reply = asked(server.url)
    assert (reply.retries, naps) == (1, [1.3])


def test_it_tries_again_after_errors_of_the_server_and_silence(naps: list[float]) -> None:
    with serving(in_turn(fails(500), fails(503, retry_after="2"), too_late(), says("Hi"))) as server:
        reply = asked(server.url, max_retries=3)
    assert (reply.text, reply.retries, len(server.requests)) == ("Hi", 3, 4)
    assert 0 < naps[0] < naps[1] == 2 and naps[2] > 0


def test_it_gives_up_and_says_what_the_server_said() -> None:
    with (
        serving(in_turn(fails(500, "the template is missing", retry_after="0.01"))) as server,
        pytest.raises(EndpointError, match=r"answers 500, 3 times in a row.*: the template is missing"),
    ):
        asked(server.url, max_retries=2)
    assert len(server.requests) == 3


def test_it_gives_up_on_a_silent_server() -> None:
    with (
        serving(in_turn(Answer(never=True))) as server,
        pytest.raises(EndpointError, match=r"did not answer within 0.1 s"),
    ):
        asked(server.url, max_retries=0, timeout_s=0.1)


def test_it_gives_up_where_nobody_listens() -> None:
    with serving(in_turn(says("Hi"))) as server:
        pass
    with pytest.raises(EndpointError, match="cannot be reached"):
        asked(server.url, max_retries=0)


@pytest.mark.parametrize(("status", "hint"), [(401, "_key_env"), (403, "_key_env"), (404, "/v1"), (413, "no")])
def test_what_will_not_change_is_not_asked_again(status: int, hint: str) -> None:
    with serving(in_turn(fails(status))) as server, pytest.raises(EndpointError, match=rf"answers {status}.*{hint}"):
        asked(server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body", [b"<html>Welcome</html>", b'{"choices": [', {"model": "m", "choices": []}, {"ok": True}]
)
def test_what_is_no_completion_is_an_error(body: Any) -> None:
    with (
        serving(in_turn(Answer(body=body))) as server,
        pytest.raises(EndpointError, match="gives no chat completion"),
    ):
        asked(server.url)
    assert len(server.requests) == 1


def test_silence_of_the_model_is_an_empty_text_and_a_refusal_its_own_words() -> None:
    empty, refusal = says(""), says("")
    empty.body["choices"][0]["message"]["content"] = None
    refusal.body["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": "I would rather not."}
    with serving(in_turn(empty, refusal)) as server:
        assert [asked(server.url).text for _ in range(2)] == ["", "I would rather not."]


@pytest.mark.parametrize(("said", "mark"), [("fp_1", "fp_1"), ("", None), (None, None), (7, None)])
def test_a_reply_tells_what_the_server_calls_its_state(said: Any, mark: str | None) -> None:
    answer = says("Hi")
    answer.body["system_fingerprint"] = said
    with serving(in_turn(answer)) as server:
        assert asked(server.url).system_fingerprint == mark
    with serving(in_turn(says("Hi"))) as server:
        assert asked(server.url).system_fingerprint is None


def test_the_kinds_of_failure_are_told_apart() -> None:
    kinds = []
    for answer in (
        too_late(),
        fails(401),
        fails(404),
        Answer(status=307, body={}),
        fails(422),
        fails(500),
    ):
        with serving(in_turn(answer)) as server, pytest.raises(EndpointError) as raised:
            asked(server.url, max_retries=0)
        kinds.append(raised.type)
    with pytest.raises(EndpointError) as raised:
        asked(server.url, max_retries=0)
    assert [*kinds, raised.type] == [Unanswered, Closed, Closed, Closed, Refused, EndpointError, Unanswered]


NOW = 1_790_000_000
"""What the clock of the server that lists its models says."""


def listed(models: Any, **keys: Any) -> list[dict[str, Any]]:
    """What a server with this /models is found to list."""

    async def ask(url: str) -> list[dict[str, Any]]:
        async with Endpoint(EndpointSettings(endpoint=url, model="m", max_retries=0), **keys) as endpoint:
            return await endpoint.models()

    with serving(in_turn(says("Hi")), lambda: models, date=lambda: formatdate(NOW, usegmt=True)) as server:
        return asyncio.run(ask(server.url))


def test_what_a_server_lists_is_told_but_for_the_time_of_asking() -> None:
    old, now = {"id": "a", "created": 1_700_000_000}, {"id": "b", "created": NOW - 5, "owned_by": "me"}
    odd = {"id": "c", "created": "2023-11-14"}
    assert listed(Answer(body={"data": [old, now, odd]})) == [old, {"id": "b", "owned_by": "me"}, odd]


@pytest.mark.parametrize("body", [b"<html>", b"\xff", {"data": "a"}, ["a"], {"data": ["a"]}])
def test_what_is_no_listing_is_an_error(body: Any) -> None:
    with pytest.raises(EndpointError, match="lists no models") as raised:
        listed(Answer(body=body))
    assert "\n" not in str(raised.value)


def test_asking_for_models_is_a_request_like_others() -> None:
    with pytest.raises(EndpointError, match="answers 404"):
        listed(nothing())
    with pytest.raises(BudgetReached):
        listed(Answer(body={"data": []}), budget=Budget(BudgetSettings(calls=0)))


# How replies are held to a form


def refuses(*kinds: str) -> Script:
    def script(body: dict[str, Any], number: int) -> Answer:
        kind = body.get("response_format", {}).get("type", "none")
        return fails(400, f"{kind} is not supported") if kind in kinds else says(kind)

    return script


@pytest.mark.parametrize(
    ("refused", "way"), [((), "schema"), (("json_schema",), "json"), (("json_schema", "json_object"), "none")]
)
def test_it_falls_back_once_and_says_so(refused: tuple[str, ...], way: str) -> None:
    async def ask(url: str) -> tuple[list[Reply], list[str]]:
        async with Endpoint(EndpointSettings(endpoint=url, model="m")) as endpoint:
            replies = [await endpoint.ask(HELLO, max_tokens=5, schema=SCHEMA) for _ in range(2)]
            return replies, endpoint.notes

    with serving(refuses(*refused)) as server:
        replies, notes = asyncio.run(ask(server.url))
    assert [reply.constrained for reply in replies] == [way, way]
    assert len(server.requests) == 2 + len(refused)
    fallbacks = [note for note in notes if note.startswith("constrain")]
    assert [note.endswith(f"going on with {way}") for note in fallbacks] == [True] * bool(refused)
    if not refused:
        form = server.requests[0]["response_format"]
        assert form == {"type": "json_schema", "json_schema": {"name": "word", "strict": True, "schema": SCHEMA}}


def test_a_bad_request_stays_one() -> None:
    with serving(in_turn(fails(400, "no such model"))) as server, pytest.raises(Refused, match="no such model"):
        asked(server.url, what={"schema": SCHEMA})
    assert len(server.requests) == 3


# Budgets

PRICES: dict[str, Any] = {"prompt_price": 10.0, "completion_price": 100.0}  # 0.02 dollars a reply of `says`


def test_the_budget_of_calls_counts_those_sent_again() -> None:
    budget = Budget(BudgetSettings(calls=3), calls=1)
    with serving(in_turn(fails(500, retry_after="0.01"))) as server, pytest.raises(BudgetReached, match="3 requests"):
        asked(server.url, budget)
    assert len(server.requests) == 2


def test_the_budget_of_money_is_kept_with_many_under_way() -> None:
    budget = Budget(BudgetSettings(usd=0.09, **PRICES))

    async def ask(url: str) -> list[Any]:
        async with Endpoint(EndpointSettings(endpoint=url, model="m"), budget) as endpoint:
            asking = (endpoint.ask(HELLO, max_tokens=200) for _ in range(20))
            return await asyncio.gather(*asking, return_exceptions=True)

    with serving(together(4, in_turn(says("Hi")))) as server:
        outcomes = asyncio.run(ask(server.url))
    answered = sum(isinstance(outcome, Reply) for outcome in outcomes)
    # Until its price is known, a request may cost 0.02 and a little; the prices of four leave room for no fifth.
    assert answered == len(server.requests) == 4
    assert all(isinstance(outcome, Reply | BudgetReached) for outcome in outcomes)
    assert budget.usd == pytest.approx(0.08)


def test_a_budget_of_money_needs_usage() -> None:
    with serving(in_turn(says("Hi", usage=False))) as server:
        with pytest.raises(Unpriced, match="reports no usage"):
            asked(server.url, Budget(BudgetSettings(usd=5.0, **PRICES)))
        reply = asked(server.url, Budget(BudgetSettings(calls=5)))
    assert reply.prompt_tokens is None


def test_a_budget_of_money_needs_prices() -> None:
    with pytest.raises(ValidationError, match="wants prompt_price and completion_price"):
        BudgetSettings(usd=1.0, prompt_price=1.0)


# Keys, and where they go


def test_the_key_comes_from_the_variable_named_and_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    monkeypatch.setenv("OPENAI_ORG_ID", "organisation")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer stolen\nX-Mine: private")
    with serving(in_turn(says("Hi"))) as server:
        asked(server.url, api_key_env="MY_KEY")
        asked(server.url)
    assert [headers.get("authorization") for headers in server.headers] == ["Bearer s3cret", None]
    sent = " ".join(str(headers) for headers in server.headers)
    assert not [word for word in ("other", "organisation", "stolen", "private") if word in sent]


def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    with serving(in_turn(says("Hi"))) as other:
        away = Answer(status=307, body={}, headers={"location": f"{other.url}/chat/completions"})
        with serving(in_turn(away)) as server, pytest.raises(EndpointError, match=rf"redirects to {other.url}"):
            asked(server.url, api_key_env="MY_KEY")
    assert not other.requests


def test_no_proxy_is_asked_the_way_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(in_turn(says("Hi"))) as server:
        assert asked(server.url, max_retries=0).text == "Hi"


def test_no_message_holds_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    with serving(in_turn(fails(401, "wrong key s3cret"))) as server, pytest.raises(EndpointError) as raised:
        asked(server.url, api_key_env="MY_KEY")
    assert "s3cret" not in str(raised.value) and "wrong key …" in str(raised.value)


def test_a_key_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", " ")
    with pytest.raises(UserError, match="MY_KEY is not set"):
        read_key(EndpointSettings(endpoint="http://localhost/v1", model="m", api_key_env="MY_KEY"))


def test_a_key_does_not_travel_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    remote: Callable[..., EndpointSettings] = lambda url, **keys: EndpointSettings(endpoint=url, model="m", **keys)  # noqa: E731
    with pytest.raises(UserError, match="not https"):
        read_key(remote("http://192.168.0.9:8000/v1", api_key_env="MY_KEY"))
    assert read_key(remote("http://192.168.0.9:8000/v1", api_key_env="MY_KEY", allow_http=True)) == "s3cret"
    assert read_key(remote("https://example.org/v1", api_key_env="MY_KEY")) == "s3cret"
    assert read_key(remote("http://192.168.0.9:8000/v1")) is None
    assert warnings(remote("http://192.168.0.9:8000/v1")) and not warnings(remote("http://[::1]:8000/v1"))


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1/v1", True), ("http://localhost/v1", True), ("http://[::1]/v1", True),
        ("http://127.0.0.1.example.org/", False), ("http://localhost.example.org/", False), ("http://10.0.0.1/", False),
    ],
)  # fmt: skip
def test_which_machine_is_this_one(url: str, local: bool) -> None:
    assert is_loopback(url) is local


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x/v1", "https://me:pw@x/v1", "https://x/v1?key=1", "https://x/v1/chat/completions"]
)
def test_urls_that_are_none_of_an_endpoint(url: str) -> None:
    with pytest.raises(ValidationError, match="wants"):
        EndpointSettings(endpoint=url, model="m")


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(UserError, match=r'pip install -e "\.\[endpoints\]"'):
        Endpoint(EndpointSettings(endpoint="http://localhost/v1", model="m"))
