"""What the kernel tells of a program's calls, one at a time, while the program waits for the answer."""

from __future__ import annotations

import fcntl
import functools
import os
import struct
from collections.abc import Callable

from espalier.sandbox.inside import bpf, calls

_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1
_STARTS = set(calls.COUNTED)


@functools.cache
def _names() -> dict[int, str]:
    return {number: name for name, number in calls.numbers().items()}


_KINDS = {call: kind for kind, names in calls.NAMED.items() for call in names}
_KINDS |= {"socketpair": "network", "mknod": "raw devices", "mknodat": "raw devices"}


class Notices:
    """The notices of one program's filter. Closes what it is given."""

    def __init__(self, listener: int, may_start: Callable[[], bool]) -> None:
        """`may_start` is asked whenever the program wants another process or thread."""
        self.descriptor, self._may_start = listener, may_start

    def answer(self) -> str | None:
        """Let the waiting call go on; or leave it waiting, and say under which name it is forbidden.

        "processes" is the name where there would be too many.
        """
        notice = bytearray(80)
        try:
            fcntl.ioctl(self.descriptor, _RECEIVE, notice)
        except OSError:  # whoever called was killed meanwhile
            return None
        number, argument = struct.unpack_from("i", notice, 16)[0], struct.unpack_from("Q", notice, 32)[0]
        name = _names()[number]
        if name not in _STARTS:
            return _KINDS[name]
        if name == "clone" and argument & bpf.NEW_NAMESPACES:
            return "namespaces"
        if not self._may_start():
            return "processes"
        try:
            fcntl.ioctl(self.descriptor, _SEND, notice[:8] + struct.pack("qiI", 0, 0, _CONTINUE))
        except OSError:
            pass
        return None

    def close(self) -> None:
        """No further call is answered."""
        os.close(self.descriptor)
