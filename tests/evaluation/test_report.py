"""The report on results whose truth is set by hand."""

import re
from dataclasses import replace

import pytest

from evaluation.cases import Truth
from evaluation.figures import Contestant, Results
from evaluation.lineage import Lineage
from evaluation.metrics import METRICS
from evaluation.play import Record
from evaluation.report import Material, conclusions, write_report
from evaluation.report.examples import before_and_after, failures
from evaluation.suite import Suite

NAMES = ["corrected_present", "good_reply", "explicit_correction", "in_role"]
MOVES = [("recast", "must"), ("hint", "must_not")]


def record(model: str, number: int, good: bool, **changes) -> Record:
    strategy, rule = MOVES[number % 2]
    error = ("tense", "word_order")[number % 3 % 2]
    truth = Truth(learner=f"I go {number}.", strategy=strategy, rule=rule, corrected="you went", error=error)
    metrics = {"explicit_correction": 0.0, "in_role": 1.0, "good_reply": float(good)}
    metrics["corrected_present" if rule == "must" else "corrected_absent"] = float(good)
    found = Record(
        model=model, case=f"c{number}", turn=0, num_turns=1, split="unseen_pairs", cluster=f"k{number}",
        combination=("go", str(number), "tense"), tags=(), messages=[{"role": "user", "content": truth.learner}],
        reply=f"{model} says {number}", finish="stop", num_tokens=1, metrics=metrics, truth=truth, reference=None,
    )  # fmt: skip
    return replace(found, **changes)


def material(old: list[bool], new: list[bool], **changes) -> Material:
    records = [record("old", n, good) for n, good in enumerate(old)] + [record("new", n, g) for n, g in enumerate(new)]
    contestants = [Contestant(name="old", members=("old",)), Contestant(name="new", members=("new",))]
    lineage = Lineage(ancestors=("run:seed",), mixes={}, known=True, summary={})
    cases = ({"name": "a", "prompt": "b"},)
    facts = {
        "name": "toy",
        "command": "python evaluation/run.py --models old new",
        "suite": Suite(name="toy", description="A toy.", truth="By hand.", metrics=tuple(NAMES), cases=cases),
        "metrics": [METRICS[name] for name in NAMES],
        "results": Results(records, contestants, "old", seed=0),
        "lineages": {"old": lineage, "new": lineage},
        "identities": {name: {"content_hash": name * 20} for name in ("old", "new")},
        "mix": "toy (abc)",
        "seed": 0,
    }  # fmt: skip
    return Material(**facts | changes)


def page(found: Material, folder) -> str:
    write_report(found, folder)
    return (folder / "report.md").read_text()


@pytest.mark.parametrize(
    ("old", "new", "opening"),
    [
        ([False] * 80, [True] * 80, "new teaches better than old"),
        ([True] * 80, [False] * 80, "new teaches worse than old"),
        ([False] * 4 + [True] * 4, [False, False, True, True] * 2, "cannot tell which of new and old"),
        ([True] * 80, [True] * 80, "cannot tell which of new and old"),
    ],
)
def test_the_verdict(old, new, opening):
    (paragraph,) = conclusions(material(old, new))
    assert opening in paragraph.splitlines()[0][:80]


def test_the_verdict_says_how_sure_and_how_often():
    (paragraph,) = conclusions(material([False] * 80, [True] * 36 + [False] * 44))
    assert "new 45.0 %, old 0 %" in paragraph and "45.0 more of every 100 replies" in paragraph
    low, high = map(
        float, re.search(r"between \+([\d.]+) and \+([\d.]+) of 100 \(95 % interval; 40 replies\)", paragraph).groups()
    )
    assert 20 < low < 45 < high < 65
    assert "keeps every rule of a good reply at once 45.0 % (old: 0 %)" in paragraph
    assert "new did better 18 times, worse never, as well 22 times" in paragraph
    assert "corrects the learner to the face 0 % (old: 0 %)" in paragraph


def test_fewer_is_better_where_the_metric_says_so():
    found = material([True] * 40, [True] * 40)
    for number, each in enumerate(found.results.records("old")):
        each.metrics["explicit_correction"] = float(number % 2)
    blunt = Suite(**found.suite.model_dump() | {"headline": "explicit_correction"})
    (paragraph,) = conclusions(replace(found, suite=blunt))
    assert "new teaches better than old" in paragraph and "50.0 fewer of every 100" in paragraph
    assert "did better 20 times, worse never" in paragraph


def test_one_model_alone(tmp_path):
    found = material([True] * 10, [True] * 10)
    alone = Results(found.results.records("old"), found.results.contestants[:1], "old", seed=0)
    text = page(replace(found, results=alone, lineages={}), tmp_path)
    assert text.startswith("# old: toy, version 1") and "old reaches 100 %" in text and "Compared with" not in text


def test_the_page_has_its_parts_and_pictures(tmp_path):
    text = page(material([False] * 40, [True] * 30 + [False] * 10), tmp_path)
    for heading in [
        "The same words", "All measures", "Compared with old", "By kind of mistake", "By move", "By kind of hold-out",
        "Where new still fails", "Where the models come from", "What this rests on",
    ]:  # fmt: skip
        assert f"\n## {heading}" in text, heading
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)
    assert pictures == ["toy.png", "toy-mistakes.png"] and all((tmp_path / name).is_file() for name in pictures)
    assert "--models old new" in text and "mix toy (abc)" in text and "By hand." in text
    assert "No model's lineage was trained on" in text and "Dialogues played" not in text


def test_the_same_results_give_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_report(material([False] * 20, [True] * 20), tmp_path / folder)
    for name in ("report.md", "toy.png", "toy-mistakes.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_model_that_may_have_seen_the_cases_is_flagged_at_the_top(tmp_path, toy_mix):
    from espalier.records import read_manifest

    mixes = {"toy": read_manifest(toy_mix)["content_hash"]}
    summary = {"parameters": 10, "parameters_trained": 1}
    leaky = Lineage(ancestors=(), mixes=mixes, known=True, summary=summary)
    found = material([False] * 20, [True] * 20)
    text = page(replace(found, lineages={"old": found.lineages["old"], "new": leaky}), tmp_path)
    caution = "Caution: new was trained on a mix that does not hold out the combinations of 20 of these 20 cases"
    assert caution in text.split("## ")[0] and "1 of 10 (10.0 %)" in text
    unknown = Lineage(ancestors=(), mixes={}, known=False, summary={})
    text = page(replace(found, lineages={"new": unknown}), tmp_path)
    assert "Caution" not in text and "Whether new has seen the combinations of 20 of these 20 cases" in text


def test_hostile_replies_stay_in_their_cells(tmp_path):
    found = material([False] * 4, [True] * 4)
    hostile = "# Ha | <img src=x onerror=alert(1)>\n\n| a | b |\n```\n![](http://e.vil/x.png)"
    for place, each in enumerate(found.results.records("new")):
        found.results.records("new")[place] = replace(each, reply=hostile)
    text = page(found, tmp_path)
    assert "<img" not in text and "\n# Ha" not in text and "![](http" not in text
    lines = text.splitlines()
    start = lines.index("## The same words, every model's reply")
    rows = [line for line in lines[start:] if line.startswith("|")][:4]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_examples_are_drawn_by_lot_one_per_move():
    results = material([False] * 40, [True] * 40).results
    one, again = (before_and_after(results, ["old", "new"], seed) for seed in (0, 0))
    assert one == again and one != before_and_after(results, ["old", "new"], 1)
    assert len(one.splitlines()) == 2 + len(MOVES) and "✗ old says" in one and "✓ new says" in one


def test_marks_and_cuts():
    results = material([True] * 2, [True] * 2).results
    results.records("new")[0] = record("new", 0, False, reply="x" * 500, finish="length")
    results.records("new")[1] = record("new", 1, True, reply="  ", metrics={})
    text = before_and_after(results, ["old", "new"], 0)
    assert "✗ " + "x" * 140 + " […] *(never ends)* |" in text and "| *(says nothing)* |" in text


def test_failures_are_those_of_the_deciding_measure():
    found = material([True] * 40, [True] * 20 + [False] * 20)
    text, total = failures(found.results, found.results.contestants[1], METRICS["corrected_present"], 0)
    assert total == 10 and len(text.splitlines()) == 2 + 6 and "✓" not in text
    assert failures(found.results, found.results.contestants[0], METRICS["corrected_present"], 0)[1] == 0


def test_the_weakest_group_comes_first():
    found = material([True] * 60, [number % 3 != 1 for number in range(60)])
    assert found.groups("error") == ["word_order", "tense"]
