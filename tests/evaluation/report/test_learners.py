"""What each kind of learner gets: the table, the verdict on each model, and when there is none."""

import json
import re
from pathlib import Path

import pytest

from evaluation.backends import controls as controls_backend
from evaluation.controls.base import control
from evaluation.run import main

WORDS = {
    "abuela": "grandmother", "primo": "cousin", "mercado": "market", "cocina": "kitchen", "perro": "dog",
    "iglesia": "church", "barrio": "neighbourhood", "tarea": "homework", "vecino": "neighbour",
}  # fmt: skip
REPLIES = {
    "owned": "{word} is yours, and so is {means}. What did you do there?",
    "explained": "The noun {word} has a gender, so look at its ending: which article goes with it?",
    "canned": "Your Spanish is beautiful! Can you tell me more?",
}
FILES = {
    "apart": ("owned", "explained"),
    "reversed": ("explained", "owned"),
    "alike": ("canned", "canned"),
}
"""By model, what it says to heritage speakers and to L2 learners."""


@control("nothing but the good reply")
def good(scene, chance):
    """The reference itself, which no measure can beat."""
    return scene.references[0]


@control("hello to everybody")
def hello(scene, chance):
    """A greeting."""
    return "Hello! Can you tell me more?"


def suite(workspace: Path) -> Path:
    """Nine requests, each made by a heritage speaker and by an L2 learner."""
    cases = []
    for word, means in WORDS.items():
        for kind, said in (
            ("heritage", f"i always say {word} at home lol"),
            ("l2", f"Why is it la {word} or el {word}?"),
        ):
            known = {"learner_kind": kind, "asked": "affirm" if kind == "heritage" else "explain"}
            reply = REPLIES["owned" if kind == "heritage" else "explained"].format(word=word.title(), means=means)
            cases.append(
                {
                    "name": f"{word}-{kind}",
                    "cluster": word,
                    "prompt": said,
                    "reference": reply,
                    "learner": known | {"switched": [[word, means]], "target_language": "Spanish"},
                }
            )
    path = workspace / "both.yaml"
    metrics = ["suits_learner", "affirmation", "grammar_talk", "switch_rate", "dialect_match", "in_role"]
    path.write_text(json.dumps({"name": "both", "metrics": metrics, "controls": ["hello"], "cases": cases}))
    for name, (to_heritage, to_l2) in FILES.items():
        lines = []
        for word, means in WORDS.items():
            for kind, form in (("heritage", to_heritage), ("l2", to_l2)):
                reply = REPLIES[form].format(word=word.title(), means=means)
                lines.append(json.dumps({"case": f"{word}-{kind}", "reply": reply}) + "\n")
        (workspace / f"{name}.jsonl").write_text("".join(lines))
    return path


@pytest.fixture
def compare(workspace, monkeypatch):
    """Compares some of the models on the suite; gives report and page."""
    path = suite(workspace)
    monkeypatch.setattr(controls_backend, "controls", lambda: {each.name: each for each in (good, hello)})

    def run(*models: str, controls: str = "hello") -> tuple[str, str]:
        named = [f"replies:{workspace / name}.jsonl" for name in models]
        words = ["--suite", str(path), "--name", "s", "--publish", "false", "--redo", "--controls", controls]
        assert main([*words, "--models", *named]) == 0
        folder = workspace / "scores" / "s"
        return (folder / "report.md").read_text(), (folder / "page.html").read_text()

    return run


def test_who_accepts_the_one_and_explains_to_the_other_is_said_to_tell_them_apart(compare):
    report, page = compare("alike", "apart", "reversed")
    assert (
        "**apart tells the two kinds of learner apart.** In replies to heritage speakers what they bring is " in report
    )
    assert re.search(
        r"called theirs 100\.0 points of 100 more \(.* than in those to L2 learners, and grammar is", report
    )
    assert "What suits the learner is given in 100 % (" in report and "; a master teacher's replies: 100 %" in report
    assert "**Whether alike tells the two kinds of learner apart is not said here:** it cannot be shown to do" in report
    assert "**Whether reversed tells" in report, "it does no better than hello, by what suits them"
    told = report.partition("## What each kind of learner gets")[2].partition("\n## ")[0]
    assert [line for line in told.splitlines() if line.startswith("### ")] == [
        "### alike", "### apart", "### reversed", "### a master teacher's replies",
    ]  # fmt: skip
    line = next(line for line in told.partition("### apart")[2].splitlines() if "theirs and right" in line)
    assert "| 100 % (" in line and "| +100.0 (" in line and line.endswith("| 9 | more for heritage speakers |")
    assert (
        "the learners themselves: " in told
        and "Is spoken to in their own variety" not in told.partition("### apart")[0]
    )
    assert '<section id="learners"' in page and 'id="learners-2">apart</h3>' in page
    assert "more for heritage speakers</td>" in page and '<a href="#learners">' in page


def test_the_wrong_way_round_is_said(compare):
    report, _ = compare("apart", "reversed", controls="none")
    assert "**reversed tells the two kinds of learner apart the wrong way round, at least in part.**" in report
    assert "No control was tried against these figures." in report


def test_where_a_control_wins_nothing_is_said_of_any_model(compare):
    report, page = compare("apart", "alike", controls="good")
    said = "Whether a model gives each kind of learner what suits it is not said here:"
    assert f"**{said}** by that measure “nothing but the good reply” does as well as good replies" in report
    assert "tells the two kinds of learner apart" not in report and said in page
    assert "## What each kind of learner gets" in report, "the figures themselves stand"


def test_a_suite_of_one_kind_has_no_such_page(workspace, compare):
    path = workspace / "both.yaml"
    told = json.loads(path.read_text())
    told["cases"] = [each for each in told["cases"] if each["name"].endswith("-l2")]
    path.write_text(json.dumps(told))
    report, page = compare("apart", "alike")
    assert "What each kind" not in report and 'id="learners"' not in page
