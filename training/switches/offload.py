"""The inputs of checkpointed layers wait in host memory, and are fetched ahead of need.

On the way forward each input is copied to pinned memory on a stream of its own while its layer is computed, and let go
on the device when the next layer's begins to leave. On the way back, the input of the layer below is fetched while the
one above is computed again. So the device holds two of them at a time, whatever the number of layers, and nobody waits
unless the bus is slower than a layer. On a CPU the same code copies to other memory, without streams.

The idea is that of FairScale's OffloadModel and of Unsloth's checkpointing.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch

Tensor = torch.Tensor


class Offload:
    """The host memory of a model's checkpointed inputs, used again for every micro-batch."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._aside: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._aside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._free: dict[object, list[Tensor]] = defaultdict(list)
        self._last: weakref.ref[_Parked] | None = None

    def keeping(self, index: int) -> AbstractContextManager[Any]:
        """The context in which the input of layer `index` is kept: what autograd saves there, is parked."""
        return torch.autograd.graph.saved_tensors_hooks(lambda hidden: self._park(index, hidden), _Parked.fetch)

    def _park(self, index: int, hidden: Tensor) -> _Parked:
        before = self._last() if self._last is not None else None
        if before is not None:
            before.leave()
        earlier = before if before is not None and before.index < index else None
        parked = _Parked(self, index, hidden.detach(), self._take(hidden), earlier)
        # Weakly: what the backward pass is done with shall be gone from the device too.
        self._last = weakref.ref(parked)
        return parked

    def _take(self, like: Tensor) -> Tensor:
        free = self._free[_layout(like)]
        return free.pop() if free else torch.empty_like(like, device="cpu", pin_memory=self._aside is not None)

    def give_back(self, host: Tensor) -> None:
        """Host memory is free again. A copy that still reads it comes before the next that writes it: one stream."""
        self._free[_layout(host)].append(host)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Inside, work is queued beside the current stream's, behind what that stream has been given so far."""
        if self._aside is None:
            yield
            return
        self._aside.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self._aside):
            yield

    def mark(self) -> torch.cuda.Event | None:
        """The end of what was queued aside so far."""
        return None if self._aside is None else self._aside.record_event()


class _Parked:
    """One layer's input: on the device, on its way to the host, there, or on its way back.

    Device memory is taken and freed on the stream that computes. Before it is freed, that stream waits for the copy
    that reads or writes it, so that nothing else comes to lie there too early.
    """

    def __init__(self, offload: Offload, index: int, hidden: Tensor, host: Tensor, earlier: _Parked | None) -> None:
        self.index = index
        self._offload, self._earlier = offload, earlier
        self._host, self._on_device = host, hidden
        with offload.aside():
            host.copy_(hidden, non_blocking=True)
        self._copied = offload.mark()

    _on_device: Tensor | None
    _copied: torch.cuda.Event | None = None

    def leave(self) -> None:
        """Let the device's copy go."""
        self._wait()
        self._on_device = None

    def come_back(self) -> None:
        """Begin to fetch it, unless it is here."""
        if self._on_device is not None:
            return
        self._on_device = torch.empty_like(self._host, device=self._offload.device)
        with self._offload.aside():
            self._on_device.copy_(self._host, non_blocking=True)
        self._copied = self._offload.mark()

    def fetch(self) -> Tensor:
        """The input, on the device; that of the layer below begins to come."""
        self.come_back()
        self._wait()
        hidden = self._on_device
        assert hidden is not None
        self._on_device = None
        if self._earlier is not None:
            self._earlier.come_back()
        return hidden

    def _wait(self) -> None:
        if self._copied is not None:
            torch.cuda.current_stream(self._offload.device).wait_event(self._copied)
            self._copied = None

    def __del__(self) -> None:
        self._wait()
        self._offload.give_back(self._host)


def _layout(tensor: Tensor) -> object:
    return tensor.shape, tensor.stride(), tensor.dtype
