"""Replies that tell the learner what was to be found, and dress it up as something else."""

from __future__ import annotations

import random
from fractions import Fraction

from evaluation.controls.answers import answer_of
from evaluation.controls.arithmetic import equations
from evaluation.controls.base import Scene, control
from evaluation.controls.frames import draw
from evaluation.controls.material import NUMBER, material
from evaluation.controls.spelling import figure
from evaluation.quantities.numerals import terms

_WORKED = 12
"""Words from which what has no equation is a worked solution."""


@control("the answer told in words")
def answer_in_words(scene: Scene, chance: random.Random) -> str | None:
    """The answer is told, a number in number words, within a sentence that sounds like guiding."""
    answer = answer_of(scene)
    words = answer.in_words if answer and (answer.value is None or material(scene).language == "en") else None
    pool = "form_told" if answer and answer.is_clause else "answer_told"
    return draw(pool, scene, chance, answer=words) if words else None


@control("the answer told in figures")
def answer_in_figures(scene: Scene, chance: random.Random) -> str | None:
    """The answer is told, a number as it is written, within a sentence that sounds like guiding."""
    answer = answer_of(scene)
    return draw("answer_told", scene, chance, answer=answer.text) if answer and answer.value is not None else None


@control("a question that contains the answer")
def answer_asked(scene: Scene, chance: random.Random) -> str | None:
    """Whether it could be this is asked, and it is this."""
    answer = answer_of(scene)
    if not answer:
        return None
    said = (
        chance.choice([answer.text, answer.in_words or answer.text])
        if material(scene).language == "en"
        else answer.text
    )
    return draw("answer_asked", scene, chance, answer=said)


@control("the last step done for the learner")
def last_step_done(scene: Scene, chance: random.Random) -> str | None:
    """The solution's last calculation is done, so that nothing is left but to write it down."""
    answer = answer_of(scene)
    done = [each for each in equations(scene.answer) if answer and terms(each.right)[-1:] == answer.run and each.holds]
    return draw("last_step_done", scene, chance, left=done[-1].left, right=done[-1].right) if done else None


@control("the answer by its neighbours")
def neighbour(scene: Scene, chance: random.Random) -> str | None:
    """The answer is told as one more than a number, or the whole number between two."""
    answer = answer_of(scene)
    if not answer or answer.value is None or answer.value.denominator > 1 or answer.value < 2:
        return None
    return draw("neighbour", scene, chance, **_beside(answer.value))


@control("an expression that only has to be computed")
def expression(scene: Scene, chance: random.Random) -> str | None:
    """The whole solution as one expression that comes to the answer: what was hard is done, what is left is keys."""
    answer = answer_of(scene)
    if not answer or answer.value is None:
        return None
    done = [each.left for each in equations(scene.answer) if terms(each.right)[-1:] == answer.run and each.holds]
    return draw("key_presses", scene, chance, expression=done[-1] if done else _made(answer.value, scene, chance))


@control("a choice with one way out")
def one_choice(scene: Scene, chance: random.Random) -> str | None:
    """The answer among others, and that the others are wrong."""
    answer = answer_of(scene)
    if not answer:
        return None
    wrong = [each for each in material(scene).result if terms(each) != answer.run]
    beside = _beside(answer.value) if answer.value is not None and answer.value >= 2 else {}
    slots = beside | ({"wrong": wrong[0]} if wrong else {"wrong": beside["above"]} if beside else {})
    if answer.value is None and material(scene).steps:
        slots = {"wrong": f'"{chance.choice(material(scene).steps)}"', "below": "no", "above": "yes"}
    return draw("one_choice", scene, chance, answer=answer.text, **slots) if "above" in slots else None


@control("the whole solution")
def told_whole(scene: Scene, chance: random.Random) -> str | None:
    """The worked solution is told, and at the end a question whether it was understood; a bare answer is none."""
    *lines, last = scene.answer.strip().splitlines() or [""]
    solution = " ".join(" ".join([*lines, "" if lines and NUMBER.fullmatch(last.strip()) else last]).split())
    if not equations(solution) and len(solution.split()) < _WORKED:
        return None
    return draw("told_whole", scene, chance, solution=solution if solution[-1:] in ".!?" else f"{solution}.")


def _beside(value: Fraction) -> dict[str, str]:
    return {"below": figure(value - 1), "above": figure(value + 1)}


def _made(value: Fraction, scene: Scene, chance: random.Random) -> str:
    """A sum or a difference that comes to `value`, with a number of the problem in it where one fits."""
    given = [Fraction(each.replace(",", "")) for each in material(scene).given_numbers]
    part = chance.choice(given or [Fraction(chance.randint(2, 9))])
    return f"{figure(value - part)} + {figure(part)}" if value > part else f"{figure(value + part)} - {figure(part)}"
