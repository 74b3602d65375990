"""Every session type has a task for every band, whose truth its own good answers hold."""

import random
import re
from itertools import combinations

import pytest

from data_mix.curriculum.heldout import held_out
from data_mix.curriculum.words import lexicon
from research.bootstrap.bands import BANDS
from research.bootstrap.classroom.asking import Ask, Episode, Want
from research.bootstrap.classroom.scene import PAIRS, SEED, Scene, Side, is_held_out
from research.bootstrap.classroom.things import things
from research.bootstrap.classroom.types import TYPES

CELLS = [(name, band) for name in TYPES for band in range(len(BANDS))]


def episodes(name: str, band: int, side: Side, count: int = 60) -> list[Episode]:
    return [TYPES[name](Scene(random.Random(f"{name} {band} {at}"), side)).episode(band) for at in range(count)]


def holds(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words.lower())}(?!\w)", text.lower()) is not None


def done(want: Want, reply: str) -> bool:
    return all(any(holds(reply, words) for words in point) for point in want.points) and not any(
        holds(reply, words) for words in want.wrong
    )


def shown(ask: Ask) -> str:
    return "\n".join(map(str, ask.lines))


@pytest.mark.parametrize(("name", "band"), CELLS)
def test_a_good_answer_does_what_was_asked(name: str, band: int) -> None:
    for side in ("sessions", "examination"):
        for episode in episodes(name, band, side):
            for ask in episode.asks:
                assert done(ask.want, ask.model), (shown(ask), ask.model, ask.want)
                assert "{" not in shown(ask) + ask.model
                assert ask.model[0].isupper() and ask.model[-1] in ".?!"


def test_what_an_examination_asks_about_stands_in_no_session_of_any_type_and_band() -> None:
    """By the words alone, in whatever order, and beside what else is asked about."""
    asked, heard = set[frozenset[str]](), set[frozenset[str]]()
    for name, band in CELLS:
        examined = episodes(name, band, "examination", 200)
        assert all(episode.about for episode in examined), (name, band)
        asked |= {frozenset(words) for episode in examined for words in episode.about}
        sessions = episodes(name, band, "sessions", 200)
        heard |= {frozenset(words) for each in sessions for words in (*each.about, *each.beside)}
    assert not asked & heard


PROPERTIES = {property for noun in lexicon().nouns for property in noun.properties}
NAMES = {person.self_name for person in lexicon().named}
NUMBERS = set(lexicon().conversation["numbers"])


@pytest.mark.parametrize(("name", "band"), CELLS)
def test_no_words_of_a_session_tell_what_is_examined(name: str, band: int) -> None:
    """As they are read: how things are, how many, who has them; and no type forgets to say what it combines."""
    for episode in episodes(name, band, "sessions"):
        text = " ".join(f"{shown(ask)} {ask.model}" for ask in episode.asks)
        for noun in (noun for noun in things() if noun.singular in text):
            either = f"(?:{noun.singular}|{noun.plural})"
            before, after = rf"\b(\w+) {either}\b", rf"\b{noun.singular} (?:is|was) (\w+)\b"
            told = re.findall(rf"{before}|{after}|\b([A-Z]\w+) has an? {noun.singular}\b", text)
            for word in {word.lower() for found in told for word in found}:
                if word in PROPERTIES | NUMBERS:
                    assert not is_held_out(word, noun.singular), (word, text)
            for who in NAMES & {found[2] for found in told}:
                assert not is_held_out(who, noun.singular), (who, text)
            if re.search(rf"\blikes? {noun.plural}\b", text):
                assert not is_held_out("like", noun.singular), text


def test_a_type_without_enough_to_draw_from_says_so() -> None:
    held = next(words for words in combinations([noun.singular for noun in things()], 2) if is_held_out(*words))
    with pytest.raises(ValueError, match=r"none of 1,000 draws is on the side of the sessions.*wants more options"):
        Scene(random.Random(0), "sessions").draw(lambda: held, tuple)
    assert Scene(random.Random(0), "examination").draw(lambda: held[::-1], tuple) == held[::-1]


@pytest.mark.parametrize(("name", "band"), CELLS)
def test_tasks_vary_and_cannot_be_done_by_one_answer_to_all(name: str, band: int) -> None:
    if name == "identity":
        return
    found = episodes(name, band, "examination")
    assert len({shown(episode.asks[0]) for episode in found}) >= 20
    asks = [ask for episode in found for ask in episode.asks]
    replies = [ask.model for ask in asks]
    commonest = max(set(replies), key=replies.count)
    assert sum(done(ask.want, commonest) for ask in asks) <= len(asks) / 2


def test_dialogues_have_several_turns_and_the_others_one() -> None:
    for name in TYPES:
        assert len(episodes(name, 7, "sessions", 1)[0].asks) >= 3
        assert all(len(episodes(name, band, "sessions", 1)[0].asks) == 1 for band in range(7))


def test_sophie_is_asked_by_name_and_talks_with_the_tutor() -> None:
    for name, band in CELLS:
        ask = TYPES[name](Scene(random.Random(0), "sessions", pupil="Sophie")).episode(band).asks[0]
        assert "Basil" not in shown(ask), shown(ask)


def test_no_story_of_sessions_tells_a_pair_that_is_kept_for_examinations() -> None:
    kept = held_out(SEED, PAIRS, PAIRS).pairs
    for at in range(400):
        steps, noun = Scene(random.Random(at), "sessions").sequence()
        assert not {(step.base, noun.singular) for step in steps} & kept
    pairs = [(verb, noun) for verb in lexicon().verbs for noun in verb.objects if (verb.base, noun.singular) in kept]
    deeds = "|".join(f"{verb.past} {verb.preposition} ?(?:an? |the )?{noun.singular}" for verb, noun in pairs)
    told = re.compile(rf"\b(?:{deeds.replace('  ', ' ')})\b")
    for name, band in CELLS:
        for episode in episodes(name, band, "sessions"):
            for ask in episode.asks:
                assert not (found := told.search(shown(ask) + " " + ask.model)), (name, band, found)
