"""Questions about written pages, by rule, of graded difficulty.

| level | its page | what is asked |
|---|---|---|
| 0 | four sentences | what one of them says |
| 1 | fifteen sentences in any order | what one of them says |
| 2 | twelve, person by person | what a sentence says whose subject is a pronoun |
| 3 | twelve in any order | two facts: where does the person who has the red kite live? |
| 4 | fourteen in any order | how many people live near a place |
| 5 | things that are given on | who has one of them in the end |
| 6 | sixteen in any order | three facts: where does the person live whose aunt has the red kite? |

Levels from TRAINED on are for examinations: nobody is asked to propose such.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from research.self_improvement.families.family import Challenge
from research.self_improvement.families.trivia.answers import is_in_question, normalised
from research.self_improvement.families.trivia.page import Fact, Page, stands_in
from research.self_improvement.families.trivia.written import (
    GAVE,
    HELD,
    RELATIONS,
    accepted,
    counted_page,
    described,
    moved_page,
    people_page,
)

FAMILY = "trivia"
TRAINED, LEVELS = 5, 7
_KINDS = ("how many", "who", "whose", "where", "when", "which", "why", "how", "what")


def skill_of(question: str) -> str:
    """The first word of a question that says what is asked for; `other` where there is none."""
    said = question.casefold()
    found = [(place, kind) for kind in _KINDS if (place := f" {' '.join(normalised(said))} ".find(f" {kind} ")) >= 0]
    # At one place the longer wins: "how many" before "how".
    return min(found, key=lambda pair: (pair[0], -len(pair[1])))[1] if found else "other"


def challenge_of(
    page: Page, question: str, answers: Sequence[str], quotes: Sequence[str], difficulty: int, proposer: str = "rules"
) -> Challenge:
    """A question about a page as a challenge."""
    return Challenge(
        family=FAMILY,
        skill=skill_of(question),
        difficulty=difficulty,
        content=f"{question} ({page.title})",
        known={**page.known(), "question": question, "answers": list(answers), "quotes": list(quotes)},
        proposer=proposer,
    )


def asked(rng: random.Random, difficulty: int, *, kept_back: bool) -> Challenge:
    """A question of a level (the highest there is, for any above) about a page that is, or is not, kept back."""
    level = min(difficulty, LEVELS - 1)
    while True:
        made = _LEVELS[level](rng)
        if made is None:
            continue
        page, question, answers, quotes = made
        if page.kept_back == kept_back and not is_in_question(answers[0], question):
            return challenge_of(page, question, answers, quotes, level)


_Made = tuple[Page, str, list[str], list[str]]


def _told(num_people: int, num_facts: int) -> Callable[[random.Random], _Made]:
    def made(rng: random.Random) -> _Made:
        page = people_page(rng, num_people, num_facts)
        return page, *_about(rng, rng.choice(page.facts))

    return made


def _by_pronoun(rng: random.Random) -> _Made:
    page = people_page(rng, 4, 3, blocks=True)
    unnamed = [fact for fact in page.facts if not stands_in(fact.values["person"], fact.said)]
    fact = rng.choice(unnamed)
    question, answers, quotes = _about(rng, fact)
    first = next(one for one in page.facts if one.values["person"] == fact.values["person"])
    return page, question, answers, [first.said, *quotes]


def _two_facts(rng: random.Random) -> _Made | None:
    page = people_page(rng, 4, 3)
    meant, wanted = rng.sample(page.facts, 2)
    person = meant.values["person"]
    quotes = [meant.said, wanted.said]
    if wanted.relation == "kin" and wanted.values["other"] == person:
        question = f"Who is the {wanted.values['kin']} of {described(meant)}?"
        return page, question, [wanted.values["person"]], quotes
    if wanted.values["person"] != person:
        return None
    question, answers = _of_person(rng, wanted, described(meant))
    return page, question, answers, quotes


def _counted(rng: random.Random) -> _Made:
    page, place, number = counted_page(rng, 7)
    quotes = [fact.said for fact in page.facts if fact.values.get("place") == place]
    return page, f"How many people live near the {place}?", [number], quotes


def _moved(rng: random.Random) -> _Made | None:
    page, noun, holder = moved_page(rng, 3, 3)
    if Fact(relation=HELD, values={"person": holder, "noun": noun}, said=f"{holder} has the {noun}.") in page.facts:
        # Whoever read no move would be right.
        return None
    quotes = [fact.said for fact in page.facts if fact.relation == GAVE and fact.values["noun"] == noun]
    return page, f"Who has the {noun} in the end?", [holder], quotes


def _three_facts(rng: random.Random) -> _Made | None:
    page = people_page(rng, 4, 4)
    by_person: dict[str, list[Fact]] = {}
    for fact in page.facts:
        by_person.setdefault(fact.values["person"], []).append(fact)
    kin = rng.choice([fact for fact in page.facts if fact.relation == "kin"] or [None])
    if kin is None:
        return None
    relative, person = kin.values["person"], kin.values["other"]
    shows = rng.choice([fact for fact in by_person[relative] if fact is not kin])
    wanted = rng.choice([fact for fact in by_person[person] if fact.relation != "kin"])
    who = f"the person whose {kin.values['kin']} {RELATIONS[shows.relation].verb.format_map(shows.values)}"
    question, answers = _of_person(rng, wanted, who)
    return page, question, answers, [shows.said, kin.said, wanted.said]


_LEVELS: tuple[Callable[[random.Random], _Made | None], ...] = (
    _told(2, 2),
    _told(5, 3),
    _by_pronoun,
    _two_facts,
    _counted,
    _moved,
    _three_facts,
)


def _about(rng: random.Random, fact: Fact) -> tuple[str, list[str], list[str]]:
    kind = rng.choice(sorted(RELATIONS[fact.relation].asks))
    question = RELATIONS[fact.relation].asks[kind].format(who=fact.values["person"], **fact.values)
    return question, accepted(fact, kind), [fact.said]


def _of_person(rng: random.Random, fact: Fact, who: str) -> tuple[str, list[str]]:
    kind = rng.choice(sorted(set(RELATIONS[fact.relation].asks) - {"person"}))
    return RELATIONS[fact.relation].asks[kind].format(who=who, **fact.values), accepted(fact, kind)
