"""One grammar, three readers.

The curriculum's grammar is an ordinary Python program that makes its choices through a `Chooser`. Run with a `Sampler`
it writes a row and knows the exact probability of what it wrote; run by `derivations` it reads a text back and finds
every way in which the grammar could have written it, so that an ambiguity would be seen; run by `enumerate_rows` it
lists the whole language, which a toy grammar's test uses to prove the entropy.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

T = TypeVar("T")
Message = tuple[str, str]
"""(role, content)"""
Fits = Callable[[T, str], bool]
"""Could this option still lead to the rest of the text? May say yes too often, never no too often."""


class Chooser(Protocol):
    """What a grammar asks of its reader."""

    def pick(self, options: Sequence[T], fits: Fits[T] | None = None, weights: tuple[float, ...] | None = None) -> T:
        """Choose one option, uniformly or by `weights`; `fits` lets a text reader leave out hopeless options."""
        ...

    def begin(self, role: str) -> None:
        """Start the next message."""
        ...

    def end(self) -> None:
        """End the current message. What is chosen between two messages is no part of either."""
        ...

    def say(self, text: str) -> None:
        """Append `text` to the current message."""
        ...


Program = Callable[[Chooser], object]


@lru_cache(maxsize=4096)
def _shares(weights: tuple[float, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Cumulative shares and log2-probabilities of `weights`."""
    total = math.fsum(weights)
    cumulative, running = [], 0.0
    for weight in weights:
        running += weight / total
        cumulative.append(running)
    return tuple(cumulative), tuple(math.log2(weight / total) if weight > 0 else -math.inf for weight in weights)


class Sampler:
    """Draws one row, and keeps its exact log2-probability, in all and in the assistant's turns alone."""

    def __init__(self, rng: random.Random) -> None:
        self._random = rng.random
        self._role = ""
        self._pieces: list[str] = []
        self.messages: list[Message] = []
        self.log2_prob = 0.0
        self.assistant_log2_prob = 0.0

    def pick(self, options: Sequence[T], fits: Fits[T] | None = None, weights: tuple[float, ...] | None = None) -> T:
        if weights is None:
            index = int(self._random() * len(options))
            log2_prob = -math.log2(len(options))
        else:
            cumulative, log2_probs = _shares(weights)
            draw = self._random()
            index = next((i for i, edge in enumerate(cumulative) if draw < edge), len(options) - 1)
            log2_prob = log2_probs[index]
        self.log2_prob += log2_prob
        if self._role == "assistant":
            self.assistant_log2_prob += log2_prob
        return options[index]

    def begin(self, role: str) -> None:
        self._role = role

    def say(self, text: str) -> None:
        self._pieces.append(text)

    def end(self) -> None:
        self.messages.append((self._role, "".join(self._pieces)))
        self._role, self._pieces = "", []


class _Mismatch(Exception):
    """The choices made so far cannot have written the text."""


class _Finished(Exception):
    """The text is read to its end, and the grammar would go on: a prefix that is whole messages long."""


class _Branch(Exception):
    def __init__(self, path: tuple[int, ...], viable: list[int]) -> None:
        self.path, self.viable = path, viable


class _Follower:
    """Repeats a path of choices; past its end, branches."""

    def __init__(self, path: tuple[int, ...]) -> None:
        self._given = path
        self._made: list[int] = []
        self.log2_prob = 0.0

    def _fits(self, option: T, fits: Fits[T] | None) -> bool:
        return True

    def pick(self, options: Sequence[T], fits: Fits[T] | None = None, weights: tuple[float, ...] | None = None) -> T:
        if len(self._made) < len(self._given):
            index = self._given[len(self._made)]
        else:
            viable = [
                i for i, option in enumerate(options) if (weights is None or weights[i]) and self._fits(option, fits)
            ]
            if not viable:
                raise _Mismatch
            if len(viable) > 1:
                raise _Branch(tuple(self._made), viable)
            index = viable[0]
        self._made.append(index)
        self.log2_prob += -math.log2(len(options)) if weights is None else _shares(weights)[1][index]
        return options[index]


class _Writer(_Follower):
    """Writes whatever its path of choices writes."""

    def __init__(self, path: tuple[int, ...]) -> None:
        super().__init__(path)
        self.messages: list[Message] = []

    def begin(self, role: str) -> None:
        self.messages.append((role, ""))

    def say(self, text: str) -> None:
        role, content = self.messages[-1]
        self.messages[-1] = (role, content + text)

    def end(self) -> None:
        pass


class _Reader(_Follower):
    """Follows a text, and gives up at the first letter that differs."""

    def __init__(self, path: tuple[int, ...], target: Sequence[Message], prefix: bool, later: str = "") -> None:
        super().__init__(path)
        self._target, self._prefix = target, prefix
        self._later = (later,) if later else ()
        self._index, self._at = 0, 0
        self.num_read = 0
        """how much of the text has been followed, in characters"""
        self._look_on(0)

    @property
    def path(self) -> tuple[int, ...]:
        """The choices made so far."""
        return tuple(self._made)

    def _look_on(self, index: int) -> None:
        """What is left of the text, for options to look at, from the message `index` on."""
        self._rest = "\n".join([*(content for _, content in self._target[index:]), *self._later])

    def _fits(self, option: T, fits: Fits[T] | None) -> bool:
        return fits is None or fits(option, self._rest)

    def begin(self, role: str) -> None:
        if self._index == len(self._target) or self._target[self._index][0] != role:
            raise _Mismatch
        self._at = 0

    def say(self, text: str) -> None:
        if not self._target[self._index][1].startswith(text, self._at):
            raise _Mismatch
        self._at += len(text)
        self.num_read += len(text)
        here, later = self._target[self._index][1][self._at :], self._target[self._index + 1 :]
        self._rest = "\n".join([here, *(content for _, content in later), *self._later])

    def end(self) -> None:
        if self._at != len(self._target[self._index][1]):
            raise _Mismatch
        self._index += 1
        self._look_on(self._index)
        if self._prefix and self._index == len(self._target):
            raise _Finished

    def finish(self) -> None:
        """Raise unless the whole text has been read."""
        if self._index != len(self._target):
            raise _Mismatch


def beginnings(program: Program, target: Sequence[Message], later: str) -> list[tuple[int, ...]]:
    """Every path of choices by which `program` writes the messages `target` and would go on.

    `later` holds every word of all that may follow, in any order: a choice may show only there.
    """
    found: list[tuple[int, ...]] = []
    pending: list[tuple[int, ...]] = [()]
    while pending:
        reader = _Reader(pending.pop(), target, prefix=True, later=later)
        try:
            program(reader)
        except _Finished:
            found.append(reader.path)
        except _Branch as branch:
            pending.extend((*branch.path, index) for index in branch.viable)
        except _Mismatch:
            continue
    return found


def derivations(
    program: Program,
    target: Sequence[Message],
    *,
    prefix: bool = False,
    after: Sequence[tuple[int, ...]] = ((),),
) -> Iterator[float]:
    """The log2-probability of every way in which `program` writes the messages `target`.

    With `prefix`, `target` may stop before the program does, at the end of a message; then the figure is that of the
    choices made so far. No result: the text is not in the language. More than one: an ambiguity, and `log2_sum` of them
    is the text's probability. `after` are the `beginnings` of the text, where they are known.
    """
    pending = list(after)
    while pending:
        reader = _Reader(pending.pop(), target, prefix)
        try:
            program(reader)
            reader.finish()
            yield reader.log2_prob
        except _Finished:
            yield reader.log2_prob
        except _Branch as branch:
            pending.extend((*branch.path, index) for index in branch.viable)
        except _Mismatch:
            continue


def lines_read(program: Program, text: str, *, patience: int = 20_000) -> int:
    """How many of a text's leading lines `program` could have written, each in its place after the others.

    A text that takes more than `patience` attempts counts only as far as they came: the figure never flatters.
    """
    furthest = 0
    pending: list[tuple[int, ...]] = [()]
    for _ in range(patience):
        if not pending:
            break
        reader = _Reader(pending.pop(), [("text", text)], prefix=False)
        try:
            program(reader)
            reader.finish()
            return text.count("\n") + 1
        except _Branch as branch:
            pending.extend((*branch.path, index) for index in branch.viable)
        except _Mismatch:
            pass
        furthest = max(furthest, reader.num_read)
    return text.count("\n", 0, furthest)


def enumerate_rows(program: Program) -> Iterator[tuple[tuple[Message, ...], float]]:
    """Every derivation of a (small) program: its messages and its log2-probability."""
    pending: list[tuple[int, ...]] = [()]
    while pending:
        writer = _Writer(pending.pop())
        try:
            program(writer)
            yield tuple(writer.messages), writer.log2_prob
        except _Branch as branch:
            pending.extend((*branch.path, index) for index in branch.viable)


def log2_sum(log2_probs: Sequence[float]) -> float:
    """log2 of the sum of probabilities given as log2."""
    top = max(log2_probs)
    return top + math.log2(math.fsum(2.0 ** (value - top) for value in log2_probs))
