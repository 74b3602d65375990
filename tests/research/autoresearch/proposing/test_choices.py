"""What a file's choices may be is read from their comments, and set without another byte changed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from research.autoresearch.proposing.choices import Between, OneOf, point_of, read_choices, rest_of, set_choices
from research.autoresearch.tasks import TASKS

PATH = "train.py"
FILE = '''"""A training."""
from dataclasses import dataclass

@dataclass(frozen=True)
class Choices:
    """Chosen."""

    name: str = "plain"  # nothing that can be searched
    mlp: str = "gelu"  # gelu | swiglu | geglu; an α of the block
    depth: int = 4  # 2 to 12
    width: int = 128  # 64 to 256 by 64; of the stream
    lr: float = 0.001  # 0.0003 to 0.03 log; the peak
    clip: float = 1.0  # 0 to 10
    heads: int = 4  # 2 | 4 | 8
    tied: bool = True
    decay: float = 0.3  # 0.1 to 0.9 where mlp = swiglu; sense elsewhere it has none
    low: int = -2  # -4 to 4


lr = 0.5
'''


def with_line(line: str) -> str:
    return FILE.replace("    tied: bool = True\n", f"    {line}\n")


def test_each_kind_of_comment_is_a_space() -> None:
    spaces = {name: choice.space for name, choice in read_choices(FILE, PATH).items()}
    assert spaces == {
        "name": None,
        "mlp": OneOf(values=("gelu", "swiglu", "geglu")),
        "depth": Between(low=2, high=12),
        "width": Between(low=64, high=256, step=64),
        "lr": Between(low=0.0003, high=0.03, log=True),
        "clip": Between(low=0.0, high=10.0),
        "heads": OneOf(values=(2, 4, 8)),
        "tied": OneOf(values=(False, True)),
        "decay": Between(low=0.1, high=0.9),
        "low": Between(low=-4, high=4),
    }


def test_a_choice_counts_where_its_condition_holds() -> None:
    decay = read_choices(FILE, PATH)["decay"]
    assert decay.counts_at({"mlp": "swiglu"}) and not decay.counts_at({"mlp": "gelu"})


@pytest.mark.parametrize(
    ("name", "allowed", "not_allowed"),
    [
        ("depth", [2, 12], [1, 13, 4.0, True, "4"]),
        ("width", [64, 192], [96, 320]),
        ("lr", [0.0003, 0.03], [0.0002, 1, "x"]),
        ("mlp", ["gelu"], ["relu", 1]),
        ("tied", [True, False], [1, 0, "True"]),
        ("heads", [8], [3, 8.0, True]),
        ("name", [], ["plain"]),
    ],
)
def test_what_is_allowed_is_of_the_type_and_in_the_range(name: str, allowed: list[Any], not_allowed: list[Any]) -> None:
    choice = read_choices(FILE, PATH)[name]
    assert all(map(choice.allows, allowed)) and not any(map(choice.allows, not_allowed))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("depth: int = 13  # 2 to 12", "13 is not among"),
        ("depth: int = 4  # 2.5 to 12", "no range of values like 4"),
        ("depth: int = 4  # 12 to 2", "no range"),
        ("lr: float = 0.1  # 0.0 to 1.0 log", "no range"),
        ("depth: int = 4  # 2 to 12 by 0", "no range"),
        ("depth: int = 4  # 2 | four", "'four' is no value like 4"),
        ("depth: int = 4  # 2 to 12 where wide", "wants the form"),
        ("depth: int = 2 + 2", "literal"),
        ("depth: int", "literal"),
        ("betas: tuple = (1, 2)", "literal"),
        ('depth: str = ("a"\n        "b")', "one line"),
    ],
)
def test_a_choice_that_says_two_things_is_refused_with_its_line(line: str, said: str) -> None:
    with pytest.raises(UserError, match=f"^{PATH}:15: .*{said}"):
        read_choices(with_line(line), PATH)


@pytest.mark.parametrize("text", ["x = 1", FILE + FILE, "def f(:"])
def test_a_file_has_to_have_one_class_of_choices(text: str) -> None:
    with pytest.raises(UserError):
        read_choices(text, PATH)


def test_nothing_but_the_literals_changes() -> None:
    changed = set_choices(FILE, PATH, {"mlp": "geglu", "lr": 3e-4, "tied": False, "low": 3})
    now = FILE.replace('"gelu"', '"geglu"').replace("= 0.001", "= 0.0003").replace("= True", "= False")
    assert changed == now.replace("= -2", "= 3")
    assert rest_of(changed, PATH) == rest_of(FILE, PATH) != rest_of(FILE.replace("0.5", "0.6"), PATH)


def test_a_value_that_is_not_allowed_is_not_set() -> None:
    with pytest.raises(UserError, match="13 is not among"):
        set_choices(FILE, PATH, {"depth": 13})


values = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(st.characters(codec="utf-8"), max_size=8),
        "mlp": st.sampled_from(["gelu", "swiglu", "geglu"]),
        "depth": st.integers(2, 12),
        "lr": st.floats(0.0003, 0.03),
        "tied": st.booleans(),
        "low": st.integers(-4, 4),
    },
)


@given(point=values, then=values)
def test_what_is_set_is_read_back_and_set_again(point: dict[str, Any], then: dict[str, Any]) -> None:
    changed = set_choices(set_choices(FILE, PATH, point), PATH, then)
    assert point_of(read_choices(changed, PATH)) == point_of(read_choices(FILE, PATH)) | point | then
    assert rest_of(changed, PATH) == rest_of(FILE, PATH)


@pytest.mark.parametrize("task", TASKS)
def test_the_tasks_say_what_may_be_searched(task: str) -> None:
    path = TASKS[task].training
    choices = read_choices((repo_root() / path).read_text(encoding="utf-8"), path)
    assert len([choice for choice in choices.values() if choice.space]) >= 8
    for choice in choices.values():
        assert choice.where is None or choices[choice.where[0]].space.holds(choice.where[1])  # type: ignore[union-attr]
