"""One chat renderer, for training and inference alike: messages → token ids, and the weight of each in the loss.

`chat_template.py` tells what a template prints around contents, `loss_mask.py` what is trained behind which prompt.
Contents are encoded with every added token switched off: a learner who types `<|assistant|>` types eleven characters,
not a change of speaker.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from espalier.errors import UserError
from espalier.text.chat_template import ChatTemplate, Thinking, builtin_templates, shape_of
from espalier.text.loss_mask import LossMask
from espalier.text.messages import TEXT_ROLE, Message, is_learned, weight_of
from espalier.text.reasoning import opened_by, split

VERSION = 2
"""Of what rendering does; counted up when the same template gives other ids, or trains other ones."""
Speaker = Literal["assistant", "user"]
"""Whose turn a model is to write."""
_END_OF_A_PROMPT = 16
"""Tokens that hold what a chat template opens a reply with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A sequence of a row, as the model sees it."""

    ids: list[int]
    """Token ids, the template's own included."""
    weights: list[float]
    """What each token's loss is multiplied by; 0 where it is no target."""
    num_bytes: int
    """UTF-8 bytes of all texts."""
    num_trained_bytes: int
    """UTF-8 bytes of the texts whose tokens are trained."""

    @property
    def mask(self) -> list[bool]:
        """Whether each token is a target of the loss."""
        return [weight > 0 for weight in self.weights]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unencoded:
    """One sequence before its texts are encoded: the template's tokens, and texts."""

    pieces: list[int | str]
    weights: list[float | tuple[Span, ...]]
    """Of each piece's tokens; spans where the tokens of one text differ in weight."""


class Span(NamedTuple):
    """A part of a text, up to a character."""

    end: int
    """Where it ends, counted from the text's beginning."""
    weight: float
    """Of the tokens whose last character lies in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A row before its texts are encoded (many rows are encoded together, which is faster)."""

    sequences: list[Unencoded]
    """Empty where nothing in the row is to be learned."""
    folded_system: bool = False
    """Whether the system message stands in the first user turn, since the template has no place for it."""
    dropped_thoughts: int = 0
    """Turns whose thoughts are left out."""


class ChatRenderer:
    """Renders rows for one tokenizer and one chat template.

    `tokenizer` is a Hugging Face tokenizer backed by the tokenizers library; `template` is template text, by default
    the tokenizer's own. `thinking` and `date` are those of `ChatTemplate`; the date is today's by default. Raises
    UserError when there is no template: a silent default would train one format and be asked in another.
    """

    def __init__(
        self,
        tokenizer: Any,
        template: str | None = None,
        *,
        thinking: Thinking = "drop",
        date: datetime.date | None = None,
    ) -> None:
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
        self.template = ChatTemplate(tokenizer, template, thinking=thinking, date=date or datetime.date.today())
        self._content_tokenizer = _without_added_tokens(tokenizer)
        self._literal_ids: dict[str, list[int]] = {}
        self._ids_holding: dict[str, frozenset[int]] = {}
        self._mask = LossMask(self.template, self._ids, self.special_ids)

    def on(self, date: datetime.date) -> ChatRenderer:
        """The same, on another day: itself, unless the template prints the date."""
        if not self.template.is_dated or self.template.date == date:
            return self
        return ChatRenderer(self.tokenizer, self.template.text, thinking=self.template.thinking, date=date)

    @cached_property
    def tokenizer_hash(self) -> str:
        """SHA-256 of everything that decides which ids a text becomes, the chat template apart."""
        return hashlib.sha256(self.tokenizer.backend_tokenizer.to_str().encode()).hexdigest()

    @cached_property
    def template_hash(self) -> str:
        """SHA-256 of the template, and of the mode in which it is used where there is more than one way to use it."""
        mode = []
        if self._rewrites_history:
            mode.append("as prompted")
        if self.template.shows_thoughts:
            mode.append(f"thoughts: {self.template.thinking}")
        if self.template.is_dated:
            mode.append("date frozen")
        return self.template.hash("; ".join(mode))

    @cached_property
    def identity(self) -> str:
        """SHA-256 of all that decides which ids messages become."""
        facts = [VERSION, self.tokenizer_hash, self.template_hash]
        if self.template.is_dated:
            facts.append(self.template.date.isoformat())
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    @cached_property
    def _rewrites_history(self) -> bool:
        """Whether the template prints earlier turns otherwise than it asks for them."""
        said = [{"role": role, "content": "x"} for role in ("user", "assistant") * 3]
        try:
            return len(self.plan(said).sequences) > 1
        except UserError:
            return False

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        """The tokens that end a reply or a text."""
        return frozenset([self._mask.end_of_turn(), self.tokenizer.eos_token_id])

    def ends_of(self, speaker: Speaker) -> frozenset[int]:
        """The tokens that end what a speaker writes. Raises UserError where no token ends a user's turn."""
        if speaker == "assistant":
            return self.stop_ids
        end = self._mask.end_of_users_turn()
        return self.stop_ids | (self.ids_holding(end) if isinstance(end, str) else {end})

    @cached_property
    def can_write_as_user(self) -> bool:
        """Whether the template opens a user's turn after a reply so that a model can write it and end it."""
        try:
            self.ends_of("user")
            self._mask.users_prompt(shape_of([{"role": "user", "content": "x"}, {"role": "assistant", "content": "x"}]))
        except UserError:
            return False
        return True

    def ids_holding(self, text: str) -> frozenset[int]:
        """The tokens in whose own text `text` stands, whole."""
        if text not in self._ids_holding:
            vocabulary = range(len(self.tokenizer))
            said = self.tokenizer.batch_decode([[token] for token in vocabulary], clean_up_tokenization_spaces=False)
            self._ids_holding[text] = frozenset(token for token in vocabulary if text in said[token])
        return self._ids_holding[text]

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

    def render(self, messages: Sequence[Message], tools: list[dict[str, Any]] | None = None) -> Rendered:
        """One row, its sequences one after the other. Raises what `sequences` raises."""
        found = self.sequences(messages, tools)
        return Rendered(
            ids=[token for each in found for token in each.ids],
            weights=[weight for each in found for weight in each.weights],
            num_bytes=sum(each.num_bytes for each in found),
            num_trained_bytes=sum(each.num_trained_bytes for each in found),
        )

    def sequences(self, messages: Sequence[Message], tools: list[dict[str, Any]] | None = None) -> list[Rendered]:
        """The sequences of one row. Text: every token trained but the first. Chat: what `plan` says.

        Raises UserError when no token would be trained, or when the template alters what it is given.
        """
        found = self.encode([self.plan(messages, tools)])[0]
        if not found:
            raise UserError("no assistant turn, so that nothing in it would be trained")
        return found

    def prompt(self, messages: Sequence[Message], tools: list[dict[str, Any]] | None = None) -> list[int]:
        """Ids up to where the assistant's next reply begins: what every trained turn stands behind."""
        return next(self._encode([self._asking(messages, tools)])).ids

    def pieces(self, messages: Sequence[Message]) -> list[int | str]:
        """What `prompt` encodes: the template's own tokens, and between them texts as they are printed."""
        return self._asking(messages).pieces

    def prompts(
        self, prompts: Sequence[str | Sequence[Message]], speaker: Speaker = "assistant"
    ) -> list[list[int] | UserError]:
        """What `prompt` or `text_prompt` make of each, encoded all at once; an error in the place of one refused.

        With `speaker="user"` messages are followed by what the template opens the user's next turn with.
        """
        found: list[Unencoded | UserError] = []
        asking = self._asking if speaker == "assistant" else self._asking_the_user
        for each in prompts:
            try:
                found.append(self._continued(each) if isinstance(each, str) else asking(each))
            except UserError as error:
                found.append(error)
        encoded = self._encode([each for each in found if isinstance(each, Unencoded)])
        return [next(encoded).ids if isinstance(each, Unencoded) else each for each in found]

    def text_prompt(self, text: str) -> list[int]:
        """Ids of a plain text to be continued."""
        return next(self._encode([self._continued(text)])).ids

    @cached_property
    def prefix(self) -> str:
        """What encoding puts before every content and decoding does not take away again: nothing, or a space."""
        return self.decode(self._encode_contents(["x"])[0].ids).removesuffix("x")

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`, special tokens written out: one in the middle of a reply is a fault to be seen, not hidden."""
        text: str = self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text

    def ends(self, text: str) -> list[tuple[int, int]]:
        """The tokens that a content becomes, each with where in it the token ends, in characters."""
        encoding = self._encode_contents([text], with_offsets=True)[0]
        return list(zip(encoding.ids, (end for _, end in encoding.offsets), strict=True))

    def opening(self, prompt: Sequence[int]) -> str:
        """The mark of thoughts that the end of a prompt has opened, which is missing from what is written after it."""
        return opened_by(self.decode(prompt[-_END_OF_A_PROMPT:]))

    def plan(self, messages: Sequence[Message], tools: list[dict[str, Any]] | None = None) -> Plan:
        """A row as sequences of tokens and texts: every assistant turn to be learned, each behind its own prompt.

        Raises UserError where the template refuses or alters what it is given.
        """
        if messages[0]["role"] == TEXT_ROLE:
            return Plan(sequences=self._text_sequences(messages))
        said, folded, dropped = self._prepared(messages)
        declared = _json(tools)
        learned = tuple(at for at, each in enumerate(said) if is_learned(each))
        sequences = []
        for upto, atoms, owners in self._mask.layouts(shape_of(said), learned, declared):
            texts = self.template.texts(said[:upto], declared)
            sequences.append(
                Unencoded(
                    pieces=[atom if isinstance(atom, int) else texts[atom] for atom in atoms],
                    weights=[weight_of(said[owner]) if owner >= 0 else 0.0 for owner in owners],
                )
            )
        return Plan(sequences=sequences, folded_system=folded, dropped_thoughts=dropped)

    def encode(self, plans: Sequence[Plan]) -> list[list[Rendered]]:
        """Token ids and weights of each plan's sequences."""
        rendered = self._encode([sequence for plan in plans for sequence in plan.sequences])
        return [[next(rendered) for _ in plan.sequences] for plan in plans]

    def _prepared(self, messages: Sequence[Message]) -> tuple[list[Message], bool, int]:
        """Messages as the template can show them; whether the system message was folded, and thoughts left out."""
        said, dropped = list(messages), 0
        if said[0]["role"] == "system" and not self.template.knows_system:
            if len(said) < 2 or said[1]["role"] != "user":
                raise UserError("the chat template has no system role, and no user turn follows to say it in")
            said[:2] = [said[1] | {"content": f"{said[0]['content']}\n\n{said[1]['content']}"}]
        keeps = self.template.keeps_thoughts
        for at, message in enumerate(said):
            if message["role"] != "assistant":
                continue
            parted = _parted(message, in_content=keeps or self.template.thinking == "drop")
            if "reasoning" in parted and not keeps:
                del parted["reasoning"]
                dropped += 1
            said[at] = parted
        return said, len(said) < len(messages), dropped

    def _asking(self, messages: Sequence[Message], tools: list[dict[str, Any]] | None = None) -> Unencoded:
        said, declared = self._prepared(messages)[0], _json(tools)
        atoms = self._mask.prompt(shape_of(said), declared)
        if self.template.keeps_thoughts:
            texts = self.template.texts(said, declared, asking=True)
        else:
            texts = self.template.texts([*said, {"role": "assistant", "content": "x"}], declared)
        pieces = [atom if isinstance(atom, int) else texts[atom] for atom in atoms]
        return Unencoded(pieces=pieces, weights=[0.0] * len(pieces))

    def _asking_the_user(self, messages: Sequence[Message]) -> Unencoded:
        said = self._prepared(messages)[0]
        texts = self.template.texts([*said, {"role": "user", "content": "x"}])
        atoms = self._mask.users_prompt(shape_of(said))
        pieces = [atom if isinstance(atom, int) else texts[atom] for atom in atoms]
        return Unencoded(pieces=pieces, weights=[0.0] * len(pieces))

    def _continued(self, text: str) -> Unencoded:
        return Unencoded(pieces=[*self.start_ids, text], weights=[0.0] * (len(self.start_ids) + 1))

    def _text_sequences(self, parts: Sequence[Message]) -> list[Unencoded]:
        """The one sequence of a text, whose parts are encoded together, as a prompt of it would be; none where nothing
        of it is to be learned."""
        weights = [weight_of(part) for part in parts]
        if len(parts) > 1 and not any(weights):
            return []
        pieces = [*self.start_ids, "".join(part["content"] for part in parts), self.tokenizer.eos_token_id]
        ends = accumulate(len(part["content"]) for part in parts)
        of_text = weights[0] if len(parts) == 1 else tuple(map(Span, ends, weights))
        return [Unencoded(pieces=pieces, weights=[*[0.0] * len(self.start_ids), of_text, weights[-1]])]

    def _encode(self, sequences: Sequence[Unencoded]) -> Iterator[Rendered]:
        texts = [piece for sequence in sequences for piece in sequence.pieces if isinstance(piece, str)]
        apart = any(isinstance(weight, tuple) for sequence in sequences for weight in sequence.weights)
        encoded = iter(zip(texts, self._encode_contents(texts, with_offsets=apart), strict=True))
        for sequence in sequences:
            ids: list[int] = []
            weights: list[float] = []
            num_bytes = num_trained_bytes = 0
            for piece, weight in zip(sequence.pieces, sequence.weights, strict=True):
                if isinstance(piece, int):
                    assert isinstance(weight, float)
                    ids.append(piece)
                    weights.append(weight)
                    continue
                text, encoding = next(encoded)
                ids += encoding.ids
                spans = weight if isinstance(weight, tuple) else (Span(len(text), weight),)
                weights += [weight] * len(encoding.ids) if isinstance(weight, float) else _by_span(encoding, spans)
                num_bytes += len(text.encode())
                num_trained_bytes += _trained_bytes(text, spans)
            yield Rendered(ids=ids, weights=weights, num_bytes=num_bytes, num_trained_bytes=num_trained_bytes)

    def _ids(self, literal: str) -> list[int]:
        if literal not in self._literal_ids:
            self._literal_ids[literal] = self.tokenizer.encode(literal, add_special_tokens=False) if literal else []
        return self._literal_ids[literal]

    def _encode_contents(self, texts: list[str], *, with_offsets: bool = False) -> list[Any]:
        encode = self._content_tokenizer.encode_batch if with_offsets else self._content_tokenizer.encode_batch_fast
        return list(encode(texts, add_special_tokens=False))


def _by_span(encoding: Any, spans: Sequence[Span]) -> list[float]:
    """The weight of each token of a text: that of the span in which its last character lies."""
    ends = [span.end for span in spans]
    return [spans[min(bisect_left(ends, end), len(spans) - 1)].weight for _, end in encoding.offsets]


def _trained_bytes(text: str, spans: Sequence[Span]) -> int:
    """UTF-8 bytes of the spans that are trained."""
    starts = [0, *(span.end for span in spans)]
    return sum(
        len(text[start : span.end].encode()) for start, span in zip(starts, spans, strict=False) if span.weight > 0
    )


def _parted(message: Message, *, in_content: bool) -> Message:
    """An assistant's message with its thoughts under `reasoning`, those at the beginning of its content too."""
    if not in_content:
        return dict(message)
    spoken = split(message["content"])
    if not spoken.reasoning and not spoken.unfinished:
        return dict(message)
    if not spoken.content and "tool_calls" not in message:
        raise UserError("an assistant's turn has thoughts and no reply")
    thoughts = [each for each in (message.get("reasoning"), spoken.reasoning) if each]
    return message | {"content": spoken.content, "reasoning": "\n\n".join(thoughts)}


def _json(tools: list[dict[str, Any]] | None) -> str:
    return json.dumps(tools) if tools else ""


def _without_added_tokens(tokenizer: Any) -> Any:
    """A copy of the tokenizer that knows only its model: no added token is recognised in a text."""
    import tokenizers

    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, tokenizers.Tokenizer):
        raise UserError(f"{type(tokenizer).__name__} is not backed by the tokenizers library; convert it first")
    state = json.loads(backend.to_str())
    state.update(added_tokens=[], post_processor=None, truncation=None, padding=None)
    return tokenizers.Tokenizer.from_str(json.dumps(state))
