"""An answer is found by understanding what was asked: not in a fixed place of the prompt, nor from another session."""

import random
from collections.abc import Callable, Iterator

import pytest

from research.bootstrap.bands import BANDS, TOP_SCORE
from research.bootstrap.classroom.asking import Ask, Episode, Line
from research.bootstrap.classroom.scene import Scene, Side
from research.bootstrap.classroom.things import of_a_kind, other_kinds
from research.bootstrap.classroom.types import TYPES
from research.bootstrap.classroom.types.counting import LESS, MORE
from research.bootstrap.classroom.types.rhyme_time import families
from research.bootstrap.graders.beside import words_of
from research.bootstrap.graders.grade import grade
from research.bootstrap.graders.task import task

NAMES = tuple(name for name in TYPES if name != "identity")
CELLS = [(name, band) for name in NAMES for band in range(1, len(BANDS))]
GOOD = 6


def episodes(name: str, band: int, side: Side, count: int) -> list[Episode]:
    rng = random.Random(f"{name} {band} {side}")
    kind = TYPES[name](Scene(rng, side))
    return [kind.episode(band) for _ in range(count)]


def asked(episode: Episode) -> str:
    return "\n".join(str(line) for ask in episode.asks for line in ask.lines)


def shortcuts() -> Iterator[tuple[str, Callable[[Ask], str]]]:
    """Ways to find words in a prompt without understanding it: so many from a fixed place on."""

    def found(first: int, size: int, last_line: bool) -> Callable[[Ask], str]:
        def reply(ask: Ask) -> str:
            lines = ask.lines[-1:] if last_line else ask.lines
            words = [word for line in lines for word in words_of(line.text) if word not in ("basil", "sophie")]
            return " ".join(words[first:][:size])

        return reply

    for last_line in (False, True):
        for size in range(1, 5):
            for first in range(-7, 7):
                yield f"{size} words from {first}, last line: {last_line}", found(first, size, last_line)


@pytest.mark.parametrize(("name", "band"), CELLS)
def test_no_place_of_the_prompt_holds_the_answer(name: str, band: int) -> None:
    asks = [ask for episode in episodes(name, band, "examination", 40) for ask in episode.asks]
    for what, reply in shortcuts():
        good = sum(task(ask.want, band, reply(ask), ask.lines).score >= GOOD for ask in asks)
        assert good <= 0.7 * len(asks), what


@pytest.mark.parametrize(("name", "band"), CELLS)
def test_there_is_enough_to_examine_and_no_session_has_asked_it(name: str, band: int) -> None:
    examined = {asked(episode) for episode in episodes(name, band, "examination", 200)}
    assert len(examined) >= 60
    assert not examined & {asked(episode) for episode in episodes(name, band, "sessions", 400)}


@pytest.mark.parametrize("name", NAMES)
def test_turns_of_a_dialogue_have_no_constant_answer(name: str) -> None:
    found = episodes(name, 7, "examination", 50)
    for turn in range(len(found[0].asks)):
        asks = [episode.asks[turn] for episode in found]
        if {words_of(ask.model)[0] for ask in asks} <= {"hello", "good", "goodbye"}:
            continue  # to greet is always right
        for reply in {ask.model for ask in asks}:
            good = sum(task(ask.want, 7, reply, ask.lines).score >= GOOD for ask in asks)
            assert good <= 0.7 * len(asks), (turn, reply)


def test_what_a_thing_is_not_is_never_true() -> None:
    kinds = {noun.singular: other_kinds(noun) for noun in of_a_kind()}
    assert "something to eat" not in kinds["apple"]
    assert "a machine" not in kinds["robot"] and "a vehicle" not in kinds["bicycle"]
    assert "a tool" in kinds["apple"] and "an animal" in kinds["car"]


def test_one_more_and_one_less_are_counted_from_what_is_there() -> None:
    order = ("one", "two", "three", "four", "five")
    for episode in episodes("counting", 7, "sessions", 60):
        numbers = [next(number for number in order if number in words_of(ask.model)) for ask in episode.asks]
        for before, after, ask in zip(numbers, numbers[1:], episode.asks[1:], strict=False):
            step = order.index(after) - order.index(before)
            said = ask.lines[-1].text.lower()
            assert (step == 1) == any(each.lower() in said for each in MORE), (before, after, said)
            assert (step == -1) == any(each.lower() in said for each in LESS), (before, after, said)


def test_words_that_rhyme_stand_in_one_family() -> None:
    """And none of them is said in two ways."""
    words = [word for family in families() for word in family]
    assert len(words) == len(set(words))
    assert all(len(family) >= 2 for family in families())
    assert not {"read", "live", "tear", "bow", "wind", "lead", "use", "close"} & set(words)


def test_nobody_forgets_because_simon_says_so() -> None:
    found = {words_of(ask.model)[2] for episode in episodes("simon_says", 4, "sessions", 300) for ask in episode.asks}
    assert len(found) > 30 and not found & {"forgetting", "hearing", "losing"}


def test_who_does_not_obey_may_say_so_in_other_words() -> None:
    for episode in episodes("simon_says", 7, "sessions", 60):
        ask = episode.asks[1]
        obeys = ask.model.startswith("Yes")
        assert (task(ask.want, 7, "No, I am not doing it.", ask.lines).score >= GOOD) != obeys
        assert (task(ask.want, 7, "No, Simon does not say that.", ask.lines).score >= GOOD) != obeys


OTHER_WORDS = [
    ("conversation_practice", 5, "cannot", "can not"),
    ("conversation_practice", 7, "Hello", "Hi"),
    ("conversation_practice", 7, "Goodbye", "Bye"),
    ("simon_says", 4, "I am", "Now I am"),
    ("show_and_tell", 2, "A ", "It is a "),
    ("counting", 4, "I see", "I can see"),
]


@pytest.mark.parametrize(("name", "band", "said", "instead"), OTHER_WORDS)
def test_a_right_answer_in_other_words_is_as_good(name: str, band: int, said: str, instead: str) -> None:
    found = 0
    for ask in (ask for episode in episodes(name, band, "sessions", 60) for ask in episode.asks):
        if ask.model.startswith(said) or f" {said}" in ask.model:
            found += 1
            reply = ask.model.replace(said, instead, 1)
            assert grade(ask.want, band, f" {reply}", True, ask.lines).score == TOP_SCORE, reply
    assert found >= 5


@pytest.mark.parametrize(("name", "band"), [(name, band) for name in TYPES for band in range(len(BANDS))])
def test_all_that_sophie_may_answer_is_good(name: str, band: int) -> None:
    """Word for word as the template file has it, whichever of its answers she gave."""
    for episode in (TYPES[name](Scene(random.Random(seed), "sessions")).episode(band) for seed in range(30)):
        before: tuple[Line, ...] = ()
        for ask in episode.asks:
            before += ask.lines
            assert ask.model in ask.want.models
            for text in ask.want.models:
                found = grade(ask.want, band, f" {text}", True, before)
                assert found.score == TOP_SCORE, (text, found)
            before += (Line(speaker="Basil", text=ask.model),)
