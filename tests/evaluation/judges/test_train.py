"""`python evaluation/judges/train.py`: once, again, with other labels, and stopped half-way."""

import json
from pathlib import Path

import pytest

from espalier.artifacts import records, registry
from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from evaluation.judges import classifier
from evaluation.judges.classifier import Classifier
from evaluation.judges.train import main
from tests.evaluation.judges.toy_labels import write


@pytest.fixture
def labels(workspace: Path) -> str:
    return str(write(workspace / "labels.json", 8))


def test_it_trains_a_judge_and_says_what_is_next(labels: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--labels", labels]) == 0
    said = capsys.readouterr().out
    assert "48 labelled replies" in said and "to 8 problems" in said
    assert "No 16, To some extent 16, Yes 16" in said
    assert "not taught" in said
    assert f"python evaluation/calibrate.py --labels {labels}" in said
    manifest = records.verify_manifest(artifact("judges", "classifier"))
    assert manifest["labels"] == [{"file": "labels.json", "sha256": records.sha256_file(Path(labels))}]
    assert manifest["seed"] == 0 and manifest["code"] == classifier.code_hash()
    assert Classifier.open("classifier").identity["content"] == manifest["content_hash"]
    (judge,) = registry.survey()
    assert judge.parents == {"file:labels.json": records.sha256_file(Path(labels))}
    assert judge.about == "taught by labels.json, not calibrated"


def test_the_same_command_says_that_it_is_complete(labels: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--labels", labels, "--name", "mine"])
    before = (artifact("judges", "mine") / "manifest.json").stat().st_mtime_ns
    capsys.readouterr()
    assert main(["--labels", labels, "--name", "mine"]) == 0
    said = capsys.readouterr().out
    assert "already complete" in said and "--judge mine" in said
    assert (artifact("judges", "mine") / "manifest.json").stat().st_mtime_ns == before


def test_other_labels_need_another_name_or_redo(labels: str, workspace: Path) -> None:
    main(["--labels", labels])
    before = Classifier.open("classifier").identity
    other = str(write(workspace / "other.json", 6))
    with pytest.raises(UserError, match=r"classifier was trained with other labels.*--redo"):
        main(["--labels", other])
    assert Classifier.open("classifier").identity == before
    records.write_json(artifact("judges", "classifier") / "calibration.json", {})
    main(["--labels", other, "--redo"])
    assert Classifier.open("classifier").identity != before
    assert not (artifact("judges", "classifier") / "calibration.json").exists(), "it was the other judge's"


def test_training_again_gives_the_same_judge(labels: str) -> None:
    main(["--labels", labels, "--name", "one"])
    main(["--labels", labels, "--name", "two"])
    assert Classifier.open("one").identity == Classifier.open("two").identity


def test_a_run_that_is_stopped_leaves_nothing(labels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(classifier, "write_manifest", stopped)
        main(["--labels", labels])
    assert list(artifact("judges", "classifier").parent.iterdir()) == []
    assert main(["--labels", labels]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--labels: name at least one label file"),
        (["--labels", "nowhere.json"], "nowhere.json: no such file"),
        (["--labels", "LABELS", "--name", "../up"], "cannot be a name"),
        (["--labels", "LABELS", "--embedding", "nobody/nothing"], "--embedding nobody/nothing"),
    ],
)
def test_what_a_user_can_do_wrong_is_one_line(labels: str, arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        main([labels if word == "LABELS" else word for word in arguments])
    assert "\n" not in str(error.value)
    assert not artifact("judges", "classifier").exists()


def test_labels_that_teach_nothing_are_a_users_error(labels: str, workspace: Path) -> None:
    rows = json.loads(Path(labels).read_text())
    with pytest.raises(UserError, match="one problem"):
        path = workspace / "one.json"
        path.write_text(json.dumps(rows[:1]))
        main(["--labels", str(path)])
    for row in rows:
        for reply in row["tutor_responses"].values():
            reply["annotation"] = {"Actionability": "Yes"}
    with pytest.raises(UserError, match="two verdicts"):
        path = workspace / "alike.json"
        path.write_text(json.dumps(rows))
        main(["--labels", str(path)])
