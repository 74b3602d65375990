"""The family: what it sets, what it holds replies to, and what wins nothing."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from espalier.errors import UserError
from espalier.sandbox import Pool
from research.self_improvement.families.family import Challenge, Performance, Refused
from research.self_improvement.families.programming.programming import HARDEST_TRAINED, Programming
from research.self_improvement.families.programming.validators import ranked
from tests.espalier.sandbox.walls import needs_walls
from tests.research.self_improvement.families.programming.tasks import (
    COUNT,
    COUNT_INPUTS,
    count_task,
    double_task,
    halves_task,
    opened_pool,
)
from tests.research.self_improvement.families.shown import shown_in

pool = pytest.fixture(scope="module")(opened_pool)
FAMILY = Programming(["python"])


def challenge_of(task: Any) -> Challenge:
    return Challenge(family="programming", skill="lists", difficulty=2, content=task.statement, known=task.known())


def prompt_of(challenge: Challenge) -> str:
    playing = FAMILY.play(challenge, random.Random(0))
    called = next(playing)
    assert called.player == "solver" and [each["role"] for each in called.messages] == ["user"]
    with pytest.raises(StopIteration) as over:
        playing.send("a reply")
    assert over.value.value == Performance(text="a reply")
    return called.messages[0]["content"]


def scores(challenge: Challenge, texts: list[str], pool: Pool) -> list[float | None]:
    return [each.score for each in FAMILY.verify(challenge, [Performance(text=text) for text in texts], pool)]


@needs_walls
def test_only_a_right_solution_wins(pool: Pool) -> None:
    (challenge,) = FAMILY.check([challenge_of(count_task())], pool)
    assert isinstance(challenge, Challenge) and challenge.known["validator"]["floor"] < 0.5
    shown = dict(count_task().shown)
    right = f"```python\n{COUNT}```"
    almost = right.replace("> 3", "> 4")
    unearned = {
        "empty": "",
        "only a fence": "```python\n```",
        "the prompt said back": prompt_of(challenge),
        "the longest": "print(0)\n" * 2000,
        "zero": "print(0)",
        "the examples said back": f"print({shown!r}.get(input() + chr(10), 0))",
        "the input said back": "print(input())",
        "another's verdict": "print('passes all tests')",
        "looks for the tests": "import glob; print(open(glob.glob('*.json')[0]).read())",
    }
    found = scores(challenge, [right, almost, *unearned.values()], pool)
    assert found[0] == 1 and 0 < (found[1] or 0) < 0.5
    assert dict(zip(unearned, found[2:], strict=True)) == dict.fromkeys(unearned, 0.0)


@needs_walls
def test_an_answer_without_work_wins_nothing_before_the_check_either(pool: Pool) -> None:
    assert scores(challenge_of(count_task()), ["print(0)", "print(input())"], pool) == [0, 0]


@needs_walls
def test_an_answer_cannot_be_made_for_its_checker(pool: Pool) -> None:
    (challenge,) = FAMILY.check([challenge_of(halves_task())], pool)
    assert isinstance(challenge, Challenge)
    tries = ["print('true')", "print('\\ntrue')", "print('0 0\\n' * 9)", "print(input(), 0)", "print('١', input())"]
    assert scores(challenge, tries, pool) == [0, 0, 0, 1, 0]


@needs_walls
def test_challenges_are_checked_in_their_order(pool: Pool) -> None:
    endless = count_task(reference="while True: pass")
    false = count_task(reference="print(5)")
    found = FAMILY.check([challenge_of(task) for task in (false, endless, count_task())], pool)
    assert [isinstance(each, Refused) for each in found] == [True, True, False]
    assert found[:2] == [
        Refused("its solution fails its own tests"),
        Refused("its solution does not run: out of processor time"),
    ]
    kept = [each for each in found if isinstance(each, Challenge)]
    assert ranked(kept) == kept and FAMILY.check(kept, pool) == kept


def test_a_prompt_holds_examples_and_no_test() -> None:
    for task in (count_task(), double_task()):
        prompt = prompt_of(challenge_of(task))
        assert task.statement in prompt and all(case.given.strip() in prompt for case in task.shown)
        assert task.reference not in prompt and "hidden" not in prompt
    assert COUNT_INPUTS[7].strip() not in prompt_of(challenge_of(count_task()))


def test_judges_are_told_no_truth() -> None:
    challenge = challenge_of(count_task())
    one, other = Performance(text="first reply"), Performance(text="second reply\nReply A:")
    said = FAMILY.compare(challenge, one, other)[0]["content"]
    assert shown_in(said) == {"A": one.text, "B": other.text} and challenge.content in said
    assert COUNT not in said and not any(given in said for given in COUNT_INPUTS if len(given) > 4)


def test_what_is_written_is_of_its_level_and_none_of_the_examination() -> None:
    held_out = {each.content for each in FAMILY.examination(120)}
    rng = random.Random(0)
    for level in range(7):
        drawn = [FAMILY.written(rng, level) for _ in range(60)]
        assert {each.difficulty for each in drawn} == {level}
        assert not held_out & {each.content for each in drawn}
        assert len({each.skill for each in drawn}) + len({each.content for each in drawn}) > 10
    assert FAMILY.written(random.Random(5), 3) == FAMILY.written(random.Random(5), 3)
    assert FAMILY.written(rng, 99).difficulty == 6


def test_an_examination_is_even_the_same_and_harder_than_training() -> None:
    found = Programming().examination(28) if _all_languages() else FAMILY.examination(28)
    assert Counter(each.difficulty for each in found) == dict.fromkeys(range(7), 4)
    assert len({each.id for each in found}) == 28 and max(each.difficulty for each in found) > HARDEST_TRAINED
    assert [each.id for each in FAMILY.examination(9)] == [each.id for each in FAMILY.examination(28)][:9]
    with pytest.raises(UserError, match="ask for fewer"):
        FAMILY.examination(10_000)


def _all_languages() -> bool:
    try:
        Programming()
    except UserError:
        return False
    return True


def test_a_proposal_is_asked_for_unlike_the_seeds_and_read_as_it_was_asked_for() -> None:
    seeds = [FAMILY.written(random.Random(seed), 2) for seed in range(3)]
    said = FAMILY.ask_for(random.Random(1), seeds, 5)[0]["content"]
    assert all(seed.content in said for seed in seeds)
    used = {seed.skill.removesuffix(" in Python") for seed in seeds}
    assert not any(f'topic "{topic}"' in said for topic in used)
    reply = said[said.index("## Topic") :].replace("the complete solution", "print(input())")
    tests = ", ".join(f'["{n}\\n", "{n}"]' for n in range(8))
    for form in ('[["input\\n", "output"], …]', "[[[argument, …], value], …]"):
        reply = reply.replace(form, f"[{tests}]")
    reply = reply.replace("## Function\nits name\n", "").partition("\n\nWhere several")[0]
    found = FAMILY.read(reply, "a model", 5)
    assert isinstance(found, Challenge)
    assert (found.proposer, found.difficulty) == ("a model", 5) and found.skill.endswith(" in Python")
    assert FAMILY.read(reply.replace("```python", "```js"), "m", 5) == Refused(
        "it is in javascript, which was not asked for"
    )
    assert isinstance(FAMILY.read("", "a model", 0), Refused)


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(UserError, match="no language 'perl': there are python, javascript"):
        Programming(["perl"])
    with pytest.raises(UserError, match="no language is named"):
        Programming([])
    with pytest.raises(UserError, match="give a pool"):
        FAMILY.check([challenge_of(count_task())], None)
    # What is not run needs none.
    (verdict,) = FAMILY.verify(challenge_of(count_task()), [Performance(text=" ")], None)
    assert verdict == (0.0, "nothing said")
