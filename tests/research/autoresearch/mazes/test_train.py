"""The trainer of mazes: the same bytes by the same seed, able to learn by all its choices, asked where it is sure."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from research.autoresearch.mazes import train
from research.autoresearch.mazes.mazes import ARRIVED, STEPS, draw, longest, score
from research.autoresearch.mazes.train import Choices, Model, load, loss_everywhere, loss_of, main, rate, size_at

SMALL = {"ticks": 4, "neurons": 64, "pairs": 32, "width": 16, "depth": 2, "batch": 16, "lr": 0.005}
MOVES = longest(9)


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller by default than what is trained for real."""
    for name, value in SMALL.items():
        monkeypatch.setitem(Choices.__init__.__kwdefaults__, name, value)


def words(given: Path, out: Path, steps: int, *more: str) -> list[str]:
    amount = ["--budget", str(steps * SMALL["batch"] * MOVES), "--budget_in", "tokens", "--threads", "1"]
    return ["--size", "9", "--given", str(given), "--out", str(out), *amount, *more]


def test_the_same_seed_gives_the_same_bytes(given: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert main(words(given, tmp_path / name, 3, "--seed", seed)) == 0
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b != c


def test_what_is_loaded_is_what_was_trained(given: Path, tmp_path: Path) -> None:
    main(words(given, tmp_path / "out", 3, "--ticks", "5"))
    model = load(tmp_path / "out")
    images = torch.from_numpy(draw(6, 9, 0).images)
    routes = model.routes(images)
    assert model.ticks == 5 and routes.shape == (6, MOVES) and routes.dtype == torch.int64
    assert routes.min() >= 0 and routes.max() <= ARRIVED
    assert torch.equal(routes, load(tmp_path / "out").routes(images))
    assert torch.equal(routes[:2], model.routes(images[:2])), "whatever else is asked"


def test_a_brain_has_regions_that_hear_one_another(given: Path, tmp_path: Path) -> None:
    main(words(given, tmp_path / "out", 3, "--brain"))
    model = load(tmp_path / "out")
    assert len(model.regions) == 3
    images = torch.from_numpy(draw(2, 9, 0).images)
    before = model(images)
    with torch.no_grad():
        model.regions[2].firing.add_(1.0)
        model.route.weight[:, 2 * SMALL["pairs"] :].zero_()
        changed = model(images)
        model.route.weight.zero_()
        deaf = model(images)
    assert not torch.allclose(before[-1], changed[-1]) and not torch.allclose(changed[-1], deaf[-1])


VARIANTS = [
    {},
    {"regions": 2, "memory": 2, "hidden": 1, "heads": 1, "shared": True},
    {
        "places": False,
        "lookahead": 20,
        "first_move": 5.0,
        "everywhere": 1.0,
        "grow": 0.0,
        "head_width": 8,
        "warmup": 0.0,
    },
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: next(iter(variant), "plain"))
def test_every_choice_learns(
    variant: dict[str, object], given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variant.items():
        monkeypatch.setitem(Choices.__init__.__kwdefaults__, name, value)
    main(words(given, tmp_path / "out", 60))
    mazes = draw(256, 9, 1)
    model = load(tmp_path / "out")
    images, routes = torch.from_numpy(mazes.images), torch.from_numpy(mazes.routes)
    untrained = Model(replace(Choices(), **variant), 9)
    with torch.no_grad():
        assert loss_of(model(images), routes, Choices()) < 0.93 * loss_of(untrained(images), routes, Choices())
    assert score(model.routes(images).numpy(), mazes).first_step > 0.2


def test_every_parameter_has_a_gradient() -> None:
    for variant in VARIANTS:
        choices = replace(Choices(), **variant)
        model, mazes = Model(choices, 9), draw(8, 9, 0)
        images = torch.from_numpy(mazes.images)
        loss = loss_of(model(images), torch.from_numpy(mazes.routes), choices)
        if model.everywhere:
            loss = loss + loss_everywhere(model.everywhere(model.eye(images)), images)
        loss.backward()
        without = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
        assert [name for name in without if not name.endswith("fading")] == []


def told(*ticks: list[list[float]]) -> torch.Tensor:
    """Logits of one maze: by tick and move, of the five moves."""
    return torch.tensor(ticks)[:, None]


SURE, UNSURE, WRONG = [9.0, 0, 0, 0, 0], [1.0, 0, 0, 0, 0], [0, 9.0, 0, 0, 0]


def test_the_surest_tick_is_asked() -> None:
    model = Model(Choices(), 9)
    logits = told([UNSURE] * 2, [WRONG] * 2, [SURE, UNSURE])
    model.forward = lambda pixels: logits  # type: ignore[method-assign]
    assert model.routes(torch.zeros(1, 9, 9, 3)).tolist() == [[1, 1]]


def test_a_loss_is_that_of_the_best_tick_and_of_the_surest() -> None:
    right = torch.zeros(1, 2, dtype=torch.int64)
    choices = replace(Choices(), lookahead=20)
    best, surest = (loss_of(told([tick] * 2), right, choices) for tick in (UNSURE, WRONG))
    assert loss_of(told([UNSURE] * 2, [WRONG] * 2), right, choices) == pytest.approx((best + surest).item() / 2)


def test_moves_count_as_far_as_they_are_right_and_a_little_further() -> None:
    right = torch.zeros(1, 6, dtype=torch.int64)
    choices = replace(Choices(), lookahead=2)
    later = [[SURE, WRONG, WRONG, end, end, end] for end in (SURE, WRONG)]
    near, far = (loss_of(told(moves), right, choices) for moves in later)
    assert near == far, "one is right, two are looked at beyond"
    assert loss_of(told(later[1]), right, replace(choices, lookahead=3)) > far
    heavy = replace(choices, first_move=10.0)
    assert loss_of(told(later[0]), right, heavy) < near, "the first move, which is right, counts more"


def test_every_cell_on_the_way_is_asked_for_its_move() -> None:
    mazes = draw(20, 13, 0)
    images = torch.from_numpy(mazes.images)
    logits = torch.zeros(20, 6, 6, 4)
    for maze, route in enumerate(mazes.routes):
        row, column = (torch.tensor(mazes.pixels[maze]) == torch.tensor([255, 0, 0])).all(dim=2).nonzero()[0] // 2
        for move in route[route != ARRIVED]:
            logits[maze, row, column, move] = 50.0
            row, column = row + STEPS[move][0], column + STEPS[move][1]
    right = loss_everywhere(logits.flatten(1, 2), images)
    nothing = loss_everywhere(torch.zeros(20, 36, 4), images)
    assert nothing == pytest.approx(math.log(4)) and right < nothing
    wrong = loss_everywhere(logits.roll(1, dims=3).flatten(1, 2), images)
    cells = round(50 / ((wrong - right).item() / (mazes.routes != ARRIVED).sum()))
    assert wrong > 5 and 20 * 10 < cells <= 20 * 35, "all cells as far as routes go, but the goal"


def test_mazes_grow_to_their_size() -> None:
    sizes = [size_at(replace(Choices(), grow=0.5), 21, part / 100) for part in range(101)]
    assert sizes == sorted(sizes) and set(sizes) == {9, 11, 13, 15, 17, 19, 21} and sizes[49:51] == [19, 21]
    assert size_at(replace(Choices(), grow=0.0), 21, 0.0) == 21


def test_a_rate_rises_and_ends_where_it_should() -> None:
    choices = replace(Choices(), warmup=0.1, last_lr=0.2)
    rates = [rate(choices, part / 1000) for part in range(1001)]
    assert all(0 < each <= 1 for each in rates) and rates.index(max(rates)) in range(95, 105)
    assert rates[-1] == pytest.approx(0.2)


def test_flops_are_counted_for_each_size(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = {}
    for grow in (0.0, 0.9):
        monkeypatch.setitem(Choices.__init__.__kwdefaults__, "grow", grow)
        amount = ["--budget", "3e9", "--budget_in", "flops"]
        main(["--size", "15", "--given", str(given), "--out", str(tmp_path / str(grow)), *amount])
        steps[grow] = int(capsys.readouterr().out.partition("num_steps:")[2].split()[0])
    assert steps[0.9] > 1.15 * steps[0.0] >= 5, "smaller mazes cost less, and larger ones what they cost"
    assert steps[0.9] < 1.9 * steps[0.0]


def test_a_loss_that_is_no_number_ends_it(given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "loss_of", lambda logits, routes, choices: logits.sum() * float("nan"))
    with pytest.raises(SystemExit, match="no longer a number"):
        main(words(given, tmp_path / "out", 3))
    assert not any((tmp_path / "out").iterdir())
