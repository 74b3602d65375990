"""Calls to the kernel that Python has no words for. Each raises an OSError that says which call was refused."""

from __future__ import annotations

import ctypes
import os
import struct

from . import calls

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
_PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
_SET_MODE_FILTER, _NEW_LISTENER, _WAIT_KILLABLE = 1, 1 << 3, 1 << 5
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4

_libc = ctypes.CDLL(None, use_errno=True)
_number = calls.numbers()


def _check(result: int, call: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{call}: {os.strerror(code)}")
    return result


def unshare(flags: int) -> None:
    """Leave these namespaces for fresh ones."""
    _check(_libc.unshare(flags), "unshare")


def fork() -> int:
    """fork(2) as it is, without what Python does after it: for a process of one thread that does little."""
    return _check(ctypes.PyDLL(None).fork(), "fork")


def setns(descriptor: int, kind: int) -> None:
    """Enter the namespace behind a file of `/proc/PID/ns`."""
    _check(_libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2)."""
    words = [None if word is None else word.encode() for word in (source, target, kind, options)]
    _check(_libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]), f"mount {target}")


def unmount(target: str) -> None:
    """Take a mount and all below it out of sight."""
    _check(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def read_only(target: str, device: bool = False) -> None:
    """Make a mount and all below it read-only, without setuid and, unless it is one, without devices."""
    attributes = struct.pack("QQQQ", _ATTR_RDONLY | _ATTR_NOSUID | (0 if device else _ATTR_NODEV), 0, 0, 0)
    call = _libc.syscall(
        _number["mount_setattr"], _AT_FDCWD, target.encode(), _AT_RECURSIVE, attributes, ctypes.c_size_t(32)
    )
    _check(call, f"mount_setattr {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root; the old one is to be found at `old`."""
    _check(_libc.syscall(_number["pivot_root"], new.encode(), old.encode()), "pivot_root")


def prctl(option: int, *values: int) -> int:
    """prctl(2)."""
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    return _check(_libc.prctl(option, *padded), f"prctl {option}")


def bound_capabilities() -> None:
    """Let no program that is executed from here have any capability. This process keeps those that it has."""
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break  # the kernel has no more of them
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)


def drop_capabilities() -> None:
    """Give up every capability."""
    header, none = struct.pack("Ii", 0x20080522, 0), bytes(24)
    _check(_libc.capset(header, none), "capset")


def install_filter(program: bytes) -> int:
    """Put this BPF program before every call of this process from now on: the descriptor that tells of notices."""
    code = ctypes.create_string_buffer(program, len(program))
    filters = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    for flags in (_NEW_LISTENER | _WAIT_KILLABLE, _NEW_LISTENER):  # the former from Linux 5.19
        listener = _libc.syscall(_number["seccomp"], _SET_MODE_FILTER, flags, filters)
        if listener >= 0:
            return int(listener)
    return _check(-1, "seccomp")
