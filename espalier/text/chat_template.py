"""A chat template as a program that prints: where in its text contents lie, and what it puts around them.

Contents are found by printing once with marks in their place; between the marks lie the template's own literals. What
is printed for the true contents must equal the literals with the contents between them, so nothing is guessed. What a
conversation's literals are depends on its *shape* alone (roles, what each message has, tools called), and most
conversations of a corpus share a few shapes.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from espalier.errors import UserError
from espalier.text.messages import Message

Thinking = Literal["drop", "keep"]

TEMPLATES = Path(__file__).parent / "templates"
_MARK = "\ue000{}\ue001"  # private-use characters: no template trims, splits or escapes them
_GENERATION_TAG = re.compile(r"\{%-?\s*(end)?generation\s*-?%\}")  # known to transformers alone
_SHAPES = 4096


class Slot(NamedTuple):
    """A place for a text of a message."""

    message: int
    key: Literal["content", "reasoning"]


class Part(NamedTuple):
    """What of a message decides the literals around it."""

    role: str
    keys: tuple[str, ...]
    """Which of reasoning and content it has, in the order in which they are printed."""
    calls: str
    """The tools it calls, as JSON."""


Shape = tuple[Part, ...]


class Frame(NamedTuple):
    """What is printed around the texts of one shape."""

    literals: tuple[str, ...]
    """One more than there are slots."""
    slots: tuple[Slot, ...]
    """The texts in the order in which they are printed, which need not be that of the messages; what was thought in
    earlier turns may be left out."""


def builtin_templates() -> list[str]:
    """Names of the templates that come with Espalier."""
    return sorted(path.stem for path in TEMPLATES.glob("*.jinja"))


def read_template(choice: str) -> str:
    """The text of a chat template named by `choice`: a builtin's name, or a file."""
    if choice in builtin_templates():
        path = TEMPLATES / f"{choice}.jinja"
    elif Path(choice).is_file():
        path = Path(choice)
    else:
        raise UserError(
            f"chat_template {choice!r} is neither a file nor one of the builtin templates: "
            + ", ".join(builtin_templates())
        )
    return path.read_text(encoding="utf-8")


def shape_of(messages: Sequence[Message]) -> Shape:
    """The shape of messages; an empty content has no slot."""
    return tuple(
        Part(
            message["role"],
            tuple(key for key in ("reasoning", "content") if message.get(key)),
            json.dumps(message["tool_calls"]) if "tool_calls" in message else "",
        )
        for message in messages
    )


class ChatTemplate:
    """One template, printed as `tokenizer.apply_chat_template` prints it.

    `thinking` says what becomes of thoughts: `drop` prints none, and asks for replies without; `keep` prints them where
    the template does, and leaves it to the model to think. `date` is today's for a template that prints it.
    """

    def __init__(self, tokenizer: Any, text: str, *, thinking: Thinking, date: datetime.date) -> None:
        self.text, self.thinking, self.date = text, thinking, date
        self._tokenizer = tokenizer
        self._frames = lru_cache(maxsize=_SHAPES)(self._find_frame)

    @cached_property
    def is_dated(self) -> bool:
        """Whether the template prints the date."""
        return bool(_date_formats(self.text))

    @cached_property
    def shows_thoughts(self) -> bool:
        """Whether the template prints what the assistant thought before its last reply."""
        asked, thought = Part("user", ("content",), ""), Part("assistant", ("reasoning", "content"), "")
        try:
            return Slot(1, "reasoning") in self.frame((asked, thought)).slots
        except UserError:
            return False

    @property
    def keeps_thoughts(self) -> bool:
        """Whether thoughts are printed, and left to the model to write."""
        return self.thinking == "keep" and self.shows_thoughts

    @cached_property
    def knows_system(self) -> bool:
        """Whether the template prints a system message; where it does not, the first user turn has to say it."""
        try:
            self.frame(tuple(Part(role, ("content",), "") for role in ("system", "user", "assistant")))
        except UserError:
            return False
        return True

    def frame(self, shape: Shape, tools: str = "", *, asking: bool = False) -> Frame:
        """What is printed around the texts of conversations of this shape; `asking` for the assistant's next turn.

        `tools` are declarations as JSON. Raises UserError where the template refuses the roles, or drops or repeats
        what it is given.
        """
        return self._frames(shape, tools, asking)

    def print(self, messages: Sequence[Message], tools: str = "", *, asking: bool = False) -> str:
        """The template's text. Raises UserError where it refuses the messages."""
        from jinja2 import TemplateError

        shown = [_as_templates_take_it(message) for message in messages]
        try:
            text: str = self._tokenizer.apply_chat_template(
                shown,
                tools=json.loads(tools) if tools else None,
                chat_template=self.printed_text,
                tokenize=False,
                add_generation_prompt=asking,
                enable_thinking=self.thinking == "keep",
            )
        except (TemplateError, TypeError) as error:
            roles = ", ".join(message["role"] for message in messages)
            raise UserError(f"the chat template refuses the roles {roles}: {error}") from error
        return text

    def texts(self, messages: Sequence[Message], tools: str = "", *, asking: bool = False) -> dict[Slot, str]:
        """The texts of `messages` as the template prints them. Raises UserError where it alters them.

        Many templates trim contents, or strip line breaks; anything beyond that is not ours to guess.
        """
        frame = self.frame(shape_of(messages), tools, asking=asking)
        printed = self.print(messages, tools, asking=asking)
        found: dict[Slot, str] = {}
        at = len(frame.literals[0])
        whole = printed.startswith(frame.literals[0])
        for slot, literal in zip(frame.slots, frame.literals[1:], strict=True):
            text = messages[slot.message][slot.key]
            for shown in (text, text.strip(), text.strip("\n"), text.lstrip("\n"), text.rstrip("\n")):
                end = at + len(shown)
                if printed.startswith(shown, at) and printed.startswith(literal, end):
                    break
            else:
                whole = False
                break
            found[slot], at = shown, end + len(literal)
        if not whole or at != len(printed):
            raise UserError(
                "the chat template alters these messages' contents, so that the tutor's words cannot be found in its "
                "text for sure; change the row, or choose another template with --chat_template"
            )
        return found

    def _find_frame(self, shape: Shape, tools: str, asking: bool) -> Frame:
        marks = {
            Slot(at, "content" if key == "content" else "reasoning"): _MARK.format(f"{at}.{len(key)}")
            for at, part in enumerate(shape)
            for key in part.keys
        }
        messages = []
        for at, part in enumerate(shape):
            message: Message = {"role": part.role, "content": marks.get(Slot(at, "content"), "")}
            if "reasoning" in part.keys:
                message["reasoning"] = marks[Slot(at, "reasoning")]
            if part.calls:
                message["tool_calls"] = json.loads(part.calls)
            messages.append(message)
        rest = self.print(messages, tools, asking=asking)
        if tools or any(part.calls for part in shape):
            self._check_tools(messages, tools, rest)
        places = {slot: rest.find(mark) for slot, mark in marks.items()}
        if any(rest.count(mark) > 1 or (places[slot] < 0 and slot.key == "content") for slot, mark in marks.items()):
            raise UserError(
                f"the chat template drops or repeats messages with the roles {', '.join(part.role for part in shape)}; "
                "choose another with --chat_template"
            )
        literals, slots = [], []
        for slot in sorted((slot for slot in marks if places[slot] >= 0), key=places.__getitem__):
            literal, _, rest = rest.partition(marks[slot])
            literals.append(literal)
            slots.append(slot)
        return Frame((*literals, rest), tuple(slots))

    def _check_tools(self, messages: list[Message], tools: str, printed: str) -> None:
        """UserError where calls or declarations do not show, or would be read as the tokenizer's own tokens."""
        uncalled = [{key: value for key, value in each.items() if key != "tool_calls"} for each in messages]
        calls = [each["tool_calls"] for each in messages if "tool_calls" in each]
        if (tools and self.print(messages) == printed) or (calls and self.print(uncalled, tools) == printed):
            raise UserError("the chat template prints no tools; choose another with --chat_template")
        written = json.dumps(calls, ensure_ascii=False) + tools
        typed = [token for token in self._tokenizer.get_added_vocab() if token in written]
        if typed:
            raise UserError(f"what is said of tools holds {typed[0]}, a token of the tokenizer's own")

    @cached_property
    def printed_text(self) -> str:
        """The template's text; with the frozen date in place of the clock, where it asks for one."""
        formats = _date_formats(self.text)
        if not formats:
            return self.text
        frozen = {each: self.date.strftime(each) for each in sorted(formats)}
        # A macro of the same name stands before the function that reads the clock.
        return (
            f"{{%- macro strftime_now(format) -%}}{{{{ {json.dumps(frozen)}[format] }}}}{{%- endmacro -%}}{self.text}"
        )

    def hash(self, mode: str) -> str:
        """SHA-256 of the text, and of `mode`: how it is used, where that is not how every template can be."""
        return hashlib.sha256((self.text + mode).encode()).hexdigest()


def _as_templates_take_it(message: Message) -> dict[str, Any]:
    """A message with the keys that templates know: thoughts are called `reasoning_content` there."""
    shown: dict[str, Any] = {key: message[key] for key in ("role", "content", "tool_calls") if key in message}
    if "reasoning" in message:
        shown["reasoning_content"] = message["reasoning"]
    return shown


def _date_formats(template: str) -> set[str]:
    """The formats in which a template asks for the date. UserError where one is put together by the template."""
    if "strftime_now" not in template:
        return set()
    import jinja2

    plain = _GENERATION_TAG.sub("", template)
    tree = jinja2.Environment(extensions=["jinja2.ext.loopcontrols"]).parse(plain)
    formats = set()
    for call in tree.find_all(jinja2.nodes.Call):
        if isinstance(call.node, jinja2.nodes.Name) and call.node.name == "strftime_now":
            if len(call.args) != 1 or not isinstance(call.args[0], jinja2.nodes.Const):
                raise UserError("the chat template asks for the date in a way that cannot be frozen; choose another")
            formats.add(str(call.args[0].value))
    return formats
