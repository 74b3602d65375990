"""A port of this machine, held from before anything is loaded until Ctrl+C, and an application that answers at it."""

from __future__ import annotations

import errno
import ipaddress
import signal
import socket
import threading
from typing import TYPE_CHECKING, Protocol

from espalier.errors import UserError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
_TO_THE_END_S = 2
"""Seconds that an answer may still take once it is to end."""


class Answering(Protocol):
    """Something that answers in threads of its own."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """Answer nothing more."""


def until_stopped(server: Answering) -> None:
    """Let it answer until SIGINT or SIGTERM."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.start()
        stop.wait()
    finally:
        server.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def refused_port(error: OSError, port: int) -> UserError | None:
    """What to say where a port could not be had; None where it is something else that is wrong."""
    if error.errno not in (errno.EADDRINUSE, errno.EACCES):
        return None
    why = "is taken" if error.errno == errno.EADDRINUSE else "is not for everybody"
    return UserError(f"port {port} {why}; give another --port, or 0 for any that is free")


def hold(host: str, port: int) -> socket.socket:
    """A socket that holds the port. UserError where it is taken, or `host` is no address of this machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise UserError(f"--host {host}: wants an address of this machine, such as {LOOPBACK}") from None
    if address.is_unspecified:
        raise UserError(f"--host {host}: name the one address at which others reach this machine, not all of them")
    held = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((host, port))
    except OSError as error:
        held.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise UserError(f"--host {host}: no address of this machine") from None
        raise refused_port(error, port) or error from None
    return held


def hosts_of(held: socket.socket) -> frozenset[str]:
    """What a browser may call this server in its requests: address and port, and `localhost` where it is that."""
    host, port = held.getsockname()[:2]
    address = ipaddress.ip_address(host)
    names = [f"[{host}]" if address.version == 6 else host, *(["localhost"] if address.is_loopback else [])]
    return frozenset(f"{name}:{port}" for name in names)


def url_of(held: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = held.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


class PageServer:
    """An ASGI application at a held socket, in a thread of its own. Who asks before it has begun waits."""

    def __init__(self, app: ASGIApp, held: socket.socket) -> None:
        import uvicorn

        # No log of requests, and no header that says what answers.
        config = uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
            proxy_headers=False, timeout_graceful_shutdown=_TO_THE_END_S,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [held]})
        held.listen(128)

    def start(self) -> None:
        """Answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what is being asked, and nothing more."""
        self._server.should_exit = True
        self._thread.join()
