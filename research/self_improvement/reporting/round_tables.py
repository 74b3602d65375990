"""Tables of what rounds trained on: challenges, pairs, judges' standings, and what was forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from espalier.artifacts.gates import Change
from espalier.pages.shown import Row, Table
from research.self_improvement.reporting.cells import plain_share, share, signed
from research.self_improvement.reporting.material import Loop, Sample, Told, dig


def not_taken(loop: Loop) -> list[tuple[int, str]]:
    """Why rounds were not taken."""
    return [(each.number, why) for each in loop.rounds for why in each.found.get("why_not") or ()]


def diversity(loop: Loop) -> Table:
    """Challenges of each round beside those by rule."""
    return Table(
        "In brackets: as many challenges written by rule. Said again: those that nearly say what an earlier round or "
        "the same one says. Canned: the largest share of challenges that are answered with one text.",
        ["round", "family", "challenges", "passed", "Vendi score", "clusters", "skills", "distinct pairs", "self-BLEU",
         "said again", "templates", "canned", "below the floor"],
        [row for each in loop.rounds for name, of in each.families.items() if (row := _diversity(each, name, of))],
    )  # fmt: skip


def _diversity(each: Told, name: str, found: Mapping[str, Any]) -> Row | None:
    diverse = found.get("diversity")
    if not diverse:
        return None
    now, rule = diverse["challenges"], diverse["reference"]

    def beside(key: str) -> str | None:
        return now and f"{_short(now[key])} ({_short(rule[key])})"

    repeated = dig(diverse, "repetition", 0)
    skills = diverse.get("num_skills")
    return [
        each.number,
        name,
        now["num"] if now else 0,
        plain_share(found.get("pass_rate")),
        beside("vendi"),
        beside("clusters"),
        skills and f"{_short(skills[0])} ({_short(skills[1])})",
        beside("distinct_2"),
        beside("self_bleu"),
        repeated and f"{repeated['repeated']} of {repeated['num']}",
        repeated and repeated["templates"],
        plain_share(dig(diverse, "performances", "canned")),
        "; ".join(diverse["below"]) or None,
    ]


def creativity(loop: Loop) -> Table:
    """How creative judges find the challenges of each round beside other sets."""
    rows = [
        [
            each.number,
            name,
            _named(found["sets"], found["scores"]) if found["num"] else None,
            plain_share(found["agreement"]),
            found["num"],
        ]
        for each in loop.rounds
        for name, found in each.creativity.items()
    ]
    return Table(
        "Of each set, the mean share of the others that judges place it above. Agreement: of pairs of sets that they "
        "tell apart in both orders, the share told alike; a half at random, nothing for who goes by the place.",
        ["round", "family", "sets", "agreement", "answers that count"],
        rows,
    )


def _named(sets: Sequence[str], scores: Sequence[float]) -> str:
    return ", ".join(f"{name}: {score:.2f}" for name, score in zip(sets, scores, strict=True))


def archive(loop: Loop) -> Table:
    """How full the archive is, and what each round's filters let through."""
    rows = [
        [each.number, name, dig(found, "coverage", "niches"), dig(found, "coverage", "elites"),
         _short(dig(found, "coverage", "qd_score")), found.get("pairs"), found.get("proposal_pairs"),
         found.get("judgement_pairs"), _counted(found.get("refused")), _counted(dig(found, "left_out", "pairs"))]
        for each in loop.rounds for name, found in each.families.items()
    ]  # fmt: skip
    return Table(
        "Niches are family, skill and level. Pairs are what the round trained on.",
        ["round", "family", "niches", "challenges kept", "QD score", "pairs", "of proposals", "of judging",
         "proposals refused", "gave no pair"],
        rows,
    )  # fmt: skip


def standings(loop: Loop) -> Table:
    """How each judge of the last round is trusted, and why."""
    rows = list[Row]()
    last = next(
        (each for each in reversed(loop.rounds) if any(dig(f, "standings") for f in each.families.values())), None
    )
    for name, found in last.families.items() if last else ():
        known = {each["judge"]: each for each in found.get("evidence") or ()}
        for each in found.get("standings") or ():
            of = known.get(each["judge"], {})
            rows.append(
                [name, each["judge"], f"{each['trust']:.2f} by {each['by']}", f"{each['weight']:.2f}",
                 signed(of.get("truth")), signed(of.get("agreement")), signed(of.get("consistency")),
                 share(of.get("first")), ", ".join(of.get("fooled_by") or ()) or None]
            )  # fmt: skip
    return Table(
        f"Of round {last.number if last else '–'}. All but the share of A run up to 1, with 0 for chance.",
        ["family", "judge", "trust", "weight", "truth", "agreement", "same both ways", "says A", "falls for"],
        rows,
    )


def meta_level(loop: Loop) -> Table:
    """What the ranking of rankings adds over the plain panel."""
    rows = [
        [each.number, name, signed(found["meta_adds"])]
        for each in loop.rounds
        for name, found in each.families.items()
        if found.get("meta_adds")
    ]
    return Table(
        "By how much Kendall's τ of the panel's rankings with truth is greater where each judge counts as it is "
        "trusted than where all count alike, challenge by challenge.",
        ["round", "family", "what the weights add"],
        rows,
    )


def forgetting(loop: Loop) -> Table:
    """The core suites before the loop and after each round."""
    rows = [
        [each.number, suite, change.column, change.parent, change.variant, _range(change), change.allowed, change.cases]
        for each in loop.rounds
        for suite, change in each.changes.items()
    ]
    return Table(
        "Before: the model that the loop began with. Columns where less is better are turned, so that a loss is always "
        "negative.",
        ["round", "suite", "column", "before", "after", "difference", "loss allowed", "cases"],
        rows,
    )


def _range(change: Change) -> str:
    return f"{change.difference:+.3f} ({change.low:+.3f} to {change.high:+.3f})".replace("-", "\N{MINUS SIGN}")


def samples(loop: Loop) -> Iterator[tuple[int, Sample]]:
    """The best challenges of the latest rounds that have any, the last round first."""
    rounds_ = [each for each in loop.rounds if each.samples][-2:]
    for each in reversed(rounds_):
        for sample in each.samples:
            yield each.number, sample


def _short(value: Any) -> str | None:
    return None if value is None else f"{value:.3g}"


def _counted(counts: Mapping[str, int] | None) -> str | None:
    return ", ".join(f"{why}: {n}" for why, n in (counts or {}).items()) or None
