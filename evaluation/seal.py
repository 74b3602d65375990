"""Tags by which a pinned evaluation knows again what a pinned evaluation kept: entries of the cache, and its scores.

A tag is a keyed hash (HMAC-SHA256) of what is kept, of its place, and of the evaluator's code. The secret behind it is
a file that only its user can read, outside the workspace: `$XDG_STATE_HOME/espalier/evaluation.key`, or where
ESPALIER_KEY_FILE says. The first pinned evaluation makes it, only pinned ones read it, and it is never said or logged.

What that defends: whoever can write the workspace, but not read the secret, can damage or remove what is kept, and put
back what once was there, but plant nothing: no edited reply, none under another's key, none that another version of the
evaluator wrote, no records. What it does not: who runs as the same user, with no sandbox, can read the secret; and who
can change the evaluator's own files, or what Python imports before them, has it say whatever he likes, the pin
included. So run a pinned evaluation from files, and as a user or in a process, that the candidate cannot reach.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from espalier.artifacts.paths import repo_root, workspace
from espalier.errors import UserError

KEY_FILE = "ESPALIER_KEY_FILE"
_OTHERS = 0o077

_key = b""
"""Of this process, while it is a pinned evaluation. Of the process, not of a caller: whatever opens the cache then, an
endpoint's self-report or a tokenizer's identity, is held to the same."""


@contextmanager
def sealing(evaluator: str) -> Iterator[None]:
    """What is kept within is tagged, and what is read within must be, by the evaluator of this hash.

    UserError where the secret can be read by others, lies in the workspace, or cannot be made.
    """
    global _key
    before, _key = _key, hmac.digest(_secret(), evaluator.encode(), "sha256")
    try:
        yield
    finally:
        _key = before


def is_sealing() -> bool:
    """Whether this is a pinned evaluation."""
    return bool(_key)


def tag(*parts: str) -> str:
    """What `parts`, and their order, are known again by; empty where nothing is sealed."""
    framed = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.digest(_key, framed.encode("utf-8", "surrogatepass"), "sha256").hex() if _key else ""


def is_ours(found: str, *parts: str) -> bool:
    """Whether a tag is that of `parts`."""
    return bool(_key) and hmac.compare_digest(found.encode("utf-8", "replace"), tag(*parts).encode())


def key_file() -> Path:
    """Where the secret lies, whether it exists or not."""
    chosen = os.environ.get(KEY_FILE)
    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    return (Path(chosen).expanduser() if chosen else state / "espalier" / "evaluation.key").absolute()


def _secret() -> bytes:
    path = key_file()
    for folder in (workspace(), repo_root()):
        if path.resolve().is_relative_to(folder):
            raise UserError(
                f"{path}: the key lies in {folder}, where a candidate may read it; set {KEY_FILE} elsewhere"
            )
    try:
        if not path.exists():
            _make(path)
        if os.name == "posix" and path.stat().st_mode & _OTHERS:
            raise UserError(f"{path}: others can read the key of pinned evaluations; chmod 600 {path}")
        text = path.read_text(encoding="ascii").strip()
        return bytes.fromhex(text) if len(text) == 64 else _no_key(path)
    except ValueError:
        return _no_key(path)
    except OSError as error:
        raise UserError(
            f"{path}: the key of pinned evaluations cannot be used ({error.strerror}); set {KEY_FILE}"
        ) from None


def _no_key(path: Path) -> bytes:
    raise UserError(f"{path}: no key (64 hexadecimal digits); remove it, and what was kept under it is asked again")


def _make(path: Path) -> None:
    """Whole under its name or not at all, and readable by nobody else from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):  # another process was quicker: its key counts
        os.link(temporary, path)
    temporary.unlink()
