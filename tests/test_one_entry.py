"""A metric, an importer, an objective, a session type, a suite: one file is all it takes, and no list."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts.paths import repo_root

METRIC = '''
from evaluation.metrics.base import metric

@metric("thanks the learner")
def thanks(case, reply):
    """The reply says thank you."""
    return float("thank you" in reply.text.lower())
'''
IMPORTER = """
from data_mix.importers.base import Importer, one

def from_letters(record):
    return [{"role": "text", "content": record["letter"]}]

def is_letter(record):
    return "letter" in record

LETTERS = Importer(name="letters", order=5, looks_like=is_letter, convert=one(from_letters), keys=frozenset({"letter"}))
"""
OBJECTIVE = "def make(model, settings):\n    return lambda model, batch: (model(batch), {})\n"
SESSION = "from data_mix.curriculum.sessions.base import Session\n\nclass Farewell(Session):\n    share = 0.01\n"
ASK = """
from data_mix.curriculum.sessions import SESSIONS
from data_mix.importers import IMPORTERS, detect
from data_mix.recipe import Source
from evaluation.metrics import METRICS
from espalier.artifacts.code_behind import code_behind
from training.config import TrainConfig

assert METRICS["thanks"].label == "thanks the learner"
assert detect({"letter": "Dear Ann"}) == "letters" and next(iter(IMPORTERS)) == "letters"
assert Source(path="x.jsonl", format="letters").format == "letters"
assert TrainConfig(name="n", mix="m", base="b", objective="guess").objective == "guess"
assert [kind.__name__ for kind in SESSIONS][-1] == "Farewell"
assert {"training/objectives/guess.py"} <= code_behind("stage1/train.py").keys()
mixing = code_behind("data_mix/build.py")
assert {"data_mix/importers/letters.py", "data_mix/curriculum/sessions/farewell.py"} <= mixing.keys()
assert {"evaluation/metrics/thanks.py"} <= code_behind("evaluation/run.py").keys()
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code, to which files are added."""
    for folder in ("espalier", "data_mix", "training", "stage1", "evaluation"):
        shutil.copytree(repo_root() / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def asked(checkout: Path, code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    return done.stderr


def test_a_file_is_an_entry(checkout: Path) -> None:
    (checkout / "evaluation/metrics/thanks.py").write_text(METRIC)
    (checkout / "data_mix/importers/letters.py").write_text(IMPORTER)
    (checkout / "training/objectives/guess.py").write_text(OBJECTIVE)
    (checkout / "data_mix/curriculum/sessions/farewell.py").write_text(SESSION)
    suites = checkout / "evaluation/suites"
    (suites / "mine.yaml").write_text((suites / "stress.yaml").read_text().replace("name: stress", "name: mine"))
    assert asked(checkout, ASK) == ""
    listed = subprocess.run(
        [sys.executable, "evaluation/run.py", "--list-suites"], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert "mine" in listed.stdout


def test_two_of_one_name_are_told_with_both_files(checkout: Path) -> None:
    (checkout / "evaluation/metrics/another.py").write_text(METRIC)
    (checkout / "evaluation/metrics/thanks.py").write_text(METRIC)
    told = asked(checkout, "from evaluation.metrics import METRICS")
    assert "evaluation/metrics/another.py and evaluation/metrics/thanks.py: both define thanks; rename one" in told
