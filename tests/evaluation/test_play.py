import pytest

from evaluation import play as play_module
from evaluation.heldout import heldout_cases, open_mix
from evaluation.metrics import METRICS
from evaluation.play import Record, chunks, play
from evaluation.suite import HeldOut
from tests.evaluation.toy_world import Echo

SPEC = HeldOut(mix="toy", splits=("unseen_pairs",), dialogues_per_split=2)


@pytest.fixture
def cases(toy_mix):
    return heldout_cases(SPEC, open_mix("toy"))


def asked(backend, cases, seed=0):
    heard = []
    metrics = [METRICS["in_role"], METRICS["corrected_present"]]
    return play(backend, cases, metrics, seed=seed, on_turn=heard.append), heard


def test_every_case_once_and_dialogues_to_their_end(cases):
    records, heard = asked(Echo(), cases)
    assert [(record.case, record.turn) for record in records] == [
        (case.name, turn) for case in cases for turn in range(1 + len(case.script))
    ]
    assert heard == [12, 2]
    first = records[0]
    assert (first.num_turns, first.split, first.cluster) == (2, "unseen_pairs", "hide key")
    assert first.metrics == {"in_role": 1.0, "corrected_present": 0.0} and first.truth == cases[0].truth


def test_the_history_of_a_dialogue_holds_the_models_own_replies(cases):
    records, _ = asked(Echo(), cases)
    second = next(record for record in records if record.turn == 1)
    said = [message["content"] for message in second.messages]
    assert said[1:] == ["Yesterday I hide my key.", "Ah: Yesterday I hide my key.", "Yesterday I hide my cup."]
    assert [message["role"] for message in second.messages] == ["system", "user", "assistant", "user"]
    assert second.truth.corrected == "you hid your cup" and second.reference == "Oh, you hid your cup! Who was there?"


def test_seeds_differ_by_turn_and_not_by_run(cases):
    one, two, other = Echo(), Echo(), Echo()
    asked(one, cases)
    asked(two, cases)
    asked(other, cases, seed=1)
    assert one.seeds == two.seeds and len(set(one.seeds)) == 2 and one.seeds != other.seeds


def test_records_survive_json(cases):
    records, _ = asked(Echo(), cases)
    assert [Record.from_json(record.to_json()) for record in records] == records


def test_chunks(cases, monkeypatch):
    monkeypatch.setattr(play_module, "CHUNK", 5)
    assert [len(chunk) for chunk in chunks(cases)] == [5, 5, 2]
