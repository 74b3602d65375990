"""The memoriser: it finds the likest task that it has heard, and has heard none that is held out."""

from __future__ import annotations

import random
from collections.abc import Sequence

from research.bootstrap.bands import LAST_BAND
from research.bootstrap.classroom.asking import TUTOR, Ask, Episode, Line, Want
from research.bootstrap.classroom.scene import Scene
from research.bootstrap.classroom.session_type import SessionType
from research.bootstrap.exam.memoriser import TASKS, memoriser
from research.bootstrap.exam.milestones import Milestone, Milestones
from research.bootstrap.exam.papers import Drawer
from research.bootstrap.exam.sitting import sit

THINGS = ("apple", "kite", "drum", "spoon")
LOOKS = ("red", "old", "big", "wet")
BAND = Milestone(tasks=8, score=6, at_least=0.5, longest=9)


def task(*turns: tuple[str, str]) -> Episode:
    """One of turns, each of what the tutor says and a good answer."""
    want = Want(points=(("any",),))
    return Episode(
        asks=tuple(
            Ask(kind="toy", band=3, lines=(Line(speaker=TUTOR, text=said),), want=want, model=model)
            for said, model in turns
        ),
        about=(),
    )


class Showing(SessionType):
    """A thing and how it looks; then what it was again."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def episode(self, band: int) -> Episode:
        look, thing = self.scene.pick(LOOKS), self.scene.pick(THINGS)
        first = f"Basil, see the {look} {thing}. What is it?", f"A {thing}."
        return task(first, ("And again?", f"The {look} {thing}."))


class Doing(SessionType):
    """A verb and its object."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def episode(self, band: int) -> Episode:
        verb, noun = self.scene.deed()
        return task((f"What about {noun.singular}? {verb.base}!", f"{verb.base}/{noun.singular}"))


def said(kind: type[SessionType], tasks: Sequence[Episode], seed: int = 1) -> list[str]:
    milestones = Milestones(seed=seed, types=("toy",), each_type=0.4, bands=(BAND,) * (LAST_BAND + 1))
    return [answer.text for _, answer in sit(tasks, memoriser(milestones, {"toy": kind}))]


def test_it_gives_the_answer_of_the_task_that_shares_most_words() -> None:
    known = task(("Basil, see the wet drum. What is it?", ""), ("And again?", ""))
    assert said(Showing, [known]) == [" A drum.", " The wet drum."], "what was said before a turn counts with it"
    other = task(("See this kite, Basil! It is green. What is it?", ""))
    assert said(Showing, [other]) == [" A kite."]


def test_a_rare_word_counts_for_more_than_common_ones() -> None:
    class Asking(Showing):
        def episode(self, band: int) -> Episode:
            thing = self.scene.pick((*THINGS, "map", "lamp", "boat", "sock"))
            return task((f"{thing}: {'what' if thing == 'drum' else 'say, word'}?", f"A {thing}."))

    assert said(Asking, [task(("drum: say, word?", ""))]) == [" A drum."]


def test_it_has_heard_nothing_that_is_held_out() -> None:
    milestones = Milestones(seed=1, types=("toy",), each_type=0.4, bands=(BAND,) * (LAST_BAND + 1))
    paper = Drawer(milestones, 3, {"toy": Doing}).paper(30)
    scene = Scene(random.Random(0), "examination")
    held_out = {f" {verb.base}/{noun.singular}" for verb, noun in (scene.deed() for _ in range(2_000))}
    answers = said(Doing, paper)
    assert not set(answers) & held_out and len(set(answers)) > 5
    assert {f" {each.asks[0].model}" for each in paper} <= held_out


def test_it_hears_as_many_tasks_as_it_says_once() -> None:
    heard: list[int] = []

    class Counted(Showing):
        def episode(self, band: int) -> Episode:
            heard.append(band)
            return super().episode(band)

    known = task(("Basil, see the wet drum. What is it?", ""))
    for _ in range(2):
        said(Counted, [known])
    assert heard == [3] * TASKS
