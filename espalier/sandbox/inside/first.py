"""The first process of a program's own world: it sets the world up, starts the program, and says how it ended.

When it ends, the kernel ends everything else in that world. The program cannot reach it: signals to the first process
of a world are not delivered, its memory and descriptors are out of reach, and it keeps the way outside for itself.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

from . import kernel, script, walls
from .request import Bounds, unpack

BEGUN, READY, ENDED, BROKEN = b"begun", b"ready", b"ended %d %.6f %d %d", b"broken "
"""What is told: by the first process; with the filter's listener and the working folder; with the wait status, seconds
of processor, bytes of the largest process and whether others run on; and with why it could not be."""


_STACK = 8 << 20
_LATE_S = 0.5
"""So long may what a program started take to end after it, as helpers do that see its end."""


class Ways(NamedTuple):
    """Descriptors that lead outside."""

    payload: int
    stdout: int
    stderr: int
    report: int


def be_first(ways: Ways, others: tuple[int, ...], filter_of_calls: bytes, addresses: int) -> NoReturn:
    """Be the first process; `others` are descriptors that are not for here.

    `addresses` is how many bytes of them the interpreter took before any program.
    """
    report = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, ways.report)
    try:
        for descriptor in others:
            os.close(descriptor)
        report.send(BEGUN)  # the kernel adds which process says it
        os.setsid()  # or a signal to its group would reach whoever started all this
        program = os.fork()
        if program == 0:
            _try_program(ways, report, filter_of_calls, addresses)
        kernel.drop_capabilities()
        for descriptor in (ways.payload, ways.stdout, ways.stderr):
            os.close(descriptor)
        status = -1
        while status < 0:  # whatever it left behind may end before it does
            pid, ended, _ = os.wait4(-1, 0)
            if pid == program:
                status = ended
        run_on = _others_run_on()
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        report.send(ENDED % (status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10, run_on))
        os._exit(0)
    except BaseException as error:
        _tell_of(error, report)


def _others_run_on() -> bool:
    """Whether the program left processes that do not end by themselves: all are children of this one by now."""
    until = time.monotonic() + _LATE_S
    try:
        while os.waitpid(-1, os.WNOHANG)[0] or time.monotonic() < until:
            time.sleep(0.002)
    except ChildProcessError:
        return False
    return True


def _tell_of(error: BaseException, report: socket.socket) -> NoReturn:
    try:
        report.send(BROKEN + f"{type(error).__name__}: {error}".encode()[:1000])
    finally:
        os._exit(1)


def _try_program(ways: Ways, report: socket.socket, filter_of_calls: bytes, addresses: int) -> NoReturn:
    try:
        _be_program(ways, report, filter_of_calls, addresses)
    except BaseException as error:
        _tell_of(error, report)  # where the program has begun, that way is closed, and this only ends


def _be_program(ways: Ways, report: socket.socket, filter_of_calls: bytes, addresses: int) -> NoReturn:
    os.setsid()
    with open(ways.payload, "rb") as file:
        file.seek(0)
        request, stdin, given = unpack(file.read())
    bounds = request["bounds"]
    walls.fresh_box(bounds["space"], bounds["num_files"] + 10 * len(request["links"]), given | {".stdin": stdin})
    for name in request["links"]:
        link = Path(name)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"{walls.GIVEN}/{name}")
    os.dup2(os.open(f"{walls.GIVEN}/.stdin", os.O_RDONLY), 0)
    os.dup2(ways.stdout, 1)
    os.dup2(ways.stderr, 2)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _limit(bounds, addresses)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    listener = kernel.install_filter(filter_of_calls)
    socket.send_fds(report, [READY], [listener, folder])
    report.detach()
    os.closerange(3, max(ways.report, listener, folder) + 1)
    argv = request["argv"]
    os.environ.clear()
    os.environ.update(request["environment"])
    if argv is None:
        script.run(given["program.py"], f"{walls.GIVEN}/program.py", walls.WORK)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execve(argv[0], argv, request["environment"])
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127)


def _limit(bounds: Bounds, addresses: int) -> None:
    cpu = bounds["cpu_seconds"]
    memory = bounds["memory"] + addresses + bounds["tasks"] * _STACK  # stacks of threads count before they are used
    limits = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),  # a signal that may be caught, then one that may not
        resource.RLIMIT_DATA: (memory, memory),
        resource.RLIMIT_NPROC: (bounds["tasks"],) * 2,
        resource.RLIMIT_FSIZE: (bounds["file_size"],) * 2,
        resource.RLIMIT_NOFILE: (bounds["open_files"],) * 2,
        resource.RLIMIT_CORE: (1, 1),  # 0 would still start a handler of crashes; 1 starts none
        resource.RLIMIT_MEMLOCK: (0, 0),
        resource.RLIMIT_MSGQUEUE: (0, 0),
        resource.RLIMIT_SIGPENDING: (256, 256),
    }
    if bounds["space_of_addresses"]:
        limits[resource.RLIMIT_AS] = (memory, memory)
    for kind, (soft, hard) in limits.items():
        resource.setrlimit(kind, (soft, hard))
