"""What something was made from, as it may stand in a page that is committed: no place of one machine, no address."""

from collections.abc import Iterable
from pathlib import PurePath


def named(parents: Iterable[str]) -> str:
    """`mix:basil, path:…/adapter, openai:MODEL`: each with what tells it from others, but not where it lies."""
    return ", ".join(dict.fromkeys(map(_named, parents)))


def _named(parent: str) -> str:
    kind, _, name = parent.partition(":")
    if kind == "path":
        return f"path:…/{PurePath(name).name}"
    return parent.partition("@http")[0]
