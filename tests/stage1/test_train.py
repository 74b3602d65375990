"""Stage 1 from end to end, in this process; what a command prints and leaves behind, and what it refuses."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from espalier.artifacts import records
from espalier.artifacts.run import Run, recorded
from espalier.errors import UserError
from espalier.models.loading import load_for_inference
from espalier.models.references import resolve
from espalier.signals.store import SignalStore
from stage1.train import main
from tests import processes, tiny
from tests.stage1.commands import CORE, TRUNK, log_of_step, make_mix, write_config
from training.checkpoint import list_checkpoints
from training.config import LoopSettings

TRAIN = "stage1/train.py"
QUICK: dict[str, Any] = {"steps": 4, "checkin": {"every": 0}, "heldout": {"every": 0}}


@pytest.fixture
def mix(workspace: Path) -> Path:
    make_mix(workspace)
    return workspace / "mixes" / "toy"


def summary(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = records.verify_manifest(run)["summary"]
    return found


def weights(run: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(next((run / "final").glob("*.safetensors")))


def test_a_core_and_the_trunk_it_needs(workspace: Path, mix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trunk_config = write_config(workspace, TRUNK)
    config = write_config(workspace, CORE, parent_config=trunk_config.name)
    assert main([str(config)]) == 0
    output = capsys.readouterr().out
    assert "parent trunk is not there yet" in output
    assert "next: espalier chat core\nor:   python evaluation/run.py --models trunk core" in output
    trunk, core = (workspace / "runs" / name for name in ("trunk", "core"))
    for run in (trunk, core):
        names = {path.name for path in run.iterdir()}
        assert {"run.json", "manifest.json", "metrics.jsonl", "journal.md", "signals.db"} <= names
        assert {"report.md", "loss.png", "final", "checkpoints"} <= names
        assert [path.name for path in list_checkpoints(run / "checkpoints")] == ["step-000020", "step-000024"]
        assert "step-" not in json.dumps(records.read_manifest(run))
    assert records.read_json(core / "run.json")["parents"].keys() == {"mix:toy", "run:trunk"}
    facts = summary(core)
    assert facts["steps"] == 24 and 0 < facts["share_trained"] < 1
    assert facts["parameters_trained"] == sum(v.numel() for name, v in weights(core).items() if "lm_head" not in name)
    assert facts["heldout"]["valid"]["fit"]["rows"] == 1 and facts["valid_excess"] > 0
    assert summary(trunk)["heldout"]["valid"]["longer"]["rows"] == 1
    asked = [answer.step for answer in SignalStore.read(core).answers()]
    assert asked == [0, 8, 16, 24]

    model, renderer = load_for_inference("core")
    assert renderer.template_hash == load_for_inference("trunk")[1].template_hash
    assert type(model).__name__ == "PeftModelForCausalLM"
    log = workspace / "agents" / "RUNLOG.md"
    noted = log.read_text()
    assert [line.split()[2] for line in noted.splitlines() if line.startswith("- ")] == ["run:trunk", "run:core"]
    assert "step 24  valid_bits_per_byte" in noted and noted.endswith("; from mix:toy, run:trunk\n")
    assert main([str(config)]) == 0
    assert "core is already complete" in capsys.readouterr().out
    assert log.read_text() == noted

    log.unlink()
    assert main([str(config), "--publish", "false"]) == 0
    assert not log.exists()
    assert main([str(config)]) == 0, "killed between the seal and the note, the same command notes it"
    assert [line.split()[2] for line in log.read_text().splitlines() if line.startswith("- ")] == ["run:core"]


def test_a_parent_leaves_nothing_behind_in_its_childs_process(workspace: Path, mix: Path) -> None:
    """Its precision and its threads are its own: they were global, so that the child took them, or failed."""
    threads = torch.get_num_threads()
    trunk = write_config(workspace, TRUNK, **QUICK, threads=threads + 1, dtype="bfloat16")
    core = write_config(workspace, CORE, **QUICK, parent_config=trunk.name)
    assert main([str(core), "--publish", "false"]) == 0
    assert not (workspace / "agents").exists(), "nor is the parent noted"
    environments = {
        name: records.read_json(workspace / "runs" / name / "run.json")["environment"] for name in ("trunk", "core")
    }
    assert environments["trunk"]["threads"] == threads + 1
    assert environments["core"]["threads"] <= threads


def test_the_newest_checkpoint_of_an_unfinished_run_can_be_talked_to(workspace: Path, mix: Path) -> None:
    config = write_config(workspace, TRUNK, **QUICK)
    assert main([str(config), "--name", "grow-r01-trunk", "--round"]) == 0
    (workspace / "runs" / "grow-r01-trunk" / "manifest.json").unlink()
    with pytest.raises(UserError, match="not complete.*trunk@step-000004"):
        resolve("grow-r01-trunk")
    assert resolve("grow-r01-trunk", unfinished=True).name == "grow-r01-trunk@step-000004"
    assert recorded("grow-r01-trunk")["round"] == {"loop": "grow", "round": 1, "part": "trunk"}


def test_a_mix_that_is_missing_is_built(workspace: Path) -> None:
    messages = [{"role": "user", "content": "I go."}, {"role": "assistant", "content": "You went?"}]
    rows = "".join(json.dumps({"messages": messages, "n": n}) + "\n" for n in range(60))
    (workspace / "mine.jsonl").write_text(rows)
    recipe = {"name": "mine", "sources": [{"path": "mine.jsonl"}], "valid_fraction": 0.0}
    (workspace / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    config = write_config(workspace, TRUNK, **QUICK, mix="mine", rows="chat", recipe="recipe.yaml")
    assert main([str(config)]) == 0
    assert (workspace / "mixes" / "mine" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("changes", "trained"),
    [
        ({"adapter": None}, 1.0),
        ({"init": "random"}, 0.3),
        ({"steps": 0}, 0.3),
        ({"adapter": {"train_embeddings": "tokens"}}, 0.3),
    ],
    ids=["full", "random", "no steps", "tokens"],
)
def test_controls(workspace: Path, mix: Path, changes: dict[str, Any], trained: float) -> None:
    main([str(write_config(workspace, TRUNK, **QUICK))])
    main([str(write_config(workspace, CORE, **(QUICK | {"adapter": {"r": 2}} | changes)))])
    core = workspace / "runs" / "core"
    share = summary(core)["share_trained"]
    assert share == 1.0 if trained == 1.0 else 0 < share < 1
    model, _ = load_for_inference("core")
    ids = torch.tensor([[1, 40, 41, 42, 7]])
    assert torch.isfinite(model(input_ids=ids).logits).all()


def test_an_adapter_on_random_weights_brings_them_along(workspace: Path, mix: Path) -> None:
    """Its base is not the parent, whose weights were forgotten: what is loaded must be what was trained."""
    main([str(write_config(workspace, TRUNK, **QUICK))])
    main([str(write_config(workspace, CORE, **QUICK, init="random"))])
    held = summary(workspace / "runs" / "core")["heldout"]["valid"]["fit"]
    from data_mix.packing.pack import open_packs
    from training.heldout import measure

    model, renderer = load_for_inference("core")
    packs, _, _ = open_packs(mix, renderer, seq_len=32, rows="chat", long_rows="split")
    assert measure(model, packs["valid"], batch_size=16)["fit"] == pytest.approx(held)


def test_a_pretrained_base_with_four_bits(workspace: Path, mix: Path) -> None:
    tiny.saved(workspace / "base", width=64, feed_forward=64)
    config = write_config(workspace, CORE, **QUICK, parent=None, base=str(workspace / "base"), load_in_4bit=True)
    main([str(config), "--adapter.train_embeddings", "none"])
    assert records.read_json(workspace / "runs" / "core" / "run.json")["parents"].keys() == {
        "mix:toy",
        f"path:{workspace / 'base'}",
    }
    model, _ = load_for_inference("core", load_in_4bit=True)
    assert model.base_model.model.is_loaded_in_4bit


def test_an_output_layer_in_four_bits_is_what_is_sampled_and_measured(workspace: Path, mix: Path) -> None:
    tiny.saved(workspace / "base", width=64, feed_forward=64)
    config = write_config(workspace, CORE, steps=4, heldout={"every": 2}, parent=None, base=str(workspace / "base"))
    memory = ["--memory.head_in_4bit", "true", "--memory.embedding_on_cpu", "true"]
    main([str(config), "--adapter.train_embeddings", "none", *memory])
    core = workspace / "runs" / "core"
    assert [answer.step for answer in SignalStore.read(core).answers()] == [0, 4]
    last = [row["heldout_loss"] for row in records.read_jsonl(core / "metrics.jsonl") if "heldout_loss" in row][-1]
    assert summary(core)["heldout"]["valid"]["fit"]["loss"] == pytest.approx(last)
    assert records.read_json(core / "final" / "espalier.json")["base"]["head_in_4_bits"] is True


def refused(complaint: str, *arguments: object) -> str:
    with pytest.raises(UserError, match=complaint) as error:
        main([str(argument) for argument in arguments])
    return str(error.value)


def test_what_is_refused_before_anything_is_written(
    workspace: Path, mix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(workspace, TRUNK)
    refused("--optim.lrr: unknown flag; did you mean --optim.lr", config, "--optim.lrr", "1")
    refused("nowhere.yaml: no such file", "nowhere.yaml")
    refused("cannot be a name", config, "--name", "a/b")
    refused("--round: 'trunk' is no name of a round", config, "--round")
    refused("no complete mix 'elsewhere'.*data_mix/build.py", config, "--mix", "elsewhere")
    refused("exactly one of model, parent and base, not model and base", config, "--base", "x")
    refused("seq_len: 1024 tokens are more than the new model is meant for", config, "--seq_len", "1024")
    core = write_config(workspace, CORE)
    refused("there is no complete run 'trunk'.*--parent_config", core)
    refused("there is no complete run 'trunk'", core, "--mix", "elsewhere")  # told before a mix is built
    refused("no run is called nobody", "--resume", "nobody")
    refused("--optim.lr cannot be given beside it", "--resume", "nobody", "--optim.lr", "1")
    refused("neither a run, nor a folder, nor a hub name", core, "--parent", "null", "--base", "nothing")
    refused("cuda was asked for" if not torch.cuda.is_available() else "", config, "--device", "cuda")
    refused("row_weights: .*nowhere.csv: no such file", config, "--row_weights", "nowhere.csv")
    (workspace / "bad.csv").write_text("id,weight\ntext-0,-1\n")
    refused("bad.csv: row 1: wants an id and a weight", config, "--row_weights", workspace / "bad.csv")
    refused("device: 'gpu' is no device: cpu, cuda, .* a GPU is called cuda", config, "--device", "gpu")
    monkeypatch.setenv("WORLD_SIZE", "2")
    refused("grad_accum: the 1 micro-batch .* by 2 processes.*--micro_batch_size 1 --grad_accum 2", config)
    assert not (workspace / "runs").exists()


def test_a_mistyped_mix_or_parent_is_not_made_under_that_name(workspace: Path, mix: Path) -> None:
    trunk = write_config(workspace, TRUNK, **QUICK)
    main([str(trunk)])
    (workspace / "recipe.yaml").write_text(yaml.safe_dump({"name": "toy", "sources": [{"path": "mine.jsonl"}]}))
    core = write_config(workspace, CORE, parent_config=str(trunk), recipe="recipe.yaml")
    refused("no complete run 'trnk' .did you mean trunk.*trains 'trunk'", core, "--parent", "trnk")
    refused("no complete mix 'tooy' .did you mean toy.*builds 'toy'", core, "--mix", "tooy")
    assert [path.name for path in (workspace / "runs").iterdir()] == ["trunk"]
    assert [path.name for path in (workspace / "mixes").iterdir()] == ["toy"]


def test_a_finished_run_that_was_damaged_is_not_called_complete(workspace: Path, mix: Path) -> None:
    config = write_config(workspace, TRUNK, **QUICK)
    main([str(config)])
    weights = workspace / "runs" / "trunk" / "final" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    refused("model.safetensors: changed since it was made", config)


def test_a_base_of_an_architecture_that_nobody_knows(workspace: Path, mix: Path) -> None:
    base = tiny.saved(workspace / "base")
    config = write_config(workspace, CORE, **QUICK, parent=None, base=str(base))
    said = records.read_json(base / "config.json")
    records.write_json(base / "config.json", said | {"model_type": "lama"})
    refused("names the architecture 'lama' .did you mean llama.*transformers .* has no causal.* newer one", config)
    code = {"auto_map": {"AutoModelForCausalLM": "modeling_lama.Lama"}}
    records.write_json(base / "config.json", said | {"model_type": "lama"} | code)
    refused("code of its own: --trust_remote_code true runs it", config)
    assert not (workspace / "runs").exists()


def test_a_tokenizer_and_a_model_of_different_sizes(
    workspace: Path, mix: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tiny.saved(workspace / "base")
    config = write_config(workspace, CORE, **QUICK, parent=None, base=str(base), adapter={"r": 2})
    model = tiny.model()
    rows = len(tiny.renderer().tokenizer)
    model.resize_token_embeddings(rows + 7)
    model.save_pretrained(base)
    assert main([str(config), "--name", "filled-up"]) == 0
    model.resize_token_embeddings(rows - 7)
    model.save_pretrained(base)
    refused(f"knows {rows} tokens, .* for {rows - 7}: none for token {rows - 1}, .* is in the split train", config)
    model.resize_token_embeddings(rows)
    model.save_pretrained(base)
    tokenizer = tiny.renderer().tokenizer
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|never|>"]})
    tokenizer.save_pretrained(base)
    assert main([str(config), "--name", "unused"]) == 0
    assert f"knows {rows + 1} tokens, the model has embeddings for {rows}; no others" in capsys.readouterr().out


def test_a_base_without_a_template(workspace: Path, mix: Path) -> None:
    base = tiny.saved(workspace / "base")
    (base / "chat_template.jinja").unlink()
    (base / "espalier.json").unlink()
    config = write_config(workspace, CORE, **QUICK, parent=None, base=str(base))
    refused("no chat template; choose one with --chat_template espalier|plain", config)
    assert not (workspace / "runs").exists()
    assert main([str(config), "--chat_template", "plain"]) == 0
    _, renderer = load_for_inference("core")
    assert renderer.template_hash == records.read_json(workspace / "runs/core/final/espalier.json")["template_hash"]


def test_a_finished_name_with_another_configuration(workspace: Path, mix: Path) -> None:
    config = write_config(workspace, TRUNK, **QUICK)
    main([str(config)])
    before = {path: path.read_bytes() for path in (workspace / "runs").rglob("*") if path.is_file()}
    complaint = refused("run trunk exists with another config", config, "--optim.lr", "0.02")
    assert "optim.lr: 0.01 before, 0.02 now" in complaint and "espalier rm trunk" in complaint
    assert before == {path: path.read_bytes() for path in (workspace / "runs").rglob("*") if path.is_file()}


def test_a_run_that_another_process_has(workspace: Path, mix: Path) -> None:
    config = write_config(workspace, TRUNK, **QUICK)
    with Run.start(
        "trunk", command="x", config=LoopSettings(), parents={}, seeds={}, device="cpu", threads=1, compile_mode="off"
    ):
        refused(f"run trunk is in use by process {os.getpid()}", config)


def test_a_loss_that_is_not_finite_names_the_rows(workspace: Path, mix: Path) -> None:
    config = write_config(workspace, TRUNK, checkpoint_every=1, schedule={"warmup": 0, "kind": "constant"})
    complaint = refused("is not finite", config, "--optim.lr", "1e20", "--optim.clip", "1e30")
    assert "text-" in complaint and "the last checkpoint is good" in complaint.replace("\n", " ")
    run = workspace / "runs" / "trunk"
    assert not (run / "final").exists() and not (run / "manifest.json").exists()
    for checkpoint in list_checkpoints(run / "checkpoints"):
        records.verify_manifest(checkpoint)


@pytest.mark.slow
def test_a_flipped_bit_in_the_last_checkpoint(workspace: Path, mix: Path) -> None:
    config = write_config(workspace, TRUNK)
    run = workspace / "runs" / "trunk"
    assert processes.run(TRAIN, config, at=log_of_step(14)).code == -signal.SIGKILL
    path = list_checkpoints(run / "checkpoints")[-1] / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    refusal = processes.run(TRAIN, config)
    (line,) = [line for line in refusal.output.splitlines() if line.startswith("error: ")]
    assert f"checkpoint {path.parent.name} is damaged" in line and "--resume_from step-" in line
    assert refusal.code == 2 and "Traceback" not in refusal.output
    earlier = line.split("--resume_from ")[1].split(",")[0]
    finished = processes.run(TRAIN, config, "--resume_from", earlier)
    assert f"going on from step {int(earlier.removeprefix('step-'))}" in finished.output and finished.code == 0
    records.verify_manifest(run)


@pytest.mark.slow
def test_a_disk_that_fills_up(workspace: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1600k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can make a small disk")
    try:
        make_mix(disk)
        config = write_config(tmp_path, TRUNK, keep_checkpoints=100, checkpoint_every=1)
        os.environ["ESPALIER_HOME"] = str(disk)
        stopped = processes.run(TRAIN, config)
        (line,) = [line for line in stopped.output.splitlines() if line.startswith("error: ")]
        assert stopped.code == 2 and "disk full" in line and "Traceback" not in stopped.output
        kept = list_checkpoints(disk / "runs" / "trunk" / "checkpoints")
        assert kept
        for checkpoint in kept:
            records.verify_manifest(checkpoint)
        assert not (disk / "runs" / "trunk" / "manifest.json").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
