"""The loop from end to end, by the real commands in this process: rounds, arms, and what a stop in between leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from data_mix import build
from espalier.artifacts import records, registry
from espalier.artifacts.gates import read_gates
from espalier.errors import UserError
from evaluation import run as evaluate
from feedback import prefer, reward, rlp, sample
from stage1 import train
from tests.stage1.commands import NOUNS, TRUNK, VERBS, make_mix, write_config

COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "feedback/sample.py": sample.main,
    "feedback/prefer.py": prefer.main,
    "feedback/reward.py": reward.main,
    "data_mix/build.py": build.main,
    "stage1/train.py": train.main,
    "evaluation/run.py": evaluate.main,
}
PLAIN = {key: value for key, value in TRUNK.items() if key not in ("model", "tokenizer")}
TRAINED: dict[str, Any] = {
    "parent": "core",
    "rows": "preference",
    "seq_len": 128,
    "micro_batch_size": 2,
    "steps": 6,
    "optim": {"lr": 0.01},
    "schedule": {"warmup": 1},
    "compile": "off",
    "heldout": {"every": 0},
    "checkin": {"every": 0},
}


class Here:
    """Commands that the loop runs, in this process; one of them may be the last that is run before a kill."""

    def __init__(self) -> None:
        self.run: list[str] = []
        self.last: int | None = None

    def __call__(self, script: str, *words: str) -> int:
        if len(self.run) == self.last:
            raise KeyboardInterrupt
        self.run.append(f"{script} {words[words.index('--name') + 1]}")
        return COMMANDS[script](list(words))


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    found = Here()
    monkeypatch.setattr("espalier.loops.steps.run_command", found)
    return found


@pytest.fixture
def config(workspace: Path) -> Path:
    """A core, preferences of somebody's, prompts, and a loop over them."""
    make_mix(workspace)
    train.main([str(write_config(workspace, TRUNK))])
    train.main([str(write_config(workspace, {**PLAIN, "name": "core", "rows": "chat", "parent": "trunk"}))])
    asked = [(verb, noun) for verb in VERBS for noun in NOUNS]
    known = [
        {
            "messages": [{"role": "user", "content": f"I {verb[0]} the {noun}."}],
            "chosen": f"You {verb[1]} the {noun}?",
            "rejected": f"No: {noun}.",
        }
        for verb, noun in asked[:12]
    ]
    records.write_jsonl(workspace / "known.jsonl", known)
    for name, some in (("unlabelled", asked[12:20]), ("exam", asked[20:])):
        lines = [
            {"name": f"{name} {verb[0]} {noun}", "prompt": f"I {verb[0]} the {noun}.", "checks": {"lacks": ["a"]}}
            for verb, noun in some
        ]
        records.write_jsonl(workspace / f"{name}.jsonl", lines)
    for name, differs in (("reward", {"controls": []}), ("policy", {"objective": "dpo", "optim": {"lr": 0.001}})):
        write_config(workspace, TRAINED, name=name, mix="any", **differs)
    loop = {
        "name": "toy",
        "start": "core",
        "preferences": ["known.jsonl"],
        "refresh": "spg",
        "confidence": 0.1,
        "rounds": 2,
        "samples": {"prompts": str(workspace / "unlabelled.jsonl"), "may_train": True, "limit": 8, "n": 4,
                    "max_new_tokens": 8},
        "reward": {"config": "reward.yaml"},
        "policy": {"config": "policy.yaml", "examine_every": 4},
        "exam": {
            "prompts": str(workspace / "exam.jsonl"), "limit": 10, "n": 3, "best_of": 4, "max_new_tokens": 8,
            "controls": ["canned_pool", "parroted"],
        },
        "stop": {"fall": False},
        "device": "cpu",
    }  # fmt: skip
    path = workspace / "loop.yaml"
    path.write_text(yaml.safe_dump(loop))
    return path


def weights(workspace: Path, run: str) -> str:
    return records.sha256_file(workspace / "runs" / run / "final" / "model.safetensors")


@pytest.mark.slow
def test_two_rounds_end_alike_whether_or_not_they_were_stopped_in_between(
    workspace: Path, config: Path, here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rlp.main([str(config)]) == 0
    whole, ended = here.run[:], weights(workspace, "toy-r01-policy")
    assert [each.partition("toy-")[2] for each in whole] == [
        "r00-first", "r00-samples", "r00-reward.old", "r00-reward.old", "r00-labels", "r00-reward", "r00-reward",
        "r00-pairs", "r00-pairs", "r00-policy", "r00-exam.000004", "r00-exam",
        "r01-samples", "r01-labels", "r01-reward", "r01-reward",
        "r01-pairs", "r01-pairs", "r01-policy", "r01-exam.000004", "r01-exam",
    ]  # fmt: skip
    said = capsys.readouterr().out
    assert "round 1: " in said and "step 21 of 2" in said
    told = {each.spec: each for each in registry.survey()}
    assert told["run:toy-r01-policy"].round and "run:core" in told["run:toy-r01-policy"].made_of, (
        "from the first weights"
    )
    assert told["loop:toy"].state == "complete" and "2 rounds" in told["loop:toy"].about
    assert read_gates(workspace / "runs" / "toy-r01-policy") is not None
    page = (workspace / "agents" / "reports" / "toy.md").read_text()
    assert "| 1 | step 4 |" in page and (workspace / "agents" / "reports" / "toy-best-of.png").is_file()

    here.run.clear()
    assert rlp.main([str(config)]) == 0 and here.run == [], "a finished loop has nothing to do"
    with pytest.raises(UserError, match=r"loop toy was begun otherwise \(config.rounds.*choose another --name"):
        rlp.main([str(config), "--rounds", "3"])

    for stop in (4, 6, 5):
        here.run.clear()
        here.last = stop
        with pytest.raises(KeyboardInterrupt):
            rlp.main([str(config), "--name", "again"])
    here.run.clear()
    here.last = None
    assert rlp.main([str(config), "--name", "again"]) == 0
    assert len(here.run) == len(whole) - 4 - 6 - 5, "what was done is not done again"
    assert weights(workspace, "again-r01-policy") == ended
    found = [
        json.loads((workspace / "loops" / name / "exams" / f"{name}-r01-exam.json").read_text())
        for name in ("toy", "again")
    ]
    one, other = ({**each, "policy": "", "reward": ""} for each in found)
    assert one == other

    assert rlp.main([str(config), "--name", "near", "--policy.examine_every", "0", "--stop.kl", "1e-9"]) == 0
    taken = json.loads((workspace / "loops" / "near" / "manifest.json").read_text())["rounds"]
    assert [each["policy"] for each in taken] == ["core"] and "nats a reply from the first" in taken[0]["stopped"]
    assert "core is taken" in (workspace / "agents" / "reports" / "near.md").read_text()
