"""TOEFL11's essays (Blanchard et al. 2013, LDC2014T06) with TOEFL-Spell's annotations (Flor et al. 2019).

Both have to be fetched by those who may: the essays from the Linguistic Data Consortium, the annotations from the
repository EducationalTestingService/TOEFL-Spell.

    data/text/index.csv                 Filename, Prompt, Native Language, Proficiency Level
    data/text/responses/original/*.txt
    Annotations.tsv                     Filename, OffsetSpan (749-754), Misspelling, Type, Correction

`read_toefl` makes one record of each essay:

    {"file", "prompt", "l1", "level", "text", "misspellings": [{"start", "wrong", "right"}, …]}
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, list_of, one, short, shown, text_of
from data_mix.language.languages import code_of
from data_mix.reading.record import BadRecord
from espalier.errors import UserError
from espalier.text.messages import TEXT_ROLE

TASK = "The learner writes an essay in English. Answer each sentence with the same sentence, its spelling corrected."
_INDEX = (("Filename",), ("Prompt",), ("Native Language", "Language"), ("Proficiency Level", "Score Level"))
_ANNOTATIONS = (("Filename",), ("OffsetSpan",), ("Misspelling",), ("Correction",))
_ESSAYS = (Path("responses/original"), Path("original"), Path())
"""Where essays lie, seen from their index; the tokenized ones have other offsets."""
_KNOWN = frozenset(("file", "prompt", "l1", "level", "text", "misspellings"))
_SPAN = re.compile(r"(\d{1,9})-\d{1,9}", re.ASCII)
_BOUNDARY = re.compile(r"(?<=[.!?])\s|\n")
_SLACK = 40
"""How far from its place a misspelling may stand, in characters, so that offsets which count a line end as one
character find their words where it is two."""
_Mistake = tuple[int, int, str]
"""Start and end in the essay, and what should stand there."""


def from_essay(record: Any) -> Imported:
    """An essay with misspellings becomes a chat of its sentences that hold some, each answered by the same sentence
    as it should be and nothing else; an essay without becomes a text.

    One row for each essay, so that what one learner wrote falls into one split. Raises BadRecord `bad_labels` for
    misspellings that are not in the text, or overlap: then no annotation of this essay can be trusted.
    """
    text = text_of(record, "text")
    mistakes = _located(text, list_of(record, "misspellings"))
    l1 = record.get("l1")
    l1 = (code_of(l1) or l1) if isinstance(l1, str) else None
    meta = short(language="en", l1=l1, level=record.get("level"), prompt=record.get("prompt"))
    if not mistakes:
        plain = text.replace("\r\n", "\n").strip()
        return Imported(messages=[{"role": TEXT_ROLE, "content": plain}], meta=meta)
    messages: Messages = [{"role": "system", "content": TASK}]
    for written, corrected in _sentences(text, mistakes):
        messages += [{"role": "user", "content": written}, {"role": "assistant", "content": corrected}]
    return Imported(messages=messages, meta=meta)


def read_toefl(folder: Path, annotations: Path | None = None) -> Iterator[dict[str, Any]]:
    """One record for each essay of the corpus' folder (or of its index), in the index's order.

    The index, `index.csv`, may lie anywhere in the folder, and may come without its line of names. Raises UserError
    where a file is missing, or is not what it should be.
    """
    index = _find_index(folder)
    essays = [row for _, row in _rows(index, _INDEX, header=False)]
    mistakes = _misspellings(annotations) if annotations is not None else {}
    if mistakes and mistakes.keys().isdisjoint(_stem(name) for name, *_ in essays):
        raise UserError(f"{annotations}: annotates none of the essays that {index} lists")
    where = next(path for place in _ESSAYS if (path := index.parent / place).is_dir())
    for name, prompt, l1, level in essays:
        stem = _stem(name)
        if not stem or Path(stem).name != stem or "\0" in stem:
            raise UserError(f"{index}: {shown(name)} is no name of an essay's file")
        file = where / f"{stem}.txt"
        try:
            # Bytes that are no UTF-8 make this essay a bad record, not the corpus unreadable.
            text = file.read_bytes().decode(errors="surrogateescape").removeprefix("\ufeff")
        except OSError as error:
            raise UserError(f"{file}: cannot be read ({error.strerror or error}), yet {index} lists it") from error
        known = {"file": name, "prompt": prompt, "l1": l1, "level": level}
        yield known | {"text": text, "misspellings": mistakes.get(stem, [])}


def _find_index(folder: Path) -> Path:
    if folder.is_file():
        return folder
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; it should be TOEFL11's, which holds data/text/index.csv")
    found = sorted(folder.rglob("index.csv"), key=lambda path: (len(path.parts), path))
    if not found:
        raise UserError(f"{folder}: holds no index.csv; TOEFL11's folder has it in data/text, or name the index itself")
    return found[0]


def _misspellings(path: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line, (name, span, wrong, right) in _rows(path, _ANNOTATIONS):
        place = _SPAN.fullmatch(span)
        if place is None:
            raise UserError(f"{path}:{line}: {shown(span)} is no span such as 749-754")
        found.setdefault(_stem(name), []).append({"start": int(place[1]), "wrong": wrong, "right": right})
    return found


def _rows(
    path: Path, columns: tuple[tuple[str, ...], ...], *, header: bool = True
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The columns of a table with tabs or commas, and the number of the line. A column may have several names; without
    a header the columns stand in this order."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            with_tabs = "\t" in file.readline()
            file.seek(0)
            # Where there are tabs a quotation mark is only that: doesn"t.
            rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if with_tabs else csv.reader(file)
            width, places = 0, list(range(len(columns)))
            for row in rows:
                cells = [cell.strip() for cell in row]
                if not any(cells):
                    continue
                if not width:
                    width = len(cells)
                    if header or columns[0][0] in cells:
                        places = _places(path, cells, columns)
                        continue
                if len(cells) < max(width, len(places)) or any(cells[width:]):
                    wanted = max(width, len(places))
                    raise UserError(f"{path}:{rows.line_num}: {len(cells)} columns where {wanted} are wanted")
                yield rows.line_num, tuple(cells[place] for place in places)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as a table ({error})") from error


def _places(path: Path, header: list[str], columns: tuple[tuple[str, ...], ...]) -> list[int]:
    found = [next((header.index(name) for name in names if name in header), -1) for names in columns]
    if -1 in found:
        missing = columns[found.index(-1)][0]
        raise UserError(f"{path}: has no column {missing}; its columns are {', '.join(header)[:200]}")
    return found


def _stem(name: str) -> str:
    return name.removesuffix(".txt")


def _located(text: str, found: list[Any]) -> list[_Mistake]:
    """The misspellings, in the order of the text."""
    places = []
    for position, mistake in enumerate(found):
        start, wrong, right = (
            (mistake.get(key) for key in ("start", "wrong", "right")) if isinstance(mistake, dict) else (None,) * 3
        )
        if type(start) is not int or not isinstance(wrong, str) or not isinstance(right, str) or not wrong:
            raise BadRecord("bad_labels", f"misspelling {position} must have start, wrong and right")
        at = _nearest(text, wrong, start)
        if at is None:
            raise BadRecord("bad_labels", f"misspelling {position} ({shown(wrong)}) is not where it should be")
        places.append((at, at + len(wrong), right))
    places.sort()
    if any(first[1] > second[0] for first, second in pairwise(places)):
        raise BadRecord("bad_labels", "two misspellings overlap")
    return places


def _nearest(text: str, wrong: str, start: int) -> int | None:
    if not 0 <= start <= len(text) + _SLACK:
        return None
    if text.startswith(wrong, start):
        return start
    # Elsewhere as a whole word only: `ther` is no part of `there`.
    word = re.compile(rf"(?<!\w){re.escape(wrong)}(?!\w)")
    near = word.finditer(text, max(0, start - _SLACK), start + _SLACK + len(wrong))
    return min((found.start() for found in near), key=lambda at: abs(at - start), default=None)


def _sentences(text: str, mistakes: list[_Mistake]) -> Iterator[tuple[str, str]]:
    """Each sentence that holds misspellings, as it is written and as it is corrected; sentences that share one are
    taken together."""
    starts, ends = [0], []
    for boundary in _BOUNDARY.finditer(text):
        ends.append(boundary.start())
        starts.append(boundary.end())
    ends.append(len(text))
    groups: list[tuple[int, int, list[_Mistake]]] = []
    for mistake in mistakes:
        first, last = (bisect_right(starts, at) - 1 for at in (mistake[0], mistake[1] - 1))
        if groups and groups[-1][1] >= first:
            begun, until, inside = groups[-1]
            groups[-1] = (begun, max(last, until), [*inside, mistake])
        else:
            groups.append((first, last, [mistake]))
    for first, last, inside in groups:
        begin = starts[first]
        written = corrected = text[begin : max(ends[last], inside[-1][1])]
        for start, end, right in reversed(inside):
            corrected = f"{corrected[: start - begin]}{right}{corrected[end - begin :]}"
        yield written.replace("\r\n", "\n").strip(), corrected.replace("\r\n", "\n").strip()


def _looks_like(record: dict[str, Any]) -> bool:
    return "misspellings" in record and "l1" in record


TOEFL = Importer(name="toefl11", order=130, looks_like=_looks_like, convert=one(from_essay), keys=_KNOWN)
