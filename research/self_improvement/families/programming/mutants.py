"""Wrong solutions by rule: a solution with one token changed, a text emptied, or one statement left out.

One lexer for both languages, which tells comments and strings from the rest. A regular expression
of JavaScript is read as operators, so that some mutants are no programs; those are left out once they were run.
"""

from __future__ import annotations

import random
import re

_STRING = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
_APART = {
    "python": rf"#[^\n]*|\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|{_STRING}",
    "javascript": rf"//[^\n]*|/\*.*?\*/|`(?:\\.|[^`\\])*`|{_STRING}",
}
_TOKENS = {
    language: re.compile(
        rf"(?P<apart>{apart})|(?P<word>[A-Za-z_$][\w$]*)|(?P<number>\d+(?:\.\d+)?)"
        r"|(?P<operator>===|!==|\*\*|//|<<|>>|=>|->|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|%=|\+\+|--|[-+*/%<>!])",
        re.DOTALL,
    )
    for language, apart in _APART.items()
}
_SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "===": "!==", "!==": "===",
    "+": "-", "-": "+", "*": "+", "/": "*", "//": "*", "%": "+", "+=": "-=", "-=": "+=", "*=": "+=", "%=": "-=",
    "&&": "||", "||": "&&", "and": "or", "or": "and", "!": "", "not": "",
    "True": "False", "False": "True", "true": "false", "false": "true", "min": "max", "max": "min",
    "continue": "break",
}  # fmt: skip
"""`break` is left: without it, many a loop never ends, which costs a limit's worth of time and tells little."""
_NO_STATEMENT = re.compile(r"\s*(?:$|[#}/]|(?:def|class|import|from|return|const|let|var|function)\b)")


def mutants(source: str, language: str, rng: random.Random, limit: int) -> list[str]:
    """At most so many, each unlike the others and the source, drawn evenly from all that the rules give."""
    found = list(dict.fromkeys([*_changed(source, language), *_shortened(source, language)]))
    found = [each for each in found if each != source]
    rng.shuffle(found)
    return found[:limit]


def _changed(source: str, language: str) -> list[str]:
    made = []
    for token in _TOKENS[language].finditer(source):
        for new in _instead(token):
            made.append(source[: token.start()] + new + source[token.end() :])
    return made


def _instead(token: re.Match[str]) -> list[str]:
    if token["apart"] is not None:
        return [token[0][0] * 2] if token[0][0] in "\"'" and token[0][1:2] != token[0][0] else []
    if token["number"] is None:
        return [_SWAPS[token[0]]] if token[0] in _SWAPS else []
    if "." in token[0] or len(token[0]) > 18:
        return []
    number = int(token[0])
    return [str(number + 1), str(number - 1)] if number else ["1"]


def _shortened(source: str, language: str) -> list[str]:
    """Without one of the statements that stand on a line of their own."""
    lines = source.split("\n")
    made = []
    for place, line in enumerate(lines):
        whole = line.rstrip().endswith(";") if language == "javascript" else not line.rstrip().endswith(":")
        if whole and not _NO_STATEMENT.match(line):
            indent = line[: len(line) - len(line.lstrip())]
            nothing = indent + ("pass" if language == "python" else ";")
            made.append("\n".join([*lines[:place], nothing, *lines[place + 1 :]]))
    return made
