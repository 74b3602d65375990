"""Models: load them, save them. Weights are safetensors; code from a hub runs only if asked for.

A folder that Espalier saved holds, beside the Hugging Face files, `espalier.json`: the chat template's hash and, for
an adapter, the base it belongs to by name and content hash. Loading checks both.
"""

from __future__ import annotations

import datetime
import difflib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.devices import choose_device, choose_dtype
from espalier.models.references import ModelRef as ModelRef
from espalier.models.references import folder_hash
from espalier.models.references import resolve as resolve
from espalier.models.sharded import put_together
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import Thinking

INFO = "espalier.json"
WEIGHTS = "model.safetensors"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


def load_renderer(
    reference: ModelRef,
    chat_template: str | None = None,
    *,
    thinking: Thinking | None = None,
    to_train: bool = False,
    trust_remote_code: bool = False,
) -> ChatRenderer:
    """The tokenizer and chat template of a model; `chat_template` is template text for a model that has none.

    What becomes of thoughts, and the date that a template prints, are those that the model was trained with. Raises
    UserError where the template is not, or not used as it was in training, unless it is `to_train` a new model.
    """
    from transformers import AutoTokenizer

    folder = reference.path
    if (folder / "adapter_config.json").exists() and not (folder / "tokenizer_config.json").exists():
        # An adapter of plain peft, which goes by the tokenizer of its base.
        folder = base_of(reference, with_code=trust_remote_code).path
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (OSError, ValueError) as error:
        raise UserError(f"{reference.path}: its tokenizer cannot be loaded ({_first_line(error)})") from error
    said = info(reference.path)
    date = None if to_train or not said.get("date") else datetime.date.fromisoformat(said["date"])
    renderer = ChatRenderer(tokenizer, chat_template, thinking=thinking or said.get("thinking", "drop"), date=date)
    trained_with = said.get("template_hash")
    if trained_with and trained_with != renderer.template_hash and not to_train:
        if trained_with == renderer.template.hash(""):
            raise UserError(
                f"{reference.spec} was trained by an earlier version, which put before some turns what no prompt ends "
                "with; train it again to have it answer as it was taught"
            )
        raise UserError(
            f"{reference.spec} was trained with another chat template than the one given or found in {reference.path}; "
            "its replies would be judged in a format it never saw"
        )
    return renderer


def width_of(reference: ModelRef) -> tuple[int, int] | None:
    """Size of the residual stream and inner size of the feed-forward block; None where the configuration is silent."""
    config = _config_of(reference)
    config = config.get("text_config", config)
    width = config.get("hidden_size") or config.get("n_embd")
    inner = config.get("intermediate_size") or config.get("n_inner") or (width and 4 * width)
    return (width, inner) if width and inner else None


def context_of(reference: ModelRef) -> int | None:
    """How many tokens the model can take at once; None where its configuration does not say."""
    config = _config_of(reference)
    config = config.get("text_config", config)
    limit: int | None = config.get("max_position_embeddings") or config.get("n_positions")
    return limit


def check_architecture(reference: ModelRef, *, trust_remote_code: bool = False) -> None:
    """UserError where transformers has no causal language model of the kind that the model's configuration names."""
    import transformers
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as KNOWN

    config = _config_of(reference)
    kind = config.get("model_type")
    brings_code = "AutoModelForCausalLM" in config.get("auto_map", {})
    if kind is None or kind in KNOWN or (brings_code and trust_remote_code):
        return
    near = difflib.get_close_matches(kind, KNOWN, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    advice = "it brings code of its own: --trust_remote_code true runs it" if brings_code else "a newer one may"
    raise UserError(
        f"{reference.spec}: its config.json names the architecture {kind!r}{hint}, of which transformers "
        f"{transformers.__version__} has no causal language model; {advice}"
    )


def _config_of(reference: ModelRef) -> dict[str, Any]:
    """What config.json says of a model, or of the base of an adapter."""
    path = reference.path / "config.json"
    return records.read_json(path) if path.is_file() else _config_of(base_of(reference))


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
        _check_adapter(reference)
        base = load_base(
            base_of(reference, with_code=trust_remote_code),
            device=device,
            dtype=dtype,
            load_in_4bit=load_in_4bit,
            trust_remote_code=trust_remote_code,
        )
        return put_on(base, reference)
    return _load_full(reference, device, dtype, load_in_4bit, trust_remote_code)


def put_on(base: Any, adapter: ModelRef) -> Any:
    """`base` with an adapter on it, not merged, in evaluation mode. UserError where its weights are not safetensors."""
    from peft import PeftModel

    _check_adapter(adapter)
    return PeftModel.from_pretrained(base, str(adapter.path)).eval()


def _check_adapter(adapter: ModelRef) -> None:
    if not (adapter.path / ADAPTER_WEIGHTS).is_file():
        raise UserError(f"{adapter.path}: it has no {ADAPTER_WEIGHTS}; other formats are not loaded")


def load_base(reference: ModelRef, **how: Any) -> Any:
    """The model of `reference` as something to build on: adapters merged, weights random if `random_seed` says so.

    `how` is what `load_model` takes. In 4 bits, adapters are merged before weights are quantised: so the base is the
    quantised form of what it is otherwise, in training and wherever it is loaded later.
    """
    is_adapter = (reference.path / "adapter_config.json").exists()
    if how.get("load_in_4bit") and is_adapter and reference.random_seed is None:
        with tempfile.TemporaryDirectory() as folder:
            whole = load_base(reference, **how | {"load_in_4bit": False, "device": "cpu"})
            whole.save_pretrained(folder)
            del whole
            return load_model(replace(reference, path=Path(folder)), **how)
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


def base_of(reference: ModelRef, *, with_code: bool = False) -> ModelRef:
    """The model that an adapter stands on, `with_code` that comes with it; UserError where it has changed since."""
    said = info(reference.path).get("base")
    if said is None:
        named = records.read_json(reference.path / "adapter_config.json").get("base_model_name_or_path")
        if not named:
            raise UserError(f"{reference.path}: adapter_config.json names no base; write it as base_model_name_or_path")
        return resolve(named, with_code=with_code)
    base = resolve(said["spec"], with_code=with_code)
    known_by = {base.content_hash} | ({folder_hash(base.path)} if base.kind == "path" else set())
    if said["content_hash"] not in known_by:
        raise UserError(f"{reference.spec} was trained on another {base.spec} than the one that is there now")
    return replace(base, random_seed=said["random_seed"])


def _load_full(reference: ModelRef, device: str, dtype: Any, load_in_4bit: bool, trust_remote_code: bool) -> Any:
    from transformers import AutoModelForCausalLM

    options: dict[str, Any] = {
        "dtype": dtype,
        "attn_implementation": None,  # torch's kernel, or plain operations where the model needs what it cannot do
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
    device = choose_device(device)
    found = resolve(reference, with_code=trust_remote_code)
    renderer = load_renderer(found, chat_template, trust_remote_code=trust_remote_code)
    model = load_model(
        found,
        device=device,
        dtype=choose_dtype(dtype, device),
        load_in_4bit=load_in_4bit,
        trust_remote_code=trust_remote_code,
    )
    return model, renderer


def save_model(
    model: Any, renderer: ChatRenderer, folder: Path, base: ModelRef | None, weights: dict[str, Any] | None = None
) -> None:
    """Write weights, tokenizer, template and `espalier.json` into `folder`; of an adapted model, the adapter only.

    `base` is the model that the adapter stands on; `weights` what `saved_weights` has found, where that was asked.
    """
    if weights is None:
        weights = saved_weights(model)
    if hasattr(model, "peft_config"):
        from safetensors.torch import save_file

        save_file(weights, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
        model.peft_config[model.active_adapter].save_pretrained(str(folder))
        # peft keeps the names of the target modules in a set: their order would change from process to process.
        settings = records.read_json(folder / "adapter_config.json")
        settings["target_modules"] = sorted(settings["target_modules"])
        if base is not None:  # as other tools read it; what it was in full stands in our own file
            settings["base_model_name_or_path"] = base.name if base.kind == "hub" else str(base.path)
            settings["revision"] = base.content_hash if base.kind == "hub" else None
        records.write_json(folder / "adapter_config.json", settings)
    else:
        hush()
        model.save_pretrained(folder, state_dict=dict(weights))  # which is emptied
    renderer.tokenizer.save_pretrained(folder)
    stands_on = None
    if base is not None:
        stands_on = {"spec": base.spec, "content_hash": base.content_hash, "random_seed": base.random_seed}
        # Adapters under a quantised base were once merged into its 4 bits: where this is absent, it may be such a one.
        stands_on["in_4_bits"] = bool(getattr(model, "is_loaded_in_4bit", False))
        stands_on["head_in_4_bits"] = getattr(model.get_output_embeddings(), "in_4_bits", False)
    template = renderer.template
    written = {
        "format": 2,
        "template_hash": renderer.template_hash,
        "thinking": template.thinking,
        "date": template.date.isoformat() if template.is_dated else None,
        "base": stands_on,
    }
    records.write_json(folder / INFO, written)


def weights_file(model: Any) -> str:
    """The file that `save_model` writes weights into."""
    return ADAPTER_WEIGHTS if hasattr(model, "peft_config") else WEIGHTS


def saved_weights(model: Any) -> dict[str, Any]:
    """The tensors that `save_model` writes. Of tied tensors only one is stored.

    Where several processes train together, all have to ask, and the first is answered.
    """
    if not hasattr(model, "peft_config"):
        tied = getattr(model, "all_tied_weights_keys", {})
        return put_together((name, value) for name, value in model.state_dict().items() if name not in tied)
    from peft import get_peft_model_state_dict

    # With save_embedding_layers="auto" peft would ask the hub whether the vocabulary grew. It never does here.
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: value.cpu().contiguous().clone() for name, value in put_together(state.items()).items()}


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
