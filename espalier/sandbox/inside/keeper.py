"""The keeper: behind the walls, waits for programs and forks a process for each, which has a world of its own.

It never sees what it runs: the request is read by the fork alone, so that no program finds another's in its memory.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import site
import socket
import sys

from . import bpf, first, kernel, walls

READY, KILL, ENDED = b"ready", b"kill", b"ended"

_USUAL = """
abc bisect calendar collections copy ctypes dataclasses datetime decimal enum fractions functools heapq inspect io
itertools linecache math operator pathlib random re statistics string textwrap threading time traceback typing
"""
"""What programs import most: imported once, here."""


def main() -> None:
    """Answer at the socket whose number is the first argument until it is closed."""
    control = socket.socket(fileno=int(sys.argv[1]))
    setup: walls.Setup = json.loads(control.recv(1 << 20))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of `control` ends this
    addresses = _size_of_addresses()
    for name in _USUAL.split():
        importlib.import_module(name)
    site.setquit()
    sys.path.pop(0)
    package = __name__.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]  # no program needs to find these
    try:
        filter_of_calls = bpf.filter_of_calls()
        walls.raise_walls(setup)
        _begin_a_world(control)
        kernel.bound_capabilities()
    except OSError as error:
        control.send(str(error.strerror or error).encode())
        return
    me = os.pidfd_open(os.getpid())
    gc.collect()
    gc.freeze()
    control.send(READY)
    while True:
        words, descriptors, _, _ = socket.recv_fds(control, 64, 8)
        if not words:
            return
        if words == KILL:
            continue  # it had ended by itself
        _keep(control, me, first.Ways(*descriptors), filter_of_calls, addresses)


def _begin_a_world(control: socket.socket) -> None:
    """Go on as the first process of a world of processes: when it ends, so does all that it ever forked."""
    kernel.unshare(kernel.CLONE_NEWPID)
    if pid := os.fork():
        control.close()
        os.waitpid(pid, 0)
        os._exit(0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def _keep(control: socket.socket, me: int, ways: first.Ways, filter_of_calls: bytes, addresses: int) -> None:
    """Fork one program, and say when nothing of it is left."""
    kernel.unshare(kernel.CLONE_NEWPID)
    pid = kernel.fork()
    if pid == 0:
        first.be_first(ways, (control.fileno(), me), filter_of_calls, addresses)
    kernel.setns(me, kernel.CLONE_NEWPID)  # or the next would be forked into the same world
    for descriptor in ways:
        os.close(descriptor)
    gone = os.pidfd_open(pid)
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    waiting.register(gone, select.POLLIN)
    while not any(descriptor == gone for descriptor, _ in waiting.poll()):
        if control.recv(64) != KILL:
            os._exit(0)  # whoever asked is gone; what was forked dies with this process
        os.kill(pid, signal.SIGKILL)
    os.close(gone)
    os.waitpid(pid, 0)
    control.send(ENDED)


def _size_of_addresses() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")
