"""COWS-L2H: essays in Spanish by students who learn it or grew up with it, corrected by instructors (Davidson et al.
2020, Yamada et al. 2020).

    csv/*.csv    id, prompt, quarter, course, l1 language, essay, corrected1, corrected2, annotations, who wrote it

Students of the courses SPA 31 to 33 are heritage speakers, all others learn Spanish as a second language.
"""

from __future__ import annotations

import re
from typing import Any

from data_mix.importers.base import Imported, Importer, one, short, text_of
from data_mix.language.languages import code_of
from espalier.text.messages import TEXT_ROLE

_HERITAGE = re.compile(r"SPA ?3[123]\b")
_TASKS = {
    "heritage": "The writer grew up with Spanish at home. Answer with the same text as an instructor would return it, "
    "in the writer's own voice; what belongs to their variety stays.",
    "l2": "The writer learns Spanish as a second language. Answer with the same text, its mistakes put right.",
}
_READ = frozenset(("id", "", "prompt", "quarter", "course", "l1 language", "essay", "corrected1", "corrected2"))
_WRITER = frozenset(
    (
        "age", "gender", "other l1 language(s)", "language(s) used at home", "language(s) studied", "study abroad",
        "listening comprehension", "reading comprehension", "speaking ability", "writing ability",
    )
)  # fmt: skip
"""About the writer: personal, and nothing that a tutor is told."""


def from_essay(record: Any) -> Imported:
    """An essay, answered by its first correction; a text without roles where nobody corrected it."""
    essay = text_of(record, "essay").strip()
    kind = "heritage" if _HERITAGE.search(str(record.get("course") or "")) else "l2"
    language = record.get("l1 language")
    l1 = code_of(language) if isinstance(language, str) else None
    meta = short(language="es", l1=l1, learner_kind=kind, prompt=record.get("prompt"), course=record.get("course"))
    corrected = next((said for key in ("corrected1", "corrected2") if (said := _written(record, key))), "")
    if not corrected:
        return Imported(messages=[{"role": TEXT_ROLE, "content": essay}], meta=meta)
    messages = [
        {"role": "system", "content": _TASKS[kind]},
        {"role": "user", "content": essay},
        {"role": "assistant", "content": corrected},
    ]
    return Imported(messages=messages, meta=meta)


def _written(record: Any, key: str) -> str:
    value = record.get(key)
    return value.strip() if isinstance(value, str) else ""


COWSL2H = Importer(
    name="cowsl2h",
    order=135,
    looks_like=lambda record: "essay" in record and "course" in record,
    convert=one(from_essay),
    keys=_READ | _WRITER,
)
