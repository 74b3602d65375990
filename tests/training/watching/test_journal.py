import math
from typing import Any

import pytest
import torch

from espalier.artifacts.run import Run
from espalier.generation.generate import Reply
from espalier.signals.records import Dialogue, Said, Severity, Signal, Turn
from espalier.signals.store import SignalStore
from tests import tiny
from training.config import LoopSettings, TrainConfig
from training.observers import Step
from training.watching.cost import WATCH
from training.watching.journal import Journal
from training.watching.quoting import quoted
from training.watching.rhythm import Rhythm

FORGED = "fine\n## Step 7\n\n<script>alert(1)</script>\r# Heading\u2028- item"


@pytest.fixture
def run() -> Run:
    return Run.start(
        "r", command="test", config=LoopSettings(), parents={}, seeds={}, device="cpu", threads=1, compile_mode="off"
    )


def config(**given: Any) -> TrainConfig:
    return TrainConfig.model_validate({"name": "r", "mix": "m", "parent": "p"} | given)


def said(asked: str, reply: str, finish: str = "stop") -> Said:
    return Said(asked=asked, reply=reply, finish=finish, prompt=0)


def step(number: int, *, last: bool = False) -> Step:
    unknown = math.nan
    return Step(
        number=number, last=last, model=tiny.model(), loss=unknown, grad_norm=unknown, lr=0.0, tokens=0, facts={}
    )


def text(run: Run) -> str:
    path = run.folder / "journal.md"
    return path.read_text() if path.exists() else ""


def entry(run: Run, number: int) -> str:
    """What an entry adds, written as by a process that begins there."""
    before = len(text(run))
    Journal(run, config()).entry(number)
    return text(run)[before:]


def ten_steps(run: Run, after: int, *, loss: float, reply: str = "I am.") -> None:
    for number in (after + 5, after + 10):
        run.log(number, {"loss": loss, "tokens_per_second": 1.0})
    run.log(after + 10, {"heldout_loss": loss + 1, "heldout_excess": None})
    run.signals.add_answers(after + 10, [said("Who are you?", reply), said("I go.", "You go.")])
    run.signals.add_signals(
        after + 10, "repetition", [Signal(name="rate", value=loss / 10), Signal(name="kept", value=1)]
    )


def test_an_entry_tells_what_changed_since_the_last_and_nothing_else(run: Run) -> None:
    ten_steps(run, 0, loss=3.0)
    first = entry(run, 10)
    assert first.startswith("## Step 10\n\nHow it stands:\n\n")
    assert "| training loss, mean of the lines logged since | 3 |" in first and "| heldout loss | 4 |" in first
    assert "### Answers\n\nTo “Who are you?”:\n\n> “I am.”" in first and "was:" not in first
    assert "heldout excess" not in first and "tokens" not in first

    ten_steps(run, 10, loss=2.0, reply="I am Basil.")
    second = entry(run, 20)
    assert second.startswith("## Step 20\n\nSince step 10:\n\n")
    assert "|  | step 10 | step 20 |" in second
    assert "| training loss, mean of the lines logged since | 3 | 2 |" in second
    assert "| repetition.rate | 0.3 | 0.2 |" in second and "repetition.kept" not in second
    assert (
        "### Answers that changed, 1 of 2\n\nTo “Who are you?”:\n\nwas:\n\n> “I am.”\n\nis:\n\n> “I am Basil.”"
        in second
    )
    assert "I go." not in second
    assert "Findings" not in second and "operator" not in second and "sentences" not in second

    assert entry(run, 25) == "", "nothing happened in these steps"
    ten_steps(run, 20, loss=2.0, reply="I am Basil.")
    assert entry(run, 30) == "", "nothing that is told changed"


def test_counts_are_told_where_something_was_counted(run: Run) -> None:
    def count(number: int, found: int, of: int) -> str:
        figures = [
            Signal(name="found", value=found),
            Signal(name="of", value=of),
            Signal(name="rate", value=found / of),
        ]
        run.signals.add_signals(number, "structure", figures)
        return entry(run, number)

    assert count(1, 0, 10) == "", "what is new and 0 is not news"
    (run.log(2, {"loss": 1.0}), count(2, 0, 20))
    told = count(3, 4, 25)
    assert "| structure.found | 0 | 4 of 25 |" in told and "| structure.rate | 0 | 0.16 |" in told
    assert ".of" not in told
    assert "| structure.found | 4 of 25 | 0 |" in count(4, 0, 30)


def test_loss_is_the_mean_over_steps_however_they_were_logged(run: Run) -> None:
    for number, loss in ((4, 8.0), (10, 3.0), (11, 1.0), (12, 2.0)):
        run.log(number, {"loss": loss})
    assert "| training loss, mean of the lines logged since | 5 |" in entry(run, 10)
    assert "| training loss, mean of the lines logged since | 5 | 1.5 |" in entry(run, 12)


def test_findings_are_told_once_each_the_gravest_first(run: Run) -> None:
    for number in (1, 2, 3):
        warned = Signal(name="rate", value=0.5, severity=Severity.WARN, said=f"{number} of 9 answers go in circles")
        run.signals.add_signals(number, "repetition", [warned])
    found = Signal(name="gender", value=0.9, severity=Severity.HIGH, said="it <b>prefers</b>\n# one")
    run.signals.add_signals(2, "bias", [found])
    told = entry(run, 3)
    assert (
        "### Findings\n\n- **high** bias.gender, step 2: it &lt;b&gt;prefers&lt;/b&gt;<br># one\n"
        "- **warn** repetition.rate, 3 times in steps 1–3: 3 of 9 answers go in circles" in told
    )
    assert "|  | step 3 | severity |" in told and "| bias.gender | 0.9 | high |" in told


def test_what_the_operator_did_is_told_also_where_the_run_went_back_behind_it(run: Run) -> None:
    ten_steps(run, 0, loss=3.0)
    entry(run, 10)
    run.happened(12, "operator", "checkpoint", "checkpoint at step 12: the operator said checkpoint")
    run.signals.add_event(12, "run", "monitor disabled", "bias raised three times and is asked no more")
    ten_steps(run, 10, loss=2.0)
    once = entry(run, 20)
    told = "- checkpoint at step 12: the operator said checkpoint (step 12, "
    assert f"### What the operator did\n\n{told}" in once and " UTC)" in once
    assert "### What the run did\n\n- bias raised three times and is asked no more (step 12)" in once
    ten_steps(run, 20, loss=1.0)
    assert told not in entry(run, 30)

    run.happened(35, "operator", "paused", "pause at step 35: the operator said pause")
    run.truncate(10)
    ten_steps(run, 10, loss=2.0)
    again = entry(run, 20)
    assert told in again and "- pause at step 35" in again and "What the run did" not in again


def test_a_killed_run_writes_the_same_journal(run: Run) -> None:
    def go_on(after: int) -> None:
        for at, loss in ((0, 3.0), (10, 2.5), (20, 2.25)):
            if at >= after:
                ten_steps(run, at, loss=loss, reply=f"I am {at}.")
                entry(run, at + 10)

    go_on(0)
    whole = text(run)
    run.truncate(10)
    assert text(run) == whole[: whole.index("## Step 20")]
    go_on(10)
    assert text(run) == whole


def test_its_most_and_least_typical_sentences_are_told_with_how_that_was_found(run: Run) -> None:
    places = ["market", "house", "garden", "school", "river"]
    turns = [Turn(role="assistant", said=f"You went to the {place}? Yes.", finish="stop") for place in places]
    strange = Turn(role="user", said="Xylophones <i>quiver</i>.", finish="length")
    given = Turn(role="user", said="An opening that it did not write.", finish="given")
    run.signals.add_dialogues(3, [Dialogue(turns=[given, *turns, strange])])
    told = entry(run, 5)
    assert "### Its own sentences\n\n6 of at least 12 characters, 6 different ones" in told
    assert "mean cosine similarity" in told and "nothing of sense or of quality" in told
    assert "opening" not in told
    most, _, least = told.partition("The most unlike:")
    assert "Xylophones" not in most and least.lstrip().startswith("> “Xylophones &lt;i&gt;quiver&lt;/i&gt;.” (0.")


def test_few_sentences_are_ranked_by_nothing(run: Run) -> None:
    run.signals.add_answers(1, [said("Who are you?", "I am a tutor. I like owls.")])
    assert "Its own sentences" not in entry(run, 1)


def test_nothing_that_a_model_or_a_user_wrote_is_markdown(run: Run) -> None:
    turns = [Turn(role="assistant", said=f"{FORGED} and so on {number}", finish="stop") for number in range(9)]
    run.signals.add_answers(2, [said(FORGED, FORGED, "length")])
    run.signals.add_dialogues(2, [Dialogue(turns=turns)])
    run.signals.add_signals(2, "m", [Signal(name="x", severity=Severity.NOTE, said=FORGED)])
    run.happened(2, "operator", "checkpoint", FORGED)
    entry(run, 2)
    state = torch.get_rng_state()
    Journal(run, config(journal={"reflection": FORGED, "max_new_tokens": 4})).reflect(step(2), tiny.renderer())
    assert torch.equal(state, torch.get_rng_state())
    written = text(run)
    assert "<script" not in written and "\r" not in written and "\u2028" not in written
    headings = [line for line in written.splitlines() if line.lstrip("> ").startswith("#")]
    own = {
        "### Findings",
        "### What the operator did",
        "### Answers",
        "### Its own sentences",
        "### In the model's own words",
    }
    assert set(headings) == {"## Step 2", *own}
    ten_steps(run, 0, loss=1.0)
    run.truncate(5)
    assert text(run) == written, "no step is forged, behind which the journal would be cut"


def test_quotations_are_one_line_that_shows_what_was_written() -> None:
    assert quoted("# a\n- b") == "> “# a<br>- b”"
    assert quoted("`x` **y** | [z](u)") == "> “\\`x\\` \\*\\*y\\*\\* \\| \\[z\\](u)”"
    assert quoted("") == "> (nothing)"
    assert quoted("ab" * 400).endswith("ab” … (800 characters in all)")


def test_the_model_is_asked_about_itself_and_its_words_are_marked_as_its_own(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def listen(model: Any, renderer: Any, prompts: Any, **how: Any) -> list[Reply]:
        asked.append((prompts, how["seed"]))
        return [Reply(text="I improved by 90 %.", num_tokens=5, finish="stop")]

    monkeypatch.setattr("training.watching.journal.generate", listen)
    told = config(checkin={"system": "Be kind.", "seed": 5})
    Journal(run, told).reflect(step(40), tiny.renderer())
    written = text(run)
    assert written.startswith("## Step 40\n\n### In the model's own words\n\nAsked:\n\n> “How do you speak now")
    assert "it said (drawn at temperature 0.7):\n\n> “I improved by 90 %.”\n\n" in written
    assert "none of this was measured" in written
    assert asked == [
        ([[{"role": "system", "content": "Be kind."}, {"role": "user", "content": told.journal.reflection}]], 45)
    ]
    (event,) = run.signals.events(what="reflection")
    assert event.who == "run" and event.evidence["reply"] == "I improved by 90 %."
    ten_steps(run, 40, loss=1.0)
    assert "What the run did" not in entry(run, 50), "it stands there already"


def test_entries_are_due_as_often_as_check_ins_unless_told_otherwise() -> None:
    def due(every: int | None, *, changed: int | None = None, looks: bool = True, **given: Any) -> list[int]:
        rhythm = Rhythm(config(journal={"every": every}, **{"checkin": {"every": 5}} | given), looks=looks)
        if changed:
            rhythm.change(changed)
        steps = [step(number, last=number == 12) for number in range(13)]
        return [each.number for each in steps if "entry" in rhythm.due(each)]

    assert due(None) == [0, 5, 10, 12]
    assert due(None, changed=4) == [0, 4, 8, 12]
    assert due(4) == [0, 4, 8, 12] == due(4, changed=3)
    assert due(0) == [] == due(None, checkin={"every": 0}) == due(None, looks=False), (
        "where nothing is asked or looked at"
    )
    assert due(None, checkin={"every": 6, "prompts": ["Hi"]}, looks=False) == [0, 6, 12] == due(6, looks=False)


def test_without_a_store_losses_are_told_and_none_twice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_signals", SignalStore.nowhere(run.folder))
    journal = Journal(run, config())
    for number, loss in ((10, 3.0), (20, 2.0)):
        run.log(number, {"loss": loss})
        journal.entry(number)
    assert "Since step 10:" in text(run) and "| 3 | 2 |" in text(run)


def test_what_a_look_took_is_not_told(run: Run) -> None:
    run.signals.add_signals(3, WATCH, [Signal(name="seconds", value=1.5)])
    assert entry(run, 3) == ""
