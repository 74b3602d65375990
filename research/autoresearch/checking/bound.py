"""What the names of a file stand for, as far as can be told without running it."""

from __future__ import annotations

import ast

from research.autoresearch.tasks import HOME, Task

_OWN = ("asked", "given", "out", "folder")
"""Names of the folders that a training and `load` are handed."""


class Bound:
    """A parsed file with what its names stand for."""

    def __init__(self, tree: ast.Module, task: Task) -> None:
        self.tree, self.task = tree, task
        self.nodes = [*ast.walk(tree)]
        self.imported: dict[str, str] = {}
        """Each name that an import binds, and the dotted name of what it stands for."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for each in node.names:
                    name = each.asname or each.name.partition(".")[0]
                    self.imported[name] = each.name if each.asname else name
            elif isinstance(node, ast.ImportFrom):
                for each in node.names:
                    self.imported[each.asname or each.name] = f"{node.module}.{each.name}"
        self.helpers = {name.removesuffix(".py").replace("/", ".") for name in task.helpers}
        self.kit = f"{HOME.replace('/', '.')}.kit"
        self.own_paths = self._own_paths()
        self.docstrings = {id(text) for node in self.nodes if (text := _docstring(node)) is not None}
        self.guard = {id(each) for node in tree.body if _is_guard(node) for each in ast.walk(node)}

    def dotted(self, node: ast.AST) -> str | None:
        """`torch.nn.functional.gelu` for `F.gelu`; None for what begins with no imported name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in self.imported:
            return ".".join([self.imported[node.id], *reversed(parts)])
        return None

    def is_own_path(self, node: ast.AST) -> bool:
        """Whether an expression is a path below a folder that was handed over, with nothing that leads out of it."""
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        out = any(isinstance(each, ast.Attribute) and each.attr.startswith("parent") for each in ast.walk(node))
        return bool(names & self.own_paths) and not out

    def _own_paths(self) -> set[str]:
        own = set(_OWN)
        for node in self.nodes:
            if (
                isinstance(node, ast.Assign)
                and {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)} & own
            ):
                own |= {each.id for each in node.targets if isinstance(each, ast.Name)}
        return own


def _docstring(node: ast.AST) -> ast.Constant | None:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first.value
    return None


def _is_guard(node: ast.stmt) -> bool:
    """Whether it is the one statement by which a command finds this repository's packages."""
    return (
        isinstance(node, ast.If)
        and ast.unparse(node.test) == "__name__ == '__main__'"
        and [ast.unparse(each) for each in node.body] == ["sys.path[0] = str(Path(__file__).resolve().parents[3])"]
        and not node.orelse
    )
