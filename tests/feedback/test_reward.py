"""A reward model by the command: trained by the one loop, killed and resumed, held to what it was not taught by."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from espalier import cli
from espalier.artifacts import records
from espalier.command_line.config import load_file as load_file_of
from espalier.errors import UserError
from espalier.models.pool import Placement
from espalier.models.reward import open_reward
from espalier.models.reward_head import RewardHead, attach
from espalier.text.rows import Row, read_rows, write_rows
from evaluation import run as evaluation
from exports import run as export
from feedback import reward
from feedback.rewards.conclude import _scorer
from feedback.rewards.config import RewardConfig
from feedback.scoring import open_scorer
from stage1.train import main as stage1
from tests import processes, tiny
from tests.stage1.commands import CORE, NOUNS, VERBS, fingerprint, log_of_step, write_config

NAMES = ("Anna", "Ben", "Sophie", "Tom")
CONFIG: dict[str, Any] = {
    "name": "rm",
    "mix": "judged",
    "adapter": {"r": 2, "dropout": 0.2},
    "seq_len": 96,
    "micro_batch_size": 2,
    "grad_accum": 2,
    "steps": 60,
    "optim": {"lr": 0.02},
    "schedule": {"warmup": 2},
    "compile": "off",
    "log_every": 1,
    "checkpoint_every": 20,
    "heldout": {"every": 30, "batch_size": 4},
    "checkin": {"every": 0},
    "reward": {"members": 3, "pointwise": 0.5},
    "controls": ["salad", "agrees"],
    "control_prompts": 6,
}


def compared(number: int, verb: tuple[str, str], noun: str, split: str) -> list[Row]:
    """A pair, of which the better reply gives the form, and two rated replies of like kind."""
    asked = [{"role": "user", "content": f"I {verb[0]} the {noun}."}]
    good, bad = f"You {verb[1]} the {noun}?", f"No, {noun}."
    said = {name: [{"role": "assistant", "content": text}] for name, text in (("chosen", good), ("rejected", bad))}
    facts: dict[str, Any] = {"source": "toy", "split": split}
    rows = [Row(id=f"{split}-pair-{number}", messages=asked, **said, **facts)]
    asked = [{"role": "user", "content": f"{NAMES[number % 4]} {verb[0]} the {noun}."}]
    for place, (text, worth) in enumerate(((f"{NAMES[number % 4]} {verb[1]}?", 1.0), ("No.", 0.0), (f"{noun}?", 0.5))):
        meta = {"ratings": {"actionability": worth}, "tutor": "A", "problem": f"{split} {number}"}
        reply = [{"role": "assistant", "content": text}]
        sides = {"chosen": reply} if worth == 1 else {"rejected": reply}
        rows.append(Row(id=f"{split}-rated-{number}-{place}", messages=asked, meta=meta, **sides, **facts))
    return rows


@pytest.fixture
def config(workspace: Path) -> Path:
    """A base, and a mix whose held-out splits know other nouns."""
    tiny.saved(workspace / "base", width=16)
    folder = workspace / "mixes" / "judged"
    (folder / "preferences").mkdir(parents=True)
    write_rows(folder / "train.parquet", [tiny.text_row(1, "I went.")])
    others = ["boat", "tree", "lamp", "cup", "door", "song", "hill", "road", "coat", "hat"]
    others += ["shoe", "ball", "bag", "key", "map"]
    for split, nouns in (("train", NOUNS), ("valid", others[:10]), ("new_problems", others[10:])):
        pairs = [(verb, noun) for verb in VERBS for noun in nouns]
        rows = [row for number, (verb, noun) in enumerate(pairs) for row in compared(number, verb, noun, split)]
        write_rows(folder / "preferences" / f"{split}.parquet", rows)
    records.write_manifest(folder, {"kind": "mix", "name": "judged", "sources": []})
    return write_config(workspace, CONFIG, base=str(workspace / "base"))


def test_it_learns_what_is_better_and_says_how_far_that_holds(
    config: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reward.main([str(config)]) == 0
    said = capsys.readouterr().out
    folder = workspace / "runs" / "rm"
    found = records.read_json(folder / "reward-figures.json")
    kept = records.read_manifest(folder)["summary"]["reward"]  # type: ignore[index]
    assert kept["splits"]["new_problems"]["preferred"].keys() == {"pairs", "accuracy", "ece"}
    assert kept["families_tried"] == 2 and set(kept["fooled_by"]) <= {"salad", "agrees"}
    assert found["columns"] == ["preferred", "actionability"] and found["calibrated_on"] == "valid"
    pairs, rated = (found["splits"]["new_problems"][name] for name in found["columns"])
    assert pairs["accuracy"]["value"] > 0.9 and pairs["pairs"] == 25 and pairs["problems"] == 25
    assert rated["accuracy"]["value"] > 0.7 and rated["rated"] == 75 and rated["agreement"]["kappa"]["value"] > 0.3
    assert 0 <= rated["ece"]["value"] < 0.5 and rated["disagreement"]["spread"] > 0
    assert found["splits"]["valid"]["preferred"]["pairs"] == 50 and "ece" in found["splits"]["valid"]["preferred"]
    assert found["attacks"]["split"] == "new_problems" and found["attacks"]["families"].keys() == {"salad", "agrees"}
    assert "next: python evaluation/run.py --models … --judges run:rm" in said and "pairs in order" in said

    cli.main(["ls"])
    listed = r"rm .*reward model, pairs in order: new_problems \d\.\d+, valid \d\.\d+, fooled by \d of 2 families"
    assert re.search(listed, capsys.readouterr().out)

    model = open_reward("run:rm", Placement(device="cpu"))
    asked = [{"role": "user", "content": "I see the bread."}]
    values = model.values(model.score([(asked, "You saw the bread?"), (asked, "No, bread."), (asked, "")]))
    assert values[0, 0] > values[1, 0] + 0.1 and np.isnan(values[2]).all()
    measured = [row for row in records.read_jsonl(folder / "metrics.jsonl") if "heldout_loss" in row]
    assert [row["step"] for row in measured] == [0, 30, 60]
    assert measured[-1]["heldout_accuracy_preferred"] > 0.9 > measured[0]["heldout_accuracy_preferred"]
    assert measured[-1]["heldout_loss"] < measured[0]["heldout_loss"]
    report = (folder / "report.md").read_text()
    assert "reliability.png" in report and "made to win" in report and (folder / "reliability.png").exists()


def test_a_column_that_nothing_was_learned_of_scores_nothing(
    config: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (workspace / "mixes" / "judged" / "preferences").iterdir():
        write_rows(path, [row for row in read_rows(path) if row.meta])  # ratings by one dimension, and no preferences
    assert reward.main([str(config), "--steps", "2", "--reward.pointwise", "0"]) == 0
    said = capsys.readouterr().out
    assert "has no preferences in a split" not in said
    assert "note: nothing is learned of preferred" in said and "rewards by actionability, 3 members" in said
    folder = workspace / "runs" / "rm"
    found, kept = (records.read_json(folder / name) for name in ("reward-figures.json", "final/reward.json"))
    assert kept["columns"] == ["preferred", "actionability"] and kept["learned"] == {"actionability": 1.0}
    assert kept["calibration"].keys() == {"actionability"} == found["splits"]["new_problems"].keys()
    assert found["column"] == "actionability" and found["attacks"]["families"].keys() == {"salad", "agrees"}
    with pytest.raises(UserError, match="run:rm never learned 'preferred': .* it learned actionability"):
        open_scorer("run:rm")
    assert open_scorer("run:rm/actionability").text == "run:rm/actionability=1"


def test_a_split_that_is_to_give_meaning_and_is_not_there_is_told_before_the_first_step(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reward.main([str(config), "--steps", "1", "--reward.calibrate_on", "nowhere"]) == 0
    said = capsys.readouterr().out
    assert said.index("note: mix judged has no preferences in a split nowhere") < said.index("parameters trained")


def test_what_cannot_be_valued_does_not_end_a_training_at_its_end() -> None:
    model = tiny.model(max_positions=64)
    attach(model, head := RewardHead(("preferred",), members=2, width=8))
    score = _scorer(model, tiny.renderer(), 4)
    asked = [{"role": "user", "content": "I went."}]
    said = [(asked, reply) for reply in ("<think>Went", "You went?", "went to the market " * 20, " ")]
    assert np.isfinite(score(said)).all(axis=(1, 2)).tolist() == [False, True, False, False]
    with torch.no_grad():
        head.bias[0] = np.nan
    with pytest.raises(UserError, match=r"the reward of reply 'You went\?' is no finite number"):
        score(said)


def test_what_would_have_it_write_is_refused(config: Path, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reward.main([str(config), "--steps", "1", "--controls", "none"]) == 0
    writes = "run:rm is a reward model: it values replies, and writes none. It judges: .*--judges run:rm"
    with pytest.raises(UserError, match=writes):
        cli.main(["chat", "rm", "--once", "hi"])
    with pytest.raises(UserError, match=writes):
        evaluation.main(["--models", "rm", "--suite", "stress"])
    with pytest.raises(UserError, match=writes):
        export.main(["rm", "--to", "merged"])
    with pytest.raises(UserError, match="which python feedback/reward.py does"):
        stage1([str(write_config(workspace, CORE, name="core", objective="reward", rows="preference", model=None))])
    with pytest.raises(UserError, match=writes):
        stage1([str(write_config(workspace, CORE, name="core", mix="judged", parent="rm", model=None))])


def test_it_goes_on_from_another_with_that_ones_head(
    config: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = ["--steps", "2", "--controls", "none", "--schedule.warmup", "0"]
    assert reward.main([str(config), *short]) == 0
    again = ["--parent", "rm", "--base", "null", "--growth", "continue", "--adapter", "null", "--name", "again"]
    assert reward.main([str(config), *short[:1], "0", *short[2:], *again]) == 0
    first, second = (load_file(workspace / "runs" / name / "final" / "reward.safetensors") for name in ("rm", "again"))
    assert all(torch.equal(first[name], second[name]) for name in first)
    with pytest.raises(UserError, match=r"reward.json: members is 3 there and 2 here"):
        reward.main([str(config), *short, *again[:-1], "other", "--reward.members", "2"])
    merged = ["--parent", "rm", "--base", "null", "--name", "merged", "--reward.members", "2"]
    assert reward.main([str(config), *short, *merged]) == 0
    assert "and its head only by growth: continue" in capsys.readouterr().out
    assert records.read_json(workspace / "runs" / "merged" / "final" / "reward.json")["members"] == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--reward.columns", "{warmth: 1}"], "no preference says anything of 'warmth'"),
        (["--objective", "sft"], "objective"),
        (["--controls", "salat"], "salad"),
        (["--mix", "none"], "there is no complete mix 'none'"),
    ],
)
def test_what_cannot_be_meant_is_said(config: Path, words: list[str], why: str) -> None:
    with pytest.raises(UserError, match=why):
        reward.main([str(config), *words])


def test_the_configurations_that_come_with_it_are_whole() -> None:
    files = sorted((Path(reward.__file__).parent / "configs").glob("*reward*.yaml"))
    assert files and all(load_file_of(RewardConfig, path).reward.members for path in files)


def test_preferences_that_are_all_ties_teach_nothing(config: Path, workspace: Path) -> None:
    path = workspace / "mixes" / "judged" / "preferences" / "train.parquet"
    rows = [replace(row, meta=row.meta | {"ratings": {"actionability": 0.5}}) for row in read_rows(path) if row.meta]
    write_rows(path, rows)
    with pytest.raises(UserError, match="no two replies to one prompt differ by preferred, actionability"):
        reward.main([str(config)])


@pytest.mark.slow
def test_killed_at_any_step_it_ends_in_the_same_bytes(config: Path, workspace: Path) -> None:
    words = [
        config,
        "--reward.bottleneck.size",
        "4",
        "--steps",
        "12",
        "--checkpoint_every",
        "4",
        "--heldout.every",
        "6",
        "--controls",
        "none",
    ]
    whole = processes.run("feedback/reward.py", *words)
    assert whole.code == 0, whole.output
    run = workspace / "runs" / "rm"
    wanted, facts = fingerprint(run), (run / "final" / "reward.json").read_text()
    assert "reward.safetensors" in wanted
    shutil.rmtree(run)
    killed = processes.run("feedback/reward.py", *words, at=log_of_step(7))
    assert killed.code < 0 and (run / "checkpoints" / "step-000004" / "reward.safetensors").exists()
    resumed = processes.run("feedback/reward.py", *words)
    assert resumed.code == 0 and "going on from step 4" in resumed.output
    assert fingerprint(run) == wanted and (run / "final" / "reward.json").read_text() == facts


@pytest.mark.slow
def test_two_processes_make_the_reward_model_that_one_makes(config: Path, workspace: Path) -> None:
    words = [config, "--steps", "4", "--checkpoint_every", "4", "--controls", "none", "--adapter.dropout", "0"]
    assert reward.main([*map(str, words), "--name", "alone"]) == 0
    ended = processes.run_together(2, "feedback/reward.py", *words, "--name", "both")
    assert [each.code for each in ended] == [0, 0], ended
    logged = [list(records.read_jsonl(workspace / "runs" / name / "metrics.jsonl")) for name in ("alone", "both")]
    one, two = ([row["loss"] for row in rows if "loss" in row] for rows in logged)
    assert len(one) == 4 and one == pytest.approx(two, rel=1e-4)
