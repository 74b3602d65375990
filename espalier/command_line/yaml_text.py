"""YAML as a configuration language should be: YAML 1.2 scalars, no duplicate keys, errors that name the line.

PyYAML follows YAML 1.1, where `off` is false, `1e-3` is text, `010` is eight and `12:30` is seven hundred and fifty.
Here only `true` and `false` are booleans, every number is decimal, and a key that stands twice is an error.
"""

import re
from typing import Any

import yaml

from espalier.errors import UserError

_SCALARS = [
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("tag:yaml.org,2002:merge", r"<<", "<"),
]


class _Rules(yaml.constructor.SafeConstructor):
    """What our YAML has otherwise than PyYAML's."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True) if key_node.value != "<<" else "<<"
            if isinstance(key, list | dict):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _decimal(loader: Any, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


class _Loader(_Rules, yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}


class _QuickLoader(_Rules, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Six times as quick where PyYAML was built with libyaml, whose errors say less."""

    yaml_implicit_resolvers: dict[str, Any] = {}


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        # Plain and single-quoted styles lose some line breaks (U+0085, U+2028); double quotes escape them.
        style = None if text.isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


for _tag, _pattern, _first in _SCALARS:
    for _class in (_Loader, _QuickLoader, _Dumper):
        _class.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})$"), list(_first))
_Dumper.add_representer(str, _Dumper.represent_text)
for _loader in (_Loader, _QuickLoader):
    _loader.add_constructor("tag:yaml.org,2002:int", _decimal)


def parse(text: str, where: str) -> Any:
    """The value of one YAML document. UserError is `where:line: what is wrong`."""
    try:
        return yaml.load(text, Loader=_QuickLoader)  # noqa: S506, both loaders are safe ones
    except (yaml.YAMLError, RecursionError):
        pass  # what is wrong is said by the other
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or "not YAML"
        if "\\t" in problem:
            problem = "a tab cannot indent YAML; use spaces"
        raise UserError(f"{where}:{mark.line + 1 if mark else 1}: {problem}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{where}: not YAML ({' '.join(str(error).split())})") from error


def dump(value: Any) -> str:
    """`value` (dicts, lists, text, numbers, booleans, None) as YAML that `parse` reads back exactly."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
