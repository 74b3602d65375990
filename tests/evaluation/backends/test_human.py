"""A person at the terminal: sees the conversation and nothing else, and may stop at any time."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys

import pytest

from espalier.errors import UserError
from evaluation.backends.base import Ask
from evaluation.backends.human import Human
from evaluation.cache import Cache
from evaluation.cases.case import Case, Reply
from evaluation.play import play


class Terminal(io.StringIO):
    """A terminal at which this was typed."""

    def isatty(self) -> bool:
        return True


def case(name: str, words: str = "I goed home.") -> Case:
    return Case(
        name=name,
        messages=[{"role": "system", "content": "Be kind."}, {"role": "user", "content": words}],
        criteria="SECRET-CRITERIA",
        reference="SECRET-REFERENCE",
        answer="SECRET-ANSWER",
    )


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> Terminal:
    """Type `text`, then Ctrl+D; what is shown."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(text))
    monkeypatch.setattr(sys, "stdout", shown)
    return shown


def answers(*cases: Case, name: str = "human") -> tuple[list[Reply], str]:
    """The replies, and what ended them."""
    found = []
    try:
        for _, reply in Human(name).answer([Ask(case=each, turn=0, sample=0, seed=0) for each in cases]):
            found.append(reply)
    except UserError as error:
        return found, str(error)
    return found, ""


def test_a_reply_has_lines_and_ends_with_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = typed(monkeypatch, "\nYou went home!\nWhat for?  \n\n/skip\n/skip it?\n\n")
    replies, end = answers(case("a"), case("b"), case("c"))
    assert end == ""
    assert [(reply.text, reply.finish, reply.error) for reply in replies] == [
        ("You went home!\nWhat for?", "stop", ""), ("", "error", "skipped"), ("/skip it?", "stop", "")
    ]  # fmt: skip
    text = re.sub(r"\x1b\[[\d;]*m", "", shown.getvalue())
    assert "instructions: Be kind." in text and "learner: I goed home." in text
    assert "SECRET" not in text


def test_what_a_learner_says_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = typed(monkeypatch, "Hm\n\n")
    answers(case("a", "[bold]x[/bold] [/nonsense] \x1b[2J\x9b\x07 می\N{ZERO WIDTH NON-JOINER}خواهم :smile:"))
    text = shown.getvalue()
    assert "[bold]x[/bold] [/nonsense]" in text and "می\N{ZERO WIDTH NON-JOINER}خواهم :smile:" in text
    assert not [code for code in ("\x1b[2J", "\x9b", "\x07") if code in text]


@pytest.mark.parametrize(("text", "kept"), [("One\n\n", 1), ("One\n\nTwo, and no empty line", 2), ("", 0)])
def test_the_end_of_typing_keeps_what_was_typed(monkeypatch: pytest.MonkeyPatch, text: str, kept: int) -> None:
    typed(monkeypatch, text)
    replies, end = answers(case("a"), case("b"), case("c"))
    assert [reply.text for reply in replies] == ["One", "Two, and no empty line"][:kept]
    assert end == f"stopped after {kept} of 3 replies; they are kept, and the same command goes on"


def test_what_was_typed_is_never_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case("a", "A"), case("b", "B"), case("c", "C")]
    with Cache() as cache:
        typed(monkeypatch, "to A\n\n/skip\n")
        with pytest.raises(UserError, match="stopped after 2 of 3"):
            play(Human("human:ann"), cases, [], cache=cache, seed=0)
        typed(monkeypatch, "to B\n\nto C\n\n")
        records = play(Human("human:ann"), cases, [], cache=cache, seed=0)
        assert [record.reply for record in records] == ["to A", "to B", "to C"]
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        assert play(Human("human:ann"), cases, [], cache=cache, seed=0) == records, "needs nobody"
        with pytest.raises(UserError, match="wants a person at a terminal"):
            play(Human("human:bob"), cases, [], cache=cache, seed=0)


def test_who_it_is() -> None:
    assert (Human("human").name, Human("human:ann").name) == ("human", "ann")
    assert Human("human:ann").identity != Human("human:bob").identity
    for wrong in ("human:", "human: ", "humans"):
        with pytest.raises(UserError, match="wants human or human:NAME"):
            Human(wrong)
    pair = Ask(case=Case(name="pair", messages=[], texts=("a", "b")), turn=0, sample=0, seed=0)
    with pytest.raises(UserError, match="likelihood"):
        Human("human").key(pair)


SCRIPT = """
from evaluation.backends.base import Ask
from evaluation.backends.human import Human
from evaluation.cases.case import Case
ask = Ask(case=Case(name="a", messages=[{"role": "user", "content": "Hi"}]), turn=0, sample=0, seed=0)
print("REPLIES", [reply.text for _, reply in Human("human").answer([ask])])
"""


def test_at_a_real_terminal() -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, b"Hello there\n\n")
    shown = b""
    while b"REPLIES" not in shown or not shown.endswith(b"\n"):
        try:
            shown += os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
    assert process.wait() == 0
    assert "REPLIES ['Hello there']" in shown.decode()
    os.close(ours)
