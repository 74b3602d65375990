"""Corrections to the face by their words alone, as generated dialogues are checked."""

import pytest

from data_mix.language.teaching import corrects_to_the_face, marked
from tests import cpu


@pytest.mark.parametrize(
    "text",
    [
        "One little correction: she went home.",
        "'Goed' should be 'went'.",
        "Use “went” instead of “goed”.",
        "In English we say «went».",
        "There's a small mistake in your sentence.",
        "There is a preposition missing.",
        "Careful with the verb!",
        "'Advice' is uncountable.",
        "Hay un error en el verbo.",
        "Falta el artículo.",
        "Il y a une petite erreur dans ta phrase.",
        "N'oublie pas l'accord !",
        "Du brauchst hier den Dativ.",
        "Das Verb steht am Ende.",
    ],
)
def test_corrections_are_found_without_what_was_said(text):
    assert corrects_to_the_face(text)


@pytest.mark.parametrize(
    "text",
    [
        "She made a mistake on the menu, did she?",
        "It's wrong to laugh, but it was funny.",
        "I don't think that's wrong. Do you?",
        "What would you say is the best way to cook it?",
        "Do we say 'go' or 'went'?",
        "Which tense do we use for yesterday?",
        "He fixed the bike by mistake!",
        "You can say that again! It was cold.",
        "Not the bus but the train, I see.",
        "Hay errores que se arreglan rápido.",
        "Il faut dire bonjour à ta tante !",
        "Pass auf, es regnet! Hast du einen Schirm?",
        "",
    ],
)
def test_content_praise_and_questions_are_none(text):
    assert not corrects_to_the_face(text)


def test_what_is_quoted_or_set_off_is_marked_and_apostrophes_are_not():
    assert (
        marked("Not 'don't go' but **went**, it's the dogs' way.") == "not ⟦don't go⟧ but ⟦went⟧, it's the dogs' way."
    )
    assert marked("„Gehst.“ and « allé ! »") == "⟦gehst⟧ and ⟦allé⟧"
    assert marked('"Oh, you went!"') == "oh, you went!", "all of it is quoted, so nothing is"


def test_a_long_text_of_marks_is_read_in_reasonable_time():
    with cpu.seconds_below(20):
        for piece in ("\n", "' ", "* ", "«", "(", "small ", "you should use the ", "note: "):
            corrects_to_the_face(piece * (50_000 // len(piece)))
