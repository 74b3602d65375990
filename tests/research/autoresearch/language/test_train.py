"""The plain trainer: strictly causal, the same bytes by the same seed, and able to learn by all its choices."""

import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from espalier.artifacts.paths import repo_root
from research.autoresearch.language import train
from research.autoresearch.language.train import Choices, Model, load, main, rate

SMALL = {"context": 32, "depth": 1, "width": 64, "batch": 4}


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "train.txt").write_text("The cat sat upon the mat, and the dog lay beside it. " * 200)
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller by default than what is trained for real."""
    for name, value in SMALL.items():
        monkeypatch.setitem(Choices.__init__.__kwdefaults__, name, value)


def words(given: Path, out: Path, budget: int = 20 * 4 * 32, *more: str) -> list[str]:
    amount = ["--budget", str(budget), "--budget_in", "tokens", "--threads", "1"]
    return ["--given", str(given), "--out", str(out), *amount, *more]


@pytest.mark.usefixtures("small")
def test_the_same_seed_gives_the_same_bytes(given: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert main(words(given, tmp_path / name, 5 * 4 * 32, "--seed", seed)) == 0
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.usefixtures("small")
def test_what_is_loaded_is_what_was_trained(given: Path, tmp_path: Path) -> None:
    main(words(given, tmp_path / "out"))
    model, seen = load(tmp_path / "out"), torch.randint(0, 256, (3, 32))
    found = model.log_probs(seen)
    assert model.context == 32 and found.shape == (3, 32, 256) and found.dtype == torch.float32
    assert found.logsumexp(-1).abs().max() < 1e-5
    assert torch.equal(found, load(tmp_path / "out").log_probs(seen))


VARIANTS = [
    {},
    {"positions": "rope", "qk_norm": True, "norm": "rms", "mlp": "swiglu", "tied": False},
    {"positions": "none", "norm_at": "after", "mlp": "relu2", "optimizer": "muon", "schedule": "wsd", "lr": 0.003},
    {"norm_at": "both", "mlp": "geglu", "mlp_ratio": 1.3, "schedule": "linear", "head_width": 64, "warmup": 0.0},
    {"dtype": "bfloat16", "schedule": "constant", "head_width": 16, "width": 192, "weight_decay": 0.0},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: next(iter(variant), "plain"))
def test_every_choice_learns_and_never_looks_ahead(
    variant: dict[str, object], given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**SMALL, **variant}.items():
        monkeypatch.setitem(Choices.__init__.__kwdefaults__, name, value)
    main(words(given, tmp_path / "out", 80 * 4 * 32))
    model = load(tmp_path / "out")
    text = torch.tensor(list(b"upon the mat, and the dog lay be"))[None]
    found = model.log_probs(text)
    bits = -found[0, :-1].gather(-1, text[0, 1:, None]).mean() / torch.log(torch.tensor(2.0))
    assert bits < 5.5, "a model that has learned nothing says 8 bits per byte"
    other = text.clone()
    other[0, 20:] = 65
    assert torch.allclose(model.log_probs(other)[:, :20], found[:, :20], atol=1e-5)
    assert torch.allclose(model.log_probs(text[:, :20]), found[:, :20], atol=1e-5), "nor at what is not there"


def test_every_parameter_is_trained() -> None:
    for variant in VARIANTS:
        choices = replace(Choices(), **{**SMALL, **variant})
        model = Model(choices)
        of_optimizers = [
            id(weight)
            for each in train.make_optimizers(model, choices)
            for group in each.param_groups
            for weight in group["params"]
        ]
        assert sorted(of_optimizers) == sorted(map(id, model.parameters()))


@pytest.mark.parametrize("schedule", ["cosine", "linear", "wsd", "constant"])
def test_a_rate_rises_and_ends_where_it_should(schedule: str) -> None:
    choices = replace(Choices(), schedule=schedule, warmup=0.1, last_lr=0.2)
    rates = [rate(choices, part / 1000) for part in range(1001)]
    assert all(0 < each <= 1 for each in rates) and rates.index(max(rates)) in range(95, 105)
    assert rates[-1] == pytest.approx(1.0 if schedule == "constant" else 0.2)


@pytest.mark.usefixtures("small")
def test_flops_are_counted_and_kept_to(given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--given", str(given), "--out", str(tmp_path / "out"), "--budget", "5e8", "--budget_in", "flops"])
    said = capsys.readouterr().out
    params = sum(weight.numel() for weight in Model(replace(Choices(), **SMALL)).parameters())
    steps = int(said.partition("num_steps:")[2].split()[0])
    assert 0.5 * 5e8 < steps * 6 * params * 4 * 32 < 1.5 * 5e8, "six operations for each parameter and byte, or near it"


@pytest.mark.usefixtures("small")
def test_a_loss_that_is_no_number_ends_it(given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Choices.__init__.__kwdefaults__, "lr", 1e30)
    with pytest.raises(SystemExit, match="no longer a number"):
        main(words(given, tmp_path / "out"))
    assert not any((tmp_path / "out").iterdir())


def test_ctrl_c_leaves_nothing_half_written(given: Path, tmp_path: Path) -> None:
    command = [sys.executable, repo_root() / train.__file__, *words(given, tmp_path / "out", 10**12)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert started.stdout is not None and started.stdout.readline().startswith("step 1 ")
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate()
    assert started.returncode == 130 and errors.strip() == "interrupted"
    assert not any((tmp_path / "out").iterdir())


def test_choices_are_plain_and_say_what_they_allow() -> None:
    lines = Path(train.__file__).read_text(encoding="utf-8").splitlines()
    for name, value in asdict(Choices()).items():
        (line,) = (line for line in lines if line.startswith(f"    {name}: "))
        assert f" = {value!r}".replace("'", '"') in line and "  # " in line
