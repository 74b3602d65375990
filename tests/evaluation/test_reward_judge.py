"""A reward model as a judge, by the commands: its values in a report, and what it says of what it was not taught by."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records
from espalier.artifacts.run import Run
from espalier.command_line.config import Config
from espalier.errors import UserError
from espalier.models.loading import save_model
from espalier.models.reward import Meaning
from espalier.models.reward_head import RewardHead, attach, save_head
from espalier.text.rows import Row, write_rows
from evaluation import calibrate, run
from evaluation.judges import calibration
from tests import tiny
from tests.evaluation.judges import toy_labels

COLUMNS = ("preferred", "actionability", "of_our_own")
MEANINGS = {name: Meaning(temperature=1.0, slope=1.0, offset=0.0, of="rating") for name in COLUMNS}
TRIED = ["agrees", "canned_pool"]


class Bare(Config):
    """A run's configuration of nothing."""


@pytest.fixture(autouse=True)
def few_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them take seconds."""
    monkeypatch.setattr("evaluation.calibration.findings.rule_metrics", lambda: ["asks"])


@pytest.fixture
def make_reward(workspace: Path) -> Callable[..., Path]:
    """Makes a finished reward model of random weights, taught by the first of the toy problems."""

    def make(name: str, *, taught: int = 4, seed: int = 0, means: dict[str, Meaning] = MEANINGS) -> Path:
        mix = workspace / "mixes" / f"of-{name}"
        (mix / "preferences").mkdir(parents=True)
        learned = [each for each in toy_labels.labelled() if int(each.problem[1:]) < taught]
        told = [
            Row(
                id=f"row-{number}",
                source="toy",
                split="train",
                messages=each.messages,
                rejected=[{"role": "assistant", "content": each.reply}],
                meta={"ratings": {"preferred": 0.5}, "tutor": "A1"},
            )
            for number, each in enumerate(learned)
        ]
        write_rows(mix / "preferences" / "train.parquet", told)
        content = records.write_manifest(mix, {"kind": "mix", "name": mix.name})["content_hash"]

        model = tiny.model(seed)
        attach(model, head := RewardHead(COLUMNS, members=2, width=8, seed=seed))
        with Run.start(
            name, command="feedback/reward.py", config=Bare(), parents={f"mix:{mix.name}": content}, seeds={"all": 0},
            device="cpu", threads=1, compile_mode="off",
        ) as made:  # fmt: skip
            final = made.folder / "final"
            final.mkdir()
            save_model(model, tiny.renderer(), final, None)
            save_head(head, final, means)
            made.finish({})
        return made.folder

    return make


@pytest.fixture
def suite(tmp_path: Path) -> str:
    path = tmp_path / "suite.json"
    cases = [{"name": str(n), "messages": [{"role": "user", "content": f"I goed {n} times."}]} for n in range(6)]
    said = {"name": "s", "metrics": ["preferred", "actionability", "asks"], "headline": "preferred", "cases": cases}
    path.write_text(json.dumps(said))
    lines = [{"case": str(n), "reply": f"You went {n} times?"} for n in range(6)]
    (tmp_path / "one.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    lines = [{"case": str(n), "reply": "Went." if n else ""} for n in range(6)]
    (tmp_path / "two.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def evaluated(suite: str, tmp_path: Path, *words: str) -> dict[str, Any]:
    models = [f"replies:{tmp_path / name}.jsonl" for name in ("one", "two")]
    assert run.main(["--models", *models, "--suite", suite, "--name", "x", "--publish", "false", "--redo", *words]) == 0
    found: dict[str, Any] = records.read_json(tmp_path / "workspace" / "scores" / "x" / "report.json")
    return found


def test_it_gives_the_columns_that_reports_know_and_is_silent_of_an_empty_reply(
    make_reward: Callable[..., Path], suite: str, tmp_path: Path, workspace: Path
) -> None:
    make_reward("rm")
    found = evaluated(suite, tmp_path, "--judges", "run:rm")
    assert found["missing"] == []
    lines = [json.loads(line) for line in (workspace / "scores" / "x" / "records.jsonl").read_text().splitlines()]
    spoken = [line for line in lines if line["reply"]]
    assert all(0 < line["metrics"]["preferred"] < 1 and 0 < line["metrics"]["actionability"] < 1 for line in spoken)
    assert "members differ by" in spoken[0]["notes"]["preferred"]["why"]
    assert not any(
        "preferred" in line["metrics"] or "of_our_own" in line["metrics"] for line in lines if not line["reply"]
    )
    assert records.read_manifest(workspace / "scores" / "x")["parents"]["run:rm"]  # type: ignore[index]
    assert evaluated(suite, tmp_path)["missing"] == ["preferred", "actionability"]


def taught_by(workspace: Path, policy: str, judge: str) -> None:
    """Makes a finished run that learned from pairs that the judge put in order."""
    parents = {judge: read_hash(workspace / "runs" / judge.partition(":")[2])}
    for kind, name in (("corpus", "pairs"), ("mix", "of-pairs")):
        folder = workspace / {"corpus": "corpora", "mix": "mixes"}[kind] / name
        folder.mkdir(parents=True)
        made = records.write_manifest(folder, {"kind": kind, "name": name, "parents": parents})
        parents = {f"{kind}:{name}": made["content_hash"]}
    with Run.start(
        policy, command="stage1/train.py", config=Bare(), parents=parents, seeds={"all": 0}, device="cpu", threads=1,
        compile_mode="off",
    ) as run_:  # fmt: skip
        (run_.folder / "final").mkdir()
        save_model(tiny.model(3), tiny.renderer(), run_.folder / "final", None)
        run_.finish({})


def read_hash(folder: Path) -> str:
    return str((records.read_manifest(folder) or {})["content_hash"])


def test_a_model_is_not_compared_by_the_judge_that_it_was_trained_to_please(
    make_reward: Callable[..., Path], suite: str, tmp_path: Path, workspace: Path
) -> None:
    make_reward("rm")
    make_reward("other", seed=1)
    taught_by(workspace, "policy", "run:rm")

    def opening(judge: str, *words: str) -> str:
        models = ["--models", f"replies:{tmp_path}/one.jsonl", "policy", "--suite", suite, "--judges", judge]
        assert run.main([*models, "--name", "x", "--publish", "false", "--redo", *words]) == 0
        return (workspace / "scores" / "x" / "report.md").read_text().split("## ")[0]

    first, *_, caution = (part for part in opening("run:rm").split("\n\n") if part.startswith("**"))
    assert first.startswith("**Who teaches better cannot be told by “")
    assert "which decides: policy was trained to please reward-rm, which judges it.**" in first
    assert caution.startswith("**Caution: policy was trained to please reward-rm")
    facts = records.read_json(workspace / "scores" / "x" / "report.json")
    assert facts["decide_nothing"].keys() == {"preferred", "actionability"}
    assert "trained to please" in (records.read_manifest(workspace / "scores" / "x") or {})["withheld"]
    with pytest.raises(UserError, match="trained to please reward-rm"):
        opening("run:rm", "--gate", "actionability.mean>=0.1")
    assert "trained to please" not in opening("run:other")


def test_what_a_judge_has_learned_from_is_said(
    make_reward: Callable[..., Path], suite: str, tmp_path: Path, workspace: Path
) -> None:
    make_reward("rm")
    taught = toy_labels.labelled()[0].messages
    path = tmp_path / "known.json"
    cases = [{"name": "known", "messages": taught}, {"name": "new", "messages": [{"role": "user", "content": "Hm."}]}]
    path.write_text(json.dumps({"name": "s", "metrics": ["preferred"], "cases": cases}))
    for name in ("one", "two"):
        lines = [{"case": case["name"], "reply": f"{name} went."} for case in cases]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = evaluated(str(path), tmp_path, "--judges", "run:rm")
    assert found["judges_seen"] == {"reward-rm": {"known": "of-rm"}}
    text = (workspace / "scores" / "x" / "report.md").read_text()
    assert "**Caution: 1 of these 2 cases stand in a mix that reward-rm, which judges, descends from." in text


def test_a_pin_knows_it_by_its_weights(
    make_reward: Callable[..., Path], suite: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def pin() -> str:
        assert run.main(["--suite", suite, "--judges", "run:rm", "--print_pin"]) == 0
        return capsys.readouterr().out

    make_reward("rm")
    before = pin()
    assert pin() == before
    for folder in (workspace / "runs" / "rm", workspace / "mixes" / "of-rm"):
        records.remove_folder(folder)
    make_reward("rm", seed=1)
    assert pin() != before


def test_rewards_without_a_meaning_judge_nothing(make_reward: Callable[..., Path], suite: str) -> None:
    make_reward("rm", means={"of_our_own": MEANINGS["of_our_own"]})
    with pytest.raises(UserError, match="--judges run:rm: what its rewards mean is found when its training ends"):
        run.main(["--models", "human", "--suite", suite, "--judges", "run:rm"])


def test_a_judge_that_would_be_asked_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="--judges run:nope: suite level_fit asks for nothing that a judge gives"):
        run.main(["--models", "human", "--suite", "level_fit", "--judges", "run:nope"])


def examined(tmp_path: Path) -> list[str]:
    labels = toy_labels.write(tmp_path / "labels.json")
    rows = json.loads(labels.read_text())
    for row in rows:
        row["tutor_responses"]["Expert"] = row["tutor_responses"].pop(next(iter(row["tutor_responses"])))
    labels.write_text(json.dumps(rows))
    few = ["--folds", "2", "--resamples", "100", "--controls", *TRIED]
    return ["--labels", str(labels), "--judge", "run:rm", *few]


def test_a_calibration_leaves_out_what_it_was_taught_by(
    make_reward: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("evaluation.calibration.facts._ENOUGH", 4)
    make_reward("rm")
    assert calibrate.main(examined(tmp_path)) == 0
    found = calibration.read("reward-rm")
    assert found is not None
    taught = found["taught_by"]
    # Problems 8 to 11 are asked in the words of the first four, with other numbers: they were learned from too.
    assert taught["mixes"] == ["of-rm"] and taught["left_out"] == 48 and found["replies"] == 96
    assert taught["asked"] == 48 and 0 < taught["asked_of_new_tutors"] < 48
    assert found["dimensions"]["actionability"]["n"] == taught["asked_of_new_tutors"]
    assert "are to problems among them and are left out" in capsys.readouterr().out
    assert "preferred" not in found["dimensions"]  # no teacher labels it
    attacked = found["preferred"]["attacks"]["mrbench"]["families"]
    assert attacked.keys() == set(TRIED) and found["attacks"] == {}
    assert attacked["agrees"]["made"] == 8
    page = (tmp_path / "workspace" / "agents" / "reports" / "calibration-reward-rm.md").read_text()
    assert "Replies made to win, by what it prefers alone" in page and "It learned from 24 preferences of of-rm" in page


def test_what_was_taught_by_every_problem_shows_nothing(make_reward: Callable[..., Path], tmp_path: Path) -> None:
    make_reward("rm", taught=16)
    with pytest.raises(UserError, match="it was taught by every problem of these labels"):
        calibrate.main(examined(tmp_path))
