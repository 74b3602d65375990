"""Where a mistake was put right: in part, by leaving a word out, in another order; and where it was only said back."""

import pytest

from evaluation.cases.case import Case, Reply, Truth
from evaluation.metrics import METRICS
from evaluation.metrics.changes import new_words

IN = ("I went in the market.", "you went to the market", "to")
ENJOY = ("I'm enjoying in it.", "you are enjoying it", "")
VERY = ("I like it very.", "you like it", "")
THE_MY = ("The my friend lives here.", "your friend lives here", "")
ADVICE = ("My friend gave me a good advice.", "your friend gave you good advice", "")
TWICE = ("Yesterday I go to the shop where I went last year.", "you went to the shop", "went")
SEVERAL = ("I have 20 years and she have a dog.", "you are 20 years old and she has a dog", "")
WAS = ("We was in Madrid.", "you were in Madrid", "were")
ORDER = ("He the cat saw.", "he saw the cat", "saw the cat")
HERMANO = ("Mi hermano vivir en Madrid.", "tu hermano vive en Madrid", "")
MARCHE = ("Je suis allé à le marché.", "tu es allé au marché", "")
BERLIN = ("Ich habe nach Berlin gefahren.", "du bist nach Berlin gefahren", "")


@pytest.mark.parametrize(
    ("known", "text", "expected"),
    [
        (IN, "Ah, to the market!", 1),
        (IN, "Ah, in the market!", 0),
        (ENJOY, "Enjoying it! Why?", 1),
        (ENJOY, "Enjoying in it! Why?", 0),
        (VERY, "You like it! Why?", 1),
        (VERY, "You like it very? Why?", 0),
        (THE_MY, "Your friend! How nice.", 1),
        (THE_MY, "The your friend lives here?", 0),
        (ADVICE, "Good advice is worth a lot!", 1),
        (ADVICE, "A good advice! What was it?", 0),
        (TWICE, "You went to the shop!", 1),
        (TWICE, "You go to the shop where you went last year?", 0),
        (SEVERAL, "She has a dog! How sweet.", 1),
        (SEVERAL, "How old is the dog?", 0),
        (WAS, "You were in Madrid! When?", 1),
        (ORDER, "He saw the cat!", 1),
        (ORDER, "He the cat saw?", 0),
        (IN, "Is it in the market or to the market?", 0),
        (HERMANO, "¡Vive en Madrid!", 1),
        (HERMANO, "¿Tu hermano, en Madrid?", 0),
        (MARCHE, "Au marché !", 1),
        (MARCHE, "Le marché !", 0),
        (BERLIN, "Du bist nach Berlin gefahren!", 1),
        (BERLIN, "Nach Berlin gefahren, schön!", 0),
    ],
)
def test_a_place_put_right_is_a_recast_and_the_mistake_said_back_is_none(known, text, expected):
    said, corrected, fix = known
    case = Case(
        name="c",
        messages=[{"role": "user", "content": said}],
        truth=Truth(learner=said, corrected=corrected, fix=fix, error="known"),
    )
    assert METRICS["recast"](case, Reply(text=text, num_tokens=5, finish="stop")).value == expected


def test_what_the_learner_said_right_has_nothing_to_put_right():
    truth = Truth(learner="Yesterday I waited for a taxi.", corrected="you waited for a taxi", strategy="well said")
    case = Case(name="c", messages=[{"role": "user", "content": truth.learner}], truth=truth)
    waited = Reply(text="You waited for a taxi! In the rain?", num_tokens=5, finish="stop")
    assert METRICS["hint_without_reveal"](case, waited).value == 0  # as said, it stands there whole


@pytest.mark.parametrize(
    ("said", "corrected", "fix"),
    [
        ("I'm enjoying in it.", "you are enjoying it", "enjoying it"),
        ("I like it very.", "you like it", "like it"),
        ("I agree with you.", "you agree with me", ""),
        ("Ich helfe meine Mutter.", "ich helfe meiner Mutter", "meiner"),
    ],
)
def test_the_fix_of_a_word_too_many_is_its_neighbours_and_persons_are_no_mistake(said, corrected, fix):
    assert new_words(said, corrected) == fix
