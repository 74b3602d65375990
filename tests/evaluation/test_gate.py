import pytest

from espalier.errors import UserError
from evaluation.comparison.figures import Contestant, Results
from evaluation.gate import NoRegression, Threshold, check, check_names, parse_gate
from evaluation.metrics.base import Column
from evaluation.scoring.records import Record

UPTAKE = Column(name="uptake", label="uptake", description="")
BLUNT = Column(name="explicit_correction", label="blunt", description="", better="lower")
LENGTH = Column(name="num_words", label="words", description="", high=float("inf"), better="neither")
GUIDES = Column(name="providing_guidance", label="guides", description="")
COLUMNS = [UPTAKE, BLUNT, LENGTH, GUIDES]


def record(model: str, number: int, **metrics: float) -> Record:
    return Record(
        model=model, case=f"c{number}", turn=0, sample=0, num_turns=1, split="", cluster=f"c{number}", combination=(),
        tags=(), messages=[{"role": "user", "content": "I go."}], reply="x", finish="stop" if metrics else "error",
        error="" if metrics else "429", num_tokens=1, log_likelihoods=(), metrics=metrics, notes={}, truth=None,
        reference=None, answer="", criteria="",
    )  # fmt: skip


def results(**models: list[float]) -> Results:
    """Records whose uptake is given, and whose bluntness is its opposite."""
    records = [
        record(model, n, uptake=value, explicit_correction=1 - value, num_words=40 * value)
        for model, values in models.items()
        for n, value in enumerate(values)
    ]
    contestants = [Contestant(name=name, members=(name,)) for name in models]
    return Results(records, contestants, next(iter(models)), COLUMNS, seed=0)


def outcome(text: str, found: Results, reliable=None):
    gate = parse_gate(text)
    names = [each.name for each in found.contestants]
    check_names([gate], COLUMNS, names, reliable or {})
    return check([gate], found, reliable or {})[0]


def test_what_gates_may_look_like():
    assert parse_gate("uptake.rate>=0.6") == Threshold(
        text="uptake.rate>=0.6", model=None, column="uptake", statistic="rate", sign=">=", limit=0.6
    )
    found = parse_gate("openai:tutor-7b@http://x.org:80/v1:num_words.high < 1e2")
    assert (found.model, found.column, found.sign) == ("openai:tutor-7b@http://x.org:80/v1", "num_words", "<")
    assert found.limit == 100 and found.statistic == "high"
    assert parse_gate("rule:copy:uptake.low>0").model == "rule:copy"
    assert parse_gate("leaks<=0.05") == Threshold(
        text="leaks<=0.05", model=None, column="answer_revealed", statistic="rate", sign="<=", limit=0.05
    )
    assert parse_gate("run:basil:leaks < .1").model == "run:basil" and parse_gate("my_leaks.low>0").column == "my_leaks"
    assert parse_gate("no_regression:run:basil") == NoRegression(text="no_regression:run:basil", baseline="run:basil")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uptake>=0.6", "wants COLUMN.rate"),
        ("", "wants COLUMN.rate"),
        ("no_regression", "wants COLUMN.rate"),
        ("no_regression:", "wants COLUMN.rate"),
        ("uptake.rate==0.6", "wants COLUMN.rate"),
        ("uptake.rate>=much", "much is no number"),
        ("uptake.rat>=0.6", "rat is no statistic; did you mean rate?"),
    ],
)
def test_what_is_no_gate_is_refused(text, said):
    with pytest.raises(UserError, match=said):
        parse_gate(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uptak.rate>=0.6", "uptak is no column of this suite; did you mean uptake?"),
        ("basil-cor:uptake.rate>=0.6", "basil-cor is no model; did you mean basil-core?"),
        ("no_regression:basil-cor", "did you mean basil-core?"),
        ("zzz:uptake.rate>=0.6", "there are old, basil-core"),
        ("uptake.rate>=60", "uptake runs from 0.* to 1.*always or never"),
        ("uptake.rate>=nan", "always or never"),
        ("providing_guidance.rate>=0.6", "not known to be reliable for new models.*no better than the majority"),
    ],
)
def test_names_are_checked_before_anybody_is_asked(text, said):
    reliable = {"providing_guidance": (False, "no better than the majority")}
    with pytest.raises(UserError, match=said):
        check_names([parse_gate(text)], COLUMNS, ["old", "basil-core"], reliable)


def test_limits_on_both_sides():
    found = results(old=[0.0] * 10, new=[1.0] * 6 + [0.0] * 4)
    assert outcome("uptake.rate>=0.6", found).passed and outcome("uptake.mean<=0.6", found).passed
    assert not outcome("uptake.rate>0.6", found).passed and not outcome("uptake.rate<0.6", found).passed
    assert not outcome("uptake.low>=0.6", found).passed and outcome("uptake.high>=0.6", found).passed
    assert "new has only 0.6" in outcome("uptake.rate>0.6", found).why
    assert outcome("num_words.mean>20", found).passed


def test_three_tenths_are_three_tenths():
    found = results(old=[0.1, 0.2, 0.6] * 10)  # the mean is a rounding error away from 0.3
    assert outcome("uptake.rate>=0.3", found).passed and outcome("uptake.rate<=0.3", found).passed


def test_every_candidate_must_pass_and_the_baseline_only_where_it_is_named_or_alone():
    found = results(old=[0.0] * 10, new=[1.0] * 10, newer=[1.0, 0.0] * 5)
    assert not outcome("uptake.rate>=0.6", found).passed
    assert outcome("new:uptake.rate>=0.6", found).passed and not outcome("old:uptake.rate>=0.6", found).passed
    assert outcome("uptake.rate>=0.5", found).why == "new has 1; newer has 0.5"
    assert outcome("uptake.rate>=0.6", results(only=[1.0] * 4)).passed


def test_a_column_that_nobody_has_fails():
    found = outcome("providing_guidance.rate>=0.1", results(old=[0.0] * 4, new=[1.0] * 4))
    assert (
        not found.passed and "new has no providing_guidance: it applies to no reply, or no judge gave it" in found.why
    )
    failed = Results([record("new", 0)], [Contestant(name="new", members=("new",))], "new", COLUMNS, seed=0)
    assert "1 replies failed" in outcome("uptake.rate>=0.1", failed).why


def test_no_regression():
    good, poor = [1.0] * 38 + [0.0] * 2, [0.0, 1.0] * 20
    assert outcome("no_regression:old", results(old=poor, new=good)).passed
    found = outcome("no_regression:old", results(old=good, new=poor))
    assert not found.passed and "new is worse at uptake: −45.0 (−6" in found.why
    assert "new is worse at explicit_correction: +45.0 (+2" in found.why and "num_words" not in found.why
    # The other way about: whoever is named is the baseline.
    assert outcome("no_regression:new", results(old=good, new=poor)).passed
    assert not outcome("no_regression:old", results(old=poor)).passed


def test_no_regression_passes_over_what_no_gate_may_use():
    good, poor = [1.0] * 38 + [0.0] * 2, [0.0, 1.0] * 20
    doubted = {"uptake": (False, "chance"), "explicit_correction": (False, "chance")}
    found = outcome("no_regression:old", results(old=good, new=poor), doubted)
    assert not found.passed and "nobody could be compared" in found.why
    half = outcome("no_regression:old", results(old=good, new=poor), {"uptake": (False, "chance")})
    assert "uptake" not in half.why and "explicit_correction" in half.why


def test_no_regression_is_corrected_for_the_number_of_columns():
    rare = results(old=[1.0] * 40, new=[0.0] * 7 + [1.0] * 33)
    assert not outcome("no_regression:old", rare, {"explicit_correction": (False, "")}).passed
    assert rare.compare(rare.candidates[0], "uptake").p_value == 2 / 2**7
    several = results(old=[1.0] * 40, new=[0.0] * 6 + [1.0] * 34)
    assert outcome("no_regression:old", several).passed  # 2 / 64 twice is above .05
    assert not outcome("no_regression:old", several, {"explicit_correction": (False, "")}).passed
