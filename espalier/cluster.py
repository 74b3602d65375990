"""A Ray cluster: one that runs already, or one that Ray starts on this machine."""

from __future__ import annotations

import logging
import socket
import sys
from typing import Any

from espalier.errors import UserError


def connect(address: str | None) -> Any:
    """The module `ray`, connected to the cluster at `address` (HOST:PORT), or to one of this machine's processors.

    UserError where Ray is not installed, or nothing answers.
    """
    try:
        import ray
    except ImportError:
        raise UserError('--engine ray: Ray is not installed; pip install -e ".[ray]"') from None
    if ray.is_initialized():
        return ray
    if address:
        _check_that_it_answers(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UserError(f"--ray_address {address}: no Ray cluster answers ({str(error)[:200]})") from None
    return ray


def is_connected() -> bool:
    """Whether this process is connected already."""
    ray = sys.modules.get("ray")
    return ray is not None and ray.is_initialized()


def _check_that_it_answers(address: str) -> None:
    """Ray itself waits for minutes. Raises UserError."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except OSError as error:
            raise UserError(f"--ray_address {address}: no Ray cluster answers ({error.strerror or error})") from None
