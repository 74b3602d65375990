import copy
import gc
import itertools
import math
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from espalier.artifacts import records
from espalier.artifacts.run import Run
from espalier.errors import UserError
from tests import tiny
from training.batches import Batch, prefetched
from training.checkpoint import Progress
from training.config import LoopSettings
from training.loop import Outcome, train
from training.objectives import Objective
from training.objectives.sft import sft
from training.observers import CONTINUE, Action, Observer, Step, Verdict
from training.optimizers import make_optimizer
from training.sequences import Sequences, token_losses


def batch(number: int, weight: float = 1.0) -> Batch:
    tokens = torch.randint(6, 300, (2, 8), generator=torch.Generator().manual_seed(number))
    sequences = Sequences(
        input_ids=tokens,
        labels=tokens.roll(-1, 1),
        position_ids=torch.arange(8).expand(2, 8),
        rows=torch.tensor([[0] * 8, [1] * 8]),
    )
    return Batch(
        sequences=sequences,
        weights=torch.full((2, 8), weight),
        num_tokens=16,
        row_ids=lambda: [f"row-{number}-a", f"row-{number}-b"],
        num_trained=32,
    )


class Bench:
    """A run of a tiny model, with what is needed to train it."""

    def __init__(self, name: str = "bench", **settings: Any) -> None:
        self.settings = LoopSettings(**{"steps": 4, "grad_accum": 2, "log_every": 2, "checkpoint_every": 3} | settings)
        self.model = tiny.model()
        self.optimizer = make_optimizer(self.model, self.settings.optim)
        self.checkpoints: list[int] = []
        self.run = Run.start(
            name,
            command="test",
            config=self.settings,
            parents={},
            seeds={},
            device="cpu",
            threads=1,
            compile_mode="off",
        )

    def train(
        self,
        *observers: Observer,
        batches: Callable[[int], list[Batch]] = lambda step: [batch(2 * step), batch(2 * step + 1)],
        objective: Objective = sft,
        model: Any = None,
        accelerator: Any = None,
    ) -> Outcome:
        with self.run:
            return train(
                model=model or self.model,
                optimizer=self.optimizer,
                objective=objective,
                batches=batches,
                settings=self.settings,
                run=self.run,
                accelerator=accelerator or Accelerator(cpu=True),
                progress=Progress(),
                observers=observers,
                checkpoint=lambda progress: self.checkpoints.append(progress.step),
            )

    def metrics(self) -> list[dict[str, Any]]:
        return list(records.read_jsonl(self.run.folder / "metrics.jsonl"))


def test_it_trains_logs_and_keeps_checkpoints() -> None:
    bench = Bench()
    seen: list[Step] = []
    outcome = bench.train(lambda step: seen.append(step) or CONTINUE)  # type: ignore[func-returns-value]
    assert outcome.exit_code is None
    assert outcome.progress.step == 4 and outcome.progress.tokens == 4 * 2 * 16
    assert bench.checkpoints == [3, 4]
    assert [(step.number, step.last) for step in seen] == [(0, False), (1, False), (2, False), (3, False), (4, True)]
    rows = bench.metrics()
    assert [row["step"] for row in rows] == [2, 4]
    assert rows[0]["loss"] == pytest.approx((seen[1].loss + seen[2].loss) / 2)
    assert rows[1]["loss"] < rows[0]["loss"] + 1
    assert rows[1]["tokens"] == 128


def test_no_steps_is_a_run_too() -> None:
    bench = Bench(steps=0)
    before = bench.model.state_dict()["lm_head.weight"].clone()
    outcome = bench.train()
    assert (outcome.exit_code, outcome.progress.step) == (None, 0)
    assert torch.equal(before, bench.model.state_dict()["lm_head.weight"])


def test_the_gradient_is_clipped_before_the_step() -> None:
    bench = Bench(steps=1, optim={"clip": 1e-12, "lr": 1.0}, schedule={"warmup": 0, "kind": "constant"})
    moved: list[float] = []

    def watch(*_: object) -> None:
        squares = [(p.grad**2).sum() for p in bench.model.parameters()]
        moved.append(float(torch.stack(squares).sum().sqrt()))

    bench.optimizer.register_step_pre_hook(watch)
    bench.train()
    assert moved[0] <= 1.1e-12
    assert bench.metrics()[0]["grad_norm"] > 1e-3


def test_a_loss_that_is_not_finite_stops_before_the_step_and_names_the_rows() -> None:
    bench = Bench(grad_accum=2)

    def poisoned(step: int) -> list[Batch]:
        return [batch(2 * step), batch(2 * step + 1, weight=math.inf if step == 2 else 1.0)]

    weights: list[torch.Tensor] = []
    with pytest.raises(UserError, match="loss of step 3 is not finite.* rows row-5-a, row-5-b. ") as error:
        bench.train(
            lambda step: weights.append(bench.model.lm_head.weight.detach().clone()) or CONTINUE,  # type: ignore[func-returns-value]
            batches=poisoned,
        )
    assert "row-4" not in str(error.value)
    assert torch.equal(bench.model.lm_head.weight, weights[-1])
    assert bench.checkpoints == []
    assert (bench.run.folder / "failed.json").exists()


@pytest.mark.parametrize(
    ("verdicts", "checkpoints", "steps"),
    [
        ({2: Verdict(Action.CHECKPOINT)}, [2, 3, 4], 4),
        ({1: Verdict(Action.STOP)}, [1], 1),
    ],
)
def test_observers_are_obeyed(verdicts: dict[int, Verdict], checkpoints: list[int], steps: int) -> None:
    bench = Bench()
    others: list[Observer] = [lambda step: CONTINUE, lambda step: verdicts.get(step.number, CONTINUE)]
    outcome = bench.train(*others)
    assert (bench.checkpoints, outcome.progress.step) == (checkpoints, steps)
    assert outcome.exit_code == (None if steps == 4 else 0)


@pytest.mark.parametrize(
    ("word", "checkpoints", "exit_code"), [("checkpoint", [2, 3, 4], None), ("stop", [2], 0), ("dance", [3, 4], None)]
)
def test_the_control_file_is_obeyed(word: str, checkpoints: list[int], exit_code: int | None) -> None:
    bench = Bench()

    def write(step: Step) -> Verdict:
        if step.number == 2:
            (bench.run.folder / "control").write_text(word + "\n")
        return CONTINUE

    outcome = bench.train(write)
    assert (bench.checkpoints, outcome.exit_code) == (checkpoints, exit_code)
    assert not (bench.run.folder / "control").exists()


@pytest.mark.parametrize(("word", "steps"), [("resume", 4), ("stop", 2)])
def test_a_pause_ends_with_a_word(monkeypatch: pytest.MonkeyPatch, word: str, steps: int) -> None:
    bench = Bench()
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        beat = records.read_json(bench.run.folder / "heartbeat.json")
        assert (beat["state"], beat["why"]) == ("paused", "It repeats.")
        if len(naps) == 3:
            (bench.run.folder / "control").write_text(word)

    monkeypatch.setattr("training.loop.time.sleep", nap)
    outcome = bench.train(lambda step: Verdict(Action.PAUSE, "It repeats.") if step.number == 2 else CONTINUE)
    assert (len(naps), outcome.progress.step) == (3, steps)
    assert bench.checkpoints[0] == 2
    done = [(event.step, event.who, event.what) for event in bench.run.signals.events()]
    assert done == [(2, "run", "paused"), (2, "operator", "resumed" if word == "resume" else "stopped")]
    assert "pause at step 2: It repeats." in (bench.run.folder / "journal.md").read_text()


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("pause\nresume", []),
        ("checkpoint\npause\nresume\ncheckpoint", ["checkpoint"]),
        ("resume", []),
        ("stop\nresume", ["stopped"]),
    ],
)
def test_words_count_in_their_order(words: str, done: list[str]) -> None:
    bench = Bench()

    def write(step: Step) -> Verdict:
        if step.number == 2:
            (bench.run.folder / "control").write_text(words)
        return CONTINUE

    bench.train(write)
    found = bench.run.signals.events()
    assert [event.what for event in found] == done
    assert all((event.who, event.step) == ("operator", 2) for event in found)


def test_only_steps_count_as_training_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock is a second later than the last: a pause and an observer look often."""
    ticks = itertools.count()
    monkeypatch.setattr("training.loop.time.perf_counter", lambda: float(next(ticks)))
    bench = Bench(log_every=1)

    def dawdle(step: Step) -> Verdict:
        for _ in range(1000):
            next(ticks)
        return CONTINUE

    bench.train(dawdle)
    assert [row["seconds"] for row in bench.metrics()] == [1.0, 2.0, 3.0, 4.0]
    assert {row["tokens_per_second"] for row in bench.metrics()} == {32.0}


def test_it_tells_what_the_steps_to_come_will_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = itertools.count(step=30)
    monkeypatch.setattr("training.loop.time.perf_counter", lambda: float(next(ticks)))
    Bench(steps=6).train()
    assert "30 s a step, so that the 4 steps left take about 2:00" in capsys.readouterr().out


def test_what_an_objective_says_of_a_step_is_logged_as_its_mean() -> None:
    bench = Bench(log_every=2)

    def telling(model: Any, given: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        loss, _ = sft(model, given)
        return loss, {"first": given.sequences.input_ids[0, 0].float()}

    bench.train(objective=telling)
    first = [float(batch(number).sequences.input_ids[0, 0]) for number in range(8)]
    assert [row["first"] for row in bench.metrics()] == pytest.approx([sum(first[:4]) / 4, sum(first[4:]) / 4])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_checkpoints_and_ends_with_its_code(number: signal.Signals) -> None:
    bench = Bench()
    before = signal.getsignal(number)

    def send(step: Step) -> Verdict:
        if step.number == 1:
            os.kill(os.getpid(), number)
        return CONTINUE

    outcome = bench.train(send)
    assert (bench.checkpoints, outcome.exit_code) == ([1], 128 + number)
    assert signal.getsignal(number) is before


def test_nothing_to_train_is_said() -> None:
    with pytest.raises(UserError, match="nothing in the model is trained"):
        make_optimizer(tiny.model().requires_grad_(False), LoopSettings().optim)


def test_only_matrices_decay() -> None:
    model = tiny.model()
    groups = make_optimizer(model, LoopSettings(optim={"weight_decay": 0.1}).optim).param_groups  # type: ignore[arg-type]
    shapes = {group["weight_decay"]: {p.ndim for p in group["params"]} for group in groups}
    assert shapes == {0.1: {2}, 0.0: {1}}


def test_both_learning_rates_of_muon_follow_the_schedule() -> None:
    bench = Bench("both", steps=4, schedule={"warmup": 3}, optim={"kind": "muon", "lr": 0.01, "muon_lr": 0.05})
    seen: list[tuple[float, float]] = []

    def watch(optimizer: torch.optim.Optimizer, *_: object) -> None:
        rates = {group["hidden"]: group["lr"] for group in optimizer.param_groups}
        seen.append((rates[True], rates[False]))

    bench.optimizer.register_step_pre_hook(watch)
    bench.train()
    assert [hidden for hidden, _ in seen] == pytest.approx([0.0125, 0.025, 0.0375, 0.05 * 1 / 2])
    assert [5 * other for _, other in seen] == pytest.approx([hidden for hidden, _ in seen])
    assert bench.metrics()[-1]["lr"] == pytest.approx(0.01 / 2)


def test_an_observer_sees_the_figures_of_the_step_that_are_logged() -> None:
    bench = Bench(log_every=1)
    seen: list[Step] = []
    bench.train(lambda step: seen.append(step) or CONTINUE)  # type: ignore[func-returns-value]
    assert all(math.isnan(value) for value in (seen[0].loss, seen[0].grad_norm, seen[0].lr))
    for step, row in zip(seen[1:], bench.metrics(), strict=True):
        shown = (step.loss, step.grad_norm, step.lr, step.tokens)
        assert shown == tuple(row[name] for name in ("loss", "grad_norm", "lr", "tokens"))
        assert row["peak_memory_gb"] > 0


def test_the_reasons_of_a_verdict_are_said_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench()
    stop = Verdict(Action.STOP, "loss is rising")
    bench.train(
        lambda step: stop if step.number == 2 else CONTINUE,
        lambda step: Verdict(Action.CHECKPOINT, "not the strongest") if step.number == 2 else CONTINUE,
        lambda step: Verdict(Action.STOP, "gradient too") if step.number == 2 else CONTINUE,
    )
    said = "stop at step 2: loss is rising; gradient too"
    assert said in capsys.readouterr().out and said in (bench.run.folder / "journal.md").read_text()


def test_the_batches_of_the_next_step_are_made_ahead_and_no_others() -> None:
    asked: list[int] = []

    def batches(step: int) -> list[Batch]:
        asked.append(step)
        return [batch(step)]

    with prefetched(batches, 3, torch.device("cpu")) as of:
        for step in range(3):
            assert torch.equal(of(step)[0].sequences.input_ids, batch(step).sequences.input_ids)
    assert asked == [0, 1, 2]


def test_what_goes_wrong_with_a_batch_made_ahead_is_raised() -> None:
    def broken(step: int) -> list[Batch]:
        if step == 2:
            raise UserError("the pack is gone")
        return [batch(step)]

    bench = Bench()
    with pytest.raises(UserError, match="the pack is gone"):
        bench.train(batches=broken)
    assert [row["step"] for row in bench.metrics()] == [2] and gc.get_freeze_count() == 0


def test_an_objective_may_have_a_frozen_reference_pairs_of_rows_and_several_passes() -> None:
    """DPO (Rafailov et al. 2023, arXiv:2305.18290) over pairs of a batch, as the loop would be given it."""

    def make(model: Any, beta: float) -> Objective:
        reference = copy.deepcopy(model).requires_grad_(False)

        def row_log_probs(of: Any, given: Batch) -> torch.Tensor:
            places = torch.arange(given.weights.numel())
            losses = token_losses(of, given.sequences, places)
            rows = torch.zeros(2).index_add(0, given.sequences.rows.flatten(), losses)
            return -rows

        def dpo(model: Any, given: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
            chosen, rejected = given.extras["pairs"].T
            with torch.no_grad():
                before = row_log_probs(reference, given)
            gain = row_log_probs(model, given) - before
            margin = beta * (gain[chosen] - gain[rejected])
            return -torch.nn.functional.logsigmoid(margin).mean() / 2, {"margin": margin.mean()}

        return dpo

    bench = Bench(steps=6, log_every=1, optim={"lr": 0.01}, schedule={"warmup": 0})
    pairs = [replace(batch(number), extras={"pairs": torch.tensor([[1, 0]])}) for number in range(2)]
    bench.train(batches=lambda step: pairs, objective=make(bench.model, beta=0.1))
    rows = bench.metrics()
    assert rows[0]["loss"] == pytest.approx(math.log(2)) and rows[0]["margin"] == 0
    assert rows[-1]["loss"] < rows[0]["loss"] and rows[-1]["margin"] > 0


def of_rank(rank: int, world: int, folder: str) -> None:
    """Trains in one of `world` processes, in `folder`, and leaves its weights there."""
    address = {"MASTER_ADDR": "127.0.0.1", "USE_LIBUV": "0", "ESPALIER_HOME": folder, "ACCELERATE_USE_CPU": "true"}
    os.environ.update(address)
    torch.set_num_threads(1)
    store = torch.distributed.FileStore(f"{folder}/store", world)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=world, store=store)
    os.environ.update({"RANK": str(rank), "WORLD_SIZE": str(world), "LOCAL_RANK": str(rank)})
    bench = Bench() if rank == 0 else Bench(name=f"rank-{rank}")
    accelerator = Accelerator(cpu=True)
    assert accelerator.num_processes == world

    def own(step: int) -> list[Batch]:
        return [both[rank] for both in uneven(step)]

    wrapped = accelerator.prepare_model(bench.model)
    asked: list[int] = []
    bench.train(
        lambda step: asked.append(step.number) or Verdict(Action.STOP if step.number == 3 else Action.CONTINUE),  # type: ignore[func-returns-value]
        batches=own,
        model=wrapped,
        accelerator=accelerator,
    )
    assert (asked, bench.checkpoints) == ([0, 1, 2, 3], [3])
    torch.save(bench.model.state_dict(), f"{folder}/rank-{rank}.pt")
    torch.distributed.destroy_process_group()


def uneven(step: int) -> list[list[Batch]]:
    """Two micro-batches for each of two processes, of which one trains on a fourth of its tokens."""
    made = [batch(10 * step + number) for number in range(4)]
    sparse = made[1].weights.clone()
    sparse[:, 2:] = 0
    made[1] = replace(made[1], weights=sparse)
    total = sum(int((each.weights > 0).sum()) for each in made)
    made = [replace(each, num_trained=total) for each in made]
    return [made[:2], made[2:]]


@pytest.mark.slow
def test_two_processes_learn_what_one_learns_from_all_their_batches(workspace: Path) -> None:
    torch.multiprocessing.spawn(of_rank, args=(2, str(workspace)), nprocs=2)
    alone = Bench(name="alone", grad_accum=4, steps=4, log_every=2)
    alone.train(
        lambda step: Verdict(Action.STOP if step.number == 3 else Action.CONTINUE),
        batches=lambda step: [each for both in uneven(step) for each in both],
    )
    first, second = (torch.load(workspace / f"rank-{rank}.pt", weights_only=True) for rank in range(2))
    for name, value in alone.model.state_dict().items():
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], value, rtol=1e-4, atol=1e-5)
    together = list(records.read_jsonl(workspace / "runs" / "bench" / "metrics.jsonl"))
    assert [row["tokens"] for row in together] == [row["tokens"] for row in alone.metrics()]
    assert together[0]["loss"] == pytest.approx(alone.metrics()[0]["loss"], rel=1e-4)
