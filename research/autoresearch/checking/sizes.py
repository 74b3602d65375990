"""How much a file may carry that is no program: texts and numbers, which could hold what a training must not see.

What still fits, MOST_IN_ALL bytes of it, is worth at most a few kilobytes of validation text, which the second
validation file knows nothing of.
"""

from __future__ import annotations

import ast

from research.autoresearch.naming import Named

LONGEST_TEXT, LONGEST_DOCSTRING, MOST_IN_ALL = 300, 2_000, 4_096
"""Bytes of one literal text, of one docstring, and of all literal texts that are no docstrings."""
MOST_DOCSTRINGS = 12_000
LARGEST_NUMBER, MOST_NUMBERS = 1 << 64, 1_000
LONGEST_LIST, LONGEST_NAME = 64, 60


def check_sizes(tree: ast.Module) -> None:
    """Named where a literal, a name or all of them together are larger than a training needs."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts, documented, numbers = 0, 0, 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            size = _size(node.value)
            limit = LONGEST_DOCSTRING if id(node) in docstrings else LONGEST_TEXT
            if size > limit:
                raise Named("carries a long text", f"line {node.lineno}: {size:,} bytes, and {limit:,} are allowed")
            documented += size * (id(node) in docstrings)
            texts += size * (id(node) not in docstrings)
            numbers += isinstance(node.value, int | float | complex) and not isinstance(node.value, bool)
            if isinstance(node.value, int) and abs(node.value) >= LARGEST_NUMBER:
                raise Named("carries a long number", f"line {node.lineno}")
        elif isinstance(node, ast.List | ast.Tuple | ast.Set) and len(node.elts) > LONGEST_LIST:
            raise Named("carries a long list", f"line {node.lineno}: {len(node.elts)} entries")
        elif isinstance(node, ast.Dict) and len(node.keys) > LONGEST_LIST:
            raise Named("carries a long list", f"line {node.lineno}: {len(node.keys)} entries")
        for name in _names(node):
            if len(name.encode()) > LONGEST_NAME:
                raise Named("carries a long name", f"{name[:40]}…")
    if texts > MOST_IN_ALL or documented > MOST_DOCSTRINGS or numbers > MOST_NUMBERS:
        raise Named("carries much text or many numbers", f"{texts:,} and {documented:,} bytes, {numbers:,} numbers")


def _size(value: object) -> int:
    return (
        len(value.encode("utf-8", "surrogatepass"))
        if isinstance(value, str)
        else len(value)
        if isinstance(value, bytes)
        else 0
    )


def _names(node: ast.AST) -> list[str]:
    return [value for key in ("id", "name", "attr", "arg") if isinstance(value := getattr(node, key, None), str)]
