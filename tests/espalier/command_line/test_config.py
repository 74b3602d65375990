"""Configuration: file, flags, all problems at once, help, and the round trip through YAML."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, model_validator

from espalier.artifacts.paths import repo_root
from espalier.command_line import yaml_text
from espalier.command_line.config import Config, FilePath, Name, Options, dump, load, load_file, resolve_path
from espalier.errors import UserError


class Lora(Config):
    kind: Literal["lora"] = "lora"
    """The method."""
    r: int = Field(8, ge=1)
    """Rank of the updates."""


class Full(Config):
    kind: Literal["full"]
    scale: float = 1.0


class Optim(Config):
    lr: float = 1e-3
    """Peak learning rate."""
    betas: tuple[float, float] = (0.9, 0.95)


class Source(Config):
    path: FilePath
    share: float | None = None


class Example(Config):
    parent: Name | None = None
    name: str = "example"
    """Name of the run."""
    optim: Optim = Optim(lr=0.5)
    adapter: Annotated[Lora | Full, Field(discriminator="kind")] | None = None
    models: list[str] = []
    rows: Literal["all"] | list[str] = "all"
    compile: Literal["layers", "off"] = "layers"
    sources: tuple[Source, ...] = ()
    lexicon: Literal["builtin"] | FilePath = "builtin"
    recipe: FilePath = Path("repo:recipe.yaml")
    weights: dict[str, float] = {}
    big: bool = False
    seed: int | None = None

    @model_validator(mode="after")
    def _sane(self) -> "Example":
        if self.name == "insane":
            raise ValueError("insane is no name for an example")
        return self


class Resumable(Options):
    resume: str | None = None
    """Go on with a run."""


def read(*argv: str, default: Path | None = None) -> Example:
    return load(Example, list(argv), prog="prog", doc="Does.", default=default)[0]


def problems(*argv: str, default: Path | None = None) -> list[str]:
    with pytest.raises(UserError) as caught:
        read(*argv, default=default)
    return str(caught.value).splitlines()


def test_flags_of_every_kind() -> None:
    config = read(
        "--name", "007", "--optim.lr=1e-4", "--optim.betas", "0.8", "0.9", "--adapter.kind", "lora", "--models", "a",
        "1", "--rows", "unseen", "--compile", "off", "--sources.0.path", "/x.jsonl", "--sources.1.path=/y", "--big",
        "--weights.one", "2", "--seed", "-3",
    )  # fmt: skip
    assert config.name == "007"
    assert config.optim == Optim(lr=1e-4, betas=(0.8, 0.9))
    assert config.adapter == Lora()
    assert config.models == ["a", "1"]
    assert config.rows == ["unseen"]
    assert config.compile == "off"
    assert [str(source.path) for source in config.sources] == ["/x.jsonl", "/y"]
    assert (config.big, config.weights, config.seed) == (True, {"one": 2.0}, -3)


def test_a_flag_changes_one_key_and_leaves_its_neighbours(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("adapter: {kind: lora, r: 2}\noptim: {betas: [0.1, 0.2]}\nsources: [{path: x, share: 0.5}]\n")
    assert read("--optim.betas", "0", "0").optim.lr == 0.5, "the default of the field, not of its class"
    config = read(str(file), "--optim.lr", "3", "--adapter.r", "4", "--sources.0.share", "null")
    assert config.optim == Optim(lr=3, betas=(0.1, 0.2))
    assert config.adapter == Lora(r=4)
    assert config.sources == (Source(path=tmp_path / "x", share=None),)
    assert read(str(file), "--adapter", "null").adapter is None
    assert read("--adapter", "{kind: full, scale: 2}").adapter == Full(kind="full", scale=2)


def test_one_word_where_a_list_or_a_word_may_stand() -> None:
    assert read("--rows", "all").rows == "all"
    assert read("--rows", "[a, b]").rows == ["a", "b"]
    assert read("--models", "[]").models == []
    assert read("--models", "null").models == ["null"]


def test_a_boolean_may_stand_alone_and_does_not_eat_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("name: from-file\n")
    assert read("--big", str(file)).name == "from-file"
    assert read("--big", "no").big is False
    assert read("--big=true").big is True


def test_paths_are_relative_to_where_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "configs" / "a.yaml"
    file.write_text("recipe: ../r.yaml\nsources: [{path: x.jsonl}]\n")
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = read("../configs/a.yaml", "--sources.1.path", "y.jsonl")
    assert config.recipe == tmp_path / "r.yaml"
    assert [source.path for source in config.sources] == [
        tmp_path / "configs" / "x.jsonl",
        tmp_path / "elsewhere" / "y.jsonl",
    ]
    assert load_file(Example, file).recipe == tmp_path / "r.yaml"
    assert resolve_path("~/x", tmp_path) == Path.home() / "x"


def test_a_corpus_that_was_made_here_is_named_by_its_name(workspace: Path) -> None:
    place = workspace / "corpora" / "mine" / "preferences.jsonl"
    assert read("--recipe", "corpora:mine/preferences.jsonl").recipe == place
    assert resolve_path("corpora:mine/preferences.jsonl", Path("/elsewhere")) == place


def test_a_path_in_the_checkout_is_written_without_its_place() -> None:
    assert read().recipe == repo_root() / "recipe.yaml"
    assert "recipe: repo:recipe.yaml" in dump(read())
    assert read("--recipe", "repo:a/b.yaml").recipe == repo_root() / "a" / "b.yaml"


def test_a_bare_name_is_looked_for_beside_the_default(tmp_path: Path) -> None:
    (tmp_path / "default.yaml").write_text("name: default\n")
    (tmp_path / "smoke.yaml").write_text("name: smoke\n")
    assert read(default=tmp_path / "default.yaml").name == "default"
    assert read("smoke", default=tmp_path / "default.yaml").name == "smoke"
    assert read("smoke.yaml", default=tmp_path / "default.yaml").name == "smoke"
    assert problems("smok", default=tmp_path / "default.yaml") == [
        f"smok: no such file, and {tmp_path.name} has: default, smoke"
    ]


def test_all_problems_of_a_file_and_its_flags_at_once(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "name: 3\noptim: {lrr: 1, betas: [1]}\nlr: 2\nadapter: {kind: lora, r: 0}\nmodles: [x]\ncompile: layer\n"
        "sources: [4, {share: x}]\nbig: 3\n"
    )
    assert problems(str(file), "--seed", "x", "--sede", "3", "--optim.lr", "fast", "other.yaml", "--compile") == [
        "--compile: wants layers or off after it",
        "--sede: unknown flag; did you mean --seed?",
        f"other.yaml: one configuration file is wanted, and {file} is given before it",
        f"{file}: name: wants text (put it in quotes), not 3",
        "--optim.lr: wants a number, not 'fast'",
        f"{file}: optim.betas.1: missing, and it has no default",
        f"{file}: optim.lrr: unknown key; did you mean optim.lr?",
        f"{file}: adapter.r: should be greater than or equal to 1, not 0",
        f"{file}: compile: wants 'layers' or 'off', not 'layer'",
        f"{file}: sources.0: wants a mapping of keys, not 4",
        f"{file}: sources.1.path: missing, and it has no default",
        f"{file}: sources.1.share: wants a number or null, not 'x'",
        f"{file}: big: wants true or false, not 3",
        "--seed: wants a whole number or null, not 'x'",
        f"{file}: lr: unknown key; did you mean optim.lr?",
        f"{file}: modles: unknown key; did you mean models?",
    ]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--adapter.r", "3"], "adapter.kind: missing, and it has no default (The method.)"),
        (["--adapter.kind", "dora"], "--adapter.kind: wants 'lora' or 'full', not 'dora'"),
        (["--sources.3.path", "x"], "--sources.3.path: the list has 0 entries; the next index is 0"),
        (["--optim.lr"], "--optim.lr: wants a number after it"),
        (["--optim.lr", "nan"], "--optim.lr: should be a finite number, not 'nan'"),
        (["--optim.lr", ".nan"], "--optim.lr: should be a finite number, not nan"),
        (["--rows.x", "1"], "--rows.x: unknown flag; did you mean --rows?"),
        (
            ["--parent", "a/b"],
            "--parent: 'a/b' cannot be a name: use 1 to 64 letters, digits, '.', '_' or '-', "
            "beginning with a letter or digit",
        ),
        (["--name", "insane"], "insane is no name for an example"),
        (["--name", "a", "b"], "b: no such file"),
        (["--lr", "3"], "--lr: unknown flag; did you mean --optim.lr?"),
        (["missing.yaml", "--lr", "3"], "missing.yaml: no such file\n--lr: unknown flag; did you mean --optim.lr?"),
    ],
)
def test_problems_with_flags(argv: list[str], message: str) -> None:
    assert problems(*argv) == message.splitlines()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- a\n", "wants keys with values at its top (`name: my-run`), not list"),
        (b"just words\n", "wants keys with values at its top (`name: my-run`), not str"),
        (b"1: x\n", "wants keys with values at its top (`name: my-run`), not dict"),
        (b"name: \xff\n", "not UTF-8 text (invalid start byte at byte 6)"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(content)
    assert problems(str(file)) == [f"{file}: {message}"]


def test_missing_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "basil.yaml").write_text("")
    assert problems(str(tmp_path / "basli.yaml")) == [
        f"{tmp_path / 'basli.yaml'}: no such file; did you mean {tmp_path / 'basil.yaml'}?"
    ]
    assert problems(str(tmp_path)) == [f"{tmp_path}: a folder; a YAML file is wanted"]
    assert read(str(tmp_path / "basil.yaml")) == Example(), "an empty file changes nothing"


def test_options_are_no_part_of_the_configuration() -> None:
    config, options = load(Example, ["--resume", "basil", "--name", "x"], prog="prog", doc=None, options=Resumable)
    assert (config.name, options.resume, options.debug) == ("x", "basil", False)
    assert "resume" not in dump(config)


def test_help_shows_keys_types_values_and_docstrings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "default.yaml"
    file.write_text("name: from-file\n")
    with pytest.raises(SystemExit) as caught:
        load(Example, ["--help"], prog="prog", doc="What it does.", default=file, options=Resumable)
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    lines = {line.split()[0]: " ".join(line.split()) for line in shown.splitlines() if line.startswith("  --")}
    assert "What it does." in shown
    assert lines["--name"] == "--name TEXT Name of the run. [from-file]"
    assert lines["--optim.lr"] == "--optim.lr NUMBER Peak learning rate. [0.5]"
    assert lines["--adapter.r"] == "--adapter.r INT Rank of the updates. [8]"
    assert lines["--sources.N.path"] == "--sources.N.path PATH [required]"
    assert lines["--resume"] == "--resume TEXT|null Go on with a run. [null]"


def test_print_config_reproduces_the_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--name", "1e3", "--adapter.kind", "full", "--sources.0.path", "x", "--rows", "a"]
    with pytest.raises(SystemExit):
        read(*argv, "--print-config")
    file = tmp_path / "elsewhere.yaml"
    file.write_text(capsys.readouterr().out)
    assert read(str(file)) == read(*argv)


names = st.text(min_size=1, max_size=5)
paths = st.text("abc/._~ ", min_size=1).map(lambda text: Path(os.path.normpath("/" + text)))
finite = st.floats(allow_nan=False, allow_infinity=False)
examples = st.builds(
    Example,
    name=names,
    optim=st.builds(Optim, lr=finite, betas=st.tuples(finite, finite)),
    adapter=st.none() | st.builds(Lora, r=st.integers(1)) | st.builds(Full, kind=st.just("full"), scale=finite),
    models=st.lists(names),
    rows=st.just("all") | st.lists(names),
    compile=st.sampled_from(["layers", "off"]),
    sources=st.lists(st.builds(Source, path=paths, share=st.none() | finite)).map(tuple),
    recipe=paths,
    weights=st.dictionaries(names, finite),
    big=st.booleans(),
    seed=st.none() | st.integers(),
)


@given(examples)
def test_dump_and_load_round_trip(tmp_path_factory: pytest.TempPathFactory, config: Example) -> None:
    file = tmp_path_factory.getbasetemp() / "round-trip.yaml"
    file.write_text(dump(config), encoding="utf-8", newline="")
    assert load_file(Example, file) == config


@given(
    st.lists(st.text(max_size=8) | st.sampled_from(["--optim.lr", "--models", "--sources.0.path", "--adapter", "="]))
)
def test_no_command_line_is_a_crash(argv: list[str]) -> None:
    try:
        load(Example, argv, prog="prog", doc="")
    except (UserError, SystemExit):
        pass


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from([*Example.model_fields, "nmae"]),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=3), lambda v: st.lists(v) | st.dictionaries(names, v)
        ),
    )
)
def test_no_file_is_a_crash(tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_text(yaml_text.dump(data), encoding="utf-8")
    try:
        load_file(Example, file)
    except UserError as error:
        assert str(error)


def test_a_file_extends_another(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "base.yaml").write_text("name: base\noptim: {lr: 0.5, betas: [0.1, 0.2]}\n")
    (tmp_path / "shared" / "middle.yaml").write_text("extends: base.yaml\nname: middle\nbig: true\n")
    own = tmp_path / "own.yaml"
    own.write_text("extends: shared/middle.yaml\nname: own\noptim: {lr: 0.25}\n")
    config = load_file(Example, own)
    assert (config.name, config.big, config.optim) == ("own", True, Optim(lr=0.25, betas=(0.1, 0.2)))


def test_paths_are_relative_to_the_file_that_they_are_written_in_wherever_it_is_extended(tmp_path: Path) -> None:
    (tmp_path / "shared" / "more").mkdir(parents=True)
    (tmp_path / "shared" / "more" / "base.yaml").write_text(
        "name: a.yaml\nrecipe: r.yaml\nlexicon: builtin\nsources: [{path: data:x}, {path: ../rows.jsonl}]\n"
    )
    (tmp_path / "shared" / "middle.yaml").write_text("extends: more/base.yaml\nlexicon: words.txt\n")
    own = tmp_path / "own.yaml"
    own.write_text("extends: shared/middle.yaml\n")
    config = load_file(Example, own)
    assert config.recipe == tmp_path / "shared" / "more" / "r.yaml" and config.name == "a.yaml"
    assert [source.path for source in config.sources] == [Path("data:x"), tmp_path / "shared" / "rows.jsonl"]
    assert config.lexicon == tmp_path / "shared" / "words.txt" and read(str(own)) == config
    own.write_text("extends: shared/more/base.yaml\nrecipe: r.yaml\nsources: [{path: rows.jsonl}]\n")
    config = load_file(Example, own)
    assert (config.recipe, config.lexicon) == (tmp_path / "r.yaml", "builtin")
    assert [source.path for source in config.sources] == [tmp_path / "rows.jsonl"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: own.yaml", "own.yaml: extends itself"),
        ("extends: other.yaml", "own.yaml: extends itself, by way of .*other.yaml"),
        ("extends: othre.yaml", "othre.yaml: no such file; did you mean .*other.yaml"),
        ("extends: [a, b]", r"own.yaml: extends: wants one file, not \['a', 'b'\]"),
    ],
)
def test_what_cannot_be_extended(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    (tmp_path / "other.yaml").write_text("extends: own.yaml")
    with pytest.raises(UserError, match=message):
        load_file(Example, tmp_path / "own.yaml")
