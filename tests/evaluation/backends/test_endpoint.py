"""A model over the network: what fails is one case's own, who it is stands in the key, and who is gone is said."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import asdict
from email.utils import formatdate
from typing import Any

import pytest

pytest.importorskip("openai", reason='needs the extra "endpoints"')

from espalier.endpoints.budget import Budget, BudgetSettings
from espalier.endpoints.client import EndpointSettings
from espalier.errors import UserError
from evaluation.backends.base import Ask
from evaluation.backends.endpoint import EndpointModel
from evaluation.backends.questions import Asker, Question
from evaluation.cache import Cache
from evaluation.cases.case import Case, Reply
from evaluation.cases.suite import Generation
from evaluation.play import play
from tests.espalier.endpoints.chat_server import (
    HANGS_S,
    Answer,
    Script,
    fails,
    lists,
    says,
    serving,
    together,
    too_late,
)

GREEDY, SAMPLED = Generation(max_new_tokens=9), Generation(max_new_tokens=9, temperature=0.7, top_p=0.9)


def model(url: str, *, generation: Generation = GREEDY, budget: Budget | None = None, **keys: Any) -> EndpointModel:
    settings = {"concurrency": 2, "max_retries": 0, **keys}
    return EndpointModel(
        settings=EndpointSettings(endpoint=url, model="m", **settings), generation=generation, budget=budget
    )


def case(words: str) -> Case:
    return Case(name=words, messages=[{"role": "user", "content": words}])


def asks(*words: str, seed: int = 7) -> list[Ask]:
    return [Ask(case=case(each), turn=0, sample=0, seed=seed) for each in words]


def echo(body: dict[str, Any], number: int) -> Answer:
    return says(f"Ah, {body['messages'][-1]['content']}!")


def at(words: str, answer: Answer) -> Script:
    """Echoes, but for one case."""
    return lambda body, number: answer if body["messages"][-1]["content"] == words else echo(body, number)


def in_turn(*answers: Answer) -> Script:
    return lambda body, number: answers[min(number, len(answers) - 1)]


def marked(text: str, fingerprint: str) -> Answer:
    answer = says(text)
    answer.body["system_fingerprint"] = fingerprint
    return answer


# Replies


def test_replies_come_with_their_place_and_what_is_known_of_them() -> None:
    def script(body: dict[str, Any], number: int) -> Answer:
        return says(body["messages"][0]["content"], finish="length")

    with serving(together(2, script)) as server:
        replies = dict(model(server.url).answer(asks("a", "b", "c", "d")))
    assert {place: reply.text for place, reply in replies.items()} == {0: "a", 1: "b", 2: "c", 3: "d"}
    assert (replies[0].finish, replies[0].num_tokens) == ("length", 100)
    assert server.most_at_once == 2


def test_settings_are_passed_on_and_seeds_where_something_is_drawn() -> None:
    with serving(echo) as server:
        list(model(server.url).answer(asks("a")))
        list(model(server.url, generation=SAMPLED).answer(asks("a", seed=2**32 - 1)))
    hello = {"model": "m", "messages": [{"role": "user", "content": "a"}], "max_tokens": 9}
    assert server.requests == [
        hello | {"temperature": 0.0},
        hello | {"temperature": 0.7, "top_p": 0.9, "seed": 2**32 - 1},
    ]


BAD = {
    "429": (fails(429, "slow down"), "answers 429: slow down"),
    "500": (fails(500, "out of memory"), "answers 500: out of memory"),
    "400": (fails(400, "too long"), "answers 400: too long"),
    "HTML": (Answer(body=b"<html>Welcome</html>"), "gives no chat completion"),
    "half a JSON": (Answer(body=b'{"model": "m", "choices": ['), "gives no chat completion"),
    "not UTF-8": (Answer(body=b'{"model": "\xff\xfe'), "gives no chat completion"),
    "another JSON": (Answer(body={"choices": []}), "gives no chat completion (no choices in it)"),
    "an error under status 200": (Answer(body={"error": {"message": "busy"}}), "answers with an error"),
    "nothing": (Answer(body=b""), "gives no chat completion"),
    "silence": (too_late(), "did not answer within 300 s"),
    "a filter": (says("", finish="content_filter"), "content filter"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_reply_is_an_error_of_its_own(kind: str) -> None:
    answer, said = BAD[kind]
    with serving(at("b", answer)) as server:
        replies = dict(model(server.url).answer(asks("a", "b", "c")))
    assert [replies[place].text for place in (0, 2)] == ["Ah, a!", "Ah, c!"]
    assert (replies[1].finish, replies[1].text) == ("error", "")
    assert said in replies[1].error and "\n" not in replies[1].error


def test_saying_nothing_is_a_reply() -> None:
    with serving(at("b", says(""))) as server:
        replies = dict(model(server.url).answer(asks("a", "b")))
    assert (replies[1].text, replies[1].finish, replies[1].error) == ("", "stop", "")


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (says("<think>Hm.</think>Went!"), {"text": "<think>Hm.</think>Went!"}),
        (says("Went!", beside={"reasoning": "Hm."}), {"text": "Went!", "reasoning": "Hm."}),
        (says([{"type": "text", "text": "Went!"}]), {"text": "Went!"}),
        (
            says(None, finish="length", beside={"reasoning_content": "Hm."}),
            {"text": "", "finish": "length", "reasoning": "Hm.", "silence": "limit spent on reasoning"},
        ),
        (says(None, finish="tool_calls", beside={"tool_calls": [{}]}), {"silence": "a tool called instead"}),
        (says("Went!", beside={"tool_calls": [{}]}), {"text": "Went!", "remarks": ("called a tool",)}),
        (says("Went!", model="x"), {"remarks": ("answered by x, not by the model asked",)}),
    ],
)
def test_what_is_odd_about_a_reply_goes_with_it(answer: Answer, reply: dict[str, Any]) -> None:
    if answer.body["model"] == "true-model":
        answer.body["model"] = "m"
    with serving(in_turn(answer)) as server:
        (found,) = dict(model(server.url).answer(asks("a"))).values()
    plain = {"text": found.text, "num_tokens": 100, "finish": "stop", "reasoning": "", "silence": "", "remarks": ()}
    assert found == Reply(**plain | reply)


def test_another_model_that_answers_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda body, number: says("Hi", model="x")) as server:
        asked = model(server.url)
        for words in ("abc", "de"):
            list(asked.answer(asks(*words)))
    assert capsys.readouterr().out.count("answers as x, where m was asked") == 1


def test_a_moment_of_trouble_is_waited_out() -> None:
    with serving(in_turn(fails(429, retry_after="0.01"), fails(503, retry_after="0.01"), says("Hi"))) as server:
        assert dict(model(server.url, max_retries=2).answer(asks("a")))[0].text == "Hi"


# When going on is of no use


def test_nobody_there_is_said_before_anything_is_asked() -> None:
    with serving(echo) as server:
        pass
    with pytest.raises(UserError, match=r"cannot be reached") as raised:
        _ = model(server.url).identity
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_or_name_ends_it_at_once(status: int) -> None:
    with serving(in_turn(fails(status, "who are you"))) as server:
        replies = model(server.url).answer(asks(*"abcdefgh"))
        with pytest.raises(UserError, match=f"answers {status}: who are you.*the same command goes on"):
            list(replies)
    assert len(server.requests) <= 2


def test_a_refusal_of_one_case_among_others_is_counted() -> None:
    with serving(at("f", fails(403, "blocked"))) as server:
        replies = dict(model(server.url, concurrency=1).answer(asks(*"abcdefgh")))
    assert [place for place, reply in replies.items() if reply.finish == "error"] == [5]


@pytest.mark.parametrize("number", [1, 3, 30])
def test_a_server_that_never_answers_is_given_up(number: int) -> None:
    with serving(in_turn(too_late())) as server:
        with pytest.raises(UserError, match="did not answer within 300 s"):
            list(model(server.url).answer(asks(*map(str, range(number)))))
        asked = len(server.requests)
    assert asked <= 10


def test_a_server_that_goes_away_is_given_up_and_what_came_is_kept() -> None:
    def dies(body: dict[str, Any], number: int) -> Answer:
        return echo(body, number) if number < 5 else too_late()

    came = []
    with serving(dies) as server:
        replies = model(server.url).answer(asks(*map(str, range(40))))
        with pytest.raises(UserError, match="what was answered before is kept"):
            for _, reply in replies:
                came.append(reply.finish)
    assert came.count("stop") == 5 and 8 <= came.count("error") < 15


def test_one_late_answer_of_a_server_that_has_answered_ends_nothing() -> None:
    with serving(at("b", too_late())) as server:
        asked = model(server.url)
        assert dict(asked.answer(asks("a")))[0].finish == "stop"
        assert dict(asked.answer(asks("b")))[0].finish == "error"  # a dialogue's second turn, alone


def test_the_budget_ends_it_and_goes_on_from_call_to_call() -> None:
    with serving(echo) as server:
        asked = model(server.url, budget=Budget(BudgetSettings(calls=5)))
        assert len(list(asked.answer(asks("a", "b", "c")))) == 3
        came = []
        with pytest.raises(UserError, match=r"budget.calls: 5 requests were sent; what was answered before is kept"):
            for place, _ in asked.answer(asks("d", "e", "f", "g")):
                came.append(place)
    assert len(came) == 2 and len(server.requests) == 5


def test_a_budget_of_money_holds_over_several_calls() -> None:
    # 0.02 dollars a reply, and more held back until that is known: some have to wait, in the loop of each call.
    budget = Budget(BudgetSettings(usd=0.2, prompt_price=10.0, completion_price=100.0))
    with serving(in_turn(says("Hi"))) as server:
        asker = Asker(EndpointSettings(endpoint=server.url, model="m", concurrency=8, max_retries=0), budget)
        question = Question(messages=[{"role": "user", "content": "a"}], max_tokens=500)
        assert len(list(asker.ask([question] * 5))) == 5
        with pytest.raises(UserError, match=r"budget\.usd"):
            list(asker.ask([question] * 8))
    assert len(server.requests) == 8


def test_a_budget_of_money_wants_usage_and_asks_no_more_without() -> None:
    budget = Budget(BudgetSettings(usd=5.0, prompt_price=1.0, completion_price=1.0))
    with (
        serving(lambda body, number: says("Hi", usage=False)) as server,
        pytest.raises(UserError, match="reports no usage"),
    ):
        list(model(server.url, budget=budget).answer(asks(*"abcdefgh")))
    assert len(server.requests) <= 2


def test_ctrl_c_stops_at_once_and_what_has_come_is_handed_over() -> None:
    came = []
    all_others_have_come = threading.Event()

    def interrupt() -> None:
        assert all_others_have_come.wait(HANGS_S)
        os.kill(os.getpid(), signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    with serving(at("b", Answer(never=True))) as server:
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            for place, _ in model(server.url, timeout_s=HANGS_S).answer(asks(*"abcd")):
                came.append(place)
                if len(came) == 3:
                    all_others_have_come.set()
    interrupting.join()
    assert sorted(came) == [0, 2, 3]


# Who it is


def test_the_key_holds_what_decides_the_reply() -> None:
    with serving(echo, lists(root="/models/m", permission=[{"id": "random"}])) as server:
        greedy, sampled = model(server.url), model(server.url, generation=SAMPLED)
        one, other = asks("a"), asks("a", seed=8)
        assert greedy.key(one[0]) == greedy.key(other[0]) != greedy.key(asks("b")[0])
        assert sampled.key(one[0]) != sampled.key(other[0])
        assert greedy.key(one[0])["model"] == {
            "endpoint": server.url, "model": "m", "listed": {"id": "m", "root": "/models/m"}, "changed_to": None
        }  # fmt: skip
        assert greedy.identity["spec"] == f"openai:m@{server.url}" and greedy.name == "m" and greedy.ref is None
        assert not server.requests


def test_another_model_under_the_same_name_has_another_key() -> None:
    size = 100
    with serving(echo, lambda: lists(meta={"size": size})()) as server:
        before, same = model(server.url), model(server.url)
        assert before.identity == same.identity
        size = 101
        assert model(server.url).identity["content_hash"] != before.identity["content_hash"]


@pytest.mark.parametrize("ahead", [0, 5000], ids=["its clock right", "its clock wrong"])
def test_the_time_of_asking_is_not_taken_for_the_models(ahead: int) -> None:
    created = now = int(time.time()) + ahead
    with serving(echo, lambda: lists(created=created)(), date=lambda: formatdate(now, usegmt=True)) as server:
        first = model(server.url).identity
        created += 3
        assert model(server.url).identity == first
        assert "created" not in first["reported"]["listed"]
        created = 1_700_000_000  # Ollama: when the model was pulled
        assert model(server.url).identity["reported"]["listed"]["created"] == 1_700_000_000


def test_of_several_models_the_one_of_that_name_and_of_one_any() -> None:
    entries = [{"id": "other", "root": "o"}, {"id": "m:latest", "root": "ours"}]
    with serving(echo, lambda: Answer(body={"data": entries})) as server:
        assert model(server.url).identity["reported"]["listed"]["root"] == "ours"
        entries = [{"id": "file.gguf", "meta": {"size": 5}}]
        assert model(server.url).identity["reported"]["listed"] == {"id": "file.gguf", "meta": {"size": 5}}
        entries = [{"id": "x"}, {"id": "y"}]
        assert model(server.url).identity["reported"]["listed"] is None


@pytest.mark.parametrize("body", [b"<html>", b'{"data": [', b"\xff", {"data": "no"}, []])
def test_a_server_that_lists_nothing_is_known_by_its_name(body: Any) -> None:
    with serving(echo, lambda: Answer(body=body)) as server:
        assert model(server.url).identity["reported"]["listed"] is None


def test_all_kept_needs_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    cases = [case(words) for words in "abcde"]
    with serving(echo, lists(owned_by="me")) as server, Cache() as cache:
        first = play(model(server.url), cases, [], cache=cache, seed=0)
    with Cache() as cache:
        again = play(model(server.url), cases, [], cache=cache, seed=0)
        assert list(map(asdict, again)) == list(map(asdict, first)) and again[0].reply == "Ah, a!"
        assert "going by what it said of itself before" in capsys.readouterr().out
        with pytest.raises(UserError, match="cannot be reached"):
            play(model(server.url), [case("new")], [], cache=cache, seed=0)


def test_errors_are_asked_again() -> None:
    with serving(in_turn(fails(500), says("Hi"))) as server, Cache() as cache:
        assert play(model(server.url), [case("a")], [], cache=cache, seed=0)[0].finish == "error"
        assert play(model(server.url), [case("a")], [], cache=cache, seed=0)[0].reply == "Hi"
        assert len(server.requests) == 2


def test_a_server_that_has_changed_is_asked_everything_again(capsys: pytest.CaptureFixture[str]) -> None:
    version = "b1"
    with serving(lambda body, number: marked("Hi", version), lists()) as server:
        first = model(server.url)
        before = first.identity
        list(first.answer(asks("a")))
        assert model(server.url).identity == before
        version = "b2"
        second = model(server.url)
        assert second.identity == first.identity
        list(second.answer(asks("b")))
        assert "its system_fingerprint was b1, and is b2" in capsys.readouterr().out
        assert second.identity == first.identity, "within one evaluation nothing moves"
        third = model(server.url)
        assert third.identity["reported"]["changed_to"] == "b2"
        list(third.answer(asks("c")))
        assert "has changed" not in capsys.readouterr().out
        assert model(server.url).identity == third.identity != first.identity


def test_a_server_that_alternates_has_not_changed(capsys: pytest.CaptureFixture[str]) -> None:
    versions: list[str] = []
    with serving(lambda body, number: marked("Hi", versions[number % len(versions)]), lists()) as server:
        first = model(server.url).identity
        for some in (["b1"], ["b1", "b2"], ["b2"]):
            versions[:] = some
            list(model(server.url).answer(asks("a", "b", "c", "d")))
        assert model(server.url).identity == first
    assert "has changed" not in capsys.readouterr().out


def test_likelihoods_are_not_to_be_had() -> None:
    pair = Ask(case=Case(name="pair", messages=[], texts=("a", "b")), turn=0, sample=0, seed=0)
    with serving(echo) as server, pytest.raises(UserError, match="pair wants the likelihood"):
        model(server.url).key(pair)
    assert EndpointModel.supports_texts is False


def test_the_key_to_the_server_stands_nowhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    with serving(at("b", fails(500, "wrong s3cret")), lists()) as server:
        asked = model(server.url, api_key_env="MY_KEY")
        replies = dict(asked.answer(asks("a", "b")))
        told = f"{asked.identity} {asked.key(asks('a')[0])} {replies} {capsys.readouterr()}"
    assert server.headers[0]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in told and "wrong …" in replies[1].error
