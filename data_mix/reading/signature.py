"""What a file really is, told from its first bytes. Names lie, and bytes that are no text must not pass for broken
records, let alone for text to be trained on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from espalier.errors import UserError

HEAD_BYTES = 512
"""So many first bytes are enough to tell."""
PACKED = {".gz": re.compile(rb"\x1f\x8b"), ".zst": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")}
"""How files that are unpacked as they are read begin, by the end of their names."""


class _Kind(NamedTuple):
    name: str
    begins: re.Pattern[bytes]
    """As no text in UTF-8 does, unless it means to."""
    advice: str
    suffix: str = ""
    """The end that the file's name lacks, where with it the file could be read."""


def _kind(name: str, begins: bytes, advice: str) -> _Kind:
    return _Kind(name, re.compile(begins, re.DOTALL), advice)


_WRITE = "write its records as JSON lines or Parquet"
_UNPACK = "unpack it, and name what it holds"
_CONVERT = "convert it, by `iconv -f {} -t UTF-8`"
_KINDS = (
    _Kind("packed by gzip", PACKED[".gz"], _UNPACK, ".gz"),
    _Kind("packed by zstd", PACKED[".zst"], _UNPACK, ".zst"),
    _Kind("Parquet", re.compile(rb"PAR1\x15"), _UNPACK, ".parquet"),
    _kind("packed by xz", rb"\xfd7zXZ\x00", "unpack it, by `xz -d`"),
    _kind("packed by bzip2", rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", "unpack it, by `bzip2 -d`"),
    _kind("packed by lz4", rb"\x04\x22\x4d\x18", "unpack it, by `lz4 -d`"),
    _kind("packed by compress", rb"\x1f[\x9d\xa0]", "unpack it, by `gzip -d`"),
    _kind("a zip archive (as Excel's, Word's and PyTorch's files are)", rb"PK(?:\x03\x04|\x05\x06)", _UNPACK),
    _kind("a 7z archive", rb"7z\xbc\xaf\x27\x1c", _UNPACK),
    _kind("a RAR archive", rb"Rar!\x1a\x07", _UNPACK),
    _kind("a tar archive", rb".{257}ustar", _UNPACK),
    _kind("Arrow", rb"ARROW1\x00\x00|\xff\xff\xff\xff.{3}\x00", _WRITE),
    _kind("Avro", rb"Obj\x01", _WRITE),
    _kind("ORC", rb"ORC[\x00-\x1f]", _WRITE),
    _kind("an SQLite database", rb"SQLite format 3\x00", _WRITE),
    _kind("HDF5", rb"\x89HDF\r\n\x1a\n", _WRITE),
    _kind("an array of numpy", rb"\x93NUMPY", _WRITE),
    _kind("a pickle, which is a program and is never loaded", rb"\x80[\x02-\x05]", _WRITE),
    _kind("an old Office document", rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as CSV or as plain text"),
    _kind("PDF", rb"%PDF-\d", "take its text out, by `pdftotext`"),
    _kind("a picture", rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP", "leave it out: a mix is made of text"),
    _kind(
        "a pointer of Git LFS, not the file", rb"version https://git-lfs\.github\.com/", "fetch it, by `git lfs pull`"
    ),
    _kind("UTF-32, not UTF-8", rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff", _CONVERT.format("UTF-32")),
    _kind("UTF-16, not UTF-8", rb"\xff\xfe|\xfe\xff", _CONVERT.format("UTF-16")),
    _kind("UTF-16 without its mark, not UTF-8", rb"(?:[^\x00]\x00){8}", _CONVERT.format("UTF-16LE")),
    _kind("UTF-16 without its mark, not UTF-8", rb"(?:\x00[^\x00]){8}", _CONVERT.format("UTF-16BE")),
)
_PAGE = _kind("a web page", rb"(?i:\s*<(?:!doctype\s+html|html)\b)", "fetch the file that it stands for")


def check_content(head: bytes, path: Path, *, is_text: bool = False) -> None:
    """Raises UserError where the content of a file, unpacked if its name says so, begins as no text and no records do.

    A web page passes for text (`is_text`), where it may be meant.
    """
    found = _told(head, is_text)
    if found is None:
        return
    if path.suffix.lower() in PACKED and found.suffix:
        raise UserError(f"{path}: what is packed in it is {found.name}; {found.advice}")
    raise UserError(f"{path}: is {found.name}; {_advice(found, path.name)}")


def check_archive(head: bytes, path: Path) -> None:
    """Raises UserError where a file whose name ends in .gz or .zst begins as one of another kind, or as text."""
    if not head or PACKED[path.suffix.lower()].match(head):
        return
    if found := _told(head, is_text=True):
        raise UserError(f"{path}: is {found.name}; {_advice(found, path.stem)}")
    if _is_text(head):
        raise UserError(f"{path}: is text, and not packed as its name says; rename it to {path.stem}")


def check_parquet(head: bytes, path: Path) -> None:
    """Raises UserError where a file called .parquet begins as one of another kind."""
    if not head.startswith(b"PAR1") and (found := _told(head, is_text=False)):
        raise UserError(f"{path}: is {found.name}, not Parquet; {found.advice}")


def _told(head: bytes, is_text: bool) -> _Kind | None:
    kinds = _KINDS if is_text else (*_KINDS, _PAGE)
    return next((kind for kind in kinds if kind.begins.match(head)), None)


def _advice(found: _Kind, name: str) -> str:
    if not found.suffix:
        return found.advice
    return f"rename it to {Path(name).stem if found.suffix == '.parquet' else name}{found.suffix}"


def _is_text(head: bytes) -> bool:
    text = head.decode("utf-8", "ignore")
    return len(text.encode()) > len(head) - 4 and all(one.isprintable() or one.isspace() for one in text)
