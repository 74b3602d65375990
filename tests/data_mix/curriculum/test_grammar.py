"""The curriculum's grammar: known to the last bit, and faithful to its hold-outs."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_mix.curriculum import (
    CurriculumConfig,
    generate,
    heldout,
    parse_replies,
    parses_reply,
    sentences_that_parse,
)
from data_mix.curriculum.chooser import Sampler, derivations
from data_mix.curriculum.heldout import Space
from data_mix.curriculum.sessions.slips import Slips
from data_mix.curriculum.write import SPLITS, Kind, _write, program
from data_mix.language.teaching import corrects_to_the_face
from espalier.text.rows import Row

CONFIG = CurriculumConfig(sessions=1, dialogues=1, held_out_rows=1)
HELD = heldout(CONFIG, 0)


def rows(kind: Kind, split: str, count: int) -> list[Row]:
    return list(generate(CONFIG, kind, split, count, seed=0))


def as_target(row: Row) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in row.messages]


@settings(max_examples=40, deadline=None)
@given(
    index=st.integers(0, 10**6), kind=st.sampled_from(["session", "dialogue"]), split=st.sampled_from(sorted(SPLITS))
)
def test_every_row_reads_back_in_exactly_one_way_and_with_its_probability(index: int, kind: Kind, split: str) -> None:
    row = _write(kind, split, 0, HELD, "any", index)
    found = list(derivations(program(kind, split, HELD), as_target(row)))
    assert found == [pytest.approx(row.log2_prob, abs=1e-6)]


def test_later_rows_go_on_where_earlier_ones_ended_and_hold_out_the_same() -> None:
    later = CONFIG.model_copy(update={"first": 3})
    both = [row.id for row in generate(CONFIG, "session", "train", 6, seed=0)]
    assert [row.id for row in generate(later, "session", "train", 3, seed=0)] == both[3:]
    assert rows("session", "unseen_pairs", 3) == list(generate(later, "session", "unseen_pairs", 3, seed=0))


def test_what_is_held_out_can_be_the_same_for_mixes_of_other_seeds() -> None:
    shared = CONFIG.model_copy(update={"held_out_seed": 0})
    assert heldout(shared, 1) == heldout(shared, 0) == heldout(CONFIG, 0) != heldout(CONFIG, 1)
    assert next(generate(shared, "session", "train", 1, seed=1)) != next(
        generate(shared, "session", "train", 1, seed=0)
    )


def test_same_seed_same_rows_for_any_number_of_workers_and_another_seed_other_rows() -> None:
    for kind in ("session", "dialogue"):
        one = list(generate(CONFIG, kind, "train", 600, seed=1))
        assert one == list(generate(CONFIG, kind, "train", 600, seed=1, workers=2))
        assert one[0].messages != next(generate(CONFIG, kind, "train", 1, seed=2)).messages


def deeds(row: Row) -> set[tuple[str, str, str]]:
    return {(turn["verb"], turn["object"], turn["error"]) for turn in row.meta["turns"] if turn["error"]}


def test_training_never_sees_what_is_held_out_and_the_held_out_splits_hold_nothing_else() -> None:
    for split in ("train", "valid"):
        for row in rows("dialogue", split, 400):
            assert not {(verb, noun) for verb, noun, _ in deeds(row)} & HELD.pairs
            assert not deeds(row) & HELD.triples
    for row in rows("dialogue", "unseen_triples", 200):
        assert deeds(row) <= HELD.triples
    for row in rows("dialogue", "unseen_pairs", 200):
        assert {(verb, noun) for verb, noun, _ in deeds(row)} <= HELD.pairs


def test_sessions_keep_to_the_held_out_pairs_too() -> None:
    # A held-out pair in a retelling would stand in one sentence as verb form and noun; look for the plainest form.
    pattern = {
        pair: re.compile(rf"\b(did not|can|want to|wants to) {pair[0]}\b( \w+)? (the|a|an|my|some|two|three) {pair[1]}")
        for pair in HELD.pairs
    }
    text = "\n".join(row.messages[0]["content"] for row in rows("session", "train", 1500))
    assert not [pair for pair, found in pattern.items() if found.search(text)]
    unseen = "\n".join(row.messages[0]["content"] for row in rows("session", "unseen_pairs", 300))
    assert [pair for pair, found in pattern.items() if found.search(unseen)]


class Watched(Space):
    """The clauses that were drawn, each with the mistake that it was to be spoilt by."""

    def clause(self, c, *, mistake=None, **how):
        clause = super().clause(c, mistake=mistake, **how)
        self.drawn = (clause.verb.base, clause.noun.singular, mistake.name)
        return clause


def test_slips_keep_to_the_held_out_triples_and_say_what_went_astray() -> None:
    free, unseen = Watched("train", HELD), Watched("unseen_pairs", HELD)
    for index in range(400):
        for where in (free, unseen):
            sampler = Sampler(random.Random(index))
            slips = Slips(sampler, where)
            sampler.begin("text")
            slips.write()
            sampler.end()
            verb, noun, _ = where.drawn
            assert ((verb, noun) in HELD.pairs) == (where is unseen)
            assert where is unseen or where.drawn not in HELD.triples
            words = slips.words
            assert words["wrong"] != words["right"] and words["slip"] != words["mine"]
            assert words["right"] in words["full"], "what was meant is said in the listener's person"


def test_dialogues_alternate_and_end_with_the_tutor_after_two_to_eight_messages() -> None:
    lengths = set()
    for row in rows("dialogue", "train", 600):
        roles = [message["role"] for message in row.messages]
        if roles[0] == "system":
            roles = roles[1:]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        lengths.add(len(roles))
    assert lengths == {2, 4, 6, 8}


def holds(text: str, words: str) -> bool:
    return re.search(rf"\b{re.escape(words)}\b", text, re.IGNORECASE) is not None


def test_what_is_known_about_a_turn_is_true_of_its_text() -> None:
    for row in rows("dialogue", "train", 600):
        said = [message["content"] for message in row.messages if message["role"] == "user"]
        replies = [message["content"] for message in row.messages if message["role"] == "assistant"]
        for sentence, reply, turn in zip(said, replies, row.meta["turns"], strict=True):
            assert turn["learner"].rstrip(".").lower() in sentence.lower(), turn
            if turn["rule"] == "must":
                assert holds(reply, turn["corrected"])
            if turn["rule"] == "must_not":
                assert not holds(reply, turn["corrected"])
                assert not holds(reply, turn["fix"])
            if turn["error"]:
                assert not holds(turn["learner"], turn["corrected"])
                assert holds(turn["corrected"], turn["fix"])


def test_no_tutor_ever_corrects_explicitly() -> None:
    forbidden = re.compile(
        r"\b(wrong|incorrect|mistake|error|should say|must say|you mean to say|correct (form|word|is))\b", re.IGNORECASE
    )
    for row in rows("dialogue", "train", 1500):
        for message in row.messages:
            told = message["role"] == "assistant" and corrects_to_the_face(message["content"])
            assert message["role"] != "assistant" or not forbidden.search(message["content"]), message["content"]
            assert not told, (told, message["content"])


def test_the_tutors_own_replies_parse_and_others_do_not() -> None:
    for row in rows("dialogue", "unseen_pairs", 8):
        before, reply = row.messages[:-1], row.messages[-1]["content"]
        assert parses_reply(before, reply)
        assert not parses_reply(before, reply + " Good bye.")
        assert not parses_reply(before, "What do you think?")


def test_sentences_of_sessions_parse_up_to_the_first_broken_one() -> None:
    for row in rows("session", "valid", 6):
        text = row.messages[0]["content"]
        num_lines = text.count("\n") + 1
        assert sentences_that_parse(text) == (num_lines, num_lines)
        first, rest = text.split("\n", 1)
        assert sentences_that_parse(f"{first}\nTutor: Then she bought the moon.\n{rest}") == (1, 2)


def test_small_talk_is_often_typed_without_care_and_what_is_told_seldom() -> None:
    typed = {True: [], False: []}
    for row in rows("dialogue", "train", 600):
        said = [message["content"] for message in row.messages if message["role"] == "user"]
        for learner, turn in zip(said, row.meta["turns"], strict=True):
            typed[not turn["error"] and not turn["corrected"]].append(learner[0].isupper() and learner[-1] in ".!?")
    told, talk = (sum(typed[kind]) / len(typed[kind]) for kind in (False, True))
    assert len(typed[True]) > 100 and told > 0.8 and talk < 0.6


def test_several_replies_to_the_same_are_read_as_one_by_one():
    dialogues = [row for row in generate(CONFIG, "dialogue", "train", 30, seed=5) if len(row.messages) < 6]
    assert any(len(row.messages) > 3 for row in dialogues)
    for number, row in enumerate(dialogues):
        before, reply = row.messages[:-1], row.messages[-1]["content"]
        another = dialogues[number - 1].messages[-1]["content"]
        replies = [another, reply, f"{reply} Good bye.", another, reply.lower(), "What do you think?"]
        assert parse_replies(before, replies) == [parses_reply(before, each) for each in replies]
        assert parse_replies(before, [reply]) == [True]
