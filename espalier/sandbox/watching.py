"""One run of a program, watched from outside until nothing of it is left."""

from __future__ import annotations

import functools
import math
import os
import select
import socket
import struct
import time
from collections.abc import Callable

from espalier.sandbox.inside import first, keeper
from espalier.sandbox.kin import Use, use_of
from espalier.sandbox.limits import Limits
from espalier.sandbox.notices import Notices
from espalier.sandbox.outcome import Ending, Outcome, Told, outcome_of
from espalier.sandbox.weight import hand_on

_LOOK_EVERY_S = 0.05
_GRACE_S = 10.0
_CHUNK = 1 << 16
_IN_TURN = 100
"""So many times its limit of processes may a program begin, one after the other: each costs this process time."""
_STOPS = {"network": Ending.NETWORK, "processes": Ending.PROCESSES}


class Lost(Exception):
    """The keeper is gone, and all that it ran with it."""


class Broken(Exception):
    """The world of a program could not be set up."""


class Watch:
    """Hands a request to a keeper and follows it to its end."""

    def __init__(self, control: socket.socket, limits: Limits) -> None:
        self._control, self._limits, self._began = control, limits, time.monotonic()
        self._output = {"stdout": bytearray(), "stderr": bytearray()}
        self._written = 0
        self._stopped: Ending | None = None
        self._tried: str | None = None
        self._pid: int | None = None
        self._begun, self._asked = 1, 0
        self._use = Use()
        self._told: Told | None = None
        self._ended = False
        self._poll = select.poll()
        self._on: dict[int, Callable[[], bool]] = {}
        self.folder: int | None = None
        """The working folder, once the program has begun."""

    def run(self, payload: bytes) -> Outcome:
        """Until nothing of it is left. Lost where the keeper went; Broken where the program could not be begun."""
        self._poll.register(self._control, select.POLLIN)
        self._on[self._control.fileno()] = self._hear
        try:
            self._hand_over(payload)
            self._follow()
            while self._turn(0):  # what is left to read: there is nobody any more who could write
                pass
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Lost from error
        finally:
            for descriptor in [*self._on]:
                if descriptor != self._control.fileno():
                    self._forget(descriptor)
        return self.outcome()

    def close(self) -> None:
        """Let the working folder go."""
        if self.folder is not None:
            os.close(self.folder)
            self.folder = None

    def outcome(self, ended: Ending | None = None) -> Outcome:
        """As far as is known; `ended` where it is known otherwise."""
        return outcome_of(
            ended or self._stopped,
            self._tried,
            self._told,
            full=self.folder is not None and _is_full(self.folder),
            stdout=bytes(self._output["stdout"]),
            stderr=bytes(self._output["stderr"]),
            cut=self._written > self._limits.output,
            wall_seconds=time.monotonic() - self._began,
            use=self._use,
            limits=self._limits,
        )

    def _follow(self) -> None:
        deadline, look = self._began + self._limits.wall_seconds, self._began + _LOOK_EVERY_S
        while not self._ended:
            now = time.monotonic()
            if now >= deadline + _GRACE_S:
                raise Lost
            if now >= deadline:
                self._stop(Ending.WALL_TIME)
            if now >= look:
                self._look()
                look = now + _LOOK_EVERY_S
            until = min(look, deadline if now < deadline else deadline + _GRACE_S)
            self._turn(max(1, math.ceil((until - now) * 1000)))

    def _turn(self, milliseconds: int) -> bool:
        """Wait so long for something to happen, and see to it. Whether anything did."""
        events = self._poll.poll(milliseconds)
        for descriptor, event in events:
            if not (event & select.POLLIN and self._on[descriptor]()):
                self._forget(descriptor)  # nobody is left at its other end
        return bool(events)

    def _hand_over(self, payload: bytes) -> None:
        theirs = [os.memfd_create("request", os.MFD_CLOEXEC)]
        try:
            with open(theirs[0], "wb", closefd=False) as file:
                file.write(payload)
            for name in self._output:
                ours, their = os.pipe()
                theirs.append(their)
                os.set_blocking(ours, False)
                self._listen(ours, lambda name=name, ours=ours: self._read(name, ours))  # type: ignore[misc]
            self._report, their_report = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            theirs.append(their_report.detach())
            self._report.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            self._listen(self._report.fileno(), self._hear_report)
            socket.send_fds(self._control, [b"run"], theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)

    def _listen(self, descriptor: int, act: Callable[[], bool]) -> None:
        self._on[descriptor] = act
        self._poll.register(descriptor, select.POLLIN)

    def _forget(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        del self._on[descriptor]
        if descriptor == self._report.fileno():
            self._report.close()
        else:
            os.close(descriptor)

    def _hear(self) -> bool:
        """What the keeper says."""
        words = self._control.recv(64)
        if not words:
            raise Lost
        self._ended = words == keeper.ENDED
        return True

    def _hear_report(self) -> bool:
        """What the first process of the program's world says, and the program's own before it is the program."""
        words, extras, _, _ = self._report.recvmsg(2048, 256)
        for _, kind, data in extras:
            if kind == socket.SCM_CREDENTIALS and words == first.BEGUN:
                self._pid = struct.unpack("iII", data)[0]
            elif kind == socket.SCM_CREDENTIALS and words == first.READY:
                hand_on(struct.unpack("iII", data)[0])
            elif kind == socket.SCM_RIGHTS:
                listener, self.folder = struct.unpack("ii", data)
                self._listen(listener, functools.partial(self._answer, Notices(listener, self._may_start)))
        if words.startswith(first.BROKEN):
            raise Broken(words.removeprefix(first.BROKEN).decode("utf-8", "replace"))
        if words.startswith(b"ended"):
            status, cpu_seconds, memory, run_on = words.split()[1:]
            self._told = Told(
                status=int(status), cpu_seconds=float(cpu_seconds), memory=int(memory), run_on=run_on == b"1"
            )
        return words != b""

    def _read(self, name: str, descriptor: int) -> bool:
        """What the program writes, kept up to the limit."""
        while True:
            try:
                chunk = os.read(descriptor, _CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._output[name] += chunk[: max(0, self._limits.output - self._written)]
            self._written += len(chunk)
            if self._written > self._limits.output:
                self._stop(Ending.OUTPUT)
                return True

    def _answer(self, notices: Notices) -> bool:
        tried = notices.answer()
        if tried is not None and self._stopped is None:
            self._tried = tried
            self._stop(_STOPS.get(tried, Ending.FORBIDDEN))
        return True

    def _may_start(self) -> bool:
        """Whether there is room for another process or thread: counted anew whenever there might be none."""
        if self._begun >= self._limits.processes and self._pid is not None:
            self._begun = use_of(self._pid).tasks - 1  # the first process is not the program's
        self._begun += 1
        self._asked += 1
        return self._begun <= self._limits.processes and self._asked <= _IN_TURN * self._limits.processes

    def _look(self) -> None:
        """At what it uses, all its processes together."""
        if self._pid is None:
            return
        use = use_of(self._pid)
        self._use = self._use.at_most(use)
        if use.memory > self._limits.memory:
            self._stop(Ending.MEMORY)
        if use.cpu_seconds > self._limits.cpu_seconds:
            self._stop(Ending.CPU_TIME)

    def _stop(self, ending: Ending) -> None:
        """End all of it. The first reason counts."""
        if self._stopped is None:
            self._stopped = ending
            self._look()
            if self._pid is not None:
                self._control.send(keeper.KILL)


def _is_full(folder: int) -> bool:
    room = os.fstatvfs(folder)
    return room.f_bavail == 0 or room.f_favail == 0
