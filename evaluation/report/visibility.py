"""What learners do not see: thoughts before replies, replies that are nothing but thoughts, and what else was odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from espalier.report import escape, table
from evaluation.report.material import Material
from evaluation.scoring.records import Record

NOTHING_SAID = "nothing said"
"""The silence that is a model's own choice, and no fault of how it was asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visibility:
    """What learners see of one model's replies."""

    replies: int
    """Replies that there are."""
    thought: int
    """Those that thoughts stand before."""
    words_thought: float
    """Words of such thoughts, on average."""
    cut: int
    """Replies that were cut at the limit."""
    silences: dict[str, int]
    """Why learners see nothing of a reply, and of how many."""
    remarks: dict[str, int]
    """What else is odd about replies, and about how many."""
    unjudged: dict[str, int]
    """Why a judge could not be understood, or not be asked, and on how many replies."""


def visibility(material: Material) -> dict[str, Visibility]:
    """By model; the rules beside the models are left out."""
    singles = [each.name for each in material.models if len(each.members) == 1]
    return {name: _of(material.results.records(name)) for name in singles}


def warnings(material: Material) -> list[str]:
    """Sentences of plain text on what makes figures doubtful: replies that were not seen, or not the model's own."""
    found = []
    limit = material.suite.generation.max_new_tokens
    for name, seen in visibility(material).items():
        if any(why != NOTHING_SAID for why in seen.silences):
            found.append(
                f"{sum(seen.silences.values()):,} of {seen.replies:,} replies of {name} are empty: "
                f"{_listed(seen.silences)}. "
                f"What a learner sees is measured, which is nothing{_advice(seen, limit)}"
            )
        if seen.unjudged:
            found.append(
                f"the judge's answers on {sum(seen.unjudged.values()):,} of {seen.replies:,} replies of {name} are no "
                f"verdicts: {_listed(seen.unjudged)}"
            )
        found += [
            f"{count:,} of {seen.replies:,} replies of {name}: {remark}" for remark, count in seen.remarks.items()
        ]
    return found


def cautions(material: Material) -> list[str]:
    """The warnings as paragraphs for the top of a report."""
    return [f"**Caution: {escape(warning)}.**" for warning in warnings(material)]


def unseen(material: Material) -> str:
    """A table of what learners do not see; empty where they see all there is."""
    rows: list[list[object]] = [
        [
            name,
            seen.replies,
            seen.thought,
            round(seen.words_thought) if seen.thought else None,
            seen.cut,
            sum(seen.silences.values()),
            _listed(seen.silences) or None,
        ]
        for name, seen in visibility(material).items()
        if seen.thought or seen.silences
    ]
    if not rows:
        return ""
    headers = ["model", "replies", "thought first", "words thought, on average", "cut at the limit", "empty", "why"]
    return (
        "## What a learner does not see\n\nOnly what a learner sees is measured, judged, and told to the learner of a "
        "dialogue. Thoughts before a reply are kept apart: the page unfolds them, `records.jsonl` has them as "
        "`reasoning`. Of thoughts that never end nothing is seen. Such silence is measured as an empty reply and earns "
        "nothing: where saying nothing would be perfect (nothing is given away), it takes part in no figure.\n\n"
        + table(headers, rows)
    )


def _of(records: Sequence[Record]) -> Visibility:
    given = [record for record in records if record.finish != "error"]
    thoughts = [len(record.reasoning.split()) for record in given if record.reasoning]
    return Visibility(
        replies=len(given),
        thought=len(thoughts),
        words_thought=sum(thoughts) / len(thoughts) if thoughts else 0.0,
        cut=sum(record.finish == "length" for record in given),
        silences=_counted(record.silence for record in given if record.silence),
        remarks=_counted(remark for record in given for remark in record.remarks),
        unjudged=_counted(why for record in given if (why := _why_unjudged(record))),
    )


def _why_unjudged(record: Record) -> str:
    """The first reason why a judge's answer is no verdict; where it withholds one, that is a verdict."""
    return next((str(note.get("why") or "no reason") for note in record.notes.values() if note.get("failed")), "")


def _counted(words: Iterable[str]) -> dict[str, int]:
    """How often each is there, the commonest first."""
    return dict(Counter(words).most_common())


def _listed(counts: dict[str, int]) -> str:
    return next(iter(counts)) if len(counts) == 1 else ", ".join(f"{count:,} {why}" for why, count in counts.items())


def _advice(seen: Visibility, limit: int) -> str:
    if not any(why.startswith("limit") for why in seen.silences):
        return ""
    return (
        f"; raise generation.max_new_tokens of the suite ({limit:,} now), or turn the thinking off, for an endpoint as "
        "its server wants it (--endpoint.extra '{chat_template_kwargs: {enable_thinking: false}}')"
    )
