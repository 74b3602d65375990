"""The readers of a grammar, on a toy grammar small enough to list."""

import math
import random
from collections import Counter

import pytest

from data_mix.curriculum.chooser import Chooser, Sampler, derivations, enumerate_rows, lines_read, log2_sum

NAMES = ("Anna", "Tom", "Li")


def toy(c: Chooser) -> None:
    """Somebody sees one to three things; then, or not, somebody answers."""
    c.begin("user")
    c.say(c.pick(NAMES, lambda name, rest: name in rest) + " sees")
    for goes_on in (0.5, 0.25, 0.0):
        c.say(" " + c.pick(("cats", "dogs"), weights=(0.9, 0.1)))
        if not c.pick((True, False), weights=(goes_on, 1 - goes_on)):
            break
    c.end()
    if c.pick((True, False)):
        c.begin("assistant")
        c.say(c.pick(("Oh!", "Ah!", "Oh, nice!", "I see.")))
        c.end()


def ambiguous(c: Chooser) -> None:
    """Writes "aaa" in two ways."""
    c.begin("text")
    c.say(c.pick(("a", "aa", "b")))
    c.say(c.pick(("aa", "a")))
    c.end()


def closed_form() -> float:
    """Entropy of `toy` in bits, by hand: choices that are made, each times the probability of coming to it."""
    flip = -(0.9 * math.log2(0.9) + 0.1 * math.log2(0.1))
    go_on = 1.0 + 0.5 * -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    return math.log2(3) + flip * (1 + 0.5 + 0.5 * 0.25) + go_on + 1.0 + 0.5 * 2.0


def test_the_floor_is_the_entropy_of_the_whole_enumerated_language() -> None:
    rows = list(enumerate_rows(toy))
    assert math.fsum(2.0**log2_prob for _, log2_prob in rows) == pytest.approx(1.0, abs=1e-12)
    assert len({messages for messages, _ in rows}) == len(rows), "the toy grammar is unambiguous"
    entropy = -math.fsum(2.0**log2_prob * log2_prob for _, log2_prob in rows)
    assert entropy == pytest.approx(closed_form(), abs=1e-9)


def test_samples_carry_their_probability_and_their_mean_tends_to_the_entropy() -> None:
    listed = dict(enumerate_rows(toy))
    total, drawn = 0.0, Counter()
    for index in range(20_000):
        sampler = Sampler(random.Random(index))
        toy(sampler)
        assert sampler.log2_prob == pytest.approx(listed[tuple(sampler.messages)], abs=1e-9)
        drawn[tuple(sampler.messages)] += 1
        total -= sampler.log2_prob
    assert total / 20_000 == pytest.approx(closed_form(), abs=0.05)
    commonest, count = drawn.most_common(1)[0]
    assert count / 20_000 == pytest.approx(2.0 ** listed[commonest], rel=0.1)


def test_the_assistants_share_is_that_of_its_own_choices() -> None:
    for index in range(50):
        sampler = Sampler(random.Random(index))
        toy(sampler)
        answered = sampler.messages[-1][0] == "assistant"
        assert sampler.assistant_log2_prob == (-2.0 if answered else 0.0)


def test_reading_finds_the_one_derivation_of_every_row() -> None:
    for messages, log2_prob in enumerate_rows(toy):
        assert list(derivations(toy, messages)) == [pytest.approx(log2_prob)]


@pytest.mark.parametrize(
    "text", ["Anna sees birds", "Anna sees", "Anna sees cats cats cats cats", "anna sees cats", "Anna sees cats "]
)
def test_what_the_grammar_cannot_write_it_does_not_read(text: str) -> None:
    assert not list(derivations(toy, [("user", text)]))


def test_a_prefix_of_whole_messages_can_be_read_and_half_a_message_cannot() -> None:
    def two(c: Chooser) -> None:
        toy(c)
        toy(c)

    first = [("user", "Tom sees dogs")]
    assert list(derivations(two, first, prefix=True))
    assert not list(derivations(two, first))
    assert not list(derivations(two, [("user", "Tom sees do")], prefix=True))


def test_an_ambiguity_is_seen_and_marginalised() -> None:
    found = list(derivations(ambiguous, [("text", "aaa")]))
    assert len(found) == 2
    assert log2_sum(found) == pytest.approx(math.log2(2 / 6))


def test_a_text_is_read_up_to_its_first_wrong_line() -> None:
    def story(c: Chooser) -> None:
        c.begin("text")
        name = c.pick(NAMES, lambda name, rest: name in rest)
        for piece in (name, " came.", "\n", c.pick(("Then", "Later")), " ", name, " left.", "\n", "The end."):
            c.say(piece)
        c.end()

    assert lines_read(story, "Li came.\nLater Li left.\nThe end.") == 3
    assert lines_read(story, "Li came.\nLater Li left.\nThe end. Or") == 2
    assert lines_read(story, "Li came.\nLater Tom left.\nThe end.") == 1, "the wrong Tom, in its place"
    assert lines_read(story, "Max came.\nLater Max left.\nThe end.") == 0
