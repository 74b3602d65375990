"""The keys and values of a batch whose rows come and go.

Every row has a slot, and its n-th token stands in column n. Rows of any lengths lie side by side without padding on
their left, so that a column is a position: causal masks hold as they are, a prefix that all rows begin with is written
once into the same columns of all slots, and a new row can begin in the slot of one that has ended. The rows at work are
always the first ones: the last row moves into a slot that becomes free, and nothing else is copied.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from transformers.cache_utils import Cache, CacheLayerMixin, DynamicCache, DynamicLayer, DynamicSlidingWindowLayer


class Memory(Protocol):
    """What a model remembers of the rows at work."""

    num_slots: int
    """Rows it has room for."""
    cache: Any
    """What the model is given as `past_key_values`."""

    def begin(self, slots: slice, first: int, end: int) -> None:
        """The next forward pass reads the columns from `first` to `end` of these slots' rows."""

    def go_on(self, columns: torch.Tensor, end: int) -> None:
        """The next forward pass reads a token of each of the first rows, in these columns (rows,), all before `end`."""

    def move(self, source: int, target: int) -> None:
        """Make the row in slot `source` the row in slot `target` too."""


def memory_for(model: Any, num_slots: int, capacity: int) -> Memory:
    """Memory for `num_slots` rows of at most `capacity` tokens, or for one where the model allows no more.

    Where some layers look back less far than `capacity`, rows of unlike lengths would need masks of their own; and what
    is no keys and values (a state-space model's state) cannot be laid out in columns. Such models write one row after
    another, which is always right.
    """
    config = model.config.get_text_config(decoder=True)
    layers = DynamicCache(config=config).layers
    if any(type(layer) not in (DynamicLayer, DynamicSlidingWindowLayer) for layer in layers):
        return _OneRow(config)
    window = min((layer.sliding_window for layer in layers if type(layer) is DynamicSlidingWindowLayer), default=None)
    if "local" in getattr(config, "attention_layers", ()):  # GPT-Neo's name for it, which its memory does not know
        window = config.window_size
    return Slots(len(layers), num_slots if window is None or capacity <= window else 1, capacity)


class Slots:
    """Keys and values in columns, of shape (slots, heads, capacity, head size) for each layer."""

    def __init__(self, num_layers: int, num_slots: int, capacity: int) -> None:
        self.num_slots, self.capacity = num_slots, capacity
        self.layers = [_Layer(self) for _ in range(num_layers)]
        self.cache = Cache(layers=list(self.layers))
        self.begin(slice(0, 0), 0, 0)

    def begin(self, slots: slice, first: int, end: int) -> None:
        self.slots, self.first, self.end = slots, first, end
        self.columns: torch.Tensor | None = None

    def go_on(self, columns: torch.Tensor, end: int) -> None:
        self.begin(slice(0, len(columns)), end - 1, end)
        self.columns = columns
        self.rows = torch.arange(len(columns), device=columns.device)

    def move(self, source: int, target: int) -> None:
        for layer in self.layers:
            layer.move(source, target)

    def share(self, length: int) -> None:
        """Write the first `length` columns of slot 0 into all slots. No row writes there later."""
        for layer in self.layers:
            layer.keys[:, :, :length] = layer.keys[:1, :, :length].clone()
            layer.values[:, :, :length] = layer.values[:1, :, :length].clone()


class _Layer(CacheLayerMixin):  # type: ignore[misc]
    """One layer's part, in the form that transformers asks for."""

    is_sliding = False

    def __init__(self, shared: Slots) -> None:
        super().__init__()
        self._shared = shared

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        def room(states: torch.Tensor) -> torch.Tensor:
            # Zeros, for what is masked out is still multiplied by nothing, and nothing times NaN is NaN.
            return states.new_zeros(self._shared.num_slots, states.shape[1], self._shared.capacity, states.shape[3])

        self.keys, self.values, self.is_initialized = room(key_states), room(value_states), True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        now = self._shared
        if now.columns is None:
            self.keys[now.slots, :, now.first : now.end] = key_states
            self.values[now.slots, :, now.first : now.end] = value_states
        else:
            self.keys[now.rows, :, now.columns] = key_states[:, :, 0]
            self.values[now.rows, :, now.columns] = value_states[:, :, 0]
        return self.keys[now.slots, :, : now.end], self.values[now.slots, :, : now.end]

    def get_seq_length(self, *_: Any) -> int:
        return self._shared.first

    def get_mask_sizes(self, *_: Any) -> tuple[int, int]:
        return self._shared.end, 0

    def get_max_length(self) -> int:
        return self._shared.capacity

    get_max_cache_shape = get_max_length  # its name before transformers 5.9

    def move(self, source: int, target: int) -> None:
        self.keys[target] = self.keys[source]
        self.values[target] = self.values[source]


class _OneRow:
    """The model's own kind of memory, for one row at a time."""

    num_slots = 1

    def __init__(self, config: Any) -> None:
        self._config = config
        self.cache = DynamicCache(config=config)

    def begin(self, slots: slice, first: int, end: int) -> None:
        self.cache = DynamicCache(config=self._config)

    def go_on(self, columns: torch.Tensor, end: int) -> None:
        """Its state knows where it is."""

    def move(self, source: int, target: int) -> None:
        """There is only one slot."""
