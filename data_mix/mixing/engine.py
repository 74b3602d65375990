"""Jobs done by many processes: those of this machine, or a Ray cluster's. What they make does not depend on which."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children
from typing import Literal

from data_mix.mixing.jobs import Job
from data_mix.mixing.refine import Refinery
from data_mix.mixing.scratch import KeepScratch
from data_mix.mixing.workers import num_workers, worker_pool
from espalier.cluster import connect, is_connected
from espalier.command_line.console import progress
from espalier.errors import UserError

Engine = Literal["local", "ray"]


def do(refinery: Refinery, jobs: list[Job], *, workers: int, engine: Engine, ray_address: str | None = None) -> None:
    """Do every job that is not done yet. Raises the UserError of the first that fails."""
    left = [job for job in jobs if not refinery.is_done(job)]
    done = len(jobs) - len(left)
    if not left:
        return
    if engine == "ray":
        finished = _on_ray(refinery, left, workers, ray_address)
    elif num_workers(workers) == 1 or len(left) == 1:
        finished = map(refinery, left)
    else:
        finished = _on_this_machine(refinery, left, min(num_workers(workers), len(left)))
    with progress(len(jobs), "reading, parts", done=done) as bar:
        for number, _ in enumerate(finished, start=done + 1):
            bar.update(number, {})


def _on_this_machine(refinery: Refinery, jobs: list[Job], workers: int) -> Iterator[str]:
    with worker_pool(workers) as pool:
        futures = [pool.submit(_do_one, job) for job in _remember(refinery, jobs)]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise KeepScratch(
                "a worker was killed, perhaps because memory ran out; try fewer --workers. What was done is kept: the "
                "same command goes on from there"
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in active_children():  # a job may be long, and what it has done so far is of no use
                worker.terminate()
            raise


_REFINERY: list[Refinery] = []
"""The refinery of a worker process, inherited by fork: it need not be sent again with each job."""


def _remember(refinery: Refinery, jobs: list[Job]) -> list[Job]:
    _REFINERY[:] = [refinery]
    return jobs


def _do_one(job: Job) -> str:
    return _REFINERY[0](job)


def _on_ray(refinery: Refinery, jobs: list[Job], workers: int, address: str | None) -> Iterator[str]:
    """By Ray Data: one row for each job, mapped by `workers` tasks at once (0: as many as the cluster's CPUs)."""
    begun = not is_connected()
    ray = connect(address)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = ray.data.from_items([{"job": job} for job in jobs], override_num_blocks=len(jobs))
        for row in rows.map(_RayTask(refinery), concurrency=workers or None).iter_rows():
            if row["error"]:
                raise UserError(row["error"])
            yield row["done"]
    finally:
        if begun:
            ray.shutdown()


class _RayTask:
    """A UserError is carried home as data: Ray would wrap it in its own."""

    def __init__(self, refinery: Refinery) -> None:
        self._refinery = refinery

    def __call__(self, row: dict[str, Job]) -> dict[str, str]:
        try:
            return {"done": self._refinery(row["job"]), "error": ""}
        except UserError as error:
            return {"done": "", "error": str(error)}
