"""What all metrics stand on: words, stems, numbers, and what a learner's turn has to take up."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.language.speech import contains, find, to_tutors_person, tokens, words
from evaluation.metrics.phrases import heard
from evaluation.metrics.stems import stem
from evaluation.metrics.text import read
from evaluation.metrics.uptake import uptake
from evaluation.quantities.numerals import is_number, terms, value_of
from tests.evaluation.metrics.by_hand import CANNED, asked, reply

CANNED_QUESTIONS = (
    """
What do you think?|Can you tell me more?|Why do you say that?|How did you get there?|What makes you think so?
Interesting! Can you explain your reasoning?|What would you try next?|How do you know?|Can you say more about that?
What else could you do?|Could you walk me through your steps?|What is your first idea?|How do you feel about that?
Great question! What do you already know?|What happens next?|Can you give me an example?|Why do you think that happens?
What part is confusing?|How would you explain it to a friend?|Is there another way to look at it?
That's a good start! What could you do next to find the answer?|What do you notice?|What do you mean?
I see. How could we check if that is right?|Let's think about this together. Where should we start?
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
LEARNERS = (
    "Yesterday I go to the market.", "I think the answer is 27.", "24 / 3 makes 8, so I need 9 boxes.",
    "My sister have three cat and a dog.", "Why is the sky blue?", "Plants eat soil, I read it in my book.",
    "I don't know how to start. The rectangle is 4 by 5.", "Is gravity stronger on the Moon than on Earth?",
)  # fmt: skip


@pytest.mark.parametrize("said", LEARNERS)
def test_no_canned_question_takes_up_what_a_learner_said(said):
    taken_up = [question for question in CANNED_QUESTIONS if uptake(asked(said), reply(question)).value]
    assert taken_up == [] and uptake(asked(said), reply(CANNED)).value == 0


def test_words():
    assert " ".join(words("I can't, you're 3.5 km off. Let's go!")) == "i can not you are 3.5 km off let us go"
    assert words("l'été d'un ami, dell'acqua") == ["l", "été", "d", "un", "ami", "dell", "acqua"]
    assert words("我喜欢 Python") == ["我", "喜", "欢", "python"]
    assert words("हिन्दी में") == ["हिन्दी", "में"] and words("_a_ п'ять") == ["a", "п'ять"]
    assert tokens("One. Two") == ["one", ".", "two"]
    assert contains("It is 3.5 km.", "3.5 km") and not contains("It is 13.5 km.", "3.5 km")
    assert contains("哦，你去了市场！", "你去了市场") and contains("You’re late", "you are late")
    assert not contains("One. Two", "one two") and not contains("anything", "...")
    assert find(list("ababc"), list("abc")) == [2] and find(["a"], []) == []
    assert to_tutors_person("I was at my aunt's.") == "you were at your aunt's"


@given(st.text(max_size=50))
def test_any_text_has_words(text):
    assert all(word and not word.isspace() for word in words(text))
    assert not words(text) or contains(" ".join(words(text)), " ".join(words(text)))


@pytest.mark.parametrize(
    "forms",
    [
        "apple apples", "try tries tried trying", "stop stops stopped stopping", "bake bakes baked baking",
        "city cities", "box boxes", "house houses", "bus buses", "go goes went gone going", "child children",
        "tell telling told", "multiply multiplied multiplying", "add adds added adding", "perro perros perra",
        "camión camiones",
    ],
)  # fmt: skip
def test_forms_of_a_word_have_one_stem(forms):
    assert len({stem(form) for form in forms.lower().split()}) == 1


@pytest.mark.parametrize("pair", ["string sting", "glass glad", "thing think", "bring bread", "new now", "cat cattle"])
def test_different_words_have_different_stems(pair):
    assert len({stem(word) for word in pair.split()}) == 2


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("27 27.0 twenty-seven Twenty seven", [27, 27, 27, 27]),
        ("3/4 ¾ 0.75 \\frac{3}{4} three quarters", [Fraction(3, 4)] * 5),
        ("1 1/2, 1½, \\dfrac{3}{2}", [Fraction(3, 2)] * 3),
        ("half, one half, a quarter", [Fraction(1, 2), Fraction(1, 2)]),
        ("1,000 1000 one thousand 1 thousand", [1000, 1000, 1000, 1000]),
        ("2 million, nine hundred ninety-nine thousand", [2_000_000, 999_000]),
        ("one hundred and five, two hundred and ten thousand", [105, 210_000]),
        ("3,5 and 3.5", [Fraction(7, 2)] * 2),
        ("-5, −5, minus five, negative five, x=-5", [-5] * 5),
        ("8 - 5, 8-5", [8, 5, 8, 5]),
        ("1,2,3 and 1/2/2024", [1, 2, 3, 1, 2, 2024]),
        ("$1,234.50", [Fraction("1234.5")]),
        ("one two three", [1, 2, 3]),
        ("1/0 and 10:30, 12th", [12]),
        ("thousands and hundreds of the third", []),
    ],
)
def test_numbers_in_any_writing(text, values):
    assert [value_of(term) for term in terms(text) if is_number(term)] == values


def test_terms_keep_order_and_words():
    assert terms("The 3 apples = 75%") == ("#3", "appl", "=", "#75", "%")


@given(st.integers(0, 999_999))
def test_number_words_are_read_back(number):
    assert terms(spelled(number)) == (f"#{number}",)


SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def spelled(number: int) -> str:
    small, tens = SMALL.split(), TENS.split()
    if number < 20:
        return small[number]
    if number < 100:
        return tens[number // 10 - 2] + (f"-{small[number % 10]}" if number % 10 else "")
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    rest = f" {spelled(number % size)}" if number % size else ""
    return f"{spelled(number // size)} {name}{' and' if rest and size == 100 else ''}{rest}"


def test_content_is_what_can_be_taken_up():
    assert read("I think the 3 dogs run, don't you know?").content == {"#3", "dog", "run"}
    assert read("我昨天去了市场").content >= {"市", "场"} and "了" not in read("我昨天去了市场").content
    assert read("Ist der Hund müde?").language == "de" and read("Xyz abc.").language == ""


def test_phrases_are_whole_words_and_of_one_language_where_that_is_asked():
    assert heard("together", "Let’s go") and not heard("together", "The west is wet")
    assert heard("open", "Was ist das?") and not heard("open", "Was it big?", "en")
