"""Every family on a dialogue of maths and on one of language says what its docstring says, and nothing breaks it."""

import copy
import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.controls.arithmetic import computed, equations
from evaluation.controls.base import Scene, controls
from evaluation.controls.falsify import false_numbers, false_operations
from evaluation.controls.frames import pool, pools
from evaluation.controls.material import material
from evaluation.controls.spelling import spelled
from evaluation.metrics.stems import stem
from evaluation.metrics.text import read
from evaluation.quantities.numerals import is_number, terms, value_of

FAMILIES = controls()
KINDS = {"no_content", "borrowed", "false_content", "telling", "style", "search", "learners"}
SEEDS = range(12)
PROBLEM = (
    "Tom has 3 boxes with 12 pencils in each box. He gives 8 pencils to his sister Meg. How many pencils has he left?"
)
MATHS = Scene(
    messages=[
        {"role": "assistant", "content": f"Hi, could you please solve this? The question is: {PROBLEM}"},
        {"role": "user", "content": "Tom has 3 x 12 = 36 pencils. He gives them to Meg, so 36 + 8 = 44 pencils. 44"},
        {"role": "assistant", "content": "What happens to the pencils that he gives to Meg?"},
        {"role": "user", "content": "She gets 8 of them, so there are 44 pencils."},
    ],
    references=("You have 36 pencils in the boxes. If you add the 8 to them, does Tom have more than he had before?",),
    answer="In all Tom has 3 x 12 = 36 pencils.\nAfter the gift he has 36 - 8 = 28 pencils.\n28",
    problem="pencils",
)
LANGUAGE = Scene(
    messages=[
        {"role": "assistant", "content": "What did you do at the weekend?"},
        {"role": "user", "content": "Yesterday I go to the market with my sister and we buyed mangos."},
    ],
    references=("So you went to the market with your sister! Which of the mangos did you like best?",),
    answer="you went to the market with your sister",
    problem="market",
)
SPANISH = Scene(
    messages=[{"role": "user", "content": "Ayer yo ir al mercado con mi abuela y compramos dos mangos en la plaza."}],
    references=("¡Así que ayer fuiste al mercado con tu abuela! ¿Quién escogió los mangos?",),
    answer="fuiste al mercado con tu abuela",
    problem="mercado",
)
OTHER = Scene(
    messages=[
        {"role": "assistant", "content": "The question is: A bus has 40 seats and 7 rows. How many seats in a row?"},
        {"role": "user", "content": "I think the bus has 280 seats in the rows."},
    ],
    references=("Would 280 seats fit into a bus with 40 seats? What do the 7 rows do to the seats?",),
    answer="40 / 7",
    problem="bus",
)
SCENES = tuple(replace(each, others=(MATHS, LANGUAGE, SPANISH, OTHER)) for each in (MATHS, LANGUAGE, SPANISH, OTHER))
MATHS, LANGUAGE, SPANISH, OTHER = SCENES


def made(name: str, scene: Scene = MATHS) -> list[str]:
    """Different replies of a family to a scene."""
    found = [FAMILIES[name].replies([scene], seed=seed)[0] for seed in SEEDS]
    return [each for each in dict.fromkeys(found) if each is not None]


def numbers(text: str) -> list[str]:
    return [term for term in terms(text) if is_number(term)]


def test_there_are_families_of_every_kind():
    assert {each.kind for each in FAMILIES.values()} == KINDS
    assert sum(not each.adds for each in FAMILIES.values()) >= 26
    labels = [each.label for each in FAMILIES.values()]
    assert len(set(labels)) == len(labels) and all(each.description.endswith(".") for each in FAMILIES.values())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_pure(name):
    before = copy.deepcopy(SCENES)
    one, two = (FAMILIES[name].replies(SCENES, seed=3) for _ in range(2))
    alone = [FAMILIES[name].replies([scene], seed=3)[0] for scene in reversed(SCENES)]
    assert one == two == alone[::-1] and before == SCENES
    assert any(one), "it can be made for none of four usual scenes"


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "canned"])
def test_a_family_has_more_than_one_text(name):
    of_the_reply_alone = {"question_mark", "copied_turn", "false_steps"}
    assert len(made(name)) > 1 or name in of_the_reply_alone


@pytest.mark.parametrize("name", FAMILIES)
def test_what_a_family_needs_it_says_by_making_nothing(name):
    bare = Scene(messages=[{"role": "user", "content": "Hm."}])
    needs_nothing = {name for name, each in FAMILIES.items() if each.kind == "no_content" or name.endswith("_alone")}
    assert (FAMILIES[name].replies([bare]) != [None]) == (name in needs_nothing | {"restated", "parroted"})


# No content


@pytest.mark.parametrize("name", [name for name, each in FAMILIES.items() if each.kind == "no_content"])
def test_without_content_nothing_of_the_dialogue_is_said(name):
    for scene, there in ((MATHS, "pencil tom meg box sister gift"), (SPANISH, "mercado abuel mango plaz")):
        for text in made(name, scene):
            assert {stem(word) for word in read(text).words}.isdisjoint(there.split()) and {*numbers(text)} <= {"#1"}
    assert {read(text).language for text in made(name, SPANISH)} - {""} == {"es"}


# Borrowed


@pytest.mark.parametrize("name", ["salad", "keywords"])
@pytest.mark.parametrize("scene", [MATHS, LANGUAGE, SPANISH])
def test_a_salads_words_are_the_dialogues(name, scene):
    frames = {word for frame in pool(name, material(scene).language) for word in read(frame).words}
    there = read(" ".join(message["content"] for message in scene.messages)).words
    for text in made(name, scene):
        assert {stem(word) for word in read(text).words} <= {stem(word) for word in (*there, *frames)}
        assert len(set(read(text).content) & set(read(" ".join(there)).content)) >= 3


def test_words_in_another_order_are_the_same_words():
    (good,) = MATHS.references
    for text in made("scrambled"):
        assert sorted(read(text).words) == sorted(read(good).words) and read(text).words != read(good).words


def test_the_mad_lib_has_the_learners_nouns():
    assert set(material(MATHS).nouns[:2]) <= {"pencils", "boxes", "box", "sister"}
    for text in made("mad_lib"):
        assert "{" not in text and len(re.findall(r"\b(?:pencils|boxes|box|sister)\b", text)) >= 2


def test_what_was_said_is_said_again():
    assert all(PROBLEM in text for text in made("restated"))
    assert made("copied_turn") == ["What happens to the pencils that he gives to Meg?"]
    assert all("she gets 8 of them, so there are 44 pencils" in text.lower() for text in made("parroted"))
    assert all(re.search(r'"(?:She gets|.*44).*"', text) for text in made("mistake_pasted"))
    there = numbers(" ".join(message["content"] for message in MATHS.messages))
    for name in ("numbers_pasted", "praise_numbers"):
        assert all(numbers(text) and set(numbers(text)) <= set(there) for text in made(name))


# False


def test_agreement_needs_somebody_who_is_wrong():
    assert all("44" in text for text in made("agrees"))
    right = replace(MATHS, messages=[{"role": "user", "content": "So he has 28 pencils left."}])
    praised = replace(MATHS, answer="", references=("Exactly, well done! Which step was hardest?",))
    curious = replace(MATHS, messages=[{"role": "user", "content": "Why is the sky blue?"}])
    assert not made("agrees", right) and not made("agrees", praised) and not made("agrees", curious)
    assert made("agrees", replace(praised, references=("You are right about Meg, but not Tom.",)))


@pytest.mark.parametrize("name", ["false_figures", "misplaced_figures"])
def test_false_numbers_are_all_that_differs(name):
    (good,) = MATHS.references
    known = {*numbers(material(MATHS).all), *numbers(MATHS.answer)}
    for text in made(name):
        assert re.sub(r"\d+", "#", text) == re.sub(r"\d+", "#", good)
        changed = list(zip(numbers(good), numbers(text), strict=True))
        assert all(one != two for one, two in changed)
        assert name == "misplaced_figures" or known.isdisjoint(numbers(text))


@pytest.mark.parametrize(
    "text",
    [
        "First 12 + 3 = 15, then 15 * 2 = 30.",
        "7 + 3 + 8 = 18",
        "Half of it is 1/2, and 1/2 of 4 is 2.",
        "Twenty-five of the three boxes.",
        "It costs $1,250.50 or 10%.",
        "0.5 g are 500 mg",
        "There are two.",
        "Step 2: take 4 from 9.",
    ],
)
def test_falsified_numbers_are_false_however_they_are_drawn(text):
    for seed in range(60):
        found = false_numbers(text, (), random.Random(seed))
        if found is not None:
            kept = {"Half": {"#1/2"}, "Step": {"#2"}}.get(text[:4], set())
            assert {*numbers(text)} & {*numbers(found)} <= kept and not any(each.holds for each in equations(found))
    assert any(false_numbers(text, numbers(text), random.Random(seed)) for seed in range(5))


def test_a_number_that_nobody_said_cannot_be_falsified():
    text = "Say I have 20 sweets. What is half of 5?"
    assert false_numbers(text, ("#3",), random.Random(0)) is None
    assert all(
        re.search(r"\b20\b", str(false_numbers(text, ("#5",), random.Random(seed), only_one=True))) for seed in range(9)
    )
    assert false_numbers("But 2 + 2 = 4.", (), random.Random(0)) is not None


@pytest.mark.parametrize(
    ("text", "false"),
    [
        ("Add the 8 to the 36.", "Subtract the 8 from the 36."),
        ("You need to subtract 3 from 5, then multiply.", "You need to add 3 to 5, then divide."),
        ("How many more is that?", "How many fewer is that?"),
        ("It is 4 more than 6 x 2 = 12.", "It is 4 fewer than 6 / 2 = 12."),
        ("She has less than 5.", "She has more than 5."),
        ("26 - 2 = 24", "26 + 2 = 24"),
        ("Tell me more about 3 x 4.", "Tell me more about 3 / 4."),
        ("What does 72/8=9 tell you?", "What does 72*8=9 tell you?"),
        ("2 * 1 = 2", None),
        ("You ate more 3/4 of 10-15 minutes one more time.", None),
    ],
)
def test_falsified_operations(text, false):
    assert false_operations(text, "en") == false


def test_falsified_operations_in_other_languages():
    assert false_operations("¿Por qué sumas los dos?", "es") == "¿Por qué restas los dos?"
    assert false_operations("Plus tard, tu multiplies.", "fr") == "Plus tard, tu divises."
    assert false_operations("Warum addierst du sie?", "de") == "Warum subtrahierst du sie?"


def test_the_doubted_step_was_right():
    assert all("3 x 12" in text and "44" not in text for text in made("doubted_step"))
    unsolved = replace(MATHS, answer="28")
    assert all("3 x 12" in text and "44" not in text for text in made("doubted_step", unsolved))
    bare = replace(MATHS, messages=[MATHS.messages[0], {"role": "user", "content": "I took the 12 and got 99."}])
    assert all(re.findall(r"\d+", text) == ["12"] for text in made("doubted_step", bare))
    assert all(re.search(r'"(?:market|sister|mangos)"', text) for text in made("doubted_step", LANGUAGE))


def test_equations_are_quoted_as_they_were_written():
    text = (
        "So 2 × ($3 + 4) = $14, and\n**10 apples / 4 = 2.5**. Then 3 x 4 = 12 + 5 = 18 more; 50%/2 = 25% of it, 7 = 7."
    )
    found = [(each.text, each.holds) for each in equations(text)]
    assert found == [
        ("2 × ($3 + 4) = $14", True), ("10 apples / 4 = 2.5", True), ("12 + 5 = 18", False), ("50%/2 = 25%", True),
    ]  # fmt: skip
    one, two = equations("6 × 7 = 42"), equations("6*7=43")
    assert one[0].key == two[0].key and computed("6 plus 7 = 13") is None and computed("2 / 0") is None


def test_a_false_claim_is_false():
    for scene in (MATHS, OTHER):
        for text in made("false_claim", scene):
            found = re.search(r"([\d$]+ ?[-+x×/] ?[\d$]+)\D+?(-?\d+)", text)
            assert found and computed(found[1]) != int(found[2])


def test_a_reply_to_another_problem_is_of_another():
    others = {reply for scene in SCENES for reply in scene.references} - set(MATHS.references)
    assert set(made("shuffled")) <= others and all("mercado" not in text for text in made("shuffled"))
    alone = replace(MATHS, others=(MATHS, replace(MATHS, references=("The same problem.",))))
    assert not made("shuffled", alone) and not made("transplanted", alone)
    there = replace(MATHS, others=(OTHER,))
    for text in made("transplanted", there):
        assert (
            "280" not in text
            and not re.search(r"\b(?:seats|bus)\b", text)
            and set(numbers(text)) <= set(numbers(material(MATHS).all))
        )


def test_a_misplaced_number_stands_where_it_was_never_said():
    assert made("misplaced_figures") and all("have 3 pencils" in text for text in made("misplaced_figures"))


def test_one_false_number_is_one():
    (good,) = MATHS.references
    for text in made("one_false_figure"):
        assert sum(one != two for one, two in zip(numbers(good), numbers(text), strict=True)) == 1
        assert len(set(numbers(text)) - {*numbers(material(MATHS).all), *numbers(MATHS.answer)}) == 1


# Telling


@pytest.mark.parametrize(
    ("name", "tells"),
    [
        ("answer_in_words", r"\btwenty-eight\b"),
        ("answer_in_figures", r"\b28\b"),
        ("answer_asked", r"\b28\b|\btwenty-eight\b"),
        ("last_step_done", r"36 - 8\D+28\b"),
        ("neighbour", r"\b27\b|\b29\b"),
        ("expression", r"36 - 8"),
        ("one_choice", r"\b28\b"),
        ("told_whole", r"36 - 8 = 28"),
    ],
)
def test_telling_tells(name, tells):
    assert made(name) and all(re.search(tells, text) for text in made(name))
    assert not made(name, replace(MATHS, answer=""))


def test_the_last_step_is_the_one_that_gives_the_answer():
    told = replace(MATHS, answer="In all 3 x 12 = 36. Then 36 - 8 = 28. Meg and Tom are 1 + 1 = 2 children.\n28")
    for name in ("last_step_done", "expression"):
        assert made(name, told) and all("36 - 8" in text and "1 + 1" not in text for text in made(name, told))
    assert not made("last_step_done", replace(MATHS, answer="So 36 - 9 = 28.\n28"))
    assert all(re.search(r"\b44\b", text) for text in made("one_choice") if "27" not in text)


def test_an_expression_comes_to_the_answer():
    bare = replace(MATHS, answer="28")
    for text in made("expression", bare):
        found = re.search(r"\d+ [-+] \d+", text)
        assert found and computed(found[0]) == 28
    assert not made("last_step_done", bare) and not made("told_whole", bare)


@pytest.mark.parametrize("scene", [LANGUAGE, SPANISH])
@pytest.mark.parametrize("name", ["answer_in_words", "answer_asked", "one_choice"])
def test_telling_a_form_tells_the_form(name, scene):
    assert made(name, scene) and all(scene.answer in text for text in made(name, scene))


@pytest.mark.parametrize("value", [*range(130), 999, 1000, 1001, 1110, 20_015, 1_000_000, 123_456_789])
def test_number_words_are_read_back(value):
    assert terms(str(spelled(value_of(f"#{value}")))) == (f"#{value}",)


# Style


@pytest.mark.parametrize("name", [name for name, each in FAMILIES.items() if each.adds])
@pytest.mark.parametrize("scene", [MATHS, SPANISH])
def test_what_is_added_leaves_the_reply(name, scene):
    for text in made(name, scene):
        (good,) = scene.references
        left = [word for word in read(text.replace("**", "")).words if word in read(good).words]
        assert " ".join(read(good).words) in " ".join(read(text.replace("**", "")).words) and len(left) >= len(
            read(good).words
        )
        assert text != good or name == "question_mark"


# Anything


TURNS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "😀",
            "😀👍",
            "?",
            "44",
            "3/0 = 5",
            "1/2",
            "{noun} {",
            "مرحبا كم تفاحة لديك؟ 3",
            "你好，3个苹果",
            "x" * 300,
        ]
    ),
    st.text(max_size=60),
)


@settings(max_examples=60, deadline=None)
@given(said=st.lists(TURNS, min_size=1, max_size=4), reply=TURNS, answer=TURNS, other=TURNS, seed=st.integers(0, 9))
def test_no_scene_breaks_a_family(said, reply, answer, other, seed):
    messages = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(said[::-1])][
        ::-1
    ]
    there = Scene(messages=[{"role": "user", "content": other}], references=(other,), problem="there")
    scene = Scene(messages=messages, references=(reply,), answer=answer, problem="here", others=(there,))
    for each in FAMILIES.values():
        (found,) = each.replies([scene], seed=seed)
        assert found is None or isinstance(found, str)


def test_a_very_long_dialogue_is_no_trouble():
    long = "Tom has 3 boxes of 12 pencils = 36? " * 3000
    scene = Scene(messages=[{"role": "user", "content": long}], references=(long,), answer="28", problem="long")
    for each in FAMILIES.values():
        each.replies([replace(scene, others=SCENES)])


def test_every_frame_can_be_filled():
    from evaluation.controls.frames import _OF_DIALOGUE, _SLOT

    own = {
        "problem",
        "said",
        "turned",
        "first",
        "second",
        "equation",
        "left",
        "right",
        "wrong",
        "answer",
        "below",
        "above",
    }
    own |= {"expression", "solution", "own"}
    assert own.isdisjoint(pools()), "a gap that would be filled with its own frame"
    for name, by_language in pools().items():
        assert "en" in by_language
        for frame in (frame for frames in by_language.values() for frame in frames):
            assert set(_SLOT.findall(frame)) <= {*own, *_OF_DIALOGUE, *pools()}, name
