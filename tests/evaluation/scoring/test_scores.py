import json

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from evaluation.cache import Cache
from evaluation.cases.heldout import heldout_cases, open_mix
from evaluation.cases.suite import HeldOut
from evaluation.metrics import METRICS
from evaluation.play import play
from evaluation.scoring import scores as scores_module
from evaluation.scoring.scores import Scores
from tests.evaluation.toy_world import Echo

IDENTITY = {"suite": {"name": "toy"}, "models": {"echo": {"content_hash": "ab" * 32}}, "seed": 0}


def opened(identity, **how):
    return Scores.open("s", identity, parents={"mix:toy": "ef" * 32}, **how)


@pytest.fixture
def answers(toy_mix, tmp_path):
    cases = heldout_cases(HeldOut(mix="toy", splits=("unseen_pairs",), dialogues_per_split=3), open_mix("toy"))
    with Cache(tmp_path / "cache.sqlite") as cache:
        return play(Echo(), cases, [METRICS["in_role"]], cache=cache, seed=0)


def test_what_is_written_is_read(answers):
    with opened(IDENTITY) as scores:
        assert scores.read() == []
        scores.write(answers)
    with opened(IDENTITY) as scores:
        assert not scores.complete and scores.read() == answers


def test_another_identity_is_refused_in_short(workspace):
    opened(IDENTITY).__exit__()
    changed = json.loads(json.dumps(IDENTITY))
    changed["models"]["echo"]["content_hash"] = "cd" * 32
    with pytest.raises(UserError, match="models.echo.content_hash: abababababab… before, cdcdcdcdcdcd… now.*--redo"):
        opened(changed)
    with opened(changed, redo=True) as scores:
        assert scores.read() == []
    with pytest.raises(UserError, match="something else"):
        opened(IDENTITY)


def test_complete_once_sealed(answers):
    with opened(IDENTITY) as scores:
        scores.write(answers)
        manifest = scores.finish({"decides": "in_role"})
        assert set(manifest["files"]) == {"records.jsonl", "scores.json"}
        assert manifest["parents"] == {"mix:toy": "ef" * 32}
    records.verify_manifest(scores.folder)
    with opened(IDENTITY) as scores:
        assert scores.complete and not scores.code_changed
    with opened(IDENTITY, redo=True) as scores:
        assert not scores.complete and scores.read() == []


def test_other_code_is_told_of_once_there_are_scores(workspace, monkeypatch):
    opened(IDENTITY).__exit__()
    with monkeypatch.context() as changed:
        changed.setattr(scores_module, "code_behind", lambda _: {"evaluation/run.py": "0" * 64})
        with opened(IDENTITY) as scores:  # nothing was scored yet
            assert records.read_json(scores.path("scores.json"))["code"] == {"evaluation/run.py": "0" * 64}
            scores.write([])
            scores.finish({})
    with opened(IDENTITY) as scores:
        assert scores.complete and scores.code_changed


def test_records_of_another_version_are_said_to_be(workspace):
    with opened(IDENTITY) as scores:
        scores.path("records.jsonl").write_text('{"model": "a", "case": "b"}\n')
        with pytest.raises(UserError, match="another version"):
            scores.read()


def test_two_processes_do_not_share_scores(workspace):
    with opened(IDENTITY), pytest.raises(UserError, match="scores s is in use"):
        opened(IDENTITY)


def test_a_folder_of_something_else_is_left_alone(workspace):
    (workspace / "scores" / "s").mkdir(parents=True)
    (workspace / "scores" / "s" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds thesis.txt but no scores.json"):
        opened(IDENTITY)
    with pytest.raises(UserError):
        Scores.open("../s", IDENTITY, parents={})
