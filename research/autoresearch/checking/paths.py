"""Rules about files: an experiment reads what it is given and writes where it is told, and names no other place."""

from __future__ import annotations

import ast
import re

from research.autoresearch.checking.bound import Bound

_METHODS = """
open read_text read_bytes write_text write_bytes iterdir glob rglob walk unlink rename replace symlink_to hardlink_to
link_to touch mkdir rmdir chmod tofile expanduser
"""
_TEXTS_TOO = {"replace"}
"""Methods that texts have as well, with other arguments."""
_OF_PATHS = ("pathlib.Path.cwd", "pathlib.Path.home")
_ELSEWHERE = re.compile(r"^(/[\w.]|~)|\.\.(/|$)|\bsecret\b|\bval\.(txt|safetensors)|\bsecond\.(txt|safetensors)")
_OPENERS = ("safetensors.safe_open", "safetensors.torch.load_file", "safetensors.torch.save_file")


def files(node: ast.AST, bound: Bound) -> str | None:
    """A file that is opened anywhere but below what was handed over."""
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    if bound.dotted(function) in _OF_PATHS:
        return "names a path that is not its own"
    if isinstance(function, ast.Name) and function.id == "open":
        place: ast.expr | None = node.args[0] if node.args else None
    elif bound.dotted(function) in _OPENERS:
        place = next((each for each in node.args if bound.is_own_path(each)), None)
    elif isinstance(function, ast.Attribute) and function.attr in _METHODS.split() and bound.dotted(function) is None:
        if function.attr in _TEXTS_TOO and len(node.args) != 1:
            return None
        place = function.value
    else:
        return None
    return None if place is not None and bound.is_own_path(place) else "opens a path that is not its own"


def constants(node: ast.AST, bound: Bound) -> str | None:
    """A text that is the name of a place outside, or of what is kept from trainings."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bound.docstrings
    if is_text and _ELSEWHERE.search(node.value):  # type: ignore[attr-defined]
        return "names a path that is not its own"
    return None
