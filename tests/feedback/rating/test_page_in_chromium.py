"""The page in a real browser: typed on, clicked, killed under, restarted, on a phone, and with texts that would run."""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from feedback.rating.store import Store
from tests.chromium import CONTRASTS, MISSING, Visitor, open_chromium
from tests.evaluation.report.made_up import HOSTILE
from tests.feedback.rating.made_up import lines, vote_on, write
from tests.feedback.rating.served import Served, port

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
ENTER, ESCAPE = "\ue007", "\ue00c"


class Rater(Visitor):
    """Somebody at a browser of their own."""

    there = "[data-item], [data-finished], [data-locked]"

    @property
    def done(self) -> int:
        return int(self.driver.execute_script("return document.querySelector('.place').dataset.done"))

    @property
    def told(self) -> str:
        return self.exactly("#said")[0]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with open_chromium() as driver:
        yield driver


@pytest.fixture
def rater(chromium: Any) -> Rater:
    somebody = Rater(chromium)
    somebody.forget()
    return somebody


def votes(name: str = "mine") -> list[Any]:
    with Store.read(name) as store:
        return store.votes()


def served(workspace: Any, records: list[dict[str, Any]], *words: object) -> Served:
    write(workspace / "replies.jsonl", records)
    return Served("--replies", workspace / "replies.jsonl", "--name", "mine", *words)


class Typist:
    """Types votes, and remembers which text was chosen."""

    def __init__(self, rater: Rater) -> None:
        self.rater = rater
        self.typed: list[tuple[str, str | None]] = []

    def type(self) -> None:
        """One vote, which is not waited for."""
        key = "123x"[len(self.typed) % 7 if len(self.typed) % 7 < 4 else 0]
        left, right = self.rater.exactly(".reply .said")
        self.typed.append((left, {"1": left, "2": "equal", "3": right, "x": None}[key]))
        self.rater.press(key if key == "x" else key + "q" + ENTER)

    def wait(self, or_told: str = "nothing") -> None:
        self.rater.until(lambda: self.rater.done == len(self.typed) or or_told in self.rater.told)


@pytest.mark.slow
def test_200_votes_by_keyboard_of_two_at_once_through_two_kills_and_none_is_lost(workspace):
    words = ("--raters", "Anna", "Ben", "--port", port())
    with ExitStack() as stack:
        server = stack.enter_context(served(workspace, lines(190), *words))
        both = [Typist(Rater(stack.enter_context(open_chromium()))) for _ in range(2)]
        for typist, name in zip(both, ("Anna", "Ben"), strict=True):
            typist.rater.come(server.links[name])
        while not both[0].rater.all("[data-finished]"):
            number = len(both[0].typed)
            if number == 50:  # nobody answers when they vote
                server.end(signal.SIGKILL)
            for typist in both:
                if not typist.rater.all("[data-finished]"):
                    typist.type()
            if number == 120:  # struck while they vote, be it before or after their votes were kept
                server.end(signal.SIGKILL)
            if number in (50, 120):
                both[0].wait(or_told="not kept yet")
                server = stack.enter_context(Served("--name", "mine", *words))
            for typist in both:
                typist.wait()
        for typist in both:
            typist.rater.clean()
        code, said = server.end()
    number = sum(len(typist.typed) for typist in both)
    assert code == 0 and f"ended; {number} votes" in said and number >= 400
    with Store.read("mine") as store:
        contents = store.contents()
        for typist, name in zip(both, ("Anna", "Ben"), strict=True):
            kept = []
            for vote in store.votes(name):
                replies = contents[vote.content].replies
                side = vote.verdict and vote.verdict["better"]
                better = {None: None, "first": replies[0], "second": replies[1], "equal": "equal"}[side]
                kept.append((contents[vote.content].shown(vote.swapped)[0], better))
            assert kept == typist.typed, f"each of {name}'s {len(typist.typed)}, in order, and nothing else"


def test_a_vote_that_could_not_be_sent_waits_for_the_next_time(workspace, rater):
    words = ("--port", port())
    with served(workspace, lines(3), *words) as server:
        rater.come(server.links["teacher"])
        server.end(signal.SIGKILL)
        rater.press("1" + ENTER)
        rater.until(lambda: "not kept yet" in rater.told)
        rater.driver.get("about:blank")
    with Served("--name", "mine", *words) as server:
        rater.driver.get(f"http://{server.host}/")
        rater.until(lambda: rater.all("[data-item]") and rater.done == 1)
    assert [vote.verdict["better"] is not None for vote in votes()] == [True]


@pytest.mark.parametrize("open_still", [False, True])
def test_a_vote_that_waits_is_kept_from_other_ratings_at_the_same_address(workspace, rater, open_still):
    words = ("--port", port())
    with served(workspace, lines(3), *words) as server:
        rater.come(server.links["teacher"])
        server.end(signal.SIGKILL)
        rater.press("1" + ENTER)
        rater.until(lambda: "not kept yet" in rater.told)
        if not open_still:
            rater.driver.get("about:blank")
    with Served("--replies", workspace / "replies.jsonl", "--name", "other", *words) as server:
        if open_still:  # another window comes in, and this one goes on trying
            rater.driver.add_cookie(dict(zip(("name", "value"), server.cookie("teacher").split("="), strict=True)))
            rater.until(lambda: "until their link is opened" in rater.told)
        else:
            rater.come(server.links["teacher"])
        assert rater.told == "" or open_still
        rater.press("3" + ENTER)
        rater.until(lambda: rater.done == 1)
    with Served("--name", "mine", *words) as server:
        rater.come(server.links["teacher"])
        rater.until(lambda: rater.done == 1)
    assert len(votes()) == len(votes("other")) == 1
    assert rater.driver.execute_script("return Object.keys(localStorage)") == []


def test_what_changed_since_is_not_voted_on(workspace, rater):
    words = ("--port", port())
    changed = lines(1)
    changed[0]["replies"][0]["text"] = "Something new?"
    with served(workspace, lines(1), *words) as server:
        rater.come(server.links["teacher"])
        server.end()
    with served(workspace, changed, *words):
        rater.press("1" + ENTER)
        rater.until(lambda: "has changed since" in rater.told)
        assert "Something new?" in rater.exactly(".reply .said") and rater.done == 0
        assert rater.exactly("[aria-pressed=true]") == []
        assert votes() == []
        rater.press("1" + ENTER)
        rater.until(lambda: rater.all("[data-finished]"))
    assert len(votes()) == 1


def test_the_link_is_used_up_and_scripts_do_not_see_the_cookie(workspace, rater):
    with served(workspace, lines(1), "--port", 0) as server:
        rater.come(f"http://{server.host}/")
        assert rater.all("[data-locked]")
        rater.driver.get(server.links["teacher"].replace("enter=", "enter=0"))
        rater.until(lambda: "not known here" in rater.exactly("main")[0])
        rater.driver.get(server.links["teacher"])  # without leaving the page
        rater.until(lambda: rater.all("[data-item]"))
        script = "return [location.href, document.cookie, Object.keys(localStorage).length, document.title]"
        assert rater.driver.execute_script(script) == [f"http://{server.host}/", "", 0, "Rating replies"]
        rater.come(f"http://{server.host}/")
        assert rater.all("[data-item]")


def test_pairs_by_keyboard_with_reasons_a_comment_and_back(workspace, rater):
    with served(workspace, lines(12), "--gold", 0, "--port", 0) as server:
        rater.come(server.links["teacher"])
        first = rater.exactly(".reply .said")
        rater.press(ENTER)
        assert rater.told == "Choose first: 1, 2 or 3."
        rater.press("3qww")
        assert rater.exactly("[aria-pressed=true]") == ["B is better3", "qsees the mistakeB", "wsays where it liesA"]
        rater.press("w")
        assert rater.exactly(".chip[aria-pressed=true] .letter") == ["B"]
        rater.press("c")
        rater.press("123 é\nx" + ESCAPE)
        assert rater.done == 0 and rater.all("textarea")[0].get_property("value") == "123 é\nx"
        rater.press(ENTER)
        rater.until(lambda: rater.done == 1)
        rater.press("x")
        rater.until(lambda: rater.done == 2)
        rater.press("zz")
        rater.until(lambda: rater.told == "You passed this one over.")
        rater.press("z")
        rater.until(lambda: rater.exactly(".reply .said") == first)
        assert rater.exactly(".choice[aria-pressed=true]") == ["B is better3"]
        rater.press("z")
        rater.until(lambda: rater.told == "There is nothing before this one.")
        rater.press("\ue012" + ENTER)  # the left arrow
        rater.until(lambda: rater.all(".chosen") == [] and rater.exactly(".reply .said") != first)
        rater.press("m")
        rater.until(lambda: rater.all("dialog"))
        assert "You have answered 1 question and passed over 1." in rater.exactly("dialog")[0]
        rater.press("1" + ENTER)
        rater.until(lambda: not rater.all("dialog"))
        assert rater.done == 2 and not rater.all("[aria-pressed=true]"), "keys in a dialog are the dialog's"
        for number in range(3, 13):
            rater.all(".reply")[1].click()
            rater.all("#foot .main")[0].click()
            rater.until(lambda number=number: rater.done == number)
        rater.until(lambda: rater.all(".state .main"))
        assert "That was the last one." in rater.exactly("h1")
        rater.all(".state .main")[0].click()
        rater.until(lambda: rater.all(".reply"))
        rater.press("2" + ENTER)
        rater.until(lambda: rater.all("[data-finished]") and not rater.all(".state .main"))
        rater.clean()
    kept = votes()
    assert len(kept) == 12 and all(vote.verdict for vote in kept)
    (vote,) = [vote for vote in kept if vote.comment]
    assert vote.comment == "123 é\nx" and len(vote.verdict["why"]) == 1 and vote.seconds > 0


def test_keys_of_other_keyboards(workspace, rater):
    script = """for (const [key, code, shiftKey] of arguments[0])
      document.dispatchEvent(new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true }));"""
    with served(workspace, lines(1), "--port", 0) as server:
        rater.come(server.links["teacher"])
        rater.driver.execute_script(
            script, [["\u0661", "Digit1", False], ["\u0439", "KeyQ", False], ["W", "KeyW", True]]
        )
        assert rater.exactly("[aria-pressed=true]") == ["A is better1", "qsees the mistakeA", "wsays where it liesA"]
        rater.driver.execute_script(script, [["q", "KeyA", False], ["\u00e0", "Digit0", False], ['"', "Digit3", False]])
        assert rater.exactly("[aria-pressed=true]") == ["B is better3", "qsees the mistakeB", "wsays where it liesA"]


def test_one_reply_by_keyboard(workspace, rater):
    with served(workspace, lines(2), "--ask", "single", "--gold", 0, "--port", 0) as server:
        rater.come(server.links["teacher"])
        rater.press(ENTER)
        assert rater.told == "Give a grade first: 1 to 5."
        rater.press("430192")  # 0 leaves one open, and there is no ninth verdict
        assert rater.exactly("[aria-pressed=true]") == ["4good", "3Yes", "1No", "2To some extent"]
        rater.press(3 * "\ue013" + "2")  # up, to what was left open
        assert rater.exactly("[aria-pressed=true]") == ["4good", "3Yes", "2To some extent", "1No", "2To some extent"]
        rater.press(ENTER)
        rater.until(lambda: rater.done == 1)
        rater.clean()
    assert votes()[0].verdict["overall"] == 4 and votes()[0].verdict["mistake_identification"] == "Yes"


def test_texts_that_would_run_are_read(workspace, rater):
    records = [
        {
            "messages": [{"role": "system", "content": text}, {"role": "user", "content": text}],
            "replies": [text, f"{text} b"],
        }
        for text in HOSTILE
    ]
    with served(workspace, records, "--gold", 0, "--port", 0, "--raters", "O’Neil-Ñandú 2") as server:
        rater.come(server.links["O’Neil-Ñandú 2"])
        seen = []
        while not rater.all("[data-finished]"):
            assert rater.exactly(".rater") == ["O’Neil-Ñandú 2"]
            seen.append(rater.exactly(".turn .said")[0])
            assert set(rater.exactly(".reply .said")) == {seen[-1], f"{seen[-1]} b"}
            rater.press("1" + ENTER)
            rater.until(lambda: rater.done == len(seen))
        assert sorted(seen) == sorted(text for text in HOSTILE if not any(each in text for each in "\0\ud83d"))
        assert "".join(server.said).count("left out, 1: message 0 (system) holds") == 2, "as a mix would not take them"
        rater.clean()


@pytest.mark.parametrize("ask", ["pairs", "single"])
@pytest.mark.parametrize("dark", [False, True])
def test_it_can_be_read_and_fits_a_phone(workspace, rater, ask, dark):
    records = lines(1)
    records[0]["replies"][0]["text"] = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3
    with served(workspace, records, "--ask", ask, "--port", 0, "--raters", "Anna", "Ben") as server:
        ben, said = server.cookie("Ben"), {"better": "left"} if ask == "pairs" else {"overall": 4, "guiding": "Telling"}
        state = json.loads(server.ask("/state", cookie=ben)[2])
        while state["item"]:
            vote = vote_on(state["item"], said, nonce=f"nonce-{state['item']['item']}-{state['item']['repeat']}")
            state = json.loads(server.ask("/vote", vote, cookie=ben)[2])
        for width in (1280, 360):
            rater.come(server.links["Anna"], width, dark)
            rater.press("1q" if ask == "pairs" else "12")
            ratio, where = rater.driver.execute_script(CONTRASTS)
            assert ratio >= 4.5, where
            assert rater.driver.execute_script("return [innerWidth, document.body.scrollWidth]") == [width, width]
        rater.press("?")
        ratio, where = rater.driver.execute_script(CONTRASTS)
        assert ratio >= 4.5, where
        rater.press(ESCAPE)
        rater.until(lambda: not rater.all("dialog"))
        while not rater.all("[data-finished] td"):
            done = rater.done
            rater.press(ENTER if rater.all("[aria-pressed=true]") else "1" + ENTER)
            rater.until(lambda done=done: rater.done > done or rater.all("[data-finished] td"))
        assert rater.driver.execute_script("return innerWidth") == 360, "nothing is wider than the phone"
        ratio, where = rater.driver.execute_script(CONTRASTS)
        assert ratio >= 4.5, where
        rater.clean()
