from dataclasses import dataclass, field
from typing import Any

import pytest

from espalier.errors import UserError
from evaluation.cache import Cache
from evaluation.cases.case import Case, Reply, Simulation, Truth
from evaluation.cases.heldout import heldout_cases, open_mix
from evaluation.cases.suite import HeldOut
from evaluation.metrics import METRICS
from evaluation.metrics.base import dialogue_metric
from evaluation.play import num_replies, play
from evaluation.scoring.records import Record, in_order
from tests.evaluation.toy_world import Echo

SPEC = HeldOut(mix="toy", splits=("unseen_pairs",), dialogues_per_split=2)


@dialogue_metric("replies", low=0, high=100, better="neither")
def num_said(case, dialogue):
    """How many replies there were."""
    return len(dialogue.replies)


@pytest.fixture
def cases(toy_mix):
    return heldout_cases(SPEC, open_mix("toy"))


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "cache.sqlite") as cache:
        yield cache


def asked(backend, cases, cache, seed=0, **how):
    heard = []
    metrics = [METRICS["in_role"], METRICS["corrected_present"], num_said]
    records = play(backend, cases, metrics, cache=cache, seed=seed, on_reply=lambda *n: heard.append(n), **how)
    return records, heard


def test_every_case_once_and_dialogues_to_their_end(cases, cache):
    records, heard = asked(Echo(), cases, cache)
    assert [(record.case, record.turn) for record in records] == [
        (case.name, turn) for case in cases for turn in range(1 + len(case.script))
    ]
    assert heard[-1] == (14, 0) and num_replies(cases) == 14
    first = records[0]
    assert (first.num_turns, first.split, first.cluster) == (2, "unseen_pairs", "hide key")
    assert first.metrics == {"in_role": 1.0, "corrected_present": 0.0, "num_said": 2.0}
    assert first.notes == {"corrected_present": {"why": "no “you hid your key”"}}, "and nothing of what says it all"
    assert first.truth == cases[0].truth


def test_what_is_measured_of_a_dialogue_stands_with_its_first_reply(cases, cache):
    records, _ = asked(Echo(), cases, cache)
    assert [("num_said" in record.metrics) for record in records if record.num_turns == 2] == [True, False] * 2
    assert not any("num_said" in record.metrics for record in records if record.num_turns == 1)


def test_the_history_of_a_dialogue_holds_the_models_own_replies(cases, cache):
    records, _ = asked(Echo(), cases, cache)
    second = next(record for record in records if record.turn == 1)
    said = [message["content"] for message in second.messages]
    assert said[1:] == ["Yesterday I hide my key.", "Ah: Yesterday I hide my key.", "Yesterday I hide my cup."]
    assert [message["role"] for message in second.messages] == ["system", "user", "assistant", "user"]
    assert second.truth.corrected == "you hid your cup" and second.reference == "Oh, you hid your cup! Who was there?"


def test_a_reply_is_asked_for_once(cases, cache):
    first, second = Echo(), Echo()
    before, _ = asked(first, cases, cache)
    after, heard = asked(second, cases, cache)
    assert before == after and len(first.shown) == 14 and second.shown == [] and heard[-1] == (14, 14)


def test_another_model_or_seed_or_sample_is_another_question(cases, cache):
    asked(Echo(), cases, cache)
    other, seeded, sampled = Echo(identity={"content_hash": "other"}), Echo(), Echo()
    asked(other, cases, cache)
    asked(seeded, cases, cache, seed=1)
    records, _ = asked(sampled, cases, cache, samples=3)
    assert len(other.shown) == len(seeded.shown) == 14
    assert len(sampled.shown) == 28 and [record.sample for record in records][:6] == [0, 0, 1, 1, 2, 2]


def test_a_reply_does_not_depend_on_who_else_is_asked(cases, cache, tmp_path):
    alone = Echo()
    asked(alone, cases[3:4], cache)
    together = Echo()
    with Cache(tmp_path / "other.sqlite") as fresh:
        asked(together, cases, fresh)
    assert alone.seeds[0] in together.seeds and len(set(together.seeds)) == 14


def test_the_same_words_are_asked_once_in_one_evaluation(cache):
    cases = [Case(name=name, messages=[{"role": "user", "content": "Hi."}]) for name in "abc"]
    backend = Echo()
    backend.key = lambda ask: ["echo", ask.case.messages]
    records, heard = asked(backend, cases, cache)
    assert len(backend.shown) == 1 and [record.reply for record in records] == ["Ah: Hi."] * 3 and heard[-1] == (3, 2)


@dataclass
class Fails(Echo):
    """Has no reply to some, and dies at others."""

    silent: set[str] = field(default_factory=set)
    dies_at: int = 10**9

    def answer(self, asks):
        for place, ask in enumerate(asks):
            if len(self.shown) >= self.dies_at:
                raise UserError("out of order")
            self.shown.append(ask.case)
            if ask.case.name in self.silent:
                yield place, Reply(text="", num_tokens=0, finish="error", error="429")
            else:
                yield place, Reply(text="Ah!", num_tokens=1, finish="stop")


def test_a_failure_is_recorded_and_not_kept(cases, cache):
    failing = Fails(silent={cases[0].name, cases[5].name})
    records, _ = asked(failing, cases, cache)
    failed = [record for record in records if record.finish == "error"]
    assert {record.case for record in failed} == failing.silent
    assert all(record.metrics == {} and record.error == "429" for record in failed)
    assert not any(record.case == cases[0].name and record.turn for record in records), "a dialogue ends there"
    again = Fails()
    asked(again, cases, cache)
    assert {case.name for case in again.shown} == failing.silent


def test_what_came_before_a_crash_is_kept(cases, cache):
    with pytest.raises(UserError):
        asked(Fails(dies_at=5), cases, cache)
    goes_on = Fails()
    asked(goes_on, cases, cache)
    assert len(goes_on.shown) == 14 - 5


@dataclass
class Parrot:
    """A learner who repeats, and stops at the second reply."""

    identity: Any = None
    asked: int = 0

    def respond(self, dialogues):
        self.asked += len(dialogues)
        return [None if len(told) > 3 else f"You said {told[-1]['content']}" for _, told, _ in dialogues]


SIMULATED = Case(
    name="sim",
    messages=[{"role": "user", "content": "I go."}],
    truth=Truth(learner="I go.", corrected="you went", fix="went"),
    simulation=Simulation(turns=5),
)


def test_a_simulated_learner_answers_what_the_tutor_said(cache):
    records, heard = asked(Echo(), [SIMULATED], cache, learner=Parrot())
    assert [record.messages[-1]["content"] for record in records] == ["I go.", "You said Ah: I go."]
    assert [record.num_turns for record in records] == [2, 2] and records[1].truth.learner == "You said Ah: I go."
    assert records[0].metrics["num_said"] == 2 and heard[-1] == (2, 0)


def test_a_dialogue_ends_after_its_most_turns(cache):
    learner = Parrot()
    learner.respond = lambda dialogues: ["Hm."] * len(dialogues)
    assert len(asked(Echo(), [SIMULATED], cache, learner=learner)[0]) == 5


def test_the_words_of_a_costly_learner_are_kept(cache):
    before, after = Parrot(identity={"model": "m"}), Parrot(identity={"model": "m"})
    one = asked(Echo(), [SIMULATED], cache, learner=before)[0]
    two = asked(Echo(), [SIMULATED], cache, learner=after)[0]
    assert one == two and before.asked == 2 and after.asked == 0


def test_records_survive_json_and_come_in_order(cases, cache):
    records, _ = asked(Echo(), cases, cache)
    assert [Record.from_json(record.to_json()) for record in records] == records
    assert in_order(records[::-1], [case.name for case in cases]) == records
