"""Several judges as one: the verdict of the majority, with the votes, and how far they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Any

from espalier.errors import UserError
from evaluation.cache import key_of
from evaluation.comparison.krippendorff import krippendorff
from evaluation.judges.base import JUDGED, Dimension, Item, Judge, Verdict

_RULE = "majority of the nearest verdicts, else their median; abstains where fewer than half vote"
Votes = Mapping[str, float | None]
"""By judge its value, None where it abstains."""


class Panel:
    """Judges that vote.

    A value between two verdicts (a classifier's expectation) counts as the nearest verdict, the lower of two equally
    near. The verdict that more than half of the votes name wins; where none does, it is the median of the votes, which
    for two is their mean. Where fewer than half of the judges of a dimension vote, the panel abstains.
    UserError where two judges have the same name.
    """

    def __init__(self, judges: Sequence[Judge]) -> None:
        self._judges = list(judges)
        for name, count in Counter(judge.name for judge in judges).items():
            if count > 1:
                raise UserError(f"--judges: two judges are called {name}, and their votes could not be told apart")

    @property
    def name(self) -> str:
        """Who sits on it."""
        return f"panel of {', '.join(self.names)}"

    @property
    def names(self) -> tuple[str, ...]:
        """The judges' names."""
        return tuple(judge.name for judge in self._judges)

    @property
    def identity(self) -> dict[str, Any]:
        """The judges' identities and the rule of the vote."""
        facts = {"kind": "panel", "rule": _RULE, "judges": [judge.identity for judge in self._judges]}
        return facts | {"content_hash": key_of(facts)}

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Those that at least one judges by."""
        return tuple(name for name in JUDGED if any(name in judge.dimensions for judge in self._judges))

    def judge(self, items: Sequence[Item]) -> list[dict[str, Verdict]]:
        """For each item the panel's verdict by each dimension; `votes` are those that were counted."""
        said = {judge.name: judge.judge(items) for judge in self._judges}
        return [
            {
                name: _decide(
                    JUDGED[name],
                    {judge: found[place][name] for judge, found in said.items() if name in found[place]},
                )
                for name in self.dimensions
            }
            for place in range(len(items))
        ]


def _decide(dimension: Dimension, verdicts: Mapping[str, Verdict]) -> Verdict:
    votes = {judge: _nearest(dimension, verdict.value) for judge, verdict in verdicts.items()}
    cast = [vote for vote in votes.values() if vote is not None]
    failed = any(verdict.failed for verdict in verdicts.values())
    why = "; ".join(f"{judge}: {verdict.why}" for judge, verdict in verdicts.items() if verdict.why)
    if 2 * len(cast) < len(votes):
        return Verdict(value=None, why=why, votes=votes, failed=failed)
    most, count = Counter(cast).most_common(1)[0]
    return Verdict(value=most if 2 * count > len(cast) else median(cast), why=why, votes=votes, failed=failed)


def _nearest(dimension: Dimension, value: float | None) -> float | None:
    return None if value is None else min(dimension.values.values(), key=lambda worth: abs(worth - value))


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """How far a panel's judges agree on one dimension."""

    num_items: int
    """Replies they were asked about."""
    alpha: float | None
    """Krippendorff's α for verdicts in order; None where it is not defined."""
    pairs: dict[tuple[str, str], float | None]
    """For each two judges how often they say the same, of the replies on which both vote; None where there are none."""
    abstentions: dict[str, int]
    """By judge, how often it did not vote."""


def agreement(votes: Sequence[Votes], dimension: Dimension) -> Agreement:
    """How far judges agree on `votes`, an entry for each reply; values between verdicts count as the nearest one."""
    judges = list(dict.fromkeys(judge for ballot in votes for judge in ballot))
    counted = [{judge: _nearest(dimension, ballot.get(judge)) for judge in judges} for ballot in votes]
    pairs: dict[tuple[str, str], float | None] = {}
    for one, other in combinations(judges, 2):
        both = [ballot[one] == ballot[other] for ballot in counted if None not in (ballot[one], ballot[other])]
        pairs[one, other] = sum(both) / len(both) if both else None
    verdicts = sorted(dimension.values.values())
    given = [[verdicts.index(vote) for vote in ballot.values() if vote is not None] for ballot in counted]
    return Agreement(
        num_items=len(votes),
        alpha=krippendorff(given, len(verdicts), "ordinal", resamples=0).value,
        pairs=pairs,
        abstentions={judge: sum(ballot[judge] is None for ballot in counted) for judge in judges},
    )
