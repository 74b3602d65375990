"""What is looked at before torch is imported: whether this process can train at all."""

import os

from espalier.errors import UserError
from espalier.models import devices
from training.config import TrainConfig


def check_process(config: TrainConfig, command: str) -> None:
    """Set what torch reads when it is imported. UserError where device or files are not here, or several processes are.

    Those that torchrun or `accelerate launch` has started would train the same run twice.
    """
    # How long an idle thread spins before it sleeps. GNU OpenMP's own default makes a step take ten times as long on a
    # machine that does something else besides; sleeping at once makes it half as fast on one that does not.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes > 1:
        raise UserError(
            f"{processes} processes were started, and training in several is not supported yet; start one, by "
            f"python {command}"
        )
    devices.check_here(config.device)
    if config.row_weights and not config.row_weights.is_file():
        raise UserError(f"row_weights: {config.row_weights}: no such file")
