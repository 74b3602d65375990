"""Models by name: find them, load them, save them. Weights are safetensors; code from a hub runs only if asked for.

A folder that Espalier saved holds, beside the Hugging Face files, `espalier.json`: the chat template's hash and, for
an adapter, the base it belongs to by name and content hash. Loading checks both.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from espalier import records
from espalier.chat import ChatRenderer
from espalier.errors import UserError
from espalier.paths import artifact, workspace

INFO = "espalier.json"
WEIGHTS = "model.safetensors"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
_HUB_FILES = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRef:
    """A model that exists."""

    kind: Literal["run", "path", "hub"]
    """Where it was found."""
    name: str
    """Its name there: a run (`basil-core`, or `basil-core@step-000100` for a checkpoint), a path, a hub name."""
    path: Path
    """The folder with its files."""
    content_hash: str
    """SHA-256 over its files, or the hub's commit."""
    random_seed: int | None = None
    """Where given, the architecture counts and the weights are forgotten: random ones of this seed take their place."""

    @property
    def spec(self) -> str:
        """`run:NAME`, `path:FOLDER` or `hub:NAME`, which `resolve` turns into this again."""
        return f"{self.kind}:{self.name}"


def resolve(reference: str) -> ModelRef:
    """The model that `reference` names: a run, a path or a hub name, tried in this order; `run:` etc. say which.

    Raises UserError where there is none, with the runs whose names are nearest.
    """
    kind, colon, name = reference.partition(":")
    if not colon or kind not in ("run", "path", "hub"):
        kind, name = "", reference
    if kind == "run" or (not kind and re.fullmatch(r"[\w.@-]+", name) and _run_folder(name).is_dir()):
        return _resolve_run(name)
    if kind == "path" or (not kind and Path(name).expanduser().is_dir()):
        return _resolve_path(Path(name).expanduser())
    if kind == "hub" or (not kind and re.fullmatch(r"[\w.-]+/[\w.-]+", name)):
        return _resolve_hub(name)
    raise UserError(f"no model {name!r}: neither a run, nor a folder, nor a hub name (owner/model){_nearest(name)}")


def _run_folder(name: str) -> Path:
    return artifact("runs", name.partition("@")[0])


def _nearest(name: str) -> str:
    runs = workspace() / "runs"
    names = [path.name for path in runs.iterdir() if path.is_dir()] if runs.is_dir() else []
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else "; espalier runs lists the runs"


def _resolve_run(name: str) -> ModelRef:
    run, _, checkpoint = name.partition("@")
    folder = _run_folder(name)
    if not folder.is_dir():
        raise UserError(f"no run is called {run!r}{_nearest(run)}")
    if checkpoint:
        path = folder / "checkpoints" / checkpoint
        if not re.fullmatch(r"step-\d+", checkpoint) or not path.is_dir():
            kept = sorted(entry.name for entry in (folder / "checkpoints").glob("step-*"))
            raise UserError(f"run {run} has no checkpoint {checkpoint!r}; it keeps: {', '.join(kept) or 'none'}")
        return ModelRef(kind="run", name=name, path=path, content_hash=_verified(path, "")["content_hash"])
    if not records.is_complete(folder):
        kept = sorted(entry.name for entry in (folder / "checkpoints").glob("step-*"))
        advice = f"; a checkpoint can be named: {run}@{kept[-1]}" if kept else ""
        raise UserError(f"run {run} is not complete: go on with its training command first{advice}")
    manifest = _verified(folder, "final/")
    return ModelRef(kind="run", name=name, path=folder / "final", content_hash=manifest["content_hash"])


def _verified(folder: Path, prefix: str) -> dict[str, Any]:
    """The manifest of `folder`, after comparing the files under `prefix` with it."""
    manifest = records.read_manifest(folder)
    if manifest is None:
        raise UserError(f"{folder}: not complete, it has no {records.MANIFEST}")
    for name, expected in manifest["files"].items():
        if name.startswith(prefix):
            path = folder / name
            if not path.is_file() or records.sha256_file(path) != expected["sha256"]:
                raise UserError(f"{path}: missing or damaged (its hash differs from {records.MANIFEST})")
    return manifest


def _resolve_path(path: Path) -> ModelRef:
    if not (path / "config.json").is_file() and not (path / "adapter_config.json").is_file():
        raise UserError(f"{path}: not a model folder (it has no config.json)")
    digest = hashlib.sha256()
    for file in sorted(entry for entry in path.iterdir() if entry.suffix in {".safetensors", ".json", ".jinja"}):
        digest.update(f"{records.sha256_file(file)}  {file.name}\n".encode())
    return ModelRef(kind="path", name=str(path.resolve()), path=path.resolve(), content_hash=digest.hexdigest())


def _resolve_hub(name: str) -> ModelRef:
    from huggingface_hub import snapshot_download

    try:
        path = Path(snapshot_download(name, allow_patterns=_HUB_FILES))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"{name}: neither a run nor a folder here, and the hub did not give it ({reason})") from error
    return ModelRef(kind="hub", name=name, path=path, content_hash=path.name)


def choose_device(device: str) -> str:
    """`auto` is the GPU where there is one. Raises UserError for a device that is not here."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UserError("device: cuda was asked for, but torch sees no GPU here; use --device cpu")
    return device


def choose_dtype(dtype: str, device: str) -> Any:
    """`auto` is bfloat16 on a GPU and float32 elsewhere."""
    import torch

    if dtype == "auto":
        return torch.float32 if device == "cpu" else torch.bfloat16
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]


def load_renderer(
    reference: ModelRef,
    chat_template: str | None = None,
    *,
    to_train: bool = False,
    trust_remote_code: bool = False,
) -> ChatRenderer:
    """The tokenizer and chat template of a model; `chat_template` is template text for a model that has none.

    Raises UserError where the template is not the one the model was trained with, unless it is `to_train` a new one.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(reference.path, trust_remote_code=trust_remote_code)
    except (OSError, ValueError) as error:
        raise UserError(f"{reference.path}: its tokenizer cannot be loaded ({_first_line(error)})") from error
    renderer = ChatRenderer(tokenizer, chat_template)
    trained_with = info(reference.path).get("template_hash")
    if trained_with and trained_with != renderer.template_hash and not to_train:
        raise UserError(
            f"{reference.spec} was trained with another chat template than the one given or found in {reference.path}; "
            "its replies would be judged in a format it never saw"
        )
    return renderer


def info(folder: Path) -> dict[str, Any]:
    """What `espalier.json` says; empty for a folder that Espalier did not write."""
    path = folder / INFO
    return records.read_json(path) if path.exists() else {}


def load_model(
    reference: ModelRef, *, device: str, dtype: Any, load_in_4bit: bool = False, trust_remote_code: bool = False
) -> Any:
    """The model of `reference`, in evaluation mode; an adapter comes with the base it was trained on, not merged.

    Raises UserError where weights are not safetensors, or an adapter's base is not the one it was trained on.
    """
    hush()
    if (reference.path / "adapter_config.json").exists():
        from peft import PeftModel

        if not (reference.path / ADAPTER_WEIGHTS).is_file():
            raise UserError(f"{reference.path}: it has no {ADAPTER_WEIGHTS}; other formats are not loaded")
        base = load_base(
            base_of(reference),
            device=device,
            dtype=dtype,
            load_in_4bit=load_in_4bit,
            trust_remote_code=trust_remote_code,
        )
        return PeftModel.from_pretrained(base, str(reference.path)).eval()
    return _load_full(reference, device, dtype, load_in_4bit, trust_remote_code)


def load_base(reference: ModelRef, **how: Any) -> Any:
    """The model of `reference` as something to build on: adapters merged, weights random if `random_seed` says so.

    `how` is what `load_model` takes.
    """
    model = load_model(reference, **how)
    if hasattr(model, "peft_config"):
        model = model.merge_and_unload()
    return model if reference.random_seed is None else randomise(model, reference.random_seed)


def randomise(model: Any, seed: int) -> Any:
    """A model of the same architecture with fresh random weights: the control that shows what a base is worth."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = type(model)(model.config)
    return fresh.to(device=model.device, dtype=model.dtype).eval()


def base_of(reference: ModelRef) -> ModelRef:
    """The model that an adapter stands on; UserError where it has changed since."""
    said = info(reference.path).get("base")
    if said is None:
        return resolve(records.read_json(reference.path / "adapter_config.json")["base_model_name_or_path"])
    base = resolve(said["spec"])
    if base.content_hash != said["content_hash"]:
        raise UserError(f"{reference.spec} was trained on another {base.spec} than the one that is there now")
    return replace(base, random_seed=said["random_seed"])


def _load_full(reference: ModelRef, device: str, dtype: Any, load_in_4bit: bool, trust_remote_code: bool) -> Any:
    from transformers import AutoModelForCausalLM

    options: dict[str, Any] = {
        "dtype": dtype,
        "attn_implementation": "sdpa",  # the one that takes the mask of packed rows as it is
        "use_safetensors": True,
        "trust_remote_code": trust_remote_code,
    }
    if load_in_4bit:
        options |= {"quantization_config": four_bit(dtype), "device_map": {"": device}}
    try:
        model = AutoModelForCausalLM.from_pretrained(reference.path, **options)
    except (OSError, ValueError, ImportError) as error:
        raise UserError(f"{reference.path}: the model cannot be loaded ({_first_line(error)})") from error
    if load_in_4bit:
        for module in model.modules():
            # On processors with AVX512-BF16, bitsandbytes would repack these weights at the first evaluation, into
            # bfloat16 scales: training would go on from other weights, and widths that 32 does not divide would fail.
            if hasattr(module, "support_avx512bf16_for_cpu"):
                module.support_avx512bf16_for_cpu = False
        return model.eval()
    return model.to(device).eval()


def hush() -> None:
    """Keep what libraries would print off the screen: bars for files of a few megabytes, and advice meant for us."""
    import logging
    import warnings

    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers|peft")


def four_bit(dtype: Any) -> Any:
    """NF4 with double quantisation (Dettmers et al. 2023, arXiv:2305.14314), computing in `dtype`."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def load_for_inference(
    reference: str,
    device: str = "auto",
    dtype: str = "auto",
    load_in_4bit: bool = False,
    chat_template: str | None = None,
    trust_remote_code: bool = False,
) -> tuple[Any, ChatRenderer]:
    """A model and its renderer by run name, path or hub name. `chat_template` is template text for a base without."""
    found = resolve(reference)
    renderer = load_renderer(found, chat_template, trust_remote_code=trust_remote_code)
    device = choose_device(device)
    model = load_model(
        found,
        device=device,
        dtype=choose_dtype(dtype, device),
        load_in_4bit=load_in_4bit,
        trust_remote_code=trust_remote_code,
    )
    return model, renderer


def save_model(model: Any, renderer: ChatRenderer, folder: Path, base: ModelRef | None) -> None:
    """Write weights, tokenizer, template and `espalier.json` into `folder`; of an adapted model, the adapter only.

    `base` is the model that the adapter stands on.
    """
    if hasattr(model, "peft_config"):
        from safetensors.torch import save_file

        file, weights = saved_weights(model)
        save_file(weights, folder / file, metadata={"format": "pt"})
        model.peft_config["default"].save_pretrained(str(folder))
    else:
        hush()
        model.save_pretrained(folder)
    renderer.tokenizer.save_pretrained(folder)
    stands_on = None
    if base is not None:
        stands_on = {"spec": base.spec, "content_hash": base.content_hash, "random_seed": base.random_seed}
    records.write_json(folder / INFO, {"format": 1, "template_hash": renderer.template_hash, "base": stands_on})


def saved_weights(model: Any) -> tuple[str, dict[str, Any]]:
    """The file that `save_model` writes weights into, and the tensors in it. Of tied tensors only one is stored."""
    if not hasattr(model, "peft_config"):
        tied = getattr(model, "all_tied_weights_keys", {})
        return WEIGHTS, {name: value.detach() for name, value in model.state_dict().items() if name not in tied}
    from peft import get_peft_model_state_dict

    # With save_embedding_layers="auto" peft would ask the hub whether the vocabulary grew. It never does here.
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    return ADAPTER_WEIGHTS, {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}


def restore_weights(model: Any, folder: Path) -> None:
    """Put the weights that `save_model` wrote back into a model of the same make, bit for bit."""
    from safetensors.torch import load_file, load_model

    if hasattr(model, "peft_config"):
        from peft import set_peft_model_state_dict

        set_peft_model_state_dict(model, load_file(folder / ADAPTER_WEIGHTS))
    else:
        load_model(model, folder / WEIGHTS, strict=True)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
