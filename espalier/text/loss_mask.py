"""The loss mask: which tokens of a conversation are targets, and behind which tokens each of them stands.

A turn is trained only behind exactly what inference would put before it. Many templates print earlier turns otherwise
than the last one (without what was thought, say), so that in a conversation printed whole, earlier turns would stand
behind what no prompt ever ends with. Such a conversation becomes several sequences: the last turn brings with it the
turns before it whose prompt is the very beginning of its own; what remains gets a sequence of its own in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from espalier.errors import UserError
from espalier.text.chat_template import ChatTemplate, Part, Shape, Slot

Atom = int | Slot
"""A token of the template's own, or the place of a text."""
_SHAPES = 4096
_ANY_REPLY = Part("assistant", ("content",), "")
_ANY_QUESTION = Part("user", ("content",), "")


class Turn(NamedTuple):
    """An assistant's turn behind its prompt."""

    prompt: list[Atom]
    reply: list[Atom]
    """From the first token that the model has to write to the one that ends its turn."""


class Layout(NamedTuple):
    """One sequence of a conversation."""

    upto: int
    """How many messages of the conversation it prints."""
    atoms: list[Atom]
    owners: list[int]
    """For each atom the message whose turn it is to be learned in, or -1 where it is only read."""


class LossMask:
    """Lays out conversations, by their shape, for one template; `encode` gives the ids of a literal."""

    def __init__(self, template: ChatTemplate, encode: Callable[[str], list[int]], special_ids: frozenset[int]) -> None:
        self._template, self._encode, self._special_ids = template, encode, special_ids
        self.layouts = lru_cache(maxsize=_SHAPES)(self._find_layouts)
        self._turn = lru_cache(maxsize=_SHAPES)(self._find_turn)

    def prompt(self, shape: Shape, tools: str = "") -> list[Atom]:
        """What stands before the assistant's answer to messages of this shape.

        Where thoughts are kept, what the template prints to ask for an answer; otherwise what it prints before the
        content of an answer without thoughts, which is the same wherever a template can be asked for such a one.
        """
        literals, slots = self._prompt(shape, tools)
        return self._atoms(literals, slots)

    def end_of_turn(self) -> int:
        """The token that ends an assistant's turn. Raises UserError where there is none."""
        closing = self._encode(self._template.frame((_ANY_QUESTION, _ANY_REPLY)).literals[-1])
        return closing[self._ending(closing) - 1]

    def users_prompt(self, shape: Shape) -> list[Atom]:
        """What stands before the user's next words after messages of this shape."""
        return self._atoms(*self._before(shape, _ANY_QUESTION))

    def end_of_users_turn(self) -> int | str:
        """The token of the template's own that ends a user's turn, or a line break where that does.

        Raises UserError where it is neither: what a model writes there could not be told to be at its end.
        """
        closing = self._template.frame((_ANY_QUESTION, _ANY_REPLY)).literals[1]
        special = next((token for token in self._encode(closing) if token in self._special_ids), None)
        if special is not None:
            return special
        if closing.startswith("\n"):
            return "\n"
        raise UserError(
            f"the chat template ends a user's turn with {closing.strip()!r}, which is no token, so that a user's turn "
            "that the model writes could not be told to be at its end"
        )

    def _find_layouts(self, shape: Shape, learned: tuple[int, ...], tools: str) -> list[Layout]:
        """The sequences of a conversation, the messages to be learned given by their places."""
        layouts = []
        left = list(learned)
        while left:
            last = left.pop()
            turn = self._turn(shape[: last + 1], tools)
            atoms = turn.prompt + turn.reply
            owners = [-1] * len(turn.prompt) + [last] * len(turn.reply)
            others = []
            for earlier in left:
                before, reply = self._turn(shape[: earlier + 1], tools)
                end = len(before) + len(reply)
                if atoms[:end] == before + reply:
                    owners[len(before) : end] = [earlier] * len(reply)
                else:
                    others.append(earlier)
            left = others
            layouts.append(Layout(last + 1, atoms, owners))
        return layouts[::-1]

    def _find_turn(self, shape: Shape, tools: str) -> Turn:
        """The last message of a shape, an assistant's, behind its prompt."""
        before, asked = self._prompt(shape[:-1], tools)
        literals, slots = self._template.frame(shape, tools)
        at = len(asked)
        if slots[:at] != asked or literals[:at] != before[:-1] or not literals[at].startswith(before[-1]):
            raise UserError(
                "what the chat template prints before the assistant's turn is not what it prints to ask for one; "
                "choose another with --chat_template, or leave thoughts out with --thinking drop"
            )
        rest = (literals[at][len(before[-1]) :], *literals[at + 1 : -1])
        closing = self._encode(literals[-1] if len(literals) > at + 1 else rest[0])
        ending = closing[: self._ending(closing, calls=bool(shape[-1].calls))]
        if len(literals) == at + 1:
            return Turn(self._atoms(before, asked), list(ending))
        return Turn(self._atoms(before, asked), [*self._atoms(rest, slots[at:]), *ending])

    def _prompt(self, shape: Shape, tools: str) -> tuple[tuple[str, ...], tuple[Slot, ...]]:
        if self._template.keeps_thoughts:
            return self._template.frame(shape, tools, asking=True)
        return self._before(shape, _ANY_REPLY, tools)

    def _before(self, shape: Shape, part: Part, tools: str = "") -> tuple[tuple[str, ...], tuple[Slot, ...]]:
        """What is printed before the content of a turn that follows messages of this shape."""
        literals, slots = self._template.frame((*shape, part), tools)
        if slots[-1].message != len(shape):
            raise UserError(
                f"the chat template prints something after the {part.role}'s last turn that was said before it; choose "
                "another with --chat_template"
            )
        return literals[:-1], slots[:-1]

    def _atoms(self, literals: Sequence[str], slots: Sequence[Slot]) -> list[Atom]:
        """Literals and the slots between them; a last slot may follow the last literal."""
        atoms: list[Atom] = []
        for at, literal in enumerate(literals):
            atoms += self._encode(literal)
            atoms += slots[at : at + 1]
        return atoms

    def _ending(self, literal_ids: list[int], *, calls: bool = False) -> int:
        """How many of the ids after a reply belong to it: to the first special one, or past calls to the turn's end."""
        ends = {self.end_of_turn()} if calls else self._special_ids
        for index, token in enumerate(literal_ids):
            if token in ends:
                return index + 1
        raise UserError(
            "the chat template ends an assistant turn without a special token, so that a reply could never end; "
            "choose another with --chat_template"
        )
