import pytest

from evaluation.cases.case import Case, Reply
from evaluation.cases.case_spec import CaseSpec
from evaluation.metrics.soundness import THRESHOLD, before_choice, choice, sound_reasoning, soundness, wrong_but_sound

QUESTION = (
    "A plant in a dark cupboard grows tall and pale. Why?\n\nA. It looks for light\nB. It is warm there\n"
    "C. It has too much water\nD. Dark soil is richer"
)
SOUND = (
    "A plant makes its food from light. In a dark cupboard there is none, so the stem stretches quickly upwards in "
    "search of it. Because no chlorophyll forms, the leaves stay pale."
)


def test_reasoning_about_the_question_is_sound():
    found = soundness(QUESTION, SOUND)
    assert found.is_sound and found.score > 0.8 and found.coherence == 1 and found.non_repetition > 0.95


@pytest.mark.parametrize(
    ("reasoning", "part"),
    [
        ("", "substance"),
        ("I think it is B.", "substance"),
        ("The plant grows tall and pale in a dark cupboard.", "substance"),
        ("Photosynthesis matters. " * 12, "non_repetition"),
        ("My grandmother baked seven wonderful cakes yesterday. Trains to Vienna leave hourly.", "relevance"),
        ("What a good question! What do you think happens next? Tell me more about how you see it.", "relevance"),
    ],
)  # fmt: skip
def test_what_is_empty_off_the_point_or_repeated_is_not(reasoning, part):
    found = soundness(QUESTION, reasoning)
    assert not found.is_sound and getattr(found, part) < 0.4, found


def test_sentences_that_do_not_hang_together_lower_coherence():
    tossed = "A plant needs light. Seven cakes baked yesterday. Trains run hourly. Pale leaves lack chlorophyll."
    assert soundness(QUESTION, tossed).coherence == 0.5
    assert soundness(QUESTION, "Cakes are baked. Therefore trains run.").coherence == 0.5
    assert soundness(QUESTION, "Cakes are baked. Baked things rise.").coherence == 0.5


def test_parts_are_shares_and_one_at_nothing_makes_nothing_of_the_whole():
    for text in (SOUND, "", "?", "a a a a", QUESTION * 3):
        found = soundness(QUESTION, text)
        parts = (found.relevance, found.coherence, found.non_repetition, found.substance)
        assert all(0 <= part <= 1 for part in parts) and min(parts) <= found.score + 1e-12 <= max(parts) + 2e-12
    assert soundness("", SOUND).score == 0


@pytest.mark.parametrize(
    ("reply", "before", "letter"),
    [
        ("Light.\n\nAnswer: B\n", "Light.", "B"),
        ("Light.\n**Answer:** (c).", "Light.", "C"),
        ("Answer: A\nNo, wait.\nAnswer: D", "Answer: A\nNo, wait.", "D"),
        ("The answer is clear to me.", "The answer is clear to me.", ""),
        ("Answer: both of them", "Answer: both of them", ""),
        ("", "", ""),
    ],
)
def test_what_stands_before_the_choice(reply, before, letter):
    assert before_choice(reply) == before and choice(reply) == letter


@pytest.mark.parametrize(
    ("columns", "flagged"),
    [
        ({"choice_correct": 0.0, "sound_reasoning": 0.5}, True),
        ({"choice_correct": 1.0, "sound_reasoning": 0.9}, False),
        ({"choice_correct": 0.0, "sound_reasoning": 0.49}, False),
        ({"sound_reasoning": 0.9}, False),
        ({"choice_correct": 0.0}, False),
    ],
)
def test_wrong_but_sound(columns, flagged):
    assert wrong_but_sound(columns) == flagged


def test_the_metric_is_of_multiple_choice_alone_and_reads_the_reasoning_not_the_request():
    spec = CaseSpec(
        name="plant",
        prompt="A plant in a dark cupboard grows tall and pale. Why?",
        choices=("Light", "Heat"),
        answer="A",
    )
    case = spec.build()
    sound = sound_reasoning(case, Reply(text=f"{SOUND}\nAnswer: B", num_tokens=9, finish="stop")).value
    assert sound == soundness("A plant in a dark cupboard grows tall and pale. Why?\n\nA. Light\nB. Heat", SOUND).score
    assert (
        sound is not None
        and sound >= THRESHOLD > sound_reasoning(case, Reply(text="Answer: A", num_tokens=9, finish="stop")).value
    )
    plain = Case(name="x", messages=[{"role": "user", "content": "Why?"}])
    assert sound_reasoning(plain, Reply(text=SOUND, num_tokens=9, finish="stop")).value is None
