"""The command line of an evaluation."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Literal

from pydantic import Field

from espalier.config import Config, Options, to_dict
from espalier.errors import UserError

_NAME_LENGTH = 64


class EvaluateConfig(Config):
    """What is compared, on what, and how."""

    models: list[str] = []
    """Models to compare: runs, folders or hub names (run:, path:, hub: say which), or rule:copy, rule:reference."""
    suite: str = "recast"
    """A suite that comes with Espalier (--list_suites) or a YAML file."""
    name: str | None = None
    """Name of the scores: scores/NAME. By default made of the suite and the models."""
    baseline: str | None = None
    """The model the others are compared with; the first by default."""
    pool: list[str] = []
    """Several runs of one recipe taken together: core=basil-core,basil-core-s1,basil-core-s2."""
    mix: str | None = None
    """Draw held-out cases from this mix instead of the suite's."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Ask at most so many cases: a quick look."""
    seed: int = 0
    """Of sampling, of the bootstrap, and of the examples shown."""
    batch_size: Annotated[int, Field(ge=1)] = 64
    """Replies generated at once."""
    device: str = "auto"
    """cpu, cuda or auto."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto is bfloat16 on a GPU and float32 elsewhere."""
    load_in_4bit: bool = False
    """Load weights in 4 bits (NF4)."""
    chat_template: str | None = None
    """Builtin template or file, for models that have none."""
    trust_remote_code: bool = False
    """Let code that comes with a model run."""


class EvaluateOptions(Options):
    """Flags of one invocation."""

    list_suites: bool = False
    """List the suites that come with Espalier, and stop."""
    redo: bool = False
    """Throw away the scores of this name and begin again."""
    publish: bool = True
    """Copy the report to agents/reports/ and log it in agents/RUNLOG.md."""
    date: str | None = None
    """Date for the log, today by default."""


def default_name(suite: str, models: list[str], limit: int | None) -> str:
    """A name for the scores: the suite and the models, shortened to the first where they are many."""
    end = f"-limit{limit}" if limit else ""
    several = "-".join([suite, *models])
    fewer = f"{suite}-{models[0]}-and-{len(models) - 1}-others"
    for text in (several, fewer):
        plain = re.sub(r"[^A-Za-z0-9.-]+", "-", text).replace("..", "-").strip("-.")
        if len(plain) + len(end) <= _NAME_LENGTH:
            return plain + end
    return plain[: _NAME_LENGTH - len(end)] + end


def command(config: EvaluateConfig) -> str:
    """The command that makes the same scores again, whatever way they were asked for."""
    default = to_dict(EvaluateConfig())
    words = []
    for key, value in to_dict(config).items():
        if value != default[key]:
            words += [f"--{key}", *map(str, value if isinstance(value, list) else [value])]
    return f"python evaluation/run.py {shlex.join(words)}"


def parse_pools(texts: list[str], known: list[str]) -> dict[str, tuple[str, ...]]:
    """`NAME=MODEL,MODEL,…` as names with members. UserError unless each has two or more of the models compared."""
    pools: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        members = tuple(member for member in rest.split(",") if member)
        if not equals or not name or len(set(members)) < 2:
            raise UserError(f"--pool {text}: wants NAME=MODEL,MODEL with two models or more")
        for member in members:
            if member not in known:
                raise UserError(f"--pool {text}: {member} is not among the models compared ({', '.join(known)})")
        if name in known or name in pools:
            raise UserError(f"--pool {text}: the name {name} is taken")
        pools[name] = members
    return pools
