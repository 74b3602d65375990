"""What must hold for every file: entry files start alike and fast, names shadow nothing, texts hold for any reader."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts.code_behind import PACKAGES
from espalier.artifacts.paths import repo_root

ROOT = repo_root()
FOLDERS = [ROOT / name for name in (*PACKAGES, "tests") if (ROOT / name).is_dir()]
MODULES = sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))
ENTRIES = [
    path
    for path in MODULES
    if re.search(r'^if __name__ == "__main__":', path.read_text(encoding="utf-8"), re.MULTILINE)
    and "tests" not in path.relative_to(ROOT).parts
]
HEAVY = {
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "datasets",
    "pyarrow",
    "matplotlib",
    "sklearn",
    "numpy",
    "scipy",
    "openai",
    "ray",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_are_entry_files() -> None:
    assert {"data_mix/build.py", "stage1/train.py", "evaluation/run.py", "exports/run.py"} <= set(map(name, ENTRIES))


@pytest.mark.parametrize("entry", ENTRIES, ids=name)
def test_an_entry_file_starts_with_its_command_and_the_guard(entry: Path) -> None:
    text = entry.read_text(encoding="utf-8")
    assert f"python {name(entry)}" in text.split('"""')[1], "its docstring is the exact command"
    up = len(entry.relative_to(ROOT).parts) - 1
    guard = f"""
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[{up}])
"""
    assert guard in text, "as a script, the repo root takes the place of the script's own folder on sys.path"
    ours = re.search(rf"^(from|import) ({'|'.join(PACKAGES)})\b", text, re.MULTILINE)
    assert ours is None or text.index(guard) < ours.start(), "the guard stands before our own imports"
    assert re.search(r'^if __name__ == "__main__":\n    run_main\(main\)\n\Z', text, re.MULTILINE)


@pytest.mark.parametrize("entry", ENTRIES, ids=name)
def test_help_answers_before_anything_heavy_is_imported(entry: Path, tmp_path: Path) -> None:
    # Started as Python starts a script, its own folder first on sys.path, from a folder that is not the checkout's.
    code = f"""
import json, runpy, sys
sys.argv = [{str(entry)!r}, "--help"]
sys.path[0] = {str(entry.parent)!r}
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as stop:
    print(json.dumps([stop.code, sys.path, sorted(sys.modules)]), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    exit_code, path, modules = json.loads(done.stderr)
    assert exit_code == 0 and "usage" in done.stdout
    assert not HEAVY & {module.partition(".")[0] for module in modules}
    assert path[0] == str(ROOT) and str(entry.parent) not in path


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["ls"],
        ["runs"],
        ["show"],
        ["tree"],
        ["chat"],
        ["rm"],
        ["status"],
        ["board"],
        ["standup"],
        ["reproduce"],
        ["rate"],
        ["explore"],
        ["inside"],
    ],
    ids=lambda words: " ".join(words) or "-",
)
def test_espalier_answers_before_anything_heavy_is_imported(command: list[str]) -> None:
    code = f"""
import json, sys
sys.argv = ["espalier", *{command!r}, "--help"]
from espalier.cli import entry
try:
    entry()
except SystemExit as stop:
    print(json.dumps([stop.code, sorted(sys.modules)]), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    exit_code, modules = json.loads(done.stderr)
    assert exit_code == 0 and "usage" in done.stdout
    assert not HEAVY & {module.partition(".")[0] for module in modules}


def test_no_file_of_ours_shadows_the_standard_library() -> None:
    # A script's folder comes first on sys.path until the guard has run, and tools add others.
    shadows = [name(path) for path in MODULES if path.stem in sys.stdlib_module_names and path.stem != "__main__"]
    tops = [path.name for path in ROOT.iterdir() if path.name in sys.stdlib_module_names]
    assert shadows + tops == []


def test_no_text_speaks_of_one_machine_or_one_tracker() -> None:
    private = re.compile(r"(?<![\w.~}])/(home|root|work|Users)/\w|\b[Ii]ssue #?\d")
    suffixes = {".py", ".md", ".yaml", ".toml", ".jinja", ".txt", ""}
    tops = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".git")]
    below = [path for folder in (*FOLDERS, ROOT / "agents") for path in folder.rglob("*") if path.is_file()]
    found = [
        f"{name(path)}: {match[0]}"
        for path in [*tops, *below]
        if path.suffix in suffixes and path != Path(__file__).resolve()
        for match in private.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_pickle_and_no_unsafe_loading() -> None:
    pickling = r"(pickle|cPickle|dill|joblib)"
    unsafe = re.compile(
        rf"(import|from)\s.*\b{pickling}\b|\b{pickling}\.\w|allow_pickle=True|"
        r"torch\.(save|load)\(|yaml\.(unsafe_load|full_load)|UnsafeLoader"
    )
    found = [
        f"{name(path)}:{number}"
        for path in MODULES
        if not {"tests", "hostile"} & {*path.relative_to(ROOT).parts}  # which make the very file that must be refused
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if unsafe.search(line.partition("#")[0])
    ]
    assert found == []
