"""Validation text that an experiment's file carries, as it is or in one of the usual disguises."""

from __future__ import annotations

import ast
import base64
import binascii
import bz2
import codecs
import lzma
import mmap
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from research.autoresearch.naming import Named

LENGTH = 32
"""So many bytes in a row that stand in the validation text, and nowhere in what an experiment begins from, are no
accident."""
_LARGEST = 1 << 20
_DEEPEST = 3


def check_embedded(source: bytes, secret: bytes, given: Path, base: bytes) -> None:
    """Named where a file's text, or what its literals decode to, holds a piece of `secret` that neither the text that
    is `given` nor the file as it was at the `base` does."""
    pieces = {secret[start : start + LENGTH] for start in range(len(secret) - LENGTH + 1)}
    for text in _readings(source):
        for start in range(len(text) - LENGTH + 1):
            piece = text[start : start + LENGTH]
            if piece in pieces and piece not in base and not _holds(given, piece):
                raise Named("carries validation text", f"{piece.decode('utf-8', 'replace')!r}")


def _holds(path: Path, piece: bytes) -> bool:
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(piece) >= 0


def _readings(source: bytes) -> Iterator[bytes]:
    """The file, what its literals say one by one and joined, each forwards and backwards, and what they decode to."""
    yield source
    yield source[::-1]
    literals = list(_literals(source))
    joined = b"".join(literals)
    seen: set[bytes] = set()
    ahead = [(text, 0) for text in (*literals, joined)]
    while ahead:
        text, depth = ahead.pop()
        if text in seen or len(text) < LENGTH // 4:
            continue
        seen.add(text)
        yield text
        yield text[::-1]
        if depth < _DEEPEST:
            ahead += [(read, depth + 1) for read in _decoded(text)]


def _literals(source: bytes) -> Iterator[bytes]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node.value.encode("utf-8", "surrogatepass")
            elif isinstance(node.value, bytes):
                yield node.value
            elif type(node.value) is int and node.value.bit_length() > 64:
                size = (node.value.bit_length() + 7) // 8
                yield node.value.to_bytes(size, "big")
                yield node.value.to_bytes(size, "little")
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            values = [each.value for each in node.elts if isinstance(each, ast.Constant)]
            if all(isinstance(each, str) for each in values):
                yield "".join(map(str, values)).encode("utf-8", "surrogatepass")
            elif len(small := [each for each in values if type(each) is int and 0 <= each < 256]) == len(values):
                yield bytes(small)


def _decoded(text: bytes) -> Iterator[bytes]:
    written = b"".join(text.split())
    for decode, given in [*((decode, written) for decode in _WRITTEN), *((decode, text) for decode in _COMPRESSED)]:
        try:
            found = decode(given)
        except (ValueError, binascii.Error, zlib.error, lzma.LZMAError, OSError, EOFError):
            continue
        if found and found != text:
            yield found[:_LARGEST]


def _base64(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


_WRITTEN: tuple[Callable[[bytes], bytes], ...] = (
    _base64,
    base64.b85decode,
    base64.a85decode,
    base64.b32decode,
    binascii.unhexlify,
    lambda text: codecs.encode(text.decode("ascii"), "rot13").encode(),
)
"""Bytes as letters, between which there may be space."""
_COMPRESSED: tuple[Callable[[bytes], bytes], ...] = (
    lambda text: zlib.decompressobj().decompress(text, _LARGEST),
    lambda text: zlib.decompressobj(-15).decompress(text, _LARGEST),
    lambda text: zlib.decompressobj(31).decompress(text, _LARGEST),
    lambda text: bz2.BZ2Decompressor().decompress(text, _LARGEST),
    lambda text: lzma.LZMADecompressor().decompress(text, _LARGEST),
)
