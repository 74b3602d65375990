"""Where the memory of a training goes: every tensor of a step that counts, by arithmetic from shapes and configuration.

A plan is a list of moments, each a list of named bytes: the end of the forward pass, the loss, the worst layer on the
way back, the embedding's gradient, the optimizer's step. The largest of them is the peak.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from training.config import TrainConfig
from training.head.tiles import CPU_TILE, GPU_TILE
from training.memory import overhead, resident
from training.memory.layer import How, LayerBytes, walk, walk_head, walk_without_keeping
from training.memory.resident import Line
from training.memory.shapes import Shape
from training.switches.apply import check_ties
from training.switches.checkpointing import number_checkpointed

_BATCH, _COMPARED = 4 * 8 + 4, 8
"""Bytes of a place in a batch: four int64 and a weight; and whose it is, where replies are compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A moment of a step."""

    name: str
    """When it is."""
    lines: tuple[Line, ...]
    """What is held then."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(line.size for line in self.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The memory of a training."""

    device: str
    """cpu or cuda."""
    moments: tuple[Moment, ...]
    """Those of a step that can be its peak, in their order."""
    around: tuple[Line, ...]
    """What a process takes besides torch's tensors."""
    host: tuple[Line, ...]
    """What lies in host memory in order not to lie on the card."""

    @property
    def peak(self) -> Moment:
        """The moment that takes most."""
        return max(self.moments, key=lambda moment: moment.size)

    @property
    def tensors(self) -> int:
        """Bytes at the peak by torch's own count (`torch.cuda.max_memory_allocated`)."""
        return self.peak.size

    @property
    def total(self) -> int:
        """Bytes that the device has to have."""
        return self.tensors + sum(line.size for line in self.around)


def make_plan(shape: Shape, config: TrainConfig, *, device: str, dtype: str, sums_in_place: bool = True) -> Plan:
    """The plan of a training under `config` of a model of `shape`, computed in `dtype` on `device` (cpu or cuda).

    UserError for switches that such a model cannot be trained with.
    """
    check_ties(config.memory, tied=shape.tied, on_card=device != "cpu")
    step = _Step(shape, config, device, dtype, sums_in_place)
    moments = tuple(step.moments())
    most = max(moment.size for moment in moments)
    return Plan(device=device, moments=moments, around=overhead.around(device, most), host=tuple(step.host()))


def how_computed(shape: Shape, config: TrainConfig, dtype: str) -> How:
    """How the layers compute."""
    adapter = config.adapter
    number = 2 if dtype == "bfloat16" else 4
    return How(
        tokens=config.seq_len * config.micro_batch_size,
        stream=number if adapter else 4,
        compute=number,
        in_4bit=config.load_in_4bit,
        full=adapter is None,
        targets=shape.adapted,
        rank=resident.rank_of(adapter) if adapter else 0,
        dropout=bool(adapter and adapter.dropout),
        dora=bool(adapter and adapter.kind == "dora"),
        heads=shape.heads,
        queries=shape.queries,
        keys=shape.keys,
        mlp_tiles=config.memory.mlp_tiles,
        accumulating=config.grad_accum > 1,
    )


class _Step:
    """One optimizer step after the first, moment by moment."""

    def __init__(self, shape: Shape, config: TrainConfig, device: str, dtype: str, sums_in_place: bool) -> None:
        self._shape, self._config, self._device = shape, config, device
        how = self._how = how_computed(shape, config, dtype)
        self._trained = resident.trained(shape, config.adapter)
        self._number = 2 if dtype == "bfloat16" else 4
        self._resident, self._host = resident.weights(shape, config, self._number)
        self._offloads = config.memory.offload_checkpoints and device != "cpu"
        if device == "cpu":  # the host's memory is the device's
            self._resident, self._host = self._host + self._resident, []
        known: dict[tuple[object, ...], LayerBytes] = {}
        self._layers: list[LayerBytes] = []
        for layer in shape.layers:
            alike = tuple((linear.inputs, linear.outputs, linear.name in how.targets) for linear in layer.linears)
            if alike not in known:
                known[alike] = walk(layer, how, shape.width, sums_in_place=sums_in_place)
            self._layers.append(known[alike])
        self._head = walk_head(shape, how, tile=self._tile(), sums_in_place=sums_in_place)
        wanted = config.memory.gradient_checkpointing
        self._checkpointed = 0 if wanted == "none" else number_checkpointed(wanted, len(shape.layers))

    def moments(self) -> Iterator[Moment]:
        """In their order."""
        last, head = len(self._layers), self._head
        # Autocast keeps its copy of a trained matrix until the forward pass is over; layers that keep theirs count it.
        share = self._checkpointed / last
        copies = int(2 * sum(self._trained.matrices) * share) if self._how.autocast else 0
        yield self._moment(
            "loss",
            last,
            Line(name="what the last layer gave", size=head.input),
            Line(name="copies of trained weights that autocast keeps", size=copies),
            Line(name="norm, loss and its tiles", size=head.forward),
        )
        for checkpointed in {self._checkpointed, last} - {0}:
            layer = self._layers[checkpointed - 1]
            name = "a layer that keeps nothing" if checkpointed == self._checkpointed else "a layer"
            room = layer.passing if checkpointed == self._checkpointed else layer.forward
            ahead = Line(name=name, size=layer.input + room)
            yield self._moment(f"forward pass of layer {checkpointed} of {last}", checkpointed - 1, ahead)
        given = head.input if head.keeps_input else 0
        gradients = Line(name="norm, loss, gradients", size=head.backward + given)
        yield self._moment("backward pass: loss and last norm", last, gradients)
        worst = max(range(last), key=self._going_back)
        yield self._moment(f"backward pass of layer {worst + 1} of {last}", worst, *self._of_layer(worst))
        if self._how.full:
            # The gradient of an embedding is as large as the embedding; where it is tied, it is added to the head's.
            table = Line(name="gradient of the embedding", size=4 * self._shape.embedding)
            yield self._moment("backward pass: embedding", 0, table)
        step = Line(name="room for the step", size=self._optimizer_room())
        yield Moment(name="optimizer step", lines=(*self._always(everything=True), step))
        yield Moment(name="held-out rows", lines=(*self._always(everything=False), *self._measuring()))

    def host(self) -> list[Line]:
        """What lies in host memory instead."""
        lines = list(self._host)
        if self._offloads:
            inputs = sum(layer.input for layer in self._layers[: self._checkpointed])
            lines.append(Line(name="inputs of checkpointed layers (pinned)", size=inputs))
        paged = resident.states(self._trained, self._config.optim.kind)[1]
        return lines + ([Line(name="optimizer states that the driver may move", size=paged)] if paged else [])

    def _measuring(self) -> list[Line]:
        """What held-out rows take beside what is always there; neither kept for a way back, nor computed in tiles."""
        shape, count = self._shape, self._config.heldout.batch_size
        how = replace(self._how, tokens=count * self._config.seq_len, mlp_tiles=1, measuring=True)
        layer = max(shape.layers, key=lambda layer: layer.inner)
        given = shape.width * how.tokens * how.stream
        return [
            Line(
                name="held-out rows on their way through a layer",
                size=given + walk_without_keeping(layer, how, shape.width),
            ),
            Line(name="their tables of positions", size=2 * self._number * how.tokens * shape.head_dim),
        ]

    def _moment(self, name: str, number: int, *lines: Line) -> Moment:
        """A moment at which the first `number` layers have kept what they keep."""
        kept = sum(map(_kept, self._layers[self._checkpointed : number]))
        shown = [
            *self._always(everything=self._how.accumulating),
            Line(name="inputs of checkpointed layers", size=self._inputs(number)),
            Line(name="kept by layers that are not checkpointed", size=kept),
            Line(name="tables of positions", size=2 * self._number * self._how.tokens * self._shape.head_dim),
            *lines,
            Line(name="gradients of weights so far", size=self._gradients_after(number)),
        ]
        return Moment(name=name, lines=tuple(line for line in shown if line.size))

    def _always(self, *, everything: bool) -> list[Line]:
        """What is there throughout; with `everything`, gradients too."""
        held = self._trained.numbers + self._trained.begun_with
        adapter = [Line(name="adapter, float32", size=4 * held)] if self._config.adapter else []
        on_device, _ = resident.states(self._trained, self._config.optim.kind)
        compared = _COMPARED if self._config.rows == "preference" else 0
        place = _BATCH + compared + 4 * len(self._config.compared_with)
        batches = self._how.tokens * self._config.grad_accum * place
        lines = [
            *self._resident,
            *adapter,
            Line(name=f"optimizer states ({self._config.optim.kind})", size=on_device),
            Line(name="gradients of weights", size=4 * self._trained.numbers if everything else 0),
            Line(name="batches", size=batches),
        ]
        return [line for line in lines if line.size]

    def _inputs(self, number: int) -> int:
        """Bytes of checkpointed inputs on the device when `number` layers have computed."""
        held = self._layers[: min(number, self._checkpointed)]
        if self._offloads:
            held = held[-1:]  # that of the next layer, on its way
        return sum(layer.input for layer in held)

    def _going_back(self, index: int) -> int:
        """Bytes while layer `index` goes back that depend on which it is."""
        kept = sum(map(_kept, self._layers[self._checkpointed : index]))
        own = sum(line.size for line in self._of_layer(index))
        return kept + self._inputs(index) + own + self._gradients_after(index + 1)

    def _of_layer(self, index: int) -> list[Line]:
        """What a layer takes while it goes back."""
        layer, checkpointed = self._layers[index], index < self._checkpointed
        fetched = checkpointed and self._offloads  # and let go once the layer has read it
        held = layer.keeps_input or (checkpointed and not fetched)
        given = Line(name="a layer's input", size=layer.input if held else 0)
        again = layer.forward + layer.input if checkpointed else 0  # the gradient of what it gives waits meanwhile
        if again + fetched * layer.input > layer.backward:
            return [given, Line(name="a layer computed again", size=again + fetched * layer.input)]
        return [given, *(Line(name=f"a layer's {name}", size=size) for name, size in layer.at_backward.items())]

    def _gradients_after(self, number: int) -> int:
        """Bytes of the gradients of weights that are there when all but the first `number` layers have gone back."""
        if self._how.accumulating:
            return 0
        share = (len(self._layers) - number) / len(self._layers)
        hidden = int(4 * sum(self._trained.matrices) * share)
        return hidden + (4 * self._shape.embedding if self._how.full and number < len(self._layers) else 0)

    def _tile(self) -> int:
        """Bytes of the logits that exist at a time, of the output layer's piece, and of the sums of gradients."""
        tile = CPU_TILE if self._device == "cpu" else GPU_TILE
        tokens, words = min(tile.tokens, self._how.tokens), min(tile.vocabulary, self._shape.vocab_size)
        narrowed = 2 * tokens * words if self._how.autocast else 0
        cast = self._how.full and self._how.autocast
        of_weights = words * self._shape.width * self._how.compute if cast or self._config.memory.head_in_4bit else 0
        return 4 * tokens * words + narrowed + of_weights + 8 * tokens * self._shape.width

    def _optimizer_room(self) -> int:
        """Muon makes the matrices of one shape orthogonal together, in about six copies of 2^24 numbers at most."""
        if self._config.optim.kind != "muon" or not self._trained.matrices:
            return 0
        return 6 * self._number * max(max(self._trained.matrices), min(1 << 24, sum(self._trained.matrices)))


def _kept(layer: LayerBytes) -> int:
    """Bytes that a layer keeps where it is not checkpointed."""
    return layer.kept + (layer.input if layer.keeps_input else 0)
