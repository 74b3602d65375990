import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.artifacts.paths import check_name
from espalier.artifacts.rounds import Round
from espalier.errors import UserError


@given(
    st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), st.integers(0, 10**6 - 1), st.sampled_from(["core", "q.a"])
)
def test_a_name_is_taken_apart_into_what_it_was_made_of(loop: str, number: int, part: str) -> None:
    made = Round(loop=loop, number=number, part=part)
    assert Round.parse(check_name(made.name)) == made
    assert Round.read(made.facts) == made


def test_rounds_are_called_as_they_sort() -> None:
    assert Round(loop="grow", number=3, part="core").name == "grow-r03-core"
    assert Round.parse("a-r01-b-r12-mix") == Round(loop="a-r01-b", number=12, part="mix")


def test_other_names_are_no_rounds() -> None:
    for name in ("grow-core", "grow-r3-core", "grow-r003-core", "-r03-core", "grow-r03-", "grow-r03-a-b"):
        with pytest.raises(UserError, match="is no name of a round; wants LOOP-r03-PART"):
            Round.parse(name)


@pytest.mark.parametrize("fact", ["grow", {"loop": "grow"}, {"loop": "grow", "round": True, "part": 1}, []])
def test_a_fact_of_another_form_is_said_to_be(fact: object) -> None:
    with pytest.raises(ValueError, match="of the form"):
        Round.read(fact)
