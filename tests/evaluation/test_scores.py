import json

import pytest

from espalier import records
from espalier.errors import UserError
from evaluation import play as play_module
from evaluation import scores as scores_module
from evaluation.heldout import heldout_cases, open_mix
from evaluation.metrics import METRICS
from evaluation.play import chunks, play
from evaluation.scores import Scores
from evaluation.suite import HeldOut
from tests.evaluation.toy_world import Echo

IDENTITY = {"suite": {"name": "toy"}, "models": {"echo": {"content_hash": "ab" * 32}}, "seed": 0}


@pytest.fixture
def cases(toy_mix, monkeypatch):
    monkeypatch.setattr(play_module, "CHUNK", 5)
    return heldout_cases(HeldOut(mix="toy", splits=("unseen_pairs",), dialogues_per_split=3), open_mix("toy"))


def answers(chunk):
    return play(Echo(), chunk, [METRICS["in_role"]], seed=0, on_turn=lambda count: None)


def test_records_are_kept_and_counted_by_whole_chunks(cases):
    with Scores.open("s", IDENTITY) as scores:
        assert scores.mend(["echo"], cases) == {"echo": 0}
        for chunk in chunks(cases)[:2]:
            scores.append(answers(chunk))
    with Scores.open("s", IDENTITY) as scores:
        assert not scores.complete and scores.mend(["echo", "other"], cases) == {"echo": 2, "other": 0}
        assert len(scores.read()) == len(answers(chunks(cases)[0])) + len(answers(chunks(cases)[1]))


@pytest.mark.parametrize("cut", [10, 400, 2500])
def test_a_chunk_half_written_is_forgotten(cases, cut):
    with Scores.open("s", IDENTITY) as scores:
        scores.append(answers(chunks(cases)[0]))
        before = (scores.folder / "records.jsonl").read_bytes()
        scores.append(answers(chunks(cases)[1]))
        whole = (scores.folder / "records.jsonl").read_bytes()
        (scores.folder / "records.jsonl").write_bytes(whole[:-cut])
    with Scores.open("s", IDENTITY) as scores:
        assert scores.mend(["echo"], cases) == {"echo": 1}
        assert (scores.folder / "records.jsonl").read_bytes() == before
        scores.append(answers(chunks(cases)[1]))
        assert (scores.folder / "records.jsonl").read_bytes() == whole


def test_another_identity_is_refused_in_short(cases):
    Scores.open("s", IDENTITY).__exit__()
    changed = json.loads(json.dumps(IDENTITY))
    changed["models"]["echo"]["content_hash"] = "cd" * 32
    with pytest.raises(UserError, match="models.echo.content_hash: abababababab… before, cdcdcdcdcdcd… now.*--redo"):
        Scores.open("s", changed)
    with Scores.open("s", changed, redo=True) as scores:
        assert scores.read() == []
    with pytest.raises(UserError, match="something else"):
        Scores.open("s", IDENTITY)


def test_complete_once_sealed(cases):
    with Scores.open("s", IDENTITY) as scores:
        for chunk in chunks(cases):
            scores.append(answers(chunk))
        manifest = scores.finish({"decides": "in_role"})
        assert set(manifest["files"]) == {"records.jsonl", "scores.json"}
    records.verify_manifest(scores.folder)
    with Scores.open("s", IDENTITY) as scores:
        assert scores.complete and not scores.code_changed
    with Scores.open("s", IDENTITY, redo=True) as scores:
        assert not scores.complete and scores.read() == []


def test_other_code_does_not_go_on_with_what_was_begun(cases, monkeypatch):
    Scores.open("s", IDENTITY).__exit__()
    monkeypatch.setattr(scores_module, "code_hashes", lambda: {"evaluation": "0" * 64})
    with pytest.raises(UserError, match="other code"):
        Scores.open("s", IDENTITY)
    with Scores.open("s", IDENTITY, redo=True) as scores:
        scores.finish({})
    monkeypatch.undo()


def test_two_processes_do_not_share_scores(cases):
    with Scores.open("s", IDENTITY), pytest.raises(UserError, match="scores s is in use"):
        Scores.open("s", IDENTITY)


def test_a_folder_of_something_else_is_left_alone(workspace):
    (workspace / "scores" / "s").mkdir(parents=True)
    (workspace / "scores" / "s" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds thesis.txt but no scores.json"):
        Scores.open("s", IDENTITY)
    with pytest.raises(UserError):
        Scores.open("../s", IDENTITY)
