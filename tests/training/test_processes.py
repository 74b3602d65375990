"""One run trained by two processes, which meet over gloo: what one learns, and one of everything it leaves."""

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records
from espalier.models.loading import load_for_inference
from stage1.train import main
from tests.processes import Ended, Moment, run, run_together
from tests.stage1.commands import CORE, TRUNK, log_of_step, make_mix, write_config
from training.checkpoint import list_checkpoints

pytestmark = pytest.mark.slow
TRAIN = "stage1/train.py"
QUICK: dict[str, Any] = {"steps": 12, "grad_accum": 4, "micro_batch_size": 1}
FSDP2 = {
    "ACCELERATE_USE_FSDP": "true",
    "FSDP_VERSION": "2",
    "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
    "FSDP_RESHARD_AFTER_FORWARD": "true",
}
LORA = CORE | QUICK | {"adapter": {"r": 2, "train_embeddings": "all"}}


@pytest.fixture
def config(workspace: Path) -> Path:
    """An adapter on a trunk, without dropout, which processes draw each for itself."""
    make_mix(workspace)
    main([str(write_config(workspace, TRUNK, steps=4))])
    return write_config(workspace, LORA)


def trained(workspace: Path, name: str) -> list[dict[str, Any]]:
    """What was logged of a complete run, but for the clock and the memory."""
    folder = workspace / "runs" / name
    records.verify_manifest(folder)
    clocks = ("seconds", "tokens_per_second", "peak_memory_gb")
    return [{k: v for k, v in row.items() if k not in clocks} for row in records.read_jsonl(folder / "metrics.jsonl")]


def assert_same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert [row["step"] for row in found] == [row["step"] for row in expected]
    for mine, its in zip(found, expected, strict=True):
        # The norm of a small gradient is what is left of large ones, added up in another order.
        assert mine.pop("grad_norm", 0) == pytest.approx(its.pop("grad_norm", 0), rel=1e-3)
        assert mine == pytest.approx(its, rel=1e-5), mine["step"]


def both(*words: object, at: Moment | None = None, **environment: str) -> list[Ended]:
    ended = run_together(2, TRAIN, *words, at=at, **environment)
    assert ended[1].output.count("\n") == 0 or ended[1].code, ended[1].output
    return ended


def test_two_processes_make_the_run_that_one_makes(workspace: Path, config: Path) -> None:
    main([str(config), "--name", "alone"])
    first, second = both(config, "--name", "together")
    assert (first.code, second.code) == (0, 0), first.output + second.output
    assert_same(trained(workspace, "together"), trained(workspace, "alone"))
    folder = workspace / "runs" / "together"
    assert records.read_json(folder / "run.json")["environment"]["processes"] == 2
    assert (folder / "journal.md").read_text().count("## Step 8") == 1
    names = [{path.name for path in (workspace / "runs" / name).rglob("*")} for name in ("alone", "together")]
    assert names[0] == names[1]
    load_for_inference("together")


@pytest.mark.parametrize("adapter", [None, {"r": 2, "train_embeddings": "all"}])
def test_weights_parted_among_two_learn_what_whole_ones_learn(
    workspace: Path, config: Path, adapter: dict[str, Any] | None
) -> None:
    """FSDP2, as `accelerate launch --use_fsdp --fsdp_version 2` asks for it; killed, it goes on with one process."""
    facts = LORA | {"adapter": adapter, "steps": 8, "name": "parted"}
    config = write_config(workspace, facts)
    main([str(config), "--name", "whole"])
    both(config, at=log_of_step(6), **FSDP2)
    assert [path.name for path in list_checkpoints(workspace / "runs" / "parted" / "checkpoints")] == ["step-000004"]
    shutil.copytree(workspace / "runs" / "parted", workspace / "runs" / "alone")
    for file in ("run.json", "lock"):
        path = workspace / "runs" / "alone" / file
        path.write_text(path.read_text().replace('"parted"', '"alone"'))
    first, second = both("--resume", "parted", **FSDP2)
    assert (first.code, second.code) == (0, 0), first.output + second.output
    assert run(TRAIN, "--resume", "alone", "--allow_changed_environment").code == 0
    for name in ("parted", "alone"):
        assert_same(trained(workspace, name), trained(workspace, "whole"))
        assert load_for_inference(name)[0].config.architectures == ["LlamaForCausalLM"]


def test_killed_it_goes_on_with_two_to_the_same_bits_and_with_one_to_the_same_figures(
    workspace: Path, config: Path
) -> None:
    dropout = write_config(workspace, LORA, name="dropout", adapter={"r": 2, "dropout": 0.3})
    both(dropout, "--name", "whole")
    killed = both(dropout, "--name", "cut", at=log_of_step(8))
    assert killed[0].code == -signal.SIGKILL and killed[1].code
    assert both("--resume", "cut")[0].code == 0
    assert trained(workspace, "cut") == trained(workspace, "whole")
    assert records.sha256_file(weights(workspace, "cut")) == records.sha256_file(weights(workspace, "whole"))

    main([str(config), "--name", "alone"])
    both(config, "--name", "fewer", at=log_of_step(8))
    refused = run(TRAIN, "--resume", "fewer")
    assert refused.code == 2 and "processes: 2 before, 1 now" in refused.output
    assert run(TRAIN, "--resume", "fewer", "--allow_changed_environment").code == 0
    run(TRAIN, config, "--name", "more", at=log_of_step(8))
    assert both("--resume", "more", "--allow_changed_environment")[0].code == 0
    for name in ("fewer", "more"):
        assert_same(trained(workspace, name), trained(workspace, "alone"))


def weights(workspace: Path, name: str) -> Path:
    return workspace / "runs" / name / "final" / "adapter_model.safetensors"


def test_what_is_wrong_is_told_once_and_ends_both(workspace: Path, config: Path) -> None:
    """Before they meet, in what the first does for both, and where the first fails alone."""
    for words in (["--optim.lrr", "1"], ["--mix", "elsewhere"], ["--base", "nothing", "--parent", "null"]):
        ended = both(config, *words)
        assert [each.code for each in ended] == [2, 2]
        assert "".join(each.output for each in ended).count("error:") == 1
    assert not (workspace / "runs" / "core").exists()


def test_a_signal_to_one_stops_both_at_a_checkpoint(workspace: Path, config: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        words = (config, "--name", number.name.lower(), "--steps", "100000", "--checkpoint_every", "50000")
        at = Moment(path=r".*/metrics\.jsonl", number=5, signal=number)
        first, second = both(*words, at=at)
        assert first.code == second.code == 128 + number
        step = int(list_checkpoints(workspace / "runs" / number.name.lower() / "checkpoints")[-1].name[-6:])
        assert f"stopped at step {step}; go on with" in first.output and "Traceback" not in second.output
