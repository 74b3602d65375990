"""What is refused before a loop begins, and what a loop goes on with."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts.records import read_json, write_jsonl, write_manifest
from espalier.errors import UserError
from research.autoresearch.looping import beginning
from research.autoresearch.looping.beginning import check_room, open_bench, place_of
from research.autoresearch.looping.config import AutoresearchConfig
from research.autoresearch.looping.view import read_loop
from research.autoresearch.running import CPU_MULTIPLE
from tests.research.autoresearch.looping.bench import git
from tests.research.autoresearch.looping.made import record

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
TRAINING = "research/autoresearch/language/train.py"


@pytest.fixture
def checkout(tmp_path: Path, workspace: Path) -> Path:
    """A repository with a training, and data for it."""
    folder = tmp_path / "checkout"
    (folder / TRAINING).parent.mkdir(parents=True)
    (folder / TRAINING).write_text("width = 1\n")
    (folder / "README.md").write_text("read\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "begin")
    corpus = workspace / "corpora/autoresearch-language"
    (corpus / "given").mkdir(parents=True)
    (corpus / "given/train.txt").write_text("text")
    write_manifest(corpus, {"kind": "corpus", "name": corpus.name}, content=("given/*",))
    return folder


def config(**differs: Any) -> AutoresearchConfig:
    return AutoresearchConfig(**{"task": "language", "tag": "a", **differs})


def begin(checkout: Path, **differs: Any) -> str:
    with open_bench(config(**differs), checkout) as bench:
        return bench.place.base


def test_a_loop_begins_at_head_with_a_branch_of_its_own_and_goes_on_from_there(checkout: Path, workspace: Path) -> None:
    base = begin(checkout)
    assert git(checkout, "rev-parse", "autoresearch/a") == base == git(checkout, "rev-parse", "HEAD")
    assert (workspace / "loops/autoresearch-language-a/worktree" / TRAINING).is_file()
    assert git(checkout, "status", "--porcelain", "--branch") == "## main"
    (checkout / TRAINING).write_text("width = 2\n")
    assert begin(checkout) == base, "what is not committed matters when it begins"
    git(checkout, "commit", "-q", "-a", "-m", "later")
    assert begin(checkout) == base, "and its base is what it was"
    view = read_loop("language", "a")
    assert view.base == base and view.records == [] and view.settings["tag"] == "a"


def test_what_counts_has_to_be_committed_and_what_does_not_is_said(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / TRAINING).write_text("width = 2\n")
    (checkout / "espalier").mkdir()
    (checkout / "espalier/new.py").touch()
    with pytest.raises(UserError, match=r"train.py and 1 more are not committed, and experiments begin from what is"):
        begin(checkout)
    assert "autoresearch" not in git(checkout, "branch"), "nothing is half begun"
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "wider")
    (checkout / "README.md").write_text("written\n")
    begin(checkout)
    assert "not in the experiments' worktree: README.md" in capsys.readouterr().out


def test_a_tag_that_exists_is_refused(checkout: Path, workspace: Path) -> None:
    git(checkout, "branch", "autoresearch/a")
    with pytest.raises(UserError, match="branch autoresearch/a exists already.*another --tag"):
        begin(checkout)
    assert not (workspace / "loops").exists()


def test_another_configuration_under_a_tag_is_refused(checkout: Path) -> None:
    begin(checkout)
    with pytest.raises(UserError, match=r"was begun otherwise \(config.confirm: False before, True now\)"):
        begin(checkout, confirm=True)


def test_a_loop_is_one_processs(checkout: Path) -> None:
    with open_bench(config(), checkout), pytest.raises(UserError, match="is in use by process"):
        begin(checkout)


def test_data_that_are_missing_are_told_with_what_makes_them(checkout: Path, workspace: Path) -> None:
    shutil.rmtree(workspace / "corpora")
    with pytest.raises(UserError, match="no prepared data; python research/autoresearch/language/prepare.py"):
        begin(checkout)
    with pytest.raises(UserError, match="corpora/other: no prepared data"):
        begin(checkout, corpus="other")


def test_data_that_are_not_as_they_were_made_are_told(checkout: Path, workspace: Path) -> None:
    begin(checkout)
    (workspace / "corpora/autoresearch-language/given/train.txt").write_text("test")
    with pytest.raises(UserError, match=r"train.txt: changed since it was made"):
        begin(checkout)


def test_a_branch_that_was_removed_is_made_again_where_its_commits_are_there(checkout: Path, workspace: Path) -> None:
    base = begin(checkout)
    git(checkout, "worktree", "remove", "--force", str(workspace / "loops/autoresearch-language-a/worktree"))
    git(checkout, "branch", "-D", "autoresearch/a")
    begin(checkout)
    assert git(checkout, "rev-parse", "autoresearch/a") == base
    gone = record(0, commit="2" * 40, parent="2" * 40)
    write_jsonl(workspace / "loops/autoresearch-language-a/results-language.jsonl", [gone])
    with pytest.raises(UserError, match="what was kept is no longer in the repository.*another --tag"):
        begin(checkout)


def test_what_a_killed_loop_left_half_written_is_cleared_away(checkout: Path, workspace: Path) -> None:
    begin(checkout)
    folder = workspace / "loops/autoresearch-language-a"
    (folder / ".state.json.tmp-1").touch()
    (folder / ".frontier.tmp-1").mkdir()
    begin(checkout)
    assert not list(folder.glob(".*"))


def test_an_experiment_that_is_going_on_is_left_as_it_is(checkout: Path, workspace: Path) -> None:
    base = begin(checkout)
    folder = workspace / "loops/autoresearch-language-a"
    (folder / "worktree" / TRAINING).write_text("width = 3\n")
    git(folder / "worktree", "commit", "-q", "-a", "-m", "tried")
    (folder / "state.json").write_text('{"record": {"number": 0}, "ran": false}')
    begin(checkout)
    assert git(checkout, "rev-parse", "autoresearch/a") != base


def test_what_a_training_may_compute_is_bounded_by_the_baselines(checkout: Path, workspace: Path) -> None:
    begin(checkout, budget_in="tokens")
    results = workspace / "loops/autoresearch-language-a/results-language.jsonl"
    view = read_loop("language", "a")
    assert place_of(view, checkout).most_cpu_seconds is None
    base = view.base
    write_jsonl(
        results, [record(0, cpu_seconds=10.0, commit=base, parent=base), record(1, proposer="x", cpu_seconds=9)]
    )
    place = place_of(read_loop("language", "a"), checkout)
    assert place.most_cpu_seconds == CPU_MULTIPLE * 10.0 and place.unit == "tokens" and place.threads >= 1
    assert read_json(results.parent / "loop.json")["base"] == {"commit": base}


def test_a_disk_without_room_is_told_before_an_experiment(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    with open_bench(config(), checkout) as bench:
        check_room(bench)
        monkeypatch.setattr(beginning.shutil, "disk_usage", lambda folder: usage(1, 1, 1 << 20))
        with pytest.raises(UserError, match="disk full: .* has 1 MiB left, and an experiment wants 256"):
            check_room(bench)


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"device": "cuda"}, "cannot be reached from behind walls; say --walls false"),
        ({"device": "gpu"}, "'gpu' is no device"),
        ({"tag": "a.lock"}, "cannot name a branch"),
        ({"tag": "../a"}, "cannot be a name"),
        ({"budget": 0}, "greater than 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(keys: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        config(**keys)


def test_a_gpu_without_walls_is_what_the_user_typed() -> None:
    assert config(device="cuda:1", walls=False).device == "cuda:1"


def test_there_is_no_loop_of_a_tag_that_was_never_begun() -> None:
    with pytest.raises(UserError, match="no loop of this task and tag"):
        read_loop("language", "none")
