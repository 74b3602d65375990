import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier import report
from espalier.report import Markup, escape, percent, table


def cells(line: str) -> list[str]:
    """The cells of a Markdown table's line, as a renderer splits them."""
    return [part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_table_sets_numbers_right_and_dashes_nothing():
    lines = table(["run", "loss", "steps", "done"], [["a", 1.23456, 1200, True], ["b", None, 3, False]]).splitlines()
    assert cells(lines[0]) == ["run", "loss", "steps", "done"]
    assert cells(lines[1]) == ["---", "---:", "---:", "---:"]
    assert cells(lines[2]) == ["a", "1.235", "1,200", "yes"] and cells(lines[3]) == ["b", "–", "3", "no"]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="row 1 has 1 cells"):
        table(["a", "b"], [[1, 2], [1]])


def test_markup_is_left_as_it_is():
    assert "**bold**" in table(["a"], [[Markup("**bold**")]]) and r"\*\*bold\*\*" in table(["a"], [["**bold**"]])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b", r"a \| b"),
        ("<script>", "&lt;script&gt;"),
        ("one\ntwo\r\nthree", "one<br>two<br>three"),
        ("![x](http://e.vil)", r"!\[x\](http://e.vil)"),
        ("must_not _it_", r"must_not \_it\_"),
        ("`code` $x$ ~a~ \\", r"\`code\` \$x\$ \~a\~ \\"),
        ("&lt;", "&amp;lt;"),
        ("\x1b[31m", "\N{REPLACEMENT CHARACTER}\\[31m"),
    ],
)
def test_escape(text, shown):
    assert escape(text) == shown


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), max_size=4))
def test_no_text_breaks_a_table(rows):
    lines = table(["a", "b"], rows).split("\n")
    assert len(lines) == len(rows) + 3 and lines[-1] == ""
    assert all(len(cells(line)) == 2 and "<script" not in line for line in lines[:-1])


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.973, "97.3 %"),
        (0.99999, ">99.9 %"),
        (0.00001, "<0.1 %"),
        (1.5, "150.0 %"),
        (math.nan, "–"),
    ],
)
def test_percent_never_rounds_to_certainty(share, shown):
    assert percent(share) == shown


def test_percent_without_decimals():
    assert [percent(share, 0) for share in (0.0, 0.002, 0.236, 0.998, 1.0)] == ["0 %", "<1 %", "24 %", ">99 %", "100 %"]


METRICS = [{"step": step, "loss": 5 / (1 + step)} for step in range(100)] + [{"step": 50, "heldout_loss": 0.2}]


def draw(kind: str, path, *, title: str = "A $title$ with_marks"):
    if kind == "loss":
        return report.loss_curve([*METRICS, {"step": 3}, {"step": 4, "loss": math.nan}], path, floor=0.1, title=title)
    series = {"$a": [(0.5, 0.4, 0.6), None], "b_": [(1.0, 0.9, 1.0), (0.0, 0.0, 0.1)]}
    bands = [[("strong", (0.7, 0.6, 0.8)), ("weak", (0.0, 0.0, 0.1))], []] if kind == "bands" else ()
    return report.interval_bars(["x", "y"], series, path, title=title, bands=bands, bands_are="$what$ they_are")


@pytest.mark.parametrize("kind", ["loss", "interval_bars", "bands"])
def test_pictures_are_the_same_bytes_for_the_same_numbers(tmp_path, kind):
    first, second = draw(kind, tmp_path / "new" / "a.png"), draw(kind, tmp_path / "b.png")
    assert first.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and first.read_bytes() == second.read_bytes()
    assert draw(kind, tmp_path / "c.png", title="Another").read_bytes() != first.read_bytes()
    for chunk in (b"tEXt", b"tIME", b"iTXt"):
        assert chunk not in first.read_bytes()


def test_pictures_of_nothing(tmp_path):
    report.loss_curve([], tmp_path / "a.png")
    report.interval_bars([], {}, tmp_path / "b.png")
    assert all((tmp_path / f"{name}.png").stat().st_size > 0 for name in "ab")


def test_the_running_mean_is_a_mean():
    assert report._smooth([0, 3, 6, 9], 3) == [1.5, 3, 6, 7.5]
