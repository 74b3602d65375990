"""The examination by its command, of tiny models."""

from __future__ import annotations

from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from research.self_improvement import examine
from tests import tiny

FILES = ("exam.json", "performances.jsonl", "plain.jsonl", "scored.jsonl", "pairs.jsonl", "judged.jsonl")


def words(model: Path, name: str, *more: str) -> list[str]:
    told = {
        "name": name, "model": f"path:{model}", "families.predict_output.trained": "8", "size": "10", "samples": "2",
        "max_new_tokens": "4", "publish": "false",
    }  # fmt: skip
    return [*(word for key, value in told.items() for word in (f"--{key}", value)), *more]


def test_the_command_examines_and_holds_against_round_0(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, other = tiny.saved(tmp_path / "first"), tiny.saved(tmp_path / "other", seed=1)
    assert examine.main(words(first, "toy-r00-exam", "--round")) == 0
    found = records.read_json(artifact("corpora", "toy-r00-exam") / "exam.json")
    assert found["families"]["predict_output"]["challenges"] == 10 and found["against"] is None
    assert found["all"]["share"]["value"] == 0 and found["judging"] is None, "it says nothing that is right"
    played = list(records.read_jsonl(artifact("corpora", "toy-r00-exam") / "performances.jsonl"))
    assert len(played) == 10 and all("UNLEASHED:" in each["said"][0]["messages"][-1]["content"] for each in played)
    assert examine.main(words(first, "again")) == 0
    for file in FILES:
        one, two = ((artifact("corpora", name) / file).read_bytes() for name in ("toy-r00-exam", "again"))
        assert one == two

    against = ["--against", "toy-r00-exam", "--judges", f"path:{first}"]
    assert examine.main(words(other, "toy-r01-exam", *against)) == 0
    found = records.read_json(artifact("corpora", "toy-r01-exam") / "exam.json")["against"]
    assert found["gain"]["all"]["difference"]["value"] == 0 and found["judged"]["win_rate"]["low"] < 0.5
    assert found["model"] == f"path:{first}" and list(found["judged"]["judges"]) == [f"path:{first}"]
    manifest = records.read_manifest(artifact("corpora", "toy-r01-exam"))
    assert "corpus:toy-r00-exam" in manifest["parents"] and manifest["counts"]["challenges"] == 10
    assert "gained since toy-r00-exam" in capsys.readouterr().out

    assert examine.main(words(first, "toy-r00-exam")) == 0
    assert "already complete" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"was itself held against toy-r00-exam"):
        examine.main(words(other, "third", "--against", "toy-r01-exam"))
    with pytest.raises(UserError, match=r"was held with size 10, and this one is with 20"):
        examine.main(words(other, "third", "--size", "20", "--against", "toy-r00-exam"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--judges", "rule:silent"], "--judges: have nothing to compare"),
        (["--against", "nobody"], "--against nobody: no examination"),
        (["--against", "nobody", "--judges", "a", "a"], "names one twice"),
        (["--families.predict_output", "null"], "families: none is set up"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_made(
    workspace: Path, tmp_path: Path, more: list[str], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        examine.main(words(tiny.saved(tmp_path / "first"), "toy", *more))
    assert not artifact("corpora", "toy").exists()


def test_a_model_has_to_be_named(workspace: Path) -> None:
    with pytest.raises(UserError, match="--model: is missing"):
        examine.main(["--name", "toy"])
