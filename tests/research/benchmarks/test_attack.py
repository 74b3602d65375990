"""The search for templates that win: what it asks, what it finds where there is something, and what it keeps."""

import json
import random

import numpy as np
import pytest

from espalier.errors import UserError
from evaluation.controls import search
from evaluation.controls.base import Scene
from research.benchmarks import attack
from research.benchmarks.attack_search import Asked, changed, crossed, evolution, greedy, vocabulary

SCENES = [
    Scene(
        messages=[
            {"role": "assistant", "content": f"The question is: Ann has {n} bags with {n + 1} {thing} in each."},
            {"role": "user", "content": f"She has {2 * n} {thing} in the bags."},
        ],
        references=("How many are in one bag?",),
        problem=str(n),
    )
    for n, thing in enumerate(["apples", "pears", "plums", "grapes", "melons", "figs", "lemons", "limes"] * 4, start=2)
]


def asks_and_quotes(scenes, replies):
    """A score that wants a quotation and a question mark, and little else."""
    return np.array([('"' in reply) / 2 + reply.endswith("?") / 2 - len(reply) / 10_000 for reply in replies])


@pytest.mark.parametrize("find", [greedy, evolution])
def test_a_search_finds_what_a_score_wants_and_asks_no_more_than_it_may(find):
    asked = []

    def score(scenes, replies):
        asked.append(len(replies))
        assert all(reply and "{" not in reply for reply in replies)
        return asks_and_quotes(scenes, replies)

    budget = Asked(score=score, scenes=SCENES[:16], queries=12_000)
    best = find(budget, random.Random(0))
    assert budget.spent == sum(asked) <= 12_000
    others = Asked(score=asks_and_quotes, scenes=SCENES[16:], queries=0)
    assert others.values(best, range(16)).mean() > 0.9
    again = find(Asked(score=score, scenes=SCENES[:16], queries=12_000), random.Random(0))
    assert again == best


@pytest.mark.parametrize("find", [greedy, evolution])
def test_a_search_with_hardly_a_query_still_gives_a_template(find):
    budget = Asked(score=asks_and_quotes, scenes=SCENES, queries=40)
    assert find(budget, random.Random(0)) and budget.spent <= 40


def test_what_has_no_reply_or_no_score_gets_nothing():
    bare = Scene(messages=[{"role": "user", "content": "Hm."}])
    budget = Asked(score=lambda scenes, replies: np.array([np.nan] * len(replies)), scenes=[bare], queries=9)
    assert budget.values(("{given}?",), [0]).tolist() == [0] and budget.spent == 0
    assert budget.values(("Why?",), [0]).tolist() == [0] and budget.spent == 1


def test_templates_change_and_cross_within_what_templates_are():
    pieces, chance = vocabulary(), random.Random(0)
    assert {piece for each in search.templates()["crafted"] for piece in each.pieces} <= set(pieces)
    assert len(pieces) > 100 and not any("{}" in each or "{problem}" in each for each in pieces)
    living = [(each,) for each in pieces]
    for _ in range(500):
        template = changed(crossed(*chance.sample(living, 2), chance), pieces, chance)
        assert 1 <= len(template) <= 4 and all(template)
        living.append(template)


def test_what_was_found_is_kept_once(tmp_path, monkeypatch, capsys):
    path = tmp_path / "search.yaml"
    path.write_text("# Templates.\ncrafted:\n  - {pieces: [Why?], found: by hand}\ngreedy: []\nevolved: []\n")
    monkeypatch.setattr(search, "FILE", path)
    for _ in range(2):
        search.templates.cache_clear()
        attack.keep({"greedy": (('Look at "{step}".', "So?"), "a command: 0.4 of it")})
    search.templates.cache_clear()
    assert path.read_text().startswith("# Templates.\n")
    (kept,) = search.templates()["greedy"]
    assert kept.pieces == ('Look at "{step}".', "So?") and kept.found == "a command: 0.4 of it"
    assert [each.pieces for each in search.templates()["crafted"]] == [("Why?",)]
    search.templates.cache_clear()


def bridge(path, number, words="it is"):
    turns = [
        {"user": "tutor", "text": f"What are {number} and {number}?"},
        {"user": "student", "text": f"{words} {number}"},
    ]
    replies = {"c_r": [{"text": "Try again."}], "c_r_": [{"text": f"What do you add to {number}?"}]}
    return {"c_id": f"c{number}", "c_h": turns, **replies}


def test_dialogues_are_of_experts_a_problem_once_and_divided(tmp_path, capsys):
    path = tmp_path / "bridge.json"
    rows = [bridge(path, number) for number in range(9)]
    path.write_text(json.dumps([*rows, rows[0]]))
    scenes = attack.read_experts([path])
    assert len(scenes) == 9 and scenes[0].references == ("What do you add to 0?",)
    asked, tried = attack.halves(scenes, attack.Attack(size=100))
    assert len(asked) == len(tried) == 4 and {each.problem for each in asked}.isdisjoint(each.problem for each in tried)
    assert "4 to ask about" in capsys.readouterr().out
    path.write_text("{}")
    with pytest.raises(UserError, match="bridge.json"):
        attack.read_experts([path])


@pytest.mark.parametrize("words", [[], ["--labels", "x.json"]])
def test_without_files_it_says_what_to_name(words, tmp_path, monkeypatch):
    (tmp_path / "x.json").write_text("[]")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="name both"):
        attack.main(words)


def test_the_command_attacks_prints_and_keeps(tmp_path, monkeypatch, capsys):
    dialogues, kept = tmp_path / "bridge.json", tmp_path / "search.yaml"
    dialogues.write_text(json.dumps([bridge(None, number) for number in range(20)]))
    kept.write_text("# Templates.\ncrafted:\n  - {pieces: [Why?], found: by hand}\ngreedy: []\nevolved: []\n")
    monkeypatch.setattr(search, "FILE", kept)
    monkeypatch.setattr(attack, "pedagogy", lambda config, scenes: asks_and_quotes)
    search.templates.cache_clear()
    words = ["--labels", str(dialogues), "--dialogues", str(dialogues), "--queries", "1000", "--seed", "3"]
    attack.main([*words, "--keep"])
    said = capsys.readouterr().out
    assert "experts" in said and "by hand 1" in said and "the score does not hold" in said and "  > " in said
    search.templates.cache_clear()
    (found,) = search.templates()["evolved"]
    assert "--dialogues bridge.json --queries 1000 --seed 3: " in found.found and str(tmp_path) not in found.found
    search.templates.cache_clear()


def test_a_template_is_held_against_experts_where_it_makes_a_reply(capsys):
    bare = [
        Scene(messages=[{"role": "user", "content": "Hm."}], references=("Hm?",), problem=f"bare {n}") for n in range(8)
    ]
    tried = [*SCENES[:8], *bare]
    got = attack.report({"t": ('"{step}" {given}?',), "never": ("{turn}",)}, asks_and_quotes, tried, tried, 0)
    assert got["t"].startswith("2.") and got["never"].startswith("0.00")
    said = capsys.readouterr().out
    assert "50%" in said and said.count("  > ") == 3


def test_the_judge_is_taught_nothing_of_what_is_attacked(tmp_path, monkeypatch):
    rows = []
    for number, thing in enumerate(["apples", "pears", "plums"]):
        history = f"Tutor: The question is: {' '.join([thing] * 6)} in {number} bags?\n Student: {number} {thing}"
        labels = {"Actionability": "Yes", "Mistake_Location": "No"}
        reply = {"Expert": {"response": f"Which {thing}?", "annotation": labels}}
        rows.append({"conversation_id": str(number), "conversation_history": history, "tutor_responses": reply})
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(rows))
    scenes, taught = attack.read_experts([path]), []
    monkeypatch.setattr("evaluation.calibration.asking.classifier", lambda seed: lambda train: taught.append(train))
    attack.pedagogy(attack.Attack(labels=[path]), scenes[:1])
    assert scenes[0].problem not in {each.problem for each in taught[0]} and len(taught[0]) == 2
    with pytest.raises(UserError, match="no problem is left"):
        attack.pedagogy(attack.Attack(labels=[path]), scenes)
