import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.errors import UserError
from espalier.suite_templates import MAX_CASES, Template, expand


def made(name, case, **parameters):
    return expand(Template(name=name, case=case, **parameters), "mine.yaml")


def test_every_combination_of_a_grid():
    found = made(
        "sum-{{ a }}-{{ b }}",
        {"prompt": "{{ a }} + {{ b }}?", "answer": "{{ a + b }}"},
        grid={"a": [1, 2], "b": [3, 4]},
    )
    assert [case["name"] for case in found] == ["sum-1-3", "sum-1-4", "sum-2-3", "sum-2-4"]
    assert found[3] == {"name": "sum-2-4", "prompt": "2 + 4?", "answer": "6"}


def test_rows_and_holes_anywhere():
    messages = [{"role": "user", "content": "{{ who.name }}?"}]
    case = {"messages": messages, "tags": ["{{ who.tag }}", "plain"], "simulated": {"turns": 3}}
    (found,) = made("{{ who.tag }}", case, rows=[{"who": {"name": "Ada", "tag": "a"}}])
    assert found["name"] == "a" and found["messages"] == [{"role": "user", "content": "Ada?"}]
    assert found["tags"] == ["a", "plain"] and found["simulated"] == {"turns": 3}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{{ a", "no jinja2"),
        ("{% for x in %}", "no jinja2"),
        ("{{ b }}", "its parameters are a"),
        ("{% include '/etc/passwd' %}", "cannot be filled"),
        ("{% import 'os' as os %}", "cannot be filled"),
        ("{{ ''.__class__.__mro__ }}", "may not have"),
        ("{{ self.__init__.__globals__ }}", "may not have"),
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "may not have"),
        ("{{ 'x' * 10000000000 }}", "may not have"),
        ("{{ 10 ** 100000000 }}", "may not have"),
        ("{{ range(1000000000) | list }}", "cannot be filled"),
        ("{{ a / 0 }}", "cannot be filled"),
    ],
)
def test_what_a_template_may_not_do(text, complaint):
    with pytest.raises(UserError, match=complaint) as caught:
        made("case", {"prompt": text}, grid={"a": [1]})
    assert "mine.yaml: template 'case'" in str(caught.value)


def test_too_many_cases():
    with pytest.raises(UserError, match=f"{MAX_CASES:,} is the most"):
        made("{{ a }}{{ b }}", {"prompt": "x"}, grid={"a": list(range(200)), "b": list(range(200))})


@given(st.text(), st.text())
def test_a_text_without_holes_and_a_parameter_stay_as_they_are(text, value):
    plain = text.replace("{", "(")
    (case,) = made("n", {"prompt": plain, "criteria": "{{ value }}"}, rows=[{"value": value}])
    assert case["prompt"] == plain and case["criteria"] == value
