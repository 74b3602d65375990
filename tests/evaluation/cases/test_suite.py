import json
from pathlib import Path

import pytest

from data_mix.dedup.decontaminate import read_benchmark, texts_in
from espalier.errors import UserError
from espalier.suite_file import builtin_suites, find_suite, suites_folder
from evaluation.cases.suite import describe, listed_cases, load_suite
from evaluation.metrics.base import metric


def write(tmp_path, text, name="mine.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def cases_of_file(path):
    return listed_cases(load_suite(path))


def cases_of(tmp_path, text):
    return listed_cases(load_suite(write(tmp_path, text)))


@pytest.mark.parametrize("name", builtin_suites())
def test_the_builtin_suites_load(name):
    suite = load_suite(name)
    assert suite.name == name and suite.description and suite.truth and suite.main_metric in suite.metrics
    assert name in describe(suite)


@pytest.mark.parametrize("name", builtin_suites())
def test_a_mix_can_be_kept_clear_of_every_word_of_a_suite_that_comes_with_espalier(name):
    suite, path = load_suite(name), find_suite(name)
    if suite.heldout or suite.withheld:
        mix = suite.heldout.mix if suite.heldout else "of a learner keeps back"
        with pytest.raises(UserError, match=f"{name}.yaml: there is nothing to keep clear of.*mix {mix}"):
            read_benchmark(path)
        return
    found = {text for _, text in read_benchmark(path).texts}
    specs = [spec.model_dump(mode="json", exclude={"simulated"}) for spec in suite.cases]
    assert specs and {text for spec in specs for text in texts_in(spec)} <= found | {"may", ""}


def test_the_exported_template_is_a_suite(tmp_path):
    text = (suites_folder().parent / "suite_template.yaml").read_text()
    suite = load_suite(write(tmp_path, text))
    cases = {case.name: case for case in listed_cases(suite)}
    assert {"photosynthesis-A1", "photosynthesis-C1", "market-simulated", "capital"} < set(cases)
    assert cases["market"].truth.rule == "must" and cases["photosynthesis-B1"].cluster == "photosynthesis"
    assert [turn.learner for turn in cases["market-dialogue"].script] == ["We buyed apples.", "Yes, red ones!"]
    assert cases["market-dialogue"].script[1].checks.contains == ("red",)


def test_a_plain_list_is_a_suite(tmp_path):
    text = "- {name: sums, prompt: 'What is 2 + 2?', criteria: asks how, tags: [maths]}\n- {name: b, prompt: x}\n"
    suite = load_suite(write(tmp_path, text))
    cases = listed_cases(suite)
    assert suite.name == "mine" and [case.name for case in cases] == ["sums", "b"]
    assert cases[0].messages == [{"role": "user", "content": "What is 2 + 2?"}]
    assert cases[0].learner == "What is 2 + 2?" and cases[0].tags == ("maths",) and cases[0].criteria == "asks how"
    assert "2 cases, 0 of them dialogues" in describe(suite)


def test_a_suite_may_call_its_cases_tests(tmp_path):
    text = """
name: inquiry
description: Asks before it tells.
tests:
  - {name: sums, prompt: 'What is 2 + 2?', criteria: Should ask how, tags: [maths, inquiry]}
  - {name: b, prompt: x, criteria: [Asks., Is brief.], tags: "one, two"}
  - {name: c, prompt: y, criteria: null, tags: null}
"""
    suite = load_suite(write(tmp_path, text))
    first, second, third = listed_cases(suite)
    assert (suite.name, suite.description) == ("inquiry", "Asks before it tells.")
    assert (first.name, first.criteria, first.tags) == ("sums", "Should ask how", ("maths", "inquiry"))
    assert (second.criteria, second.tags, third.criteria, third.tags) == ("Asks.; Is brief.", ("one", "two"), "", ())
    assert "2 say in words what a good reply does (criteria)" in describe(suite)
    assert load_suite(write(tmp_path, "tests: [{name: a, prompt: b}]")).name == "mine"


def test_a_suite_may_be_json(tmp_path):
    data = {"name": "mine", "tests": [{"name": "a", "prompt": "Say \U0001f600", "criteria": "x", "tags": ["y"]}]}
    for suite, name in ((data, "a.json"), (data["tests"], "b.json")):
        (case,) = cases_of_file(write(tmp_path, json.dumps(suite), name))
        assert case.messages[0]["content"] == "Say \U0001f600" and case.criteria == "x"
    lines = "\n".join(json.dumps({"name": name, "prompt": "Say\u2028it."}, ensure_ascii=False) for name in "ab")
    assert [case.name for case in cases_of_file(write(tmp_path, lines, "c.jsonl"))] == ["a", "b"]


def test_messages_and_checks(tmp_path):
    (case,) = cases_of(
        tmp_path,
        """
name: mine
metrics: [checks]
cases:
  - name: a
    messages:
      - {role: system, content: Move hint.}
      - {role: user, content: I goed.}
    checks: {contains: [past], lacks: [went]}
    reference: What is its past?
""",
    )
    assert case.checks.lacks == ("went",) and case.reference == "What is its past?" and len(case.messages) == 2


def test_a_system_message_stands_before_cases_that_have_none(tmp_path):
    text = """
name: mine
system: Be kind.
cases:
  - {name: a, prompt: Hi.}
  - {name: b, messages: [{role: system, content: Be brief.}, {role: user, content: Hi.}]}
"""
    assert [case.messages[0]["content"] for case in cases_of(tmp_path, text)] == ["Be kind.", "Be brief."]


def test_a_choice_asks_for_reasoning_and_a_letter(tmp_path):
    (case,) = cases_of(tmp_path, "- {name: a, prompt: Which?, choices: [this, that], answer: B}\n")
    asked = case.messages[0]["content"]
    assert asked.startswith("Which?\n\nA. this\nB. that\n") and asked.endswith("Answer: LETTER") and case.answer == "B"


@pytest.mark.parametrize(
    ("said", "corrected", "fix"),
    [
        ("Yesterday I go home.", "you went home", "went"),
        ("I have 20 years.", "you are 20 years old", "are 20 years old"),
        ("I saw the sun.", "you saw the sun", ""),
        ("I enjoy in it.", "you enjoy it", "enjoy it"),
    ],
)
def test_the_fix_is_what_the_learner_did_not_say(tmp_path, said, corrected, fix):
    (case,) = cases_of(tmp_path, f"- {{name: a, prompt: '{said}', learner: {{corrected: '{corrected}'}}}}\n")
    assert case.truth.fix == fix and case.truth.learner == said and case.truth.rule == "may"


BASE = """
name: base
system: Be kind.
generation: {max_new_tokens: 7, temperature: 0.5}
metrics: [uptake, checks]
headline: checks
cases: [{name: a, prompt: old}, {name: b, prompt: kept}]
"""


def test_a_suite_extends_another(tmp_path):
    write(tmp_path, BASE, "base.yaml")
    suite = load_suite(
        write(
            tmp_path,
            "name: mine\nextends: base.yaml\ngeneration: {samples: 2}\nmetrics: [asks]\n"
            "cases: [{name: a, prompt: new}, {name: c, prompt: own}]\n",
        )
    )
    assert [(case.name, case.learner) for case in listed_cases(suite)] == [("b", "kept"), ("a", "new"), ("c", "own")]
    assert (suite.generation.max_new_tokens, suite.generation.samples, suite.system) == (7, 2, "Be kind.")
    assert suite.metrics == ("asks",) and suite.main_metric == "asks"


def test_a_suite_cannot_extend_itself(tmp_path):
    write(tmp_path, "name: a\nextends: b.yaml\n", "a.yaml")
    path = write(tmp_path, "name: b\nextends: a.yaml\n", "b.yaml")
    with pytest.raises(UserError, match="extends it in turn"):
        load_suite(path)
    with pytest.raises(UserError, match="no suite 'recats'.*did you mean recast"):
        load_suite(write(tmp_path, "name: c\nextends: recats\n", "c.yaml"))


def test_minimal_pairs_and_texts_are_suites(tmp_path):
    pairs = load_suite(write(tmp_path, '{"sentence_good": "Cats sleep.", "sentence_bad": "Cats sleeps."}\n', "p.jsonl"))
    assert (
        pairs.name == "p" and pairs.metrics == ("prefers_good",) and listed_cases(pairs)[0].texts[1] == "Cats sleeps."
    )
    text = load_suite(write(tmp_path, "Once upon a time.\n", "t.txt"))
    assert text.metrics == ("bits_per_byte",) and listed_cases(text)[0].texts == ("Once upon a time.\n",)


def test_files_of_pairs_lie_beside_the_suite(tmp_path, monkeypatch):
    write(tmp_path, '{"sentence_good": "a", "sentence_bad": "b"}\n', "p.jsonl")
    path = write(tmp_path, "name: mine\npairs: [p.jsonl]\nmetrics: [prefers_good]\n")
    monkeypatch.chdir(Path("/"))
    assert listed_cases(load_suite(path))[0].texts == ("a", "b")


@metric("mine")
def my_own(case, reply):
    """Mine."""
    return 1.0


def test_a_metric_of_ones_own(tmp_path):
    path = write(tmp_path, "name: x\nmetrics: [my_own]\ncases: [{name: a, prompt: b}]\n")
    assert load_suite(path, {"my_own": my_own}).metrics == ("my_own",)
    with pytest.raises(UserError, match="'my_own' is no metric"):
        load_suite(path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("[]", "cases"),
        ("name: x\n", "heldout or at least one"),
        ("name: x\ncases: []\n", "heldout or at least one"),
        ("name: x\nname: y\n", "stands twice"),
        ("name: x\ncases:\n\t- {name: a, prompt: b}\n", "tab"),
        ("name: x\ncase: []\n", "did you mean cases"),
        ("- {name: a, prompt: b}\n- {name: a, prompt: c}\n", "two cases are called 'a'"),
        ("- {name: a}\n", "either a prompt or messages"),
        ("- {name: a, prompt: ' '}\n", "empty prompt"),
        ("- {name: a, prompt: b, messages: [{role: user, content: c}]}\n", "either a prompt or messages"),
        ("- {name: a, messages: [{role: assistant, content: c}]}\n", "learner's turn"),
        ("- {name: a, messages: [{role: tutor, content: c}]}\n", "role"),
        ("- {name: a, prompt: b, choices: [c, d], answer: C}\n", "a letter from A on"),
        ("- {name: a, prompt: b, choices: [c, d], answer: A, turns: [e]}\n", "has one reply"),
        ("- {name: a, prompt: b, simulated: {turns: 3}}\n", "wants learner.error"),
        ("- {name: a, prompt: b, turns: [c], simulated: {}}\n", "not both"),
        ("- {name: a, prompt: b, learner: {level: D1}}\n", "level"),
        ("name: x\nmetrics: [corected_present]\ncases: [{name: a, prompt: b}]\n", "did you mean corrected_present"),
        ("name: x\nmetrics: [uptake, uptake]\ncases: [{name: a, prompt: b}]\n", "stands twice"),
        ("name: x\nheadline: parses\ncases: [{name: a, prompt: b}]\n", "not among the metrics"),
        ("name: x\ngeneration: {temperature: -1}\ncases: [{name: a, prompt: b}]\n", "generation.temperature"),
        ("name: x\ngeneration: {samples: 3}\ncases: [{name: a, prompt: b}]\n", "set a temperature"),
        ("name: x\ntemplates: [{name: a, case: {prompt: b}}]\n", "either a grid or rows"),
        ("name: x\ntemplates: [{name: a, grid: {b: []}, case: {prompt: b}}]\n", "has no values"),
        ("name: x\ntemplates: [{name: a, grid: {b: [1]}, case: {prompt: '{{ c }}'}}]\n", "its parameters are b"),
        ("name: x\ntemplates: [{name: a, grid: {b: [1, 2]}, case: {prompt: x}}]\n", "two cases are called 'a'"),
        ("name: x\npairs: [p.jsonl]\ncases: [{name: a, prompt: b}]\n", "a suite of their own"),
        ("just text", "mine.yaml"),
        ("tests: []\ncases: []\n", "has both cases and tests"),
        ("tests: {a: b}\n", "cases"),
        ("tests: [{name: a, prompt: b, difficulty: 3, expected: c}]\n", "case 'a': difficulty: unknown key"),
        ("tests: [{name: a, prompt: b, difficulty: 3, expected: c}]\n", "case 'a': expected: unknown key"),
        ("tests: [{name: a, prompt: b}]\nauthor: me\n", "author: unknown key"),
        ("tests: [{name: a, prompt: b, tags: [1]}]\n", "case 'a': tags.0"),
        ("tests: [{name: a, prompt: b, criteria: {c: d}}]\n", "case 'a': criteria"),
        ("extends: level_fit\nname: x\ncases: [{name: z, prompt: b, x: 1}]\n", "case 'z': x: unknown key"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path, text, complaint):
    with pytest.raises(UserError) as caught:
        load_suite(write(tmp_path, text))
    assert complaint in str(caught.value) and "mine.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"name": "x", "name": "y"}', "'name' stands twice"),
        ('{"name": ', "mine.json: not JSON"),
        ("[" * 100_000, "mine.json: not JSON"),
        ('{"name": "x", "templates": [{"name": "a"}]}', "templates.0"),
    ],
)
def test_what_is_wrong_in_json_is_said_with_the_file(tmp_path, text, complaint):
    with pytest.raises(UserError, match="mine.json") as caught:
        load_suite(write(tmp_path, text, "mine.json"))
    assert complaint in str(caught.value)


def test_unknown_suite_names_the_nearest():
    with pytest.raises(UserError, match="did you mean recast"):
        load_suite("recats")
