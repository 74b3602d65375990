"""Asking models in lockstep: what they read, that seeds are their own, and what a reply that failed becomes."""

import random

import pytest

from espalier.artifacts.records import write_jsonl
from espalier.errors import UserError
from evaluation.cases.case import Reply
from research.self_improvement.families.opening import FamilySettings, PredictOutputSettings, open_families
from research.self_improvement.families.predict_output.prompts import asked
from research.self_improvement.records import challenge_lines, played_lines, read_challenges, read_played
from research.self_improvement.voices import PREFIX, AskSettings, Sampling, Voice, perform, prefixed

FAMILIES = open_families(FamilySettings(predict_output=PredictOutputSettings(trained=3)))
(FAMILY,) = FAMILIES.values()


class Backend:
    """Says what it is told to, and remembers what it was asked."""

    name = "toy"
    is_model, interactive = True, False

    def __init__(self, *replies):
        self.replies, self.asked = replies, []

    def key(self, ask):
        return None

    def answer(self, asks):
        self.asked += asks
        for place in reversed(range(len(asks))):
            yield place, self.replies[place % len(self.replies)]

    def close(self):
        pass


def said(text, **changes):
    return Reply(**{"text": text, "num_tokens": 1, "finish": "stop"} | changes)


def test_the_prefix_stands_before_what_is_asked_and_nowhere_else(workspace):
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "go"}]
    assert prefixed(messages, PREFIX)[1]["content"] == f"{PREFIX} go"
    assert messages[1]["content"] == "go" and prefixed(messages, "") is messages
    backend = Backend(said("a"))
    Voice(backend, 0, PREFIX).says([messages], ["k"])
    assert backend.asked[0].case.messages == prefixed(messages, PREFIX)


def test_a_seed_is_of_its_own_key_alone(workspace):
    one, other = Backend(said("a")), Backend(said("a"))
    ask = [{"role": "user", "content": "go"}]
    Voice(one, 3, "").says([ask] * 3, ["a", "b", "c"])
    Voice(other, 3, "").says([ask], ["b"])
    assert other.asked[0].seed == one.asked[1].seed and len({each.seed for each in one.asked}) == 3
    Voice(other, 4, "").says([ask], ["b"])
    assert other.asked[1].seed != other.asked[0].seed


def test_what_failed_is_counted_and_all_failed_is_an_error(workspace):
    ask = [{"role": "user", "content": "go"}]
    voice = Voice(Backend(said("", finish="error", error="no room"), said("x\ud800")), 0, "")
    failed, whole = voice.says([ask] * 2, ["a", "b"])
    assert failed.text == "" and whole.text == "x?" and voice.failed == {"no room": 1}
    with pytest.raises(UserError, match="gave no reply at all; the first time because: down"):
        Voice(Backend(said("", finish="error", error="down")), 0, "").says([ask], ["a"])


def test_performances_are_kept_with_what_was_asked(workspace, tmp_path):
    challenges = [FAMILY.written(random.Random(seed), seed % 3) for seed in range(4)]
    voice = Voice(Backend(said("7"), said("", silence="empty")), 0, PREFIX)
    played = perform(FAMILIES, challenges, range(2), voice, seed=0)
    assert [(each.challenge, each.number) for each in played] == [(c.id, n) for c in challenges for n in range(2)]
    assert played[0].said[0].messages == prefixed(asked(challenges[0].content), PREFIX)
    assert played[0].performance.text == played[0].said[0].reply == "7" and not played[0].silence
    assert played[1].performance.text == "" and played[1].silence == "empty"
    write_jsonl(tmp_path / "p.jsonl", played_lines(played))
    write_jsonl(tmp_path / "c.jsonl", challenge_lines(challenges))
    assert read_played(tmp_path / "p.jsonl") == played and read_challenges(tmp_path / "c.jsonl") == challenges


def test_a_model_of_ours_is_asked_the_same_alone_and_in_a_batch(workspace, make_run):
    make_run("core")
    ask = [{"role": "user", "content": f"number {place}"} for place in range(5)]
    with Voice.open("core", Sampling(1.0, 6), AskSettings(batch_size=2)) as voice:
        together = [reply.text for reply in voice.says([[each] for each in ask], list("abcde"))]
        assert voice.made_from.keys() == {"run:core"}
    (workspace / "cache" / "evaluation.sqlite").unlink()
    with Voice.open("run:core", Sampling(1.0, 6), AskSettings()) as voice:
        assert [voice.says([[each]], [key])[0].text for each, key in zip(ask, "abcde", strict=True)] == together
    assert len(set(together)) > 1


def test_nobody_to_ask_and_nothing_to_do_are_refused(workspace):
    with pytest.raises(UserError, match="nobody"):
        Voice.open("nobody", Sampling(1.0, 6), AskSettings())
    with pytest.raises(UserError, match="no model"):
        Voice.open("human", Sampling(1.0, 6), AskSettings())
    with pytest.raises(UserError, match="none is set up"):
        open_families(FamilySettings())
