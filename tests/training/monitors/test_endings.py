"""Replies that never end, and tokens of a template, told from what they always were like."""

from collections.abc import Sequence

from espalier.signals.records import Dialogue, Said, Severity, Signal, Turn
from tests.training.monitors import looks
from training.monitors.endings import MONITOR

MARK = looks.RENDERER.tokenizer.eos_token


def answers(cut: int, of: int = 20, text: str = "I went.") -> list[Said]:
    finishes = ["length"] * cut + ["stop"] * (of - cut)
    return [Said(asked="Hello!", reply=text, finish=finish, prompt=n) for n, finish in enumerate(finishes)]


def looked(*shown: Sequence[Said], as_chat: bool = True) -> list[dict[str, Signal]]:
    monitor = MONITOR.made(looks.config(steps=400))
    return looks.watch(monitor, "endings", [{"answers": each, "as_chat": as_chat} for each in shown])


def test_replies_that_cease_to_end_are_a_warning() -> None:
    found = looked(answers(2), answers(3), answers(2), answers(16))
    assert [each["cut.rate"].severity for each in found] == [Severity.NOTE] * 3 + [Severity.WARN]
    assert found[3]["cut.rate"].value == 0.8 and found[3]["cut.rate"].evidence["texts"][0]["said"] == "I went."


def test_replies_that_were_always_cut_or_only_wobble_are_none() -> None:
    for shown in ([16, 18, 17, 20], [2, 4, 1, 5], [18, 9, 4, 6]):
        assert all(each["cut.rate"].severity is not Severity.WARN for each in looked(*map(answers, shown)))


def test_texts_need_not_end() -> None:
    assert all("cut.rate" not in each for each in looked(answers(0), answers(20), as_chat=False))


def test_tokens_of_the_template_are_told() -> None:
    found = looked(answers(0), answers(0), answers(0, text=f"I went.{MARK} You"))
    assert [each["template.rate"].severity for each in found] == [None, None, Severity.WARN]
    assert found[2]["template.rate"].evidence["texts"][0]["tokens"] == [MARK]


def test_what_it_says_to_itself_counts_and_what_it_was_given_does_not() -> None:
    turns = [
        Turn(role="user", said=MARK, finish="given"),
        Turn(role="assistant", said="I went.", finish="length"),
        Turn(role="user", said="", finish="error"),
    ]
    broken = Said(asked="?", reply="", finish="error", prompt=0)
    monitor = MONITOR.made(looks.config())
    shown = {"dialogues": [Dialogue(turns=turns)], "answers": [broken, *answers(1, 2)]}
    [found] = looks.watch(monitor, "endings", [shown])
    assert [found[name].value for name in ("cut.found", "cut.of", "template.found")] == [2, 3, 0]
