"""Gates and checks as JUnit XML, which continuous integration shows test by test.

The suite `gates` has a test for each gate. Each model has a suite with a test for each reply that the suite's author
gave phrases to check (the column `checks`), and for each that failed: an error says that there is no reply, a failure
what the reply was. Nothing in the file depends on when or how fast it was made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from espalier.artifacts.records import write_text
from evaluation.comparison.figures import Results
from evaluation.gate import Outcome
from evaluation.scoring.records import Record

CHECKS = "checks"
"""The column that a suite's `checks` decide."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold, not even escaped."""


def write_junit(path: Path, name: str, results: Results, outcomes: Sequence[Outcome]) -> None:
    """Writes the tests of the scores `name` to `path`, atomically."""
    root = ElementTree.Element("testsuites", name=_plain(name))
    if outcomes:
        suite = ElementTree.SubElement(root, "testsuite", name="gates")
        for outcome in outcomes:
            _gate(suite, name, outcome)
    for contestant in results.contestants:
        if len(contestant.members) == 1 and not contestant.control:
            suite = ElementTree.SubElement(root, "testsuite", name=_plain(contestant.name))
            for record in results.records(contestant.name):
                if record.finish == "error" or CHECKS in record.metrics:
                    _reply(suite, f"{name}.{contestant.name}", record)
    for suite in root:
        _count(suite)
    _count(root)
    ElementTree.indent(root)
    write_text(path, '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n")


def _gate(suite: ElementTree.Element, name: str, outcome: Outcome) -> None:
    test = _test(suite, f"{name}.gates", outcome.text)
    if outcome.passed:
        ElementTree.SubElement(test, "system-out").text = _plain(outcome.why)
    else:
        ElementTree.SubElement(test, "failure", message=_plain(outcome.why), type="gate")


def _reply(suite: ElementTree.Element, classname: str, record: Record) -> None:
    beyond = [f"turn {record.turn + 1}"] if record.turn else []
    beyond += [f"sample {record.sample + 1}"] if record.sample else []
    test = _test(suite, classname, ", ".join([record.case, *beyond]))
    if record.finish == "error":
        ElementTree.SubElement(test, "error", message=_plain(record.error), type="no reply")
    elif record.metrics[CHECKS] < 1:
        why = f": {record.why(CHECKS)}" if record.why(CHECKS) else ""
        message = _plain(f"the reply does not pass its checks{why}")
        failure = ElementTree.SubElement(test, "failure", message=message, type="checks")
        failure.text = _plain(record.reply or record.silence)


def _test(suite: ElementTree.Element, classname: str, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=_plain(classname), name=_plain(name))


def _count(element: ElementTree.Element) -> None:
    for key, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        element.set(key, str(len(list(element.iter(tag)))))


def _plain(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
