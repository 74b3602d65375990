"""ProsocialDialog (Kim et al. 2022): a user says something problematic, the assistant answers by rules of thumb.

A record is one exchange of a dialogue; those of a dialogue follow each other:

    {"context", "response", "rots": […], "safety_label": "__needs_caution__", "dialogue_id", "response_id", …}
"""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, shown, text_of
from data_mix.reading.record import BadRecord

_KNOWN = frozenset(
    (
        "context", "response", "rots", "safety_label", "safety_annotations", "safety_annotation_reasons", "source",
        "etc", "dialogue_id", "response_id", "episode_done",
    )
)  # fmt: skip
LABELS = ("casual", "possibly_needs_caution", "probably_needs_caution", "needs_caution", "needs_intervention")
"""From the best to the worst."""
MAX_RULES = 20
"""How many rules of thumb `meta` keeps."""
_MAX_RULE_CHARS = 300


def from_exchanges(records: list[Any]) -> list[Imported]:
    """The dialogue of its exchanges, in the order of their numbers; in `meta` the worst safety label of all of them
    (`safety`) and the rules of thumb, each once (`rots`).

    Raises BadRecord broken_dialogue where exchanges are missing or come twice: an answer would answer something else.
    """
    exchanges = _in_order(records)
    messages: Messages = []
    rules: dict[str, None] = {}
    worst = 0
    for exchange in exchanges:
        messages.append({"role": "user", "content": text_of(exchange, "context")})
        messages.append({"role": "assistant", "content": text_of(exchange, "response")})
        worst = max(worst, _safety(exchange))
        rules.update(_rules(exchange))
    meta: dict[str, Any] = {"language": "en", "safety": LABELS[worst]}
    if rules:
        meta["rots"] = list(rules)[:MAX_RULES]
    return [Imported(messages=messages, meta=meta)]


def _in_order(records: list[Any]) -> list[Any]:
    numbered: dict[int, Any] = {}
    for record in records:
        if not isinstance(record, dict) or "response_id" not in record:
            raise BadRecord("unknown_shape", "the key response_id is missing")
        number = record["response_id"]
        if type(number) is not int or not 0 <= number < 2**31:
            raise BadRecord("broken_dialogue", "its response_id is no number of a turn")
        if number in numbered:
            raise BadRecord("broken_dialogue", f"response_id {number} comes twice")
        numbered[number] = record
    missing = next((number for number in range(len(numbered)) if number not in numbered), None)
    if missing is not None:
        raise BadRecord("broken_dialogue", f"response_id {missing} is missing before {max(numbered)}")
    return [numbered[number] for number in range(len(numbered))]


def _safety(record: dict[str, Any]) -> int:
    label = text_of(record, "safety_label")
    name = label[:40].strip("_")
    if name not in LABELS:
        raise BadRecord("bad_labels", f"safety_label is {shown(label)}; known are {', '.join(LABELS)}")
    return LABELS.index(name)


def _rules(record: dict[str, Any]) -> dict[str, None]:
    rules = record.get("rots")
    if rules is None:  # as for what is casual
        return {}
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        raise BadRecord("bad_labels", "rots must be a list of texts")
    return {text: None for text in map(_short, rules) if text}


def _short(rule: str) -> str:
    text = " ".join(rule[: 2 * _MAX_RULE_CHARS].split())[:_MAX_RULE_CHARS]
    return text.encode(errors="replace").decode().replace("\0", "")


def _dialogue(record: Any) -> str | None:
    found = record.get("dialogue_id") if isinstance(record, dict) else None
    if isinstance(found, str):
        return found or None
    # Beyond 64 bits it is no id, and Python refuses to spell a very long one.
    return str(found) if type(found) is int and abs(found) < 2**63 else None


def _looks_like(record: dict[str, Any]) -> bool:
    return "context" in record and "response" in record and "safety_label" in record


PROSOCIAL = Importer(
    name="prosocial", order=90, looks_like=_looks_like, convert=from_exchanges, joins=_dialogue, keys=_KNOWN
)
