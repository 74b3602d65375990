"""A model run by the workers of a Ray cluster: each loads it once, and asks are dealt out as workers become free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from espalier.artifacts.paths import workspace
from espalier.cluster import connect
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.models.references import resolve
from evaluation.backends.base import Ask
from evaluation.backends.local import LocalModel
from evaluation.backends.weights import Weights
from evaluation.cases.case import Reply

_Answered = tuple[list[tuple[int, Reply]], str]
"""Replies with their places, and what a user should be told where there are none."""


@dataclass(kw_only=True)
class Fleet(Weights):
    """A model that several processes hold, here or on other machines that see the same workspace.

    Its replies are those of `LocalModel`, and are kept under the same keys.
    """

    workers: int
    """So many processes; with a GPU, each needs one."""
    address: str | None = None
    """HOST:PORT of the cluster; by default one that Ray starts on this machine."""
    _crew: list[Any] = field(default_factory=list, repr=False)

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """Replies, a chunk at a time. A lost worker's chunk goes to another.

        UserError where no cluster answers, all workers are lost, or the model cannot be loaded.
        """
        ray = connect(self.address)
        chunks = self._chunks(asks)
        self._crew = self._crew or self._hire(ray, min(self.workers, len(chunks)))
        idle = list(self._crew)
        at_work: dict[Any, tuple[Any, list[tuple[int, Ask]]]] = {}
        while chunks or at_work:
            while chunks and idle:
                worker, chunk = idle.pop(), chunks.pop(0)
                at_work[worker.answer.remote(chunk)] = (worker, chunk)
            (ready, *_), _ = ray.wait(list(at_work), num_returns=1)
            worker, chunk = at_work.pop(ready)
            try:
                replies, complaint = ray.get(ready)
            except ray.exceptions.RayActorError:
                self._crew.remove(worker)
                if not self._crew:
                    raise UserError(
                        "--engine ray: all workers were lost, perhaps because memory ran out; try fewer --workers or a "
                        "smaller --batch_size. What was answered before is kept"
                    ) from None
                say(f"note: a worker of Ray was lost; {len(self._crew)} go on")
                chunks.insert(0, chunk)
                continue
            if complaint:
                raise UserError(complaint)
            idle.append(worker)
            yield from replies

    def _chunks(self, asks: Sequence[Ask]) -> list[list[tuple[int, Ask]]]:
        """Asks with their places, those of like length together, the longest first."""
        order = sorted(range(len(asks)), key=lambda place: -_length(asks[place]))
        size = max(1, min(self.placement.batch_size, -(-len(asks) // (2 * self.workers))))
        return [[(place, asks[place]) for place in order[start : start + size]] for start in range(0, len(order), size)]

    def _hire(self, ray: Any, number: int) -> list[Any]:
        on_gpu = 1 if self.placement.device.startswith("cuda") else 0
        placement = replace(self.placement, device=self.placement.device.partition(":")[0])  # each sees one GPU only
        # The workspace by name: a worker on another machine has its own environment.
        where = {"env_vars": {"ESPALIER_HOME": str(workspace())}}
        hire = ray.remote(num_cpus=1, num_gpus=on_gpu, runtime_env=where)(_Worker)
        return [hire.remote(self.ref.spec, self.ref.content_hash, self.generation, placement) for _ in range(number)]

    def close(self) -> None:
        """Send the workers home."""
        if self._crew:
            ray = connect(self.address)
            for worker in self._crew:
                ray.kill(worker)
            self._crew = []


class _Worker:
    """One process of a cluster, with its own copy of the model. What goes wrong is carried home as data."""

    def __init__(self, spec: str, content_hash: str, generation: Any, placement: Any) -> None:
        self._spec, self._content_hash = spec, content_hash
        self._how = {"generation": generation, "placement": placement}
        self._model: LocalModel | None = None

    def answer(self, chunk: list[tuple[int, Ask]]) -> _Answered:
        try:
            self._model = self._model or self._open()
            return [(chunk[index][0], reply) for index, reply in self._model.answer([ask for _, ask in chunk])], ""
        except UserError as error:
            return [], str(error)

    def _open(self) -> LocalModel:
        ref = resolve(self._spec, with_code=self._how["placement"].trust_remote_code)
        if ref.content_hash != self._content_hash:
            raise UserError(f"--engine ray: a worker finds another {self._spec} than this machine; share one workspace")
        return LocalModel(ref=ref, **self._how)


def _length(ask: Ask) -> int:
    said = [message["content"] for message in ask.case.messages]
    return sum(map(len, [*said, *ask.case.texts]))
