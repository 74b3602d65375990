from dataclasses import replace

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.text.rows import Row, read_rows, write_rows
from evaluation.cases.heldout import heldout_cases, open_mix
from evaluation.cases.suite import HeldOut

SPEC = HeldOut(mix="toy", splits=("unseen_triples", "unseen_pairs"), cases_per_split=100, dialogues_per_split=2)


def test_cases_are_dialogues_that_name_their_move(toy_mix):
    cases = heldout_cases(SPEC, open_mix("toy"))
    assert [case.split for case in cases].count("unseen_pairs") == 12 and len(cases) == 24
    first = cases[0]
    assert [message["role"] for message in first.messages] == ["system", "user"]
    assert (
        first.truth.strategy == "recast"
        and first.truth.rule == "must"
        and first.truth.corrected == "you bought your key"
    )
    assert first.reference == "Oh, you bought your key! Who was there?" and first.learner == "Yesterday I buy my key."
    assert first.combination == ("buy", "key", "tense") and first.cluster == "buy key"
    assert first.truth.first_language == "Thai" and first.truth.level == "A1"


def test_some_carry_the_script_of_a_whole_dialogue(toy_mix):
    cases = heldout_cases(SPEC, open_mix("toy"))
    scripted = [case for case in cases if case.script]
    assert [case.split for case in scripted] == ["unseen_triples"] * 2 + ["unseen_pairs"] * 2
    (later,) = scripted[0].script
    assert later.learner == "Yesterday I buy my cup." and later.truth.corrected == "you bought your cup"
    none = SPEC.model_copy(update={"dialogues_per_split": 0})
    assert not any(case.script for case in heldout_cases(none, open_mix("toy")))


def test_numbers_of_cases(toy_mix):
    few = SPEC.model_copy(update={"cases_per_split": 5})
    assert [case.split for case in heldout_cases(few, open_mix("toy"))].count("unseen_pairs") == 5
    limited = heldout_cases(SPEC, open_mix("toy"), limit=7)
    assert len(limited) == 7 and {case.split for case in limited} == set(SPEC.splits)
    assert len(heldout_cases(SPEC, open_mix("toy"), limit=1)) == 1


def test_missing_mix_names_the_command(toy_mix):
    with pytest.raises(
        UserError, match=r"mix basel does not exist; build it with: python data_mix/build.py .*complete mixes: toy"
    ):
        open_mix("basel")
    (toy_mix / records.MANIFEST).unlink()
    with pytest.raises(UserError, match="is not complete"):
        open_mix("toy")


def test_a_split_that_is_missing_or_useless(toy_mix):
    with pytest.raises(UserError, match="has no split unseen; it has train, unseen_pairs, unseen_triples"):
        heldout_cases(SPEC.model_copy(update={"splits": ("unseen",)}), open_mix("toy"))
    write_rows(
        toy_mix / "found.parquet",
        [Row(id="a", source="s", split="found", messages=[{"role": "text", "content": "Once."}])],
    )
    with pytest.raises(UserError, match="split found: no dialogue"):
        heldout_cases(SPEC.model_copy(update={"splits": ("found",)}), open_mix("toy"))


def test_what_the_rows_say_of_the_learner_and_of_switched_words_becomes_part_of_what_is_known(toy_mix):
    path = toy_mix / "unseen_pairs.parquet"
    more = {"switched": [["mi llave", "my key"]], "asked": "affirm"}
    told = []
    for row in read_rows(path):
        turns = [turn | more for turn in row.meta.get("turns", [])]
        of_whom = {"learner_kind": "heritage", "change": "switched_noun"}
        told.append(replace(row, meta=row.meta | of_whom | {"error": "", "turns": turns}))
    write_rows(path, told)
    cases = [
        heldout_cases(SPEC.model_copy(update={"splits": (split,)}), open_mix("toy"))[0]
        for split in ("unseen_triples", "unseen_pairs")
    ]
    plain, switched = (case.truth for case in cases)
    assert cases[1].combination == ("hide", "key", "switched_noun") and "switched_noun" in cases[1].tags
    assert (plain.learner_kind, plain.switched, plain.asked) == ("", (), "")
    assert (switched.learner_kind, switched.asked) == ("heritage", "affirm")
    assert switched.switched == (("mi llave", "my key"),)
