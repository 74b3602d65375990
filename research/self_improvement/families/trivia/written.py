"""Pages written from the curriculum's lexicon: all that they say is known, and nothing of it can be known elsewhere.

Who lives where, has what, came when is drawn anew for every page, so that nobody can answer without reading. On a page
each place, thing, day and feeling is said of one person alone, unless people are counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from data_mix.curriculum.words import Noun, Person, lexicon
from research.bootstrap.classroom.things import a, names, numbers, things
from research.self_improvement.families.trivia.page import Fact, Page

COLOURS = ("red", "blue", "green", "yellow", "white", "black", "brown", "grey")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FEELINGS = ("hungry", "thirsty", "tired", "happy", "sad", "bored", "curious", "angry", "afraid", "proud", "lonely")
_OWNED = frozenset(("clothes", "container", "tool", "instrument", "toy", "furniture", "vehicle", "device", "animal"))
_BOUGHT = frozenset(("fruit", "vegetable", "dish"))
GAVE, HELD = "gave", "held"


@dataclass(frozen=True, kw_only=True)
class Relation:
    """What can be said of a person."""

    says: str
    """The sentence; in it {subject}, and the values by their kinds."""
    asks: dict[str, str]
    """A question by the kind of value that it asks for; {who} is the person in whatever words."""
    verb: str
    """Said of a person who is meant: "the person who …"."""
    known_by: frozenset[str]
    """Words by which a question shows that it asks for this."""


RELATIONS = {
    "lives": Relation(
        says="{subject} lives near the {place}.",
        asks={"place": "Where does {who} live?", "person": "Who lives near the {place}?"},
        verb="lives near the {place}",
        known_by=frozenset(("live", "lives", "living", "lived", "home", "near")),
    ),
    "has": Relation(
        says="{subject} has {thing}.",
        asks={
            "thing": "What does {who} have?",
            "colour": "What colour is the {noun} of {who}?",
            "person": "Who has the {colour} {noun}?",
        },
        verb="has the {colour} {noun}",
        known_by=frozenset(("have", "has", "own", "owns", "owner", "belong", "belongs")),
    ),
    "bought": Relation(
        says="{subject} bought {number} {goods}.",
        asks={
            "goods": "What did {who} buy?",
            "number": "How many {goods} did {who} buy?",
            "person": "Who bought {goods}?",
        },
        verb="bought {number} {goods}",
        known_by=frozenset(("buy", "buys", "bought", "buying", "purchase", "purchased")),
    ),
    "came": Relation(
        says="{subject} came on {day}.",
        asks={"day": "On which day did {who} come?", "person": "Who came on {day}?"},
        verb="came on {day}",
        known_by=frozenset(("come", "comes", "came", "coming", "arrive", "arrived")),
    ),
    "feels": Relation(
        says="{subject} is {feeling}.",
        asks={"feeling": "How does {who} feel?", "person": "Who is {feeling}?"},
        verb="is {feeling}",
        known_by=frozenset(("feel", "feels", "felt", "feeling", "mood")),
    ),
    "kin": Relation(
        says="{subject} is the {kin} of {other}.",
        asks={"person": "Who is the {kin} of {other}?", "other": "Whose {kin} is {who}?"},
        verb="is the {kin} of {other}",
        known_by=frozenset(person.self_name.split()[-1] for person in lexicon().relatives),
    ),
}


def people_page(rng: random.Random, num_people: int, num_facts: int, *, blocks: bool = False) -> Page:
    """A page that says so many things of each of so many people.

    In any order, everybody by name; or as `blocks`, person by person, by name first and by a pronoun from then on.
    """
    people = rng.sample(names(), num_people)
    draw = _Values(rng, people)
    told = list[list[Fact]]()
    for person in people:
        chosen = rng.sample(draw.relations(person), num_facts)
        if blocks:
            # Last, or the next pronoun could mean the relative.
            chosen.sort(key="kin".__eq__)
        facts = [draw.fact(person, relation) for relation in chosen]
        told.append([_with_pronoun(fact, person) if blocks and place else fact for place, fact in enumerate(facts)])
    facts = [fact for block in told for fact in block]
    if not blocks:
        rng.shuffle(facts)
    return _page(people, facts)


def counted_page(rng: random.Random, num_people: int) -> tuple[Page, str, str]:
    """A page on which several live near the same of two places; and one of these places, and how many live there."""
    people = rng.sample(names(), num_people)
    draw = _Values(rng, people)
    place, other = draw.place(), draw.place()
    number = rng.randrange(2, num_people)
    facts = [_said("lives", person=who.self_name, place=place) for who in people[:number]]
    facts += [_said("lives", person=who.self_name, place=other) for who in people[number:]]
    facts += [draw.fact(who, rng.choice(("has", "bought", "feels"))) for who in people]
    rng.shuffle(facts)
    return _page(people, facts), place, str(number)


def moved_page(rng: random.Random, num_things: int, num_moves: int) -> tuple[Page, str, str]:
    """A page on which things go from hand to hand; and one of them, and who has it in the end."""
    people = rng.sample(names(), num_things + 2)
    nouns = [noun.singular for noun in rng.sample(_of(_OWNED), num_things)]
    holders = {noun: person.self_name for noun, person in zip(nouns, people, strict=False)}
    facts = [
        Fact(relation=HELD, values={"person": who, "noun": noun}, said=f"{who} has the {noun}.")
        for noun, who in holders.items()
    ]
    moved = [noun for noun in nouns for _ in range(num_moves)]
    rng.shuffle(moved)
    for noun in moved:
        giver = holders[noun]
        taker = rng.choice([person.self_name for person in people if person.self_name != giver])
        said = f"Then {giver} gives the {noun} to {taker}."
        facts.append(Fact(relation=GAVE, values={"person": giver, "noun": noun, "other": taker}, said=said))
        holders[noun] = taker
    asked = rng.choice(nouns)
    return _page(people, facts), asked, holders[asked]


def described(fact: Fact) -> str:
    """The person of a fact, by the fact alone: the person who has the red kite."""
    if fact.relation == "kin":
        return "the {kin} of {other}".format_map(fact.values)
    return "the person who " + RELATIONS[fact.relation].verb.format_map(fact.values)


def accepted(fact: Fact, kind: str) -> list[str]:
    """What answers a question for this value, the fullest form first."""
    values = fact.values
    return {
        "place": [f"near the {values.get('place')}", f"the {values.get('place')}"],
        "thing": [values.get("thing", ""), values.get("noun", "")],
        "goods": [f"{values.get('number')} {values.get('goods')}", values.get("goods", "")],
    }.get(kind) or [values[kind]]


class _Values:
    """Values that no two people of a page share."""

    def __init__(self, rng: random.Random, people: Sequence[Person]) -> None:
        self._rng = rng
        self._people = people
        places = [noun.singular for noun in lexicon().nouns if noun.place]
        self.place = self._each_once(places)
        self._owned = self._each_once([noun.singular for noun in _of(_OWNED)])
        self._goods = self._each_once([noun.plural for noun in _of(_BOUGHT)])
        self._day, self._feeling = self._each_once(DAYS), self._each_once(FEELINGS)
        # In one line, the last of whom is nobody's relative: nobody is her own grandmother's mother.
        line = rng.sample(people, len(people))
        self._other = dict(pairwise(line))

    def relations(self, person: Person) -> list[str]:
        """What can be said of somebody."""
        return [relation for relation in sorted(RELATIONS) if relation != "kin" or person in self._other]

    def _each_once(self, options: Sequence[str]) -> Callable[[], str]:
        return iter(self._rng.sample(options, len(options))).__next__

    def fact(self, person: Person, relation: str) -> Fact:
        who = person.self_name
        if relation == "lives":
            return _said(relation, person=who, place=self.place())
        if relation == "has":
            colour, noun = self._rng.choice(COLOURS), self._owned()
            return _said(relation, person=who, thing=a(f"{colour} {noun}"), colour=colour, noun=noun)
        if relation == "bought":
            return _said(relation, person=who, number=self._rng.choice(numbers()), goods=self._goods())
        if relation == "came":
            return _said(relation, person=who, day=self._day())
        if relation == "feels":
            return _said(relation, person=who, feeling=self._feeling())
        kin = self._rng.choice([other for other in lexicon().relatives if other.woman == person.woman])
        return _said(relation, person=who, kin=kin.self_name.split()[-1], other=self._other[person].self_name)


@cache
def _of(categories: frozenset[str]) -> tuple[Noun, ...]:
    return tuple(noun for noun in things() if noun.category in categories)


def _said(relation: str, **values: str) -> Fact:
    said = RELATIONS[relation].says.format(subject=values["person"], **values)
    return Fact(relation=relation, values=values, said=said)


def _with_pronoun(fact: Fact, person: Person) -> Fact:
    said = RELATIONS[fact.relation].says.format(subject=person.pronoun.capitalize(), **fact.values)
    return replace(fact, said=said)


def _page(people: Sequence[Person], facts: Sequence[Fact]) -> Page:
    who = [person.self_name for person in people]
    title = f"About {', '.join(who[:-1])} and {who[-1]}"
    return Page(title=title, text=" ".join(fact.said for fact in facts), facts=tuple(facts))
