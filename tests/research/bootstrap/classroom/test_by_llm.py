"""A model as tutor and Sophie: its words are taken where the truth of the task stands in them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason='needs the extra "endpoints"')

from espalier.errors import UserError
from research.bootstrap.classroom.asking import TUTOR, Ask, Episode, Line, Want
from research.bootstrap.classroom.by_llm import TutorSettings, reworded
from research.bootstrap.classroom.play import Reply, Task, play, reactions
from tests.espalier.endpoints.chat_server import Script, fails, says, serving
from tests.research.bootstrap.classroom.test_play import plan

GOOD: dict[str, Any] = {
    "lines": [{"speaker": "Tutor", "text": "Look, Basil, something red! Which fruit may it be?"}],
    "answer": "An apple.",
    "praise": "Lovely, Basil!",
    "again": "Have another look.",
    "told": "Here it comes: An apple.",
}


def task(demo: bool = False) -> Task:
    ask = Ask(
        kind="toy",
        band=3,
        lines=(Line(speaker=TUTOR, text="It is red. What is it, Basil?"),),
        want=Want(points=(("apple",),)),
        model="A red apple.",
    )
    return Task(episode=Episode(asks=(ask,), about=(("apple", "red"),)), demo=demo)


def told(script: Script, number: int = 1) -> tuple[list[list[Task]], dict[str, int], list[dict[str, Any]]]:
    with serving(script) as server:
        settings = TutorSettings.model_validate(
            {"model": f"openai:m@{server.url}", "concurrency": 1, "endpoint": {"max_retries": 0}}
        )
        tasks, refused = reworded([[task()]] * number, settings, "0/1")
        again, _ = reworded([[task()]] * number, settings, "0/1")
        assert again == tasks and len(server.requests) == number, "what was answered is not asked again"
        return tasks, refused, server.requests


def test_a_session_in_a_models_words(workspace: Path) -> None:
    (tasks,), refused, requests = told(lambda body, number: says(json.dumps(GOOD)))
    assert not refused and '"red"' in requests[0]["messages"][0]["content"]
    playing = play("a", tasks, random.Random(0), plan(tasks=1), lambda *_: 0)
    assert next(playing)[0] == "Tutor: Look, Basil, something red! Which fruit may it be?\nBasil:"
    assert playing.send(Reply(text=" no", ended=True))[0].endswith("Basil: no\nTutor: Have another look.\nBasil:")
    assert tasks[0].reactions[0]["told"] == ("Here it comes: An apple.",)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"lines": [{"speaker": "Tutor", "text": "Look, Basil! Which fruit may it be?"}]},
            "has to be heard is missing",
        ),
        ({"lines": [{"speaker": "Tutor", "text": "Is the red fruit an Apple?"}]}, "given away"),
        ({"again": "Not yet. Say apple."}, "given away"),
        ({"answer": "A pear.", "told": "A pear."}, "not good"),
        ({"answer": "Apple apple red apple the of.", "told": "Apple apple red apple the of."}, "not good"),
        ({"told": "Here it comes."}, "what it tells"),
        ({"lines": [{"speaker": "Sophie", "text": "What is red?"}]}, "other lines or speakers"),
        ({"lines": []}, "other lines or speakers"),
        ({"praise": "Good.\nTutor: Next."}, "a line that is none"),
        ({"praise": "Basil: I did it."}, "a speaker's name"),
        ({"praise": "Good, {pupil}"}, "a line that is none"),
        ({"lines": "What is red?"}, "no answer of the form"),
        ({"praise": ""}, "a line that is none"),
    ],
)
def test_where_the_truth_does_not_stand_in_them_the_grammars_do(
    workspace: Path, change: dict[str, Any], why: str
) -> None:
    ((first,), (second,)), refused, _ = told(
        lambda body, number: says(json.dumps(GOOD | (change if number == 0 else {}))), number=2
    )
    assert [first.episode, first.reactions] == [task().episode, (reactions(),)] and second.episode != task().episode
    ((reason, number),) = refused.items()
    assert why in reason and number == 1


def test_a_model_that_says_nonsense_speaks_in_no_session(workspace: Path) -> None:
    with pytest.raises(UserError, match="none of 1 answers can be taken"):
        told(lambda body, number: says("Lovely weather."))


def test_where_no_answer_comes_no_session_is_held_and_what_is_refused_is_said_by_the_grammar(workspace: Path) -> None:
    with pytest.raises(UserError, match="answers 500: bad; what was answered before is kept"):
        told(lambda body, number: fails(500, "bad") if number else says(json.dumps(GOOD)), number=2)
    with serving(lambda body, number: fails(400, "filtered") if number else says(json.dumps(GOOD))) as server:
        settings = TutorSettings.model_validate(
            {"model": f"openai:m@{server.url}", "concurrency": 1, "endpoint": {"max_retries": 0}}
        )
        ((first,), (second,)), refused = reworded([[task()]] * 2, settings, "0/2")
    assert first.episode != task().episode and second.episode == task().episode
    ((why, number),) = refused.items()
    assert "filtered" in why and number == 1
