"""A change to one file as a model words it: search/replace blocks or a unified diff, read strictly.

A place is where its lines stand in the file, which has to be once: numbers of lines, which models count badly, decide
nothing. All edits of a reply are made at once, against the file as it was shown, or none is.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from research.autoresearch.proposing.words import said_words

LARGEST_FILE = 64 << 10
"""Bytes that the changed file may have."""
LARGEST_REPLY = 256 << 10
"""Characters of a reply that are read."""
_MOST_EDITS = 64
_SEARCH, _MIDDLE, _REPLACE = "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"
_MARKS = (_SEARCH, _MIDDLE, _REPLACE)
_FENCE = re.compile(r"```[\w.+-]*")
_DIFF_FENCE = re.compile(r"```(?:diff|patch|udiff)")
_HUNK = re.compile(r"@@ .*@@.*|@@")
_GIT_ADDS = ("diff --git ", "index ")

Lines = tuple[str, ...]


class PatchError(Exception):
    """Why a reply is no change that can be tried, in words that whoever wrote it can act on."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Lines that stand once in the file, and what takes their place."""

    name: str
    """Which of the reply's edits it is: `block 2`, `hunk 1`."""
    before: Lines
    after: Lines


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What a reply says and asks for."""

    description: str
    hypothesis: str
    edits: tuple[Edit, ...]


def read_suggestion(reply: str, path: str) -> Suggestion:
    """What a reply says, and its edits of the file `path`. PatchError where it is not exactly one patch of that."""
    if len(reply) > LARGEST_REPLY:
        raise PatchError(f"the reply has {len(reply):,} characters; at most {LARGEST_REPLY:,} are read")
    reply = reply.replace("\r\n", "\n")
    if odd := next((char for char in reply if char < " " and char not in "\t\n\f"), ""):
        raise PatchError(f"the reply holds the control character U+{ord(odd):04X}")
    blocks, hunks, said = list[Edit](), list[Edit](), list[str]()
    lines = enumerate(reply.split("\n"), start=1)
    above = ""
    for number, line in lines:
        bare = line.rstrip()
        if bare == _SEARCH:
            _has_path(above, path, f"block {len(blocks) + 1}")
            blocks.append(_read_block(lines, number, f"block {len(blocks) + 1}"))
        elif bare in _MARKS:
            raise PatchError(f"line {number}: {bare} without {_SEARCH} before it")
        elif _DIFF_FENCE.fullmatch(bare):
            hunks += _read_diff(lines, number, path, len(hunks))
        elif not bare or _FENCE.fullmatch(bare):
            said.append("")
        else:
            above = bare
            said.append("" if _bare(bare) == path else bare)
    if blocks and hunks:
        raise PatchError("the reply holds search/replace blocks and a diff; send one kind alone")
    edits = blocks or hunks
    if not edits:
        raise PatchError(f"the reply holds no patch: no line {_SEARCH}, and no diff between ```diff and ```")
    if len(edits) > _MOST_EDITS:
        raise PatchError(f"{len(edits)} edits; at most {_MOST_EDITS} are one change")
    for edit in edits:
        if not any(line.strip() for line in edit.before):
            raise PatchError(f"{edit.name}: holds no line of the file, so it has no place; repeat the lines around it")
        if edit.before == edit.after:
            raise PatchError(f"{edit.name}: changes nothing")
    description, hypothesis = said_words(said)
    if not hypothesis:
        raise PatchError("the reply says no hypothesis; begin it with the lines `description: …` and `hypothesis: …`")
    return Suggestion(description=description or hypothesis, hypothesis=hypothesis, edits=tuple(edits))


def apply_edits(text: str, edits: Sequence[Edit], path: str) -> str:
    """The file with all edits made. PatchError where one does not stand there exactly once, two overlap, nothing
    changes, or what comes out is no Python or too large."""
    lines = text.split("\n")
    changed, at = list[str](), 0
    for place, edit in _places(lines, edits, path):
        changed += lines[at:place]
        changed += edit.after
        at = place + len(edit.before)
    result = "\n".join([*changed, *lines[at:]])
    if result == text:
        raise PatchError("the patch changes nothing")
    check_file(result, path)
    return result


def check_file(text: str, path: str) -> None:
    """PatchError where a text cannot be the editable file: too large, or no Python."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise PatchError(f"{path} would hold half a character, which no file can") from None
    if size > LARGEST_FILE:
        raise PatchError(f"{path} would have {size:,} bytes; at most {LARGEST_FILE:,} are allowed")
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise PatchError(f"{path} would be no Python any more{line}: {what}") from None


def _read_block(lines: Iterator[tuple[int, str]], begun: int, name: str) -> Edit:
    parts: tuple[list[str], list[str]] = ([], [])
    half = 0
    for number, line in lines:
        bare = line.rstrip()
        if bare == _REPLACE and half == 1:
            return Edit(name=name, before=tuple(parts[0]), after=tuple(parts[1]))
        if bare == _MIDDLE and half == 0:
            half = 1
        elif bare in _MARKS:
            raise PatchError(f"line {number}: {bare} within {name}, which began at line {begun}")
        else:
            parts[half].append(line)
    raise PatchError(f"{name}, begun at line {begun}, has no {_MIDDLE if half == 0 else _REPLACE}")


def _read_diff(lines: Iterator[tuple[int, str]], begun: int, path: str, known: int) -> list[Edit]:
    """The hunks of a diff, up to the end of its fence."""
    hunks, heads = list[list[str]](), list[str]()
    for number, line in lines:
        bare = line.rstrip()
        if bare == "```":
            if len(heads) != 2:
                raise PatchError(f"the diff of line {begun} wants the lines `--- a/{path}` and `+++ b/{path}`, once")
            if not hunks:
                raise PatchError(f"the diff of line {begun} holds no hunk; each begins with @@")
            return [_edit_of(hunk, f"hunk {known + place}") for place, hunk in enumerate(hunks, start=1)]
        if not hunks and line.startswith(("--- ", "+++ ")):
            if len(heads) == 2 or line[:3] != ("---", "+++")[len(heads)]:
                raise PatchError(f"line {number}: {bare[:80]}: a diff of one file has one `---` and then one `+++`")
            _has_path(re.sub(r"^[ab]/", "", line[4:].partition("\t")[0].strip()), path, f"line {number}")
            heads.append(line)
        elif len(heads) == 2 and _HUNK.fullmatch(bare):
            hunks.append([])
        elif not hunks:
            if bare and (heads or not bare.startswith(_GIT_ADDS)):
                raise PatchError(f"line {number}: {bare[:80]}: nothing but `---`, `+++` and @@ may begin a diff")
        elif line[:1] in (" ", "+", "-", ""):
            hunks[-1].append(line)
        elif not line.startswith("\\"):  # \ No newline at end of file
            raise PatchError(f"line {number}: {bare[:80]}: a line of a hunk begins with a space, + or -")
    raise PatchError(f"the diff of line {begun} has no ``` at its end")


def _edit_of(hunk: list[str], name: str) -> Edit:
    """An empty line is context whose space got lost; at the end of a hunk it is none."""
    while hunk and not hunk[-1]:
        hunk.pop()
    return Edit(
        name=name,
        before=tuple(line[1:] for line in hunk if line[:1] != "+"),
        after=tuple(line[1:] for line in hunk if line[:1] != "-"),
    )


def _bare(line: str) -> str:
    """A line without what Markdown puts around a file's name."""
    return line.strip().strip("`*#:").strip()


def _has_path(found: str, path: str, where: str) -> None:
    if _bare(found) != path:
        raise PatchError(
            f"{where}: is for {_bare(found)[:80] or 'no file'!r}; only {path} may be changed, name it there"
        )


def _places(lines: Sequence[str], edits: Sequence[Edit], path: str) -> list[tuple[int, Edit]]:
    """Each edit with the number of its first line, from 0, in order."""
    places = sorted(((_place(lines, edit, path), edit) for edit in edits), key=lambda each: each[0])
    for (place, edit), (following, other) in pairwise(places):
        if place + len(edit.before) > following:
            raise PatchError(f"{edit.name} and {other.name} change the same lines")
    return places


def _place(lines: Sequence[str], edit: Edit, path: str) -> int:
    length = len(edit.before)
    first = edit.before[0]
    found = [at for at, line in enumerate(lines) if line == first and tuple(lines[at : at + length]) == edit.before]
    if len(found) == 1:
        return found[0]
    if found:
        at = ", ".join(str(place + 1) for place in found[:5])
        raise PatchError(
            f"{edit.name}: its lines stand {len(found)} times in {path} (lines {at}); repeat more around them"
        )
    raise PatchError(f"{edit.name}: its lines do not stand in {path} one after the other{_nearest(lines, edit)}")


def _nearest(lines: Sequence[str], edit: Edit) -> str:
    """The first of its lines that the file does not hold, and what comes nearest."""
    held = set(lines)
    missing = next((line for line in edit.before if line not in held), None)
    if missing is None:
        return "; each of them stands there, but not in this order"
    near = difflib.get_close_matches(missing, [line for line in lines if line.strip()], n=1)
    return f"; there is no line {missing.strip()[:120]!r}" + (
        f", the nearest is {near[0].strip()[:120]!r}" if near else ""
    )
