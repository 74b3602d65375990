"""Examinations as they are held, with the real session types and graders, by voices that are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from espalier.command_line.config import resolve_path
from research.bootstrap.bands import BANDS, LAST_BAND
from research.bootstrap.classroom.asking import PUPIL, SOPHIE, Ask, Episode, Line, Want
from research.bootstrap.classroom.types import TYPES
from research.bootstrap.exam.controls import CONTROLS
from research.bootstrap.exam.holding import Examiner, hold
from research.bootstrap.exam.milestones import Milestones, read_milestones
from research.bootstrap.exam.papers import Drawer, asked_in
from research.bootstrap.exam.sitting import Answer, Asked, sit
from research.bootstrap.graders.english import parses
from research.bootstrap.graders.grade import grade
from research.bootstrap.loop.config import MILESTONES
from tests.research.bootstrap.classroom.toys import Toy

REAL = read_milestones(resolve_path(MILESTONES, Path()))
SOME = ("rhyme_time", "counting")
"""Session types that somebody never learned."""


def examiner(**changes: Any) -> Examiner:
    settings: dict[str, Any] = {"milestones": REAL, "types": TYPES, "grade": grade, "parses": parses}
    return Examiner(**(settings | changes))


def small(tasks: int) -> Milestones:
    """The real milestones, with so many tasks of each band."""
    return REAL.model_copy(update={"bands": tuple(each.model_copy(update={"tasks": tasks}) for each in REAL.bands)})


def model_answers() -> dict[str, str]:
    """Of all that is asked in both papers, by what ends the transcript."""
    found = {}
    for band, milestone in enumerate(REAL.bands):
        drawer = Drawer(REAL, band, TYPES)
        for task in [*drawer.paper(milestone.tasks), *drawer.paper(milestone.tasks, 0)]:
            for asked, _ in sit([task], knows):
                found[asked.transcript] = asked.ask.model
    return found


def knows(asked: Sequence[Asked]) -> list[Answer]:
    return [Answer(text=f" {each.ask.model}") for each in asked]


@dataclass
class Fake:
    """Says to each transcript what it is told to, and likes sentences as it is told to."""

    reply: Callable[[str], str]
    likes: Callable[[str], float] = len
    asked: list[tuple[float, int, str]] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    def says(
        self, transcripts: Sequence[str], *, seeds: Sequence[int], temperature: float, max_new_tokens: int
    ) -> list[Answer]:
        self.asked += [(temperature, max_new_tokens, each) for each in transcripts]
        self.seeds += seeds if temperature else []
        return [Answer(text=f" {self.reply(each)}") for each in transcripts]

    def likelihoods(self, texts: Sequence[str]) -> list[float]:
        return [self.likes(each) for each in texts]


@pytest.mark.slow
def test_who_knows_all_answers_passes_all_bands_twice_and_controls_pass_none() -> None:
    """On the real milestones: so that band 7 can be reached, and not by knowing nothing."""
    answers = model_answers()
    voice = Fake(lambda transcript: answers.get(transcript, "I am Basil."))
    found = hold(examiner(), voice, present=2, seed="0").facts
    assert [(each["band"], each["name"], each["passed"]) for each in found["bands"]] == [
        (band, name, True) for band, name in enumerate(BANDS)
    ]
    # Dialogues that begin alike have several model answers; it says one, and does not know what is next.
    assert all(each["share"] > 0.98 and not each["failed"] for each in found["bands"])
    assert [each["confirmed"] is not None for each in found["bands"]] == [band >= 2 for band in range(len(BANDS))]
    assert found["controls_pass"] == [] and set(found["controls"]) == {*CONTROLS, "memoriser"}
    for control in found["controls"].values():
        for each, milestone in zip(control["bands"][1:], REAL.bands[1:], strict=True):
            assert each["share"] < milestone.at_least - 0.15, "nor is any of them near to it"
    assert [each["band"] for each in found["watched"]] == [1, 2, 3, 4, 5, 6]
    assert found["manner"]["distinct"] == pytest.approx(found["manner"]["wanted"]["distinct"], abs=0.01)
    longest = {each.longest for each in REAL.bands}
    assert {(t, n) for t, n, _ in voice.asked} == {(0.0, n) for n in longest} | {(0.0, 32), (0.8, 32)}
    assert len(set(voice.seeds)) == len(voice.seeds) > 0


def test_who_knows_nothing_passes_nothing_and_sits_no_second_paper() -> None:
    found = hold(examiner(milestones=small(11)), Fake(lambda _: "I like apples."), present=0, seed="0").facts
    assert not any(each["passed"] or each["confirmed"] for each in found["bands"])
    assert all(each["failed"] for each in found["bands"])
    assert found["manner"]["distinct"] < 0.01


def test_who_can_do_it_as_sophie_alone_passes_nothing_and_it_shows() -> None:
    def drawn(who: str) -> list[Episode]:
        return [task for band in range(len(BANDS)) for task in Drawer(REAL, band, TYPES, who).paper(22)]

    heard = {asked.transcript: asked.ask.model for asked, _ in sit(drawn(SOPHIE), knows, SOPHIE)}
    voice = Fake(lambda transcript: heard.get(transcript, "Hm."))
    found = hold(examiner(milestones=small(44)), voice, present=0, seed="0").facts
    # Dialogues that begin alike have several model answers, and it says one.
    assert all(each["share"] > 0.95 and each["turns"] >= 22 for each in found["as_sophie"])
    assert not any(each["good"] for each in found["bands"])


def test_what_a_control_passes_nobody_passes() -> None:
    easy = grade_all_as(7)
    found = hold(examiner(grade=easy, milestones=small(88)), Fake(lambda _: "Yes."), present=0, seed="0").facts
    assert found["controls_pass"] == list(range(1, len(BANDS))), "babble is what controls can do"
    assert found["bands"][0]["passed"] and not any(each["passed"] for each in found["bands"][1:])
    assert {f"the control {name} passes too" for name in ("parrot", "memoriser")} <= set(found["bands"][1]["failed"])
    assert "of 2,000 tasks" in found["controls"]["memoriser"]["about"]


def grade_all_as(score: int) -> Any:
    return graded_by(lambda *_: score)


def graded_by(score: Callable[[str, Sequence[Line]], int]) -> Any:
    """Grades by the words of a reply and the lines before it."""

    def graded(want: Want, band: int, text: str, ended: bool, before: Sequence[Line]) -> Any:
        found = score(text, before)
        return type("Graded", (), {"english": found, "task": found, "score": found, "why": ""})

    return graded


def told_in(types: Sequence[str], tasks: int) -> set[str]:
    """The last line before each first turn of some session types, in the first paper of band 3."""
    papers = Drawer(small(tasks), 3, TYPES).paper(tasks)
    return {task.asks[0].lines[-1].text for task in papers if task.asks[0].kind in types}


def test_a_band_of_which_some_session_types_were_never_learned_is_not_passed() -> None:
    unlearned = told_in(SOME, 66)

    def reply(transcript: str) -> str:
        return "No." if any(line in transcript for line in unlearned) else "Yes."

    grades = graded_by(lambda text, _: 7 if text == " Yes." else 0)
    band = hold(examiner(milestones=small(66), grade=grades), Fake(reply), present=0, seed="0").facts["bands"][3]
    assert band["low"] > band["at_least"] and not band["passed"] and not band["confirmed"]
    assert band["failed"] == ["of a session type: counting 0.000, rhyme_time 0.000, and at least 0.40 is wanted"]


def test_what_a_control_wins_without_some_session_types_nobody_passes() -> None:
    hard = told_in(SOME, 66)
    grades = graded_by(lambda _, before: 0 if before[-1].text in hard else 7)
    found = hold(examiner(milestones=small(66), grade=grades), Fake(lambda _: "Yes."), present=0, seed="0").facts
    assert 3 in found["controls_pass"] and "the control parrot passes too" in found["bands"][3]["failed"]


@pytest.mark.parametrize("limit", [44, 1000])
def test_a_limited_examination_passes_nothing(limit: int) -> None:
    easy = examiner(milestones=small(88), grade=graded_by(lambda text, _: 7 if text == " Yes." else 0), parses=_all_do)
    whole = hold(easy, Fake(lambda _: "Yes."), present=0, seed="0").facts["bands"]
    limited = hold(replace(easy, limit=limit), Fake(lambda _: "Yes."), present=0, seed="0").facts["bands"]
    assert [each["passed"] for each in whole] == [True] * len(BANDS)
    assert not any(each["passed"] or each["confirmed"] for each in limited)
    assert limited[3]["failed"] == [f"limited: {min(limit, 88)} of 88 tasks were asked"]


def _all_do(text: str) -> list[bool]:
    return [True]


def test_a_band_that_is_not_passed_again_is_not_passed() -> None:
    milestones = small(44)
    first = {asked_in(task) for band in range(8) for task in Drawer(milestones, band, TYPES).paper(44)}
    answers = model_answers()

    def lucky(transcript: str) -> str:
        spoken = transcript.removesuffix(f"{PUPIL}:").strip()
        return answers.get(transcript, "") if spoken in first else "No."

    band = hold(examiner(milestones=milestones), Fake(lucky), present=0, seed="0").facts["bands"][3]
    assert band["share"] == 1 and band["confirmed"]["share"] < 0.2 and not band["passed"]
    assert band["failed"] == [f"the second paper: {why}" for why in band["confirmed"]["failed"]] != []
    assert band["failed"][-1].startswith("the second paper: of a session type: classroom 0.000, ")
    assert hold(examiner(milestones=milestones), Fake(lucky), present=4, seed="0").facts["bands"][3]["passed"]


@pytest.mark.parametrize("band", range(LAST_BAND + 1))
def test_papers_are_of_all_types_alike_the_same_every_time_and_have_no_task_in_common(band: int) -> None:
    drawer, tasks = Drawer(REAL, band, TYPES), REAL.bands[band].tasks
    first, second = drawer.paper(tasks), drawer.paper(tasks, 4)
    again = Drawer(REAL, band, TYPES)
    assert (first, second) == (again.paper(tasks), again.paper(tasks, 4))
    for paper in (first, second):
        kinds = [each.asks[0].kind for each in paper]
        assert {kinds.count(name) for name in REAL.types} == {tasks // len(REAL.types)}
    assert len({asked_in(each) for each in [*first, *second]}) == 2 * tasks
    assert all(ask.band == band for each in first for ask in each.asks)


@pytest.mark.parametrize("band", range(LAST_BAND + 1))
def test_rounds_have_the_first_paper_in_common_and_second_ones_of_their_own(band: int) -> None:
    papers = []
    for number in (1, 2):
        drawer = Drawer(REAL, band, TYPES)
        papers.append((drawer.paper(33), {asked_in(each) for each in drawer.paper(33, number)}))
    (first, one), (second, two) = papers
    assert first == second and len(one & two) < 33 / 3


def test_an_examination_draws_its_second_paper_by_its_round() -> None:
    def asked(number: int, paper: int) -> list[str]:
        easy = examiner(milestones=small(11), grade=grade_all_as(7), number=number)
        held = hold(easy, Fake(lambda _: "Yes."), present=3, seed="0")
        return [each["asked"] for each in held.replies if (each["band"], each["paper"]) == (3, paper)]

    assert asked(1, 0) == asked(2, 0) and len(asked(1, 1)) == 11
    assert asked(1, 1) == asked(1, 1) != asked(2, 1)


def test_identity_is_no_part_of_a_band_so_that_its_sessions_can_be_switched_off() -> None:
    assert set(TYPES) - set(REAL.types) == {"identity"}


def test_a_type_that_has_no_more_tasks_is_said() -> None:
    milestones = REAL.model_copy(update={"types": ("toy",)})
    drawer = Drawer(milestones, 3, {"toy": Toy})
    assert len(drawer.paper(1)) == 1
    with pytest.raises(ValueError, match="band 3: its session types have only 1 held-out tasks"):
        drawer.paper(1)


def test_a_dialogue_goes_on_from_what_the_pupil_itself_said() -> None:
    task = Drawer(REAL, LAST_BAND, TYPES).paper(1)[0]
    turns = sit([task, task], lambda asked: [Answer(text=f" Reply {each.place}.", ended=False) for each in asked])
    own = [each for each, _ in turns if each.place == 1]
    assert [each.turn for each in own] == list(range(len(task.asks))) and len(own) > 2
    assert own[1].transcript.startswith(f"{own[0].transcript} Reply 1.\n{task.asks[1].lines[0]}\n")
    assert own[1].transcript.endswith("\nBasil:") and own[-1].transcript.count("Basil: Reply 1.\n") == len(own) - 1
    assert [str(line) for line in own[1].before].count("Basil: Reply 1.") == 1


def test_what_is_said_of_oneself_is_asked_of_sophie_in_ones_place_too() -> None:
    def in_role(transcript: str) -> str:
        return f"I am {transcript.rpartition(chr(10))[2].removesuffix(':')}."

    held = hold(examiner(limit=1), Fake(in_role), present=0, seed="0")
    assert held.facts["identity"]["role"] == "follows the speaker"
    assert {each["speaker"] for each in held.identities} == {PUPIL, SOPHIE}
    assert len(held.identities) == 2 * 6 * 5 and held.facts["identity"][PUPIL]["own_name"] == 1
    named = hold(examiner(limit=1), Fake(lambda _: "My name is Sophie."), present=0, seed="0").facts["identity"]
    assert named["role"] == SOPHIE and named[PUPIL]["own_name"] == 0 and named[SOPHIE]["own_name"] == 1
    nobody = hold(examiner(limit=1), Fake(lambda _: "Red apple."), present=0, seed="0").facts["identity"]
    assert nobody["role"] is None and nobody[PUPIL]["first_person"] == 0 and nobody[PUPIL]["agrees"] == 1


def test_controls_know_nothing_of_the_task() -> None:
    tasks: list[Episode] = Drawer(REAL, 4, TYPES).paper(33)
    said = {name: [answer.text for _, answer in sit(tasks, answers)] for name, answers in CONTROLS.items()}
    wanted = [f" {task.asks[0].model}" for task in tasks]
    assert said["parrot"][0] == f" {tasks[0].asks[-1].lines[-1].text}"
    assert sorted(said["borrower"]) == sorted(wanted) and said["borrower"] != wanted
    for task, answer in zip(tasks, said["stranger"], strict=True):
        assert task.asks[0].kind not in {each.asks[0].kind for each in tasks if f" {each.asks[0].model}" == answer}
    assert set(said["stubborn"]) <= set(wanted) and len(set(said["stubborn"])) == 1 and set(said["mute"]) == {" "}
    assert len(set(said["babbler"])) == len(tasks)


def test_controls_that_take_their_answer_from_what_is_said() -> None:
    want = Want(points=(("map",),))
    lines = (Line(speaker="Tutor", text="Here is an old map, Basil. The map has a corner?"),)
    asks = [
        Ask(kind="toy", band=1, lines=each, want=want, model="Map.")
        for each in (lines, (Line(speaker="Tutor", text="Hm?"),))
    ]
    tasks = [Episode(asks=(ask,), about=()) for ask in asks]

    def said(name: str) -> list[str]:
        return [answer.text for _, answer in sit(tasks, CONTROLS[name])]

    assert said("picker") == [" Map.", " "] and said("reciter") == [" Here is an old map.", " "]
    assert said("clause_copier") == [" Here is an old map.", " Hm."]


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("I washed my red car, Basil. What did I do?", "You washed your red car."),
        ("Basil, you are at your house. Say it!", "I am at my house."),
        ("Yesterday I was happy: you gave me an apple. Why?", "I gave you an apple."),
        ("Young mice were in the yard.", "Young mice were in the yard."),
    ],
)
def test_who_copies_a_clause_turns_it_from_one_speaker_to_the_other(heard: str, said: str) -> None:
    ask = Ask(kind="toy", band=1, lines=(Line(speaker="Sophie", text=heard),), want=Want(points=((said,),)), model=said)
    ((_, answer),) = sit([Episode(asks=(ask,), about=())], CONTROLS["clause_copier"])
    assert answer.text == f" {said}"
