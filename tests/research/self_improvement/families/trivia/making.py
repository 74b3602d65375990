"""Pages and challenges for the tests of trivia."""

from __future__ import annotations

from research.self_improvement.families.family import Challenge
from research.self_improvement.families.trivia.asked import challenge_of
from research.self_improvement.families.trivia.page import Fact, Page


def fact(relation: str, said: str, **values: str) -> Fact:
    return Fact(relation=relation, values=values, said=said)


FACTS = (
    fact("lives", "Anna lives near the bakery.", person="Anna", place="bakery"),
    fact("has", "She has a red kite.", person="Anna", thing="a red kite", colour="red", noun="kite"),
    fact("came", "Tom came on Friday.", person="Tom", day="Friday"),
    fact("bought", "He bought three plums.", person="Tom", number="three", goods="plums"),
    fact("has", "Tom has a blue drum.", person="Tom", thing="a blue drum", colour="blue", noun="drum"),
    fact("kin", "Anna is the aunt of Tom.", person="Anna", kin="aunt", other="Tom"),
    fact("feels", "Mei is sad.", person="Mei", feeling="sad"),
    fact("lives", "Mei lives near the zoo.", person="Mei", place="zoo"),
)
WRITTEN = Page(title="About Anna and Tom", text=" ".join(one.said for one in FACTS), facts=FACTS)
FREE = Page(
    title="Limes",
    text=(
        "The lime tree of Oldbury was planted in 1,742 by Jane Marlow. It stands behind the church. "
        "Every summer the people of the town dance around it until midnight. Nobody may cut a branch of it. "
        "In 1901 lightning struck the tree, and Doctor Hale bound it with iron."
    ),
)
assert not WRITTEN.kept_back and not FREE.kept_back


def proposed(page: Page, question: str, answer: str, *quotes: str) -> Challenge:
    return challenge_of(page, question, [answer], quotes, 0, "a model")
