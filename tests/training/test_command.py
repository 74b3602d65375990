"""The training layer carries a command that is not Stage 1's: written here as the next stage's would be."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from espalier.artifacts import records
from espalier.artifacts.run import AlreadyDone
from espalier.command_line.config import load_file
from espalier.errors import UserError
from espalier.models.loading import load_for_inference
from stage1.train import main as stage1
from tests.stage1.commands import CORE, TRUNK, make_mix, write_config
from training import objectives, origins
from training.command import begin, fit, load_base, open_packs
from training.config import TrainConfig, TrainOptions
from training.observers import Action, Observer, Step, Verdict
from training.switches import offload, tiled_mlp

QUICK: dict[str, Any] = {"steps": 4, "checkin": {"every": 0}, "heldout": {"every": 0}}


def branch(config: TrainConfig, observers: list[Observer]) -> int:
    mix = origins.find_mix(config, TrainOptions())
    base = origins.find_base(config)
    renderer = origins.base_renderer(config, base)
    with begin(config, TrainOptions(), command="stage1/train.py", mix=mix, base=base) as session:
        packs = open_packs(session, renderer)
        model = load_base(session, renderer)
        return fit(session, model, renderer, packs, observers)


@pytest.fixture
def config(workspace: Path) -> Path:
    make_mix(workspace)
    stage1([str(write_config(workspace, TRUNK, **QUICK))])
    facts = {key: value for key, value in (CORE | QUICK).items() if key not in ("model", "tokenizer")}
    return write_config(workspace, facts, name="branch")


def test_another_command_is_ten_lines(workspace: Path, config: Path) -> None:
    def early(step: Step) -> Verdict:
        return Verdict(Action.STOP, "enough") if step.number == 2 and not resumed else Verdict()

    resumed = False
    assert branch(load_file(TrainConfig, config), [early]) == 0
    run = workspace / "runs" / "branch"
    assert not records.is_complete(run) and [path.name for path in (run / "checkpoints").iterdir()] == ["step-000002"]
    resumed = True
    assert branch(load_file(TrainConfig, config), [early]) == 0
    records.verify_manifest(run)
    assert load_for_inference("branch")
    with pytest.raises(AlreadyDone):
        branch(load_file(TrainConfig, config), [])


def test_weights_of_rows_reach_the_loss_and_are_part_of_what_the_run_is(workspace: Path, config: Path) -> None:
    """Half the weight on every row is half the loss."""
    losses = {}
    for name, weight in (("whole", 1.0), ("half", 0.5)):
        ids = [f"text-{n}" for n in range(60)] + [f"chat-{n}" for n in range(60)]
        table = workspace / f"{name}.csv"
        table.write_text("id,weight\n" + "".join(f"{row_id},{weight}\n" for row_id in ids))
        changes = {"name": name, "row_weights": str(table), "adapter": {"r": 2}}
        facts = {key: value for key, value in (CORE | QUICK | changes).items() if key not in ("model", "tokenizer")}
        assert branch(load_file(TrainConfig, write_config(workspace, facts)), []) == 0
        losses[name] = next(records.read_jsonl(workspace / "runs" / name / "metrics.jsonl"))["loss"]
        assert f"path:{table}" in records.read_json(workspace / "runs" / name / "run.json")["parents"]
        table.write_text(table.read_text().replace(f",{weight}", ",0.75"))
        with pytest.raises(UserError, match="exists with another parents"):
            branch(load_file(TrainConfig, write_config(workspace, facts)), [])
    assert losses["half"] == pytest.approx(losses["whole"] / 2, rel=1e-5)


def test_a_row_longer_than_the_base_can_take_is_told_before_the_first_step(workspace: Path, config: Path) -> None:
    """A row's length, not the sequences': short rows fill a sequence longer than the base without harm."""
    saved = workspace / "runs" / "trunk" / "final" / "config.json"
    described = saved.read_text()
    facts = load_file(TrainConfig, config).model_dump(mode="json") | {"name": "short", "parent": None, "seq_len": 200}
    base = workspace / "base"
    shutil.copytree(saved.parent, base)

    def told(limit: int) -> str:
        (base / "config.json").write_text(
            described.replace('"max_position_embeddings": 512', f'"max_position_embeddings": {limit}')
        )
        branch(TrainConfig.model_validate(facts | {"base": str(base), "name": f"limit-{limit}"}), [])
        return "trained"

    assert told(150) == "trained"
    with pytest.raises(UserError, match=r"row \S+ takes \d+ tokens at once, and .*base takes 8; give a seq_len of 8"):
        told(8)


def test_an_objective_is_chosen_by_the_name_of_its_file(workspace: Path, config: Path) -> None:
    folder = Path(objectives.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(objectives.NAMES)
    for name in sorted({*objectives.NAMES} - {"reward"}):
        assert callable(objectives.make_objective(name, torch.nn.Linear(1, 1), SimpleNamespace(preference=None)))
    with pytest.raises(UserError, match="python feedback/reward.py does"):
        objectives.make_objective("reward", torch.nn.Linear(1, 1), SimpleNamespace(reward=None))
    with pytest.raises(UserError, match="objective: wants .*'sft'.*not 'stf'"):
        stage1([str(write_config(workspace, TRUNK)), "--objective", "stf"])


def test_less_memory_learns_the_same_bit_for_bit_also_when_stopped_and_resumed(
    workspace: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[int] = []
    fetch = offload._Parked.fetch
    monkeypatch.setattr(offload._Parked, "fetch", lambda one: fetched.append(one.index) or fetch(one))

    def early(step: Step) -> Verdict:
        return Verdict(Action.STOP, "enough") if step.number == 2 else Verdict()

    weights = []
    paid = {"gradient_checkpointing": "all", "offload_checkpoints": True}
    facts = {key: value for key, value in (CORE | QUICK).items() if key not in ("model", "tokenizer")}
    for name, memory, observers in (("plain", {}, []), ("less", paid, [early])):
        config = write_config(workspace, facts | {"name": name, "memory": memory})
        for watching in (observers, []):
            if not records.is_complete(workspace / "runs" / name):
                assert branch(load_file(TrainConfig, config), watching) == 0
        weights.append((workspace / "runs" / name / "final" / "adapter_model.safetensors").read_bytes())
    assert weights[0] == weights[1]
    assert fetched == [1, 0] * 2 * 4


def test_tiles_reach_the_model_that_is_trained(workspace: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    tiles = tiled_mlp._tiles
    monkeypatch.setattr(tiled_mlp, "_tiles", lambda x, size: seen.append(size) or tiles(x, size))
    facts = {key: value for key, value in (CORE | QUICK).items() if key not in ("model", "tokenizer")}
    config = write_config(workspace, facts | {"name": "tiled", "memory": {"mlp_tiles": 4}})
    assert branch(load_file(TrainConfig, config), []) == 0
    assert set(seen) == {2 * 32 // 4}
