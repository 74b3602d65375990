import pytest

from espalier.signals.records import Severity
from tests.training.monitors.looks import config, dialogue, said, watch
from training.monitors.structure import MONITOR, kinds_in

STRUCTURED = [
    ("Try this:\n- go\n- went\n- gone", "list"),
    ("* Say it\n* Write it", "list"),
    ("1. Read it.\n2. Say it.", "list"),
    ("Here:\n1) go\n2) went", "list"),
    ("# The past\nYou went.", "heading"),
    ("### Your turn\nWhat did you buy?", "heading"),
    ("**The past tense**\nYou went.", "heading"),
    ("The past\n--------\nYou went.", "heading"),
    ("| go | went |\n|---|---|\n| see | saw |", "table"),
    ("```\nprint(1)\n```", "code"),
    ('{"verb": "go"}', "code"),
    ("def past(verb):\n    return went;\nimport re", "code"),
    ("You <b>went</b> there.", "markup"),
    ("I **went** to the market.", "markup"),
    ("The verb is `went`.", "markup"),
    ("See [this page](http://a.b/c).", "markup"),
    (r"It is \frac{1}{2}.", "markup"),
]
PLAIN = [
    "",
    "You went to the market? What did you buy?",
    "- Hello, said Anna.",
    "— Hola. —¿Qué tal?",
    "2 * 3 = 6, and 2 ** 3 ** 1 = 8, and a*b*c.",
    "We bought milk, eggs and bread, first the milk, then the rest.",
    "1984. That was the year. 12. March was cold.",
    "I am no. 1 and you are #2.",
    "I love it <3, and 3 < 4 > 2.",
    "Anna's room (the big one): it is nice! *smiles*",
    "First, say it. Second, write it. (1) and (2) are alike.",
    "Yes.\nNo.\nWhy?",
]


@pytest.mark.parametrize(("text", "kind"), STRUCTURED)
def test_structure_is_seen_and_its_kind(text: str, kind: str) -> None:
    assert kind in kinds_in(text)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_language_is_plain(text: str) -> None:
    assert kinds_in(text) == []


@pytest.mark.parametrize(
    "asked",
    [
        "Give me a list of verbs.",
        "Show it step by step in steps",
        "Write a Python function.",
        "Haz una lista.",
        "A table!",
    ],
)
def test_what_was_asked_for_is_not_looked_at(asked: str) -> None:
    [found] = watch(MONITOR.made(config()), "structure", [{"answers": [said(STRUCTURED[0][0], asked=asked)]}])
    assert found == {}


@pytest.mark.parametrize("system", ["Never answer with a list.", "Speak plainly, without markdown."])
def test_who_was_told_to_leave_it_is_looked_at(system: str) -> None:
    answer = said(STRUCTURED[0][0], system=system)
    [found] = watch(MONITOR.made(config()), "structure", [{"answers": [answer]}])
    assert found["found"].value == 1 and found["list"].value == 1.0 and found["code"].value == 0.0


def test_a_model_that_falls_back_on_it_is_warned_of_and_one_that_always_did_is_not() -> None:
    plain = {"answers": [said("Hello!"), said("You went?")], "dialogues": [dialogue("Yes.", "No.", "Why?", "So.")] * 3}
    fallen = {
        "answers": [said(text) for text, _ in STRUCTURED[:2]],
        "dialogues": [dialogue(*(text for text, _ in STRUCTURED[2:6]))] * 3,
    }
    found = watch(MONITOR.made(config()), "structure", [plain, plain, plain, fallen])
    assert [each["rate"].severity for each in found] == [None, None, None, Severity.WARN]
    assert found[3]["rate"].evidence["texts"][0]["kinds"] == ["list"]
    found = watch(MONITOR.made(config()), "structure", [fallen] * 4)
    assert [each["rate"].severity for each in found] == [Severity.NOTE] * 4
