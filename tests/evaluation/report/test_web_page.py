"""The page as a file: nothing in it becomes markup, all of it is there, and it is not too large."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics.base import Column
from evaluation.report.web.cases import cases_data
from evaluation.report.web.figures import figures_data
from evaluation.report.web.page import embedded, inline, write_page
from tests.evaluation.report.made_up import ASKS, COLUMNS, HOSTILE, against, record, summary


class Page(HTMLParser):
    """What a browser would find in a page: its elements with their texts, and the policy."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.inside = ""
        self.attributes: list[dict[str, str | None]] = []
        self.text: dict[str, list[str]] = {}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.tags.append(tag)
        self.attributes.append(dict(attrs))
        self.text.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.text[self.inside][-1] += data

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script reads."""
        found: dict[str, Any] = json.loads(self.text["script"][0])
        return found


def written(folder: Path, **changes: Any) -> Path:
    facts = {
        "title": "new against old", "conclusions": [], "summary": summary(), "columns": COLUMNS,
        "models": ["old", "new"], "records": [record("old", "a"), record("new", "a")], "seen": {}, "facts": [],
    }  # fmt: skip
    return write_page(folder, **facts | changes)


def test_hostile_texts_are_data_wherever_they_stand(tmp_path):
    records = [
        record(
            "old", f"{text} {number}", text, tags=(text,), messages=[{"role": text, "content": text}], criteria=text,
            reference=text, answer=text, notes={"asks": {"why": text, "votes": {text: 1.0}}}, error=text,
        )
        for number, text in enumerate(HOSTILE)
    ]  # fmt: skip
    plain = Page(written(tmp_path / "plain", conclusions=["a"] * 6, facts=[("a", "b")] * 6))
    page = Page(
        written(
            tmp_path,
            title=HOSTILE[0],
            conclusions=HOSTILE,
            facts=[(text, text) for text in HOSTILE],
            records=records,
            columns=[Column(name="asks", label=HOSTILE[0], description=HOSTILE[1])],
            seen={"old": {f"{HOSTILE[0]} 0": HOSTILE[1]}},
        )
    )
    assert page.tags == plain.tags
    assert page.attributes[4:] == plain.attributes[4:]  # the policy is among the first
    assert page.text["title"] == page.text["h1"] == [HOSTILE[0]]
    replies = [case["rounds"][0]["replies"][0] for case in page.data["cases"]]
    assert [reply["text"] for reply in replies[:4]] == HOSTILE[:4]
    assert replies[4]["text"] == "half a pair: \N{REPLACEMENT CHARACTER}"
    assert replies[0]["seen"] == HOSTILE[1]


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_embedded_data_is_json_that_cannot_end_its_script(data):
    text = embedded(data)
    assert json.loads(text) == data
    assert not re.search("[<\u2028\u2029]", text)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**new teaches better.** What decides", "<strong>new teaches better.</strong> What decides"),
        ("*asks* and **a *b* c**", "<em>asks</em> and <strong>a <em>b</em> c</strong>"),
        (r"5 \* 3 \*\*not\*\* must\_not \\ \`x\`", r"5 * 3 **not** must_not \ `x`"),
        ("&lt;b&gt; &amp; <b>", "&lt;b&gt; &amp; &lt;b&gt;"),
        ("one<br>two", "one<br>two"),
        ("**never closed", "<strong>never closed</strong>"),
        ("**a *b** c*", "<strong>a <em>b</em></strong> c<em></em>"),
        ("ends with \\", "ends with \\"),
    ],
)
def test_inline_markdown(markdown, expected):
    assert inline(markdown) == expected


@given(st.lists(st.sampled_from(["*", "**", "\\", "<br>", "<b>", "&lt;", "&", "x", '"']) | st.text(max_size=3)))
def test_inline_markdown_makes_nothing_but_its_own_tags(parts):
    found = inline("".join(parts))
    opened = re.findall("<(strong|em)>", found)
    assert sorted(opened) == sorted(re.findall("</(strong|em)>", found))
    assert "<" not in re.sub("</?(strong|em)>|<br>", "", found)
    assert html.escape(html.unescape(re.sub("<[^<]*>", "", found))) == re.sub("<[^<]*>", "", found)


def test_the_policy_allows_this_script_and_this_style_and_nothing_else(tmp_path):
    page = Page(written(tmp_path))
    policy = next(found["content"] for found in page.attributes if "http-equiv" in found)
    assert policy is not None and policy.startswith("default-src 'none'; ")
    assert re.findall("'(sha256-[^']+)'", policy) == [
        "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (page.text["script"][1], page.text["style"][0])
    ]
    assert "unsafe" not in policy and "http" not in policy
    assert not any({"src", "style", "onclick"} & found.keys() for found in page.attributes)


def test_the_script_makes_no_markup_of_texts():
    for path in (Path("evaluation/report/web/assets")).glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", path.read_text()
        )


def test_the_same_input_gives_the_same_bytes(tmp_path):
    assert written(tmp_path / "a").read_bytes() == written(tmp_path / "b").read_bytes()


def test_a_thousand_cases_of_three_models_are_under_ten_megabytes(tmp_path):
    columns = [Column(name=f"c{number}", label=f"column {number}", description="A column.") for number in range(40)]
    records = [
        record(
            model, f"case-{number:04d}", f"{model} {number} " * 40,
            messages=[{"role": "system", "content": "Teach. " * 60}, {"role": "user", "content": f"{number} " * 60}],
            metrics={column.name: 0.12345 + number / 7000 for column in columns},
            notes={f"c{place}": {"why": "It asks for more.", "votes": {"a": 0.5, "b": None}} for place in range(9)}
            | {f"c{place}": {"why": f"“some words” of {model}, {number % (place + 1)}"} for place in range(9, 40)},
            criteria=f"{number} " * 60, reference=f"{number} " * 60,
        )
        for number in range(100) for model in ("old", "new", "third")
    ]  # fmt: skip
    written(tmp_path, records=records[:3], columns=columns, models=["old", "new", "third"])
    frame = (tmp_path / "page.html").stat().st_size
    written(tmp_path, records=records, columns=columns, models=["old", "new", "third"])
    assert frame + 10 * ((tmp_path / "page.html").stat().st_size - frame) < 10_000_000


def test_replies_stand_by_round_with_what_is_special_of_them():
    said = [{"role": "user", "content": "Hello."}]
    later = [*said, {"role": "assistant", "content": "Why?"}, {"role": "user", "content": "Because."}]
    records = [
        record("new", "talk", "Oh?", turn=1, messages=later, num_turns=2),
        record("new", "talk", messages=said, num_turns=2, finish="length"),
        record("old", "talk", messages=said),
        record("old", "sum", "So 5. Answer: B", answer="A", metrics={"sound_reasoning": 0.7}),
        record("new", "sum", "", finish="error", metrics={}),
        record("rule", "sum", "Hm?"),
        record("old", "pair", "", reasoning="Hm", silence="nothing said", remarks=("odd",)),
        record("new", "pair", "", messages=[], log_likelihoods=(-1.5, -2.25)),
    ]
    found = cases_data(records, [ASKS], ["old", "new"], {"new": {"talk": "mix"}})
    assert [case["name"] for case in found["cases"]] == ["talk", "sum", "pair"]
    talk, total, pair = (case["rounds"] for case in found["cases"])
    assert [(each["turn"], [bool(reply) for reply in each["replies"]]) for each in talk] == [
        (0, [True, True]),
        (1, [False, True]),
    ]
    assert talk[0]["replies"][1] == {
        "text": "Why?", "values": [1], "cut": True, "seen": "mix", "tokens": 3, "shown": [0],
    }  # fmt: skip
    assert pair[0]["replies"][0] | {"values": [], "shown": [], "tokens": 0} == {
        "text": "", "values": [], "reasoning": "Hm", "silence": "nothing said", "remarks": ["odd"], "tokens": 0,
        "shown": [],
    }  # fmt: skip
    assert [found["messages"][place] for place in talk[1]["replies"][1]["shown"]] == [("user", "Because.")]
    assert total[0]["replies"][0]["sound"] is True
    assert total[0]["replies"][1]["error"] == "no reason was given"
    assert total[0]["replies"][1]["values"] == [None]
    assert pair[0]["replies"][1]["likelihoods"] == [-1.5, -2.25]
    assert found["kinds"] == {}


def test_a_reason_is_kept_once_and_only_where_there_is_one():
    asked = {"asks": {"why": "it asks", "votes": {"a": 1.0}}, "words": {"why": "no “went”"}}
    records = [
        record("old", "a", notes=asked),
        record("new", "a", notes={"words": {"why": "no “went”"}, "tells": {"why": "cannot tell", "abstained": True}}),
        record("old", "b"),
    ]
    found = cases_data(records, COLUMNS, ["old", "new"], {})
    old, new = found["cases"][0]["rounds"][0]["replies"]
    assert found["reasons"] == ["it asks", "no “went”", "cannot tell"]
    assert (old["why"], old["notes"]) == ({0: 0, 2: 1}, {"asks": {"votes": {"a": 1}}})
    assert (new["why"], new["notes"]) == ({1: 2, 2: 1}, {"tells": {"abstained": True}})
    assert not {"why", "notes"} & found["cases"][1]["rounds"][0]["replies"][0].keys()


def test_figures_bear_the_words_of_the_report_and_say_who_leads():
    found = figures_data(summary(), COLUMNS, ["old", "new"], {"asks": "not reliable"})
    old, new, rule, salad = found["contestants"]
    assert (salad["kind"], salad["label"]) == ("borrowed", f"a salad {HOSTILE[1]}") and not rule["kind"]
    withheld = figures_data(summary(), COLUMNS, ["old", "new"], {}, withheld=["asks"])
    assert withheld["contestants"][1]["figures"]["asks"]["difference"]["leads"] == 0
    assert (old["baseline"], new["baseline"], rule["control"]) == (True, False, True)
    assert new["figures"]["asks"]["overall"] | {"cases": 0} == {
        "at": 0.7, "low": 0.6, "high": 0.8, "text": "70.0 %", "interval": "60.0–80.0", "cases": 0, "clusters": 4,
    }  # fmt: skip
    difference = new["figures"]["asks"]["difference"]
    assert (difference["text"], difference["chance"], difference["leads"]) == ("+30.0", "0.010", 1)
    assert new["figures"]["words"]["difference"]["leads"] == 0
    assert old["figures"]["asks"]["difference"] is None
    assert list(old["groups"]["tag"]) == ["easy", "hard"]
    assert found["columns"][0]["caution"] == "not reliable"


@pytest.mark.parametrize(("better", "leads"), [("higher", 1), ("lower", -1)])
def test_the_one_who_leads_has_the_better_side(better, leads):
    column = Column(name="asks", label="", description="", better=better)
    data = {"new": {"metrics": {"asks": {"against_baseline": against(0.3, 0.01)}}}}
    assert (
        figures_data(data, [column], ["old"], {})["contestants"][0]["figures"]["asks"]["difference"]["leads"] == leads
    )


def test_a_page_of_nothing_is_a_page(tmp_path):
    page = Page(written(tmp_path, summary={}, records=[], columns=[], models=[]))
    assert page.data["cases"] == page.data["contestants"] == []
