import pytest

from espalier.errors import UserError
from espalier.rows import write_rows
from evaluation.backends import LocalModel, Placement, open_backend
from evaluation.cases import Case, Truth
from evaluation.heldout import heldout_cases, open_mix
from evaluation.metrics.words import to_tutors_person
from evaluation.rules import CopyRule, ReferenceRule, commonest_recast
from evaluation.suite import Generation, HeldOut
from tests.evaluation.toy_world import dialogue


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("I lost my cat.", "you lost your cat"),
        ("Yesterday I buyed a hat!", "yesterday you buyed a hat"),
        ("My brother give me two book", "your brother give you two book"),
        ("I was tired, and we was late.", "you were tired, and you were late"),
        ("We am here with our dog, I'm sure.", "you are here with your dog, you're sure"),
        ("Ivy and Mina swim.", "ivy and Mina swim"),
    ],
)
def test_the_tutors_person(said, turned):
    assert to_tutors_person(said) == turned


def test_the_commonest_recast_of_the_training_rows(toy_mix):
    assert commonest_recast(open_mix("toy")) == "Oh, {}! Who was there?"


def test_no_recasts_no_rule(toy_mix):
    write_rows(toy_mix / "train.parquet", [dialogue("train", 0, 0, 0, "hint")])
    with pytest.raises(UserError, match="no recasts"):
        commonest_recast(open_mix("toy"))


def asked(learner: str) -> Case:
    truth = Truth(learner=learner, strategy="recast", rule="must")
    return Case(name="a", messages=[{"role": "user", "content": learner}], truth=truth)


def test_copying_keeps_the_mistake():
    rule = CopyRule(template="Oh, {}! Who was there?")
    (reply,) = rule.replies([asked("Yesterday I buyed a hat.")], seed=0)
    assert reply.text == "Oh, yesterday you buyed a hat! Who was there?" and reply.finish == "stop"
    (reply,) = CopyRule(template="{}. Good.").replies([asked("I buyed a hat.")], seed=0)
    assert reply.text == "You buyed a hat. Good."


def test_the_reference_rule_gives_what_the_case_knows(toy_mix):
    spec = HeldOut(mix="toy", splits=("unseen_pairs",))
    cases = heldout_cases(spec, open_mix("toy"))
    replies = ReferenceRule(source="x").replies(cases, seed=0)
    assert [reply.text for reply in replies] == [case.reference for case in cases]
    with pytest.raises(UserError, match="case a has no reference"):
        ReferenceRule(source="x").replies([asked("I go.")], seed=0)


def opened(reference: str, mix=None):
    return open_backend(reference, generation=Generation(), placement=Placement(), mix=mix, cases_hash="c")


def test_who_answers(toy_mix, make_run):
    make_run("toy-a")
    model = opened("toy-a")
    assert isinstance(model, LocalModel) and model.name == "toy-a" and model.identity["kind"] == "run"
    copy = opened("rule:copy", open_mix("toy"))
    assert copy.name == "rule:copy" and copy.identity["template"] == "Oh, {}! Who was there?"
    assert opened("rule:reference").identity["content_hash"] == "c"
    for reference, complaint in [
        ("rule:copi", "no rule"),
        ("rule:copy", "this suite has none"),
        ("toy-b", "did you mean toy-a"),
    ]:
        with pytest.raises(UserError, match=complaint):
            opened(reference)
