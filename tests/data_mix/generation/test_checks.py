"""What is kept and what is not: every check both ways, and every reason named."""

from __future__ import annotations

import json
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from data_mix.curriculum.words import lexicon
from data_mix.generation import checks
from data_mix.generation.briefs import briefs
from data_mix.generation.cells import Cell, Job
from data_mix.generation.errors import RULES, contains, is_error
from data_mix.generation.reply import SCHEMA, Dialogue, Problem, Turn, parse
from data_mix.language.speech import words

SAID, MEANT = "go", "went"


def job(strategy: str = "recast", error: str = "past_tense", exchanges: int = 1) -> Job:
    return Job(
        cell=Cell(strategy=strategy, error=error, l1="Chinese", level="A1"),
        sample=0,
        topic="a walk",
        exchanges=exchanges,
        corrected=str(lexicon().strategies[strategy]["corrected"]),
        max_words=20,
        examples=("You went to the market!",),
        messages=[],
        seed=0,
        asked_how={},
    )


def written(*texts: str, said: str = SAID, meant: str = MEANT) -> Dialogue:
    speakers = ["learner", "tutor"] * len(texts)
    turns = [Turn(speaker=speaker, text=text) for speaker, text in zip(speakers, texts, strict=False)]  # type: ignore[arg-type]
    return Dialogue(said=said, meant=meant, turns=turns)


def reasons(dialogue: Dialogue, job: Job) -> list[str]:
    return [problem.reason for problem in checks.problems(dialogue, job)]


LEARNER = "Last night I go to the lake."
GOOD = {
    "recast": "Ah, you went to the lake! Was it cold?",
    "clarifying question": "Which lake do you mean?",
    "confirmation check": "So you went to the lake, is that it?",
    "expansion prompt": "Tell me more about the lake.",
    "choice framing": "Last night you go, or last night you went: which one do you take?",
    "hint": "The night is over. What happens to the little word?",
    "reflective question": "Look at the first two words. How do they fit with the next ones?",
    "gentle repetition": "You went to the lake. Yes, you went to the lake.",
    "affective support": "How good of you to tell me about the lake.",
    "adaptive simplification": "You went to the lake. Good! And then?",
}


@pytest.mark.parametrize("strategy", briefs().strategies)
def test_a_good_dialogue_is_kept(strategy: str) -> None:
    assert reasons(written(LEARNER, GOOD[strategy]), job(strategy)) == []


@pytest.mark.parametrize(
    ("strategy", "learner", "tutor", "reason"),
    [
        ("recast", "I went to the lake.", "You went to the lake!", "error_not_in_turn"),
        ("recast", "I go, no, I went to the lake.", "You went to the lake!", "error_put_right"),
        ("recast", LEARNER, "The lake! Was it cold?", "correction_missing"),
        ("hint", LEARNER, "You went to the lake?", "correction_given"),
        ("reflective question", LEARNER, "What about went?", "correction_given"),
        ("clarifying question", LEARNER, "I see the lake.", "asks_nothing"),
        ("choice framing", LEARNER, "You went, or you walked: which one?", "no_choice"),
        ("recast", LEARNER, "You went to the lake? Was it cold?", "several_questions"),
        ("recast", LEARNER, "That is wrong: you went to the lake.", "explicit_correction"),
        ("recast", LEARNER, "You made a small mistake, you went to the lake.", "explicit_correction"),
        ("recast", LEARNER, "You should say you went to the lake.", "explicit_correction"),
        ("recast", LEARNER, "The correct form is went.", "explicit_correction"),
        ("recast", LEARNER, "We don\N{RIGHT SINGLE QUOTATION MARK}t say that, you went.", "explicit_correction"),
        ("recast", LEARNER, 'It is not "go" but "went".', "explicit_correction"),
        ("recast", LEARNER, "You went there. Student: Yes.", "role_leak"),
        ("recast", LEARNER, "Tutor: You went there.", "role_leak"),
        ("recast", LEARNER, "You went there.<|im_end|>", "role_leak"),
        ("recast", LEARNER, 'You went there."}, {"speaker": "learner"', "not_speech"),
        ("recast", LEARNER, "*smiles* You went there.", "not_speech"),
        ("recast", LEARNER, "Você went ao lago ontem à noite com os seus amigos, que bom para vocês!", "not_english"),
        ("recast", LEARNER, "You went to the market!", "copies_the_prompt"),
        ("recast", LEARNER, "You went " + "far " * 20, "too_long"),
        ("recast", LEARNER, "...", "empty_turn"),
    ],
)
def test_a_bad_dialogue_is_not(strategy: str, learner: str, tutor: str, reason: str) -> None:
    assert reason in reasons(written(learner, tutor), job(strategy))


def test_the_turns_are_counted_and_in_order() -> None:
    assert reasons(written(LEARNER, GOOD["recast"], "Yes."), job()) == ["tutor_does_not_end"]
    assert reasons(written(LEARNER, GOOD["recast"], "Yes.", "Oh!"), job()) == ["number_of_turns"]
    assert reasons(written(LEARNER, GOOD["recast"], "Yes.", "Oh!"), job(exchanges=2)) == []
    twice = written(LEARNER, GOOD["recast"])
    swapped = twice.model_copy(update={"turns": [twice.turns[0], twice.turns[0], twice.turns[1]]})
    assert "order_of_turns" in reasons(swapped, job())


def test_a_form_may_be_given_once_the_learner_has_found_it() -> None:
    found = written(LEARNER, GOOD["hint"], "Oh, I went!", "Yes, you went to the lake.")
    assert reasons(found, job("hint", exchanges=2)) == []
    told = written(LEARNER, GOOD["hint"], "Hm.", "You went to the lake.")
    assert reasons(told, job("hint", exchanges=2)) == ["correction_given"]


def test_friendly_words_are_no_corrections() -> None:
    for text in ("I like the way you say it, you went!", "You went the right way!", "It is not far, but you went."):
        assert reasons(written(LEARNER, text), job()) == []


OTHER = {
    "past_tense": ("walked", "walk"), "regularised_past": ("go", "went"), "agreement": ("work", "worked"),
    "plural": ("the cat", "cat"), "article_missing": ("saw dog", "saw my dog"), "article_form": ("a dog", "the dog"),
    "preposition_wrong": ("listened at", "listened hard"), "preposition_missing": ("listen music", "listen the music"),
    "object_first": ("read the paper", "read a paper"), "verb_second": ("went I", "I go"),
    "pronoun_gender": ("his keys", "my keys"), "uncountable": ("advice", "an advice"),
    "progressive": ("I cook", "I cooked"), "negation": ("I like", "I do not like"), "double_past": ("did find", "find"),
    "modal": ("can swim", "can to swim"), "infinitive": ("want to buy", "want buy"),
}  # fmt: skip


def test_briefs_and_curriculum_name_the_same_things() -> None:
    assert set(briefs().strategies) == set(lexicon().strategies)
    assert set(briefs().errors) == set(lexicon().mistakes) == set(RULES) == set(OTHER)
    assert list(briefs().levels) == ["A1", "A2", "B1", "B2", "C1"]


@pytest.mark.parametrize(
    ("error", "said", "meant"),
    [
        ("past_tense", "go", "went"), ("past_tense", "I see him", "I saw him"),
        ("regularised_past", "She buyed a lamp", "She bought a lamp"),
        ("agreement", "brother work", "brother works"), ("agreement", "she don't", "she doesn't"),
        ("agreement", "we was", "we were"), ("agreement", "he try", "he tries"), ("agreement", "it have", "it has"),
        ("plural", "three cat", "three cats"), ("plural", "many child", "many children"),
        ("article_missing", "saw dog", "saw a dog"), ("article_form", "a apple", "an apple"),
        ("preposition_wrong", "listened at the radio", "listened to the radio"),
        ("preposition_missing", "listen music", "listen to music"),
        ("object_first", "the newspaper read", "read the newspaper"), ("verb_second", "went I", "I went"),
        ("pronoun_gender", "his keys", "her keys"), ("uncountable", "an advice", "some advice"),
        ("uncountable", "informations", "information"), ("progressive", "I cooking", "I'm cooking"),
        ("negation", "no like", "don't like"), ("negation", "I not like", "I do not like"),
        ("double_past", "didn't found", "didn't find"), ("modal", "can to swim", "can swim"),
        ("infinitive", "want buy", "want to buy"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_from_the_words(error: str, said: str, meant: str) -> None:
    assert is_error(error, said, meant)


@pytest.mark.parametrize("error", OTHER)
def test_another_mistake_is_not_taken_for_it(error: str) -> None:
    said, meant = OTHER[error]
    assert not is_error(error, said, meant)
    assert not is_error(error, said, said)


@pytest.mark.parametrize("error", briefs().errors)
def test_what_is_meant_in_a_brief_is_not_said_in_it(error: str) -> None:
    brief = briefs().errors[error]
    assert not contains(brief.said, brief.meant)


def test_words_are_compared_whole_and_in_person() -> None:
    assert contains("Ah, you WENT home!", "went home") and not contains("undergo", "go")
    assert contains("You lost your cat.", "I lost my cat", person=True) and not contains("You lost it", "I lost")
    assert words("I can't, I’m late") == ["i", "can", "not", "i", "am", "late"]


def reply(**changes: Any) -> str:
    turns = [{"speaker": "learner", "text": LEARNER}, {"speaker": "tutor", "text": GOOD["recast"]}]
    return json.dumps({"said": SAID, "meant": MEANT, "turns": turns} | changes)


@pytest.mark.parametrize(
    "around", ["{}", "```json\n{}\n```", "```\n{}\n```", "<think>\nHm, {{}}.\n</think>\n{}", " \n{}\n"]
)
def test_a_dialogue_is_read_out_of_its_reply(around: str) -> None:
    found = parse(around.replace("{}", reply()), "stop")
    assert isinstance(found, Dialogue)
    assert found.messages() == [
        {"role": "user", "content": LEARNER}, {"role": "assistant", "content": GOOD["recast"]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        ("", "stop", "empty_reply"), ("<think>so</think>", "stop", "reasoning_alone"), (reply(), "length", "cut_off"),
        (f"<think>{reply()}", "length", "reasoning_alone"), (" ", "length", "empty_reply"),
        ("Sure! " + reply(), "stop", "not_json"), (reply()[:-3], "stop", "not_json"), ("[" * 5000, "stop", "not_json"),
        ("[]", "stop", "wrong_form"), (reply(more=1), "stop", "wrong_form"), (reply(said=3), "stop", "wrong_form"),
        (reply(turns=[]), "stop", "wrong_form"), (reply(turns=[{"speaker": "Tom", "text": "x"}]), "stop", "wrong_form"),
        (reply(turns=[{"speaker": "tutor", "text": " "}]), "stop", "wrong_form"),
        (reply(turns=[{"speaker": "tutor", "text": "\ud800"}]), "stop", "wrong_form"),
    ],
)  # fmt: skip
def test_a_reply_without_one_says_why(text: str, finish: str, reason: str) -> None:
    found = parse(text, finish)
    assert isinstance(found, Problem) and found.reason == reason


_JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["learner", "tutor", LEARNER]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["said", "meant", "turns", "speaker", "text", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@hypothesis.given(st.text() | _JUNK.map(json.dumps))
def test_whatever_is_read_is_a_dialogue_or_a_reason(text: str) -> None:
    found = parse(text, "stop")
    assert isinstance(found, Problem) or found.messages()


_TURNS = st.lists(st.builds(Turn, speaker=st.sampled_from(["learner", "tutor"]), text=st.text(max_size=30)), min_size=1, max_size=5)  # fmt: skip  # noqa: E501


@hypothesis.given(
    st.builds(Dialogue, said=st.text(max_size=12), meant=st.text(max_size=12), turns=_TURNS),
    st.sampled_from(list(briefs().strategies)),
    st.sampled_from(list(briefs().errors)),
)
def test_no_dialogue_is_too_odd_to_be_judged(dialogue: Dialogue, strategy: str, error: str) -> None:
    assert all(problem.reason and problem.detail for problem in checks.problems(dialogue, job(strategy, error)))
    assert checks.fingerprint(dialogue)


def test_the_schema_is_one_that_strict_servers_take() -> None:
    objects = [SCHEMA, *SCHEMA["$defs"].values()]
    assert all(found["additionalProperties"] is False for found in objects)
    assert all(set(found["required"]) == set(found["properties"]) for found in objects)
