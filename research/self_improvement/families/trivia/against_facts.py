"""Whether a question about a written page has the answer that is claimed for it, and no other: by the page's facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from research.self_improvement.families.trivia.answers import normalised
from research.self_improvement.families.trivia.asked import skill_of
from research.self_improvement.families.trivia.page import Fact, Page, stands_in
from research.self_improvement.families.trivia.written import RELATIONS, accepted

_ASKS_FOR = {
    "who": {"person", "other"},
    "whose": {"person", "other"},
    "where": {"place"},
    "when": {"day"},
    "how many": {"number"},
    "how": {"feeling", "colour"},
    "why": set[str](),
}
"""What a question word asks for; the others, for anything."""
_ONE = {"noun": "thing", "goods": "thing"}
"""Kinds that answer the same question."""


class Truth(NamedTuple):
    """What answers a question about a written page, and how many facts it takes."""

    answers: list[str]
    num_facts: int


def truth_of(page: Page, question: str, answer: str, quotes: Sequence[str]) -> Truth | str:
    """What answers it, where that is what is claimed and quoted; otherwise what is wrong with it."""
    quoted = [fact for fact in page.facts if any(_overlap(fact.said, quote) for quote in quotes)]
    said = [(fact, kind) for fact in quoted for kind in fact.values if _is(answer, fact, kind)]
    if not said:
        return "its answer is nothing that the quoted sentences tell"
    wanted = _ASKS_FOR.get(skill_of(question))
    said = [(fact, kind) for fact, kind in said if wanted is None or kind in wanted]
    if not said:
        return "its answer is of another kind than it asks for"
    named = {value for fact in page.facts for value in fact.values.values() if stands_in(value, question)}
    if named - {value for fact in quoted for value in fact.values.values()}:
        return "it speaks of something that is not quoted"
    meant = _meant(page, quoted, named)
    for fact, kind in said:
        by = (meant & set(fact.values.values())) - {fact.values[kind]}
        if fact.relation == "kin" and _turned(fact, kind, question):
            continue
        if fact.relation != "kin":
            by -= _passed_through(quoted, question)
        if by and not any(_rivals(fact, kind, other, by, question) for other in page.facts):
            return Truth(accepted(fact, kind), len(quoted))
    return "it leaves open which of the facts it asks for"


def _overlap(sentence: str, quote: str) -> bool:
    return stands_in(sentence, quote) or stands_in(quote, sentence)


def _is(answer: str, fact: Fact, kind: str) -> bool:
    return normalised(answer) in [normalised(form) for form in accepted(fact, kind)]


def _meant(page: Page, quoted: Sequence[Fact], named: set[str]) -> set[str]:
    """The values that a question names, and the people whom it means by them: those of a quoted fact of which no other
    fact of its kind holds all that is named."""
    known = set(named)
    for _ in quoted:
        for fact in quoted:
            shown = known & set(fact.values.values())
            others = (other for other in page.facts if other.relation == fact.relation and other != fact)
            if shown and not any(shown <= set(other.values.values()) for other in others):
                known |= {fact.values[kind] for kind in ("person", "other") if kind in fact.values}
    return known


def _turned(fact: Fact, kind: str, question: str) -> bool:
    """Whether a question about relatives asks for the other of the two: who is Anna's aunt, where Anna is one."""
    if skill_of(question) == "whose":
        return kind != "other"
    return _is_of(fact, "person", question) if kind == "other" else stands_in(f"{fact.values['other']} is", question)


def _passed_through(quoted: Sequence[Fact], question: str) -> set[str]:
    """The people whom a question names, or describes, only to lead from them to a relative."""
    found = set[str]()
    for fact in quoted:
        if fact.relation == "kin" and _is_of(fact, "other", question):
            found.add(fact.values["other"])
        elif fact.relation == "kin" and stands_in(f"whose {fact.values['kin']}", question):
            found.add(fact.values["person"])
    return found


def _is_of(fact: Fact, kind: str, question: str) -> bool:
    kin, who = fact.values["kin"], fact.values[kind]
    return stands_in(f"{kin} of {who}", question) or stands_in(f"{who}'s {kin}", question)


def _rivals(fact: Fact, kind: str, other: Fact, by: set[str], question: str) -> bool:
    """Whether another fact answers the question as well, and otherwise."""
    kinds = [one for one in other.values if _ONE.get(one, one) == _ONE.get(kind, kind)]
    if other == fact or not kinds or not by <= set(other.values.values()):
        return False
    if all(other.values[one] == fact.values.get(one) for one in kinds):
        return False
    if other.relation == fact.relation:
        return True
    # What has she bought? names two verbs, of which one only helps the other; so ours has to be there, and no other.
    return RELATIONS[fact.relation].known_by.isdisjoint(normalised(question))
