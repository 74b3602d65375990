"""Experiments from a proposal to a record, with real git: kept, discarded, refused, killed, and gone on with."""

from __future__ import annotations

import errno
import json
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records as files
from espalier.errors import UserError
from research.autoresearch.looping import experiment, results
from research.autoresearch.looping.standing import in_vain, standing
from research.autoresearch.proposing.agent import AgentProposer
from research.autoresearch.proposing.base import NothingProposed
from tests.research.autoresearch.looping.bench import FILE, TASK, Made, Proposing, bare, git, write
from tests.research.autoresearch.looping.made import record

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def better(worktree: Path) -> None:
    write(worktree, 1.5, "a = 1")


def worse(worktree: Path) -> None:
    write(worktree, 2.5, "a = 1")


def renames(worktree: Path, to: str) -> None:
    write(worktree, 2.0, f"{to} = 1")


def test_the_baseline_comes_first_and_what_is_lower_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch)
    kept, discarded = made.go(Proposing(better, worse), 2)
    base = made.bench.place.base
    first, second = made.bench.results.records[:2]
    assert [each["description"] for each in (first, second)] == ["baseline"] * 2 and first["val_bpb"] != second[
        "val_bpb"
    ]
    assert [each["seed"] for each in made.bench.results.records] == [0, 1, 2, 3]
    assert (kept["status"], kept["parent"], kept["why"]) == ("keep", base, "lower in one run")
    assert (discarded["status"], discarded["parent"]) == ("discard", kept["commit"])
    assert kept["stands"] == pytest.approx((first["val_bpb"] + second["val_bpb"]) / 2)  # type: ignore[operator]
    assert discarded["stands"] == kept["val_bpb"]
    assert (kept["proposer"], kept["hypothesis"], kept["details"]) == ("told", "because", {"number": 2})
    assert made.branch() == kept["commit"] and git(made.checkout, "log", "-1", "--format=%s", "main") == "begin"
    assert (made.folder / "frontier/model.safetensors").read_text() == f"{kept['commit']} 2"
    rows = (made.folder / "results-language.tsv").read_text().splitlines()
    assert [row.split("\t")[3] for row in rows[1:]] == ["keep", "keep", "keep", "discard"]
    assert kept["seconds"]["budget"] == 2.0 and kept["seconds"]["rest"] > 0 and kept["lines"] == 2
    assert not (made.folder / "scratch").exists(), "the disk stays flat"
    assert files.read_json(made.folder / "state.json") == {}
    assert not git(made.checkout, "status", "--porcelain")


def test_a_proposer_finds_the_history_in_its_worktree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, found = Made(tmp_path, monkeypatch), list[int]()

    def looks(worktree: Path) -> None:
        found.append(len((worktree / "results-language.jsonl").read_text().splitlines()))
        assert (worktree / "results-language.tsv").read_text() == made.bench.results.tsv.read_text()
        (worktree / "results-language.jsonl").unlink()
        better(worktree)

    assert made.go(Proposing(looks), 2)[0]["status"] == "keep"
    assert found == [2, 3]


def proposes_nothing(worktree: Path) -> None:
    raise NothingProposed("the patch\tdoes not apply", {"patch": "x" * 10})


def notes_too_much(worktree: Path) -> None:
    raise NothingProposed("nothing", {"patch": "x" * 100_000})


def commits_twice(worktree: Path) -> None:
    for bits in (1.4, 1.3):
        write(worktree, bits)
        git(worktree, "commit", "-q", "-a", "-m", "mine")


def deletes_the_file(worktree: Path) -> None:
    git(worktree, "rm", "-q", "-r", "research")


def deletes_all(worktree: Path) -> None:
    shutil.rmtree(worktree)


def runs_out_of_memory(worktree: Path) -> None:
    write(worktree, 1.0, "# out of memory")


def cheats(worktree: Path) -> None:
    write(worktree, 1.0, "# reads outside")


def locked_of(worktree: Path) -> Path:
    return worktree.parent / "locked"


def touches_the_evaluator(worktree: Path) -> None:
    (locked_of(worktree) / "locked.py").write_text("locked = 2\n")
    better(worktree)


def plants_bytecode(worktree: Path) -> None:
    (locked_of(worktree) / "__pycache__").mkdir()
    (locked_of(worktree) / "__pycache__/locked.cpython-311.pyc").write_bytes(b"")
    better(worktree)


def edits_the_results(worktree: Path) -> None:
    path = worktree.parent / "results-language.jsonl"
    path.write_text(path.read_text().replace("baseline", "hopeless"))
    better(worktree)


DONE: list[tuple[Callable[[Path], None], str, str]] = [
    (proposes_nothing, "crash", "proposed nothing"),
    (notes_too_much, "crash", "proposed nothing"),
    (lambda worktree: None, "crash", "changes nothing"),
    (commits_twice, "refused", "commits more than once"),
    (deletes_all, "refused", "damages the repository"),
    (runs_out_of_memory, "crash", "out of memory"),
    (cheats, "refused", "reads outside"),
    (touches_the_evaluator, "refused", "touches what is locked"),
    (plants_bytecode, "refused", "touches what is locked"),
    (edits_the_results, "refused", "touches the results"),
]


@pytest.mark.parametrize(("does", "status", "named"), DONE, ids=lambda each: getattr(each, "__name__", "nothing"))
def test_what_comes_to_nothing_is_named_and_the_next_one_goes_on(
    does: Callable[[Path], None], status: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(tmp_path, monkeypatch)
    found, after = made.go(Proposing(does, better), 2)
    assert (found["status"], found["named"], found["val_bpb"]) == (status, named, None)
    assert after["status"] == "keep" and after["parent"] == made.bench.place.base == found["parent"]
    assert made.bench.place.repository.differing(made.bench.place.base, made.bench.place.locked) == []
    assert [each["description"] for each in results.read_results(made.bench.results.jsonl)][:2] == ["baseline"] * 2
    row = made.bench.results.tsv.read_text().splitlines()[3].split("\t")
    assert row[1:4] == ["0.000000", "0.0", "crash"]
    assert len(json.dumps(found)) < 3000, "and so is the history"


def test_data_that_an_agent_changed_end_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch)
    given, secret = (made.bench.place.corpus / name for name in ("given/train.txt", "secret/val.txt"))
    for path in (given, secret):
        path.parent.mkdir(parents=True)
        path.write_text(path.name)

    def trains_on_what_it_is_measured_by(worktree: Path) -> None:
        given.write_text(given.read_text() + secret.read_text())
        better(worktree)

    assert made.go(Proposing(better))[0]["status"] == "keep"
    with pytest.raises(UserError, match="corpus: is not what it was before told was asked for experiment 3"):
        made.go(Proposing(trains_on_what_it_is_measured_by))
    assert len(made.bench.results.records) == 3


def agent(does: str, minutes: float = 1.0) -> AgentProposer:
    return AgentProposer(f"{sys.executable} -c {shlex.quote(does)}", TASK, minutes=minutes)


def test_an_agent_that_never_returns_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(tmp_path, monkeypatch)
    stays = "import os, signal; os.fork(); signal.pause()"
    (found,) = made.go(agent(stays, minutes=0.01))
    assert (found["status"], found["named"]) == ("crash", "proposed nothing")
    assert "took more than 0.01 minutes and was ended" in found["why"]
    (found,) = made.go(Proposing(better))
    assert found["status"] == "keep"


def test_an_agent_that_writes_megabytes_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch)
    writes = (
        f"open({FILE!r}, 'w').write('bits = 1\\n'); open('big', 'wb').write(bytes(3 << 20)); print('x' * (3 << 20))"
    )
    (found,) = made.go(agent(writes))
    assert (found["status"], found["named"]) == ("refused", "writes too much")
    assert made.bench.results.jsonl.stat().st_size < 50_000
    assert files.folder_bytes(made.folder) < 200_000 and files.folder_bytes(made.checkout / ".git") < 1_000_000


def test_the_disk_stays_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch)
    monkeypatch.setattr(experiment, "_TIDIED", 2)
    proposals = [partial(renames, to=name) for name in "bcdefgh"]

    def there() -> set[str]:
        return {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*")}

    made.go(Proposing(*proposals), 2)
    before = there()
    made.go(Proposing(*proposals), 5)
    assert there() == before
    assert (made.folder / "worktree/results-language.tsv").read_text() == made.bench.results.tsv.read_text()


def test_a_file_that_is_gone_is_no_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch)
    (found,) = made.go(Proposing(deletes_the_file))
    assert (found["status"], found["named"]) == ("refused", "leaves no program")


def test_a_baseline_that_does_not_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch)
    write(made.checkout, 1.0, "# crashed")
    git(made.checkout, "commit", "-q", "-a", "-m", "broken")
    made.bench = made.opened()
    for _ in range(2):
        with pytest.raises(UserError, match="does not run as it was found: crashed: as it said"):
            made.go(Proposing(better))
    assert made.bench.results.records == []


def test_a_would_be_keep_is_run_again_beside_what_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch, confirm=True)
    kept, discarded = made.go(Proposing(better, worse), 2)
    assert kept["status"] == "keep" and len(kept["confirmed"]) == 4 and kept["decision"] is not None
    assert kept["decision"]["interval"][1] < 0
    seeds = [pair["seed"] for pair in kept["confirmed"]]
    assert len(set(seeds)) == 4 and min(seeds) >= experiment.FRESH, "each is a seed that nothing was run with"
    ran = made.trials.run[3:11]
    sides = [commit == kept["commit"] for commit, _ in ran]
    assert sides == [True, False, False, True] * 2 and [seed for _, seed in ran[::2]] == seeds
    assert discarded["confirmed"] == [] and discarded["decision"]["more_runs_wanted"] is False  # type: ignore[index]
    stands = standing(made.bench.results.records)
    assert stands is not None and stands.runs == tuple(pair["candidate"] for pair in kept["confirmed"])
    assert kept["seconds"]["budget"] == 2.0 * 9


def test_a_null_change_that_was_lucky_once_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch, confirm=True)
    made.trials.noise = 0.1
    proposals = [partial(renames, to=name) for name in "bcdefg"]
    found = made.go(Proposing(*proposals), len(proposals))
    lucky = [each for each in found if each["confirmed"]]
    assert len(lucky) >= 2 and not any(each["status"] == "keep" for each in found)


def test_a_run_that_fails_with_another_seed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch, confirm=True)
    trials = made.trials

    def fails(place: Any, commit: str, seed: int, **keys: Any) -> Any:
        found = trials(place, commit, seed, **keys)
        astray = seed >= experiment.FRESH and (commit != place.base) == fails_itself
        return found.__class__(commit=commit, seed=seed, named="crashed", why="no number") if astray else found

    made.trials = fails  # type: ignore[assignment]
    fails_itself = True
    (found,) = made.go(Proposing(better))
    assert (found["status"], found["named"]) == ("crash", "crashed") and found["why"].startswith("it fails with seed")
    fails_itself = False
    (found,) = made.go(Proposing(better))
    assert found["status"] == "crash" and found["why"].startswith("what stands fails with seed")
    assert [commit for commit, seed in trials.run if seed >= experiment.FRESH][-3:] == [
        found["commit"], found["parent"], found["parent"],
    ], "it is tried twice"  # fmt: skip


def test_what_ignores_its_seed_is_refused_before_it_is_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(tmp_path, monkeypatch, confirm=True)
    monkeypatch.setattr(experiment, "ignores_its_seed", lambda place, commit: True)
    (found,) = made.go(Proposing(better))
    assert (found["status"], found["named"], found["confirmed"]) == ("refused", "ignores its seed", [])


class Killed(BaseException):
    pass


@pytest.mark.parametrize("confirm", [False, True])
def test_killed_before_any_step_a_loop_goes_on_to_the_same_records(
    confirm: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposals = (better, worse, proposes_nothing, lambda worktree: write(worktree, 1.0, "a = 1"))
    whole = Made(tmp_path / "whole", monkeypatch, confirm=confirm)
    whole.go(Proposing(*proposals), 4)

    kills = 0
    made = Made(tmp_path / "killed", monkeypatch, confirm=confirm)
    proposer = Proposing(*proposals)
    steps = {"write_json": experiment, "remove_tree": experiment, "append_jsonl": results}
    left = [0]

    def struck(step: Callable[..., Any]) -> Callable[..., Any]:
        def strikes(*words: Any, **keys: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return step(*words, **keys)

        return strikes

    for name, module in steps.items():
        monkeypatch.setattr(module, name, struck(getattr(module, name)))
    made.trials.before = struck(lambda: None)
    monkeypatch.setattr(type(made.bench.worktree), "settle", struck(type(made.bench.worktree).settle))
    while len(made.bench.results.records) < 6:
        left[0] = 2 + kills % 9
        try:
            while len(made.bench.results.records) < 6:
                experiment.run_next(made.bench, proposer if len(made.bench.results.records) >= 2 else None)
        except Killed:
            kills += 1
            made.bench = made.opened()
    left[0] = 0
    assert kills > 5
    assert bare(made.bench.results.records) == bare(whole.bench.results.records)
    made.bench.worktree.settle(standing(made.bench.results.records).commit)  # type: ignore[union-attr]
    kept = [each for each in made.bench.results.records if each["status"] == "keep"][-1]
    assert made.branch() == kept["commit"]
    assert (made.folder / "frontier/model.safetensors").read_text() == f"{kept['commit']} {kept['seed']}"


def test_a_disk_that_fills_up_leaves_what_can_be_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch)
    made.go(Proposing(better), 1)
    whole = results.append_jsonl

    def half(path: Path, value: Any) -> None:
        with open(path, "ab") as file:
            file.write(json.dumps(value).encode()[:100])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(results, "append_jsonl", half)
    with pytest.raises(OSError, match="No space left"):
        made.go(Proposing(worse))
    monkeypatch.setattr(results, "append_jsonl", whole)
    made.bench = made.opened()
    trials = len(made.trials.run)
    (found,) = made.go(Proposing(worse))
    assert found["number"] == 3 and found["status"] == "discard"
    assert len(made.trials.run) == trials, "it had been run, and is not run again"
    assert [each["number"] for each in results.read_results(made.bench.results.jsonl)] == [0, 1, 2, 3]


def test_a_clock_that_is_set_back_changes_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, monkeypatch)
    now = iter(range(10**9, 0, -(10**6)))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    (found,) = made.go(Proposing(better))
    assert all(0 <= seconds < 600 for seconds in found["seconds"].values())


def test_experiments_in_vain_are_counted_from_the_last_one() -> None:
    assert in_vain([]) == 0
    assert in_vain([record(0), record(1, val_bpb=None), record(2, val_bpb=None)]) == 2
    assert in_vain([record(0, val_bpb=None), record(1)]) == 0
    assert standing([]) is None
