"""What is told of an artifact in a page that is committed: no place of one machine in it, no address."""

import re
from collections.abc import Iterable
from pathlib import PurePath

_FOLDERS = re.compile(r"(?<![\w.~/])/(?:[^\s/;:,'\"()]+/)+")


def named(parents: Iterable[str]) -> str:
    """`mix:basil, path:…/adapter, openai:MODEL`: each with what tells it from others, but not where it lies."""
    return ", ".join(dict.fromkeys(map(_named, parents)))


def placeless(text: str) -> str:
    """`text` with the last part alone of each path in it that begins at the root of a machine."""
    return _FOLDERS.sub("…/", text)


def _named(parent: str) -> str:
    kind, _, name = parent.partition(":")
    if kind == "path":
        return f"path:…/{PurePath(name).name}"
    return parent.partition("@http")[0]
