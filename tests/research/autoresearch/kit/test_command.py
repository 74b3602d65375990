"""The front door of a training: wrong flags, folders and data are told before anything is trained."""

import argparse
from pathlib import Path

import pytest

from espalier.errors import UserError
from research.autoresearch.kit import command
from research.autoresearch.kit.command import Asked, Front
from research.autoresearch.kit.summary import read_summary


def train(asked: Asked) -> int:
    """Three steps, and a checkpoint that is none."""
    asked.budget.start()
    while not asked.budget.done:
        asked.budget.spend(tokens=10)
    (asked.out / "model.safetensors").write_bytes(b"weights")
    return 5


FRONT = Front(
    task="language", doc="Train.", add_flags=lambda parser: parser.add_argument("--size", type=int, default=3)
)


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


def words(given: Path, out: Path, *more: str) -> list[str]:
    return ["--given", str(given), "--out", str(out), "--budget", "30", "--budget_in", "tokens", *more]


def test_a_training_leaves_a_checkpoint_and_prints_no_val_bpb(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert FRONT.run(words(given, tmp_path / "out"), train) == 0
    told = read_summary(capsys.readouterr().out)
    assert told is not None and told.val_bpb is None
    assert (told.total_tokens, told.num_steps, told.num_params) == (30, 3, 5)
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == b"weights"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--budget", "0"], "--budget 0: wants a number of tokens above 0"),
        (["--budget", "nan"], "--budget nan"),
        (["--budget", "much"], "'much' is no number"),
        (["--budget_in", "hours"], "hours"),
        (["--seed", "-1"], "'-1' is no whole number"),
        (["--seed", "1.5"], "'1.5' is no whole number"),
        (["--threads", "0"], "'0' is no whole number from 1"),
        (["--device", "gpu"], "'gpu' is no device"),
        (["--device", "cuda:99"], "this machine"),
        (["--buget", "3"], "--buget: no such flag; did you mean --budget?"),
        (["--size", "x"], "--size"),
        (["word"], "word: no such flag"),
        (["--out"], "--out: expected one argument"),
    ],
)
def test_wrong_flags_are_told(more: list[str], said: str, given: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        FRONT.run(words(given, tmp_path / "out", *more), train)
    assert said in str(caught.value)
    assert not any(tmp_path.glob("out/*"))


def test_data_that_are_missing_are_told_with_the_command_that_makes_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"corpora/autoresearch-language/given.*language/prepare.py"):
        FRONT.run(["--budget", "1", "--out", str(tmp_path / "out")], train)


def test_a_checkpoint_of_an_earlier_run_is_never_kept(given: Path, tmp_path: Path) -> None:
    FRONT.run(words(given, tmp_path / "out"), train)
    with pytest.raises(UserError, match="not empty, it holds model.safetensors"):
        FRONT.run(words(given, tmp_path / "out"), train)
    with pytest.raises(UserError, match="a file"):
        FRONT.run(words(given, tmp_path / "out" / "model.safetensors"), train)


def evaluator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A stand-in for the evaluator, at its place in a checkout."""
    root = tmp_path / "checkout"
    (root / "research/autoresearch/kit").mkdir(parents=True)
    (root / "research/autoresearch/evaluate.py").write_text(
        f"import argparse, json, pathlib, sys\nparser = argparse.ArgumentParser()\n"
        "for each in ('task', 'source', 'checkpoint', 'corpus', 'result'): parser.add_argument(f'--{each}')\n"
        f"asked = parser.parse_args()\n{body}\n"
    )
    monkeypatch.setattr(command, "__file__", str(root / "research/autoresearch/kit/command.py"))


TELLS = """
assert pathlib.Path(asked.checkpoint, "model.safetensors").read_bytes() == b"weights"
pathlib.Path(asked.result).write_text(json.dumps({"val_bpb": 1.5, "named": NAMED, "corpus": asked.corpus}))
"""


def test_without_a_folder_the_evaluator_judges_at_once(
    given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluator(tmp_path, monkeypatch, TELLS.replace("NAMED", "None"))
    assert FRONT.run(["--given", str(given), "--budget", "30", "--budget_in", "tokens"], train) == 0
    told = read_summary(capsys.readouterr().out)
    assert told is not None and told.val_bpb == 1.5


@pytest.mark.parametrize(("body", "said"), [(TELLS.replace("NAMED", "'it cheats'"), "it cheats"), ("sys.exit(3)", "3")])
def test_what_the_evaluator_refuses_has_no_figure(
    body: str,
    said: str,
    given: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    evaluator(tmp_path, monkeypatch, body)
    with pytest.raises(UserError, match=said):
        FRONT.run(["--given", str(given), "--budget", "30", "--budget_in", "tokens"], train)
    assert read_summary(capsys.readouterr().out) is None


def test_the_evaluator_takes_the_flags_that_it_is_given(given: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="ended with 2"):
        FRONT.run(["--given", str(given), "--budget", "30", "--budget_in", "tokens"], train)
    assert "corpora/autoresearch-language" in capfd.readouterr().err, "all that is wrong is that corpus"


def test_flags_of_a_task_reach_its_training(given: Path, tmp_path: Path) -> None:
    seen: list[argparse.Namespace] = []

    def look(asked: Asked) -> int:
        seen.append(asked.more)
        return train(asked)

    FRONT.run(words(given, tmp_path / "out", "--size", "21"), look)
    assert seen[0].size == 21
