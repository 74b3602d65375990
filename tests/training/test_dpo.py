"""Preferences through the real command: what a run is compared with, and that it is what it says."""

import json
import math
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from data_mix.build import main as build
from espalier.artifacts import records
from espalier.cli import main as espalier
from espalier.errors import UserError
from espalier.text.rows import Row, write_rows
from stage1.train import main
from tests.processes import run, run_together
from tests.stage1.commands import CORE, NOUNS, TRUNK, VERBS, log_of_step, make_mix, write_config
from tests.training.test_processes import FSDP2
from training import references
from training.config import PreferenceSettings
from training.groups import Said
from training.objectives.dpo import _of_pairs, _unpaired

QUICK: dict[str, Any] = {"steps": 3, "checkin": {"every": 0}, "heldout": {"every": 2}}
DPO = CORE | QUICK | {"name": "dpo", "rows": "preference", "objective": "dpo", "parent": "core", "seq_len": 48}


def make_preferences(workspace: Path, name: str = "toy") -> None:
    """Thirty pairs, and five held out, in which a recast is better than an echo."""
    rows = [
        Row(
            id=f"pair-{number}", source="test", split="valid" if noun == "river" else "train",
            messages=[{"role": "user", "content": f"I {verb[0]} the {noun}."}],
            chosen=[{"role": "assistant", "content": f"You {verb[1]} the {noun}?"}],
            rejected=[{"role": "assistant", "content": f"I {verb[0]} the {noun}." + " Yes." * (number % 3)}],
        )
        for number, (verb, noun) in enumerate((verb, noun) for verb in VERBS for noun in NOUNS)
    ]  # fmt: skip
    folder = workspace / "mixes" / name
    (folder / "preferences").mkdir()
    for split in ("train", "valid"):
        write_rows(folder / "preferences" / f"{split}.parquet", [row for row in rows if row.split == split])
    records.write_manifest(folder, {"kind": "mix", "name": name, "sources": []})


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a mix, a trunk and a core."""
    folder = tmp_path_factory.mktemp("grown") / "workspace"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ESPALIER_HOME", str(folder))
        make_mix(folder)
        make_preferences(folder)
        assert main([str(write_config(folder, TRUNK | QUICK | {"steps": 12}))]) == 0
        assert main([str(write_config(folder, CORE | QUICK | {"adapter": {"r": 2, "dropout": 0.2}}))]) == 0
    return folder


@pytest.fixture
def home(workspace: Path, grown: Path) -> Path:
    shutil.copytree(grown, workspace, dirs_exist_ok=True)
    return workspace


def train(home: Path, name: str = "dpo", **changes: Any) -> Path:
    assert main([str(write_config(home, DPO | {"name": name} | changes))]) == 0
    return home / "runs" / name


def losses(folder: Path, key: str = "loss") -> list[float]:
    return [row[key] for row in records.read_jsonl(folder / "metrics.jsonl") if key in row]


def compared(folder: Path) -> Mapping[str, Any]:
    return dict(records.read_json(folder / references.FILE)["reference"])


@pytest.mark.parametrize(
    "changes",
    [
        {"adapter": {"r": 2, "dropout": 0.2}},
        {"growth": "stack", "adapter": {"r": 2}, "grad_accum": 1, "micro_batch_size": 3},
        {"growth": "continue", "adapter": None},
        {"adapter": None},
    ],
    ids=["merge", "stack", "continue", "all weights"],
)
def test_a_run_is_compared_with_what_it_begins_as(home: Path, changes: dict[str, Any]) -> None:
    folder = train(home, **changes)
    assert compared(folder) == {
        "model": "run:core, where the run begins",
        "is_start": True,
        "loss_at_start": pytest.approx(math.log(2), abs=1e-6),
    }
    if changes.get("growth") != "continue":  # whose dropout is felt at once
        assert losses(folder)[0] == pytest.approx(math.log(2), abs=1e-6)
    assert losses(folder)[-1] < math.log(2) - 0.01 and losses(folder, "margin")[-1] > 0
    summary = records.read_json(folder / "manifest.json")["summary"]
    assert summary["heldout"]["valid"]["fit"]["rows"] == summary["heldout"]["valid"]["fit"]["pairs"] == 5
    assert summary["valid_accuracy"] > 0.5 and summary["compared_with"]["reference"] == compared(folder)
    assert losses(folder, "heldout_margin")[-1] == pytest.approx(summary["valid_margin"], rel=1e-4)
    told = "compared with run:core, where the run begins; before the first step the loss of a pair was 0.693147 (ln 2)"
    assert told in (folder / "report.md").read_text()


def test_what_a_reference_gives_is_asked_once_and_checked_when_it_is_found(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = train(home, "one")
    assert "asked once for what it gives" in capsys.readouterr().out
    second = train(home, "two")
    said = capsys.readouterr().out
    assert "is found beside the pack" in said and "asked once" not in said
    assert end(first) == end(second)
    (kept,) = home.glob("mixes/toy/packs/*/references/*")
    (kept / "train.npy").write_bytes(b"cut short")
    assert end(train(home, "three")) == end(first)
    assert "asked once" in capsys.readouterr().out
    given = np.load(kept / "train.npy")
    np.save(kept / "train.npy", given + 0.01 * (given != 0) * np.arange(given.shape[1]))
    manifest = records.read_json(kept / "manifest.json")
    records.write_manifest(kept, {key: manifest[key] for key in ("kind", "made_by")})
    with pytest.raises(UserError, match=r"before the first step the loss of a pair is .* and not ln 2"):
        train(home, "four")
    assert not (home / "runs" / "four" / "checkpoints").exists()


def end(folder: Path) -> tuple[dict[str, str], list[float]]:
    weights = {path.name: records.sha256_file(path) for path in (folder / "final").glob("*.safetensors")}
    return weights, losses(folder)


def test_another_model_can_be_the_reference(home: Path) -> None:
    folder = train(home, preference={"reference": "trunk"})
    found = compared(folder)
    assert (found["model"], found["is_start"]) == ("run:trunk", False)
    assert abs(found["loss_at_start"] - math.log(2)) > 1e-4
    begun = records.read_json(folder / "run.json")
    assert {"run:trunk", "run:core", "mix:toy"} == begun["parents"].keys()
    same = train(home, "same", preference={"reference": "run:core"})
    assert compared(same)["is_start"] and compared(same)["loss_at_start"] == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize(
    ("reference", "said"),
    [("cor", "no model 'cor'.*did you mean core"), ("other", "run:other has another tokenizer than the model")],
)
def test_a_reference_that_cannot_be_one_is_refused(home: Path, reference: str, said: str) -> None:
    if reference == "other":
        other = TRUNK | QUICK | {"name": "other", "tokenizer": {"vocab_size": 330}, "steps": 1}
        assert main([str(write_config(home, other))]) == 0
    with pytest.raises(UserError, match=said):
        train(home, preference={"reference": reference})
    assert not list(home.glob("runs/dpo/checkpoints"))


def test_nothing_to_compare_is_told_before_the_first_step(home: Path) -> None:
    rows = [
        Row(
            id=f"tie-{number}", source="test", split="train", messages=[{"role": "user", "content": "I go."}],
            rejected=[{"role": "assistant", "content": f"You went {number}?"}], meta={"ratings": {"preferred": 0.5}},
        )
        for number in range(3)
    ]  # fmt: skip
    make_mix(home, "ties")
    (home / "mixes" / "ties" / "preferences").mkdir()
    write_rows(home / "mixes" / "ties" / "preferences" / "train.parquet", rows)
    records.write_manifest(home / "mixes" / "ties", {"kind": "mix", "name": "ties", "sources": []})
    with pytest.raises(UserError, match="no reply of its training split is better than another"):
        train(home, mix="ties")


@pytest.mark.parametrize("lost", [False, True], ids=["", "its reference is asked again"])
def test_killed_and_resumed_it_ends_in_the_same_weights(home: Path, lost: bool) -> None:
    settings = DPO | {"adapter": {"r": 2, "dropout": 0.2}, "steps": 6, "checkpoint_every": 2, "compile": "off"}
    assert main([str(write_config(home, settings | {"name": "whole"}))]) == 0
    path = write_config(home, settings | {"name": "killed"})
    assert run("stage1/train.py", path, at=log_of_step(5)).code == -signal.SIGKILL
    if lost:
        for folder in home.glob("mixes/toy/packs/*/references"):
            shutil.rmtree(folder)
    assert main(["--resume", "killed"]) == 0
    assert end(home / "runs" / "killed") == end(home / "runs" / "whole")


def test_a_policy_gradient_learns_what_is_rewarded(home: Path) -> None:
    """Recasts have the reward; who wrote the replies, and what the model keeps near to, is what it begins as."""
    rows = [
        Row(
            id=f"{verb[0]}-{noun}-{number}", source="test", split="train",
            messages=[{"role": "user", "content": f"I {verb[0]} the {noun}."}],
            rejected=[{"role": "assistant", "content": said}], meta={"ratings": {"preferred": reward}},
        )
        for verb in VERBS
        for noun in NOUNS
        for number, (said, reward) in enumerate([(f"You {verb[1]} the {noun}?", 1.0), ("I see.", 0.0), ("Yes.", 0.1)])
    ]  # fmt: skip
    make_mix(home, "rated")
    (home / "mixes" / "rated" / "preferences").mkdir()
    write_rows(home / "mixes" / "rated" / "preferences" / "train.parquet", rows)
    records.write_manifest(home / "mixes" / "rated", {"kind": "mix", "name": "rated", "sources": []})
    folder = train(home, mix="rated", objective="gradient", seq_len=64, preference={"kl_weight": 0.1}, steps=8)
    told = records.read_json(folder / references.FILE)
    assert told["sampled_by"] == told["reference"] == compared(folder)
    assert compared(folder)["loss_at_start"] == pytest.approx(math.log(2), abs=1e-6)
    assert losses(folder)[0] == pytest.approx(0, abs=0.05) and losses(folder)[-1] < -0.02
    assert 0 < losses(folder, "kl")[-1] < 1 and max(losses(folder, "kl_beyond")) < 0.5


def test_a_plan_knows_the_longest_pair_and_who_is_asked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_config(home, DPO | {"preference": {"reference": "trunk"}})
    assert main([str(path), "--plan", "--fit"]) == 0
    said = capsys.readouterr().out
    assert "of sequences up to 41 tokens, the mix's longest row" in said
    assert "trunk, loaded alone before the model, is asked once what it gives" in said


@pytest.mark.slow
def test_it_is_made_again_from_its_own_files(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(home, preference={"reference": "trunk"})
    assert espalier(["reproduce", "run:dpo"]) == 0, capsys.readouterr().out


@pytest.mark.slow
def test_two_processes_compare_what_one_compares(home: Path) -> None:
    settings = DPO | {"adapter": {"r": 2}, "grad_accum": 4, "micro_batch_size": 1}
    for name in ("one", "two"):
        write_config(home, settings | {"name": name})
    assert main([str(home / "one.yaml")]) == 0
    ended = run_together(2, "stage1/train.py", home / "two.yaml")
    assert [each.code for each in ended] == [0, 0], ended[0].output + ended[1].output
    one, two = (home / "runs" / name for name in ("one", "two"))
    for key in ("loss", "accuracy", "margin", "heldout_margin"):
        assert losses(two, key) == pytest.approx(losses(one, key), rel=1e-4, abs=1e-6)
    assert compared(two)["loss_at_start"] == pytest.approx(math.log(2), abs=1e-6)
    parted = run_together(2, "stage1/train.py", home / "two.yaml", "--name", "parted", **FSDP2)
    assert parted[0].code == 2 and "its weights are parted (FSDP)" in parted[0].output


@pytest.mark.slow
def test_compiled_layers_begin_at_ln_2_too(home: Path) -> None:
    folder = train(home, compile="layers", adapter={"r": 2})
    assert losses(folder)[0] == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize(
    ("how", "at_start"),
    [
        ({"loss": "hinge"}, 1.0),
        ({"loss": "ipo", "beta": 0.5}, 1.0),
        ({"loss": "unpaired"}, 0.5),
        ({"label_smoothing": 0.2}, math.log(2)),
    ],
)
def test_each_loss_begins_where_it_does_not_know_better(home: Path, how: dict[str, Any], at_start: float) -> None:
    folder = train(home, preference=how, adapter={"r": 2})
    assert losses(folder)[0] == pytest.approx(at_start, abs=1e-5)
    assert min(losses(folder)) < at_start and losses(folder, "margin")[-1] > 0


def test_losses_are_those_of_the_papers() -> None:
    """Of two pairs, from probabilities; a token of the better reply, and two of the worse."""
    better, worse = torch.tensor([-1.0, -0.2]).double(), torch.tensor([-2.0, -3.0]).double()
    found = Said(
        places=torch.arange(6), owner=torch.tensor([0, 1, 1, 2, 3, 3]), num_rows=4,
        log_probs=torch.stack([better, worse / 2, worse / 2], 1).flatten(),
    )  # fmt: skip
    scores, pairs = found.by_row(found.log_probs), torch.tensor([[0, 1], [2, 3]])

    def loss(**how: Any) -> torch.Tensor:
        return _of_pairs(scores, found, pairs, PreferenceSettings(**how))

    p, q = torch.sigmoid(0.3 * (better - worse)), torch.sigmoid(-0.3 * (better - worse))
    torch.testing.assert_close(loss(beta=0.3), -p.log())
    torch.testing.assert_close(loss(beta=0.3, label_smoothing=0.1), -0.9 * p.log() - 0.1 * q.log())
    torch.testing.assert_close(loss(beta=0.3, loss="ipo"), (better - worse / 2 - 1 / 0.6) ** 2)
    likely, unlikely = better.exp(), (worse / 2).exp()  # by the token
    odds = (likely / (1 - likely)) / (unlikely / (1 - unlikely))
    torch.testing.assert_close(loss(beta=0.3, loss="orpo"), -better - 0.3 * torch.sigmoid(odds.log()).log())
    good = torch.tensor([1.0, 0.0, math.nan]).double()
    rewards = torch.tensor([0.5, 0.5, 9.0]).double()
    torch.testing.assert_close(_unpaired(rewards, good)[:2], 1 - torch.sigmoid(torch.tensor([0.5, -0.5]).double()))


def test_without_a_reference_or_with_what_is_learned_besides(home: Path) -> None:
    folder = train(home, preference={"loss": "orpo"}, adapter={"r": 2})
    assert not (folder / references.FILE).exists() and min(losses(folder)) < losses(folder)[0]
    besides = train(home, "besides", preference={"sft_weight": 0.5}, adapter={"r": 2})
    assert losses(besides)[0] > math.log(2) + 0.1 and min(losses(besides)) < losses(besides)[0]


def test_of_a_text_what_goes_on_better_is_preferred(home: Path) -> None:
    """Pairs of texts through a recipe's mix, on a trunk that knows no chat: the prompt is read alone, and what goes on
    better gains on what goes on worse, where neither was said before too."""
    pairs = home / "pairs.jsonl"
    pairs.write_text(
        "".join(
            json.dumps(
                {
                    "messages": text(f"Tutor: You {verb[0]} the {noun}?\nBasil:"),
                    "chosen": text(f" I {verb[1]} the {noun}.\n"),
                    "rejected": text(f" The {noun} {verb[1]}.\n"),
                }
            )
            + "\n"
            for verb in VERBS
            for noun in NOUNS
        )
    )
    source = ["--sources.0.path", str(pairs), "--sources.0.licence", "made here", "--sources.0.preferences", "keep"]
    assert build(["--name", "talk", *source, "--valid_fraction", "0.2"]) == 0
    how = {"parent": "trunk", "adapter": {"r": 4, "alpha": 8}, "optim": {"lr": 0.02}, "steps": 20, "seq_len": 96}
    folder = train(home, mix="talk", **how)
    assert losses(folder)[0] == pytest.approx(math.log(2), abs=1e-6)
    facts = records.read_json(folder / "manifest.json")["summary"]
    assert facts["valid_accuracy"] == 1 and facts["valid_margin"] > 1


def text(said: str) -> list[dict[str, str]]:
    return [{"role": "text", "content": said}]
