import pytest

from espalier.signals.records import Severity
from tests.training.monitors.looks import config, dialogue, said, watch
from training.monitors.base import monitors
from training.monitors.repetition import MONITOR, loop

LOOPS = [
    "I like tea and cake. I like tea and cake. I like tea and cake.",
    "You went to the market.\nYou went to the market.\nYou went to the market.\nYou went",
    "1. Say hello to Anna.\n2. Say hello to Anna.\n3. Say hello to Anna.",
    "- Tea is good.\n- Cake is good.\n- Tea is good.\n- Cake is good.\n- Tea is good.\n- Cake is good.",
    "the the the the the the the the the the",
    "Well, what did you see? I was there, I was there, I was there, I was there",
    "ababababababababababababababababababababababababababab",
    "我喜欢茶我喜欢茶我喜欢茶我喜欢茶",
    "I saw a cat. Yes. I saw a cat. Good. I saw a cat. I saw a cat. Well. I saw a cat.",
]
NO_LOOPS = [
    "",
    "You went to the market? What did you buy there?",
    "One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
    "Twenty one, twenty two, twenty three, twenty four, twenty five, twenty six.",
    "No, no, no! Very, very good. Ha ha ha!",
    "I have a cat. I have a dog. I have a bird. I have a fish.",
    "I am, you are, he is, she is, it is, we are, you are, they are.",
    # A refrain between verses:
    "The sun is up, the sky is blue,\nsing hey, sing ho, the green tree.\nThe bird is here, the bee is too,\n"
    "sing hey, sing ho, the green tree.\nThe day is long, the work is done,\nsing hey, sing ho, the green tree.\n"
    "We all go home, we every one,\nsing hey, sing ho, the green tree.",
    "- Milk\n- Eggs\n- Bread\n- Tea\n- Sugar\n- Salt\n- Rice\n- Apples\n- Fish",
]


@pytest.mark.parametrize("text", LOOPS)
def test_a_loop_is_heard_within_and_across_lines(text: str) -> None:
    assert loop(text)


@pytest.mark.parametrize("text", NO_LOOPS)
def test_a_refrain_a_count_and_lines_that_begin_alike_are_none(text: str) -> None:
    assert loop(text) == ""


def test_what_is_said_over_and_over_is_told() -> None:
    assert loop(LOOPS[2]) == "say hello to anna"


def test_its_rate_is_followed_and_a_loop_now_and_then_is_a_note() -> None:
    [_, second] = watch(
        MONITOR.made(config()),
        "repetition",
        [{"answers": [said("Hello!")]}, {"answers": [said(LOOPS[0]), said("Hello!"), said("Good."), said("Yes.")]}],
    )
    assert second["rate"].value == 0.25 and second["rate"].severity == Severity.NOTE
    assert second["rate"].evidence["texts"][0]["over and over"] == "i like tea and cake"
    assert (second["found"].value, second["of"].value) == (1, 4)


def test_many_more_than_before_are_a_warning_and_as_many_as_always_are_none() -> None:
    sane = {"answers": [said("Hello!"), said("You went?")], "dialogues": [dialogue("Yes.", "No.", "Why?", "So.")] * 3}
    mad = {"answers": [said(LOOPS[0]), said(LOOPS[1])], "dialogues": [dialogue(*LOOPS[:4])] * 3}
    found = watch(MONITOR.made(config()), "repetition", [sane, sane, sane, mad])
    assert [each["rate"].severity for each in found] == [None, None, None, Severity.WARN]
    assert "Fisher" in found[3]["rate"].said
    found = watch(MONITOR.made(config()), "repetition", [mad, mad, sane, mad])
    assert [each["rate"].severity for each in found] == [Severity.NOTE, Severity.NOTE, None, Severity.NOTE]


def test_a_turn_that_is_said_for_the_third_time_is_a_loop_across_turns() -> None:
    going_round = dialogue("What did you buy?", "I go.", "What did you buy?", "I went.", "What did you buy?")
    [found] = watch(MONITOR.made(config()), "repetition", [{"dialogues": [going_round]}])
    assert found["found"].value == 1 and found["rate"].evidence["texts"][0]["turn"] == 5


@pytest.mark.parametrize("asked", ["Repeat it with me!", "Sing a song, please.", "Canta una canción.", "Count with me"])
def test_what_was_asked_for_is_not_looked_at(asked: str) -> None:
    [found] = watch(MONITOR.made(config()), "repetition", [{"answers": [said(LOOPS[0], asked=asked)]}])
    assert found == {}


def test_who_was_asked_not_to_repeat_is_looked_at() -> None:
    [found] = watch(MONITOR.made(config()), "repetition", [{"answers": [said(LOOPS[0], asked="Do not repeat it.")]}])
    assert found["found"].value == 1


def test_it_is_found_by_its_name() -> None:
    assert monitors()["repetition"] is MONITOR
