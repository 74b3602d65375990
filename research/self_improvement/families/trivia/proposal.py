"""A question as a model proposes it: the form it is asked for, and what is read of its reply."""

from __future__ import annotations

import re
from typing import NamedTuple

from data_mix.language.words import words
from espalier.text.reasoning import split
from research.self_improvement.families.family import Refused

FORM = """\
Page: the title
Question: one question
Quote: the words of the page that answer it, copied exactly
Answer: a few words that stand in the quote"""
MOST_QUOTES = 3
_KEY = re.compile(r"^[\s>*_#\-]*(page|question|quote|answer)\s*\d?[\s*_]*:[\s*_]*(.*)$", re.IGNORECASE)
_MARKS = " \t\"“”„«»'`*_"


class Proposal(NamedTuple):
    """What stands in a reply."""

    title: str
    """Empty where none is given."""
    question: str
    quotes: list[str]
    answer: str


def read_proposal(reply: str) -> Proposal | Refused:
    """The proposal in a reply: lines that begin with Page, Question, Quote and Answer, and what follows them."""
    found: dict[str, list[str]] = {"page": [], "question": [], "quote": [], "answer": []}
    key = ""
    for line in split(reply).content.splitlines():
        if begins := _KEY.match(line):
            key = begins[1].casefold()
            found[key].append(begins[2])
        elif key and line.strip():
            found[key][-1] += " " + line.strip()
        else:
            # Behind a blank line, a model that goes on talking no longer fills in the form.
            key = ""
    said = {key: [one.strip(_MARKS) for one in values if words(one)] for key, values in found.items()}
    for key in ("question", "quote", "answer"):
        if not said[key]:
            return Refused(f"no {key}")
        if len(said[key]) > (MOST_QUOTES if key == "quote" else 1):
            return Refused(f"several {key}s" if key != "quote" else "too many quotes")
    return Proposal((said["page"] or [""])[0], said["question"][0], said["quote"], said["answer"][0].rstrip("."))
