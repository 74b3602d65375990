"""Configuration: YAML checked by pydantic models, every key also a flag, all problems reported at once.

    class TrainConfig(Config):
        name: str
        \"\"\"Name of the run.\"\"\"

    config, options = load(TrainConfig, argv, prog="python stage1/train.py", doc=__doc__, default=DEFAULT)

A flag wins over the file, the file over the model's defaults. Options are flags that belong to one invocation and not
to the configuration (`--resume NAME`): fields of a subclass of `Options`.

Not jsonargparse, tyro or pydantic-settings (looked at in 4.53, 1.0 and 2.16): of several mistakes each tells the first.
"""

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
)

from espalier.artifacts.paths import check_name, repo_root, workspace
from espalier.artifacts.rounds import Round
from espalier.command_line import complaints, flags, schema, yaml_text
from espalier.errors import UserError

_REPO, _DATA, _CORPORA = flags.PREFIXES


class Config(BaseModel):
    """Base of every configuration model: frozen, unknown keys forbidden, docstrings under fields are their help."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True, allow_inf_nan=False
    )


class Options(Config):
    """Flags of one invocation; they are no part of what is reproduced."""

    help: bool = False
    """Show this help."""
    print_config: bool = False
    """Print the resolved configuration as YAML, which reproduces this run, and stop."""
    debug: bool = False
    """Show the traceback of an error."""


class NotedOptions(Options):
    """Flags of an invocation whose outcome is noted in the written memory."""

    publish: bool = True
    """Note what came of it in the workspace's agents/: a line in RUNLOG.md, STATUS.md anew, a report where there is one
    to read."""


class ArtifactOptions(Options):
    """Flags of an invocation that makes an artifact."""

    round: bool = False
    """The name is LOOP-r03-PART, that of a round of a loop: its manifest says so, and lists keep rounds together."""

    def made_in(self, name: str) -> Round | None:
        """The round of a loop that makes the artifact `name`, if one does. UserError where that is no round's name."""
        return Round.parse(name) if self.round else None


C = TypeVar("C", bound=Config)
O = TypeVar("O", bound=Options)  # noqa: E741


def resolve_path(path: str | Path, relative_to: Path) -> Path:
    """`path` as an absolute path: `repo:…` lies in the checkout, `corpora:NAME/FILE` in the workspace, `~` is expanded,
    others are relative to a folder.

    `data:…` stays as it is: it lies under a folder that the configuration names elsewhere.
    """
    text = str(path)
    if text.startswith(_DATA):
        return Path(text)
    if text.startswith(_REPO):
        return Path(os.path.normpath(repo_root() / text.removeprefix(_REPO)))
    if text.startswith(_CORPORA):
        return Path(os.path.normpath(workspace() / "corpora" / text.removeprefix(_CORPORA)))
    return Path(os.path.normpath(relative_to.absolute() / Path(text).expanduser()))


def _resolved(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str | Path):
        return value
    return resolve_path(value, info.context["relative_to"] if info.context else Path.cwd())


def _portable(path: Path) -> str:
    """Inside the checkout a path is written `repo:…`, so that a record reads the same on every machine."""
    return f"{_REPO}{path.relative_to(repo_root())}" if path.is_relative_to(repo_root()) else str(path)


FilePath = Annotated[Path, BeforeValidator(_resolved), PlainSerializer(_portable, when_used="json")]
"""A path in a configuration: relative to the file it stands in, or to the current folder on the command line. It is
absolute once loaded. A field's default is written `Path("repo:data_mix/recipes/basil.yaml")`."""


def _named(name: str) -> str:
    try:
        return check_name(name)
    except UserError as error:
        raise ValueError(str(error)) from None  # pydantic collects it with the other problems


Name = Annotated[str, AfterValidator(_named)]
"""The name of an artifact, which becomes a folder's."""


def load(
    model: type[C],
    argv: list[str],
    *,
    prog: str,
    doc: str | None,
    default: Path | None = None,
    options: type[O] = cast(Any, Options),  # noqa: B008
    first: str | None = None,
) -> tuple[C, O]:
    """The configuration and the options of a command line `[CONFIG.yaml] [--any.nested.key VALUE ...]`.

    `default` is the file used when none is named; a bare name is also looked for beside it. `first` is the key that the
    words before the first flag give, where they are no file. Raises UserError with every problem at once; prints and
    exits with 0 for `--help` and `--print-config`.
    """
    if "-h" in argv:
        argv = ["--help"]
    if first and argv and not argv[0].startswith("-") and not argv[0].endswith(".yaml"):
        argv = [f"--{first}", *argv]
    kinds = (options, model)
    words = flags.split(argv, kinds)
    try:
        file = find_file(words.positionals[0], default) if words.positionals else default
        data = {} if file is None else read_yaml(file, model)
    except UserError as error:
        raise UserError("\n".join([str(error), *complaints.of_words(words, kinds)])) from error
    if any(flag.path == ("help",) for flag in words.flags):
        from espalier.command_line import help_text

        print(help_text.render(model, options, prog=prog, doc=doc or "", file=file, values=data))
        raise SystemExit(0)

    problems = complaints.of_words(words, kinds)
    mine: dict[str, Any] = {}
    for flag in words.flags:
        try:
            flags.assign(mine if flag.path[0] in options.model_fields else data, flag, kinds)
        except UserError as error:
            problems.append(str(error))
    given = {flag.path: flag.text for flag in words.flags}
    chosen = _validate(options, mine, None, given, problems)
    config = _validate(model, data, file, given, problems)
    if config is not None and isinstance(chosen, ArtifactOptions):
        try:
            chosen.made_in(getattr(config, "name", None) or "")
        except UserError as error:
            problems.append(str(error))
    if problems or config is None or chosen is None:
        raise UserError("\n".join(dict.fromkeys(problems)))
    if chosen.print_config:
        print(dump(config), end="")
        raise SystemExit(0)
    return config, chosen


def load_file(model: type[C], file: Path) -> C:
    """The configuration in a file, with no command line."""
    problems: list[str] = []
    config = _validate(model, read_yaml(file, model), file, {}, problems)
    if config is None:
        raise UserError("\n".join(problems))
    return config


def _validate(
    model: type[C], data: dict[str, Any], file: Path | None, given: dict[tuple[str, ...], str], problems: list[str]
) -> C | None:
    try:
        return model.model_validate(data, context={"relative_to": file.parent if file else Path.cwd()})
    except ValidationError as error:
        problems += complaints.of_validation(error, model, data, where=str(file or ""), given=given)
        return None


def read_yaml(file: Path, model: type[BaseModel] | None = None) -> dict[str, Any]:
    """The keys in a YAML file, over those of the file that it `extends`, if any.

    Keys within keys are laid over one another too. What comes of an extended file and is a path by `model` is relative
    to that file, and comes whole; other paths stay as they are written. UserError where a file is missing, is not YAML,
    holds no mapping of keys, or extends itself.
    """
    data, extended = _mapping(file), [file.absolute()]
    while "extends" in data:
        base = data.pop("extends")
        if not isinstance(base, str):
            raise UserError(f"{file}: extends: wants one file, not {base!r}")
        extended.append(resolve_path(base, extended[-1].parent))
        if extended[-1] in extended[:-1]:
            raise UserError(f"{file}: extends itself, by way of {extended[-2]}")
        data = _over(_placed(_mapping(extended[-1]), (model,), extended[-1].parent), data)
    return data


def _placed(value: Any, kinds: tuple[Any, ...], folder: Path) -> Any:
    """A value with its paths whole, which are relative to a folder."""
    if isinstance(value, dict):
        return {key: _placed(each, schema.entry_kinds(kinds, str(key)), folder) for key, each in value.items()}
    if isinstance(value, list):
        return [_placed(each, schema.entry_kinds(kinds, str(place)), folder) for place, each in enumerate(value)]
    return str(resolve_path(value, folder)) if schema.is_path(value, kinds) else value


def _over(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = {key: _over(base[key], own[key]) for key in own if isinstance(own[key], dict) and _is_keys(base.get(key))}
    return base | own | both


def _is_keys(value: Any) -> bool:
    return isinstance(value, dict)


def _mapping(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{file}: no such file{_nearest_file(file)}") from None
    except IsADirectoryError:
        raise UserError(f"{file}: a folder; a YAML file is wanted") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    data = yaml_text.parse(text, str(file))
    if data is None:
        return {}
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise UserError(f"{file}: wants keys with values at its top (`name: my-run`), not {type(data).__name__}")
    return data


def find_file(word: str, default: Path | None) -> Path:
    """The file a word on the command line names: a path, or the name of a file beside the default one.

    UserError where a bare name is neither.
    """
    file = Path(word)
    if not file.exists() and default and file.name == word:
        for beside in (default.parent / word, default.parent / f"{word}.yaml"):
            if beside.is_file():
                return beside
        known = ", ".join(sorted(path.stem for path in default.parent.glob("*.yaml")))
        raise UserError(f"{word}: no such file, and {default.parent.name} has: {known}")
    return file


def _nearest_file(file: Path) -> str:
    folder = file.parent
    names = [path.name for path in folder.glob("*.yaml")] if folder.is_dir() else []
    near = difflib.get_close_matches(file.name, names, n=1)
    return f"; did you mean {folder / near[0]}?" if near else ""


def dump(config: BaseModel) -> str:
    """The configuration as YAML, every key of it; loading it again gives an equal configuration."""
    return yaml_text.dump(to_dict(config))


def to_dict(config: BaseModel) -> dict[str, Any]:
    """The configuration as plain data, for records and comparison."""
    return config.model_dump(mode="json")
