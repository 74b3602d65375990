import pytest

from espalier.errors import UserError
from espalier.models.pool import Pool
from evaluation.backends.fleet import Fleet
from evaluation.backends.human import Human
from evaluation.backends.local import LocalModel
from evaluation.backends.opening import open_backend
from evaluation.backends.recorded import Recorded
from evaluation.backends.vllm import VllmModel
from evaluation.cases.heldout import open_mix
from evaluation.cases.suite import Suite
from evaluation.config import EvaluateConfig

SUITE = Suite.model_validate({"name": "s", "cases": [{"name": "a", "prompt": "b"}]})


def opened(reference, mix=None, **config):
    given = {"suite": SUITE, "mix": mix, "cases": (), "cases_hash": "c", "pool": Pool()}
    return open_backend(reference, EvaluateConfig(**config), **given)


def test_a_model_of_this_machine(toy_mix, make_run):
    make_run("toy-a")
    model = opened("toy-a")
    assert isinstance(model, LocalModel) and model.name == "toy-a" and model.identity["kind"] == "run"
    assert model.is_model and model.ref is not None and model.ref.spec == "run:toy-a"
    assert isinstance(opened("toy-a", engine="vllm"), VllmModel)
    fleet = opened("toy-a", engine="ray", workers=2)
    assert isinstance(fleet, Fleet) and fleet.workers == 2 and fleet.identity == model.identity


def test_rules(toy_mix):
    copy = opened("rule:copy", open_mix("toy"))
    assert copy.name == "rule:copy" and copy.identity["template"] == "Oh, {}! Who was there?"
    assert opened("rule:reference").identity["content_hash"] == "c"


def test_recordings_and_people(tmp_path):
    path = tmp_path / "recorded.jsonl"
    path.write_text('{"case": "a", "reply": "b"}\n')
    assert isinstance(opened(f"replies:{path}"), Recorded) and isinstance(opened("human"), Human)


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("rule:copi", "no rule"),
        ("rule:copy", "this suite has none"),
        ("toy-b", "no model 'toy-b'"),
        ("openai:m", "wants openai:NAME@URL"),
        ("openai:m@nowhere", "wants a URL"),
        ("replies:/nowhere.jsonl", "nowhere.jsonl"),
    ],
)
def test_what_there_is_not(workspace, reference, complaint):
    with pytest.raises(UserError, match=complaint):
        opened(reference)
