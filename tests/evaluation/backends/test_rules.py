import pytest

from espalier.errors import UserError
from espalier.text.rows import write_rows
from evaluation.backends.base import Ask
from evaluation.backends.rules import CopyRule, ReferenceRule, commonest_recast
from evaluation.cases.case import Case, Truth
from evaluation.cases.heldout import heldout_cases, open_mix
from evaluation.cases.suite import HeldOut
from tests.evaluation.toy_world import dialogue


def asks(*cases: Case) -> list[Ask]:
    return [Ask(case=case, turn=0, sample=0, seed=0) for case in cases]


def said(learner: str) -> Case:
    truth = Truth(learner=learner, strategy="recast", rule="must")
    return Case(name="a", messages=[{"role": "user", "content": learner}], truth=truth)


def test_the_commonest_recast_of_the_training_rows(toy_mix):
    assert commonest_recast(open_mix("toy")) == "Oh, {}! Who was there?"


def test_no_recasts_no_rule(toy_mix):
    write_rows(toy_mix / "train.parquet", [dialogue("train", 0, 0, 0, "hint")])
    with pytest.raises(UserError, match="no recasts"):
        commonest_recast(open_mix("toy"))


def test_copying_keeps_the_mistake():
    rule = CopyRule(template="Oh, {}! Who was there?")
    ((place, reply),) = rule.answer(asks(said("Yesterday I buyed a hat.")))
    assert place == 0 and reply.finish == "stop"
    assert reply.text == "Oh, yesterday you buyed a hat! Who was there?"
    ((_, reply),) = CopyRule(template="{}. Good.").answer(asks(said("I buyed a hat.")))
    assert reply.text == "You buyed a hat. Good."


def test_where_no_learner_speaks_there_is_nothing_to_copy():
    found = dict(CopyRule(template="{}").answer(asks(Case(name="t", messages=[], texts=("a", "b")), said("I go."))))
    assert found[0].finish == "error" and "no learner" in found[0].error
    assert found[1].text == "You go"


def test_the_reference_rule_gives_what_the_case_knows(toy_mix):
    cases = heldout_cases(HeldOut(mix="toy", splits=("unseen_pairs",)), open_mix("toy"))
    found = dict(ReferenceRule(source="x").answer(asks(*cases, said("I go."))))
    assert [found[place].text for place in range(len(cases))] == [case.reference for case in cases]
    assert found[len(cases)].finish == "error" and "no reference" in found[len(cases)].error


def test_rules_are_no_models_and_their_replies_are_not_kept():
    for rule in (CopyRule(template="{}"), ReferenceRule(source="x")):
        assert not rule.is_model and rule.key(asks(said("I go."))[0]) is None
    assert CopyRule(template="{}").identity != CopyRule(template="{}!").identity
    assert ReferenceRule(source="x").identity != ReferenceRule(source="y").identity
