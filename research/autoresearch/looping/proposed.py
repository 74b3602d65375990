"""What a proposer leaves: one checked commit, or what it is called instead."""

from __future__ import annotations

from espalier.errors import UserError
from espalier.loops.lockstep import seed_of
from research.autoresearch.checking.commit import check_commit
from research.autoresearch.evaluating.hashes import of_files
from research.autoresearch.looping.bench import Bench
from research.autoresearch.looping.draft import Draft, details_of
from research.autoresearch.looping.git import GitFailed
from research.autoresearch.looping.standing import standing
from research.autoresearch.looping.trial import lock
from research.autoresearch.naming import Named
from research.autoresearch.proposing.base import NothingProposed, Proposer, one_line

_LONGEST_HYPOTHESIS = 4000


def propose(bench: Bench, proposer: Proposer) -> Draft:
    """The next experiment, as far as its commit: `named` where nothing is to be run.

    UserError where the data have changed meanwhile: an agent has the rights of whoever started it, and could let others
    train on what they are measured by.
    """
    stands = standing(bench.results.records)
    assert stands is not None, "baselines come first"
    record = bench.blank(stands.commit, proposer=one_line(proposer.name))
    draft, number = Draft(bench.state, record), record["number"]
    lock(bench.place)
    bench.worktree.settle(stands.commit)
    bench.results.copy_to(bench.worktree.path)
    data, seed = _data(bench), seed_of(bench.config.seed, number) % 2**31
    try:
        with draft.timed("propose"):
            proposal = proposer.propose(bench.worktree.path, bench.results.records, number, seed)
    except NothingProposed as nothing:
        record["named"], record["why"] = "proposed nothing", one_line(nothing.why)
        record["description"], record["details"] = record["why"], details_of(nothing.details)
    else:
        record["description"] = one_line(proposal.description)
        record["hypothesis"] = proposal.hypothesis[:_LONGEST_HYPOTHESIS]
        record["kind"], record["details"] = proposal.kind, details_of(proposal.details)
        with draft.timed("check"):
            _take(bench, draft)
    if _data(bench) != data:
        raise UserError(
            f"{bench.place.corpus}: is not what it was before {record['proposer']} was asked for experiment {number}, "
            "and nothing measured from now on could be compared: put it back, or begin again with data made anew"
        )
    if touched := lock(bench.place):
        record["named"], record["why"] = "touches what is locked", one_line(", ".join(touched))
    if bench.results.restore():
        record["named"], record["why"] = "touches the results", bench.results.jsonl.name
    return draft


def _data(bench: Bench) -> str:
    """A hash of all that is trained on and measured by."""
    folder = bench.place.corpus
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return of_files(folder, (name for name in files if name != "lock"))


def _take(bench: Bench, draft: Draft) -> None:
    record = draft.record
    message = "\n\n".join(part for part in (record["description"], record["hypothesis"]) if part)
    taken = bench.worktree.take(record["parent"], message, ignored=bench.copies)
    record["commit"], record["named"], record["why"] = taken.commit, taken.named, taken.why
    if taken.named is not None:
        return
    try:
        check_commit(bench.worktree.path, record["parent"], taken.commit, bench.place.task)
        record["lines"] = bench.lines(taken.commit)
    except Named as error:
        record["named"], record["why"] = error.name, one_line(error.detail)
    except (GitFailed, SyntaxError, ValueError) as error:
        record["named"], record["why"] = "leaves no program", one_line(str(error))
