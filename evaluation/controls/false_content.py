"""Replies that sound like teaching and are not true; what is changed is checked by computing, so that none is right."""

from __future__ import annotations

import random
import re
from itertools import pairwise

from evaluation.controls.answers import answer_of
from evaluation.controls.arithmetic import Equation, computed, equations
from evaluation.controls.base import Scene, control
from evaluation.controls.falsify import false_numbers, false_operations
from evaluation.controls.frames import draw
from evaluation.controls.material import NUMBER, figures, material
from evaluation.metrics.stems import stem
from evaluation.metrics.stop_words import stop_stems
from evaluation.metrics.text import read
from evaluation.quantities.numerals import terms

_DRAWN = 20
_AFFIRMS = re.compile(
    r"\W*(?:yes|correct|exactly|right|perfect|that'?s (?:right|correct|it)|you(?:'re| are) (?:right|correct)|excellent"
    r"|absolutely|sí|exacto|oui|exactement|ja|genau|richtig)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|n't|but|however|almost|close|wrong|mistake|error|pero|mais|aber|nicht)\b", re.IGNORECASE
)


@control("agreement with the wrong answer")
def agrees(scene: Scene, chance: random.Random) -> str | None:
    """Warm agreement with the learner who is wrong; none where the learner is known to be right, or only asks."""
    return draw("agrees", scene, chance) if not _is_right(scene) and not _only_asks(scene) else None


@control("a good reply with false numbers")
def false_figures(scene: Scene, chance: random.Random) -> str | None:
    """A good reply in which every number is another, that neither the dialogue nor the solution knows."""
    if not scene.references:
        return None
    known = {*figures(material(scene).all), *figures(scene.answer)}
    return false_numbers(scene.references[0].strip(), known, chance)


@control("a good reply with one false number")
def one_false_figure(scene: Scene, chance: random.Random) -> str | None:
    """A good reply in which one number is another, that neither the dialogue nor the solution knows."""
    if not scene.references:
        return None
    known = {*figures(material(scene).all), *figures(scene.answer)}
    return false_numbers(scene.references[0].strip(), known, chance, only_one=True)


@control("a good reply with the numbers in wrong places")
def misplaced_figures(scene: Scene, chance: random.Random) -> str | None:
    """A good reply in which every number is another of the dialogue's, one that never stands beside the same word."""
    if not scene.references:
        return None
    reply = scene.references[0].strip()
    known = {*figures(material(scene).all), *figures(scene.answer)}
    told = _counted("\n".join([material(scene).all, scene.answer, reply]))
    for _ in range(20):
        changed = _misplaced(reply, scene, told, chance)
        before, after = ([term for term in terms(text) if term.startswith("#")] for text in (reply, changed))
        is_other = len(before) == len(after) and all(one != two for one, two in zip(before, after, strict=True))
        is_other = is_other and not known.isdisjoint(before)
        # Numbers that only changed places on both sides of "and" or "+" would say the same.
        if is_other and sorted(before) != sorted(after) and not any(each.holds for each in equations(changed)):
            return changed
    return None


@control("a good reply with false operations")
def false_steps(scene: Scene, chance: random.Random) -> str | None:
    """A good reply that says subtract for add, divide for multiply, less for more."""
    if not scene.references:
        return None
    reply = scene.references[0].strip()
    return false_operations(reply, read(reply).language or "en")


@control("a hint that a right step is wrong")
def doubted_step(scene: Scene, chance: random.Random) -> str | None:
    """A mistake is said to be where none is: in an equation that holds, a number as given, a word of a good reply."""
    learner = material(scene).learner
    right = _right_steps(scene)
    if right:
        each = chance.choice(right)
        return draw("doubted_equation", scene, chance, equation=each.text, left=each.left, right=each.right)
    given = [each for each in material(scene).given_numbers if each in material(scene).learners_numbers]
    if given and len(scene.messages) > 1:
        return draw("doubted_number", scene, chance, given=chance.choice(given))
    good = {word.lower() for reply in scene.references for word in read(reply).words}
    kept = [word for word in material(scene).words if word.lower() in good and word.lower() in read(learner).words]
    return draw("doubted_word", scene, chance, right=chance.choice(kept)) if kept else None


@control("a false equation as a hint")
def false_claim(scene: Scene, chance: random.Random) -> str | None:
    """A calculation with the dialogue's numbers that comes out wrong, given as something to go on from."""
    found = [each.left for each in equations(material(scene).all)]
    numbers = material(scene).given_numbers or material(scene).numbers
    if not found and len(numbers) > 1:
        one, two = chance.sample(numbers, 2)
        found = [f"{one} {chance.choice('+-')} {two}", f"{one} × {two}"]
    return _wrongly(chance.choice(found), scene, chance) if found else None


@control("a rule that is none")
def false_rule(scene: Scene, chance: random.Random) -> str | None:
    """A rule that was made up, about words of the dialogue, given with confidence."""
    return draw("false_rule" if material(scene).given_numbers else "false_rule_of_words", scene, chance)


@control("a good reply to another problem")
def shuffled(scene: Scene, chance: random.Random) -> str | None:
    """A reply to another problem as it is, so that only what it answers is wrong."""
    other = _other(scene, chance)
    return other.references[0].strip() if other else None


@control("a good reply to another problem with this one's words")
def transplanted(scene: Scene, chance: random.Random) -> str | None:
    """A reply to another problem in which nouns, names and numbers are this dialogue's."""
    other = _other(scene, chance)
    if not other:
        return None
    here, there = material(scene), material(other)
    reply = other.references[0].strip()
    new: dict[str, str] = {}
    offered = {
        "names": chance.sample(here.names, len(here.names)),
        "nouns": chance.sample(here.nouns[:12], min(12, len(here.nouns))),
        "numbers": chance.sample(here.numbers, len(here.numbers)),
    }
    theirs = {"names": set(there.names), "nouns": {stem(word.lower()) for word in there.nouns}}

    def here_instead(match: re.Match[str]) -> str:
        word = match[0]
        is_noun = stem(word.lower()) in theirs["nouns"]
        kind = "numbers" if word[0].isdigit() else "names" if word in theirs["names"] else "nouns" if is_noun else ""
        if kind and word not in new and offered[kind]:
            new[word] = offered[kind].pop()
        return new.get(word, word)

    changed = re.sub(rf"{NUMBER.pattern}|[^\W\d_]{{2,}}", here_instead, reply)
    return changed if changed != reply else None


def _right_steps(scene: Scene) -> list[Equation]:
    """The learner's equations that hold and stand in the solution; where it has none, those before the last one."""
    held = [each for each in equations(material(scene).learner) if each.holds]
    solved = {each.key for each in equations(scene.answer)}
    return [each for each in held if each.key in solved] if solved else held[:-1]


def _is_right(scene: Scene) -> bool:
    """Whether the learner is known to be right: has the answer, or is told so by a good reply."""
    answer = answer_of(scene)
    if answer and answer.is_in(" ".join([*material(scene).claims, material(scene).last])):
        return True
    return any(_AFFIRMS.match(each) and not _DENIES.search(each) for each in scene.references)


def _only_asks(scene: Scene) -> bool:
    said = read(material(scene).last)
    return not said.sentences or len(said.questions) == len(said.sentences)


def _counted(text: str) -> frozenset[tuple[str, str]]:
    """The numbers with the term beside them, on either side."""
    found = terms(text)
    return frozenset(
        pair for one, two in pairwise(found) for pair in ((one, two), (two, one)) if pair[0].startswith("#")
    )


def _misplaced(reply: str, scene: Scene, told: frozenset[tuple[str, str]], chance: random.Random) -> str:
    """Each number another of the dialogue's, one for one, that stands nowhere beside what this one stands beside."""
    new: dict[str, str] = {}
    stops = stop_stems(material(scene).language)

    def other(match: re.Match[str]) -> str:
        before, after = terms(reply[: match.start()][-60:])[-1:], terms(reply[match.end() :][:60])[:1]
        beside = {term for term in (*before, *after) if term not in stops and not term.startswith("#")}
        if match[0] not in new:
            offered = [each for each in material(scene).numbers if each not in new.values() and each != match[0]]
            fitting = [
                each for each in offered if told.isdisjoint((term, word) for term in terms(each) for word in beside)
            ]
            new[match[0]] = chance.choice(fitting) if fitting else match[0]
        return new[match[0]]

    return NUMBER.sub(other, reply)


def _wrongly(left: str, scene: Scene, chance: random.Random) -> str | None:
    value = computed(left)
    if value is None or abs(value) > 10**9:
        return None
    nearest = round(value)
    steps = [step for step in (-10, -3, -2, -1, 1, 2, 3, 10) if nearest + step != value and nearest + step > 0]
    wrong = str(nearest + chance.choice(steps or [1]))
    return draw("false_claim", scene, chance, left=left, wrong=wrong)


def _other(scene: Scene, chance: random.Random) -> Scene | None:
    """Another problem's scene with a reply; in the same language, if some are found at once."""
    others = [each for each in scene.others if each.references and each.problem != scene.problem]
    drawn = chance.sample(others, min(_DRAWN, len(others)))
    alike = [each for each in drawn if material(each).language == material(scene).language]
    return next(iter(alike or drawn), None)
