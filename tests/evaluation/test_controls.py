"""The command with replies that were made to win: what it says, what it withholds, and what it refuses."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from espalier.artifacts import records, registry
from espalier.artifacts.code_behind import contents_of
from espalier.artifacts.kinds import of_word
from espalier.command_line.listing import show
from espalier.errors import UserError
from evaluation.backends import controls as controls_backend
from evaluation.config import EvaluateConfig
from evaluation.controls import base
from evaluation.plan import read_questions
from evaluation.run import main
from tests.evaluation.toy_controls import TOYS

NOUNS = ["dog", "cat", "horse", "cow", "goat", "duck", "hen", "fox", "owl", "bee", "ant", "bat"]
FILES = ("records.jsonl", "summary.json", "report.md", "report.json", "page.html", "side-by-side.txt", "s.png")


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setattr(controls_backend, "controls", lambda: TOYS)


@pytest.fixture
def suite(workspace) -> Path:
    """Twelve learners of animals; a good reply names the animal, and half of the dialogues began before."""
    cases = []
    for place, noun in enumerate(NOUNS):
        before = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": f"Tell me of a {noun}."}]
        asked = {"role": "user", "content": f"I seed one {noun}."}
        found = {
            "name": noun,
            "messages": [*before[: 2 * (place % 2)], asked],
            "reference": f"You saw a {noun}! Where?",
        }
        cases.append(found)
    path = workspace / "animals.yaml"
    path.write_text(json.dumps({"name": "animals", "metrics": ["uptake", "asks", "in_role"], "cases": cases}))
    return path


@pytest.fixture
def compared(workspace, suite):
    """The command line that compares a model that names most animals with one that names few of them."""
    words = ["--suite", str(suite), "--name", "s", "--publish", "false", "--models"]
    for name, most in (("poor", 2), ("good", 11)):
        path = workspace / f"{name}.jsonl"
        lines = [{"case": noun, "reply": f"A {noun}!" if n < most else "Hm."} for n, noun in enumerate(NOUNS)]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        words.append(f"replies:{path}")
    return words


def said(capsys, *words, code=0) -> str:
    capsys.readouterr()
    assert main(list(words)) == code
    return capsys.readouterr().out


def report(workspace) -> str:
    return (workspace / "scores" / "s" / "report.md").read_text()


def test_a_control_that_is_beaten_is_named_with_its_margin(workspace, compared, capsys):
    out = said(capsys, *compared, "--controls", "canned,elsewhere,cheered")
    opening = report(workspace).split("\n\n")[1]
    assert opening.startswith("**good teaches better than poor, and chance can hardly explain it.** 2 controls, ")
    by = r"Good replies beat both, the strongest, [^,]*, by 100\.0 of 100 \(7\d\.\d to 100\.0\)\. good beats them too\."
    assert re.search(by, opening), opening
    assert "Nothing that was added to good replies raises it (1 tried)." in opening
    assert "poor is not told from " in opening and "0 % against 16.7 %" in opening
    assert re.sub(r"\*", "", opening) in out


def test_a_salad_that_wins_withholds_the_verdict_and_fails_the_gate(workspace, compared, capsys):
    gates = ["--gate", "uptake.rate>=0.5", "no_regression:poor", "control:salad:uptake.rate<0.3", "in_role.rate>0.9"]
    words = [*compared, "--publish", "true", "--controls", "salad,canned", "--junit", str(workspace / "j.xml")]
    out = said(capsys, *words, *gates, code=1)
    opening = report(workspace).split("\n\n")[1]
    assert opening.startswith("**Who teaches better cannot be told: by “takes up the learner's words”, which decides, ")
    why = "“the learner's words in any order” does as well as good replies (100 % against 100 %), "
    assert f"{why}so it does not measure teaching here.**" in opening
    assert "teaches better than" not in out and "teaches better than" not in report(workspace)
    assert "gate FAILED: uptake.rate>=0.5 (no gate may use uptake on these cases: “the learner's words in any" in out
    assert "gate passed: no_regression:poor" in out and "; passed over uptake, where replies made to win" in out
    assert "gate FAILED: control:salad:uptake.rate<0.3 (control:salad has as much as 1)" in out
    assert "gate passed: in_role.rate>0.9" in out, "a reply that says nothing keeps to its role too"
    failures = ElementTree.parse(workspace / "j.xml").getroot().iter("failure")
    assert "no gate may use uptake" in next(failures).get("message")
    manifest = records.read_manifest(workspace / "scores" / "s")
    assert manifest["withheld"].startswith("“the learner's words in any order” does")
    log = (workspace / "agents" / "RUNLOG.md").read_text()
    assert "good 91.7 %" in log and "(verdict withheld: “the learner's words in any order” does as well as good" in log
    (scores,) = registry.survey([of_word("scores")])
    assert scores.about.endswith(", verdict withheld") and scores.parents.keys() == {
        "file:poor.jsonl",
        "file:good.jsonl",
    }
    show("scores:s", config=False)
    assert re.search(rf"evaluator +{manifest['evaluator']['pin']}", capsys.readouterr().out.partition("Summary")[0])
    again = said(capsys, *words, *gates, code=1)
    assert "already complete" in again and "gate FAILED: uptake.rate>=0.5 (no gate may use" in again


def test_without_controls_the_same_gate_passes_and_the_report_says_that_nothing_was_tried(workspace, compared, capsys):
    out = said(capsys, *compared, "--controls", "none", "--gate", "uptake.rate>=0.5")
    assert "gate passed" in out and "good teaches better than poor" in out
    assert "No control was run, so nothing was tried against this figure (--controls all runs them)." in report(
        workspace
    )


def test_what_cannot_be_made_is_counted_and_said(workspace, compared, capsys):
    out = said(capsys, *compared, "--controls", "again,canned")
    assert "note: 1 of 2 controls cannot be made for every case: control:again not for 6 of 12" in out
    section = report(workspace).partition("## What was tried against it")[2].partition("\n## ")[0]
    assert re.search(
        r"\| `control:again` \| the tutor's turn before, again \| borrowed \| 6 \| 6 \|.*\| too few cases \|", section
    )
    assert "One control, replies made to win without teaching, was tried. Good replies beat it, " in report(workspace)
    assert "What is missing" not in report(workspace)
    summary = json.loads((workspace / "scores" / "s" / "summary.json").read_text())
    assert summary["tried"]["not_made"] == {"control:again": 6} and summary["tried"]["against"] == "rule:reference"
    lines = [line for line in records.read_jsonl(workspace / "scores/s/records.jsonl") if line["finish"] == "error"]
    assert [line["metrics"] for line in lines if line["model"] == "control:again"] == [{}] * 6


def test_where_no_reply_is_known_to_be_good_the_bar_is_the_best_model(workspace, suite, compared, capsys):
    suite.write_text(re.sub(r', "reference": "[^"]*"', "", suite.read_text()))
    said(capsys, *compared, "--controls", "salad,elsewhere")
    opening = report(workspace).split("\n\n")[1]
    assert "does better than the best of the models" in opening or "the best of the models on these" in opening
    assert "rule:reference" not in report(workspace) and "control:elsewhere not for 12 of 12" not in opening


def test_two_models_at_the_floor(workspace, compared, capsys):
    words = [word.replace("good.jsonl", "poor2.jsonl") for word in compared]
    (workspace / "poor2.jsonl").write_text((workspace / "poor.jsonl").read_text())
    out = said(capsys, *words, "--controls", "canned")
    assert "Both models are at the floor: neither poor nor poor2 can be shown to do better than replies that" in out


def test_a_dialogue_is_answered_at_its_first_turn_alone(workspace, suite, capsys):
    data = json.loads(suite.read_text())
    data["cases"][0]["turns"] = [{"says": "He was big.", "reference": "Big?"}]
    suite.write_text(json.dumps(data))
    said(capsys, "--suite", str(suite), "--models", "rule:reference", "--controls", "salad", "--name", "s")
    lines = list(records.read_jsonl(workspace / "scores" / "s" / "records.jsonl"))
    turns = {name: [line["turn"] for line in lines if line["case"] == "dog" and line["model"] == name] for name in
             ("rule:reference", "control:salad")}  # fmt: skip
    assert turns == {"rule:reference": [0, 1], "control:salad": [0]}


def test_warm_runs_and_redo_give_equal_bytes(workspace, compared):
    words = [*compared, "--controls", "all"]
    assert main(words) == 0
    folder = workspace / "scores" / "s"
    before = {name: (folder / name).read_bytes() for name in FILES}
    assert main(words) == 0 and main([*words, "--redo"]) == 0
    assert {name: (folder / name).read_bytes() for name in FILES} == before


def test_who_stands_beside_them_changes_nothing_of_the_models(workspace, compared):
    def of_models() -> list:
        found = list(records.read_jsonl(workspace / "scores" / "s" / "records.jsonl"))
        return [line for line in found if line["model"] in ("poor", "good")]

    assert main([*compared, "--controls", "none"]) == 0
    alone = of_models()
    assert main([*compared, "--controls", "all", "--redo"]) == 0 and of_models() == alone


def test_a_pin_knows_its_controls(suite, capsys, monkeypatch):
    def pin(*words):
        return said(capsys, "--suite", str(suite), *words, "--print-pin").strip()

    none, one, both = pin(), pin("--controls", "salad"), pin("--controls", "salad", "canned")
    assert (
        len({none, one, both}) == 3 and pin("--controls", "canned,salad") == both and pin("--controls", "none") == none
    )
    edited = contents_of(controls_backend.FOLDER)
    assert {f"evaluation/controls/{name}" for name in ("frames.yaml", "search.yaml", "material.py")} <= set(edited)
    edited["evaluation/controls/frames.yaml"] = "edited"
    monkeypatch.setattr(controls_backend, "contents_of", lambda place: edited)
    assert pin("--controls", "salad") != one


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["slad"], "--controls slad: no control, and no kind of them; did you mean salad?"),
        (["salad,borowed"], "did you mean borrowed?"),
        (["zzzz"], "there are canned, salad, again, elsewhere, cheered, and all"),
        (["none", "salad"], "none: means no controls"),
    ],
)
def test_names_are_checked_before_anybody_is_asked(workspace, compared, words, complaint):
    with pytest.raises(UserError, match=re.escape(complaint)):
        main([*compared, "--controls", *words])
    assert not (workspace / "scores").exists()


def test_who_is_tried_where_nobody_says_whom(suite, monkeypatch):
    def names(**config):
        questions = read_questions(EvaluateConfig(suite=str(suite), **config))
        return [each.name for each in questions.controls]

    monkeypatch.setattr(controls_backend, "DEFAULT", ("salad",))
    assert names() == []
    text = suite.read_text()
    suite.write_text(text.replace('["uptake"', '["pedagogy", "uptake"'))
    assert names() == ["rule:reference", "control:salad"] and names(controls=["none"]) == []
    assert names(controls=["borrowed"]) == [
        "rule:reference",
        *(f"control:{name}" for name in ("salad", "again", "elsewhere")),
    ]
    for named, found in (('["none"]', []), ('["rule:reference", "canned"]', ["rule:reference", "control:canned"])):
        suite.write_text(text.replace('"cases"', f'"controls": {named}, "cases"'))
        assert names() == found and names(controls=["none"]) == found[:1]
    suite.write_text(text.replace('"cases"', '"controls": ["cannned"], "cases"'))
    with pytest.raises(UserError, match="suite animals: controls: cannned: no control, .*did you mean canned"):
        names()


def test_every_family_that_there_is_can_be_played(workspace, monkeypatch, capsys):
    monkeypatch.setattr(controls_backend, "controls", base.controls)
    families = base.controls()
    assert set(controls_backend.DEFAULT) <= families.keys()
    assert {families[name].kind for name in controls_backend.DEFAULT} == {each.kind for each in families.values()}
    words = ["--suite", "pedagogical", "--models", "rule:reference", "--name", "s", "--limit", "8"]
    said(capsys, *words, "--controls", "all")
    summary = json.loads((workspace / "scores" / "s" / "summary.json").read_text())
    played = {name.removeprefix("control:") for name in summary["contestants"]} - {"rule:reference"}
    assert played == families.keys() and len(summary["tried"]["too_few"]) > len(families) / 2
    lines = list(records.read_jsonl(workspace / "scores" / "s" / "records.jsonl"))
    assert len(lines) == 8 * (1 + len(families))
