"""Packed files, unpacked as they are read: .gz and .zst, in bounded memory whatever they hold."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from data_mix.reading.signature import HEAD_BYTES, PACKED, check_archive
from espalier.errors import UserError

SUFFIXES = tuple(PACKED)
MAX_RATIO = 200
"""An archive that is more than so many times as large unpacked is refused; text shrinks 3 to 30 times. gzip could reach
1,032 times, zstd 32,000 times: enough to fill days and disks from a file of a few megabytes."""
MAX_RATIO_FROM = 256 * 2**20
"""But only from so many unpacked bytes on: a small file of one line a million times over is harmless."""
_OUT = 2**20
_ZSTD_IN = 2**10
"""zstd gives what it has for its input all at once: at its best ratio, 32 MiB for so little."""
_ZSTD_WINDOW = 2**27
"""What zstd itself keeps in memory at most, unless it is told `--long=31`."""


def is_packed(path: Path) -> bool:
    """Whether a file's name says that it is an archive."""
    return path.suffix.lower() in SUFFIXES


def open_file(path: Path) -> io.BufferedReader:
    """A file's content, unpacked. Raises UserError when what should be an archive is none; reading does, when it is
    damaged, or a bomb."""
    if not is_packed(path):
        return open(path, "rb")
    with open(path, "rb") as file:
        check_archive(file.read(HEAD_BYTES), path)
    return io.BufferedReader(_Unpacked(path), _OUT)


class _Unpacked(io.RawIOBase):
    def __init__(self, path: Path) -> None:
        self._path, self._file = path, path.open("rb")
        self._chunks = (_gunzip if path.suffix.lower() == ".gz" else _unzstd)(self._file)
        self._limit = max(MAX_RATIO_FROM, MAX_RATIO * path.stat().st_size)
        self._given = 0
        self._pending = memoryview(b"")

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._pending:
            self._pending = memoryview(self._next())
        size = min(len(buffer), len(self._pending))
        buffer[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        self._given += size
        if self._given > self._limit:
            raise UserError(
                f"{self._path}: unpacks to more than {MAX_RATIO} times its size, as archives made to do harm do; "
                "if it is to be trusted, unpack it yourself and name the unpacked file"
            )
        return size

    def _next(self) -> bytes:
        try:
            return next(self._chunks, b"")
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UserError(f"{self._path}: the archive is damaged ({error}); fetch it again") from error


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
        while chunk := unpacked.read1(_OUT):
            yield chunk


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    """Frame by frame. (zstandard's own stream reader takes a file that was cut short for one that has ended.)"""
    import zstandard

    frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = None
    while packed := file.read(_ZSTD_IN):
        while packed:
            frame = frame or frames.decompressobj()
            try:
                if chunk := frame.decompress(packed):
                    yield chunk
            except zstandard.ZstdError as error:
                if "too much memory" in str(error):
                    raise UserError(
                        f"{file.name}: was packed with a window larger than {_ZSTD_WINDOW // 2**20} MiB; "
                        "unpack it yourself (zstd -d --long=31) and name the unpacked file"
                    ) from error
                raise EOFError(str(error)) from error
            packed = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
    if frame:
        raise EOFError("it ends in the middle of a frame")
