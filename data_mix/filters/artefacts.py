"""Traces of how a reply was made: what a model or its harness wrote besides the reply."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

from data_mix.filters.config import Artefact, FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter, watch
from data_mix.filters.scan import MARK, Mask, Scan
from data_mix.language.words import words
from espalier.text.messages import is_learned

_SPECIAL = re.compile(
    r"<\|(?:im_start|im_end|im_sep|endoftext|end_of_text|begin_of_text|eot_id|start_header_id|end_header_id"
    r"|user|assistant|system|end|endofprompt|end_of_turn|fim_(?:prefix|middle|suffix)|pad)\|>"
    r"|<(?:start|end)_of_turn>|<｜(?:User|Assistant|begin▁of▁sentence|end▁of▁sentence)｜>"
    r"|\[/?INST\]|<</?SYS>>|\A<s>(?![^\n<]*</s>.)|</s>\s*\Z"  # in HTML, <s> strikes out what stands before </s>
)
_OPENS_LIKE_ONE = re.compile(r"<(?:[|｜]|/?s>|start_|end_)")
_HEADER = re.compile(r"^###? ?(?:Instruction|Response|Human|Assistant|User)s?:", re.MULTILINE)
_HEADER_WORDS = watch(["instruction", "instructions", "response", "human", "assistant", "user"])

_JSON = watch(["json"])
_SPEAKERS = watch(["user", "human", "student"])

_CHATTER = re.compile(
    r"\s*(?:(?:sure|certainly|of course|absolutely|okay|ok)\b[^\n:]{0,30}?)?"
    r"(?:as (?:you )?requested\b[^\n]{0,80}\bjson\b"
    r"|(?:here(?:['’]s| is| are)|below (?:is|are)|i have (?:created|generated|written))\b[^\n]{0,60}\bjson\b"
    r"[^\n]{0,40}\s(?:```|[{\[]))",  # and then the JSON itself
    re.IGNORECASE,
)

_ROLE_LINE = re.compile(
    r"^[ \t]*(?:\*\*|\#{1,4} ?)?(?:User|Human|Student|USER|HUMAN)(?:\*\*)? ?:(?:\*\*)?(?=\s|$)", re.MULTILINE
)
_ANY_ROLE_AT_START = re.compile(r"\s*(?:\*\*|[\"“(\[])?\w[\w .'-]{0,30}(?:\*\*)? ?:")
_ASKS_FOR_A_SCENE = frozenset(
    ("dialogue", "dialog", "conversation", "script", "scene", "chat", "transcript", "interview", "roleplay", "role")
)

_CODE = re.compile(r"```[^`]*+```|`[^`\n]*+`")
_FENCE = re.compile(r"^[ \t]{0,3}(?:[-*>] ?|\d+[.)] ?)?[ \t]*(```|~~~)", re.MULTILINE)
_JSON_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*+"')
_JSON_STARTS = re.compile(r'\s*(?:\{\s*(?:"|\Z)|\[\s*(?:[{\["]|\Z))')


def artefacts(config: FilterConfig) -> Filter | None:
    """Reasons special_tokens, chatter, unclosed, next_turn."""
    if config.artefacts == "off" or not config.artefacts:
        return None
    names = get_args(Artefact) if config.artefacts == "drop" else config.artefacts
    looks = [(name, _LOOKS[name]) for name in names]

    def look(draft: Draft) -> Drop | None:
        for name, found in looks:
            if found(draft):
                return Drop(name)
        return None

    def where(scan: Scan) -> Mask:
        return scan.has(MARK) | scan.watches(_JSON | _SPEAKERS)

    return Filter(look, where)


def _has_special_tokens(draft: Draft) -> bool:
    replies = draft.replies
    if "##" in replies and not _HEADER_WORDS.isdisjoint(draft.watched) and _HEADER.search(replies):
        return True
    if "INST]" in replies or ("<" in replies and ("SYS>" in replies or _OPENS_LIKE_ONE.search(replies))):
        return _SPECIAL.search(replies) is not None
    return False


def _has_chatter(draft: Draft) -> bool:
    """A reply that announces JSON nobody asked for."""
    if _JSON.isdisjoint(draft.watched) or "json" in draft.asked.lower():
        return False
    return any(_CHATTER.match(m["content"]) for m in draft.messages if m["role"] == "assistant" and is_learned(m))


def _has_next_turn(draft: Draft) -> bool:
    """A reply that goes on with what the user says next; a scene that was asked for is none."""
    if _SPEAKERS.isdisjoint(draft.watched) or not _ROLE_LINE.search(draft.replies):
        return False
    if not _ASKS_FOR_A_SCENE.isdisjoint(words(draft.asked)):
        return False
    return any(
        _ROLE_LINE.search(_CODE.sub("", message["content"])) and not _ANY_ROLE_AT_START.match(message["content"])
        for message in draft.messages
        if message["role"] == "assistant" and is_learned(message)
    )


def _is_unclosed(draft: Draft) -> bool:
    """A last reply that stops within a code fence, or is JSON and stops within it."""
    last = draft.messages[-1]
    if last["role"] != "assistant" or not is_learned(last):
        return False
    reply = last["content"]
    if "```" in reply or "~~~" in reply:
        return _fence_is_open(reply)
    return reply[:1] in "{[ \n\t" and bool(_JSON_STARTS.match(reply)) and _brackets_are_open(reply)


def _fence_is_open(reply: str) -> bool:
    opened = ""
    for fence in _FENCE.findall(reply):
        opened = "" if fence == opened else opened or fence
    return bool(opened)


def _brackets_are_open(reply: str) -> bool:
    bare = _JSON_STRING.sub("", reply)
    return bare.count("{") > bare.count("}") or bare.count("[") > bare.count("]")


_LOOKS: dict[str, Callable[[Draft], bool]] = {
    "special_tokens": _has_special_tokens,
    "chatter": _has_chatter,
    "unclosed": _is_unclosed,
    "next_turn": _has_next_turn,
}
