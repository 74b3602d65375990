import json

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from evaluation.cache import Cache
from evaluation.cases.heldout import heldout_cases, open_mix
from evaluation.cases.suite import HeldOut
from evaluation.metrics import METRICS
from evaluation.pin import Evaluator
from evaluation.play import play
from evaluation.scoring.scores import Scores
from evaluation.seal import sealing
from tests.evaluation.toy_world import Echo

IDENTITY = {"suite": {"name": "toy"}, "models": {"echo": {"content_hash": "ab" * 32}}, "seed": 0}


def evaluator(code="0" * 64):
    """One whose code is this."""
    found = Evaluator(config=None, suite=None, cases="", mix=None, judges={}, controls=())
    found.__dict__["parts"] = {"code": {"evaluation/run.py": code}, "packages": {}}
    return found


def opened(identity=IDENTITY, by=None, **how):
    return Scores.open("s", identity, by or evaluator(), parents={"mix:toy": "ef" * 32}, **how)


@pytest.fixture
def answers(toy_mix, tmp_path):
    cases = heldout_cases(HeldOut(mix="toy", splits=("unseen_pairs",), dialogues_per_split=3), open_mix("toy"))
    with Cache(tmp_path / "cache.sqlite") as cache:
        return play(Echo(), cases, [METRICS["in_role"]], cache=cache, seed=0)


def test_what_is_written_is_read(answers):
    with opened() as scores:
        assert scores.read() == []
        scores.write(answers)
    with opened() as scores:
        assert not scores.complete and scores.read() == answers


def test_another_identity_is_refused_in_short(workspace):
    opened().__exit__()
    changed = json.loads(json.dumps(IDENTITY))
    changed["models"]["echo"]["content_hash"] = "cd" * 32
    with pytest.raises(UserError, match="models.echo.content_hash: abababababab… before, cdcdcdcdcdcd… now.*--redo"):
        opened(changed)
    with opened(changed, redo=True) as scores:
        assert scores.read() == []
    with pytest.raises(UserError, match="something else"):
        opened()


def test_complete_once_sealed(answers):
    with opened() as scores:
        scores.write(answers)
        manifest = scores.finish({"decides": "in_role"})
        assert set(manifest["files"]) == {"records.jsonl", "scores.json"}
        assert manifest["parents"] == {"mix:toy": "ef" * 32}
        assert manifest["parents"] == {"mix:toy": "ef" * 32}
    records.verify_manifest(scores.folder)
    with opened() as scores:
        assert scores.complete and not scores.changed
    with opened(redo=True) as scores:
        assert not scores.complete and scores.read() == []


def test_another_evaluator_is_told_of_once_there_are_scores(workspace):
    opened().__exit__()
    with opened(by=evaluator("1" * 64)) as scores:  # nothing was scored yet
        assert records.read_json(scores.path("scores.json"))["evaluator"]["parts"]["code"] != evaluator().parts["code"]
        scores.write([])
        scores.finish({})
    with opened() as scores:
        assert scores.complete and scores.changed == "code: evaluation/run.py"
    of_an_earlier_version = {"name": "s", "identity": IDENTITY, "code": {}}
    records.write_json(scores.path("scores.json"), of_an_earlier_version)
    scores.finish({})
    with opened() as scores:
        assert scores.complete and scores.changed == "of what it was then, nothing is known"


def finished(**facts):
    with opened() as scores:
        scores.write([])
        scores.finish(facts)
    return scores


def test_records_that_somebody_wrote_are_refused(workspace):
    scores = finished()
    scores.path("records.jsonl").write_text("planted")
    with pytest.raises(UserError, match=r"records.jsonl: changed since it was made"):
        opened()


def test_a_pinned_evaluation_takes_what_it_wrote_and_nothing_else(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("ESPALIER_KEY_FILE", str(tmp_path / "key"))
    finished()
    with sealing("e"), pytest.raises(UserError, match="not made by a pinned evaluation"):
        opened()
    with sealing("e"):
        opened(redo=True).__exit__()
        scores = finished(decides="in_role")
        opened().__exit__()
        with pytest.raises(UserError, match=r"another evaluator than the one pinned \(code: evaluation/run.py\)"):
            opened(by=evaluator("1" * 64))
    opened().__exit__()  # to anybody else it is a folder like others
    scores.path("records.jsonl").write_text("planted")
    tag = records.read_json(scores.path("manifest.json"))["tag"]
    manifest = scores.finish({"decides": "in_role"}) | {"tag": tag}  # whole, but that the tag is of other records
    records.write_json(scores.path("manifest.json"), manifest)
    opened().__exit__()
    with sealing("e"), pytest.raises(UserError, match="not made by a pinned evaluation, or were changed since"):
        opened()


def test_records_of_another_version_are_said_to_be(workspace):
    with opened() as scores:
        scores.path("records.jsonl").write_text('{"model": "a", "case": "b"}\n')
        with pytest.raises(UserError, match="another version"):
            scores.read()


def test_two_processes_do_not_share_scores(workspace):
    with opened(), pytest.raises(UserError, match="scores s is in use"):
        opened()


def test_a_folder_of_something_else_is_left_alone(workspace):
    (workspace / "scores" / "s").mkdir(parents=True)
    (workspace / "scores" / "s" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds thesis.txt but no scores.json"):
        opened()
    with pytest.raises(UserError):
        Scores.open("../s", IDENTITY, evaluator(), parents={})
