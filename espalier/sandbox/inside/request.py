"""What is asked of a keeper: one program with its limits, as bytes that only the process for it ever reads."""

from __future__ import annotations

import json
import struct
from typing import TypedDict


class Bounds(TypedDict):
    """The limits, in bytes, seconds and counts."""

    cpu_seconds: int
    memory: int
    space_of_addresses: bool
    """Whether memory is counted in addresses as well. Some runtimes reserve far more of those than they use."""
    tasks: int
    file_size: int
    open_files: int
    space: int
    num_files: int


class Request(TypedDict):
    """One program."""

    argv: list[str] | None
    """None: `program.py` of what is given is run in the Python that is here already."""
    environment: dict[str, str]
    bounds: Bounds
    links: list[str]
    """Of the files that are given, those that are seen in the working folder too."""


def pack(request: Request, stdin: bytes, given: dict[str, bytes]) -> bytes:
    """All of it as bytes."""
    head = json.dumps([request, len(stdin), [[name, len(content)] for name, content in given.items()]]).encode()
    return b"".join([struct.pack("Q", len(head)), head, stdin, *given.values()])


def unpack(packed: bytes) -> tuple[Request, bytes, dict[str, bytes]]:
    """What `pack` was given."""
    (size,) = struct.unpack_from("Q", packed)
    request, stdin_size, names = json.loads(packed[8 : 8 + size])
    at = 8 + size
    stdin, at = packed[at : at + stdin_size], at + stdin_size
    given = {}
    for name, length in names:
        given[name], at = packed[at : at + length], at + length
    return request, stdin, given
