"""What metrics listen for: lists of patterns, by language, in `phrases.yaml`. What no list has is not heard."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from espalier.command_line import yaml_text
from evaluation.metrics.text import read

_FILE = Path(__file__).with_name("phrases.yaml")
_PART = re.compile(r"<(\w+)>")


@cache
def _pattern(phrases: str, language: str) -> re.Pattern[str]:
    """What is listed under `phrases` for a language, or, where it has none there, for all of them."""
    lists = _lists()[phrases]
    listed = {language: lists[language]} if language in lists else lists
    spaced = [line for name, lines in listed.items() if name != "zh" for line in lines.splitlines()]
    patterns = [rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)"] if spaced else []
    return re.compile("|".join([*patterns, listed["zh"]] if "zh" in listed else patterns))


@cache
def _lists() -> dict[str, dict[str, str]]:
    lists = yaml_text.parse(_FILE.read_text(encoding="utf-8"), str(_FILE))
    parts = {name: f"(?:{text.replace(' |', '|')})" for name, text in lists.pop("parts").items()}
    return {
        name: {language: _PART.sub(lambda found: parts[found[1]], pattern) for language, pattern in by_language.items()}
        for name, by_language in lists.items()
    }


def cues(phrases: str) -> re.Pattern[str]:
    """What is listed under `phrases`, in all languages, for text in lower case with straight quotes."""
    return _pattern(phrases, "")


def heard(phrases: str, text: str, language: str = "") -> str:
    """The first words of `text` that are on the list `phrases`, of one `language` or of all; empty where none are."""
    found = _pattern(phrases, language).search(read(text).plain)
    return found[0] if found else ""
