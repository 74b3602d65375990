"""What a reply did of what was asked, and what it is worth then."""

from __future__ import annotations

import pytest

from research.bootstrap.classroom.asking import SOPHIE, TUTOR, Line, Want
from research.bootstrap.graders.grade import gate, grade
from research.bootstrap.graders.task import task

BEFORE = (Line(speaker=TUTOR, text="Look, a red apple! What is it, Basil?"),)
APPLE = Want(points=(("apple",),), exactly=("apple", "an apple"))
BOTH = Want(points=(("a fruit",), ("red", "sweet")), wrong=("a tool",), form="statement")
NOT = Want(points=(("no",), ("not red",)), form="statement")
COUNT = Want(points=(("one",), ("two",), ("three",)), in_order=True)


@pytest.mark.parametrize(
    ("want", "band", "text", "score"),
    [
        (APPLE, 1, "An apple!", 7),
        (APPLE, 1, "It is an apple.", 5),
        (APPLE, 1, "A pear.", 0),
        (APPLE, 1, "", 0),
        (APPLE, 1, "Look, a red apple! What is it, Basil?", 0),
        (BOTH, 6, "It is a fruit. It is sweet.", 7),
        (BOTH, 6, "It is a fruit.", 2),
        (BOTH, 6, "It is a fruit and a tool, and it is red.", 2),
        (BOTH, 6, "Is it a fruit? Is it red?", 2),
        (BOTH, 6, "It is not a fruit. It is sweet.", 2),
        (BOTH, 6, "It is a fruit or a plant. It is sweet.", 2),
        (BOTH, 6, "It is a fruit, and it is red, wooden and late.", 5),
        (BOTH, 6, "A fruit is red, because my sister washed the kites in the garden last week.", 2),
        (APPLE, 1, "Apple, pear.", 2),
        (APPLE, 1, "Yes, an apple.", 5),
        (NOT, 5, "No, it is not red.", 7),
        (NOT, 5, "No, it is not red, and not sweet.", 2),
        (BOTH, 6, "Sweet fruits.", 2),
        (COUNT, 3, "One, two, three.", 7),
        (COUNT, 3, "One, three, two.", 2),
        (COUNT, 3, "One, two.", 2),
        (COUNT, 1, "One of us has two of them and three kites.", 4),
    ],
)
def test_a_task_is_done_by_its_points_and_by_nothing_that_is_wrong(
    want: Want, band: int, text: str, score: int
) -> None:
    assert task(want, band, text, BEFORE).score == score


def test_a_piece_of_what_was_said_is_an_echo_where_it_is_no_answer() -> None:
    told = (Line(speaker=TUTOR, text="Basil, why is Laura late? She got up late."),)
    want = Want(points=(("Laura", "she"), ("late",), ("because",), ("got up late",)))
    assert task(want, 5, "Late? She got up late.", told).score == 0
    assert task(want, 5, "Laura is late, because she got up late.", told).score == 7


def test_a_question_is_asked_and_what_was_told_may_be_told_again() -> None:
    asked = Want(points=(("did you",), ("kite",)), form="question")
    assert (
        task(asked, 5, "Did you see the kite?", ()).score == 7
        and task(asked, 5, "Did you see the kite.", ()).score == 4
    )
    told = (Line(speaker=SOPHIE, text="Tom found the red kite."), Line(speaker=TUTOR, text="Basil, what did you hear?"))
    heard = Want(points=(("Tom",), ("found the red kite",)))
    assert task(heard, 6, "Tom found the red kite.", told).score == 7
    why = Want(points=(("Tom",), ("because",)))
    assert task(why, 6, "Tom found the red kite.", told).score == 0, "said back, and not what was asked"


USE = Want(
    points=(("we use", "you use"), ("it", "the knife"), ("to cut bread",)),
    in_order=True,
    form="statement",
    models=("We use it to cut bread.",),
)
STORY = Want(
    points=(("Anna",), ("cooked",), ("an egg",), ("ate",)),
    in_order=True,
    form="statement",
    models=("Anna cooked an egg. Then she ate it.",),
)
TOMS = Want(
    points=(("Tom",), ("cooked an egg",), ("ate",)), in_order=True, models=("Tom cooked an egg. Then he ate it.",)
)
MINE = Want(points=(("I",), ("ate",), ("drank",)), in_order=True, models=("I ate it. Then I drank it.",))
LIKES = Want(points=(("yes",), ("I like plums",)), wrong=("no",), form="statement", models=("Yes, I like plums.",))
FRUIT = Want(points=(("a fruit",), ("red",)), form="statement", models=("An apple is a fruit. The apple is red.",))


@pytest.mark.parametrize(
    ("want", "band", "text", "good"),
    [
        (USE, 4, "We use the knife to cut bread.", True),
        (USE, 4, "You use it to cut bread, and you can see it.", False),
        (USE, 4, "We use it to cut bread. Look at it.", False),
        (USE, 4, "We use it to cut bread. Yes.", False),
        (USE, 4, "Yes. We use it to cut bread.", False),
        (USE, 4, "He said we use it to cut bread.", False),
        (LIKES, 5, "Yes. I like plums.", True),
        (LIKES, 5, "Yes, I like plums, and she likes it.", False),
        (LIKES, 5, "Yes. I like plums. I like it.", False),
        (STORY, 6, "Anna cooked an egg. Then Anna ate it.", True),
        (STORY, 6, "Anna cooked an egg, and then she ate it.", True),
        (STORY, 6, "Anna cooked an egg. Then he ate it.", False),
        (STORY, 6, "Anna cooked an egg. Then I ate it.", False),
        (TOMS, 6, "Tom cooked an egg. Then he ate it.", True),
        (TOMS, 6, "Tom cooked an egg. Then he ate him.", False),
        (STORY, 6, "Anna cooked an egg. Then she ate it. It is here.", False),
        (MINE, 6, "I ate it. Then I drank it.", True),
        (MINE, 6, "I ate it. Then you drank it.", False),
        (MINE, 6, "I ate it, and she drank it.", False),
        (FRUIT, 6, "I see a fruit. It is red.", True),
        (FRUIT, 6, "The apple is red. She is a fruit.", False),
    ],
)
def test_more_than_was_asked_or_of_somebody_else_is_not_good(want: Want, band: int, text: str, good: bool) -> None:
    assert (task(want, band, text, ()).score >= 6) == good, task(want, band, text, ())


def test_words_are_whole_and_nothing_is_credited_without_language() -> None:
    assert task(Want(points=(("cat",),)), 1, "Category.", ()).score == 0
    worth = grade(APPLE, 1, " An apple.", True, BEFORE)
    assert (worth.english, worth.task, worth.score) == (7, 7, 7)
    for salad in ("Apple red one kite late apple.", "apple " * 20, "Xyzzy apple."):
        assert grade(APPLE, 1, f" {salad}", True, BEFORE).score < 3
    assert grade(APPLE, 1, " A pear.", True, BEFORE).score == 1 and grade(APPLE, 1, "", True, BEFORE).score == 0


def test_several_points_of_a_statement_are_said_in_a_sentence_from_the_band_of_sentences_on() -> None:
    said = Want(points=(("it", "the box"), ("long",)), form="statement")
    assert grade(said, 7, " It is long.", True, ()).score == 7
    for listed in ("It, long.", "It and long.", "Long and it."):
        assert grade(said, 7, f" {listed}", True, ()).score < 6
    because = Want(points=(("because",), ("she",), ("cold",)), form="statement")
    assert grade(because, 7, " Because she was cold.", True, ()).score == 7
    assert grade(Want(points=(("every week",),), form="statement"), 7, " Every week.", True, ()).score == 7


def test_the_gate_only_rises_and_is_open_to_the_best_alone() -> None:
    table = gate()
    assert all(list(row) == sorted(row) for row in table)
    assert all(list(column) == sorted(column) for column in zip(*table, strict=True))
    assert table[7][7] == 7 and all(
        table[english][done] < 7 for english in range(8) for done in range(8) if english + done < 14
    )
    assert max(max(row[:3]) for row in table) < 3 and max(map(max, table[:3])) < 3, "unusable without both"
