"""How a branch goes on from its parent, through the real command: what is loaded is what was trained."""

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.adapters import base_of, put_on, standing, take_off
from espalier.models.loading import load_base, load_for_inference, load_model, resolve
from stage1.config import Stage1Config
from stage1.train import main
from tests import tiny
from tests.evaluation.backends import models as adapted_models
from tests.processes import run
from tests.stage1.commands import CORE, TRUNK, fingerprint, log_of_step, make_mix, write_config
from training import command
from training.adapters import add_adapter
from training.config import AdapterSettings
from training.growth import settled

QUICK: dict[str, Any] = {"steps": 3, "checkin": {"every": 0}, "heldout": {"every": 0, "final_sequences": 1}}
WIDE = {"num_layers": 2, "width": 64, "feed_forward": 128, "num_heads": 2}
"""What can be held in 4 bits."""
EMBEDDINGS = ("all", "tokens", "none")


@pytest.fixture
def trained(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """A mix and a trunk; and what each run that is trained says at its end, before it is saved."""
    found: dict[str, torch.Tensor] = {}
    finish = command.summary.finish

    def listen(run: Any, config: Any, model: Any, *rest: Any) -> None:
        found[run.name] = tiny.logits(model)
        finish(run, config, model, *rest)

    monkeypatch.setattr(command.summary, "finish", listen)
    make_mix(workspace)
    assert main([str(write_config(workspace, TRUNK, **QUICK, model=WIDE))]) == 0
    return found


def train(workspace: Path, name: str, **changes: Any) -> None:
    settings = CORE | QUICK | {"name": name, "adapter": {"r": 2, "dropout": 0.2}} | changes
    assert main([str(write_config(workspace, settings))]) == 0


def weights(name: str) -> Any:
    from safetensors.torch import load_file

    return load_file(resolve(name).path / "adapter_model.safetensors")


def said(name: str) -> Any:
    return records.read_json(resolve(name).path / "espalier.json")


@pytest.mark.slow
@pytest.mark.parametrize("in_4_bits", [False, True])
def test_every_way_to_grow_on_every_other(workspace: Path, trained: dict[str, torch.Tensor], in_4_bits: bool) -> None:
    """A branch of a branch of a core, each way on each: nine pairs, of which every parent stays as it was."""
    train(workspace, "core", load_in_4bit=in_4_bits, adapter={"r": 2, "dropout": 0.2, "train_embeddings": "tokens"})
    before = {path: path.read_bytes() for path in resolve("core").path.iterdir()}
    names = ["core"]
    for growth in ("merge", "stack", "continue"):
        branch: dict[str, Any] = {"load_in_4bit": in_4_bits, "optim": {"lr": 0.02}}
        new = {} if growth != "continue" else {"adapter": None}
        train(workspace, growth, parent="core", growth=growth, seed=1, **branch | new)
        names.append(growth)
        for again, embeddings in zip(("merge", "stack", "continue"), EMBEDDINGS, strict=True):
            new = {"adapter": {"r": 3, "train_embeddings": embeddings} if again != "continue" else None}
            name = f"{growth}-{again}"
            train(workspace, name, parent=growth, growth=again, seed=2, **branch | new)
            names.append(name)
            assert said(name)["growth"] == again
            assert said(name)["parent"] == {"spec": f"run:{growth}", "content_hash": resolve(growth).content_hash}
    lying = {name: len(standing(resolve(name)).adapters) for name in names}
    assert lying == {
        "core": 1,
        "merge": 1, "merge-merge": 1, "merge-stack": 2, "merge-continue": 1,
        "stack": 2, "stack-merge": 1, "stack-stack": 3, "stack-continue": 2,
        "continue": 1, "continue-merge": 1, "continue-stack": 2, "continue-continue": 1,
    }  # fmt: skip
    grounds = {name: standing(resolve(name)).ground.spec for name in names}
    assert grounds["stack-stack"] == grounds["continue-continue"] == "run:trunk"
    assert (grounds["stack-merge"], grounds["merge-stack"]) == ("run:stack", "run:core")
    for name in names:
        model, _ = load_for_inference(name, device="cpu", load_in_4bit=in_4_bits)
        assert torch.equal(tiny.logits(model), trained[name]), name
        wrapped = [type(module).__name__ for module in model.modules()].count("PeftModelForCausalLM")
        assert wrapped == 1 and not any(p.requires_grad for p in model.parameters())
        if not in_4_bits:
            plain = load_base(resolve(name), device="cpu", dtype=torch.float32)
            assert not hasattr(plain, "peft_config") and type(plain).__name__ == "LlamaForCausalLM"
            torch.testing.assert_close(tiny.logits(plain), trained[name], atol=1e-4, rtol=1e-4)
    assert len({tuple(found.flatten().tolist()) for found in trained.values()}) == len(trained), "none is its parent"
    assert {path: path.read_bytes() for path in resolve("core").path.iterdir()} == before


def test_what_is_trained_on_and_what_is_left_alone(workspace: Path, trained: dict[str, torch.Tensor]) -> None:
    train(workspace, "core")
    train(workspace, "more", parent="core", growth="continue", adapter=None, steps=0)
    assert torch.equal(trained["more"], trained["core"])
    for name, value in weights("core").items():
        assert torch.equal(value, weights("more")[name])
    assert said("more")["base"]["spec"] == "run:trunk"
    train(workspace, "whole", parent="trunk", growth="continue", adapter=None, steps=0)
    assert torch.equal(trained["whole"], trained["trunk"]) and said("whole")["base"] is None
    train(workspace, "beside", parent="core", growth="stack", steps=0)
    assert torch.equal(trained["beside"], trained["core"]), "an update that begins at zero, beside the parent's"
    assert not weights("beside").keys() - weights("core").keys()
    assert said("beside")["base"]["stacked"] and not said("more")["base"]["stacked"]


@pytest.mark.parametrize("init", ["pissa", "eva"])
def test_a_beginning_is_not_made_twice(workspace: Path, trained: dict[str, torch.Tensor], init: str) -> None:
    """What is trained on does not begin again; and a new adapter has its beginning beside a parent with more layers."""
    train(workspace, "core", adapter={"r": 2, "init": init})
    train(workspace, "more", parent="core", growth="continue", adapter=None, steps=0)
    assert torch.equal(trained["more"], trained["core"])
    narrow = {"r": 2, "init": init, "target_modules": ["q_proj"], "layers": "1"}
    train(workspace, "beside", parent="core", growth="stack", adapter=narrow)
    assert torch.equal(tiny.logits(load_for_inference("beside", device="cpu")[0]), trained["beside"])


def test_a_parent_that_lies_below_has_no_dropout(workspace: Path, trained: dict[str, torch.Tensor]) -> None:
    train(workspace, "core", adapter={"r": 2, "dropout": 0.9})
    parent = resolve("core")
    model = add_adapter(
        load_base(resolve("trunk"), device="cpu", dtype=torch.float32),
        AdapterSettings(r=2),
        load_for_inference("core")[1],
        "run:core",
        seed=0,
        parents=[parent],
    ).train()
    ids = torch.tensor(tiny.IDS)
    assert torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits)
    names = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert names and all(".default." in name for name in names)


def test_adapters_are_never_put_around_each_other(workspace: Path, trained: dict[str, torch.Tensor]) -> None:
    train(workspace, "core")
    model, renderer = load_for_inference("core", device="cpu")
    with pytest.raises(ValueError, match="adapters on this model already"):
        put_on(model, [resolve("core")])
    with pytest.raises(ValueError, match="an adapter on this model already"):
        add_adapter(model, AdapterSettings(r=2), renderer, "run:core", seed=0)


@pytest.mark.parametrize("embeddings", EMBEDDINGS)
def test_what_adapters_were_put_on_is_had_back(
    workspace: Path, trained: dict[str, torch.Tensor], embeddings: str
) -> None:
    train(workspace, "core", adapter={"r": 2, "train_embeddings": embeddings})
    train(workspace, "beside", parent="core", growth="stack", adapter={"r": 2, "train_embeddings": embeddings})
    base = load_model(resolve("trunk"), device="cpu", dtype=torch.float32)
    modules = {name: id(module) for name, module in base.named_modules()}
    model = put_on(base, standing(resolve("beside")).adapters)
    assert torch.equal(tiny.logits(model), trained["beside"])
    table, head = (layer() for layer in (model.get_input_embeddings, model.get_output_embeddings))
    assert torch.equal(table.weight, head.weight), "tied"
    base = take_off(model)
    assert {name: id(module) for name, module in base.named_modules()} == modules
    assert torch.equal(tiny.logits(base), trained["trunk"])


@pytest.mark.slow
@pytest.mark.parametrize("growth", ["stack", "continue"])
def test_a_branch_killed_and_resumed(workspace: Path, growth: str) -> None:
    make_mix(workspace)
    main([str(write_config(workspace, TRUNK, **QUICK))])
    main([str(write_config(workspace, CORE, **QUICK))])
    adapter = None if growth == "continue" else {"r": 2, "dropout": 0.2, "train_embeddings": "tokens", "init": "pissa"}
    config = write_config(workspace, CORE, name="branch", parent="core", growth=growth, adapter=adapter, steps=12)
    folder = workspace / "runs" / "branch"
    assert main([str(config)]) == 0
    expected = fingerprint(folder)
    shutil.rmtree(folder)
    for moment, words in ((log_of_step(3), [config]), (log_of_step(7), ["--resume", "branch"])):
        assert run("stage1/train.py", *words, at=moment).code == -signal.SIGKILL
    assert run("stage1/train.py", config).code == 0
    assert fingerprint(folder) == expected


@pytest.mark.parametrize(
    ("parent", "changes", "complaint"),
    [
        ("trunk", {"growth": "stack"}, "run:trunk has none, all its weights were trained; give growth: merge"),
        ("trunk", {"growth": "continue"}, "run:trunk, which has no adapter; leave adapter out"),
        ("trunk", {"growth": "continue", "adapter": None, "load_in_4bit": True}, "load_in_4bit is for frozen weights"),
        ("core", {"growth": "continue"}, "r is 4 here and was 2; layers is '1' here and was None.*leave adapter out"),
        ("dora", {"growth": "stack"}, r"the adapter of run:dora is no plain LoRA \(DoRA\); give growth: merge"),
        ("core", {"growth": "stack", "adapter": None}, "stack lays a new adapter beside the parent's; give adapter"),
        ("core", {"growth": "stack", "adapter": {"kind": "dora"}}, "DoRA's are no sums"),
        ("core", {"growth": "stack", "init": "random"}, "keeps what the parent learned, and init: random forgets it"),
        (None, {"growth": "continue", "adapter": None, "model": WIDE}, "goes on from a parent or a base"),
    ],
)
def test_what_cannot_be_grown_so(
    workspace: Path, trained: Any, parent: str | None, changes: dict[str, Any], complaint: str
) -> None:
    if parent in ("core", "dora"):
        train(workspace, parent, adapter={"r": 2, "kind": "dora" if parent == "dora" else "lora"})
    with pytest.raises(UserError, match=complaint):
        train(workspace, "branch", parent=parent, **{"adapter": {"r": 4, "layers": "1"}} | changes)
    assert not (workspace / "runs" / "branch").exists()


def test_a_base_that_changed_or_is_gone(workspace: Path, trained: Any) -> None:
    train(workspace, "core")
    train(workspace, "beside", parent="core", growth="stack")
    folder = workspace / "runs" / "trunk"
    shutil.move(folder, workspace / "elsewhere")
    with pytest.raises(UserError, match="no run is called 'trunk'"):
        train(workspace, "more", parent="core", growth="continue", adapter=None)
    main([str(write_config(workspace, TRUNK, **QUICK, model=WIDE, seed=5))])
    for growth in ("merge", "stack", "continue"):
        adapter = None if growth == "continue" else {"r": 2}
        with pytest.raises(UserError, match="run:core was trained on another run:trunk than the one that is there now"):
            train(workspace, "branch", parent="core", growth=growth, adapter=adapter)
        assert not (workspace / "runs" / "branch").exists()
    with pytest.raises(UserError, match="run:core was trained on another run:trunk"):
        load_for_inference("beside", device="cpu")


def test_an_adapter_of_another_architecture(workspace: Path, trained: Any, tmp_path: Path) -> None:
    """One that plain peft wrote says which base it belongs to, and nothing of what that was."""
    train(workspace, "core")
    base = tiny.saved(tmp_path / "base", num_layers=1)
    folder = tmp_path / "adapter"
    shutil.copytree(resolve("core").path, folder)
    (folder / "espalier.json").unlink()
    settings = records.read_json(folder / "adapter_config.json")
    for other in (base, tiny.saved(tmp_path / "wider", num_layers=2, width=32)):
        records.write_json(folder / "adapter_config.json", settings | {"base_model_name_or_path": str(other)})
        with pytest.raises(UserError, match=r"path:.*adapter was made for a model of another architecture than its b"):
            load_for_inference(str(folder), device="cpu")
    assert base_of(resolve(str(folder))).name.endswith("wider")


@pytest.mark.parametrize("changes", [{"alpha": 64}, {"rslora": True}, {"r": 3}, {"kind": "dora"}, {"init": "pissa"}])
def test_an_adapter_in_a_folder_is_trained_on_as_it_is(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Another scale would change what it says, before its first step."""
    on = adapted_models.base(tmp_path / "base")
    parent = adapted_models.adapter(tmp_path / "adapter", on, 1)
    config = Stage1Config.model_validate(
        {"name": "more", "mix": "m", "base": parent.spec, "growth": "continue", "adapter": {"r": 2, "dropout": 0.1}}
    )
    assert settled(config, parent).adapter == config.adapter
    assert config.adapter is not None
    other = config.model_copy(update={"adapter": config.adapter.model_copy(update=changes)})
    with pytest.raises(UserError, match=r"trains the adapter of path:.*adapter on as it is.* here and .* there"):
        settled(other, parent)
    settings = records.read_json(parent.path / "adapter_config.json")
    records.write_json(parent.path / "adapter_config.json", settings | {"alpha_pattern": {"q_proj": 4}})
    with pytest.raises(UserError, match="alpha_pattern is {} here and {'q_proj': 4} there"):
        settled(config, parent)


@pytest.mark.parametrize("name", ["q_proj.lora_A.weight", "q_proj.lora_C.weight"])
def test_an_adapter_that_is_not_whole(workspace: Path, trained: Any, tmp_path: Path, name: str) -> None:
    """peft would leave the rest of it as it begins, and pass over what it has no place for."""
    from safetensors.torch import save_file

    train(workspace, "core")
    folder = tmp_path / "adapter"
    shutil.copytree(resolve("core").path, folder)
    found = weights("core")
    key = next(key for key in found if key.endswith("q_proj.lora_A.weight"))
    value = found.pop(key) if name in key else found[key]
    if name not in key:
        found[key.replace("lora_A", "lora_C")] = value.clone()
    save_file(found, folder / "adapter_model.safetensors")
    with pytest.raises(UserError, match=f"another architecture than its base .no (place for )?base_model.*{name}"):
        load_for_inference(str(folder), device="cpu")


def test_nothing_is_merged_into_four_bits(workspace: Path, trained: Any, tmp_path: Path) -> None:
    """A base that comes quantised is brought back first; other tools merge into what is left of it."""
    whole = tiny.saved(tmp_path / "whole", width=64, feed_forward=128)
    small = load_model(resolve(str(whole)), device="cpu", dtype=torch.float32, load_in_4bit=True)
    shutil.copytree(whole, tmp_path / "small")
    small.save_pretrained(tmp_path / "small")
    train(workspace, "core", parent=None, base=str(tmp_path / "small"), adapter={"r": 2})
    model, _ = load_for_inference("core", device="cpu")
    assert type(model.get_base_model().model.layers[0].mlp.up_proj.base_layer).__name__ == "Linear4bit"
    plain = load_base(resolve("core"), device="cpu", dtype=torch.float32)
    assert type(plain.model.layers[0].mlp.up_proj) is torch.nn.Linear
    torch.testing.assert_close(tiny.logits(plain), trained["core"], atol=1e-4, rtol=1e-4)
    train(workspace, "branch", parent="core", adapter={"r": 2})
    assert torch.equal(tiny.logits(load_for_inference("branch", device="cpu")[0]), trained["branch"])
