"""Only what a learner sees is measured, whoever answers; the rest is kept, counted and said."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

import espalier.generation.generate
from espalier.generation.generate import Reply as Generated
from espalier.models.loading import resolve
from espalier.models.pool import Placement
from evaluation.backends.base import Ask, Backend
from evaluation.backends.fleet import _Worker
from evaluation.backends.human import Human
from evaluation.backends.local import LocalModel
from evaluation.backends.recorded import Recorded
from evaluation.backends.rules import ReferenceRule
from evaluation.backends.vllm import VllmModel
from evaluation.cache import Cache
from evaluation.cases.case import Case, Checks, Reply
from evaluation.cases.suite import Generation
from evaluation.metrics import METRICS
from evaluation.play import play
from evaluation.report.visibility import unseen, warnings
from evaluation.scoring.records import Record
from tests import tiny
from tests.evaluation.backends.models import base, local
from tests.evaluation.test_report import of
from tests.evaluation.toy_world import Echo

LEAK = "<think>\nCould be Canberra. No.\n</think>\n\nIt is Sydney."
CASE = Case(
    name="capital",
    messages=[{"role": "user", "content": "Which is the capital?"}],
    checks=Checks(contains=("Canberra",)),
    reference=LEAK,
)
SHUT = Case(name="secret", messages=[{"role": "user", "content": "Which?"}], checks=Checks(lacks=("Canberra",)))


class Says(Echo):
    """Answers with what it is told to, one reply after the other."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__(name="told", identity={"replies": [asdict(each) for each in replies]})
        self.replies = replies

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        yield from zip(range(len(asks)), self.replies, strict=False)


def said(text: str, finish: Any = "stop", **known: Any) -> Reply:
    return Reply(text=text, num_tokens=9, finish=finish, **known)


def played(backend: Any, *cases: Case, metrics: Sequence[str] = ("checks", "words"), **how: Any) -> list[Record]:
    with Cache() as cache:
        return play(backend, cases or (CASE,), [METRICS[name] for name in metrics], cache=cache, seed=0, **how)


# Whoever answers


@pytest.fixture
def writes_thoughts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Local models write a reply with thoughts."""

    def write(model: Any, renderer: Any, prompts: Sequence[Any], **how: Any) -> Iterator[tuple[int, Generated]]:
        for place in range(len(prompts)):
            yield place, Generated(text=LEAK, num_tokens=9, finish="stop")

    monkeypatch.setattr(espalier.generation.generate, "generate_each", write)


def endpoint(tmp_path: Path) -> Iterator[Backend]:
    pytest.importorskip("openai", reason='needs the extra "endpoints"')
    from espalier.endpoints.client import EndpointSettings
    from evaluation.backends.endpoint import EndpointModel
    from tests.espalier.endpoints.chat_server import says, serving

    with serving(lambda body, number: says(LEAK)) as server:
        settings = EndpointSettings(endpoint=server.url, model="true-model", max_retries=0)
        yield EndpointModel(settings=settings, generation=Generation())


def recorded(tmp_path: Path) -> Iterator[Backend]:
    (tmp_path / "r.jsonl").write_text(json.dumps({"case": "capital", "reply": LEAK}))
    yield Recorded.open(f"replies:{tmp_path / 'r.jsonl'}")


def person(tmp_path: Path) -> Iterator[Backend]:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", Terminal(LEAK.replace("\n\n", "\n") + "\n\n"))
        patch.setattr(sys, "stdout", Terminal())
        yield Human("human")


def weights(tmp_path: Path) -> Iterator[Backend]:
    yield local(base(tmp_path / "m"))


def fleet(tmp_path: Path) -> Iterator[Backend]:
    ref = base(tmp_path / "m")
    worker = _Worker(ref.spec, ref.content_hash, Generation(), Placement(device="cpu"))
    (found, complaint) = worker.answer([(0, Ask(case=CASE, turn=0, sample=0, seed=0))])
    assert not complaint
    yield Says(*(reply for _, reply in found))


def by_vllm(tmp_path: Path) -> Iterator[Backend]:
    from tests.evaluation.backends.test_vllm import FakeLLM, stand_in

    class Writes(FakeLLM):
        def generate(self, prompts: Any, how: Any, **more: Any) -> Any:
            found = super().generate(prompts, how, **more)
            found[0].outputs[0].token_ids = self._renderer.text_prompt(LEAK)[1:]
            found[0].outputs[0].finish_reason = "stop"
            return found

    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch, Writes)
        yield VllmModel(ref=base(tmp_path / "m"), generation=Generation(), placement=Placement(device="cpu"))


def rule(tmp_path: Path) -> Iterator[Backend]:
    yield ReferenceRule(source="x")


@pytest.mark.usefixtures("writes_thoughts")
@pytest.mark.parametrize("who", [endpoint, recorded, person, weights, fleet, by_vllm, rule])
def test_whoever_answers_thoughts_are_not_measured(who: Any, tmp_path: Path) -> None:
    for backend in who(tmp_path):
        (record,) = played(backend)
        assert record.metrics == {"checks": 0.0, "words": 3.0}
        words = " ".join(record.reply.split()), " ".join(record.reasoning.split())
        assert words == ("It is Sydney.", "Could be Canberra. No.") and not record.silence


OPENING = """{%- for message in messages -%}
{{ '<|' + message['role'] + '|>' }}
{%- if message['role'] == 'assistant' -%}{{ '<think>\n' }}{%- endif -%}
{{ message['content'] + eos_token }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|assistant|><think>\n' }}{%- endif -%}"""


@pytest.mark.parametrize("engine", ["local", "vllm"])
@pytest.mark.parametrize(
    ("written", "ended", "seen", "silence"),
    [
        ("Could be Canberra. No.</think>It is Sydney.", True, "It is Sydney.", ""),
        ("Could be Canberra. No", False, "", "limit spent on reasoning"),
    ],
)
def test_thoughts_that_the_template_opens_are_thoughts_to_their_end(
    tmp_path: Path, engine: str, written: str, ended: bool, seen: str, silence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.evaluation.backends.test_vllm import FakeLLM, stand_in

    finish: Any = "stop" if ended else "length"

    def write(model: Any, renderer: Any, prompts: Sequence[Any], **how: Any) -> Iterator[tuple[int, Generated]]:
        (prompt,) = renderer.prompts(prompts)
        yield 0, Generated(text=written, num_tokens=9, finish=finish, prompt_ids=prompt)

    class Writes(FakeLLM):
        def generate(self, prompts: Any, how: Any, **more: Any) -> Any:
            found = super().generate(prompts, how, **more)
            found[0].outputs[0].token_ids = self._renderer.text_prompt(written)[1:]
            found[0].outputs[0].finish_reason = finish
            return found

    monkeypatch.setattr(espalier.generation.generate, "generate_each", write)
    stand_in(monkeypatch, Writes)
    folder = tiny.saved(tmp_path / "m")
    (folder / "chat_template.jinja").write_text(OPENING)
    (folder / "espalier.json").unlink()
    ref = resolve(f"path:{folder}")
    how = {"ref": ref, "generation": Generation(max_new_tokens=8), "placement": Placement(device="cpu")}
    (record,) = played(LocalModel(**how) if engine == "local" else VllmModel(**how))
    assert (record.reply, record.silence) == (seen, silence)
    assert record.reasoning.startswith("Could be Canberra. No") and record.metrics["checks"] == 0.0


# What is seen, and what is not


@pytest.mark.parametrize(
    ("reply", "seen", "reasoning", "silence"),
    [
        (said(LEAK), "It is Sydney.", "Could be Canberra. No.", ""),
        (said("It is Sydney.", reasoning="Canberra?"), "It is Sydney.", "Canberra?", ""),
        (said("<think>b</think>Sydney.", reasoning="a"), "Sydney.", "a\n\nb", ""),
        (said("<think>Canberra", "length"), "", "Canberra", "limit spent on reasoning"),
        (said("<think>Canberra"), "", "Canberra", "reasoning, and nothing said"),
        (said("", "length", reasoning="Canberra"), "", "Canberra", "limit spent on reasoning"),
        (said("", silence="a tool called instead"), "", "", "a tool called instead"),
        (said(""), "", "", "nothing said"),
        (said("The mark `</think>` ends thoughts."), "The mark `</think>` ends thoughts.", "", ""),
    ],
)
def test_a_record_keeps_what_is_seen_apart_from_what_was_thought(
    reply: Reply, seen: str, reasoning: str, silence: str
) -> None:
    (record,) = played(Says(reply))
    assert (record.reply, record.reasoning, record.silence) == (seen, reasoning, silence)
    assert record.metrics == {"checks": 0.0, "words": float(len(seen.split()))}
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_silence_earns_nothing() -> None:
    loud, silent = played(Says(said("It is Sydney."), said("<think>Canberra", "length")), SHUT, replace(SHUT, name="b"))
    assert loud.metrics == {"checks": 1.0, "words": 3.0}
    assert silent.metrics == {"words": 0.0}, "that it does not say the word is no virtue of it"


def test_of_a_model_that_always_begins_inside_its_thoughts_a_cut_reply_is_thoughts() -> None:
    whole, cut = said("Canberra? No.\n</think>\n\nSydney."), said("Is it Canb", "length")
    found = played(Says(whole, cut), CASE, replace(CASE, name="b"))
    assert [record.reply for record in found] == ["Sydney.", ""] and found[1].silence == "limit spent on reasoning"
    assert played(Says(cut))[0].reply == "Is it Canb", "alone, nothing tells"


def test_the_cache_keeps_what_was_written() -> None:
    backend = Says(said(LEAK))
    with Cache() as cache:
        first = play(backend, [CASE], [METRICS["checks"]], cache=cache, seed=0)
        again = play(backend, [CASE], [METRICS["checks"]], cache=cache, seed=0)
        ((key, kept),) = cache._connection.execute("SELECT key, value FROM kept")
        assert first == again and len(backend.shown) == 0 and json.loads(kept)["text"] == LEAK
        old = {name: json.loads(kept)[name] for name in ("text", "num_tokens", "finish", "error", "log_likelihoods")}
        cache.put([(key, old)])
        assert play(backend, [CASE], [METRICS["checks"]], cache=cache, seed=0) == first, "as an earlier version kept it"


def test_a_dialogue_goes_on_with_what_was_seen() -> None:
    from evaluation.cases.case import Turn

    talk = replace(CASE, script=(Turn(learner="And of Chile?"),))
    first, second = played(Says(said(LEAK)), talk)
    assert second.messages[1] == {"role": "assistant", "content": "It is Sydney."} and first.reasoning


def test_a_judge_sees_what_a_learner_sees() -> None:
    from evaluation.scoring.verdicts import _item

    assert _item(played(Says(said(LEAK)))[0]).reply == "It is Sydney."


def test_a_recording_may_hold_messages_and_records_of_ours(tmp_path: Path) -> None:
    part = [{"type": "thinking", "thinking": "Canberra?"}, {"type": "text", "text": "Sydney."}]
    lines = [
        {"case": "a", "reply": None, "reasoning_content": "Canberra?", "finish": "length"},
        {"case": "b", "reply": part, "model": ""},
        {"case": "c", "reply": [{"type": "image_url"}]},
    ]
    cases = [replace(CASE, name=name) for name in "abc"]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = played(Recorded.open(f"replies:{tmp_path / 'r.jsonl'}"), *cases)
    assert [(record.reply, record.reasoning) for record in found] == [
        ("", "Canberra?"),
        ("Sydney.", "Canberra?"),
        ("", ""),
    ]
    assert [record.silence for record in found] == ["limit spent on reasoning", "", "nothing said"]
    assert found[2].remarks == ("a part that is no text (image_url) passed over",)
    (tmp_path / "records.jsonl").write_text("\n".join(json.dumps(record.to_json()) for record in found))
    again = played(Recorded.open(f"replies:{tmp_path / 'records.jsonl'}"), *cases)
    silent = said("", silence="a tool called instead")
    (tmp_path / "silent.jsonl").write_text(json.dumps(played(Says(silent))[0].to_json()))
    assert played(Recorded.open(f"replies:{tmp_path / 'silent.jsonl'}"))[0].silence == "a tool called instead"
    assert [replace(record, model="r") for record in again] == [replace(record, model="r") for record in found]


# What is said of it


def test_what_is_not_seen_is_counted_and_said() -> None:
    replies = [
        said(LEAK, remarks=("called a tool",)),
        *[said("<think>Canberra", "length")] * 2,
        said("", silence="a tool called instead"),
        said("Hi."),
    ]
    cases = [replace(CASE, name=str(number)) for number in range(len(replies))]
    material = of(played(Says(*replies), *cases), [METRICS["checks"]], "checks")
    assert [warning.partition(". What")[0] for warning in warnings(material)] == [
        "3 of 5 replies of told are empty: 2 limit spent on reasoning, 1 a tool called instead",
        "1 of 5 replies of told: called a tool",
    ]
    assert "max_new_tokens of the suite (64 now)" in warnings(material)[0]
    assert "| told | 5 | 3 | 2 | 2 | 3 | 2 limit spent on reasoning, 1 a tool called instead |" in unseen(material)


def test_answers_of_a_judge_that_are_no_verdicts_are_counted_and_said() -> None:
    failed = {"asks": {"why": "the answer is empty (limit spent on reasoning)", "abstained": True, "failed": True}}
    withheld = {"asks": {"why": "cannot tell", "abstained": True}}
    cases = [replace(CASE, name=str(number)) for number in range(3)]
    records = played(Says(*[said("Hi.")] * 3), *cases)
    judged = [replace(r, notes=notes) for r, notes in zip(records, (failed, failed, withheld), strict=True)]
    assert warnings(of(judged, [METRICS["checks"]], "checks")) == [
        "the judge's answers on 2 of 3 replies of told are no verdicts: the answer is empty (limit spent on reasoning)"
    ]


def test_where_all_is_seen_nothing_is_said_and_a_model_may_say_nothing() -> None:
    failed = said("", "error", error="gone")
    thoughts = of(played(Says(said(LEAK), failed), CASE, replace(CASE, name="b")), [METRICS["checks"]], "checks")
    assert warnings(thoughts) == [] and "| told | 1 | 1 | 4 |" in unseen(thoughts)
    plain = of(played(Says(said("Hi."))), [METRICS["checks"]], "checks")
    assert (warnings(plain), unseen(plain)) == ([], "")
    silent = of(played(Says(said(""))), [METRICS["checks"]], "checks")
    assert warnings(silent) == [] and "nothing said" in unseen(silent)
