"""A loop's report: what it shows of few tries and of several, and that what a model wrote stays text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from espalier.artifacts.records import write_json
from research.autoresearch.reporting import cards, page, tables, tree
from research.autoresearch.reporting.material import Loop, loop_of
from research.autoresearch.reporting.report import write_report
from tests.research.autoresearch.reporting.made import (
    BASE,
    baselines,
    commit,
    experiments,
    record,
    replayed,
    view,
)

EVIL = "</td><script>alert(1)</script>\x00\ud800 & <b>|\n# `x` $$"


def loop(tmp_path: Path, records: list[object] | None = None) -> Loop:
    return loop_of(view(tmp_path, records if records is not None else [*baselines(), *experiments()]))  # type: ignore[arg-type]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7, 11])
def test_few_tries_and_several_are_told_in_both_and_the_same_log_gives_the_same_bytes(
    tmp_path: Path, count: int
) -> None:
    made = view(tmp_path, [*baselines(), *experiments()][:count])
    written = write_report(made, replayed() if count == 11 else None)
    before = files(tmp_path)
    assert written == tmp_path / "report.html" and ("progress.png" in before) == bool(count)
    for drawn in re.findall(r"<svg.*?</svg>", before["report.html"].decode(), re.DOTALL):
        chart = ElementTree.fromstring(drawn)
        _, _, width, height = map(float, chart.attrib["viewBox"].split())
        for dot in (each for each in chart if each.tag == "circle"):
            assert 0 <= float(dot.attrib["cx"]) <= width and 0 <= float(dot.attrib["cy"]) <= height
    for name in ("report.html", "report.md"):
        text = before[name].decode()
        assert "nan" not in text and "None" not in text and "inf" not in text
    write_report(made, replayed() if count == 11 else None)
    assert files(tmp_path) == before


def test_what_a_model_wrote_is_text_and_nothing_runs_on_the_page(tmp_path: Path) -> None:
    text = EVIL.replace("\ud800", "")
    write_report(view(tmp_path, [*baselines(), *experiments(text)]), replayed())
    html, markdown = ((tmp_path / name).read_text() for name in ("report.html", "report.md"))
    assert "<script" not in html and "&lt;script&gt;" in html and "\x00" not in html
    assert "default-src 'none'" in html and " style=" not in html and "http:" not in html and "https:" not in html
    assert "<script" not in markdown and "\n# `x`" not in markdown and "\x00" not in markdown


def test_every_line_stands_with_its_lines_and_parameters_and_what_was_not_committed_has_no_commit(
    tmp_path: Path,
) -> None:
    rows = {row[0]: row for row in tables.tries(loop(tmp_path)).rows}
    assert len(rows) == 11
    assert rows[7][1:7] == ["0000007", "keep", "2.200000", "−0.1000", "190 (−14)", "100,007 (+3)"]
    assert rows[9][1] == "–" and rows[9][-1] == "nothing proposed" and rows[0][5] == "200"


def test_what_was_kept_stands_with_its_effect_and_how_that_is_known(tmp_path: Path) -> None:
    one_run, confirmed, small = tables.worked(loop(tmp_path)).rows
    assert one_run[4] == "−0.1000 (−0.1608 to −0.0392)" and one_run[5] == "one run"
    assert confirmed[4] == "−0.0750 (−0.1100 to −0.0400)" and confirmed[5] == "4 fresh seeds"
    assert small[4].endswith("to +0.0508)"), "by one run nobody knows that it is lower"
    (row,) = tables.worked(loop(tmp_path, [*baselines([2.4]), *experiments()[:2]])).rows
    assert row[4] == "−0.1000 (interval not known)" and row[-1] is None


def test_the_tree_has_what_was_kept_for_a_trunk_and_the_rest_on_what_it_was_tried_on(tmp_path: Path) -> None:
    nodes = tree.tree(loop(tmp_path))
    assert [(node.run.number, [each.run.number for each in node.branches]) for node in nodes] == [
        (0, [3]), (4, [5, 6]), (7, [8, 9]), (10, [])
    ]  # fmt: skip
    many = [record(3 + n, BASE, "discard", 2.5, stands=2.4) for n in range(40)]
    text = tree.in_markdown(loop(tmp_path, [*baselines(), *many]))
    assert text.count("\n") == 13 and text.endswith("and 28 more")


def test_ideas_are_choices_of_the_search_and_proposers_otherwise(tmp_path: Path) -> None:
    rows = {row[0]: row[1:] for row in tables.ideas(loop(tmp_path)).rows}
    assert rows["mlp"][:5] == [2, 1, 1, 0, 0] and rows["mlp"][-1] == "geglu, swiglu"
    assert rows["lr"][:2] == [2, 2] and rows["lr"][6:8] == ["−0.1000", "0000004"]
    assert rows["by endpoint"][:5] == [2, 0, 1, 0, 1]


def test_refused_and_crashed_stand_by_name(tmp_path: Path) -> None:
    rows = tables.failures(loop(tmp_path)).rows
    assert [row[:3] for row in rows] == [
        ["crash", "past its budget", 1],
        ["refused", "touches research/autoresearch/evaluate.py", 1],
        ["refused", "nothing proposed", 1],
    ]


def test_a_run_that_went_far_astray_hides_no_other_and_is_said_to_lie_above(tmp_path: Path) -> None:
    low, high = cards.shown_range(loop(tmp_path)) or (0, 0)
    assert low < 2.19 and 2.41 < high < 3
    assert ("tried", "1 above the picture, at the upper edge") in cards.progress(loop(tmp_path)).keys


def test_runs_of_the_baseline_are_never_taken_for_keeps(tmp_path: Path) -> None:
    made = loop(tmp_path, [*baselines((2.4, 2.3, 2.2)), record(3, BASE, "discard", 2.35, stands=2.3)])
    assert not made.kept and [each.number for each in made.frontier] == [0]
    assert cards.frontier_values(made) == [2.4] * 4


def test_a_baseline_that_crashed_is_told(tmp_path: Path) -> None:
    written = write_report(view(tmp_path, baselines([None])))
    assert "no figure yet" in written.read_text() and not (tmp_path / "progress.png").exists()


def test_trainings_outside_the_walls_and_under_other_conditions_are_said_to_be(tmp_path: Path) -> None:
    made = [*baselines(), record(3, BASE, "keep", 2.2, walls="off", commit=commit(3), budget=30.0)]
    text = (write_report(view(tmp_path, made)).parent / "report.md").read_text()
    assert "Not all trainings ran behind walls: off." in text and "not all can be compared" in text


def test_a_commit_whose_seed_decides_nothing_is_said_to_be_one_run(tmp_path: Path) -> None:
    found = {**replayed(), "alike": [commit(10)]}
    text = (write_report(view(tmp_path, [*baselines(), *experiments()]), found).parent / "report.md").read_text()
    assert "000000a came to the same: its seed decides nothing" in text


def test_who_trains_nothing_stands_beside_the_best(workspace: Path, tmp_path: Path) -> None:
    assert not tables.controls(loop(tmp_path)).rows
    manifest = {"counts": {"bits_per_byte": {"unigram": 4.5, "xz_after_train": 0.9}}}
    write_json(workspace / "corpora/autoresearch-language/manifest.json", manifest)
    names = [row[0] for row in tables.controls(loop(tmp_path)).rows]
    assert names == ["xz, behind what is given to train on", "the frequency of bytes", "the best commit of this loop"]
    mazes = {"counts": {"right_first_moves": {"21": {"any way": 0.4}, "13": {"any way": 0.5}}}}
    write_json(workspace / "corpora/autoresearch-mazes/manifest.json", mazes)
    found = loop_of(view(tmp_path, baselines(), "mazes")).controls
    assert found == {"any way, 13 pixels": 0.5, "any way, 21 pixels": 0.6}


def test_seconds_are_told_by_part_and_what_is_the_loops_own(tmp_path: Path) -> None:
    rows = {row[0]: row[2] for row in tables.costs(loop(tmp_path)).rows}
    assert ("time", "12:17") in page.facts(loop(tmp_path))
    assert rows["train"] == "95.5 %" and rows["of these within the budgets of trainings"] == "89.6 %"
    assert rows["of these the loop's own: to propose, to check, the rest"] == "1.5 %"
