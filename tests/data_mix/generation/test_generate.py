"""The command, against a server that answers from a script: nothing is asked twice, lost, made up or overspent."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason='needs the extra "endpoints"')

from data_mix import generate
from espalier.artifacts import records, registry
from espalier.artifacts.paths import artifact, repo_root
from espalier.artifacts.rounds import Round
from espalier.errors import UserError
from espalier.text.messages import check_messages
from tests.data_mix.generation.author import dialogue, writes
from tests.espalier.endpoints.chat_server import HANGS_S, Answer, ChatServer, fails, says, serving

SMALL = ["small", "--name", "mine", "--model", "asked-model"]


def run(server: ChatServer, *more: str) -> int:
    return generate.main([*SMALL, "--endpoint", server.url, *more])


def rows(name: str = "dialogues", corpus: str = "mine") -> list[dict[str, Any]]:
    return list(records.read_jsonl(artifact("corpora", corpus) / f"{name}.jsonl"))


def contents(corpus: str = "mine") -> dict[str, bytes]:
    folder = artifact("corpora", corpus)
    return {name: (folder / f"{name}.jsonl").read_bytes() for name in ("dialogues", "rejected")}


def manifest() -> dict[str, Any]:
    return records.verify_manifest(artifact("corpora", "mine"))


def test_a_corpus_is_what_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(writes) as server:
        assert run(server) == 0
        assert len(server.requests) == 60
        assert run(server) == 0, "again: there is nothing to do"
        assert len(server.requests) == 60
    assert "already complete" in capsys.readouterr().out
    found = rows()
    assert len(found) == 60 and rows("rejected") == []
    for row in found:
        check_messages(row["messages"])
    meta = found[0]["meta"]
    assert meta.pop("key") and meta.pop("topic")
    assert meta == {
        "strategy": "recast", "error": "past_tense", "l1": "Chinese", "level": "A1", "said": "I go", "meant": "I went",
        "cell": "recast/past_tense/Chinese/A1", "sample": 0, "model": "true-model", "model_asked": "asked-model",
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
    }  # fmt: skip
    assert manifest()["counts"]["models"] == {"true-model": 60}
    assert set(manifest()["files"]) == {"corpus.json", "calls.jsonl", "dialogues.jsonl", "rejected.jsonl"}
    (corpus,) = registry.survey()
    assert corpus.about == "60 dialogues of 60 asked for, by true-model" and corpus.round is None
    assert corpus.parents == {f"openai:asked-model@{server.url}": ""} == corpus.identity["parents"]


def test_a_corpus_of_a_loops_round_says_so_from_the_beginning() -> None:
    with serving(writes) as server:
        assert run(server, "--name", "grow-r03-talk", "--round", "--budget.calls", "5") == 3
        with pytest.raises(UserError, match="'mine' is no name of a round"):
            run(server, "--round")
    (corpus,) = registry.survey()
    assert corpus.state == "interrupted" and corpus.about == "dialogues by asked-model"
    assert corpus.round == Round(loop="grow", number=3, part="talk")
    with serving(writes) as server:
        assert run(server, "--name", "mine") == 0


def test_the_order_is_the_grids_whatever_the_order_of_answers() -> None:
    meeting = threading.Barrier(8)

    def script(body: dict[str, Any], number: int) -> Answer:
        if 1 <= number <= 8:  # the very first is asked alone
            meeting.wait(HANGS_S)
        if number == 1:
            server.wait_for(30)  # by then others have been answered
        return writes(body)

    server: ChatServer
    with serving(script) as server:
        assert run(server, "--concurrency", "8") == 0
        assert server.most_at_once == 8
    in_order = contents()
    assert [line["cell"] for line in rows("calls")] != [row["meta"]["cell"] for row in rows()], (
        "answers came as they did"
    )
    with serving(writes) as server:
        assert run(server, "--name", "other", "--concurrency", "1") == 0
        assert server.most_at_once == 1
    assert contents("other") == in_order


def test_replies_that_cannot_be_used_are_kept_apart_and_asked_for_once_more() -> None:
    def script(body: dict[str, Any], number: int) -> Answer:
        asked = body["messages"][1]["content"]
        again = len(body["messages"]) > 2
        if "recast" in asked:
            return writes(body) if again else says("Here you are: {")
        if "hint" in asked:
            return says(json.dumps(dialogue(body, meant="went home")))
        if "affective" in asked:
            return says("")
        return writes(body)

    with serving(script) as server:
        assert run(server) == 0
    counts = manifest()["counts"]
    assert (counts["kept"], counts["rejected"], counts["replies"]) == (48, 12, 78)
    assert counts["reasons"] == {"not_json": 6, "other_error": 12, "empty_reply": 12}
    assert len(rows()) == 48 and not {"hint", "affective support"} & {row["meta"]["strategy"] for row in rows()}
    rejected = rows("rejected")
    assert [row["reply"] for row in rejected if row["cell"].startswith("recast")] == ["Here you are: {"] * 6
    assert Counter((row["reasons"][0], row["final"]) for row in rejected) == {
        ("not_json", False): 6, ("other_error", False): 6, ("other_error", True): 6, ("empty_reply", False): 6,
        ("empty_reply", True): 6,
    }  # fmt: skip
    second = next(body["messages"] for body in server.requests if len(body["messages"]) > 2)
    assert [message["role"] for message in second] == ["system", "user", "assistant", "user"]
    assert second[2]["content"] == "Here you are: {" and "not one JSON object" in second[3]["content"]


def test_thoughts_are_told_from_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    def script(body: dict[str, Any], number: int) -> Answer:
        asked, text = body["messages"][1]["content"], json.dumps(dialogue(body))
        if "recast" in asked:
            return says(f"<think>Hm. {{}}</think>{text}")
        if "hint" in asked:
            return says([{"type": "text", "text": text}], beside={"reasoning": "Hm. {}"})
        if "affective" in asked:
            return says(None, finish="length", beside={"reasoning": text})
        if "choice" in asked and len(body["messages"]) == 2:
            return says(f"<think>{text}</think>Sure!", beside={"tool_calls": [{"id": "1"}]})
        return writes(body)

    with serving(script) as server:
        assert run(server) == 0
    counts = manifest()["counts"]
    assert (counts["kept"], counts["rejected"], counts["replies"]) == (54, 6, 72)
    assert counts["reasons"] == {"reasoning_alone": 12, "not_json": 6}
    assert not any("Hm" in message["content"] for row in rows() for message in row["messages"])
    said = capsys.readouterr().out
    assert "12 reasoning_alone" in said and "of the replies: 6 called a tool" in said
    assert said.count("answers as true-model, where asked-model was asked") == 1
    again = [body["messages"][2]["content"] for body in server.requests if len(body["messages"]) > 2]
    assert sorted(set(again)) == ["(nothing)", "Sure!"], "what it thought is not told to it again"
    thoughts = [line for line in rows("calls") if line.get("thoughts") == "Hm. {}"]
    assert len(thoughts) == 6 and '"thoughts"' not in "".join(map(json.dumps, rows()))


def test_answers_of_an_earlier_version_are_read() -> None:
    with serving(writes) as server:
        assert run(server) == 0
        calls = artifact("corpora", "mine") / "calls.jsonl"
        new = {"thoughts", "remarks", "reasoning_tokens"}
        lines = [{key: value for key, value in line.items() if key not in new} for line in rows("calls")]
        before = contents()
        (artifact("corpora", "mine") / "manifest.json").unlink()
        records.write_jsonl(calls, lines)
        assert run(server) == 0
    assert len(server.requests) == 60 and contents() == before


def test_copies_are_rejected_and_the_first_in_the_grid_stays() -> None:
    with serving(lambda body, number: writes(body | {"seed": 1})) as server:
        assert run(server, "--strategies", "recast", "--exchanges", "1", "--errors", "past_tense") == 0
    assert [row["meta"]["level"] for row in rows()] == ["A1"]
    assert [row["reasons"] for row in rows("rejected")] == [["copy"]]


def test_killed_at_any_time_nothing_is_asked_twice(tmp_path: Path) -> None:
    with serving(writes) as server:
        command = [sys.executable, str(repo_root() / "data_mix" / "generate.py"), *SMALL, "--endpoint", server.url]
        answered: list[set[str]] = []
        for wanted in (9, 31):
            server.answer_only(wanted)
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path)
            server.wait_for(wanted + 4)
            process.kill()
            process.wait()
            calls = artifact("corpora", "mine") / "calls.jsonl"
            answered.append({line["key"] for line in map(json.loads, calls.read_bytes().split(b"\n")[:-1])})
            with open(calls, "ab") as file:
                file.write(b'{"key": "half a li')  # what a kill in the middle of a write leaves
        assert not records.is_complete(artifact("corpora", "mine"))
        server.answer_only(1000)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=tmp_path)
        assert "dropped a half-written last line" in done.stdout
        asked = Counter(json.dumps(body, sort_keys=True) for body in server.requests)
    by_key = {line["key"]: 0 for line in rows("calls")}
    assert len(by_key) == 60 and len(rows("calls")) == 60, "each answer stands in the journal once"
    assert 0 < len(answered[0]) < len(answered[1]) < 60
    assert len(asked) == 60 and sum(asked.values()) <= 60 + 2 * 4, "only what was under way is asked again"
    killed = contents()
    with serving(writes) as server:
        assert run(server, "--name", "other") == 0
    assert contents("other") == killed


def test_ctrl_c_is_clean(tmp_path: Path) -> None:
    with serving(writes) as server:
        server.answer_only(9)
        command = [sys.executable, str(repo_root() / "data_mix" / "generate.py"), *SMALL, "--endpoint", server.url]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        server.wait_for(9 + 4)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, err) == (130, "interrupted\n")
    assert "the same command goes on" in out
    assert len(rows()) >= 1 and rows("calls")[-1]["stopped"] == "interrupted"


def test_the_budget_of_calls_is_a_clean_stop(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(writes) as server:
        assert run(server, "--budget.calls", "10") == generate.BUDGET_REACHED
        assert len(server.requests) == 10 and len(rows()) == 10
        assert "higher --budget.calls" in capsys.readouterr().out
        assert run(server, "--budget.calls", "10") == generate.BUDGET_REACHED, "it counts what was sent before"
        assert len(server.requests) == 10
        assert run(server, "--budget.calls", "60", "--concurrency", "2") == 0
        assert len(server.requests) == 60


def test_the_budget_of_money_is_a_clean_stop() -> None:
    prices = ["--budget.prompt_price", "10", "--budget.completion_price", "100"]  # 0.02 dollars a reply
    with serving(writes) as server:
        assert run(server, *prices, "--budget.usd", "1.0", "--max_tokens", "200") == generate.BUDGET_REACHED
        asked = len(server.requests)
        assert 40 < asked <= 50
        assert run(server, *prices, "--budget.usd", "9", "--max_tokens", "200") == 0
        assert len(server.requests) == 60
    assert manifest()["counts"]["usd"] == pytest.approx(60 * 0.02)


def test_a_budget_of_money_without_usage_is_an_error() -> None:
    prices = ["--budget.prompt_price", "10", "--budget.completion_price", "100"]
    with serving(lambda body, number: writes(body, usage=False)) as server:
        with pytest.raises(UserError, match="reports no usage"):
            run(server, "--budget.usd", "1.0", *prices)
        assert len(server.requests) == 1
        assert run(server) == 0
    assert rows()[0]["meta"]["usage"] == {"prompt_tokens": None, "completion_tokens": None}


def test_a_busy_server_is_waited_for() -> None:
    """How often each request is turned away depends on nothing but the request, so that none is beyond patience."""
    lock = threading.Lock()
    turned_away: Counter[str] = Counter()

    def script(body: dict[str, Any], number: int) -> Answer:
        asked = json.dumps(body, sort_keys=True)
        with lock:
            turned_away[asked] += 1
            times = turned_away[asked]
        if times > random.Random(asked).choice([0, 0, 0, 1, 2, 3]):
            return writes(body)
        return fails(429 if times % 2 else 500, retry_after="0.02")

    with serving(script) as server:
        assert run(server) == 0
    assert len(rows()) == 60
    assert manifest()["counts"]["requests_sent"] == len(server.requests) > 60


def test_what_will_not_change_stops_at_once() -> None:
    with serving(lambda body, number: fails(404, "no model asked-model")) as server:
        with pytest.raises(UserError, match="404: no model asked-model.*the same command goes on") as raised:
            run(server, "--concurrency", "50")
        assert len(server.requests) == 1 and "\n" not in str(raised.value)
        assert rows() == [] and rows("rejected") == []
        server.script = writes
        assert run(server) == 0


def test_an_error_in_the_middle_keeps_what_was_done() -> None:
    with serving(lambda body, number: writes(body) if number < 20 else fails(401)) as server:
        with pytest.raises(UserError, match="answers 401"):
            run(server)
        assert 17 <= len(rows()) <= 20
        server.script = writes
        asked = len(server.requests)
        before = len(rows())
        assert run(server) == 0
        assert len(server.requests) - asked == 60 - before


def test_a_server_without_schemas_is_asked_for_json(capsys: pytest.CaptureFixture[str]) -> None:
    def script(body: dict[str, Any], number: int) -> Answer:
        kind = body.get("response_format", {}).get("type")
        return fails(400, "response_format: json_schema is unknown") if kind == "json_schema" else writes(body)

    with serving(script) as server:
        assert run(server) == 0
    assert len(server.requests) == 61
    assert manifest()["counts"]["constrained"] == {"json": 60}
    said = capsys.readouterr().out
    assert said.count("going on with json") == 1 and "60 by json" in said


def test_another_configuration_under_an_old_name_is_an_error() -> None:
    with serving(writes) as server:
        assert run(server, "--budget.calls", "5") == generate.BUDGET_REACHED
        with pytest.raises(UserError, match=r"another configuration \(temperature: 0.9 before, 0.1 now\)"):
            run(server, "--temperature", "0.1")
        assert run(server) == 0
        with pytest.raises(UserError, match="levels: "):
            run(server, "--levels", "A1")


def test_another_prompt_is_asked_anew_and_told_once_complete(tmp_path: Path) -> None:
    prompt = tmp_path / "mine.yaml"
    text = (repo_root() / "data_mix" / "generation" / "prompts" / "dialogue.yaml").read_text(encoding="utf-8")
    prompt.write_text(text, encoding="utf-8")
    with serving(writes) as server:
        assert run(server, "--prompt", str(prompt), "--budget.calls", "5") == generate.BUDGET_REACHED
        prompt.write_text(text.replace("short dialogues", "very short dialogues"), encoding="utf-8")
        assert run(server, "--prompt", str(prompt)) == 0
        assert len(server.requests) == 65 and len(rows()) == 60
        prompt.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match="finished with other prompts"):
            run(server, "--prompt", str(prompt))


def test_two_processes_do_not_share_a_corpus() -> None:
    from data_mix.generation.config import GenerateConfig
    from data_mix.generation.corpus import Corpus

    with serving(writes) as server:
        config = GenerateConfig(name="mine", model="asked-model", endpoint=server.url)
        with Corpus.open(config), pytest.raises(UserError, match="in use by process"):
            run(server)


def test_a_strangers_folder_is_left_alone() -> None:
    folder = artifact("corpora", "mine")
    folder.mkdir(parents=True)
    (folder / "diary.txt").write_text("dear diary")
    with serving(writes) as server, pytest.raises(UserError, match=r"holds diary.txt but no corpus.json"):
        run(server)


def test_a_dry_run_sends_and_writes_nothing(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    with serving(writes) as server:
        prices = ["--budget.prompt_price", "1", "--budget.completion_price", "2"]
        assert run(server, "--dry_run", *prices) == 0
        assert not server.requests
    said = capsys.readouterr().out
    assert "60 cells, 60 dialogues" in said and "at most 120" in said and "US dollars" in said
    assert "The topic: " in said and '"turns"' in said
    assert not list(workspace.iterdir())


def test_the_key_is_in_no_file(monkeypatch: pytest.MonkeyPatch, workspace: Path) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret-key")
    with serving(lambda body, number: writes(body) if number < 10 else fails(401, "bad key s3cret-key")) as server:
        with pytest.raises(UserError) as raised:
            run(server, "--api_key_env", "MY_KEY")
        assert server.headers[0]["authorization"] == "Bearer s3cret-key"
    assert "s3cret-key" not in str(raised.value)
    files = [path for path in workspace.rglob("*") if path.is_file()]
    assert len(files) >= 4 and not [path for path in files if b"s3cret-key" in path.read_bytes()]
