"""Panels: the majority's verdict, and α as Krippendorff computes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.errors import UserError
from evaluation.comparison import krippendorff as alpha_of
from evaluation.judges.base import DIMENSIONS, Item, Verdict
from evaluation.judges.panel import Panel, agreement

HM = Item(messages=[{"role": "user", "content": "Hm"}], reply="Oh?")
GUIDES, REVEALS = "providing_guidance", "revealing_of_the_answer"


@dataclass
class Fixed:
    """Always gives these values."""

    name: str
    values: dict[str, float | None]
    failed: bool = False
    identity: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(self.values)

    def judge(self, items: Sequence[Item]) -> list[dict[str, Verdict]]:
        return [
            {name: Verdict(value=value, why=f"says {value}", failed=self.failed) for name, value in self.values.items()}
            for _ in items
        ]


def decided(*values: float | None, dimension: str = GUIDES) -> Verdict:
    judges = [Fixed(f"j{place}", {dimension: value}) for place, value in enumerate(values)]
    return Panel(judges).judge([HM])[0][dimension]


@pytest.mark.parametrize(
    ("votes", "verdict"),
    [
        ((1.0, 1.0, 0.0), 1.0),
        ((0.5, 0.0, 0.5), 0.5),
        ((0.0, 0.5, 1.0), 0.5),  # none has a majority: the median
        ((0.0, 0.0, 1.0, 1.0), 0.5),
        ((0.0, 0.0, 0.5, 1.0), 0.25),  # half is no majority
        ((0.0, 1.0), 0.5),
        ((1.0, 1.0, None), 1.0),
        ((0.0, 1.0, None), 0.5),
        ((1.0, None), 1.0),  # half of them vote
        ((1.0, None, None), None),  # fewer than half
        ((None, None), None),
        ((0.9, 0.8, 0.1), 1.0),  # counted as 1, 1, 0
        ((0.7, 0.6, 1.0), 0.5),  # counted as 0.5, 0.5, 1
        ((0.25, 0.0, 0.5), 0.0),  # as near to 0 as to 0.5 counts as 0
    ],
)
def test_the_majority_decides(votes: tuple[float | None, ...], verdict: float | None) -> None:
    assert decided(*votes).value == verdict


def test_votes_are_shown_as_they_were_counted() -> None:
    found = decided(0.9, None, 0.3)
    assert found.votes == {"j0": 1.0, "j1": None, "j2": 0.5}
    assert found.why == "j0: says 0.9; j1: says None; j2: says 0.3"


def test_a_dimension_with_two_verdicts_has_no_third() -> None:
    assert decided(0.6, 0.6, 0.1, dimension=REVEALS).votes == {"j0": 1.0, "j1": 1.0, "j2": 0.0}


def test_only_those_who_judge_a_dimension_count() -> None:
    panel = Panel([Fixed("all", {GUIDES: 1.0, REVEALS: 0.0}), Fixed("one", {GUIDES: 1.0}), Fixed("two", {GUIDES: 0.0})])
    assert panel.dimensions == (REVEALS, GUIDES), "in the order of the dimensions"
    found = panel.judge([HM, HM])
    assert len(found) == 2 and found[1][REVEALS].votes == {"all": 0.0} and found[1][REVEALS].value == 0.0
    assert (panel.names, panel.name) == (("all", "one", "two"), "panel of all, one, two")


def test_a_failure_of_one_judge_is_asked_again() -> None:
    whole, half = Fixed("a", {GUIDES: 1.0}), Fixed("b", {GUIDES: None}, failed=True)
    found = Panel([whole, half]).judge([HM])[0][GUIDES]
    assert (found.value, found.failed) == (1.0, True)
    assert not Panel([whole, Fixed("b", {GUIDES: None})]).judge([HM])[0][GUIDES].failed


def test_the_identity_is_that_of_its_judges() -> None:
    one, other = Fixed("a", {}, identity={"hash": 1}), Fixed("b", {}, identity={"hash": 2})
    assert Panel([one, other]).identity == Panel([one, other]).identity
    changed = Fixed("b", {}, identity={"hash": 3})
    assert Panel([one, other]).identity["content_hash"] != Panel([one, changed]).identity["content_hash"]


def test_two_judges_of_one_name_are_an_error() -> None:
    with pytest.raises(UserError, match="two judges are called a"):
        Panel([Fixed("a", {}), Fixed("a", {})])


# Agreement

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C and D: four observers, twelve units.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
UNITS = [[value for value in unit if value is not None] for unit in zip(*OBSERVERS, strict=True)]
# The same, section A: two observers, ten units, two values, of which ordinal data are as nominal ones.
BINARY = list(zip([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0], strict=True))


def krippendorff(units: Sequence[Sequence[float]]) -> float | None:
    """α of values in order, whatever they are."""
    values = sorted({value for unit in units for value in unit})
    ranks = [[values.index(value) for value in unit] for unit in units]
    return alpha_of.krippendorff(ranks, len(values), "ordinal", resamples=0).value


def test_alpha_is_that_of_the_published_examples() -> None:
    assert krippendorff(UNITS) == pytest.approx(0.815, abs=5e-4)
    assert krippendorff(BINARY) == pytest.approx(0.095, abs=5e-4)


def test_alpha_by_hand() -> None:
    # Values 0 0 | 0 1 | 1 2 | 2 2: ranks 1.5, 4, 6.5 of counts 3, 2, 3. Disagreement seen 2.5² + 2.5², a pair each;
    # expected (3·2·2.5² + 3·3·5² + 2·3·2.5²) / 7 = 300 / 7.
    assert krippendorff([[0, 0], [0, 1], [1, 2], [2, 2]]) == pytest.approx(1 - 12.5 / (300 / 7))


def test_alpha_where_all_or_nobody_agrees() -> None:
    assert krippendorff([[0, 0], [1, 1, 1], [0.5, 0.5]]) == 1.0
    assert krippendorff([[0, 1], [1, 0]]) == pytest.approx(-0.5)
    assert krippendorff([]) is krippendorff([[1], [0], []]) is krippendorff([[1, 1], [1, 1]]) is None


units = st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0]), max_size=4), max_size=12)


@given(units)
def test_alpha_goes_by_order_alone(values: list[list[float]]) -> None:
    stretched = [[value**3 * 7 + 2 for value in unit] for unit in values]
    assert krippendorff(stretched) == pytest.approx(krippendorff(values))
    assert krippendorff([unit[::-1] for unit in values][::-1]) == pytest.approx(krippendorff(values))
    alpha = krippendorff(values)
    assert alpha is None or alpha <= 1
    single = [[0.5], *values, []]
    assert krippendorff(single) == pytest.approx(alpha)


def test_agreement_counts_pairs_and_abstentions() -> None:
    votes = [{"a": 1.0, "b": 0.9, "c": None}, {"a": 0.0, "b": 1.0, "c": 0.0}, {"a": None, "b": None}]
    found = agreement(votes, DIMENSIONS[GUIDES])
    assert found.num_items == 3
    assert found.pairs == {("a", "b"): 0.5, ("a", "c"): 1.0, ("b", "c"): 0.0}
    assert found.abstentions == {"a": 1, "b": 1, "c": 2}
    assert found.alpha == pytest.approx(krippendorff([[1.0, 1.0], [0.0, 1.0, 0.0]]))
    apart = agreement([{"a": 1.0, "b": None}, {"a": None, "b": 0.0}], DIMENSIONS[GUIDES])
    assert apart.pairs == {("a", "b"): None} and apart.alpha is None
    assert agreement([], DIMENSIONS[GUIDES]).num_items == 0
