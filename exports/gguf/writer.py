"""Write a model into one GGUF file, tensor by tensor."""

from __future__ import annotations

import errno
import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import gguf
import numpy as np

from espalier.errors import UserError
from exports import merge
from exports.exported import Exported
from exports.gguf import quantising
from exports.gguf.architectures import architecture_of
from exports.gguf.architectures.base import Architecture
from exports.gguf.tokens import write_tokenizer
from exports.gguf.weights import Weights, open_weights
from exports.templates.choosing import choose
from exports.templates.reading import as_engines_read


class Tensor(NamedTuple):
    """A tensor on its way into the file."""

    name: str
    """In GGUF."""
    shape: tuple[int, ...]
    kind: gguf.GGMLQuantizationType
    read: Callable[[], np.ndarray]
    """What is in it, in float32."""

    @property
    def size(self) -> int:
        """Bytes in the file."""
        values, size = gguf.GGML_QUANT_SIZES[self.kind]
        return math.prod(self.shape) // int(values) * int(size)


def write(exported: Exported) -> None:
    """Write `NAME.gguf`. UserError where GGUF or llama.cpp cannot say what the model is."""
    from transformers import AutoConfig

    quant = exported.quant
    assert quant is not None
    quantising.check_program(quant)
    architecture = architecture_of(AutoConfig.from_pretrained(exported.architecture_folder))
    path = exported.gguf
    ours = quant in quantising.WRITTEN
    first = path if ours else path.with_suffix(".full")
    with open_weights(exported.run, lambda: merge.plain_model(exported)) as weights:
        write_file(first, exported, architecture, weights, quant if ours else "f16")
    if not ours:
        quantising.quantise_file(first, path, quant)
        first.unlink()


def write_file(path: Path, exported: Exported, architecture: Architecture, weights: Weights, quant: str) -> None:
    """Settings, tokenizer and tensors into one file. One tensor at a time is in memory."""
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture.arch])
    try:
        _write_facts(writer, exported, quant)
        architecture.write_settings(writer)
        write_tokenizer(writer, exported.renderer, architecture.vocab_size)
        tensors = list(_tensors(architecture, weights, quant))
        for tensor in tensors:
            writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), tensor.size, tensor.kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in tensors:
            writer.write_tensor_data(_packed(tensor))
    except OSError as error:
        if error.errno is None:  # numpy says how much it wrote, and not that there was no room for the rest
            raise OSError(errno.ENOSPC, str(error), str(path)) from error
        raise
    finally:
        writer.close()


def _write_facts(writer: gguf.GGUFWriter, exported: Exported, quant: str) -> None:
    """What it is, how it is asked, and how its replies are drawn where nobody says otherwise."""
    sampling = exported.sampling
    writer.add_type("model")
    writer.add_name(exported.name)
    writer.add_file_type(quantising.WRITTEN[quant][1])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_sampling_temp(sampling.temperature)
    writer.add_sampling_top_k(sampling.top_k)
    writer.add_sampling_top_p(sampling.top_p)
    writer.add_sampling_min_p(sampling.min_p)
    writer.add_sampling_penalty_repeat(sampling.repeat_penalty)
    writer.add_chat_template(choose(exported.renderer, as_engines_read(exported.renderer)))


def _tensors(architecture: Architecture, weights: Weights, quant: str) -> Iterator[Tensor]:
    names = {ours: name for ours in sorted(weights.shapes) if (name := architecture.name(ours)) is not None}
    output = "output.weight" if "output.weight" in names.values() else "token_embd.weight"

    def reader(ours: str, name: str) -> Callable[[], np.ndarray]:
        return lambda: architecture.convert(name, weights.read(ours))

    for ours, name in names.items():
        shape = architecture.shape(name, weights.shapes[ours])
        yield Tensor(name, shape, quantising.kind_of(name, shape, quant, is_output=name == output), reader(ours, name))
    for name, found in architecture.more():
        yield Tensor(name, found.shape, gguf.GGMLQuantizationType.F32, partial(np.asarray, found))


def _packed(tensor: Tensor) -> np.ndarray:
    """As it lies in the file. UserError where 16 bits do not hold a value."""
    found = tensor.read()
    if tensor.kind == gguf.GGMLQuantizationType.F16 and float(np.abs(found).max(initial=0)) > np.finfo(np.float16).max:
        raise UserError(f"{tensor.name}: has values that f16 does not hold; export it with --quant bf16 or f32")
    packed: np.ndarray = gguf.quants.quantize(found, tensor.kind)
    return packed
