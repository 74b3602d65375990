"""Faults planted in exports: which check catches each, and what none would see.

    python research/benchmarks/exports/faults.py NAME [--to merged gguf ollama] [--quant f16 q8_0] [--prompts 64]

A fault is done to a plain copy of the run NAME; the copy is then exported as if it were NAME, and verified against it.
Prints a line for each form and fault. Exit code 1 where one passes, or where the faultless export does not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from exports.config import ExportConfig
    from exports.exported import Exported, Finding

Fault = Callable[[Path, Path], None]
"""What is done to a model's folder; the second holds what it was trained from."""
FAULTS: dict[str, Fault] = {}
_WEIGHTS = "model.safetensors"
_EMBEDDING = "embed_tokens.weight"


def fault(name: str) -> Callable[[Fault], Fault]:
    """Name a fault and list it."""

    def listed(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return listed


@fault("none")
def _none(folder: Path, base: Path) -> None:
    """The same way without a fault: all checks have to pass."""


@fault("template with one space more")
def _space(folder: Path, base: Path) -> None:
    # Behind what asks for a reply, and behind what stands before one that was given: an export mends one without other.
    _template(folder, lambda text: _last(text, "assistant|>'", "assistant|> '").replace("'|>'", "'|> '"))


@fault("no token that begins a text")
def _no_begin(folder: Path, base: Path) -> None:
    _template(folder, lambda text: text.replace("{{ bos_token }}", ""))


@fault("system messages dropped")
def _no_system(folder: Path, base: Path) -> None:
    said = "{%- if message['role'] != 'system' or loop.first -%}"
    _template(
        folder,
        lambda text: (
            text.replace("{%- for message in messages -%}", f"{{%- for message in messages -%}}{said}")
            .replace("{%- endfor -%}", "{%- endif -%}{%- endfor -%}")
            .replace(" or loop.first", "")
        ),
    )


@fault("adapter left out")
def _left_out(folder: Path, base: Path) -> None:
    _weights(folder, base, lambda name, trained, before: before)


@fault("scale doubled")
def _doubled(folder: Path, base: Path) -> None:
    _weights(folder, base, lambda name, trained, before: 2 * trained - before)


@fault("embedding not merged")
def _embedding(folder: Path, base: Path) -> None:
    _weights(folder, base, lambda name, trained, before: before if _EMBEDDING in name else trained)


@fault("one layer not merged")
def _layer(folder: Path, base: Path) -> None:
    _weights(folder, base, lambda name, trained, before: before if ".layers.1." in name else trained)


@fault("one matrix not merged")
def _matrix(folder: Path, base: Path) -> None:
    _weights(folder, base, lambda name, trained, before: before if "layers.0.self_attn.q_proj" in name else trained)


@fault("weight transposed")
def _transposed(folder: Path, base: Path) -> None:
    which = "layers.0.self_attn.o_proj"
    _weights(folder, base, lambda name, trained, before: trained.T.contiguous() if which in name else trained)


@fault("halves of heads taken for pairs")
def _halves(folder: Path, base: Path) -> None:
    def mixed(name: str, trained: Any, before: Any) -> Any:
        if "layers.0.self_attn.q_proj.weight" not in name:
            return trained
        heads = json.loads((folder / "config.json").read_text())["num_attention_heads"]
        return trained.view(heads, 2, -1, trained.shape[1]).transpose(1, 2).reshape(trained.shape).contiguous()

    _weights(folder, base, mixed)


@fault("weights rounded to 3 bits of fraction")
def _coarse(folder: Path, base: Path) -> None:
    import torch

    _weights(folder, base, lambda name, trained, before: trained.to(torch.float8_e4m3fn).to(trained.dtype))


@fault("rope base wrong")
def _rope(folder: Path, base: Path) -> None:
    _edit(folder / "config.json", lambda said: said["rope_parameters"].update(rope_theta=500_000.0))


@fault("norm's epsilon wrong")
def _epsilon(folder: Path, base: Path) -> None:
    _edit(folder / "config.json", lambda said: said.update(rms_norm_eps=1e-2))


@fault("wrong end")
def _end(folder: Path, base: Path) -> None:
    """Done to the export itself, by `_wrong_end`: here the tokenizer says it."""


@fault("merges of the tokenizer swapped")
def _merges(folder: Path, base: Path) -> None:
    def swapped(said: dict[str, Any]) -> None:
        merges = said["model"]["merges"]
        merges[:40] = merges[:40][::-1]

    _edit(folder / "tokenizer.json", swapped)


@fault("tokens of the vocabulary swapped")
def _vocabulary(folder: Path, base: Path) -> None:
    def swapped(said: dict[str, Any]) -> None:
        vocab = said["model"]["vocab"]
        one, other = sorted(vocab, key=vocab.__getitem__)[-2:]
        vocab[one], vocab[other] = vocab[other], vocab[one]
        vocab["Ġ"], vocab["e"] = vocab["e"], vocab["Ġ"]

    _edit(folder / "tokenizer.json", swapped)


def planted(exported: Exported, name: str, place: Path) -> None:
    """Write the export with a fault in it; `place` is a folder for copies. UserError where it cannot be written."""
    from espalier.models import loading
    from exports.checks.trained import Trained
    from exports.writing import WRITERS

    wrong, base = place / "wrong", place / "base"
    _save_whole(exported.run, exported, wrong)
    before = Trained(exported)
    _save_whole(loading.base_of(exported.run) if before.is_adapter else before.parent, exported, base)
    FAULTS[name](wrong, base)
    run = loading.resolve(f"path:{wrong}")
    WRITERS[exported.to](replace(exported, run=run, renderer=loading.load_renderer(run)))
    if name == "wrong end":
        _wrong_end(exported)


def found(exported: Exported, name: str) -> list[Finding]:
    """What the checks find in the export with a fault in it; where it cannot even be written or opened, that."""
    from exports import checks
    from exports.config import ExportOptions
    from exports.exported import Finding

    shutil.rmtree(exported.folder, ignore_errors=True)
    exported.folder.mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory() as place:
            planted(exported, name, Path(place))
        return checks.verify(exported, ExportOptions())
    except UserError as error:
        return [Finding(check="refused", passed=False, said=str(error))]


def _wrong_end(exported: Exported) -> None:
    """Have the export declare the token that fills rows up as its end."""
    other = exported.renderer.tokenizer.pad_token_id
    if exported.to == "merged":
        _edit(exported.folder / "generation_config.json", lambda said: said.update(eos_token_id=other))
        return
    from gguf import GGUFReader

    reader = GGUFReader(exported.gguf, "r+")
    for key in ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"):
        field = reader.fields[key]
        field.parts[field.data[0]][0] = other
    reader.data.flush()


def _save_whole(run: Any, exported: Exported, folder: Path) -> None:
    import torch

    from espalier.models import loading

    folder.mkdir()
    model = loading.load_base(run, device="cpu", dtype=torch.float32)
    loading.save_model(model, exported.renderer, folder, None)


def _weights(folder: Path, base: Path, change: Callable[[str, Any, Any], Any]) -> None:
    from safetensors.torch import load_file, save_file

    trained, before = load_file(folder / _WEIGHTS), load_file(base / _WEIGHTS)
    save_file(
        {name: change(name, weight, before[name]) for name, weight in trained.items()},
        folder / _WEIGHTS,
        metadata={"format": "pt"},
    )


def _edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))


def _template(folder: Path, change: Callable[[str], str]) -> None:
    path = folder / "chat_template.jinja"
    before = path.read_text()
    path.write_text(change(before))
    if path.read_text() == before:
        raise UserError("this fault is made for the template of models grown here")
    _edit(folder / "espalier.json", lambda said: said.update(template_hash=None))


def _last(text: str, one: str, other: str) -> str:
    head, _, tail = text.rpartition(one)
    return head + other + tail


def _rows(config: ExportConfig, place: Path) -> Iterator[list[object]]:
    from exports.exported import Exported, find_run

    run, renderer = find_run(config)
    exported = Exported(name="planted", config=config, folder=place / "out", run=run, renderer=renderer)
    for name in FAULTS:
        began = time.perf_counter()
        findings = found(exported, name)
        failed = [each.check for each in findings if not each.passed]
        form = f"{config.to} {config.quant or ''}".strip()
        yield [form, name, ", ".join(failed) or "-", round(time.perf_counter() - began, 1)]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--to", nargs="+", default=["merged", "gguf"])
    parser.add_argument("--quant", nargs="+", default=["f16", "q8_0"])
    parser.add_argument("--prompts", type=int, default=64, help="conversations that are answered")
    parser.add_argument("--conversations", type=int, default=200, help="conversations that are rendered")
    asked = parser.parse_args(argv)
    from exports.checks import prompt_ids, trained

    trained.NUM_PROMPTS, prompt_ids.NUM_CONVERSATIONS = asked.prompts, asked.conversations
    from exports.config import ExportConfig

    forms = [(to, quant) for to in asked.to for quant in (asked.quant if to in ("gguf", "ollama") else [None])]
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for to, quant in forms:
            for row in _rows(ExportConfig(run=asked.run, to=to, quant=quant), Path(place)):
                say("  ".join(map(str, row)))
                rows.append(row)
    table(["form", "fault", "caught by", "s"], rows)
    missed = [row for row in rows if (row[1] == "none") == (row[2] != "-")]
    say(f"{len(rows) - len(missed)} of {len(rows)} as they should be")
    return 1 if missed else 0


if __name__ == "__main__":
    run_main(main)
