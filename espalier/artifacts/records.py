"""Files that are whole or absent: atomic JSON and text, JSON lines, hashes, and the manifest that is written last."""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from espalier.errors import UserError

MANIFEST = "manifest.json"
_LONGEST_LINE = 2**20


def write_text(path: Path, text: str) -> None:
    """Write `text` so that a reader, or a crash at any moment, sees either the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically. A number that is not finite becomes null (see `finite`)."""
    write_text(path, json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """The value in a JSON file; UserError where it is missing or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not JSON ({error})") from error


def append_jsonl(path: Path, value: Any) -> None:
    """Add one line to a JSON lines file. It reaches the kernel before this returns, so kill -9 cannot take it back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        file.write(_line(value).encode())


def write_jsonl(path: Path, values: Iterable[Any]) -> None:
    """Write a whole JSON lines file, atomically."""
    write_text(path, "".join(map(_line, values)))


def _line(value: Any) -> str:
    return json.dumps(finite(value), ensure_ascii=False, allow_nan=False) + "\n"


def read_jsonl(path: Path) -> Iterator[Any]:
    """The values of a JSON lines file, one by one; blank lines are passed over, UserError names file:line."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    try:
                        yield json.loads(line)
                    except (json.JSONDecodeError, UnicodeDecodeError) as error:
                        raise UserError(f"{path}:{number}: not JSON ({error})") from error
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None


def last_jsonl(path: Path) -> Any:
    """The last whole value of a JSON lines file that may be being written to; None where there is none in its last MiB,
    which is all that is read of it."""
    if not path.exists():
        return None
    with open(path, "rb") as file:
        start = max(0, file.seek(0, os.SEEK_END) - _LONGEST_LINE)
        file.seek(start)
        lines = file.read().split(b"\n")[:-1]
    whole = lines[1:] if start else lines
    return json.loads(whole[-1]) if whole else None


def mend_jsonl(path: Path) -> bytes:
    """Cut off the half-written last line that a killed writer left. Returns what was cut (empty: nothing)."""
    if not path.exists():
        return b""
    with open(path, "r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
    return content[whole:]


def sha256_file(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    folder: Path, facts: dict[str, Any], *, content: tuple[str, ...] = ("**/*",), exclude: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Complete an artifact: list its files with their hashes and write `manifest.json`, last and atomically.

    `content` and `exclude` are glob patterns relative to `folder`. Files matched by `exclude` are left out (what may
    change or go later), and hidden ones, which are temporary; those matched by `content` make up `content_hash`, the
    identity that descendants record, so keep out of it whatever holds a date or a speed. Returns the manifest.
    """
    left_out = {folder / MANIFEST, *(path for pattern in (*exclude, "**/.*") for path in folder.glob(pattern))}
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and left_out.isdisjoint({path, *path.parents}))
    files = {
        path.relative_to(folder).as_posix(): {"sha256": sha256_file(path), "bytes": path.stat().st_size}
        for path in paths
    }
    manifest = {**facts, "files": files, "content_hash": _content_hash(folder, files, content)}
    write_json(folder / MANIFEST, manifest)
    return manifest


def _content_hash(folder: Path, files: dict[str, Any], content: tuple[str, ...]) -> str:
    counted = {path.relative_to(folder).as_posix() for pattern in content for path in folder.glob(pattern)}
    digest = hashlib.sha256()
    for name in sorted(counted & files.keys()):
        digest.update(f"{files[name]['sha256']}  {name}\n".encode())
    return digest.hexdigest()


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a complete artifact; None where there is none, which means: not complete."""
    path = folder / MANIFEST
    return read_json(path) if path.exists() else None


def is_complete(folder: Path) -> bool:
    """Whether the artifact in `folder` was finished."""
    return (folder / MANIFEST).exists()


def verify_manifest(
    folder: Path,
    *,
    under: str = "",
    content: tuple[str, ...] | None = None,
    hash_of: Callable[[Path], str] = sha256_file,
) -> dict[str, Any]:
    """The manifest, after comparing the files that it lists `under` a folder with their hashes (all by default).

    With `content`, the patterns that `write_manifest` was given, its `content_hash` has to be that of those files, too:
    nothing may pass for another by saying so. `hash_of` is `espalier.models.hashes.sha256_file` where remembered hashes
    will do. UserError names the first that differs.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise UserError(f"{folder}: not complete, it has no {MANIFEST}; run the command that makes it again")
    for name, expected in manifest["files"].items():
        if not name.startswith(under):
            continue
        path = folder / name
        if not path.is_file():
            raise UserError(f"{path}: missing, though {MANIFEST} lists it; remove {folder} and make it again")
        if path.stat().st_size != expected["bytes"] or hash_of(path) != expected["sha256"]:
            raise UserError(f"{path}: changed since it was made (its hash differs); remove {folder} and make it again")
    if content is not None and manifest["content_hash"] != _content_hash(folder, manifest["files"], content):
        raise UserError(f"{folder / MANIFEST}: its content_hash is not that of the files it lists; make {folder} again")
    return manifest


@contextmanager
def staging(folder: Path, *, replace: bool = False) -> Iterator[Path]:
    """A temporary sibling to build `folder` in, renamed to `folder` on success and removed on failure.

    UserError where `folder` exists, unless `replace`. Leftovers of killed processes are cleared away first.
    """
    if folder.exists() and not replace:
        raise UserError(f"{folder}: exists already; choose another name or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_leftovers(folder)
    temporary = folder.with_name(f".{folder.name}.tmp-{os.getpid()}")
    temporary.mkdir()
    try:
        yield temporary
        for path in temporary.rglob("*"):
            sync_folder(path) if path.is_dir() else _sync_file(path)
        sync_folder(temporary)
        if folder.exists():
            remove_folder(folder)
        os.rename(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def remove_folder(folder: Path) -> None:
    """Remove a folder so that no half of it can be taken for the whole: it loses its name first."""
    doomed = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    os.rename(folder, doomed)
    shutil.rmtree(doomed)


def folder_bytes(folder: Path) -> int:
    """The sizes of all files in a folder, as far as it can be looked into."""
    files = (Path(home) / name for home, _, names in os.walk(folder) for name in names)
    return sum(file.lstat().st_size for file in files)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk: a rename in it survives a power cut only after this."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_file(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _clear_leftovers(folder: Path) -> None:
    for path in folder.parent.glob(f".{folder.name}.*-*"):
        pid = path.name.rpartition("-")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True)


def finite(value: Any) -> Any:
    """JSON has no NaN or infinity. They become null, as in JavaScript, rather than a file only Python can read."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
