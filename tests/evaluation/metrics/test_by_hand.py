import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.cases.case import Case
from evaluation.metrics import METRICS
from evaluation.metrics.base import Metric
from evaluation.scoring.columns import known_columns
from tests import cpu
from tests.evaluation.metrics import by_hand
from tests.evaluation.metrics.by_hand import BOXES, CANNED, EXAMPLES, LIKELIHOODS, REASONS, reply

OF_REPLIES = {name: metric for name, metric in METRICS.items() if isinstance(metric, Metric)}
CASES = [value for value in vars(by_hand).values() if isinstance(value, Case)]


@pytest.mark.parametrize(
    ("name", "case", "text", "expected"),
    [(name, *example) for name, examples in EXAMPLES.items() for example in examples],
)
def test_by_hand(name, case, text, expected):
    value = METRICS[name](case, reply(text)).value
    assert value == expected if expected is None else value == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(("name", "case", "text", "why"), REASONS)
def test_reasons_by_hand(name, case, text, why):
    assert known_columns()[name](case, reply(text)).why == why


@pytest.mark.parametrize(("name", "case", "log_likelihoods", "expected"), LIKELIHOODS)
def test_likelihoods_by_hand(name, case, log_likelihoods, expected):
    value = METRICS[name](case, reply("", log_likelihoods)).value
    assert value == expected if expected is None else value == pytest.approx(expected)


@pytest.mark.parametrize("name", OF_REPLIES)
def test_every_metric_has_examples_both_ways_and_a_canned_question(name):
    examples = EXAMPLES[name]
    scores = {expected for _, _, expected in examples} | {score for each, *_, score in LIKELIHOODS if each == name}
    assert any(text == CANNED for _, text, _ in examples)
    if name != "parses":  # which has a test of its own, against the grammar
        assert len(scores - {None}) > 1, "a reply that scores, and one that does not"


def test_no_canned_question_wins_a_metric_that_has_a_direction_and_is_no_fault():
    """What has a direction is either a fault, which a canned question may be free of, or cannot be had for nothing."""
    free_of_faults = {"corrected_absent", "in_role", "one_question", "level_fit", "choice_parsed", "checks"}
    free_of_faults |= {"plausible", "true", "vocabulary_fit"}
    for name, metric in OF_REPLIES.items():
        case, text, expected = next(example for example in EXAMPLES[name] if example[1] == CANNED)
        if metric.better == "higher" and name not in free_of_faults:
            assert not expected, (name, case.name, text)


def test_declarations():
    assert len(OF_REPLIES) >= 25
    for name, found in METRICS.items():
        assert name == found.name and found.low < found.high and found.label and found.description.endswith(".")
    assert METRICS["explicit_correction"].better == "lower" and METRICS["uptake"].better == "higher"


_ODD = [
    "\\frac{1}{0}",
    "**bold**",
    "```py\nx = 1\n```",
    "🙂👩‍👩‍👧",
    "我喜欢猫。",
    "ما هذا؟",
    "हिन्दी",
    "Answer: B",
    "$\\boxed{}$",
]
_ODD += [
    "9" * 400,
    "\u202e",
    "\ud800",
    "\x00",
    "ﬁ",
    "½",
    "٣",
    "²",
    "İ",
    "ß",
    "\\begin{align}",
    "#" * 60,
    "…",
    "¿",
    "?",
    "\n",
    "1/0",
]
_ODD += [
    "twenty",
    "hundred",
    "and",
    "half",
    "don't",
    "''",
    "= 5",
    "Tutor:",
    "Girls are bad",
    "went",
    "%",
    "1,000.5.5",
    "|",
    "-",
]
_PIECES = st.sampled_from(_ODD)
_TEXTS = st.text(max_size=60) | st.lists(_PIECES | st.text(max_size=5), max_size=12).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(_TEXTS, st.sampled_from(CASES), st.lists(st.floats(max_value=0), max_size=2))
def test_any_reply_to_any_case_is_in_range_or_has_no_score(text, case, log_likelihoods):
    for metric in OF_REPLIES.values():
        score = metric(case, reply(text, tuple(log_likelihoods)))  # which checks the range, and raises
        assert score.value is None or not math.isnan(score.value)
        assert len(score.why) <= 300 and score.why == " ".join(score.why.split())


@settings(max_examples=100, deadline=None)
@given(_TEXTS, _TEXTS)
def test_any_learner_may_say_anything(said, answer):
    case = Case(name="any", messages=[{"role": "user", "content": said}], answer=answer)
    for metric in OF_REPLIES.values():
        metric(case, reply("The answer is 9, you said. Why?"))


def test_a_very_long_reply_is_measured_in_reasonable_time():
    texts = ("word " * 10_000, "a" * 50_000, "1" * 50_000, "1,1," * 10_000, "? " * 10_000, "and hundred " * 5_000)
    with cpu.seconds_below(60):
        for text in texts:
            for metric in OF_REPLIES.values():
                metric(BOXES, reply(text))
