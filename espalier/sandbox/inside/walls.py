"""The walls: a root folder of its own with little in it, no network, and nobody's rights."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from . import kernel

WORK, GIVEN = "/box/work", "/given"
"""The folder that a program starts in, which vanishes with it, and the one that holds what it was given, read-only."""

_DEVICES = ("null", "full", "random", "urandom")
"""Not zero, which gives memory that counts for nobody."""
_NAME = "sandbox"
_INNER_ID = 1000


class Setup(TypedDict):
    """What the walls leave in sight."""

    folders: list[str]
    """Absolute paths without links, of folders or files: seen under the same path, read-only, with all below."""
    links: list[tuple[str, str]]
    """Links, as (where, to what), such as /bin to usr/bin."""
    covered: list[str]
    """Folders inside those that are seen as empty."""
    identity: int | None
    """The user and group to become where root begins; None: whoever begins stays who they are."""


def raise_walls(setup: Setup) -> None:
    """Leave this process behind walls, with rights there that end at them. OSError where the kernel refuses."""
    own = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)  # /proc will be gone
    try:
        _write(own, "oom_score_adj", "500")  # where memory ends, this ends before the user's training does
        apart = kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
        user, group = os.getuid(), os.getgid()
        identity = setup["identity"]
        if identity is None:
            kernel.unshare(kernel.CLONE_NEWUSER | apart)
            _become(own, user, group)
            socket.sethostname(_NAME)
            _change_root(setup)
        else:
            kernel.unshare(apart)
            socket.sethostname(_NAME)
            _change_root(setup)
            os.setgroups([])
            os.setresgid(identity, identity, identity)
            os.setresuid(identity, identity, identity)
            kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or the maps below could not be written
            kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
            _become(own, identity, identity)
    finally:
        os.close(own)


def fresh_box(size: int, num_files: int, given: dict[str, bytes]) -> None:
    """In namespaces of this process's own: an empty folder to work in, and the files that are given."""
    kernel.unshare(kernel.CLONE_NEWNS)
    plain = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("box", "/box", "tmpfs", plain, f"mode=0755,size={size},nr_inodes={num_files + 4}")
    for folder in ("work", "tmp", "shm"):
        Path("/box", folder).mkdir(0o700)
    total = sum(4096 + len(content) for content in given.values()) + 4096
    kernel.mount("given", GIVEN, "tmpfs", plain, f"mode=0755,size={2 * total}")
    for name, content in given.items():
        path = Path(GIVEN, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    kernel.mount("given", GIVEN, None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | plain)
    os.chdir(WORK)


def _become(own: int, user: int, group: int) -> None:
    """Be somebody without a name here, who is this user and group outside."""
    _write(own, "setgroups", "deny")
    _write(own, "uid_map", f"{_INNER_ID} {user} 1")
    _write(own, "gid_map", f"{_INNER_ID} {group} 1")


def _write(own: int, name: str, text: str) -> None:
    descriptor = os.open(name, os.O_WRONLY, dir_fd=own)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _change_root(setup: Setup) -> None:
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    plain = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("stage", "/tmp", "tmpfs", plain, "mode=0755")  # any folder that every system has
    for name in ("old", "new"):
        Path("/tmp", name).mkdir()
    kernel.pivot_root("/tmp", "/tmp/old")
    os.chdir("/")
    kernel.mount("root", "/new", "tmpfs", plain, "mode=0755,size=1m")
    for path in _outermost(setup["folders"]):
        _make_place("/new" + path, Path("/old" + path).is_dir())
        kernel.mount("/old" + path, "/new" + path, None, kernel.MS_BIND | kernel.MS_REC)
        kernel.read_only("/new" + path)
    for path in setup["covered"]:
        kernel.mount("none", "/new" + path, "tmpfs", plain | kernel.MS_RDONLY, "size=4k")
    for where, to in [*setup["links"], ("/tmp", "box/tmp"), ("/dev/shm", "../box/shm")]:
        link = Path("/new" + where)
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_dir():  # /tmp, where something in it is to be seen
            link.symlink_to(to)
    for device in _DEVICES:
        _make_place(f"/new/dev/{device}", False)
        kernel.mount(f"/old/dev/{device}", f"/new/dev/{device}", None, kernel.MS_BIND)
        kernel.read_only(f"/new/dev/{device}", device=True)
    for name in ("/box", GIVEN):
        Path("/new" + name).mkdir()
    kernel.mount("root", "/new", None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | plain)
    os.chdir("/new")
    kernel.pivot_root(".", ".")  # the old root lies on the new one until it is taken away
    kernel.unmount(".")
    os.chdir("/")


def _make_place(path: str, folder: bool) -> None:
    place = Path(path)
    (place if folder else place.parent).mkdir(parents=True, exist_ok=True)
    if not folder:
        place.touch()


def _outermost(folders: Sequence[str]) -> list[str]:
    """Those that lie in none of the others."""
    kept: list[str] = []
    for path in sorted(set(folders)):
        if not any(path == other or path.startswith(other.rstrip("/") + "/") for other in kept):
            kept.append(path)
    return kept
