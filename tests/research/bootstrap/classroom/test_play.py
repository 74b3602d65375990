"""Sessions as they are played, and as they are kept."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from research.bootstrap.classroom.asking import Episode, Want
from research.bootstrap.classroom.play import Plan, Playing, Reply, drawn, hold_all, play
from research.bootstrap.classroom.record import LONGEST, Session, first_line, transcript
from research.bootstrap.classroom.session_type import SessionType
from research.bootstrap.classroom.types import TYPES
from tests.research.bootstrap.classroom.toys import Toy, score


def plan(**changes: Any) -> Plan:
    settings: dict[str, Any] = {
        "band": 3, "tasks": 2, "present": 1.0, "staging": True, "needs": {}, "focus": 0.0, "demonstrations": 0.0,
        "attempts": 2, "shuffled": False, "contexts": ("session",) * 8, "longest": tuple(range(10, 18)),
    }  # fmt: skip
    return Plan(**(settings | changes))


def toy(seed: int, kinds: Mapping[str, type[SessionType]] | None = None, **changes: Any) -> Playing:
    """One session, of the toy type unless others are given."""
    rng, how = random.Random(seed), plan(**changes)
    return play(str(seed), drawn(rng, kinds or {"toy": Toy}, how), rng, how, score)


def held(replies: Sequence[str], *, seed: int = 0, **changes: Any) -> tuple[Session, list[str]]:
    """One session in which the pupil says `replies`, in turn, and what was before each."""
    playing, heard, given = toy(seed, **changes), [], iter(replies)
    try:
        heard.append(next(playing)[0])
        while True:
            heard.append(playing.send(Reply(text=next(given), ended=True))[0])
    except StopIteration as over:
        return over.value, heard


def test_a_good_answer_is_praised_and_a_bad_one_tried_again_and_then_told() -> None:
    session, heard = held([" score 7", " no", " score 2"])
    speakers = [(line.speaker, bool(line.turn), line.episode) for line in session.lines]
    first = [("Tutor", False, 0), ("Basil", True, 0), ("Tutor", False, 0)]
    assert speakers[:3] == first and speakers[3:7] == [
        ("Tutor", False, 1), ("Basil", True, 1), ("Tutor", False, 1), ("Basil", True, 1),
    ]  # fmt: skip
    assert "3." in session.lines[-1].text and session.lines[-1].speaker in ("Tutor", "Sophie"), "the model answer"
    assert [line.turn.attempt for line in session.lines if line.turn] == [0, 0, 1]
    assert heard[0] == "Tutor: Say 3, Basil.\nBasil:"
    praise = session.lines[2].text
    assert heard[1] == f"Tutor: Say 3, Basil.\nBasil: score 7\nTutor: {praise}\nTutor: Say 3, Basil.\nBasil:"
    assert Session.read(session.facts) == session


def test_a_pupil_may_read_its_task_alone() -> None:
    _, heard = held([" score 7", " no", " score 7"], contexts=("session",) * 3 + ("episode",) + ("session",) * 4)
    assert heard[1] == "Tutor: Say 3, Basil.\nBasil:" and heard[2].startswith("Tutor: Say 3, Basil.\nBasil: no\nTutor:")


def test_sophie_shows_first_unless_tasks_are_shuffled_and_does_all_where_nobody_tries() -> None:
    session, heard = held([" score 7"] * 9, tasks=6, demonstrations=0.5, seed=1)
    shown = [line.demo for line in session.lines]
    assert (
        True in shown
        and shown == sorted(shown, reverse=True)
        and len(heard) == 6 - sum(line.speaker == "Sophie" for line in session.lines)
    )
    orders = list[list[bool]]()
    for seed in range(9):
        session, _ = held([" score 7"] * 9, tasks=6, demonstrations=0.5, shuffled=True, seed=seed)
        orders.append([line.demo for line in session.lines])
    assert any(order != sorted(order, reverse=True) for order in orders)
    session, heard = held([], tasks=2, demonstrations=1.0)
    assert not heard and session.lines[0].text == "Say 3, Sophie." and session.lines[1].text == "3."


def test_a_talk_is_praised_at_its_end_and_what_is_said_in_it_is_read_in_it() -> None:
    session, heard = held([" score 7"] * 2, tasks=1, band=7)
    assert [line.speaker for line in session.lines] == ["Tutor", "Basil", "Sophie", "Basil", "Tutor"]
    assert heard[1] == "Tutor: Say 7, Basil.\nBasil: score 7\nSophie: And again?\nBasil:"


def test_staged_tasks_are_of_the_band_and_those_below() -> None:
    def bands(**changes: Any) -> set[int]:
        return {line.turn.band for seed in range(40) for line in held([" score 7"] * 9, seed=seed, **changes)[0].lines
                if line.turn}  # fmt: skip

    assert bands() == {3} and bands(present=0.5) == {0, 1, 2, 3} and bands(staging=False) == set(range(8))


def test_what_was_failed_is_drawn_more_often_and_the_rest_as_ever() -> None:
    class Other(Toy):
        """Another kind."""

        def episode(self, band: int) -> Episode:
            return replace(super().episode(band), about=(("other",),))

    def kinds_and_bands(focus: float) -> Counter[tuple[str, int]]:
        how = plan(staging=False, tasks=1, focus=focus, needs={"toy": [0, 0, 0, 0, 0.2, 0, 0, 0.6], "gone": [1] * 8})
        tasks = [drawn(random.Random(seed), {"toy": Toy, "other": Other}, how)[0] for seed in range(400)]
        return Counter((task.episode.about[0][0], task.episode.asks[0].band) for task in tasks)

    found = kinds_and_bands(1.0)
    assert found.keys() == {("toy", 4), ("toy", 7)} and 2 < found["toy", 7] / found["toy", 4] < 4.5
    half, none = kinds_and_bands(0.5), kinds_and_bands(0.0)
    assert len(half) == len(none) == 16 and half["toy", 7] > 3 * none["toy", 7]


def test_who_is_asked_for_more_than_is_usual_at_that_age_is_not_cut_off() -> None:
    def longest(**changes: Any) -> set[int]:
        return {next(toy(seed, tasks=1, **changes))[1] for seed in range(40)}

    assert longest() == {13} and longest(present=0.5) == {13} and longest(staging=False) == {13, 14, 15, 16, 17}


def test_what_a_pupil_reads_is_not_longer_than_a_sequence() -> None:
    session, heard = held([f" {'x' * 200}"] * 30, tasks=6)
    assert max(map(len, heard)) <= LONGEST + 10 and heard[-1].startswith(("Tutor:", "Basil:", "Sophie:"))
    at = max(place for place, line in enumerate(session.lines) if line.turn)
    assert transcript(session.lines, first_line(session.lines, at, "session"), at) == heard[-1]


def test_in_lockstep_each_session_is_what_it_would_be_alone() -> None:
    def says(transcripts: Sequence[str], seeds: Sequence[int], longest: Sequence[int]) -> list[Reply]:
        assert len(set(seeds)) == len(seeds)
        return [Reply(text=f" score {seed % 8}", ended=True) for seed in seeds]

    def playing(places: range) -> list[Any]:
        return [toy(n, demonstrations=0.4) for n in places]

    over: list[int] = []
    together = hold_all(playing(range(9)), says, seed="a", tell=over.append)
    assert [session.id for session in together] == [str(n) for n in range(9)] and over[-1] == 9
    assert hold_all(playing(range(9)), says, seed="a", tell=over.append) == together
    assert hold_all(playing(range(1)), says, seed="a", tell=over.append) == together[:1]


def test_what_is_asked_does_not_depend_on_what_was_said() -> None:
    def asked(reply: str) -> list[tuple[str, Want]]:
        session, _ = held([reply] * 20, seed=4, kinds=TYPES, tasks=4, staging=False)
        return [(line.turn.model, line.turn.want) for line in session.lines if line.turn and line.turn.attempt == 0]

    assert asked(" score 7") == asked(" no")


def test_another_seed_draws_something_else() -> None:
    seeds: list[list[int]] = []

    def says(transcripts: Sequence[str], given: Sequence[int], longest: Sequence[int]) -> list[Reply]:
        seeds.append(list(given))
        return [Reply(text=" score 7", ended=True) for _ in given]

    for seed in ("a", "b"):
        hold_all([toy(0, tasks=1)], says, seed=seed, tell=lambda _: None)
    assert seeds[0] != seeds[1]
