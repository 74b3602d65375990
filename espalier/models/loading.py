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
from espalier.models.adapters import ADAPTER_CONFIG, Grown, is_adapter, put_on, standing
from espalier.models.adapters import ADAPTER_WEIGHTS as ADAPTER_WEIGHTS
from espalier.models.adapters import INFO as INFO
from espalier.models.adapters import base_of as base_of
from espalier.models.adapters import info as info
from espalier.models.devices import choose_device, choose_dtype
from espalier.models.references import ModelRef as ModelRef
from espalier.models.references import resolve as resolve
from espalier.models.sharded import put_together
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import Thinking

WEIGHTS = "model.safetensors"


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
    if (folder / ADAPTER_CONFIG).exists() and not (folder / "tokenizer_config.json").exists():
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


def load_model(
    reference: ModelRef, *, device: str, dtype: Any, load_in_4bit: bool = False, trust_remote_code: bool = False
) -> Any:
    """The model of `reference`, in evaluation mode; an adapter comes with the base it was trained on, not merged.

    Raises UserError where weights are not safetensors, or an adapter's base is not the one it was trained on.
    """
    how = {"device": device, "dtype": dtype, "load_in_4bit": load_in_4bit, "trust_remote_code": trust_remote_code}
    hush()
    found = standing(reference, with_code=trust_remote_code)
    if found.adapters:
        return put_on(load_base(found.ground, **how), found.adapters)
    return _load_full(reference, device, dtype, load_in_4bit, trust_remote_code)


def load_base(reference: ModelRef, **how: Any) -> Any:
    """The model of `reference` as something to build on: adapters merged, weights random if `random_seed` says so.

    `how` is what `load_model` takes. In 4 bits, adapters are merged before weights are quantised: so the base is the
    quantised form of what it is otherwise, in training and wherever it is loaded later. A base that came quantised is
    brought back to full precision before anything is merged into it.
    """
    if how.get("load_in_4bit") and is_adapter(reference) and reference.random_seed is None:
        with tempfile.TemporaryDirectory() as folder:
            whole = load_base(reference, **how | {"load_in_4bit": False, "device": "cpu"})
            whole.save_pretrained(folder)
            del whole
            return load_model(replace(reference, path=Path(folder)), **how)
    found = standing(reference, with_code=how.get("trust_remote_code", False))
    if found.adapters:
        model = _in_full_precision(load_base(found.ground, **how), found.ground)
        model = put_on(model, found.adapters).merge_and_unload()
    else:
        model = load_model(reference, **how)
    return model if reference.random_seed is None else randomise(model, reference.random_seed)


def _in_full_precision(model: Any, reference: ModelRef) -> Any:
    """`model` with weights that can be added to; UserError where those that it came with cannot be brought there."""
    if getattr(model, "hf_quantizer", None) is None:
        return model
    try:
        return model.dequantize()
    except NotImplementedError as error:
        method = model.config.quantization_config.quant_method
        raise UserError(
            f"{reference.spec}: its weights are quantised ({method}), and nothing can be merged into them; take the "
            "base in full precision, or go on from the adapter by growth: stack"
        ) from error


def randomise(model: Any, seed: int) -> Any:
    """A model of the same architecture with fresh random weights: the control that shows what a base is worth."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = type(model)(model.config)
    return fresh.to(device=model.device, dtype=model.dtype).eval()


def _load_full(reference: ModelRef, device: str, dtype: Any, load_in_4bit: bool, trust_remote_code: bool) -> Any:
    from transformers import AutoModelForCausalLM

    options: dict[str, Any] = {
        "dtype": dtype,
        "attn_implementation": None,  # torch's kernel, or plain operations where the model needs what it cannot do
        "use_safetensors": True,
        "trust_remote_code": trust_remote_code,
    }
    quantised = load_in_4bit or "quantization_config" in _config_of(reference)
    if quantised:
        options |= {"device_map": {"": device}}
    if load_in_4bit:
        options |= {"quantization_config": four_bit(dtype)}
    try:
        model = AutoModelForCausalLM.from_pretrained(reference.path, **options)
    except (OSError, ValueError, ImportError) as error:
        raise UserError(f"{reference.path}: the model cannot be loaded ({_first_line(error)})") from error
    if quantised:
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
    model: Any,
    renderer: ChatRenderer,
    folder: Path,
    base: ModelRef | None,
    weights: dict[str, Any] | None = None,
    grown: Grown | None = None,
) -> None:
    """Write weights, tokenizer, template and `espalier.json` into `folder`; of an adapted model, its topmost adapter,
    and of a reward model its head.

    `base` is the model that the adapter stands on; `weights` what `saved_weights` has found, where that was asked;
    `grown` what was trained on, and how.
    """
    from espalier.models.reward_head import head_of, save_head

    if weights is None:
        weights = saved_weights(model)
    if hasattr(model, "peft_config"):
        from safetensors.torch import save_file

        save_file(weights, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
        model.peft_config[model.active_adapter].save_pretrained(str(folder))
        # peft keeps the names of the target modules in a set: their order would change from process to process.
        settings = records.read_json(folder / ADAPTER_CONFIG)
        settings["target_modules"] = sorted(settings["target_modules"])
        if base is not None:  # as other tools read it; what it was in full stands in our own file
            settings["base_model_name_or_path"] = base.name if base.kind == "hub" else str(base.path)
            settings["revision"] = base.content_hash if base.kind == "hub" else None
            if is_adapter(base):  # they would put it around that one, or beside it under the same name
                settings["base_model_name_or_path"] = settings["revision"] = None
        records.write_json(folder / ADAPTER_CONFIG, settings)
    else:
        hush()
        model.save_pretrained(folder, state_dict=dict(weights))  # which is emptied
    if head := head_of(model):
        save_head(head, folder)
    renderer.tokenizer.save_pretrained(folder)
    stands_on = None
    if base is not None:
        stands_on = {"spec": base.spec, "content_hash": base.content_hash, "random_seed": base.random_seed}
        # Adapters under a quantised base were once merged into its 4 bits: where this is absent, it may be such a one.
        stands_on["in_4_bits"] = bool(getattr(model, "is_loaded_in_4bit", False))
        stands_on["head_in_4_bits"] = getattr(model.get_output_embeddings(), "in_4_bits", False)
        stands_on["stacked"] = bool(grown and grown.stacked)
    template = renderer.template
    written = {
        "format": 2,
        "template_hash": renderer.template_hash,
        "thinking": template.thinking,
        "date": template.date.isoformat() if template.is_dated else None,
        "growth": grown and grown.growth,
        "parent": grown and {"spec": grown.parent.spec, "content_hash": grown.parent.content_hash},
        "base": stands_on,
    }
    records.write_json(folder / INFO, written)


def weights_file(model: Any) -> str:
    """The file that `save_model` writes weights into."""
    return ADAPTER_WEIGHTS if hasattr(model, "peft_config") else WEIGHTS


def saved_weights(model: Any) -> dict[str, Any]:
    """The tensors that `save_model` writes, a reward model's head apart. Of tied tensors only one is stored.

    Where several processes train together, all have to ask, and the first is answered.
    """
    from espalier.models.reward_head import without_head

    if not hasattr(model, "peft_config"):
        tied = getattr(model, "all_tied_weights_keys", {})
        with without_head(model):
            return put_together((name, value) for name, value in model.state_dict().items() if name not in tied)
    from peft import get_peft_model_state_dict

    # With save_embedding_layers="auto" peft would ask the hub whether the vocabulary grew. It never does here.
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: value.cpu().contiguous().clone() for name, value in put_together(state.items()).items()}


def restore_weights(model: Any, folder: Path) -> None:
    """Put the weights that `save_model` wrote back into a model of the same make, bit for bit."""
    from safetensors.torch import load_file, load_model

    from espalier.models.reward_head import head_of, restore_head, without_head

    if hasattr(model, "peft_config"):
        from peft import set_peft_model_state_dict

        set_peft_model_state_dict(model, load_file(folder / ADAPTER_WEIGHTS))
    else:
        with without_head(model):
            load_model(model, folder / WEIGHTS, strict=True)
    if head := head_of(model):
        restore_head(head, folder)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
