"""Whether this machine has what the walls are made of, and what to do where it does not."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from espalier.errors import UserError
from espalier.sandbox.inside import calls
from espalier.sandbox.unwalled import Unwalled
from espalier.sandbox.worker import Keeper, Refused

_WHAT_TO_DO = (
    "what a model wrote is run only behind walls, which need Linux 5.14 or newer on x86_64 or aarch64 that lets this "
    "user make namespaces. On Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0; on older Debian: sysctl "
    "kernel.unprivileged_userns_clone=1; in a container: --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined, or a virtual machine. To run it without walls, where it can read and change all that you "
    "can, say run_programs_without_walls: true"
)


def begin(readable: Sequence[Path] = (), hash_seed: int = 0, unsafe: bool = False) -> Keeper | Unwalled:
    """A keeper behind its walls. UserError that says what is missing, unless nobody needs them: `unsafe`."""
    why = _why_not_here()
    if why is None:
        try:
            return Keeper(readable, hash_seed)
        except Refused as error:
            why = str(error)
    if unsafe:
        return Unwalled(hash_seed)
    raise UserError(f"no sandbox on this machine ({why}): {_WHAT_TO_DO}")


def missing() -> str | None:
    """Why there can be no walls on this machine; None where they stand."""
    why = _why_not_here()
    if why is None:
        try:
            Keeper().close()
        except Refused as error:
            why = str(error)
    return why


def _why_not_here() -> str | None:
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no namespaces"
    if platform.machine() not in calls.AUDIT_ARCH:
        return f"the calls of {platform.machine()} are not known"
    return None
