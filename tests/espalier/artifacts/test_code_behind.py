"""What a command's code is: what it can import, without comments and docstrings."""

import ast
from pathlib import Path

import pytest

from espalier.artifacts import code_behind, paths
from espalier.artifacts.code_behind import changed_files, contents_of

FILES = {
    "stage1/train.py": "from stage1 import loop\ndef main():\n    from espalier.words import read\n    return read()\n",
    "stage1/__init__.py": "",
    "stage1/loop.py": "import numpy\nSTEPS = 3\n",
    "stage1/configs/small.yaml": "steps: 3\n",
    "espalier/__init__.py": "",
    "espalier/words.py": "def read():\n    return 1\n",
    "espalier/other.py": "X = 1\n",
    "espalier/templates/chat.jinja": "{{ x }}",
    "evaluation/__init__.py": "",
    "evaluation/run.py": "from stage1 import loop\n",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(code_behind, "repo_root", lambda: tmp_path)
    return tmp_path


def behind() -> dict[str, str]:
    code_behind.code_behind.cache_clear()
    code_behind._is_ours.cache_clear()
    return code_behind.code_behind("stage1/train.py")


def test_it_is_what_the_command_can_import_and_what_those_modules_read(checkout: Path) -> None:
    assert set(behind()) == {
        "stage1/train.py", "stage1/__init__.py", "stage1/loop.py", "espalier/__init__.py", "espalier/words.py",
        "espalier/templates/chat.jinja",
    }  # fmt: skip


def test_a_process_that_has_read_every_module_sees_what_changes_after(checkout: Path) -> None:
    code_behind.read_every_module()
    before = behind()
    (checkout / "stage1/loop.py").write_text("import numpy\nSTEPS = 4\n")
    assert changed_files(before, behind()) == ["stage1/loop.py"]


@pytest.mark.parametrize(
    ("name", "text", "changed"),
    [
        ("stage1/configs/new.yaml", "steps: 4", []),
        ("espalier/other.py", "X = 2", []),
        ("evaluation/run.py", "X = 2", []),
        ("espalier/words.py", 'def read():\n    """Read."""\n    return 1  # one\n', []),
        ("espalier/words.py", "def read():\n    return 2\n", ["espalier/words.py"]),
        ("espalier/templates/chat.jinja", "{{ y }}", ["espalier/templates/chat.jinja"]),
        ("numpy.py", "X = 2", ["numpy.py"]),
        ("numpy/__init__.py", "X = 2", ["numpy/__init__.py"]),
        ("pandas.py", "X = 2", []),
        ("stage1/loop.py", "from espalier import other\nSTEPS = 3\n", ["espalier/other.py", "stage1/loop.py"]),
    ],
)
def test_what_counts_as_a_change(checkout: Path, name: str, text: str, changed: list[str]) -> None:
    before = behind()
    (checkout / name).parent.mkdir(exist_ok=True)
    (checkout / name).write_text(text)
    assert changed_files(before, behind()) == changed


def test_contents_are_of_all_code_and_words_of_a_folder_or_of_one_file(checkout: Path) -> None:
    (checkout / "stage1" / "words.yaml").write_text("a: 1\n")
    before, same = contents_of("stage1"), contents_of("stage1/loop.py")
    assert set(before) == {f"stage1/{name}" for name in ("__init__.py", "loop.py", "train.py", "words.yaml")}
    assert same == {"stage1/loop.py": before["stage1/loop.py"]}
    (checkout / "stage1" / "words.yaml").write_text("a: 2\n")
    assert changed_files(before, contents_of("stage1")) == ["stage1/words.yaml"]


def test_a_package_that_finds_its_modules_by_itself_counts_all_of_them(checkout: Path) -> None:
    (checkout / "stage1/loop.py").write_text("from espalier import kinds\n")
    (checkout / "espalier/kinds").mkdir()
    (checkout / "espalier/kinds/one.py").write_text("from espalier import other\n")
    for text, there in (("", False), ("import pkgutil\n", True)):
        (checkout / "espalier/kinds/__init__.py").write_text(text)
        assert ({"espalier/kinds/one.py", "espalier/other.py"} <= set(behind())) == there


def test_a_module_that_discovers_those_beside_it_counts_all_of_them(checkout: Path) -> None:
    (checkout / "stage1/loop.py").write_text("from espalier.kinds import opening\n")
    (checkout / "espalier/kinds").mkdir()
    (checkout / "espalier/kinds/one.py").write_text("from espalier import other\n")
    (checkout / "espalier/kinds/opening.py").write_text("def names():\n    return discover(__package__)\n")
    assert "espalier/kinds/one.py" not in behind()
    (checkout / "espalier/kinds/opening.py").write_text("from espalier.discover import discover\n")
    assert {"espalier/kinds/one.py", "espalier/other.py"} <= set(behind())


def test_the_real_commands_have_code_behind_them() -> None:
    code_behind.code_behind.cache_clear()
    for command in ("stage1/train.py", "data_mix/build.py", "data_mix/generate.py", "evaluation/run.py"):
        found = code_behind.code_behind(command)
        assert command in found and "espalier/errors.py" in found
    assert not any("evaluation/" in name for name in code_behind.code_behind("stage1/train.py"))
    assert "training/objectives/sft.py" in code_behind.code_behind("stage1/train.py")


def test_what_is_hashed_is_what_pythons_own_dump_says_without_docstrings() -> None:
    """Else an artifact that was begun before would take the same code for other code."""
    for path in sorted((paths.repo_root() / "evaluation").rglob("*.py"))[::5]:
        tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):
            for field in ("body", "orelse", "finalbody"):
                statements = getattr(node, field, None)
                if isinstance(statements, list):
                    statements[:] = [each for each in statements if not code_behind._is_text(each)]
        assert code_behind._written(ast.parse(path.read_bytes()), []) == ast.dump(tree), path
