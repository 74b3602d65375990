"""What a chat template prints, learned by asking it: texts, and between each two of them what depends on who speaks
before and who after. Templates of other kinds are refused.

A pattern can be said in jinja and in Go alike, and spells out what our renderer does besides printing: which spaces a
tokenizer puts before texts, and where a system message goes that the template has no place for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from espalier.text.messages import Message
from exports.templates.reading import Speller

BEGIN, ASK = "", ""
"""Who speaks before the first message, and after the last."""
FOLDED = "\n\n"
"""What our renderer puts between a system message and the user's first where it says both in one turn."""

Space = Literal["never", "always", "unless there"]
Trim = Literal["", "both", "newlines", "left newlines", "right newlines"]
TRIMS: dict[Trim, Any] = {
    "": lambda text: text,
    "both": str.strip,
    "newlines": lambda text: text.strip("\n"),
    "left newlines": lambda text: text.lstrip("\n"),
    "right newlines": lambda text: text.rstrip("\n"),
}
_ROLES = (
    ("user",),
    ("user", "assistant", "user"),
    ("user", "assistant", "user", "assistant", "user"),
    ("system", "user"),
    ("system", "user", "assistant", "user"),
    ("assistant", "user"),
    ("system", "assistant", "user"),
    ("user", "user"),
)
"""Conversations that templates are asked about; those that one refuses are no part of its pattern."""
_NEEDED = 2
"""How many of them no template may refuse."""
_EDGES = (" {} ", "\n{}\n", "\t{}\n", "{}\n ")


@dataclass(frozen=True, kw_only=True)
class Joint:
    """What stands between two texts."""

    text: str
    space: Space = "never"
    """Whether a space stands before the text that follows, so that it is read as in training."""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A template as a table."""

    joints: dict[tuple[str, str], Joint]
    """By who spoke before and who speaks now."""
    trims: dict[str, Trim]
    """What is taken off texts, by role."""
    folds: bool
    """Whether a system message is said in the user's first turn."""
    end: str
    """What ends an assistant's turn."""

    def text(self, messages: Sequence[Message]) -> str:
        """What is printed to ask for the next reply. UserError for an order of roles that is no part of it."""
        printed, before, folded = "", BEGIN, ""
        for at, message in enumerate(messages):
            if self.folds and at == 0 and message["role"] == "system":
                folded = message["content"] + FOLDED
                continue
            joint = self._joint(before, message["role"])
            content = TRIMS[self.trims[message["role"]]](folded + message["content"])
            space = content and (
                joint.space == "always" or (joint.space == "unless there" and not content.startswith(" "))
            )
            printed += joint.text + (" " if space else "") + content
            before, folded = message["role"], ""
        return printed + self._joint(before, ASK).text

    def _joint(self, before: str, now: str) -> Joint:
        if (before, now) not in self.joints:
            raise UserError(f"the template does not say how {now or 'a reply'} follows {before or 'nothing'}")
        return self.joints[before, now]


def learn(renderer: ChatRenderer) -> Pattern:
    """The pattern of a renderer's template, for engines that open a GGUF. UserError where it is none."""
    joints: dict[tuple[str, str], Joint] = {}
    folds, spell = False, Speller(renderer)
    for number, roles in enumerate(_ROLES):
        try:
            pieces = renderer.pieces([_marked(at, role) for at, role in enumerate(roles)])
        except UserError:
            if number < _NEEDED:
                raise
            continue
        texts = [piece for piece in pieces if isinstance(piece, str)]
        if texts != [_marked(at, role)["content"] for at, role in enumerate(roles)]:
            if roles[0] != "system" or texts[:1] != [f"{_marked(0, '')['content']}{FOLDED}{_marked(1, '')['content']}"]:
                raise _irregular(f"a conversation of {', '.join(roles)} is printed in another order")
            folds = True
            continue
        for place, joint in zip(_places(roles), _joints(renderer.special_ids, spell, pieces), strict=True):
            if joints.setdefault(place, joint) != joint:
                raise _irregular(f"{place[1] or 'a reply'} follows {place[0] or 'nothing'} in more than one way")
    trims = {role: _trim(renderer, role) for role in ("user", "assistant", *([] if folds else ["system"]))}
    end = spell([next(iter(renderer.stop_ids - {renderer.tokenizer.eos_token_id}), _eos(renderer))])
    return Pattern(joints=joints, trims=trims, folds=folds, end=end)


def _eos(renderer: ChatRenderer) -> int:
    token: int = renderer.tokenizer.eos_token_id
    return token


def _marked(at: int, role: str) -> Message:
    return {"role": role, "content": f"x{at}x"}


def _places(roles: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip((BEGIN, *roles), (*roles, ASK), strict=True))


def _irregular(why: str) -> UserError:
    return UserError(f"the chat template is none that others could be told: {why}; choose another with --chat_template")


def _joints(special: frozenset[int], spell: Speller, pieces: Sequence[int | str]) -> list[Joint]:
    """What stands before each text, and after the last."""
    runs: list[list[int]] = [[]]
    for piece in pieces:
        if isinstance(piece, str):
            runs.append([])
        else:
            runs[-1].append(piece)
    found = []
    for at, run in enumerate(runs):
        space: Space = "never"
        if spell.puts_space:
            space = "unless there"
        elif spell.prepends and not (run[-1] in special if run else at == 0):
            space = "always"
        found.append(Joint(text=_text(special, spell, run, begins=at == 0), space=space))
    found[-1] = Joint(text=found[-1].text)
    return found


def _text(special: frozenset[int], spell: Speller, run: Sequence[int], *, begins: bool) -> str:
    """What a run of the template's own tokens spells, without the spaces that an engine puts there by itself."""
    if not spell.prepends:
        return spell(run)
    text, part = "", list[int]()
    for token in (*run, None):
        if token is not None and token not in special:
            part.append(token)
            continue
        text += spell(part).removeprefix(" ") if begins else spell(part)
        text += "" if token is None else spell([token])
        part, begins = [], True
    return text


def _trim(renderer: ChatRenderer, role: str) -> Trim:
    """What is taken off the texts of a role. UserError where that is nothing known."""
    roles = {"user": ("user",), "assistant": ("user", "assistant", "user"), "system": ("system", "user")}[role]
    at = roles.index(role)
    known = dict(TRIMS)
    for edge in _EDGES:
        said = [_marked(place, each) for place, each in enumerate(roles)]
        said[at]["content"] = given = edge.format(said[at]["content"])
        try:
            printed = [piece for piece in renderer.pieces(said) if isinstance(piece, str)][at]
        except UserError:
            return ""
        known = {name: take for name, take in known.items() if take(given) == printed}
    if not known:
        raise _irregular(f"it changes what {role} says")
    return next(iter(known))
