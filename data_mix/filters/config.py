"""The keys under `filters:` of a recipe, one for each filter."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from data_mix.language.languages import MAX_CHARS, code_of
from espalier.command_line.config import Config, FilePath

Artefact = Literal["special_tokens", "chatter", "unclosed", "next_turn"]
Boilerplate = Literal["placeholder", "web", "self_reference"]
Personal = Literal["email", "phone", "card", "ip"]


class UnsafeConfig(Config):
    """What counts as unsafe."""

    labels: list[str] = [
        "sexual",
        "sexual/minors",
        "hate",
        "hate/threatening",
        "harassment/threatening",
        "self-harm",
        "self-harm/intent",
        "self-harm/instructions",
        "violence/graphic",
        "illicit/violent",
    ]
    """Labels of a corpus (`meta.moderation`, `meta.safety`) that drop a row; letter case and punctuation do not count.
    Labels that say how a reply should be, such as ProsocialDialog's `needs_intervention`, are not among them unless
    you add them: those rows teach the careful reply."""
    lexicon: Literal["builtin"] | FilePath | None = "builtin"
    """Terms that drop a row: the short list that comes with Espalier, a YAML file of yours (`terms: [one, two words]`),
    or null."""
    turns: Literal["assistant", "all"] = "assistant"
    """Whose words the lexicon is looked up in. A careful reply to a rude question is worth learning."""


class LanguageConfig(Config):
    """Which rows' language is told from their text, and which languages stay."""

    keep: list[str] = []
    """Languages that stay (`en`, `eng` or `English`); a row known to be in another is dropped. Empty: all stay."""
    where: Literal["unknown", "all"] = "unknown"
    """Look at rows whose corpus does not say their language, or at all."""
    share: float = Field(1.0, ge=0, le=1)
    """Share of those rows to look at, chosen by their content: less is faster. The others' language stays unknown."""
    min_score: float = Field(0.5, ge=0, le=1)
    """How sure the guess must be; below, the language is `und`, undetermined."""
    max_chars: int = Field(MAX_CHARS, ge=20)
    """How many characters of a row to look at."""
    undetermined: Literal["keep", "drop"] = "keep"
    """What becomes of rows that were looked at and are `und`, as short ones are."""

    @field_validator("keep")
    @classmethod
    def _are_languages(cls, keep: list[str]) -> list[str]:
        codes = [code_of(label) for label in keep]
        wrong = [label for label, code in zip(keep, codes, strict=True) if code is None]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: no language; write en, eng or English")
        return [code for code in dict.fromkeys(codes) if code]


class FilterConfig(Config):
    """Which rows are left out or repaired, and why. Everything is off by default: no row is touched unasked.

    The filters run in a fixed order, that of `data_mix/filters/chain.py`, whatever the order of the keys.
    """

    redacted: Literal["off", "drop"] = "off"
    """Rows in which their corpus blacked something out (`meta.redacted`)."""
    unsafe: UnsafeConfig | None = None
    """Drop unsafe content, by the corpus' labels and by a list of terms; `{}` is the default of both."""
    mojibake: Literal["off", "repair", "drop"] = "off"
    """Text decoded wrongly (`cafÃ©`). `repair` undoes it, and drops a row where bytes are lost (U+FFFD)."""
    control: Literal["off", "repair", "drop"] = "off"
    """Control characters, terminal codes and invisible junk. `repair` takes them out, and leaves invisible characters
    that belong to a script or an emoji."""
    roles: Literal["off", "repair", "drop"] = "off"
    """Chats must begin with the user, alternate, and end with the assistant, after a system message or none. `repair`
    joins neighbours of one role and cuts a last user turn; what cannot be repaired is dropped."""
    leading_assistant: Literal["cut", "keep", "drop"] = "cut"
    """With `roles`, what becomes of a first turn of the assistant's, such as a tutor's greeting: cut it off, keep it
    (many chat templates refuse it, Espalier's own do not), or drop the row."""
    min_chars: int = Field(0, ge=0)
    """Drop rows whose contents are shorter together, in characters."""
    min_reply_chars: int = Field(0, ge=0)
    """Drop rows whose assistant turns are shorter together, in characters."""
    max_chars: int | None = Field(None, ge=1)
    """Drop rows whose contents are longer together, in characters."""
    min_tokens: int = Field(0, ge=0)
    """Drop rows of fewer tokens, counted with the recipe's tokenizer."""
    max_tokens: int | None = Field(None, ge=1)
    """Drop rows of more tokens, counted with the recipe's tokenizer."""
    boilerplate: Literal["off", "drop"] | list[Boilerplate] = "off"
    """Replies and texts with a placeholder ("lorem ipsum", "[insert name here]"), a web page's banner (web), or "as an
    AI language model" (self_reference); `drop` is all of them, or list those you mean."""
    refusals: Literal["off", "drop"] = "off"
    """Rows whose every reply is a refusal and nothing more ("I'm sorry, but I cannot …")."""
    artefacts: Literal["off", "drop"] | list[Artefact] = "off"
    """Traces of the model that wrote a reply: special_tokens (`<|im_start|>`), chatter ("Here is the JSON you asked
    for"), unclosed (JSON or a code fence that stops in the middle), next_turn (it wrote the user's next turn too);
    `drop` is all of them, or list those you mean."""
    repetition: Literal["off", "drop"] = "off"
    """Replies and texts that loop: the same line, phrase or character again and again."""
    personal_data: Literal["off", "mask", "drop"] | list[Personal] = "off"
    """E-mail addresses, phone numbers, payment cards and public IP addresses: `mask` writes <EMAIL>, <PHONE>, <CARD>,
    <IP> in their place; a list masks those kinds alone."""
    languages: LanguageConfig | None = None
    """Tell the language of rows and write it to `meta.language`; drop those in languages not wanted."""

    @model_validator(mode="after")
    def _leave_something(self) -> Self:
        for low, high in (("min_chars", "max_chars"), ("min_reply_chars", "max_chars"), ("min_tokens", "max_tokens")):
            most = getattr(self, high)
            if most is not None and getattr(self, low) > most:
                raise ValueError(f"{low} ({getattr(self, low)}) is above {high} ({most}), so no row would be left")
        return self
