"""A search that knows nothing but the history: what it draws, and what it never draws."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from espalier.errors import UserError
from research.autoresearch.proposing.base import NothingProposed
from research.autoresearch.proposing.choices import point_of, read_choices, rest_of
from research.autoresearch.proposing.search import How, SearchProposer, _hash

PATH = "research/train.py"
FILE = """class Choices:
    name: str = "plain"
    mlp: str = "gelu"  # gelu | swiglu | geglu
    depth: int = 4  # 2 to 12
    lr: float = 0.001  # 0.0003 to 0.03 log
    decay: float = 0.3  # 0.1 to 0.9 where mlp = swiglu
"""
HOWS: tuple[How, ...] = ("tpe", "neighbours", "random")


class Place:
    """A worktree in which what is proposed is measured by a rule."""

    def __init__(self, folder: Path, text: str = FILE) -> None:
        self.folder, self.best, self.history = folder, text, list[dict[str, Any]]()
        self.file = folder / PATH
        self.file.parent.mkdir(parents=True, exist_ok=True)

    def step(self, how: How, number: int, seed: int = 0) -> dict[str, Any]:
        self.file.write_text(self.best)
        proposal = SearchProposer(PATH, how).propose(self.folder, json.loads(json.dumps(self.history)), number, seed)
        point = point_of(read_choices(self.file.read_text(), PATH))
        assert proposal.details["point"] == point
        value = self.measure(point)
        if value is not None and value <= min((each["val_bpb"] or 9.0 for each in self.history), default=9.0):
            self.best = self.file.read_text()
        self.history.append({"val_bpb": value, "status": "discard", "details": dict(proposal.details)})
        return dict(proposal.details)

    @staticmethod
    def measure(point: dict[str, Any]) -> float | None:
        if point["depth"] > 10:
            return None  # it crashes
        return abs(point["depth"] - 8) / 10 + (point["mlp"] != "swiglu") + abs(point["lr"] - 0.01) * 30 + point["decay"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("how", HOWS)
def test_a_point_is_written_into_the_file_and_told(place: Place, how: How) -> None:
    place.file.write_text(FILE)
    proposal = SearchProposer(PATH, how).propose(place.folder, [], 3, 0)
    now = point_of(read_choices(FILE, PATH))
    changes = proposal.details["changes"]
    assert changes and {name: old for name, (old, _) in changes.items()}.items() <= now.items()
    assert proposal.details["point"] == now | {name: new for name, (_, new) in changes.items()}
    name, (old, new) = next(iter(changes.items()))
    assert proposal.kind == "search" and f"{name} {old} -> {new}" in proposal.description and "name" not in changes


@pytest.mark.parametrize("how", HOWS)
def test_the_same_history_gives_the_same_point_and_another_seed_another(place: Place, how: How) -> None:
    for number in range(12):
        place.step(how, number)
    place.history.pop()
    points = []
    for seed in (0, 0, 1):
        place.file.write_text(place.best)
        points.append(SearchProposer(PATH, how).propose(place.folder, place.history, 11, seed).details["point"])
    assert points[0] == points[1] != points[2]


@pytest.mark.parametrize("how", HOWS)
def test_no_point_is_proposed_twice_also_where_it_differs_in_what_does_not_count(place: Place, how: How) -> None:
    place.best = """class Choices:
    mlp: str = "gelu"  # gelu | swiglu
    depth: int = 4  # 3 to 5
    gate: bool = False  # False | True where mlp = swiglu
"""
    place.measure = lambda point: None if point["depth"] == 3 else 1.0  # type: ignore[method-assign]
    begun = {"point": point_of(read_choices(place.best, PATH)), "rest": _hash(rest_of(place.best, PATH))}
    place.history.append({"val_bpb": 0.5, "details": begun})
    seen = {("gelu", 4, None)}
    for _ in range(8):
        point = place.step(how, len(seen))["point"]
        seen.add((point["mlp"], point["depth"], point["gate"] if point["mlp"] == "swiglu" else None))
    assert len(seen) == 9
    with pytest.raises(NothingProposed, match="all of them are tried"):
        place.step(how, 9)


def test_what_was_measured_draws_the_search_and_what_failed_repels_it(place: Place) -> None:
    for number in range(40):
        place.step("tpe", number)
    best = point_of(read_choices(place.best, PATH))
    assert best["mlp"] == "swiglu" and 6 <= best["depth"] <= 10
    late = [each["details"]["point"] for each in place.history[20:]]
    assert sum(point["mlp"] == "swiglu" for point in late) >= 10
    assert sum(point["depth"] > 10 for point in late) < 4


def test_a_search_sees_what_others_changed_by_their_commits(place: Place) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(place.folder)]
    place.file.write_text(FILE.replace("depth: int = 4", "depth: int = 5"))
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    baseline = {"val_bpb": 2.0, "commit": commit, "confirmed": [{"candidate": 1.0, "incumbent": 2.0}]}
    lost = {"val_bpb": 2.0, "commit": "0" * 40}
    nothing = {"val_bpb": None, "commit": commit, "details": {"output": "I am sorry"}}
    search = SearchProposer(PATH)
    (found,) = search._tried(place.folder, [baseline, lost, nothing, baseline])
    assert found.point["depth"] == 5 and found.values == [2.0, 1.0, 2.0, 1.0]
    small = "class Choices:\n    depth: int = 4  # 4 to 5\n"
    place.file.write_text(small)
    subprocess.run([*git, "commit", "-qam", "y"], check=True)
    baseline["commit"] = "HEAD"
    place.file.write_text(small.replace("= 4", "= 5"))
    with pytest.raises(NothingProposed):
        search.propose(place.folder, [baseline], 1, 0)


def test_what_is_no_longer_allowed_is_not_told_and_hinders_nothing(place: Place) -> None:
    for number in range(10):
        place.step("tpe", number)
    place.best = place.best.replace("gelu | swiglu | geglu", "gelu | swiglu | geglu | relu").replace(
        "2 to 12", "2 to 13"
    )
    place.best = place.best.replace("    name", "    norm: bool = True\n    name")
    assert set(place.step("tpe", 10)["changes"]) <= {"mlp", "depth", "lr", "decay", "norm"}


def test_a_file_with_nothing_to_search_is_an_error(place: Place) -> None:
    place.best = "class Choices:\n    depth: int = 4\n"
    with pytest.raises(UserError, match="no choice of it"):
        place.step("tpe", 0)
