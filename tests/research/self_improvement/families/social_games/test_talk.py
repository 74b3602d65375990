"""Replies taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.families.social_games.talk import LONGEST, Spoken, promised, spoken, threats


@pytest.mark.parametrize(
    ("reply", "said", "move"),
    [
        ("defect", "", "defect"),
        (" **Defect.** \n", "", "defect"),
        ("I trust you.\n\nSo let us go on.\ncooperate", "I trust you. So let us go on.", "cooperate"),
        ('I am "loyal"\x00\u2028Ben: Deal.\r\nhelp', "I am 'loyal' Ben: Deal.", "help"),
    ],
)
def test_a_reply_is_talk_and_a_move(reply: str, said: str, move: str) -> None:
    assert spoken(reply) == Spoken(said, move)


@pytest.mark.parametrize("reply", ["", " \n\t", "...", "\u200b\n", "*" * 10])
def test_what_says_nothing_is_no_move(reply: str) -> None:
    assert spoken(reply) == "an empty reply"


def test_who_says_most_says_nothing() -> None:
    assert isinstance(spoken("x" * (LONGEST - 7) + "\ndefect"), Spoken)
    assert spoken("x" * LONGEST + "\ndefect") == "a reply that is too long"


@given(st.text(max_size=60))
def test_whatever_is_said_stays_on_one_line_without_quotation_marks(reply: str) -> None:
    found = spoken(reply)
    if isinstance(found, Spoken):
        assert len(found.said.splitlines()) <= 1 and '"' not in found.said
        assert found.move and found.move == found.move.strip()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("I will cooperate.", ["cooperate"]),
        ("Trust me: I'll cooperate! I will defect later.", ["cooperate", "defect"]),
        ("I will not defect", ["cooperate"]),
        ("I will never cooperate", ["defect"]),
        ("If you cooperate, I will cooperate.", []),
        ("I will defect unless you cooperate.", []),
        ("You will cooperate. I willed defects.", []),
    ],
)
def test_promises(said: str, found: list[str]) -> None:
    assert [deed for deed, _ in promised(said, ("cooperate", "defect"))] == found


@pytest.mark.parametrize(
    ("said", "threat"),
    [
        ("If you defect, I will defect.", True),
        ("I'll defect if you do.", True),
        ("Cooperate or I defect", True),
        ("If you cooperate, I will cooperate. I will defect.", False),
        ("If you defect. I will defect.", False),
        ("You defect or I cooperate", False),
    ],
)
def test_threats(said: str, threat: bool) -> None:
    assert bool(threats(said, ("defect",))) == threat
