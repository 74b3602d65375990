"""Challenges of a round: some by rule, the others by a model that is shown the archive's; read, checked, and the newest
of them kept."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from espalier.loops.lockstep import seed_of
from espalier.sandbox import Pool
from research.self_improvement.diversity.archive import Elite, seeds
from research.self_improvement.diversity.embedding import Embed
from research.self_improvement.diversity.ranking import Candidate, Tried, ranked, worth
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.family import Challenge, Family, Messages, Performance, Refused
from research.self_improvement.voices import Voice

SHOWN = 3
"""Challenges of the archive that a proposer is shown."""
SOLVED_BLIND = "solved without what its answer rests on"
AS_BEFORE = "the same as another"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How many challenges of a family, by whom."""

    number: int
    """Challenges."""
    by_rule: float
    """Share of them that is by rule at least; what proposals do not give comes by rule too."""
    asks: int
    """Times that a model is asked for some."""
    each: int
    """Proposals that it makes each time it is asked."""


@dataclass
class Proposed:
    """What came of it."""

    challenges: list[Challenge] = field(default_factory=list)
    """Those that are kept, the ones of models first."""
    proposals: list[dict[str, Any]] = field(default_factory=list)
    """Every reply of a model: what it was asked, and the challenge it gave or why it gave none."""
    refused: Counter[str] = field(default_factory=Counter)
    """Replies that gave none, by why."""
    filled: int = 0
    """Challenges by rule in the place of what no proposal gave."""


def propose(
    family: Family,
    wanted: Wanted,
    *,
    voice: Voice | None,
    archive: Sequence[Elite],
    tried: Sequence[Tried],
    known: Sequence[str],
    embed: Embed,
    settings: DiversitySettings,
    pool: Pool | None,
    seed: int,
) -> Proposed:
    """The challenges of one family. `tried` says by level how hard it was so far, and levels that are passed half of
    the time are drawn most; `known` are contents that should not come again; without a `voice` all come by rule."""
    rng = random.Random(seed_of(seed, family.name, "proposing"))
    found = Proposed()
    weights = levels_of(family, tried)
    if voice:
        _ask(family, wanted, voice, archive, weights, rng, found)
        _check(family, found, voice, pool)
        offered = [line["challenge"] for line in found.proposals if line["challenge"]]
        most = round(wanted.number * (1 - wanted.by_rule))
        kept = ranked(
            [
                Candidate(challenge=each, quality=family.quality(each), tried=Tried(passed=0, tries=0))
                for each in offered
            ],
            known,
            embed,
            settings.weights,
            count=most,
        )
        found.challenges = [each.candidate.challenge for each in kept]
        found.filled = most - len(kept)
    chosen = {each.id for each in found.challenges}
    for line in found.proposals:
        line["kept"] = bool(line["challenge"]) and line["challenge"].id in chosen
        line["challenge"] = line["challenge"].id if line["challenge"] else None
    found.challenges += _written(family, wanted.number - len(found.challenges), weights, rng, chosen, pool)
    return found


def levels_of(family: Family, tried: Sequence[Tried]) -> list[float]:
    """By level how likely it is drawn: by what its pass rate is worth, and a tenth of that of one passed half of the
    time at least, for what was too hard may be so no longer."""
    return [max(0.1, worth(each)) for each in tried] or [1.0] * family.trained


def _ask(
    family: Family,
    wanted: Wanted,
    voice: Voice,
    archive: Sequence[Elite],
    weights: Sequence[float],
    rng: random.Random,
    found: Proposed,
) -> None:
    asked = list[tuple[int, Messages]]()
    for _ in range(wanted.asks):
        level = rng.choices(range(family.trained), weights)[0]
        shown = seeds(archive, rng, family.name, level, SHOWN)
        asked.append((level, family.ask_for(rng, shown, level)))
    every = [(place, number) for place in range(len(asked)) for number in range(wanted.each)]
    keys = [f"propose/{family.name}/{place}/{number}" for place, number in every]
    replies = voice.says([asked[place][1] for place, _ in every], keys)
    for (place, _), reply in zip(every, replies, strict=True):
        level, messages = asked[place]
        read = family.read(reply.text, voice.name, level) if reply.text else Refused(reply.silence or "no reply")
        line = {"family": family.name, "ask": place, "level": level, "messages": voice.asked(messages)}
        found.proposals.append(line | {"reply": reply.text, "read": read})


def _check(family: Family, found: Proposed, voice: Voice, pool: Pool | None) -> None:
    """Puts in place of what was read what the check made of it."""
    lines = [line for line in found.proposals if isinstance(line["read"], Challenge)]
    for line, checked in zip(lines, family.check([line["read"] for line in lines], pool), strict=True):
        line["read"] = checked
    blind = [line for line in lines if isinstance(line["read"], Challenge) and family.blind(line["read"])]
    asked = [family.blind(line["read"]) or [] for line in blind]
    keys = [f"blind/{line['read'].id}" for line in blind]
    for line, reply in zip(blind, voice.says(asked, keys) if blind else [], strict=True):
        (verdict,) = family.verify(line["read"], [Performance(text=reply.text)], pool)
        if verdict.score == 1:
            line["read"] = Refused(SOLVED_BLIND)
    known = set[str]()
    for line in found.proposals:
        read = line.pop("read")
        if isinstance(read, Challenge) and read.id in known:
            read = Refused(AS_BEFORE)
        line["challenge"] = read if isinstance(read, Challenge) else None
        line["why"] = None if isinstance(read, Challenge) else read.why
        if isinstance(read, Challenge):
            known.add(read.id)
        else:
            found.refused[read.why] += 1


def _written(
    family: Family, number: int, weights: Sequence[float], rng: random.Random, known: set[str], pool: Pool | None
) -> list[Challenge]:
    """Challenges by rule, none of them twice; fewer where a level has no more."""
    drawn = dict[str, Challenge]()
    for _ in range(20 * number):
        if len(drawn) == number:
            break
        each = family.written(rng, rng.choices(range(family.trained), weights)[0])
        if each.id not in known:
            drawn.setdefault(each.id, each)
    checked = family.check(list(drawn.values()), pool)
    return [each for each in checked if isinstance(each, Challenge)]
