"""The lexicon is large enough, and its words fit each other."""

from data_mix.curriculum.clauses import FRAMES
from data_mix.curriculum.heldout import HeldOut, Space
from data_mix.curriculum.mistakes import MISTAKES
from data_mix.curriculum.words import lexicon

WORDS = lexicon()


def test_the_lexicon_is_as_large_as_promised() -> None:
    assert len(WORDS.verbs) >= 60
    assert sum(not noun.place for noun in WORDS.nouns) >= 130
    assert sum(noun.place for noun in WORDS.nouns) >= 25
    assert len(WORDS.named) >= 40
    assert len(MISTAKES) >= 12
    assert len(WORDS.strategies) == 10


def test_every_mistake_has_a_rule_and_words_and_typical_languages() -> None:
    assert set(MISTAKES) == set(WORDS.mistakes)
    for name, entry in WORDS.mistakes.items():
        assert entry["languages"], name
        assert set(entry["frames"]) <= set(FRAMES), name
        assert len(entry["hints"]) >= 3, name
        assert len(entry["reflections"]) >= 2, name


def test_no_word_is_both_a_feeling_without_causes_and_every_preposition_has_rivals() -> None:
    for verb in WORDS.verbs:
        assert verb.objects, verb.base
        assert all(feeling in WORDS.causes for feeling in verb.feelings), verb.base
        if verb.preposition:
            rivals = WORDS.conversation["wrong_prepositions"][verb.preposition]
            assert verb.preposition not in rivals, verb.base


def test_forms_differ_where_a_mistake_needs_them_to() -> None:
    space = Space("all", HeldOut(pairs=frozenset(), triples=frozenset()))
    assert set(space.mistakes) == set(MISTAKES.values())
    for verb in WORDS.verbs:
        assert verb.third != verb.base
        assert verb.ing.endswith("ing")
        if MISTAKES["regularised_past"].verb_fits(verb):
            assert verb.regularised != verb.past, verb.base


def test_regularised_pasts_are_spelt_as_a_learner_would() -> None:
    forms = {verb.base: verb.regularised for verb in WORDS.verbs}
    assert (forms["eat"], forms["write"], forms["buy"], forms["carry"]) == ("eated", "writed", "buyed", "carried")
