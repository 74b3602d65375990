"""One chat renderer, for training and inference alike: messages → token ids and loss mask.

A chat template is a program that prints text. Where the contents lie in what it printed is found by printing it once
with marks in their place; between the marks lie the template's own literals. The pieces put together with the true
contents must equal the template's own text, so nothing is guessed. Contents are encoded with every added token
switched off: a learner who types `<|assistant|>` types eleven characters, not a change of speaker.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from espalier.errors import UserError

Message = dict[str, str]

TEMPLATES = Path(__file__).parent / "templates"
_MARK = "\ue000{}\ue001"  # private-use characters: no template trims, splits or escapes them


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """One row as the model sees it."""

    ids: list[int]
    """Token ids, the template's own included."""
    mask: list[bool]
    """Whether each token is a target of the loss."""
    num_bytes: int
    """UTF-8 bytes of all contents."""
    num_trained_bytes: int
    """UTF-8 bytes of the contents whose tokens are trained."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of text: a template's literal (its special tokens parsed) or a content (nothing parsed)."""

    text: str
    is_content: bool
    trained: bool


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


class ChatRenderer:
    """Renders rows for one tokenizer and one chat template.

    `tokenizer` is a Hugging Face tokenizer backed by the tokenizers library; `template` is template text, by default
    the tokenizer's own. Raises UserError when there is none: a silent default would train one format and be asked in
    another.
    """

    def __init__(self, tokenizer: Any, template: str | None = None) -> None:
        own = tokenizer.chat_template
        template = template or (own.get("default") if isinstance(own, dict) else own)
        if not template:
            raise UserError(
                f"the tokenizer of {tokenizer.name_or_path or 'this model'} has no chat template; choose one with "
                f"--chat_template {'|'.join(builtin_templates())}, or a file (--chat_template my.jinja)"
            )
        if tokenizer.eos_token_id is None:
            raise UserError("the tokenizer has no end-of-sequence token, so that no text it writes could ever end")
        tokenizer.chat_template = template
        self.tokenizer = tokenizer
        self.template: str = template
        self.template_hash = hashlib.sha256(template.encode()).hexdigest()
        self._content_tokenizer = _without_added_tokens(tokenizer)
        self._literal_ids: dict[str, list[int]] = {}
        self._literals: dict[tuple[str, ...], list[str]] = {}

    @cached_property
    def tokenizer_hash(self) -> str:
        """SHA-256 of everything that decides which ids a text becomes, the chat template apart."""
        return hashlib.sha256(self.tokenizer.backend_tokenizer.to_str().encode()).hexdigest()

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        """The tokens that end a reply or a text."""
        closing = self._ids(self._literals_of(("user", "assistant"))[-1])
        ends = [token for token in closing if token in self.special_ids]
        return frozenset([*ends[:1], self.tokenizer.eos_token_id])

    @cached_property
    def special_ids(self) -> frozenset[int]:
        return frozenset(self.tokenizer.all_special_ids) | frozenset(
            token for token, added in self.tokenizer.added_tokens_decoder.items() if added.special
        )

    @cached_property
    def start_ids(self) -> list[int]:
        """What stands before a plain text: the begin token, or the end token where a tokenizer has no begin."""
        begin = self.tokenizer.bos_token_id
        return [self.tokenizer.eos_token_id if begin is None else begin]

    def render(self, messages: Sequence[Message]) -> Rendered:
        """One row. Text: every token trained but the first. Chat: each assistant turn and the token that ends it.

        Raises UserError when no token would be trained, or when the template alters what it is given.
        """
        return self.encode([self.plan(messages)])[0]

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Ids up to where the assistant's next content begins: by construction, what training showed before a reply."""
        pieces = self.plan([*messages, {"role": "assistant", "content": "x"}])
        last = max(index for index, piece in enumerate(pieces) if piece.is_content)
        return self.encode([pieces[:last]], check=False)[0].ids

    def text_prompt(self, text: str) -> list[int]:
        """Ids of a plain text to be continued."""
        return self.start_ids + self._encode_contents([text])[0]

    @cached_property
    def prefix(self) -> str:
        """What encoding puts before every content and decoding does not take away again: nothing, or a space."""
        return self.decode(self._encode_contents(["x"])[0]).removesuffix("x")

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`, special tokens written out: one in the middle of a reply is a fault to be seen, not hidden."""
        text: str = self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text

    def plan(self, messages: Sequence[Message]) -> list[_Piece]:
        """`messages` as pieces of text, not yet encoded (many plans are encoded together, which is faster)."""
        if messages[0]["role"] == "text":
            return [_Piece(messages[0]["content"], is_content=True, trained=True)]
        literals = self._literals_of(tuple(message["role"] for message in messages))
        text = self._print(messages)
        contents = [message["content"] for message in messages]
        # Many templates trim contents, or strip newlines; anything beyond that is not ours to guess.
        for tidy in (str, str.strip, lambda content: content.strip("\n")):
            shown = [tidy(content) for content in contents]
            if text == "".join(part for pair in zip(literals, [*shown, ""], strict=True) for part in pair):
                break
        else:
            raise UserError(
                "the chat template alters these messages' contents, so that the tutor's words cannot be found in its "
                "text for sure; change the row, or choose another template with --chat_template"
            )
        pieces = []
        for literal, content, message in zip(literals, shown, messages, strict=False):
            pieces.append(_Piece(literal, is_content=False, trained=False))
            pieces.append(_Piece(content, is_content=True, trained=message["role"] == "assistant"))
        pieces.append(_Piece(literals[-1], is_content=False, trained=False))
        return pieces

    def encode(self, plans: Sequence[list[_Piece]], *, check: bool = True) -> list[Rendered]:
        """Token ids and masks of `plans`; with `check`, a plan that trains nothing raises UserError."""
        contents = iter(self._encode_contents([p.text for plan in plans for p in plan if p.is_content]))
        return [self._assemble(plan, contents, check) for plan in plans]

    def _assemble(self, plan: list[_Piece], contents: Iterable[list[int]], check: bool) -> Rendered:
        contents = iter(contents)
        if len(plan) == 1 and plan[0].is_content:
            start, end = self.start_ids, [self.tokenizer.eos_token_id]
            ids = start + next(contents) + end
            size = len(plan[0].text.encode())
            mask = [False] * len(start) + [True] * (len(ids) - len(start))
            return Rendered(ids=ids, mask=mask, num_bytes=size, num_trained_bytes=size)
        ids, mask, num_bytes, num_trained_bytes, after_reply = [], [], 0, 0, False
        for piece in plan:
            if piece.is_content:
                piece_ids = next(contents)
                trained = len(piece_ids) if piece.trained else 0
                num_bytes += len(piece.text.encode())
                num_trained_bytes += len(piece.text.encode()) if piece.trained else 0
            else:
                piece_ids = self._ids(piece.text)
                trained = self._length_of_ending(piece_ids) if after_reply else 0
            after_reply = piece.trained
            ids += piece_ids
            mask += [True] * trained + [False] * (len(piece_ids) - trained)
        if check and not any(mask):
            raise UserError("no assistant turn, so that nothing in it would be trained")
        return Rendered(ids=ids, mask=mask, num_bytes=num_bytes, num_trained_bytes=num_trained_bytes)

    def _length_of_ending(self, literal_ids: list[int]) -> int:
        for index, token in enumerate(literal_ids):
            if token in self.special_ids:
                return index + 1
        raise UserError(
            "the chat template ends an assistant turn without a special token, so that a reply could never end; "
            "choose another with --chat_template"
        )

    def _literals_of(self, roles: tuple[str, ...]) -> list[str]:
        """What the template prints around the contents of a conversation with these roles: one literal more."""
        if roles not in self._literals:
            marks = [_MARK.format(index) for index in range(len(roles))]
            rest = self._print([{"role": r, "content": m} for r, m in zip(roles, marks, strict=True)])
            literals = []
            for mark in marks:
                literal, found, rest = rest.partition(mark)
                if not found or mark in rest:
                    raise UserError(
                        f"the chat template drops, repeats or reorders messages with the roles {', '.join(roles)}; "
                        "choose another with --chat_template"
                    )
                literals.append(literal)
            self._literals[roles] = [*literals, rest]
        return self._literals[roles]

    def _print(self, messages: Sequence[Message]) -> str:
        from jinja2 import TemplateError

        try:
            text: str = self.tokenizer.apply_chat_template(list(messages), tokenize=False)
        except TemplateError as error:
            roles = ", ".join(message["role"] for message in messages)
            raise UserError(f"the chat template refuses the roles {roles}: {error}") from error
        return text

    def _ids(self, literal: str) -> list[int]:
        if literal not in self._literal_ids:
            self._literal_ids[literal] = self.tokenizer.encode(literal, add_special_tokens=False) if literal else []
        return self._literal_ids[literal]

    def _encode_contents(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._content_tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def _without_added_tokens(tokenizer: Any) -> Any:
    """A copy of the tokenizer that knows only its model: no added token is recognised in a text."""
    import tokenizers

    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, tokenizers.Tokenizer):
        raise UserError(f"{type(tokenizer).__name__} is not backed by the tokenizers library; convert it first")
    state = json.loads(backend.to_str())
    state.update(added_tokens=[], post_processor=None, truncation=None, padding=None)
    return tokenizers.Tokenizer.from_str(json.dumps(state))
