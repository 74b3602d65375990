"""Ask an experiment's model: inputs in, answers out as a file. It runs in one process with the experiment's code, so
that nothing here decides anything: what answers are worth is found outside."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

from research.autoresearch.inside.reaching import tell_of_reaching

ANSWERS, SAID = "answers.bin", "said.json"
_BYTES_AT_A_TIME, _ROWS, _MAZES = 1 << 14, 32, 50


def main() -> None:
    """Answer `request.json` in the folder of the second argument with the module of the first and the checkpoint in
    the third, into the working folder."""
    _, name, inputs, checkpoint, *own = sys.argv
    request = json.loads(Path(inputs, "request.json").read_text(encoding="utf-8"))
    import torch

    torch.set_num_threads(request["threads"])
    tell_of_reaching([inputs, checkpoint, *own])
    model = importlib.import_module(name).load(Path(checkpoint))
    if hasattr(model, "eval"):
        model.eval()
    device = request.get("device", "cpu")
    if device != "cpu":
        model.to(device)
    answer = {"whole": _whole, "prefixes": _prefixes, "routes": _routes}[request["kind"]]
    with open(ANSWERS, "wb") as file, torch.no_grad():
        said = answer(model, request, Path(inputs, "inputs.bin").read_bytes(), file, device)
    Path(SAID).write_text(json.dumps(said), encoding="utf-8")


def _whole(model: Any, request: dict[str, Any], text: bytes, file: BinaryIO, device: str) -> dict[str, Any]:
    """Of every byte of the text, what comes next, in windows of the model's context that do not overlap."""
    import torch

    context = int(model.context)
    numbers = torch.frombuffer(bytearray(text), dtype=torch.uint8).long()
    full = len(text) // context * context
    rows = max(1, _BYTES_AT_A_TIME // context)
    windows = list(torch.split(numbers[:full].view(-1, context), rows)) if full else []
    for window in [*windows, *([numbers[full:][None]] if full < len(text) else [])]:
        _keep(model.log_probs(window.to(device)), (*window.shape, 256), file)
    return {"context": context}


def _prefixes(model: Any, request: dict[str, Any], text: bytes, file: BinaryIO, device: str) -> dict[str, Any]:
    """Of each prefix, what comes after its last byte. They come by length; the shorter of a batch end in zeros."""
    import torch

    numbers = torch.frombuffer(bytearray(text), dtype=torch.uint8).long()
    pieces = torch.split(numbers, request["lengths"])
    for start in range(0, len(pieces), _ROWS):
        batch = pieces[start : start + _ROWS]
        window = torch.nn.utils.rnn.pad_sequence(list(batch), batch_first=True)
        answers = model.log_probs(window.to(device))
        last = torch.tensor([len(piece) - 1 for piece in batch], device=answers.device)
        _keep(answers[torch.arange(len(batch), device=answers.device), last], (len(batch), 256), file)
    return {"context": int(model.context)}


def _routes(model: Any, request: dict[str, Any], pixels: bytes, file: BinaryIO, device: str) -> dict[str, Any]:
    """Of each maze, its route."""
    import torch

    images = torch.frombuffer(bytearray(pixels), dtype=torch.float32).view(request["shape"])
    moves = [model.routes(batch.to(device)) for batch in torch.split(images, _MAZES)]
    routes = torch.cat(moves).to("cpu", torch.int64).contiguous()
    file.write(routes.numpy().astype("<i8").tobytes())
    return {"shape": list(routes.shape)}


def _keep(answers: Any, shape: tuple[int, ...], file: BinaryIO) -> None:
    import torch

    if tuple(answers.shape) != shape:
        raise ValueError(f"log_probs gave {tuple(answers.shape)}, and has to give {shape}")
    file.write(memoryview(answers.to("cpu", torch.float32).contiguous().numpy()).cast("B"))
