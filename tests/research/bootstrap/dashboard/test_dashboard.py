"""A loop's dashboard: what it shows of few rounds and of many, and that what a model wrote stays text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from espalier.pages.charts import Chart, ridges, ticks_to
from research.bootstrap.bands import BANDS
from research.bootstrap.dashboard.material import Told, spans
from research.bootstrap.dashboard.page import render

EVIL = "</td><script>alert(1)</script>\x00\ud800 & <b>"


def round_of(number: int, *, reply: str = "Map.", gone: bool = False) -> Told:
    scores = [3, 1, 0, 2, 0, 0, 1, 3] if number else [0] * 8
    band = {"share": 0.5, "low": 0.4, "high": 0.6, "at_least": 0.7, "turns": 9}
    who = {"first_person": 0.5, "own_name": 0.25}
    exam: dict[str, Any] = {
        "bands": [band] * 8,
        "controls": {"parrot": {"bands": [{"share": 0.1}] * 8}},
        "controls_pass": [],
        "limit": None,
        "minimal_pairs": {"phenomena": {"article": {**band, "pairs": 60, "shorter": 0.5}}},
        "floor": {"bits_per_byte": 0.3, "floor": 0.2, "excess": 0.5},
        "identity": {"Basil": who, "Sophie": who, "role": None},
        "watched": [{"band": 1, "asked": "Tutor: What is it?", "reply": reply, "model": "Map.", "score": 7}],
    }
    found = {"next_band": 1, "scores": scores, "passed": [True] + [False] * 7, "trained_tokens": 1000}
    said = {} if gone else {"Who are you?": reply}
    return Told(number=number, found=found, exam=None if gone else exam, said=said, seconds=3.0)


def charts(page: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(each) for each in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


@pytest.mark.parametrize("count", [1, 2, 60])
def test_few_rounds_and_many_are_drawn_within_their_charts(count: int) -> None:
    page = render("toy", [round_of(number) for number in range(count)])
    drawn = charts(page)
    # Bands, attempts, eight examinations, a phenomenon, the floor, identity, two costs; scores once there are any.
    assert len(drawn) == 15 + (count > 1) and ("it has only listened" in page) == (count == 1)
    for chart in drawn:
        _, _, width, height = map(float, chart.attrib["viewBox"].split())
        for dot in (each for each in chart if each.tag == "circle"):
            assert 0 <= float(dot.attrib["cx"]) <= width and 0 <= float(dot.attrib["cy"]) <= height
        assert len([each for each in chart if each.tag == "text"]) < 60, "what is written below does not run together"
    assert "nan" not in page and "None" not in page
    assert page == render("toy", [round_of(number) for number in range(count)])


def test_what_a_model_wrote_is_text_and_nothing_runs_on_the_page() -> None:
    page = render(EVIL, [round_of(0, reply=EVIL), round_of(1, reply=EVIL)], ended=EVIL)
    assert "<script" not in page and page.count("&lt;script&gt;") == 5  # title, heading, end, watched, identity
    assert "\x00" not in page and page.encode("utf-8")
    assert "default-src 'none'" in page and " style=" not in page and "http:" not in page and "https:" not in page


def test_an_examination_that_is_gone_is_a_gap_and_is_told() -> None:
    page = render("toy", [round_of(0), round_of(1, gone=True), round_of(2)])
    assert "what they found is missing below: 1." in page
    lines = [each for each in charts(page)[-4] if "line one" in each.attrib.get("class", "")]
    assert len(lines) == 2, "the floor's line does not go on over the gap"
    gone = render("toy", [round_of(0, gone=True)])
    assert "No examination is there." in gone and "Not known in any round." in gone


def test_what_stayed_is_said_once() -> None:
    said = [(0, "a"), (1, "a"), (2, "b"), (3, "a")]
    assert list(spans(said)) == [("0–1", "a"), ("2", "b"), ("3", "a")]


def test_a_figure_stands_at_its_height() -> None:
    chart = Chart([4, 5], [(0, "0"), (1, "1")], height=144)
    chart.line([0.0, 1.0], "one")
    heights = [float(each.attrib["cy"]) for each in ElementTree.fromstring(chart.drawn("<&")) if each.tag == "circle"]
    assert heights == [110.0, 10.0], "from the bottom of the field to its top"
    assert [text for _, text in ticks_to(324)] == ["0", "100", "200", "300", "400"]
    assert ticks_to(0.0)[-1][0] > 0


def test_the_highest_ridge_stays_on_the_picture() -> None:
    picture = ElementTree.fromstring(ridges([1], [[1.0] + [0.0] * 7], "scores"))
    heights = [float(each) for each in re.findall(r"V(-?[\d.]+)", picture[0].attrib["d"])]
    assert min(heights) == 10 and len(BANDS) == 8
