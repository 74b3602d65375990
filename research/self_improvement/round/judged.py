"""What is known of performances, and what judges say of them, as files of a corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from espalier.artifacts.records import read_jsonl
from research.self_improvement.families.family import Challenge, Family, Verdict
from research.self_improvement.judging.comparing import Compared, Contest
from research.self_improvement.records import Played

VERDICTS, COMPARED, CONTROLS, META, CREATIVITY = (
    f"{name}.jsonl" for name in ("verdicts", "compared", "controls", "meta", "creativity")
)


class Judged(NamedTuple):
    """What a judged corpus holds."""

    verdicts: dict[str, list[Verdict]]
    """By challenge, of each of its performances."""
    compared: list[Compared]
    """What judges said of two performances."""
    controls: dict[str, list[tuple[str, Compared]]]
    """By family what they said of controls, with the kind of each."""
    meta: list[dict[str, Any]]
    """By family and judge, what the meta-judge thinks of its rankings."""
    creativity: list[dict[str, Any]]
    """What judges answered who were asked to rank sets of challenges."""


def read_judged(folder: Path) -> Judged:
    """A judged corpus, read."""
    return Judged(
        verdicts={
            line["challenge"]: [Verdict(**each) for each in line["verdicts"]] for line in _lines(folder, VERDICTS)
        },
        compared=[Compared(**line) for line in _lines(folder, COMPARED)],
        controls=_by_family(_lines(folder, CONTROLS)),
        meta=_lines(folder, META),
        creativity=_lines(folder, CREATIVITY),
    )


def contests_of(
    challenges: Sequence[Challenge], played: Mapping[str, Sequence[Played]], pairs: Mapping[str, Sequence[Any]]
) -> list[Contest]:
    """Challenges of which some performances are compared."""
    return [
        Contest(each, [one.performance for one in played[each.id]], [tuple(pair) for pair in pairs[each.id]])
        for each in challenges
        if pairs.get(each.id)
    ]


def verdict_lines(
    families: Mapping[str, Family],
    challenges: Sequence[Challenge],
    played: Mapping[str, Sequence[Played]],
    pools: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """What is known of each challenge's performances."""
    return [
        {
            "challenge": each.id,
            "family": each.family,
            "verdicts": [
                verdict._asdict()
                for verdict in families[each.family].verify(
                    each, [one.performance for one in played[each.id]], pools[each.family]
                )
            ],
        }
        for each in challenges
        if each.id in played
    ]


def _by_family(lines: Sequence[dict[str, Any]]) -> dict[str, list[tuple[str, Compared]]]:
    found: dict[str, list[tuple[str, Compared]]] = {}
    for line in lines:
        said = {key: value for key, value in line.items() if key not in ("family", "kind")}
        found.setdefault(line["family"], []).append((line["kind"], Compared(**said)))
    return found


def _lines(folder: Path, file: str) -> list[dict[str, Any]]:
    return [dict(line) for line in read_jsonl(folder / file)]
