"""What is found where it is written: a file in its package is the entry, and there is no list to keep in step with it.

A thing is defined under a public name at the top of a module; one whose name begins with an underscore is its file's
own affair. A package calls this for itself, in any of its modules: `espalier.artifacts.code_behind` then takes all of
them for imported.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError


def discover(
    package: str, is_one: Callable[[Any], bool], *, home: Callable[[Any], Any], name: Callable[[Any], str]
) -> dict[str, Any]:
    """By name, what the modules of `package` define of a kind: modules by name, each from top to bottom.

    `is_one` tells things of the kind from others, and `home` is that function or class of a thing which is written in
    its own file: other files may import the thing. UserError where two have one name, with both files.
    """
    found: dict[str, Any] = {}
    for module in _modules(package):
        public = [value for key, value in vars(module).items() if not key.startswith("_") and is_one(value)]
        for value in (each for each in public if home(each).__module__ == module.__name__):
            other = found.setdefault(name(value), value)
            if other is not value:
                raise UserError(f"{_file(home(other))} and {_file(home(value))}: both define {name(value)}; rename one")
    return found


def _modules(package: str) -> list[ModuleType]:
    names = sorted(each.name for each in pkgutil.iter_modules(importlib.import_module(package).__path__))
    return [importlib.import_module(f"{package}.{each}") for each in names]


def _file(home: Any) -> str:
    path = sys.modules[home.__module__].__file__ or home.__module__
    return path.removeprefix(f"{repo_root()}/")
