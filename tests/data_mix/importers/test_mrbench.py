"""MRBench's dialogues: a rated row for each tutor's reply, and what the teachers' verdicts come to."""

from typing import Any

import pytest

from data_mix.importers import convert
from data_mix.reading.record import BadRecord

WHOLE = {
    "Mistake_Identification": "Yes",
    "Mistake_Location": "To some extent",
    "Revealing_of_the_Answer": "No",
    "Providing_Guidance": "Yes",
    "Actionability": "To some extent",
    "Coherence": "Yes",
    "Tutor_Tone": "Encouraging",
    "humanlikeness": "Yes",
}
BEST = WHOLE | {"Mistake_Location": "Yes", "Actionability": "Yes"}
RECORD: dict[str, Any] = {
    "conversation_id": "3711-a",
    "conversation_history": "Tutor: The question is: 3 x\xa03? \n Tutor: Well? \n\xa0Student: 6",
    "Data": "MathDial",
    "Split": "test",
    "Topic": "Not Available",
    "Ground_Truth_Solution": "9",
    "anno_llm_responses": {
        "Ann": {"response": "How many\xa0threes?", "annotation": WHOLE},
        "Ben": {"response": "Draw them.", "annotation": BEST},
    },
}


def reason(record: Any) -> BadRecord:
    with pytest.raises(BadRecord) as caught:
        convert([record], "mrbench")
    assert caught.value.detail.isprintable()
    return caught.value


def test_each_tutors_reply_is_a_rated_row() -> None:
    shape, [ann, ben] = convert([RECORD], "auto")
    assert shape == "mrbench"
    assert (
        ann.messages
        == ben.messages
        == [
            {"role": "assistant", "content": "The question is: 3 x 3?\nWell?"},
            {"role": "user", "content": "6"},
        ]
    )
    assert ann.chosen is None and ann.rejected == [{"role": "assistant", "content": "How many threes?"}]
    assert ben.rejected is None and ben.chosen == [{"role": "assistant", "content": "Draw them."}]
    assert not ann.unread


def test_what_is_kept_is_who_wrote_it_and_every_verdict_with_what_they_come_to() -> None:
    _, [ann, ben] = convert([RECORD], "auto")
    ratings, problem = ann.meta.pop("ratings"), ann.meta.pop("problem")
    assert problem == ben.meta["problem"]
    assert ann.meta == {"language": "en", "dialogue": "3711-a", "answer": "9", "tutor": "Ann"}
    # (.15·1 + .05·.5 + .1·1 + .3·.5 + .1·(1 − 0)) / .7
    assert ratings.pop("preferred") == pytest.approx(0.75, abs=1e-6)
    assert ratings == {
        "mistake_identification": 1.0, "mistake_location": 0.5, "revealing_of_the_answer": 0.0,
        "providing_guidance": 1.0, "actionability": 0.5, "coherence": 1.0, "tutor_tone": 1.0, "humanlikeness": 1.0,
    }  # fmt: skip
    assert ben.meta["ratings"]["preferred"] == 1.0


def test_of_four_verdicts_no_worth_is_made() -> None:
    four = ("Mistake_Identification", "Mistake_Location", "Providing_Guidance", "Actionability")
    replies = {"Ann": {"response": "Hm.", "annotation": {key: WHOLE[key] for key in four}}}
    _, [row] = convert([{"conversation_history": "Student: 6", "tutor_responses": replies}], "auto")
    assert "preferred" not in row.meta["ratings"] and len(row.meta["ratings"]) == 4
    assert "dialogue" not in row.meta


def test_a_reply_without_a_verdict_gives_no_row() -> None:
    replies = {"Ann": {"response": "Hm.", "annotation": {}}, "Ben": {"response": "Look.", "annotation": BEST}}
    _, [row] = convert([RECORD | {"anno_llm_responses": replies}], "auto")
    assert row.meta["tutor"] == "Ben"
    assert reason(RECORD | {"anno_llm_responses": {"Ann": replies["Ann"]}}).reason == "empty"


def test_dialogues_about_one_statement_share_a_problem() -> None:
    def problem(history: str) -> str:
        return str(convert([RECORD | {"conversation_history": history}], "auto")[1][0].meta["problem"])

    one = problem("Tutor: The question is: How many threes? \n Student: 6")
    assert problem("Tutor: Hello. The QUESTION is:  how many threes?\n Tutor: Well? \n Student: 5") != one
    assert problem("Tutor: Hi. The question is: how many  threes? \n Student: 5") == one
    assert problem("Student: 6") != problem("Student: 5")


def told(**entry: Any) -> dict[str, Any]:
    return {"anno_llm_responses": {"Ann": entry}}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"conversation_history": "Hello"}, "does not begin with 'Tutor:'"),
        ({"conversation_history": 3}, "no text under conversation_history"),
        ({"anno_llm_responses": []}, "has neither"),
        ({"anno_llm_responses": {"Ann": "Hm."}}, "tutor Ann: no text under response"),
        (told(response="", annotation=BEST), "has no content"),
        (told(response="Hm."), "tutor Ann: no labels"),
        (told(response="Hm.", annotation={"Charm": "Yes"}), "unknown dimension 'Charm'"),
        (told(response="Hm.", annotation={"Coherence": 1}), "it is one of No, To some"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_tutor(changed: dict[str, Any], expected: str) -> None:
    assert expected in reason(RECORD | changed).detail
