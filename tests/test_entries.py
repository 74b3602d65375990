"""One file is all that it takes to add a metric, a shape of records, an objective, a session, a backend, a judge."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts.paths import repo_root

ADDED = {
    "evaluation/metrics/thanks.py": '''
from evaluation.metrics.base import found, metric

@metric("thanks the learner")
def thanks(case, reply):
    """The reply says thank you."""
    return found("thank you" if "thank you" in reply.text.lower() else "")
''',
    "data_mix/importers/quiz.py": """
from data_mix.importers.base import Imported, Importer, one

def from_quiz(record):
    return Imported(messages=[{"role": "user", "content": record["riddle"]}, {"role": "assistant", "content": "?"}])

QUIZ = Importer(
    name="quiz", looks_like=lambda record: "riddle" in record, convert=one(from_quiz), keys=frozenset({"riddle"})
)
""",
    "data_mix/curriculum/sessions/riddle.py": """
from data_mix.curriculum.sessions.base import Session

class Riddle(Session):
    share = 0.01
""",
    "evaluation/backends/parrot.py": """
from evaluation.opener import opens

@opens("parrot:NAME", "says everything back")
def parrot(reference, given):
    return reference
""",
    "evaluation/judges/coin.py": """
from evaluation.opener import opens

@opens("coin:NAME", "heads or tails")
def coin(reference, config):
    return reference
""",
    "training/objectives/guess.py": "def make(model, settings):\n    return lambda model, batch: (model(batch), {})\n",
    "evaluation/suites/tiny.yaml": "name: tiny\ncases: [{name: a, prompt: Hi}]\nmetrics: [thanks]\n",
}
LOOK = """
import json
from data_mix.curriculum.sessions import SESSIONS
from data_mix.importers import detect
from data_mix.recipe import Recipe
from espalier.artifacts.code_behind import code_behind
from evaluation.backends.opening import openers
from evaluation.cases.suite import load_suite
from evaluation.config import EvaluateConfig
from evaluation.judges.opening import open_judges
from training.config import TrainConfig
from training.objectives import make_objective
config = TrainConfig(name="a", mix="a", base="a", objective="guess")
Recipe.model_validate({"name": "a", "sources": [{"path": "a.jsonl", "format": "quiz"}]})
print(json.dumps({
    "metric": load_suite("tiny").metrics[0],
    "shape": detect({"riddle": "?"}),
    "session": list(SESSIONS)[-1].__name__,
    "backend": openers()["parrot:NAME"].open("parrot:a", None),
    "judge": open_judges(["coin:a"], EvaluateConfig()),
    "objective": make_objective(config.objective, None, None).__name__,
    "behind": [
        path
        for command in ("evaluation/run.py", "data_mix/build.py", "stage1/train.py", "stage2/train.py")
        for path in code_behind(command)
    ],
}))
"""


def look(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, cwd=checkout)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for package in ("espalier", "data_mix", "training", "stage1", "stage2", "evaluation"):
        shutil.copytree(repo_root() / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in ADDED.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_file_in_its_package_is_an_entry(checkout: Path) -> None:
    done = look(checkout)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name for name in ADDED if name.endswith(".py")} <= set(found.pop("behind")), "and counts as code"
    assert found == {
        "metric": "thanks", "shape": "quiz", "objective": "<lambda>", "session": "Riddle", "backend": "parrot:a",
        "judge": "coin:a",
    }  # fmt: skip


def test_a_name_that_is_taken_is_told_with_both_files(checkout: Path) -> None:
    (checkout / "data_mix/importers/another.py").write_text(ADDED["data_mix/importers/quiz.py"])
    complaint = look(checkout).stderr.splitlines()[-1]
    assert "data_mix/importers/another.py and data_mix/importers/quiz.py: both define quiz; rename one" in complaint
