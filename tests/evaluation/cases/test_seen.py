"""Which cases a mix has met: long runs, whole short turns, and what is shared by chance."""

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.text.rows import Row, write_rows
from evaluation.cache import Cache
from evaluation.cases import seen
from evaluation.cases.case import Case, Turn
from evaluation.cases.case_spec import CHOICE_REQUEST
from evaluation.cases.seen import seen_cases
from evaluation.cases.trained_on import Lineage

LONG = "Why does the moon look bigger when it stands close to the horizon than when it is high up?"
MIDDLE = "What happens to ice in a warm room?"
SHORT = "Seven times eight is?"
TINY = "I do not."


def ask(text: str, name: str = "case", **more) -> Case:
    return Case(name=name, messages=[{"role": "user", "content": text}], **more)


@pytest.fixture
def lineage(workspace) -> Lineage:
    """Of a model trained on the mix `prose`, which holds the texts above."""
    said = [f"Tell me. {LONG.upper()} I wonder.", f"Well: {MIDDLE} Think.", SHORT, TINY]
    rows = [
        Row(
            id=f"r{n}", source="s", split="train",
            messages=[{"role": "user", "content": text}, {"role": "assistant", "content": "A fine question about it."}],
        )
        for n, text in enumerate(said)
    ]  # fmt: skip
    rows.append(
        Row(id="t", source="s", split="train", messages=[{"role": "text", "content": "Once " + "there was " * 9}])
    )
    folder = workspace / "mixes" / "prose"
    folder.mkdir(parents=True)
    write_rows(folder / "train.parquet", rows)
    manifest = records.write_manifest(folder, {"kind": "mix", "name": "prose"})
    return Lineage(ancestors=(), mixes={"prose": manifest["content_hash"]}, known=True, summary={})


@pytest.fixture
def cache(workspace):
    with Cache() as found:
        yield found


def met(lineage, cache, *cases) -> set[str]:
    return set(seen_cases(lineage, cases, cache))


def test_what_stands_in_the_mix_is_met_whatever_surrounds_it(lineage, cache):
    cases = [ask(LONG, "long"), ask(MIDDLE, "middle"), ask(SHORT, "short"), ask("Why is the sky blue by day?", "new")]
    assert seen_cases(lineage, cases, cache) == {"long": "prose", "middle": "prose", "short": "prose"}


def test_what_is_compared_is_met_too(lineage, cache, workspace):
    folder = workspace / "mixes" / "compared"
    (folder / "preferences").mkdir(parents=True)
    chosen, rejected = ([{"role": "assistant", "content": text}] for text in (MIDDLE, SHORT))
    messages = [{"role": "user", "content": LONG}]
    row = Row(id="p", source="s", split="train", messages=messages, chosen=chosen, rejected=rejected)
    write_rows(folder / "preferences" / "train.parquet", [row])
    content_hash = records.write_manifest(folder, {"kind": "mix", "name": "compared"})["content_hash"]
    lineage = Lineage(ancestors=(), mixes={"compared": content_hash}, known=True, summary={})
    cases = [ask(LONG, "prompt"), ask(MIDDLE, "better"), ask(SHORT, "worse"), ask("Why is the sky blue by day?", "new")]
    assert seen_cases(lineage, cases, cache) == dict.fromkeys(("prompt", "better", "worse"), "compared")


def test_thirteen_words_in_a_row_are_enough_and_twelve_are_not(lineage, cache):
    words = LONG.rstrip("?").split()
    other = "But tell me something else entirely now please, teacher:"
    assert met(lineage, cache, ask(f"{other} {' '.join(words[:13])} today")) == {"case"}
    assert met(lineage, cache, ask(f"{other} {' '.join(words[:12])} today")) == set()


def test_short_turns_count_as_a_whole_only(lineage, cache):
    assert met(lineage, cache, ask(f"{SHORT} Please.")) == set()
    assert met(lineage, cache, ask(SHORT.lower().replace("?", "!"))) == {"case"}
    assert met(lineage, cache, ask(TINY)) == set()  # three words are shared by chance


def test_references_later_turns_and_texts_are_looked_for_too(lineage, cache):
    plain = "Can you help me with this one?"
    assert met(lineage, cache, ask(plain, reference=LONG)) == {"case"}
    assert met(lineage, cache, ask(plain, script=(Turn(learner=LONG),))) == {"case"}
    assert met(lineage, cache, ask(plain, script=(Turn(learner="And?", reference=LONG),))) == {"case"}
    assert met(lineage, cache, Case(name="pair", messages=[], texts=(LONG, "Not this."))) == {"pair"}
    system = Case(name="s", messages=[{"role": "system", "content": LONG}, {"role": "user", "content": plain}])
    assert met(lineage, cache, system) == set()


def test_what_a_grammar_held_out_is_judged_by_its_mix_and_not_here(lineage, cache):
    assert met(lineage, cache, ask(LONG, combination=("see", "moon", "tense"))) == set()


def test_the_request_for_a_choice_gives_nothing_away(lineage, cache, workspace):
    folder = workspace / "mixes" / "prose"
    write_rows(
        folder / "train.parquet",
        [Row(id="c", source="s", split="train", messages=[{"role": "text", "content": f"Q? {CHOICE_REQUEST}"}])],
    )
    content = records.write_manifest(folder, {"kind": "mix", "name": "prose"})["content_hash"]
    lineage = Lineage(ancestors=(), mixes={"prose": content}, known=True, summary={})
    assert met(lineage, cache, ask(f"What is it?\n\n{CHOICE_REQUEST}")) == set()


def test_a_mix_is_read_once_for_the_same_cases(lineage, cache, monkeypatch):
    assert met(lineage, cache, ask(LONG)) == {"case"}
    monkeypatch.setattr(seen, "_met", lambda *_: pytest.fail("read again"))
    assert met(lineage, cache, ask(LONG)) == {"case"}
    monkeypatch.setattr(seen, "_met", lambda *_: {"other"})
    assert met(lineage, cache, ask("Something new to ask about?")) == {"other"}


def test_a_mix_that_is_gone_or_was_built_anew_tells_nothing(lineage, cache):
    for mixes in ({"gone": "0" * 64}, {"prose": "f" * 64}):
        assert met(Lineage(ancestors=(), mixes=mixes, known=True, summary={}), cache, ask(LONG)) == set()


def test_a_damaged_mix_is_one_line(lineage, cache, workspace):
    (workspace / "mixes" / "prose" / "train.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(UserError, match="train.parquet: damaged"):
        seen_cases(lineage, [ask(LONG)], cache)
