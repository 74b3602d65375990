from pathlib import Path

import pytest

from espalier.errors import UserError
from evaluation.suite import builtin_suites, listed_cases, load_suite


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


def test_the_builtin_suites_load():
    assert "recast" in builtin_suites()
    for name in builtin_suites():
        suite = load_suite(name)
        assert suite.name == name and suite.description and suite.truth and suite.main_metric in suite.metrics


def test_a_plain_list_is_a_suite(tmp_path):
    suite = load_suite(
        write(
            tmp_path,
            "- {name: sums, prompt: 'What is 2 + 2?', criteria: asks how, tags: [maths]}\n- {name: b, prompt: x}\n",
        )
    )
    cases = listed_cases(suite)
    assert suite.name == "mine" and [case.name for case in cases] == ["sums", "b"]
    assert cases[0].messages == [{"role": "user", "content": "What is 2 + 2?"}]
    assert cases[0].learner == "What is 2 + 2?" and cases[0].tags == ("maths",) and cases[0].criteria == "asks how"


def test_messages_and_checks(tmp_path):
    text = """
name: mine
metrics: [checks]
cases:
  - name: a
    messages:
      - {role: system, content: Move hint.}
      - {role: user, content: I goed.}
    checks: {contains: [past], lacks: [went]}
    reference: What is its past?
"""
    (case,) = listed_cases(load_suite(write(tmp_path, text)))
    assert case.checks.lacks == ("went",) and case.reference == "What is its past?" and len(case.messages) == 2


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
        ("- {name: a, prompt: b, messages: [{role: user, content: c}]}\n", "either a prompt or messages"),
        ("- {name: a, messages: [{role: assistant, content: c}]}\n", "learner's turn"),
        ("- {name: a, messages: [{role: tutor, content: c}]}\n", "role"),
        ("name: x\nmetrics: [corected_present]\ncases: [{name: a, prompt: b}]\n", "did you mean corrected_present"),
        ("name: x\nheadline: parses\ncases: [{name: a, prompt: b}]\n", "not among the metrics"),
        ("name: x\ngeneration: {temperature: -1}\ncases: [{name: a, prompt: b}]\n", "generation.temperature"),
        ("just text", "mine.yaml"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path, text, complaint):
    with pytest.raises(UserError) as caught:
        load_suite(write(tmp_path, text))
    assert complaint in str(caught.value) and "mine.yaml" in str(caught.value)


def test_unknown_suite_names_the_nearest():
    with pytest.raises(UserError, match="did you mean recast"):
        load_suite("recats")
