"""A process between us and an agent, to which all that the agent ever starts falls, so that all of it can be ended.

A process group alone does not hold what leaves it: a daemon begins a session of its own. Orphans of this process's
descendants become its children (PR_SET_CHILD_SUBREAPER), so nothing is left of an agent once this process has none.
Where whoever asked dies, the socket between them closes, and the agent ends too.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

import psutil

from espalier.sandbox.inside import kernel

_PR_SET_CHILD_SUBREAPER = 36
BEGIN = (
    "import sys; sys.path[0] = sys.argv.pop(1); from research.autoresearch.proposing.supervising import main; main()"
)
"""What Python is given to run, with the repository's root and the arguments of `main`."""
LATE = "late"


def main() -> None:
    """Arguments: a socket's descriptor, seconds, a folder, a command. Says on the socket how the command ended, an exit
    code, `late` or why it did not begin, when nothing is left of it."""
    control = socket.socket(fileno=int(sys.argv[1]))
    seconds, folder, command = float(sys.argv[2]), sys.argv[3], sys.argv[4:]
    if sys.platform == "linux":
        kernel.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        process = subprocess.Popen(command, cwd=folder, process_group=0)
    except OSError as error:
        control.send(f"cannot be started: {error.strerror}".encode())
        return
    threading.Thread(target=_end_with, args=(control, process), daemon=True).start()
    try:
        ended = str(process.wait(seconds))
    except subprocess.TimeoutExpired:
        ended = LATE
    _end_all(process)
    try:
        control.send(ended.encode())
    except OSError:
        pass  # nobody listens any more


def _end_with(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    control.recv(1)  # nothing is ever said: the other side is gone
    _signal(process)


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """Until there is no child left: of those that were killed one is waited for, and then all are looked for again."""
    _signal(process)
    while True:
        for each in psutil.Process().children(recursive=True):
            try:
                each.kill()
            except psutil.NoSuchProcess:
                pass
        try:
            os.wait()
        except ChildProcessError:
            return


def _signal(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
