"""The page in a real browser, opened from disk: clicks, keys, links, widths, and texts that would like to run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from evaluation.cases.case import Truth
from evaluation.report.side_by_side import words_of
from evaluation.report.web.page import write_page
from tests.chromium import CONTRASTS, MISSING, open_chromium
from tests.evaluation.report.made_up import COLUMNS, HOSTILE, record, summary

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

NUM_PLAIN = 250
TRIED = {
    "name": "control:word_salad", "label": HOSTILE[1], "kind": "borrowed", "beaten": "no", "number": 4, "missing": 2,
    "mean": 0.8, "beside": 0.7, "lead": -0.1,
    "shown": {"number": "4", "missing": "2", "mean": "80.0 %", "beside": "70.0 %", "lead": "−10.0", "interval": "…"},
}  # fmt: skip


def records() -> Iterator[Any]:
    """Three models on 250 plain cases, on hostile ones, on failures, and on a dialogue."""
    for number in range(NUM_PLAIN):
        truth = Truth(learner="", level="A1" if number % 5 else "B2")
        tags = ("easy" if number % 2 else "hard",)
        for model, reply in (("old", "You went home."), ("new", "You went home. Why?"), ("third", "Go on?")):
            told = reply.replace("home", "home by train") if number == 7 else reply
            asks = float(number % 3 == 0) if model == "old" else float(number % 3 < 2)
            yield record(
                model, f"plain/{number:03d}", told, tags=tags, truth=truth, metrics={"asks": asks, "words": number}
            )
    for number, text in enumerate(HOSTILE):
        for model in ("old", "new", "third"):
            yield record(
                model, f"{text} {number}", f"{text} {model}", tags=(text,), criteria=text, reference=text,
                messages=[{"role": "system", "content": text}, {"role": "user", "content": text}],
                notes={"asks": {"why": text, "votes": {text: 1.0, "other": None}}}, reasoning=text, remarks=(text,),
            )  # fmt: skip
    yield record("old", "failed", reasoning="Hm, a verb.")
    yield record("new", "failed", "", finish="error", error="the endpoint hung", metrics={})
    yield record("third", "failed", "", finish="length", silence="limit spent on reasoning", reasoning="Hm, a")
    for model, why in (("old", ""), ("new", HOSTILE[1]), ("third", "no “went”")):
        yield record(model, "reasons", notes={"words": {"why": why}, "asks": {"why": why}})
    yield record("old", "sound", "Think. Answer: B", answer="A", metrics={"sound_reasoning": 0.8})
    yield record("new", "right to left", "لماذا السماء زرقاء؟")
    for model in ("old", "new"):
        first = [{"role": "user", "content": "Hello."}]
        later = [*first, {"role": "assistant", "content": f"{model}?"}, {"role": "user", "content": "Then?"}]
        yield record(model, "talk", f"{model}?", messages=first, num_turns=2)
        yield record(model, "talk", "Go on.", messages=later, num_turns=2, turn=1)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(
        tmp_path_factory.mktemp("page"),
        title=HOSTILE[0],
        conclusions=[f"**It teaches better.** {HOSTILE[1]}"],
        summary=summary(),
        columns=COLUMNS,
        records=list(records()),
        models=["old", "new", "third"],
        seen={"new": {"plain/003": HOSTILE[1]}},
        facts=[(text, text) for text in HOSTILE],
        cautions={"words": HOSTILE[0]},
        decides="asks",
        tried={"by": "good replies", "rows": [TRIED]},
    )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with open_chromium() as driver:
        yield driver


@pytest.fixture
def opened(page: Path, chromium: Any) -> Iterator[Callable[..., "Browser"]]:
    """Opens the page at an address; afterwards the browser must have had nothing to complain of."""

    def go(width: int = 1280, dark: bool = False, **view: str) -> Browser:
        chromium.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        chromium.get("about:blank")
        chromium.get(page.as_uri() + (f"#{urlencode(view)}" if view else ""))
        return Browser(chromium)

    yield go
    assert chromium.get_log("browser") == []
    assert chromium.execute_script("return [window.broken ?? null, document.images.length]") == [None, 0]


class Browser:
    """What a reader does and sees."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.driver.find_elements("css selector", selector)
        return found

    def texts(self, selector: str) -> list[str]:
        return [element.text for element in self.all(selector)]

    def exactly(self, selector: str) -> list[str]:
        """Texts with every space as it is."""
        script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)"
        found: list[str] = self.driver.execute_script(script, selector)
        return found

    def choose(self, label: str, words: str) -> None:
        """Chooses the option that begins with `words` in the list of that label."""
        from selenium.webdriver.support.ui import Select

        lists = [each for each in self.all("#cases label") if each.text.startswith(label)]
        select = Select(lists[0].find_element("css selector", "select"))
        select.select_by_visible_text(next(each.text for each in select.options if each.text.startswith(words)))

    def press(self, keys: str, where: str = "body") -> None:
        self.all(where)[0].send_keys(keys)

    def until(self, true: Callable[[], Any]) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 5).until(lambda _: true())

    @property
    def case(self) -> str:
        return self.exactly(".case h3 bdi")[0]

    @property
    def count(self) -> str:
        return self.texts(".count")[0]

    @property
    def view(self) -> dict[str, str]:
        """What the address says."""
        return {key: found[0] for key, found in parse_qs(urlsplit(self.driver.current_url).fragment).items()}


def test_the_page_opens_with_conclusions_figures_and_the_first_case(opened):
    browser = opened()
    assert browser.texts(".conclusions strong") == ["It teaches better."]
    assert browser.exactly("h1") == [HOSTILE[0]]
    assert browser.all(".panel svg[aria-label^='asks something: old 40.0 %']")
    assert browser.all(".panel svg[aria-label*='new +30.0']")
    assert browser.case == "plain/000"
    assert browser.count == "261 of 261 cases"


def test_nothing_hostile_runs_and_all_of_it_can_be_read(opened):
    for number, text in enumerate(HOSTILE[:4]):
        browser = opened(case=f"{text} {number}")
        assert browser.case == f"{text} {number}"
        assert browser.exactly(".reply > .said") == [f"{text} {model}" for model in ("old", "new", "third")]
        assert browser.exactly(".reply details .said") == [text] * 3
        assert browser.exactly(".reply .remark") == [text] * 3
        assert text in browser.exactly(".notes dd")[0]
        assert text in browser.exactly(".tags button")[0]
    assert opened().driver.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_the_policy_holds_even_if_a_script_of_ours_were_wrong(opened, chromium):
    driver = opened().driver
    tried = driver.execute_script(
        """return [
          () => document.body.insertAdjacentHTML("beforeend", "<b>markup</b>"),
          () => document.body.setAttribute("onclick", "window.broken = 3"),
          () => { document.createElement("script").text = "window.broken = 4"; },
        ].map((attempt) => { try { attempt(); } catch (error) { return error.name; } });"""
    )
    assert tried == ["TypeError"] * 3
    refused = driver.execute_async_script(
        """document.addEventListener("securitypolicyviolation", (event) => arguments[0](event.effectiveDirective));
        new Image().src = "http://127.0.0.1/";"""
    )
    assert refused == "img-src"
    complaints = chromium.get_log("browser")
    assert len(complaints) == 4 and {each["source"] for each in complaints} == {"security"}


def test_controls_are_bands_behind_the_marks_and_a_table_below(opened):
    browser = opened()
    level, difference = browser.all(".panel .strip .band")
    assert [round(float(level.get_attribute(end)[:-1])) for end in ("x", "width")] == [70, 20]
    assert float(difference.get_attribute("x")[:-1]) > 50, "ahead of the baseline"
    assert browser.exactly(".panel .band-name") == ["word salad"]
    words = browser.texts(".legend")[0]
    assert f"word salad: a salad {HOSTILE[1]}." in words and "A grey band is a control" in words
    browser.all(".tried summary")[0].click()
    assert browser.texts(".tried tbody td") == ["borrowed", "4", "2", "80.0 %", "70.0 %", "−10.0\n…", "no"]


def test_headings_sort_the_figures(opened):
    browser = opened()
    heads = browser.all("#figures thead button")
    columns = "#figures tbody .column > span"
    assert browser.texts(columns) == ["asks something", "words"]
    heads[0].click()
    assert browser.texts(columns) == ["asks something", "words"]
    heads[0].click()
    assert browser.texts(columns) == ["words", "asks something"]
    assert [head.get_attribute("aria-sort") for head in browser.all("#figures thead th")][:2] == ["descending", None]
    heads[3].click()
    assert browser.texts(columns) == ["words", "asks something"]  # 30 words, then 0.7
    heads[0].click(), heads[0].click(), heads[0].click()
    assert browser.all("#figures th[aria-sort]") == []


def test_groups_lead_to_their_cases(opened):
    browser = opened()
    assert browser.texts("#groups tbody button") == ["easy", "hard"]
    browser.all("#groups tbody button")[0].click()
    assert browser.count == "125 of 261 cases"
    browser.until(lambda: browser.view == {"tag": "easy", "case": "plain/001"})


def test_filters_work_alone_and_together_and_stand_in_the_address(opened):
    browser = opened()
    browser.choose("Tag", "hard (125)")
    assert (browser.count, browser.case) == ("125 of 261 cases", "plain/000")
    browser.choose("Level", "B2 (50)")
    assert browser.count == "25 of 261 cases"
    browser.choose("Verdict", "new better")
    assert browser.case == "plain/010"
    browser.until(lambda: browser.view == {"case": "plain/010", "tag": "hard", "level": "B2", "verdict": "candidate"})
    found = browser.texts(".list b")
    assert found == [f"plain/{number:03d}" for number in range(0, NUM_PLAIN, 10) if number % 3 == 1]
    browser.all("form button")[0].click()
    assert browser.count == "261 of 261 cases"


@pytest.mark.parametrize(
    ("verdict", "count"), [("new better", 83), ("the same", 175), ("old better", 0), ("not compared", 3)]
)
def test_verdicts(opened, verdict, count):
    browser = opened()
    browser.choose("Verdict", f"{verdict} ({count})")
    assert browser.count == f"{count} of 261 cases"


@pytest.mark.parametrize(
    ("words", "case"), [("with an error", "failed"), ("wrong, but", "sound"), ("seen in training", "plain/003")]
)
def test_what_is_special_can_be_found(opened, words, case):
    browser = opened()
    browser.choose("Only cases", words)
    assert browser.texts(".list b bdi") == [case]
    assert browser.case == case
    assert len(browser.all(".remark")) == 1


def test_the_order_is_by_gain(opened):
    browser = opened()
    browser.choose("Compared by", "words")
    browser.choose("Candidate", "third")
    browser.choose("Compared by", "asks")
    browser.choose("Order", "greatest gain")
    assert browser.texts(".list b")[:2] == ["plain/001", "plain/004"]


def test_search_finds_words_of_replies(opened):
    browser = opened()
    browser.press("/")
    browser.driver.switch_to.active_element.send_keys("TRAIN home")
    browser.until(lambda: browser.count == "1 of 261 cases")
    assert browser.case == "plain/007"
    browser.driver.switch_to.active_element.send_keys("jk")
    browser.until(lambda: browser.count == "0 of 261 cases")
    assert browser.texts(".detail .empty") == ["No case is left by these filters."]
    browser.all("form button")[0].click()
    assert browser.count == "261 of 261 cases"


def test_keys_and_buttons_go_from_case_to_case(opened):
    browser = opened()
    browser.press("jjj")
    browser.press("k")
    assert (browser.case, browser.texts(".place")) == ("plain/002", ["Case 3 of 261"])
    previous, following = browser.all(".bar button")
    following.click()
    assert browser.case == "plain/003"
    for _ in range(5):
        previous.click()
    assert browser.case == "plain/000"
    browser.all(".list a")[4].click()
    assert browser.case == "plain/004"
    assert browser.exactly(".list [aria-current] bdi") == ["plain/004"]


def test_a_link_leads_to_a_case_wherever_it_stands_in_the_list(opened):
    browser = opened(case="plain/249")
    assert browser.case == "plain/249"
    assert browser.texts(".place") == ["Case 250 of 261"]
    item, index = (browser.all(selector)[0].rect for selector in (".list [aria-current]", ".list"))
    assert (
        index["y"] <= item["y"] <= index["y"] + index["height"] <= 900 + browser.driver.execute_script("return scrollY")
    )
    browser.driver.execute_script("location.hash = 'case=plain%2F001&tag=easy'")
    browser.until(lambda: browser.case == "plain/001")
    assert browser.count == "125 of 261 cases"


def test_a_link_to_a_case_that_filters_hide_or_that_is_not_there(opened):
    assert opened(case="plain/001", tag="hard").case == "plain/001"
    browser = opened(case="no such case", candidate="nobody", column="nothing")
    assert browser.texts(".detail .empty") == ["No case is called “no such case”."]
    browser.press("j")
    assert browser.case == "plain/000"
    browser.choose("Verdict", "new better (83)")


def test_the_list_grows_as_it_is_scrolled(opened):
    browser = opened()
    assert len(browser.all(".list li")) == 100
    browser.driver.execute_script("const list = document.querySelector('.list'); list.scrollTop = list.scrollHeight")
    browser.until(lambda: len(browser.all(".list li")) == 200)


def test_differing_words_are_marked_until_that_is_switched_off(opened):
    browser = opened(case="plain/000")
    assert browser.exactly(".reply:nth-child(1) mark") == []
    assert browser.exactly(".reply:nth-child(2) mark") == ["Why?"]
    assert browser.exactly(".reply:nth-child(3) mark") == ["Go on?"]
    browser.choose("Candidate", "third")
    assert browser.exactly(".reply:nth-child(1) mark") == ["You went home."]
    browser.all(".bar input")[0].click()
    assert browser.all("mark") == []


def test_the_script_tells_differences_as_the_text_report_does(chromium):
    source = Path("evaluation/report/web/assets/differences.js").read_text(encoding="utf-8")
    texts = [
        "", "the same", "Yes. Good, go on.", "No! Bad, go on.", "1/2 + 0.5 = 5/6?", "昨天我去了商店。", "不 ok",
        "é, ñ… “x” it’s", "لماذا", "a\n\n  b", "  ", "🌱 grows",
        " ".join(map(str, range(3000))), " ".join(map(str, range(3000, 6000))),
    ]  # fmt: skip
    split = chromium.execute_script(source + "return arguments[0].map(wordsOf)", texts)
    assert split == [words_of(text) for text in texts]
    for before in texts:
        pairs = chromium.execute_script(
            source + "return arguments[1].map((text) => differences(arguments[0], text))", before, texts
        )
        for after, (left, right) in zip(texts, pairs, strict=True):
            assert ("".join(text for text, _ in left), "".join(text for text, _ in right)) == (before, after)
            assert any(own for _, own in left + right) == (before.split() != after.split())


def test_failures_dialogues_and_verdicts_of_judges_are_shown(opened):
    assert opened(case="failed").texts(".reply .none") == [
        "No reply: the endpoint hung", "It says nothing: limit spent on reasoning.",
    ]  # fmt: skip
    assert opened(case="sound").texts(".reply .none") == ["It was not asked this."] * 2
    browser = opened(case="talk")
    assert browser.texts(".round h4") == ["Turn 1", "Turn 2"]
    assert browser.texts(".round:first-of-type .conversation .said") == ["Hello."]
    assert browser.exactly(".conversation .said") == ["Hello.", "Then?"]
    browser = opened(case=f"{HOSTILE[5]} 5")
    browser.all(".case details:last-of-type summary")[-1].click()
    assert browser.texts(".notes dd bdi")[1] == f"0 · {HOSTILE[5]} 1, other abstains · {HOSTILE[5]}"


def test_what_decided_a_figure_stands_under_it_and_what_a_judge_said_below(opened):
    browser = opened(case="reasons")
    assert browser.exactly(".values .why") == [HOSTILE[1], "no “went”"]
    browser.all(".case details:last-of-type summary")[-1].click()
    assert browser.exactly(".notes dd bdi")[1::2] == [f"1 · {HOSTILE[1]}", "1 · no “went”"]


def test_thoughts_are_folded_away_until_they_are_asked_for(opened):
    browser = opened(case="failed")
    thoughts = browser.all(".reply details")
    assert len(thoughts) == 2 and browser.texts(".reply details .said") == ["", ""]
    assert browser.texts(".reply > .said")[0] == "Why?", "and no part of the reply"
    browser.all(".reply summary")[0].click()
    assert browser.texts(".reply details .said")[0] == "Hm, a verb."
    browser.choose("Only", "of which a learner sees nothing (1)")
    assert browser.count == "1 of 261 cases"
    browser.choose("Only", "with thoughts before a reply (7)")
    assert browser.count == "7 of 261 cases"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_and_can_be_read_at_any_width_in_light_and_dark(opened, width, dark):
    browser = opened(width, dark, case="failed")
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= width
    browser.driver.execute_script("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    least, where = browser.driver.execute_script(CONTRASTS)
    assert least >= 4.5, where


def test_everything_that_can_be_worked_has_a_name(opened):
    browser = opened(case="plain/000")
    browser.driver.execute_script("document.querySelector('.tried').open = true")
    named = [element.accessible_name for element in browser.all("button, select, input, a")]
    assert len(named) > 100 and all(named)
    assert all(each.get_attribute("aria-label") for each in browser.all("svg[role=img], [role=region]"))


def test_text_runs_from_right_to_left_where_its_script_does(opened):
    browser = opened(case="right to left")
    assert browser.all(".reply:nth-child(2) .said")[0].value_of_css_property("direction") == "rtl"
    assert browser.all("h3")[0].value_of_css_property("direction") == "ltr"


def test_what_the_filters_leave_is_printed(opened):
    browser = opened(tag="hard", level="B2")
    browser.driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.exactly("#printed h2") == ["25 cases"]
    assert len(browser.all("#printed .case")) == 25
    browser.driver.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.all("#printed .case") == []


def test_without_a_script_the_conclusions_are_still_there(page, chromium):
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    chromium.get(page.as_uri())
    text = chromium.find_element("css selector", "body").text
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "It teaches better." in text and "scripts are switched off" in text
    assert HOSTILE[1] in text
