"""Several processes that train one run: what the first does for all, and what they tell each other.

Started by torchrun or `accelerate launch`, they share the micro-batches of each step. The first alone holds the run's
lock and writes; where it fails, none goes on. One process is the same without the others: nothing here waits then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import torch

from espalier.artifacts.run import AlreadyDone
from espalier.command_line import processes
from espalier.errors import describe
from espalier.models import devices

T = TypeVar("T")
_PATIENCE = timedelta(days=30)
"""How long a process waits for the others: the first may make a mix or train a parent before, or pause in between.
Where one of them dies, its launcher ends the others."""


def join(device: str) -> None:
    """Find the other processes; `device` is the configuration's. They meet over gloo on processors, nccl on GPUs."""
    if processes.count() > 1:
        from accelerate import PartialState

        PartialState(cpu=devices.choose_device(device) == "cpu", timeout=_PATIENCE)


def on_main(work: Callable[[], T]) -> T:
    """What `work` gives in the first process, where alone it is done, in all of them.

    Where it fails there, the others end with the same exit code, and say nothing.
    """
    if processes.count() == 1:
        return work()
    if not processes.is_main():
        made, code = _from_main(None)
        if code is not None:
            raise SystemExit(code)
        return made  # type: ignore[no-any-return]
    try:
        made = work()
    except BaseException as error:
        _from_main((None, _exit_code(error)))
        raise
    _from_main((made, None))
    return made


def main_first(work: Callable[[], T]) -> T:
    """Do `work` in the first process and then in the others, which find what it made."""
    mine: list[T] = []
    on_main(lambda: mine.append(work()))
    return mine[0] if mine else work()


def gathered(mine: T) -> list[T]:
    """What each process has, by number. All of them have to ask."""
    if processes.count() == 1:
        return [mine]
    from accelerate.utils import gather_object

    return list(gather_object([mine]))


def summed(mine: np.ndarray, device: torch.device) -> np.ndarray:
    """The sum over all processes of an array that each has. All of them have to ask."""
    if processes.count() == 1:
        return mine
    from accelerate.utils import reduce

    total: np.ndarray = reduce(torch.from_numpy(mine).to(device), "sum").cpu().numpy()
    return total


def prepare(accelerator: Any, model: Any, optimizer: Any) -> Any:
    """`model` as it is trained: itself, a copy of it in each process, or parted among them, and its optimizer too."""
    if not processes.sharded():
        return accelerator.prepare_model(model)
    from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin

    if not accelerator.is_fsdp2:  # accelerate looks for it on GPUs only; what it does works on processors too
        plugin = FullyShardedDataParallelPlugin()
        if accelerator.mixed_precision != "no":
            plugin.set_mixed_precision(accelerator.mixed_precision)
        accelerator.state.distributed_type, accelerator.state.fsdp_plugin = DistributedType.FSDP, plugin
    return accelerator.prepare(model, optimizer)[0]


def unwrapped(model: Any) -> Any:
    """The model inside what accelerate puts around it for several processes."""
    from accelerate.utils import extract_model_from_parallel

    return extract_model_from_parallel(model)


def part_again(model: Any) -> None:
    """Part the weights that a forward pass without a backward pass, an observer's, has left whole.

    Until then a parameter of the model is another than the one that the optimizer moves and a checkpoint keeps.
    """
    if processes.sharded():
        model.reset_iter_state()


def _from_main(said: tuple[Any, int | None] | None) -> tuple[Any, int | None]:
    from accelerate.utils import broadcast_object_list

    found: tuple[Any, int | None] = broadcast_object_list([said])[0]
    return found


def _exit_code(error: BaseException) -> int:
    if isinstance(error, AlreadyDone):
        return 0
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return error.code
    return 1 if describe(error) is None else 2
