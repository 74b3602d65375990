import xml.etree.ElementTree as ElementTree
from dataclasses import replace

from evaluation.comparison.figures import Contestant, Results
from evaluation.gate import Outcome
from evaluation.junit import write_junit
from evaluation.metrics.base import Column
from tests.evaluation.test_gate import record

CHECKS = Column(name="checks", label="checks", description="")
# What readers rely on (https://github.com/testmoapp/junitxml): these elements in each other, these attributes.
CHILDREN = {"testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure", "error", "system-out"}}
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name", "classname"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "system-out": set(),
}


def check_schema(element: ElementTree.Element) -> None:
    assert set(element.attrib) == ATTRIBUTES[element.tag], element.tag
    assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    if element.tag == "testcase":
        assert len(element) <= 1
    if "tests" in element.attrib:
        for key, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(element.attrib[key]) == len(list(element.iter(tag)))
    for child in element:
        check_schema(child)


def results(records) -> Results:
    contestants = [Contestant(name=name, members=(name,)) for name in dict.fromkeys(r.model for r in records)]
    return Results(records, contestants, contestants[0].name, [CHECKS], seed=0)


def written(tmp_path, records, outcomes=()):
    path = tmp_path / "deep" / "junit.xml"
    write_junit(path, "toy", results(records), outcomes)
    root = ElementTree.fromstring(path.read_bytes())
    check_schema(root)
    assert [each.name for each in path.parent.iterdir()] == ["junit.xml"]
    return root


def test_gates_and_checks_and_failed_replies(tmp_path):
    records = [record("a", 0, checks=1.0), record("a", 1, checks=0.0), record("a", 2), record("a", 3, uptake=1.0)]
    records += [replace(record("b", 0, checks=0.5), turn=1, sample=2)]
    outcomes = [
        Outcome(text="a.rate>=0.6", passed=True, why="b has 1"),
        Outcome(text="c.rate>=0.6", passed=False, why="none"),
    ]
    root = written(tmp_path, records, outcomes)
    assert {key: root.get(key) for key in ("name", "tests", "failures", "errors")} == {
        "name": "toy", "tests": "6", "failures": "3", "errors": "1",
    }  # fmt: skip
    gates, a, b = root
    assert [suite.get("name") for suite in root] == ["gates", "a", "b"]
    assert [test.get("name") for test in gates] == ["a.rate>=0.6", "c.rate>=0.6"]
    assert gates[0].find("system-out").text == "b has 1" and gates[1].find("failure").get("message") == "none"
    assert [[child.tag for child in test] for test in a] == [[], ["failure"], ["error"]]
    assert a[0].get("classname") == "toy.a" and a[2].find("error").get("message") == "429"
    assert a[1].find("failure").text == "x"
    assert b[0].get("name") == "c0, turn 2, sample 3"


def test_no_reply_can_break_the_document(tmp_path):
    nasty = "</failure><evil a='1'/> ]]> &amp; \x00\x07\ud800\ufffe \U0001f600"
    root = written(
        tmp_path,
        [replace(record("a", 0, checks=0.0), reply=nasty, case='c"<>&\x1b')],
        [Outcome(text="<gate>", passed=False, why=nasty)],
    )
    assert root[1][0].find("failure").text == nasty.replace("\x00", "�").replace("\x07", "�").replace(
        "\ud800", "�"
    ).replace("\ufffe", "�")
    assert root[1][0].get("name") == 'c"<>&�' and not list(root.iter("evil"))


def test_the_same_records_give_the_same_bytes(tmp_path):
    texts = []
    for name in ("x", "y"):
        write_junit(tmp_path / name, "toy", results([record("a", 0, checks=1.0)]), [])
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1] and b'<?xml version="1.0" encoding="UTF-8"?>' in texts[0]
