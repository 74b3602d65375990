"""How long a program is, in lines of code that layout cannot change."""

from __future__ import annotations

import ast
from typing import cast


def code_lines(source: str) -> int:
    """Lines of a Python program as Python itself would write it: without comments, blank lines and docstrings.

    Statements joined on one line count one by one, and what is spread over several lines counts as one. SyntaxError
    where it is no Python.
    """
    tree = cast(ast.Module, _Bare().visit(ast.parse(source)))
    return len(ast.unparse(tree).splitlines())


class _Bare(ast.NodeTransformer):
    """Takes away texts that stand as statements: docstrings, and notes under fields."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else node
