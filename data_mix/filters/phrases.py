"""Set phrases that nobody should learn to say: placeholders, web banners, "as an AI language model", refusals.

A phrase is only looked for where one of its rarer words stands, which for most rows is one look-up in a set.
"""

from __future__ import annotations

import re
from typing import NamedTuple, get_args

from data_mix.filters.config import Boilerplate, FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter, watch
from espalier.text.messages import TEXT_ROLE

_IGNORE = re.IGNORECASE


class _Phrases(NamedTuple):
    trigger: frozenset[str]
    pattern: re.Pattern[str]


_BOILERPLATE: dict[str, _Phrases] = {
    "placeholder": _Phrases(
        watch(["lorem", "insert", "placeholder", "todo", "tbd"]),
        re.compile(
            r"(?<![\"'`])\blorem ipsum dolor\b"  # quoted, it is a value that code works on
            r"|\[\s*(?:insert|placeholder)\b[^\[\]\n]{0,60}\]"
            r"|<\s*insert\b[^<>\n]{0,60}>"
            r"|\A\s*[\[<(]?(?:todo|tbd|placeholder)[\]>)]?\s*[.:!]?\s*\Z",
            _IGNORE,
        ),
    ),
    # After the line filter of C4 (Raffel et al. 2020, arXiv:1910.10683), as whole phrases: a lesson may be about
    # cookies or JavaScript.
    "web": _Phrases(
        watch(["cookies", "javascript", "newsletter", "reserved", "subscribe", "captcha", "skip"]),
        re.compile(
            r"\b(?:we use|(?:this|our) (?:web)?site uses) cookies (?:to|and|on|so|for|in order)\b"
            r"|\baccept all cookies\b"
            r"|\b(?:please )?enable javascript (?:in your browser|to (?:view|use|continue|run))\b"
            r"|\bjavascript (?:is|must be) (?:disabled|enabled) in your browser\b"
            r"|\b(?:subscribe to|sign up for) our newsletter\b"
            r"|\ball rights reserved\b"
            r"|\bskip to (?:main )?content\b"
            r"|\bcomplete the captcha\b",
            _IGNORE,
        ),
    ),
    "self_reference": _Phrases(
        watch(["ai", "llm", "chatgpt", "language", "cutoff"]),
        re.compile(
            r"\b(?:as|(?:i am|i['’]m) (?:just|only)|(?:i am|i['’]m)(?= an? [\w ]{0,12}language model)) an? "
            r"(?:ai|artificial intelligence|llm|(?:large |ai )?language model)(?: (?:language )?model| assistant)?\b"
            r"(?=[,.;:!]| (?:and|so|but|i|developed|trained|created|that|who|designed|programmed)\b)"
            r"|\bi(?: am|['’]m) chatgpt\b"
            r"|\bmy (?:knowledge|training) cut-?off\b",
            _IGNORE,
        ),
    ),
}

_SORRY = re.compile(
    r"\s*(?:(?:i['’]m|i am) (?:(?:very|really|so|terribly) )?sorry|sorry|i apologi[sz]e|my apologies|unfortunately)?"
    r"[,.!]?\s*(?:(?:but|as an ai[^,\n]{0,40},|however,?)\s*)?"
    r"(?:i (?:cannot|can['’]?t|can not|am unable to|am not able to|won['’]?t|will not|must decline)"
    r"|i['’]m (?:unable|not able) to)\s+"
    r"(?:be able to |in good conscience )?"
    r"(?:assist|help|fulfil|fulfill|comply|provide|answer|do that|support|engage|participate|generate|create|write"
    r"|discuss|respond|continue|give|offer|share|complete)\b",
    _IGNORE,
)
_LONGEST_REFUSAL = 300  # characters: a longer reply explains, redirects, or helps after all


def boilerplate(config: FilterConfig) -> Filter | None:
    """Reasons placeholder, web_boilerplate, self_reference."""
    if config.boilerplate == "off" or not config.boilerplate:
        return None
    names = get_args(Boilerplate) if config.boilerplate == "drop" else config.boilerplate
    looks = [("web_boilerplate" if name == "web" else name, _BOILERPLATE[name]) for name in names]

    def look(draft: Draft) -> Drop | None:
        for name, phrases in looks:
            if not phrases.trigger.isdisjoint(draft.watched) and phrases.pattern.search(draft.replies):
                return Drop(name)
        return None

    triggers = frozenset().union(*(phrases.trigger for _, phrases in looks))
    return Filter(look, lambda scan: scan.watches(triggers))


def refusals(config: FilterConfig) -> Filter | None:
    """Reason refusal: the assistant refuses in every turn, briefly, and does nothing else."""
    if config.refusals == "off":
        return None

    def look(draft: Draft) -> Drop | None:
        replies = [] if draft.messages[0]["role"] == TEXT_ROLE else draft.trained
        if replies and all(len(reply) <= _LONGEST_REFUSAL and _SORRY.match(reply) for reply in replies):
            return Drop("refusal")
        return None

    return Filter(look)
