"""Rules that look at one node of a file's syntax tree: each gives the name of what is wrong, or None."""

from __future__ import annotations

import ast

from research.autoresearch.checking.bound import Bound


def _words(text: str) -> list[str]:
    return text.split()


_MODULES = _words("""
__future__ abc argparse array bisect cmath collections concurrent contextlib copy dataclasses decimal difflib enum
fractions functools gc hashlib heapq itertools json logging math numbers operator os pathlib pprint queue random re
statistics string struct sys textwrap threading time traceback types typing typing_extensions unicodedata warnings
weakref zlib torch numpy safetensors
""")
_OF_MODULE = {
    "os": _words("path environ cpu_count sched_getaffinity fspath PathLike sep linesep"),
    "sys": _words("argv exit stdout stderr maxsize float_info platform version_info byteorder"),
}
"""Of these modules, nothing else."""
_NOT_OF = _words("""
torch.load torch.save torch.hub torch.multiprocessing torch.distributed torch.utils.cpp_extension torch.from_file
torch.package torch.jit.load torch.jit.save torch.ops.load_library torch.classes.load_library torch.serialization
torch.utils.data.DataLoader torch.utils.model_zoo torch.utils.bundled_inputs torch.UntypedStorage.from_file
torch.utils.collect_env torch.utils.show_pickle torch._C torch.storage torch.export torch.onnx numpy.load numpy.save
numpy.savez numpy.savez_compressed numpy.savetxt numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.memmap
numpy.fromregex numpy.ctypeslib numpy.lib numpy.DataSource numpy.f2py numpy.distutils time.sleep types.FunctionType
types.CodeType gc.get_objects gc.get_referrers gc.get_referents operator.attrgetter operator.methodcaller
os.path.expanduser os.path.expandvars concurrent.futures.process
concurrent.futures.ProcessPoolExecutor logging.FileHandler logging.handlers logging.config
""")
_BUILTINS = _words("""
exec eval compile __import__ globals locals vars breakpoint input memoryview delattr help __builtins__ __loader__
__spec__
""")
_DUNDERS = _words("""
__init__ __name__ __doc__ __version__ __len__ __call__ __getitem__ __post_init__ __class__
""")
_SWITCHES = ("torch.backends.", "torch._dynamo.config.", "torch._inductor.config.")


def imports(node: ast.AST, bound: Bound) -> str | None:
    """Anything but torch, numpy, safetensors, what computes of the standard library, the kit and the task's helpers."""
    if isinstance(node, ast.Import):
        names = [each.name for each in node.names]
    elif isinstance(node, ast.ImportFrom):
        if node.level or any(each.name == "*" for each in node.names):
            return "imports what cannot be told"
        names = [f"{node.module}.{each.name}" for each in node.names]
    else:
        return None
    for name in names:
        ours = any(name == own or name.startswith(own + ".") for own in (bound.kit, *bound.helpers))
        if not ours and name.partition(".")[0] not in _MODULES:
            return f"imports {name if isinstance(node, ast.Import) else node.module}"
        if found := _not_to_be_used(name):
            return found
        if ours and name.rpartition(".")[2].startswith("_"):
            return "reaches into the kit"
    return None


def calls(node: ast.AST, bound: Bound) -> str | None:
    """getattr and setattr by names that cannot be told, or of what is not the file's own."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return None
    if node.func.id in ("setattr", "getattr") and node.args:
        of = bound.dotted(node.args[0])
        if node.func.id == "setattr" and (of or not _is_self(node.args[0])):
            return "changes what is not its own"
        named = len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
        if of and not (named or of in ("torch.nn", "torch.nn.functional", "torch.optim", "torch")):
            return "reaches for what cannot be told"
        if named and str(node.args[1].value).startswith("__"):  # type: ignore[attr-defined]
            return "reaches into the interpreter"
        if of and named and (found := _not_to_be_used(f"{of}.{node.args[1].value}")):  # type: ignore[attr-defined]
            return found
    return None


def names(node: ast.AST, bound: Bound) -> str | None:
    """What runs text, or looks at the interpreter."""
    if isinstance(node, ast.Name) and id(node) not in bound.guard:
        if node.id in _BUILTINS:
            return f"uses {node.id}"
        if node.id == "__file__":
            return "reads its own file"
        if isinstance(node.ctx, ast.Store | ast.Del) and (node.id in ("print", "super") or node.id in bound.imported):
            return "changes what is not its own"
    return None


def attributes(node: ast.AST, bound: Bound) -> str | None:
    """Attributes that lead into the interpreter, to other processes or to files."""
    if not isinstance(node, ast.Attribute) or id(node) in bound.guard:
        return None
    if node.attr.startswith("__") and node.attr not in _DUNDERS:
        return "reaches into the interpreter"
    dotted = bound.dotted(node)
    if dotted is None:
        return None
    if dotted.startswith((bound.kit, *bound.helpers)) and node.attr.startswith("_"):
        return "reaches into the kit"
    return _not_to_be_used(dotted)


def changes(node: ast.AST, bound: Bound) -> str | None:
    """Assigning to attributes or items of what was imported."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign | ast.Delete):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For):
        targets = [node.target]
    for target in targets:
        for each in ast.walk(target):
            if id(each) in bound.guard or not isinstance(each, ast.Attribute | ast.Subscript):
                continue
            if not isinstance(each.ctx, ast.Store | ast.Del):
                continue
            of = bound.dotted(each if isinstance(each, ast.Attribute) else each.value)
            if of and not of.startswith(_SWITCHES) and of != "os.environ":
                return "changes an imported module"
            if _root(each) in ("FRONT", "Budget", "Front", "Asked"):
                return "changes what is not its own"
    return None


def budgets(node: ast.AST, bound: Bound) -> str | None:
    """A budget that is not the one that was handed over, or not as it was."""
    if isinstance(node, ast.Call) and bound.dotted(node.func) in (
        f"{bound.kit}.budget.Budget",
        f"{bound.kit}.command.Asked",
    ):
        return "makes a budget of its own"
    if not (isinstance(node, ast.Attribute) and "budget" in _last(node.value)):
        return None
    changed = isinstance(node.ctx, ast.Store | ast.Del) or node.attr.startswith("_")
    return "changes its budget" if changed else None


def words(node: ast.AST, bound: Bound) -> str | None:
    """A text that says the figure which only the evaluator says."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bound.docstrings:
        for figure in ("val_bpb", "route_accuracy"):
            if figure in node.value:
                return f"prints a {figure}"
    if isinstance(node, ast.Call) and (bound.dotted(node.func) or "").endswith(".print_summary"):
        return "prints a summary of its own"
    return None


def _not_to_be_used(dotted: str) -> str | None:
    for module, allowed in _OF_MODULE.items():
        if dotted.startswith(module + ".") and dotted.split(".")[1] not in allowed:
            return f"uses {module}.{dotted.split('.')[1]}"
    for name in _NOT_OF:
        if dotted == name or dotted.startswith(name + "."):
            return f"uses {name}"
    return None


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _last(node: ast.expr) -> str:
    """The last word of a dotted name, or of what a call is given first: that of `type(asked.budget)`."""
    while isinstance(node, ast.Call) and node.args:
        node = node.args[0]
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
