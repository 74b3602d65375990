"""HowItWorks: what a thing has, and what one does with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from data_mix.curriculum.words import Noun
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, described, other_kinds, with_parts


class HowItWorks(SessionType):
    """Questions about one thing."""

    def words(self) -> Drawn:
        slots, noun = self._thing()
        mine, property = slots["part"], slots["property"]
        fitting = [
            each.singular
            for each in with_parts()
            if mine in each.parts and property in each.properties and each.uses[0] == noun.uses[0]
        ]
        wrong = tuple(each.singular for each in with_parts() if each.singular not in fitting)
        exactly = tuple(way for each in fitting for way in (each, a(each), f"it is {a(each)}"))
        return slots, Want(points=(tuple(fitting),), wrong=wrong, exactly=exactly)

    def two_words(self) -> Drawn:
        """One part is named, and the other asked for."""
        slots, noun = self._thing()
        said = slots["a_second"]
        exactly = (said, f"it has {said}", f"the {noun.singular} has {said}")
        return slots, Want(points=((said,),), wrong=_other_parts(noun), exactly=exactly)

    def phrases(self) -> Drawn:
        slots, noun = self._thing()
        return slots, Want(points=(_uses(noun),), wrong=_other_uses(noun))

    def sentences(self) -> Drawn:
        slots, noun = self._thing()
        points = (("we use", "you use", "I use", "we can use", "you can use"), _whom(noun), _uses(noun))
        return slots, Want(points=points, in_order=True, wrong=_other_uses(noun), form="statement")

    def answers(self) -> Drawn:
        """Whether it has a part, or which of two it has."""
        noun, property = described(self.scene, with_parts())
        mine, other = self.scene.pick(noun.parts), self.scene.pick(_parts_elsewhere(noun))
        slots = {"noun": noun.singular, "a_noun": a(noun.singular), "property": property}
        slots |= {"a_property_noun": a(f"{property} {noun.singular}")}
        how = self.scene.pick(("yes", "no", "or"))
        if how == "or":
            first, second = self.scene.pick(((mine, other), (other, mine)))
            slots |= {"either": f"{a(first)} or {a(second)}", "chosen": a(mine)}
            points = (_whom(noun), (f"has {a(mine)}",))
            return slots, Want(points=points, in_order=True, wrong=(other,), form="statement")
        has = how == "yes"
        said = (f"has {a(mine)}",) if has else (f"has no {other}", f"does not have {a(other)}")
        slots |= {"asked": a(mine if has else other), "yes": how, "has": a(mine) if has else f"no {other}"}
        # What is not there has to be named: "has a handle" beside a no is another answer.
        wrong = ("no",) if has else ("yes", f"has {a(other)}")
        return slots, Want(points=((how,), _whom(noun), said), in_order=True, wrong=wrong, form="statement")

    def stories(self) -> Drawn:
        slots, noun = self._thing()
        points = ((noun.singular, "it"), ("has",), tuple(map(a, noun.parts)), ("use", "need"), _uses(noun))
        wrong = (*_other_parts(noun), *_other_uses(noun))
        return slots, Want(points=points, in_order=True, wrong=wrong, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots, noun = self._thing()
        kind = noun.category_name
        turned = f"{kind} is"  # not every tool is a hammer
        return (
            (slots, Want(points=((kind,),), wrong=(*other_kinds(noun), turned), form="statement")),
            (slots, Want(points=((slots["a_second"],),), wrong=_other_parts(noun), form="statement")),
            (slots, Want(points=(_uses(noun),), wrong=_other_uses(noun), form="statement")),
        )

    def _thing(self) -> tuple[dict[str, str], Noun]:
        """A thing, with a property and a part of it that are named."""
        noun, property = described(self.scene, with_parts(), "look", "see", "use")
        mine = self.scene.pick(noun.parts)
        other = next(each for each in noun.parts if each != mine)
        slots = {
            "noun": noun.singular,
            "a_noun": a(noun.singular),
            "property": property,
            "a_property_noun": a(f"{property} {noun.singular}"),
            "part": mine,
            "a_part": a(mine),
            "a_second": a(other),
            "use": noun.uses[0],
            "kind": noun.category_name,
        }
        return slots, noun


def _whom(noun: Noun) -> tuple[str, ...]:
    """A thing as it is spoken of."""
    return ("it", f"the {noun.singular}", a(noun.singular))


def _uses(noun: Noun) -> tuple[str, ...]:
    return tuple(f"to {use}" for use in noun.uses)


@cache
def _other_uses(noun: Noun) -> tuple[str, ...]:
    """What one does with other things and not with this one."""
    return tuple(sorted({use for other in with_parts() for use in other.uses} - {*noun.uses}))


@cache
def _parts_elsewhere(noun: Noun) -> tuple[str, ...]:
    return tuple(sorted({part for other in with_parts() for part in other.parts} - {*noun.parts}))


@cache
def _other_parts(noun: Noun) -> tuple[str, ...]:
    """What this thing does not have, with its article."""
    return tuple(map(a, _parts_elsewhere(noun)))
