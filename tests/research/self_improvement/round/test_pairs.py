"""Prompts with replies that are worth more or less, of performances in which one thing is said or several."""

import numpy as np
import pytest

from feedback.making import pairs
from research.self_improvement.families.family import Performance
from research.self_improvement.records import Played, Said
from research.self_improvement.round.pairs import asked, forks


def played(*replies, number=0):
    """Said one after the other; each is asked with what was said before it."""
    said = tuple(
        Said("p", [{"role": "user", "content": f"turn {turn} after {'/'.join(replies[:turn])}"}], reply)
        for turn, reply in enumerate(replies)
    )
    return Played(challenge="c", number=number, model="m", performance=Performance(text=replies[-1]), said=said)


def test_one_answer_each_is_one_prompt():
    found = forks({"c": [played("4"), played("5"), played("4")]}, {"c": [1.0, 0.0, 1.0]})
    (sampled,) = found.samples
    assert sampled.messages[0]["content"] == "turn 0 after " and [r.text for r in sampled.replies] == ["4", "4", "5"]
    assert found.scores.tolist() == [[1.0, 1.0, 0.0]]
    (line,) = pairs(*found, keep=2, margin=0, seed=0).lines
    assert line["chosen"][0]["content"] == "4" and line["rejected"][0]["content"] == "5" and line["margin"] == 1


def test_in_a_game_each_fork_is_a_prompt_and_a_move_is_worth_what_came_of_it():
    games = [played("a", "x"), played("a", "y"), played("b", "x"), played("b", "x")]
    found = forks({"c": games}, {"c": [1.0, 0.0, 0.2, 0.4]})
    prompts = {each.messages[0]["content"]: each for each in found.samples}
    assert set(prompts) == {"turn 0 after ", "turn 1 after a", "turn 1 after b"}
    scores = dict(zip((each.messages[0]["content"] for each in found.samples), found.scores, strict=True))
    assert scores["turn 0 after "].tolist() == pytest.approx([0.5, 0.5, 0.3, 0.3])
    assert scores["turn 1 after a"][:2].tolist() == [1.0, 0.0]
    made = pairs(*found, keep=1, margin=0, seed=0)
    told = {(line["messages"][0]["content"], line["chosen"][0]["content"]) for line in made.lines}
    assert told == {("turn 0 after ", "a"), ("turn 1 after a", "x")} and made.prompts == 2


def test_all_alike_gives_no_pair_and_is_counted_and_what_nobody_knows_has_no_score():
    made = pairs(*forks({"c": [played("4"), played("4")]}, {"c": [1.0, 1.0]}), keep=2, margin=0, seed=0)
    assert not made.lines and sum(made.left_out.values()) == 1
    found = forks({"c": [played("4"), played("5")]}, {"c": [np.nan, 0.5]})
    assert np.isnan(found.scores[0][0]) and not pairs(*found, keep=2, margin=0, seed=0).lines
    assert not forks({}, {}).samples


def test_proposals_are_preferred_to_others_of_the_same_asking():
    lines = [
        {"family": "f", "ask": ask, "messages": [{"role": "user", "content": f"{ask}?"}], "reply": reply}
        for ask, reply in [(0, "good"), (0, "bad"), (1, "good"), (1, "")]
    ]
    made = pairs(*asked(lines, [0.8, 0.0, 0.0, 0.0]), keep=2, margin=0, seed=0)
    (line,) = made.lines
    assert line["messages"][0]["content"] == "0?" and line["chosen"][0]["content"] == "good"
