"""A loop's report: what it shows of few rounds and of several, and that what a model wrote stays text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import pytest

from research.self_improvement.reporting.report import line, write_report
from tests.research.self_improvement.reporting.made import exam, files, history

EVIL = "</td><script>alert(1)</script>\x00\ud800 & <b>|\n# `x`"
NAMED = SimpleNamespace(name="toy")


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_rounds_and_several_are_told_in_both(workspace: Path, count: int) -> None:
    made = history("toy", count)
    page = write_report(NAMED, made)
    assert page == made.folder.folder / "report.md"
    before = files(page.parent)
    drawn = [
        ElementTree.fromstring(each)
        for each in re.findall(r"<svg.*?</svg>", before["dashboard.html"].decode(), re.DOTALL)
    ]
    assert len(drawn) == (11 if count else 6)
    for chart in drawn:
        _, _, width, height = map(float, chart.attrib["viewBox"].split())
        for dot in (each for each in chart if each.tag == "circle"):
            assert 0 <= float(dot.attrib["cx"]) <= width and 0 <= float(dot.attrib["cy"]) <= height
    for text in map(bytes.decode, before.values()):
        assert "nan" not in text.replace("constantly", "") and "None" not in text
        assert ("The model got better" in text) == bool(count)
        assert ("what the weights add" in text) == bool(count)
    write_report(NAMED, made)
    assert files(page.parent) == before


def test_a_round_that_was_not_taken_is_told_and_is_not_what_is_concluded_of(workspace: Path) -> None:
    text = write_report(NAMED, history("toy", 3)).read_text()
    assert "Round 3 was not taken: sums" in text and "3 rounds, of which 2 were taken" in text
    assert "| round 2 |" in text, "the present model is round 2's"


def test_what_a_model_wrote_is_text_and_nothing_runs_on_the_page(workspace: Path) -> None:
    page = write_report(NAMED, history("toy", 3, text=EVIL.replace("\ud800", "")))
    html = (page.parent / "dashboard.html").read_text()
    assert "<script" not in html and "&lt;script&gt;" in html and "\x00" not in html
    assert "default-src 'none'" in html and " style=" not in html and "http:" not in html and "https:" not in html
    markdown = page.read_text()
    assert "<script" not in markdown and "\n# `x`" not in markdown and "\x00" not in markdown


def test_an_examination_that_is_gone_is_a_gap_and_is_told(workspace: Path) -> None:
    page = write_report(NAMED, history("toy", 2, gone=1))
    assert "missing below: 1." in (page.parent / "dashboard.html").read_text()
    nothing = write_report(NAMED, history("other", 0, gone=0))
    assert "Nothing is held against round 0 yet" in nothing.read_text()


def test_a_round_that_trained_nothing_has_no_examination_and_none_is_missing(workspace: Path) -> None:
    page = write_report(NAMED, history("toy", 2, nothing=2))
    assert "missing below" not in (page.parent / "dashboard.html").read_text()
    text = page.read_text()
    assert "Round 2 was not taken: 0 pairs came of it" in text and "| 2 | no | – |" in text and "| round 1 |" in text


def test_what_is_published_has_no_text_of_a_model(workspace: Path) -> None:
    page = write_report(NAMED, history("toy", 1, text="a program"), publish=True)
    assert page.parent.name == "reports" and "best challenges" not in page.read_text()
    assert "best challenges" in (workspace / "loops/toy/report.md").read_text()


def test_a_round_in_a_line() -> None:
    said = line({"number": 2, "why_not": ["it repeats itself"]}, exam(2))
    assert said.startswith("round 2: it wins ") and "got better" in said and said.endswith("it repeats itself")
