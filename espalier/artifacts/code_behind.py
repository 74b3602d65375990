"""The code behind a command: the modules of ours that it can import, hashed by what they do.

Comments, docstrings and layout do not count, nor do files that the command never imports: a run that was interrupted
goes on after a word was mended. Words and templates that modules read count, but not the configurations, recipes and
suites that a user names, since what was read from them is part of a run's identity by itself.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from espalier.artifacts.paths import repo_root

PACKAGES = (
    "espalier", "data_mix", "training", "stage1", "stage2", "evaluation", "exports", "explore", "feedback", "research",
)  # fmt: skip
_DATA = {".yaml", ".jinja", ".css", ".js", ".txt", ".safetensors"}
_STATEMENTS = {"body", "orelse", "finalbody"}
"""Fields that hold statements, where a text that is nothing else is a docstring."""
_NAMED_BY_USERS = {"configs", "recipes", "suites", "grids", "variants"}


@cache
def code_behind(command: str) -> dict[str, str]:
    """Path of each file behind `command` (`stage1/train.py`) -> SHA-256 of what it does. Paths are the checkout's."""
    root = repo_root()
    modules = _reached(root / command)
    read = {path for module in modules for path in _data_beside(module)}
    files = {path: _read(path)[1] for path in modules}
    files |= {path: _digest(path) for path in read}
    return {path.relative_to(root).as_posix(): files[path] for path in sorted(files)}


def hash_of(module: str) -> str:
    """SHA-256 of what one module of the checkout does, whatever it imports."""
    return _read(repo_root() / module)[1]


def contents_of(place: str) -> dict[str, str]:
    """Path -> SHA-256, as in `code_behind`, of a file of the checkout, or of all files that lie in a folder of it."""
    path = repo_root() / place
    names = [each.relative_to(repo_root()).as_posix() for each in (sorted(path.glob("*.*")) or [path])]
    return {name: hash_of(name) if name.endswith(".py") else _digest(repo_root() / name) for name in names}


def changed_files(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """The files in which two answers of `code_behind` differ."""
    return sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _reached(entry: Path) -> set[Path]:
    """The module files that `entry` imports, directly or not, at its top or within functions; itself too."""
    found: set[Path] = set()
    known: set[str] = set()
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in found and path.is_file():
            found.add(path)
            fresh = [name for name in _read(path)[0] if name not in known]
            known.update(fresh)
            waiting += [file for name in fresh for file in _files(name)]
    return found


def read_every_module() -> None:
    """Parse them all, for a process that forks others which then ask for a few; what changes after is read again."""
    for package in PACKAGES:
        for path in sorted((repo_root() / package).rglob("*.py")):
            _read(path)


def _read(path: Path) -> tuple[tuple[str, ...], str]:
    """Of a module: the dotted names of ours that it imports, and the hash of what it does.

    Of `from a import b` both a and a.b are named, whichever is a module. One that finds those beside it by itself, with
    `espalier.discover` or, as a package, with pkgutil, names all of them.
    """
    facts = path.stat()
    names, digest = _parsed(path, facts.st_mtime_ns, facts.st_size, facts.st_ino)
    if "espalier.discover" in names or (path.name == "__init__.py" and "pkgutil" in names):
        beside = path.parent.relative_to(repo_root()).parts
        names = (*names, *(".".join((*beside, module.stem)) for module in sorted(path.parent.glob("*.py"))))
    return tuple(dict.fromkeys(name for name in names if _is_ours(name.partition(".")[0]))), digest


@cache
def _parsed(path: Path, changed: int, size: int, inode: int) -> tuple[tuple[str, ...], str]:
    """Of a module as it lies there since then, parsed and walked once: all that it imports, and its hash."""
    names: list[str] = []
    text = _written(ast.parse(path.read_bytes()), names)
    return tuple(names), hashlib.sha256(text.encode()).hexdigest()


def _written(node: ast.AST, names: list[str]) -> str:
    """What `ast.dump` gives for a node without its docstrings, in half the time; `names` gets what it imports."""
    kind = node.__class__
    if not kind._fields:
        return f"{kind.__name__}()"
    if kind is ast.Import or kind is ast.ImportFrom:
        names += _imported(node)
    parts = []
    for field in kind._fields:
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            text = _written(value, names)
        elif isinstance(value, list):
            kept = [each for each in value if not _is_text(each)] if field in _STATEMENTS else value
            text = f"[{', '.join([_written(e, names) if isinstance(e, ast.AST) else repr(e) for e in kept])}]"
        elif value is None and getattr(kind, field, ...) is None:
            continue
        else:
            text = repr(value)
        parts.append(f"{field}={text}")
    return f"{kind.__name__}({', '.join(parts)})"


def _imported(node: ast.AST) -> list[str]:
    """The dotted names of an import statement."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def _is_ours(package: str) -> bool:
    """Whether it lies in the checkout, which is searched first: a numpy.py put there would be imported, and counts."""
    places = (f"{package}.py", f"{package}/__init__.py")
    return package in PACKAGES or any((repo_root() / place).is_file() for place in places)


def _files(name: str) -> Iterator[Path]:
    """The files that importing a dotted name runs: its packages' and its own."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        place = repo_root().joinpath(*parts[:end])
        yield place / "__init__.py"
    yield place.with_suffix(".py")


def _data_beside(module: Path) -> Iterator[Path]:
    """What a module may read: files beside it, and in folders beside it that hold no module of their own."""
    for path in module.parent.iterdir():
        if path.suffix in _DATA:
            yield path
        elif path.is_dir() and path.name not in _NAMED_BY_USERS and not any(path.glob("*.py")):
            yield from (each for each in path.rglob("*") if each.suffix in _DATA)
