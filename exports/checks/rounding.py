"""What a format makes of weights: the same model with each of them rounded as the export's files hold it.

It is made of what was trained and not of the export, so that a fault of the writer does not stand on both sides.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from exports.exported import Exported

if TYPE_CHECKING:
    from gguf import GGUFReader


def rounded(exported: Exported, whole: Any, file: GGUFReader | None) -> Any:
    """`whole` in float32 with the rounding of the export: that of each tensor's type in a GGUF, or of its data type.

    `whole` itself where nothing is rounded. Types that only llama.cpp's own program writes are left unrounded.
    """
    import torch

    if file is None and exported.config.dtype == "float32":
        return whole
    found = copy.deepcopy(whole)
    if file is None:
        with torch.no_grad():
            for weight in found.parameters():
                weight.copy_(weight.to(getattr(torch, exported.config.dtype)).float())
        return found
    kinds = tensor_types(file)
    name_of = _names(file, found)
    with torch.no_grad():
        for name, weight in found.named_parameters():
            kind = kinds.get(name_of(name))
            if kind is not None and kind != "F32" and weight.ndim == 2:
                weight.copy_(_through(weight, kind, turned=_is_turned(found, name)))
    return found


def tensor_types(file: GGUFReader) -> dict[str, str]:
    """The type of each tensor in a GGUF, by its name there: `{"blk.0.attn_q.weight": "Q8_0"}`."""
    return {tensor.name: tensor.tensor_type.name for tensor in file.tensors}


def facts(file: GGUFReader) -> dict[str, Any]:
    """What the head of a GGUF says, but for its lists of tokens and merges, which are long."""
    from gguf import GGUFValueType

    fields = file.fields.items()
    return {name: field.contents() for name, field in fields if field.types[:1] != [GGUFValueType.ARRAY]}


def is_known(kind: str) -> bool:
    """Whether a type's rounding is known here, and not only to llama.cpp's own program."""
    return not kind.endswith("_K") and not kind.startswith("IQ")


def _names(file: GGUFReader, model: Any) -> Any:
    """From a parameter's name in transformers to that in a GGUF."""
    from gguf import MODEL_ARCH_NAMES, get_tensor_name_map

    architecture = file.fields["general.architecture"].contents()
    arch = next(key for key, name in MODEL_ARCH_NAMES.items() if name == architecture)
    table = get_tensor_name_map(arch, model.config.get_text_config().num_hidden_layers)
    return lambda name: table.get_name(name, try_suffixes=(".weight", ".bias")) or ""


def _is_turned(model: Any, name: str) -> bool:
    """Whether transformers keeps a matrix with its inputs first (GPT-2), where blocks go along inputs."""
    return type(model.get_submodule(name.rpartition(".")[0])).__name__ == "Conv1D"


def _through(weight: Any, kind: str, *, turned: bool) -> Any:
    """A matrix written in a type and read again."""
    import torch
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize, quantize

    if not is_known(kind):
        return weight
    as_type = GGMLQuantizationType[kind]
    values = (weight.T if turned else weight).contiguous().numpy()
    again = torch.from_numpy(dequantize(quantize(values, as_type), as_type)).reshape(values.shape)
    return again.T if turned else again
