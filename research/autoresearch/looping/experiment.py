"""One experiment, to its record: run, evaluated, run again where that is asked for, decided. Killed, it goes on."""

from __future__ import annotations

import shutil

from espalier.artifacts.records import staging, write_json
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.loops.lockstep import seed_of
from research.autoresearch.deciding.decision import Pair, Settings, decide
from research.autoresearch.looping.bench import Bench
from research.autoresearch.looping.draft import Draft
from research.autoresearch.looping.git import remove_tree
from research.autoresearch.looping.proposed import propose
from research.autoresearch.looping.records import BASELINE, Record
from research.autoresearch.looping.seeds import ignores_its_seed
from research.autoresearch.looping.standing import Standing, standing
from research.autoresearch.looping.trial import Trial, run_trial
from research.autoresearch.proposing.base import Proposer

FRESH = 1 << 20
"""Seeds of confirming runs begin here: those of first runs are the numbers of experiments."""
_TIDIED = 100
"""Experiments after which git may pack what they left."""
_CRASHES = frozenset({
    "proposed nothing", "changes nothing", "crashed", "out of memory", "left no checkpoint", "prints no summary",
    "past its budget", "more work than its budget", "lost", "too large a file", "too many or too large files",
    "could not be evaluated",
})  # fmt: skip
"""Names of what an honest experiment may run into; any other is an offence, and refused."""


def run_next(bench: Bench, proposer: Proposer | None) -> Record:
    """The next experiment, or the one that was going on, to its record; a run of the baseline while there are too few.

    UserError where the baseline does not run, or the machine is at fault.
    """
    records = bench.results.records
    draft = Draft.read(bench.state)
    if draft is not None and draft.record["number"] < len(records):
        draft = None  # the loop was killed between recording it and saying so
    if draft is not None and not bench.place.repository.has_commit(draft.record["commit"]):
        draft = None
    if draft is not None and not (bench.scratch / "first").is_dir():
        draft.ran = False
    if draft is None:
        remove_tree(bench.scratch)
        if len(records) < bench.config.baselines:
            draft = Draft(bench.state, bench.blank(bench.place.base, proposer=BASELINE))
        else:
            assert proposer is not None, "somebody has to propose"
            draft = propose(bench, proposer)
        draft.save()
    record = draft.record
    if record["proposer"] == BASELINE:
        _run_baseline(bench, draft)
    elif record["named"] is None:
        stands = standing(records)
        assert stands is not None, "baselines come first"
        _run(bench, draft, stands)
    _conclude(bench, draft)
    return record


def _run_baseline(bench: Bench, draft: Draft) -> None:
    _run_first(bench, draft)
    if named := draft.record["named"]:
        busy = named == "past its budget" and bench.config.budget_in == "seconds"
        advice = ". Is the machine busy? Run the same command again, or begin with --budget_in tokens" if busy else ""
        raise UserError(
            f"{bench.place.task.training} does not run as it was found: {named}: {draft.record['why']}{advice}"
        )
    draft.record["why"] = "as it was found"


def _run(bench: Bench, draft: Draft, stands: Standing) -> None:
    """Its first run, and as many pairs of runs as it takes to decide."""
    record = draft.record
    record["stands"] = stands.mean
    if not draft.ran:
        _run_first(bench, draft)
        draft.save()
    first = record["val_bpb"]
    if record["named"] is not None or first is None:
        return
    settings = Settings(confirm=bench.config.confirm, simplicity=bench.config.simplicity)
    added = (record["lines"] or 0) - stands.lines
    while True:
        pairs = [Pair(**pair) for pair in record["confirmed"]]
        found = decide(first, stands.mean, pairs, stands.noise, lines_added=added, settings=settings)
        record["decision"], record["status"], record["why"] = found.as_record(), found.status, found.why
        if not found.more_runs_wanted:
            return
        if not pairs:
            with draft.timed("train"):
                ignores = ignores_its_seed(bench.place, record["commit"])
            if ignores:
                record["named"], record["why"] = "ignores its seed", "its weights are the same with two of them"
                return
        if not _run_pair(bench, draft, stands.commit):
            return
        draft.save()


def _run_first(bench: Bench, draft: Draft) -> None:
    trial = run_trial(bench.place, draft.record["commit"], draft.record["seed"], out=bench.empty("first"))
    draft.note_first(trial)


def _run_pair(bench: Bench, draft: Draft, stands: str) -> bool:
    """A further pair of runs, either side first in every other one: what slows down by and by is fair to both.

    False where one of them comes to nothing, and is `named` in the record.
    """
    record, results = draft.record, dict[str, float]()
    candidate, number = record["commit"], len(record["confirmed"])
    seed = FRESH + seed_of(bench.config.name, bench.config.seed, record["number"], number) % (2**31 - FRESH)
    for commit in (candidate, stands) if number % 2 == 0 else (stands, candidate):
        trial = _run_again(bench, draft, commit, seed)
        if trial.val_bpb is None and commit == stands:  # which ran before, so that chance or this machine failed
            trial = _run_again(bench, draft, commit, seed)
        if trial.val_bpb is None:
            what = "what stands" if commit == stands else "it"
            record["named"], record["why"] = trial.named, f"{what} fails with seed {seed}: {trial.why}"
            return False
        results[commit] = trial.val_bpb
    record["confirmed"].append({"seed": seed, "candidate": results[candidate], "incumbent": results[stands]})
    return True


def _run_again(bench: Bench, draft: Draft, commit: str, seed: int) -> Trial:
    trial = run_trial(bench.place, commit, seed, out=bench.empty("again"))
    draft.note_trial(trial)
    return trial


def _conclude(bench: Bench, draft: Draft) -> None:
    """Record it. The branch stands at what is kept, and so does the checkpoint of the frontier."""
    record = draft.finished()
    if record["named"] is not None:
        record["status"] = "crash" if record["named"] in _CRASHES else "refused"
    kept = record["status"] == "keep"
    if kept and (record["number"] == 0 or record["proposer"] != BASELINE):
        with staging(bench.folder / "frontier", replace=True) as folder:
            shutil.copytree(bench.scratch / "first", folder, dirs_exist_ok=True)
            write_json(folder / "record.json", record)
    bench.results.append(record)
    bench.worktree.settle(record["commit"] if kept else record["parent"])
    draft.close()
    remove_tree(bench.scratch)
    bench.results.copy_to(bench.worktree.path)
    if record["number"] % _TIDIED == _TIDIED - 1:
        bench.place.repository.tidy()
    say(_line(record))


def _line(record: Record) -> str:
    found = "-" if record["val_bpb"] is None else f"{record['val_bpb']:.6f}"
    why = ": ".join(part for part in (record["named"], record["why"]) if part)
    parts = record["seconds"]
    spent = parts["propose"] + parts["check"] + parts["train"] + parts["evaluate"] + parts["rest"]
    return f"#{record['number']}  {record['status']}  {found}  {record['description']}  ({why}; {spent:.0f} s)"
