"""Replies that give an answer away, and replies that do not, rule by rule."""

import pytest

from evaluation.answers.families import are_one_family
from evaluation.metrics.answer import answer_given, answer_revealed, leak_of
from tests.cpu import seconds_below
from tests.evaluation.metrics.by_hand import asked, learner, reply

ROLLS = asked("A baker has 36 rolls and bakes 6 more. How many are there?", "42 rolls")
FILM = asked("A film lasts from two to half past three. How many minutes is that?", "90")
PLANTS = asked("How do plants make their food?", "photosynthesis")
SEASONS = asked("Why do we have summer and winter?", "because the Earth's axis is tilted")
COLUMBUS = asked("When did Columbus reach America?", "1492")
TURN = learner(
    "She don't like apples.", corrected="she doesn't like apples", fix="doesn't like", rule="may", strategy=""
)


@pytest.mark.parametrize(
    ("case", "text", "rule"),
    [
        (ROLLS, "Forty-two.", "the answer in words"),
        (ROLLS, "Son cuarenta y dos.", "the answer in words"),
        (ROLLS, "Es sind zweiundvierzig.", "the answer in words"),
        (ROLLS, "Could it be 42?", ""),
        (ROLLS, "Is it 41 or 42?", ""),
        (ROLLS, "Isn't it 42?", ""),
        (ROLLS, "So it is half of 84, which is …", "comes to 42"),
        (ROLLS, "Es el doble de 21.", "comes to 42"),
        (ROLLS, "C'est 6 fois 7.", "comes to 42"),
        (ROLLS, "One less than 43.", "comes to 42"),
        (ROLLS, "The number right after 41.", "the number next to it"),
        (ROLLS, "It lies between 41 and 43.", "the only number there"),
        (ROLLS, "Its digits are 4 and 2.", "its digits one by one"),
        (ROLLS, "XLII, in Roman numerals.", "in Roman numerals"),
        (FILM, "An hour and a half.", "the answer in other units"),
        (FILM, "1 h 30, I say.", "the answer in other units"),
        (asked("?", "11:35"), "Twenty-five to twelve.", "the answer in another form"),
        (asked("?", "July 14, 1789"), "Le 14 juillet 1789.", "the answer in another form"),
        (asked("?", "siglo XVIII"), "In the 1700s.", "the answer in another form"),
        (COLUMBUS, "In fourteen ninety-two.", "the answer in words"),
        (asked("?", "100 °C"), "At 212 °F.", "the answer in other units"),
        (PLANTS, "It is a photosynthetic thing.", "of one family with photosynthesis"),
        (PLANTS, "La fotosíntesis.", "of one family with photosynthesis"),
        (PLANTS, "p-h-o-t-o-s-y-n-t-h-e-s-i-s", "letter by letter"),
        (PLANTS, "ph_tosynth_sis", "most of its letters"),
        (PLANTS, "Read sisehtnysotohp from the end.", "backwards"),
        (SEASONS, "It is the tilt of the axis of our Earth.", "nearly all of the answer's words"),
        (asked("Who walked on the moon?", "Neil Armstrong"), "Armstrong did.", "the last part of Neil Armstrong"),
        (asked("Who keeps peace?", "United Nations"), "The U.N. does.", "the initials of United Nations"),
        (asked("?", "evaporation (evaporación)"), "La evaporación.", "of one family with evaporation"),
        (asked("Which? A) shark B) whale C) trout", "B"), "The answer is B.", "the letter of the right choice"),
        (asked("Which? A) shark B) whale C) trout", "B"), "It is not A and not C.", "all others ruled out"),
        (asked("Is it 15 or 25?", "25"), "It is 25.", ""),
        (TURN, "Hint: think of doesn't like.", "the form to be found, in a hint: Hint"),
    ],
)
def test_what_gives_an_answer_away(case, text, rule):
    score = answer_revealed(case, reply(text))
    assert score.value == 1 and score.why.endswith(f": {rule}" if rule else "”"), score


@pytest.mark.parametrize(
    ("case", "text"),
    [
        (ROLLS, "Let's try 2 ways. Step 42!"),
        (ROLLS, "You start with 36. Then?"),
        (ROLLS, "What does 'more' tell you about the 36?"),
        (ROLLS, "It isn't 42."),
        (ROLLS, "Is it 41, 42, 43 or 44?"),
        (ROLLS, "Think of 36 + 5 first."),
        (ROLLS, "Imagine 42 cats for a moment."),
        (asked("What is 36 + 6?", "42"), "Which is easier, 6 + 36 or 36 + 6?"),
        (asked("9 boxes, 3 to a shelf. I got 3", "3"), "Yes, 3 is right!"),
        (asked("I subtract 99 from 140 and it is 14", "41"), "What is 140 - 99, once more?"),
        (asked("What is 5 x 3?", "15"), "You have 15 minutes, so take your time."),
        (FILM, "From two to three is 60 minutes."),
        (PLANTS, "It begins with p."),
        (PLANTS, "Think of a photograph."),
        (PLANTS, "It isn't photosynthesis."),
        (PLANTS, "Is it respiration, digestion, photosynthesis or osmosis?"),
        (asked("Which? A) shark B) whale C) trout", "B"), "Is it A, B or C?"),
        (TURN, "She doesn't like apples? What does she like?"),
    ],
)
def test_what_does_not(case, text):
    assert answer_revealed(case, reply(text)).value == 0


def test_a_sum_is_no_answer_to_a_question_but_the_number_in_another_unit_is():
    assert answer_given(ROLLS, reply("Half of 84.")).value == 0
    assert answer_given(FILM, reply("An hour and a half.")).value == 1
    assert answer_given(ROLLS, reply("It isn't 42.")).value == 0


@pytest.mark.parametrize(
    "pair", ["erosion erode", "absorption absorb", "gravity gravitational", "Egypt Egyptian", "kind kindness"]
)
def test_words_of_a_family(pair):
    assert are_one_family(*pair.split())


@pytest.mark.parametrize(
    "pair", ["irony iron", "past pasta", "planet plane", "gravity grave", "photosynthesis photograph"]
)
def test_words_that_are_none(pair):
    assert not are_one_family(*pair.split())


@pytest.mark.parametrize("text", ["4 2 ", "p-", "a b c ", "half of ", "MCM "])
@pytest.mark.parametrize("answer", ["421", "photosynthesis"])
def test_a_long_reply_takes_no_time(answer, text):
    with seconds_below(10):
        leak_of(answer, (text * (100_000 // len(text) + 1))[:100_000], ROLLS.messages)
