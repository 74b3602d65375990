"""What a tutor's turn must not be: a correction to the face, or words of the form around it (who speaks, what ends)."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

from espalier.command_line import yaml_text

FORM = r"(?:form|words?|sentence|way|answer|version|verb|tense|plural|article|preposition|order)"
"""What a correction is about."""
_FILE = Path(__file__).with_name("corrections.yaml")
_PART = re.compile(r"<(\w+)>")
_MENTION = r"⟦[^⟧]*⟧"
_INSIDE = r"(?:[^\n{close}]|(?<=\w)'(?=\w)){{1,200}}?"
_QUOTES = re.compile(
    "|".join(
        [
            *(
                f"{left}({_INSIDE.format(close=right)})[{right}]"
                for left, right in (('"', '"'), ("“", "”"), ("„", "“”"), ("«", "»"), ("»", "«"), ("‹", "›"), ("`", "`"))
            ),
            rf"(?<![\w'])['‘]({_INSIDE.format(close=chr(39))})'(?!\w)",
            r"(?<![\w*])\*{1,3}(\w[^*\n]{0,80}?)\*{1,3}(?![\w*])",
            r"(?<![\w_])_{1,2}([^\W_][^_\n]{0,80}?)_{1,2}(?![\w_])",
        ]
    )
)
_WITHIN = re.compile(r"[.?!…:;,\s⟦⟧*_]+")
_SENTENCE = re.compile(r"[^.?!\n\U0001f300-\U0001faff]+[.?!]*")
_SMILE = re.compile(r"(?<=\s)[:;]-?[()](?!\S)")
_ASKS = re.compile(r"[?]\W*$")
_TAG = re.compile(
    r",\s*(?:ok|okay|right|yes|no|see|remember|all right|vale|sí|d'accord|oui|hein|n'est-ce pas|oder|ja|nicht wahr)\W*$"
)
_SPEAKERS = "tutor|teacher|learner|student|user|assistant|system|human|sophie|basil|move"
ROLE_LEAK = re.compile(
    rf"(?:^|[\n.?!]\s*)(?:{_SPEAKERS})\b(?:\s+(?:says|said|asks|asked|answers|answered))?\s*:"
    r"|<\|[^<>]*\|>|</?s>|<(?:unk|pad|bos|eos|mask)>|\[/?INST\]|</?(?:start|end)_of_turn>",
    re.IGNORECASE,
)
"""A speaker's name before a colon, or a special token of a chat template."""


@lru_cache(maxsize=256)
def marked(text: str) -> str:
    """`text` in lower case, with what is quoted or set off by asterisks as ⟦words⟧ without marks: "not ⟦go⟧"."""
    plain = _SMILE.sub(".", text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    found = _QUOTES.fullmatch(plain.strip())
    if found:  # all of it is quoted, so nothing is
        plain = found[found.lastindex or 0]
    return _QUOTES.sub(lambda match: f"⟦{_WITHIN.sub(' ', match[match.lastindex or 0]).strip()}⟧", plain)


def sentences(text: str) -> list[tuple[str, bool]]:
    """The sentences of what `marked` gave, each with whether it asks; "…, okay?" asks nothing."""
    return [(each, bool(_ASKS.search(each)) and not _TAG.search(each)) for each in _SENTENCE.findall(text)]


@lru_cache(maxsize=256)
def corrects_to_the_face(text: str) -> str | None:
    """The words by which a tutor says that something is wrong, or how it should be said; None where there are none.

    By what a correction is built of, in English, Spanish, French and German (`corrections.yaml`): a verdict, a form
    that is quoted and set against another or prescribed, a label before it ("a small fix: …"), a rule of grammar that
    is stated. A question that leaves the form to be found is none, and the right form said in passing is none.
    """
    plain = marked(text)
    anywhere, in_statements, _ = _patterns()
    found = anywhere.search(plain)
    if found:
        return _unmarked(found[0])
    for sentence, asks in sentences(plain):
        if not asks and (found := in_statements.search(sentence)):
            return _unmarked(found[0])
    return None


def _unmarked(text: str) -> str:
    return text.replace("⟦", '"').replace("⟧", '"').strip(" .,:;!?)(*–—-\n")


def grammar_named(text: str) -> list[str]:
    """The words of grammar in `text`: "tense", "artículo", "Dativ"."""
    return _patterns()[2].findall(text.lower())


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """What counts in any sentence, what counts in one that asks nothing, and what grammar calls its matters."""
    lists = yaml_text.parse(_FILE.read_text(encoding="utf-8"), str(_FILE))
    parts = {name: f"(?:{text.replace(' |', '|')})" for name, text in lists["parts"].items()} | {"q": _MENTION}

    def joined(kind: str) -> str:
        lines = [line for listed in lists[kind].values() for line in listed.splitlines()]
        whole = "|".join(_PART.sub(lambda part: parts[part[1]], line) for line in lines if not line.startswith("#"))
        return whole.replace(r")\b", r")(?:\b|(?<=⟧))")  # a word ends there, or what is quoted

    anywhere = rf"(?<!\w)(?:{joined('said')})|{joined('always')}"
    stated, named = rf"(?<!\w)(?:{joined('stated')})", rf"\b{parts['matter']}\b"
    return re.compile(anywhere, re.MULTILINE), re.compile(stated, re.MULTILINE), re.compile(named)
