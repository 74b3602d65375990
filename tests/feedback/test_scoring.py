"""Scorers: the true score cannot be won without a reply that a good tutor could give, and parts add up as they say."""

import math
from dataclasses import replace

import numpy as np
import pytest

from data_mix.curriculum import CurriculumConfig, generate
from espalier.artifacts import records
from espalier.errors import UserError
from espalier.text.rows import write_rows
from evaluation.cases.case import Case, Checks, Reply, Truth
from feedback import rules
from feedback.prompts import read_prompts
from feedback.samples import Sampled
from feedback.scoring import open_scorer


def said(text: str, finish="stop") -> Reply:
    return Reply(text=text, num_tokens=len(text), finish=finish)


@pytest.fixture(scope="module")
def _rows():
    config = CurriculumConfig(sessions=0, dialogues=60)
    return list(generate(config, "dialogue", "train", 60, seed=0))


@pytest.fixture
def prompts(workspace, _rows) -> list[Case]:
    """Of a real curriculum, some with a system line and some without, first and later turns, small talk too."""
    folder = workspace / "mixes" / "real"
    folder.mkdir(parents=True)
    write_rows(folder / "train.parquet", iter(_rows))
    records.write_manifest(folder, {"kind": "mix", "name": "real"})
    return read_prompts("mix:real/train", limit=None, seed=0).cases


def test_the_curriculums_own_replies_are_true_and_what_fakes_them_is_not(prompts):
    few = sorted(prompts, key=lambda case: len(case.messages))[:40]
    told = 0
    for case in few:
        another = next(each.reference for each in few if each.reference != case.reference and each.truth.corrected)
        fakes = [
            "", "Good!", "What do you think?", case.learner, f"You said: {case.learner}", f"{case.reference} Good bye.",
            case.reference.replace(" ", " no ", 1), " ".join(reversed(case.reference.split())),
            f"{case.truth.corrected}." if case.truth.corrected else "you.", f"No, it is wrong. {case.reference}",
        ]  # fmt: skip
        own, cut, *wrong = rules.score(case, [said(case.reference), said(case.reference, "length"), *map(said, fakes)])
        assert own == 1 or math.isnan(own)  # a rule of words may object to a good reply: then nothing is told
        told += own == 1
        assert cut == 0 and wrong == [0.0] * len(fakes), case
        assert rules.score(case, [said(another)]) != [1.0] or not case.truth.strategy
    assert told > 0.9 * len(few)


def test_a_hint_that_gives_the_form_away_and_a_recast_that_does_not_are_no_good(prompts):
    hints = [case for case in prompts if case.truth.rule == "must_not"]
    recasts = [case for case in prompts if case.truth.rule == "must"]
    assert hints and recasts
    for case in hints:
        assert rules.score(case, [said(f"I see, {case.truth.corrected}. How was it?")]) == [0.0]
    for case in recasts:
        assert rules.score(case, [said("Tell me more! How was it?")]) == [0.0]


def test_where_two_truths_differ_nothing_is_told():
    good = {"grammar": 1.0, "good_reply": 1.0, "in_role": 1.0}
    assert rules.total(good) == 1
    assert math.isnan(rules.total(good | {"good_reply": 0.0}))
    assert rules.total(good | {"grammar": 0.0}) == 0
    assert rules.total(good | {"in_role": 0.0}) == 0
    assert math.isnan(rules.total(good | {"as_asked": math.nan})) and math.isnan(rules.total({"in_role": 1.0}))
    assert rules.total({"good_reply": 0.0, "in_role": 1.0}) == 0  # nothing but words is known


def test_what_people_wrote_is_known_by_its_checks_and_nothing_else_is():
    case = Case(name="a", messages=[{"role": "user", "content": "Hi"}], checks=Checks(contains=("hello", "you")))
    assert rules.score(case, [said("Hello you"), said("Hello"), said("", "stop"), said("hello you", "error")])[:3] == [
        1.0, 0.0, 0.0,
    ]  # fmt: skip
    open_question = replace(case, checks=Checks())
    assert all(map(math.isnan, rules.score(open_question, [said("Hello you")])))
    choice = replace(open_question, choices=("a fish", "a bird"), answer="B")
    assert rules.score(choice, [said("Answer: B"), said("Answer: A"), said("Hm.")]) == [1.0, 0.0, 0.0]


CASE = Case(
    name="a",
    messages=[{"role": "user", "content": "Yesterday I buy a horse."}],
    truth=Truth(
        learner="Yesterday I buy a horse.", strategy="hint", rule="must_not", corrected="you bought a horse",
        fix="bought", error="tense",
    ),
)  # fmt: skip
TOLD, GUIDED, FAILED = "You bought a horse!", "What do we do to buy when it was yesterday?", said("", "error")
SAMPLES = [
    Sampled(id="a", case=CASE, replies=(said(TOLD), said(GUIDED), FAILED)),
    Sampled(id="b", case=replace(CASE, name="b"), replies=(said(GUIDED),)),
]


def test_parts_add_up_by_their_weights():
    scorer = open_scorer("rules, leaks=-0.5,guiding=0.25")
    parts = scorer.parts(SAMPLES)
    nan = math.nan
    np.testing.assert_equal(parts["rules"], [[0, 1, nan], [1, nan, nan]])
    np.testing.assert_equal(parts["leaks"], [[1, 0, nan], [0, nan, nan]])
    np.testing.assert_equal(parts["guiding"], [[0, 1, nan], [1, nan, nan]])
    np.testing.assert_equal(scorer.score(SAMPLES), [[-0.5, 1.25, nan], [1.25, nan, nan]])
    assert scorer.text == "rules=1,leaks=-0.5,guiding=0.25" == open_scorer(scorer.text).text
    np.testing.assert_equal(open_scorer("metric:answer_revealed=1").score(SAMPLES), parts["leaks"])


def test_chance_is_the_same_for_the_same_words_and_another_for_another_seed():
    twice = [Sampled(id="a", case=CASE, replies=(said(TOLD), said(GUIDED), said(TOLD)))]
    drawn = open_scorer("random").score(twice)
    assert drawn[0, 0] == drawn[0, 2] != drawn[0, 1]
    assert not np.array_equal(drawn, open_scorer("random", seed=1).score(twice))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "wants parts with weights"),
        ("rulse=1", "rulse: nothing scores by that name"),
        ("rules=0", "wants a weight other than 0"),
        ("rules=nan", "wants a weight other than 0"),
        ("rules=1,rules=2", "stands twice"),
        ("metric:upteak=1", "no metric of single replies"),
        ("run:nobody=1", "nobody"),
    ],
)
def test_what_is_no_scorer(text, told):
    with pytest.raises(UserError, match=told):
        open_scorer(text)
