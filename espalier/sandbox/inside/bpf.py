"""The filter of calls, as classic BPF: what is allowed goes on, what is named or counted tells the process outside."""

from __future__ import annotations

import errno
import mmap
import platform
import socket
import stat
import struct

from . import calls

_KILL, _ERRNO, _NOTIFY, _ALLOW = 0x80000000, 0x00050000, 0x7FC00000, 0x7FFF0000
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_X32 = 0x40000000

NEW_NAMESPACES = 0x7E020080
"""The flags of clone that make namespaces: cgroup, uts, ipc, user, pid, net, mount and time."""

_OF_ANY_FILE = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""ioctl: TCGETS and TIOCGWINSZ (is it a terminal?), FIONREAD, FIONBIO, FIONCLEX, FIOCLEX."""
_OF_ITSELF = (1, 2, 3, 15, 16, 23, 29, 30, 38, 39, 0x53564D41)
"""prctl: the signal at its parent's death, is it dumpable, its name, capabilities, timer slack, no new privileges, and
the names of its memory."""
_FORBIDDEN_FCNTL = (1024, 1026)  # leases and watches: they reach whoever else uses the file
_ANY_PERSONALITY = 0xFFFFFFFF

Instruction = tuple[int, int, int, int]


def filter_of_calls(machine: str = platform.machine()) -> bytes:
    """The program for that machine's kernel, as `install_filter` takes it. KeyError where its calls are not known."""
    numbers = calls.numbers(machine)
    program: list[Instruction] = [
        _load(4),
        (_EQUAL, 1, 0, calls.AUDIT_ARCH[machine]),
        _give(_KILL),  # calls of another architecture have other numbers
        _load(0),
        (_AT_LEAST, 0, 1, _X32),
        _give(_KILL),
    ]
    rules = {name: [_give(_ALLOW)] for name in calls.ALLOWED}
    rules |= {name: [_give(_NOTIFY)] for names in calls.NAMED.values() for name in names}
    rules |= {name: [_give(_NOTIFY)] for name in calls.COUNTED}
    rules |= {name: [_give(_ERRNO | number)] for name, number in calls.QUIET.items()}
    rules |= looking_closer()
    for name, rule in rules.items():
        if name in numbers:
            program += [(_EQUAL, 0, len(rule), numbers[name]), *rule]
    program.append(_give(_ERRNO | errno.ENOSYS))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


def looking_closer() -> dict[str, list[Instruction]]:
    """The rules that depend on an argument. Only its lower half is read, which is all that these calls read."""
    stream_pair = [
        _load_argument(0),
        (_EQUAL, 0, 4, socket.AF_UNIX),
        _load_argument(1),
        (_AND, 0, 0, 0xF),
        (_EQUAL, 0, 1, socket.SOCK_STREAM),
        _give(_ALLOW),
        _give(_NOTIFY),
    ]
    # Shared memory without a file stays when nobody maps it, and counts for no process then.
    private_or_of_a_file = [
        _load_argument(3),
        (_AND, 0, 0, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS),
        (_EQUAL, 0, 1, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS),
        _give(_ERRNO | errno.EPERM),
        _give(_ALLOW),
    ]
    # The C library asks a name server so for the name of a user: that is no try of the network, and finds nobody.
    unix_quietly = [
        _load_argument(0),
        (_EQUAL, 0, 1, socket.AF_UNIX),
        _give(_ERRNO | errno.EAFNOSUPPORT),
        _give(_NOTIFY),
    ]
    return {
        "mmap": private_or_of_a_file,
        "socket": unix_quietly,
        "socketpair": stream_pair,
        "ioctl": _one_of(_OF_ANY_FILE, 1, otherwise=_ERRNO | errno.ENOTTY),
        "prctl": _one_of(_OF_ITSELF, 0, otherwise=_ERRNO | errno.EPERM),
        "prlimit64": _one_of((0,), 0, otherwise=_ERRNO | errno.EPERM),
        "personality": _one_of((_ANY_PERSONALITY,), 0, otherwise=_ERRNO | errno.EPERM),
        "fcntl": _one_of(_FORBIDDEN_FCNTL, 1, then=_ERRNO | errno.EPERM, otherwise=_ALLOW),
        "mknod": _no_device(1),
        "mknodat": _no_device(2),
    }


def _one_of(values: tuple[int, ...], argument: int, *, then: int = _ALLOW, otherwise: int) -> list[Instruction]:
    tests = [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [_load_argument(argument), *tests, _give(otherwise), _give(then)]


def _no_device(mode: int) -> list[Instruction]:
    devices = [(_EQUAL, 2, 0, stat.S_IFCHR), (_EQUAL, 1, 0, stat.S_IFBLK)]
    return [_load_argument(mode), (_AND, 0, 0, stat.S_IFMT(0xFFFF)), *devices, _give(_ALLOW), _give(_NOTIFY)]


def _load(offset: int) -> Instruction:
    """Load 32 bits of `struct seccomp_data`: the number at 0, the architecture at 4, arguments from 16."""
    return (_LOAD, 0, 0, offset)


def _load_argument(place: int) -> Instruction:
    return _load(16 + 8 * place)


def _give(action: int) -> Instruction:
    return (_RETURN, 0, 0, action)
