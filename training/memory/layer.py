"""What a decoder layer takes while it computes: its operations, as transformers and peft write them, on sizes alone.

Per token, a layer of width d, queries q, keys k and inner width f keeps 8 d + 4 (q + k) bytes of norms computed in
float32, about 4 (q + k) of attention and 2 (d + 4 f) of its feed-forward block in bfloat16; the walk is exact.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from training.memory.shapes import Layer, Linear, Shape
from training.memory.tape import GRADIENT, WEIGHTS, Tape, Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class How:
    """How a model computes."""

    tokens: int
    """Tokens at once: sequences times their length."""
    stream: int
    """Bytes of a number between layers."""
    compute: int
    """Bytes of a number inside linear layers and attention."""
    in_4bit: bool
    """Whether the matrices of the layers are held in 4 bits."""
    full: bool
    """Whether all weights are trained, and not an adapter."""
    targets: frozenset[str]
    """The linear layers with an adapter, by name."""
    rank: int
    """Its rank."""
    dropout: bool
    """Whether something of its input is dropped."""
    dora: bool = False
    """Whether how long each row of a weight is, is trained as well."""
    heads: int
    """Attention heads."""
    queries: int
    """Width of their queries."""
    keys: int
    """Width of their keys, and of their values."""
    mlp_tiles: int = 1
    """Pieces that the feed-forward block is computed in."""
    measuring: bool = False
    """Whether it is measured on held-out rows, where autocast may be off, so that peft casts what adapters read."""
    accumulating: bool = False
    """Whether gradients of weights are there from an earlier micro-batch, to be added to."""

    @property
    def autocast(self) -> bool:
        """Whether linear layers cast what they are given."""
        return self.compute == 2


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerBytes:
    """Bytes that a layer takes beside its weights."""

    input: int
    """What it is given."""
    keeps_input: bool
    """Whether it keeps that, where it is not checkpointed; a copy in float32 is what a norm keeps of 16 bits."""
    kept: int
    """Kept from its forward to its backward pass, without its input."""
    passing: int
    """The most that its forward pass takes where nothing is kept, the input left out."""
    forward: int
    """The most that it takes where all is kept that is wanted again, the input left out."""
    backward: int
    """The most while it goes back, what it kept and the gradient it is given included, the input left out."""
    at_backward: Counter[str]
    """What that is."""


def walk(layer: Layer, how: How, width: int, *, sums_in_place: bool = True) -> LayerBytes:
    """One layer forward and back."""
    stream = width * how.tokens * how.stream
    tape = Tape(sums_in_place=sums_in_place)
    given = tape.new(stream, "input")
    program = _Program(tape, layer, how, width)
    out = program.layer(given)
    keeps_input = given.references > 1
    kept = tape.held.total() - stream - out.size
    forward = tape.peak - stream
    tape.drop(out)  # the next layer's input, which is counted there
    tape.peak = 0
    gradient = tape.new(stream, GRADIENT)
    tape.backward(out, gradient)
    del tape.at_peak["input"]
    return LayerBytes(
        input=stream,
        keeps_input=keeps_input,
        kept=kept,
        passing=walk_without_keeping(layer, how, width),
        forward=forward,
        backward=tape.peak - stream,
        at_backward=tape.at_peak,
    )


def walk_head(shape: Shape, how: How, *, tile: int, sums_in_place: bool = True) -> LayerBytes:
    """What follows the last layer: its norm, and the loss of every place, of which `tile` bytes exist at a time.

    A frozen output layer gives the gradient of what it read with the loss; one that is trained gives its own too.
    """
    stream = shape.width * how.tokens * how.stream
    tape = Tape(sums_in_place=sums_in_place)
    given = tape.new(stream, "input")
    normed = _Program(tape, shape.layers[-1], how, shape.width).norm(given, shape.width)
    chosen = tape.op([normed], normed.size)
    narrow = shape.width * how.tokens * how.compute
    read = chosen if narrow == chosen.size else tape.op([chosen], narrow)
    loss = _loss(tape, read, shape, how, tile)
    tape.drop(normed, chosen, *([read] if read is not chosen else []))
    keeps_input = given.references > 1
    kept = tape.held.total() - stream
    forward = tape.peak - stream
    tape.peak = 0
    tape.backward(loss, tape.new(4, GRADIENT))
    del tape.at_peak["input"]
    return LayerBytes(
        input=stream,
        keeps_input=keeps_input,
        kept=kept,
        passing=forward,
        forward=forward,
        backward=tape.peak - stream,
        at_backward=tape.at_peak,
    )


def _loss(tape: Tape, read: Tensor, shape: Shape, how: How, tile: int) -> Tensor:
    wide = 4 * shape.width * how.tokens
    if not how.full:  # the gradient of what is read comes with the loss, and waits to be scaled
        gradient = tape.new(read.size)
        loss = tape.op([read], 4, keeps=[gradient], work=tile, back_work=wide if how.autocast else 0)
        tape.drop(gradient)
        return loss
    own = 4 * shape.embedding
    return tape.op([read], 4, keeps=[read], work=tile, back_work=tile + wide + read.size, weight_grad=own)


def walk_without_keeping(layer: Layer, how: How, width: int) -> int:
    """The most bytes that a layer's forward pass takes where nothing is kept, the input left out."""
    tape = Tape(keeping=False)
    given = tape.new(width * how.tokens * how.stream, "input")
    _Program(tape, layer, how, width).layer(given)
    return tape.peak - given.size


class _Program:
    """The operations of a layer, in order; the names of the methods are those of the modules."""

    def __init__(self, tape: Tape, layer: Layer, how: How, width: int) -> None:
        self._tape, self._layer, self._how, self._width = tape, layer, how, width
        self._tokens = how.tokens

    def layer(self, stream: Tensor) -> Tensor:
        """(tokens, width) -> (tokens, width); the reference to what is given stays with the caller."""
        sandwich = self._layer.num_norms > 2
        tape = self._tape
        normed = self.norm(stream, self._width)
        attended = self.attention(normed)
        if sandwich:
            attended = self._after(attended)
        middle = tape.op([stream, attended], stream.size, passes=True)
        tape.drop(attended)
        normed = self.norm(middle, self._width)
        widened = self.block(normed)
        if sandwich:
            widened = self._after(widened)
        out = tape.op([middle, widened], stream.size, passes=True)
        tape.drop(middle, widened)
        return out

    def _after(self, tensor: Tensor) -> Tensor:
        normed = self.norm(tensor, self._width)
        self._tape.drop(tensor)
        return normed

    def norm(self, given: Tensor, width: int) -> Tensor:
        """A root-mean-square norm in float32: it keeps a copy of its input in that precision."""
        tape, how = self._tape, self._how
        wide = 4 * width * self._tokens
        as_float = tape.op([given], wide) if given.size < wide else given
        squares = tape.op([as_float], wide, keeps=[as_float], back_work=2 * wide)  # x ** 2 goes back through 2 · x
        mean = tape.op([squares], 4 * self._tokens, keeps_out=True)
        tape.drop(squares)
        normed = tape.op([as_float, mean], wide, keeps=[as_float, mean], back_work=wide)
        if as_float is not given:
            tape.drop(as_float)
        tape.drop(mean)
        narrow = tape.op([normed], given.size) if given.size < wide else normed
        if narrow is not normed:
            tape.drop(normed)
        out = tape.op([narrow], given.size, keeps=[narrow] if how.full else [])
        tape.drop(narrow)
        return out

    def attention(self, normed: Tensor) -> Tensor:
        """Takes over the reference to what it is given."""
        tape, how = self._tape, self._how
        projected = [self.linear(normed, linear) for linear in self._layer.into_attention]
        tape.drop(normed)
        query, key, value = projected if len(projected) == 3 else self._split(projected[0])
        if self._layer.head_norms:
            query, key = self._normed_heads(query, how.queries), self._normed_heads(key, how.keys)
        query, key = self._rotated(query), self._rotated(key)
        statistics = tape.new(4 * how.heads * self._tokens)
        out = tape.op([query, key, value], query.size, keeps=[query, key, value, statistics], keeps_out=True)
        tape.drop(statistics, query, key, value)
        result = self.linear(out, self._layer.out_of_attention)
        tape.drop(out)
        return result

    def _split(self, fused: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of one projection, which are views of it that torch's kernel takes as they are."""
        tape, size = self._tape, self._how.compute * self._tokens
        query = tape.op([fused], self._how.queries * size)
        key, value = (tape.op([fused], self._how.keys * size) for _ in range(2))
        tape.drop(fused)
        return query, key, value

    def _normed_heads(self, tensor: Tensor, width: int) -> Tensor:
        out = self.norm(tensor, width)
        self._tape.drop(tensor)
        return out

    def _rotated(self, tensor: Tensor) -> Tensor:
        """Rotary positions: x · cos + rotated(x) · sin; the tables are the model's, and nothing else is kept."""
        tape, size = self._tape, tensor.size
        one = tape.op([tensor], size)
        other = tape.op([tensor], size, work=size, back_work=2 * size)
        tape.drop(tensor)
        out = tape.op([one, other], size, passes=True)
        tape.drop(one, other)
        return out

    def block(self, normed: Tensor) -> Tensor:
        """The feed-forward block, in tiles or whole. Takes over the reference to what it is given."""
        if self._how.mlp_tiles > 1:
            return self._in_tiles(normed)
        tape, layer = self._tape, self._layer
        size = layer.inner * self._tokens * self._how.compute
        if len(layer.into_block) == 2:  # one after the other, the first through its activation meanwhile
            gate = self.linear(normed, layer.into_block[0])
            active = tape.op([gate], size, keeps=[gate])
            tape.drop(gate)
            value = self.linear(normed, layer.into_block[1])
            tape.drop(normed)
            inner = tape.op([active, value], size, keeps=[active, value])
            tape.drop(active, value)
        else:
            wide = self.linear(normed, layer.into_block[0])
            tape.drop(normed)
            inner = tape.op([wide], size, keeps=[wide])
            if layer.gated:
                halves = tape.op([wide], size)
                gated = tape.op([inner, halves], size, keeps=[inner, halves])
                tape.drop(inner, halves)
                inner = gated
            tape.drop(wide)
        out = self.linear(inner, layer.out_of_block)
        tape.drop(inner)
        return out

    def _in_tiles(self, normed: Tensor) -> Tensor:
        """Keeps what the block is given, and computes one tile at a time: forward without keeping, back from anew."""
        tape, how = self._tape, self._how
        tokens = -(-how.tokens // how.mlp_tiles)
        small = replace(how, tokens=tokens, mlp_tiles=1)
        one = tokens * self._width * how.compute
        going = Tape(keeping=False)
        _Program(going, self._layer, small, self._width).block(going.new(one))
        back = Tape(sums_in_place=tape.sums_in_place)
        tile = back.new(one)
        out = _Program(back, self._layer, small, self._width).block(_again(tile))
        back.backward(out, back.new(one, GRADIENT))
        whole = tape.op(
            [normed],
            self._width * how.tokens * how.compute,
            keeps=[normed],
            work=going.peak,
            back_work=back.peak,
            weight_grad=back.held[WEIGHTS],
        )
        tape.drop(normed)
        return whole

    def linear(self, given: Tensor, linear: Linear) -> Tensor:
        """A linear layer, with its adapter. The reference to what it is given stays with the caller."""
        tape, how = self._tape, self._how
        size = linear.outputs * self._tokens * how.compute
        narrow = linear.inputs * self._tokens * how.compute
        cast = given
        if given.size > narrow:  # autocast makes a copy for each layer
            cast = tape.op([given], narrow)
        copied = 2 * linear.size if how.in_4bit or (how.full and how.autocast) else 0
        lent = tape.new(copied) if how.full else None  # autocast keeps its copy until the forward pass is over
        base = tape.op(
            [cast],
            size,
            keeps=[cast, *([lent] if lent else [])] if how.full else [],
            work=copied if how.in_4bit else 0,
            back_work=copied,
            weight_grad=4 * linear.size if how.full else 0,
        )
        if lent:
            tape.drop(lent)
        if linear.name not in how.targets:
            if cast is not given:
                tape.drop(cast)
            return base
        if how.in_4bit:
            base = self._replaced(base, tape.op([base], size, passes=True))
        shown, as_float = cast, None
        if how.autocast and (how.measuring or not how.in_4bit):  # peft casts to the adapter's float32, autocast back
            as_float = tape.op([cast], 2 * narrow)
            shown = tape.op([as_float], narrow)
        if how.dropout:
            mask = tape.new(linear.inputs * self._tokens)
            dropped = tape.op([shown], narrow, keeps=[mask])
            tape.drop(mask, *([shown] if shown is not cast else []))
            shown = dropped
        low = self._low_rank(shown, how.rank * self._tokens * how.compute, how.rank * linear.inputs)
        update = self._low_rank(low, size, how.rank * linear.outputs)
        tape.drop(low, *([shown] if shown is not cast else []), *([cast] if cast is not given else []))
        if how.dora:  # lengths of rows are those of the weight and its update together, which are made for it
            whole = 3 * how.compute * linear.size
            base = self._replaced(base, tape.op([base], size, keeps=[base], work=whole, back_work=whole))
        scaled = tape.op([update], size, keeps=[update] if how.dora else [])
        tape.drop(update)
        out = tape.op([base, scaled], size, passes=True)
        tape.drop(base, scaled, *([as_float] if as_float else []))
        return out

    def _low_rank(self, given: Tensor, size: int, numbers: int) -> Tensor:
        """One half of an update, whose matrix is trained in float32."""
        copy = self._tape.new(2 * numbers if self._how.autocast else 0)
        out = self._tape.op([given], size, keeps=[given, copy], back_work=2 * numbers, weight_grad=4 * numbers)
        self._tape.drop(copy)
        return out

    def _replaced(self, old: Tensor, new: Tensor) -> Tensor:
        self._tape.drop(old)
        return new


def _again(tensor: Tensor) -> Tensor:
    """One reference more."""
    tensor.references += 1
    return tensor
