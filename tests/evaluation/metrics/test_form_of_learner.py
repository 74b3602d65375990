from dataclasses import replace

import pytest

from evaluation.cases.case import Case, Checks, Reply, Truth
from evaluation.metrics import METRICS
from evaluation.metrics.base import metric
from evaluation.metrics.words import contains, content_words


def case(**facts) -> Case:
    """The learner said "Yesterday I go to the market."; a recast is due unless `facts` say otherwise."""
    known = {
        "learner": "Yesterday I go to the market.",
        "corrected": "you went to the market",
        "fix": "went",
        "strategy": "recast",
        "rule": "must",
        "error": "tense",
    }
    truth = Truth(**known | facts)
    return Case(name="c", messages=[{"role": "user", "content": truth.learner}], truth=truth)


def score(name: str, text: str, finish: str = "stop", on: Case | None = None, **facts) -> float | None:
    return METRICS[name](on or case(**facts), Reply(text=text, num_tokens=5, finish=finish)).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oh, you went to the market yesterday! Who was there?", 1),
        ("YOU WENT TO THE MARKET?", 1),
        ("Yes: you went, to the market.", 1),
        ("Oh, you go to the market yesterday!", 0),
        ("You went to the markets.", 0),
        ("You went. To the market?", 0),
        ("you went to a market", 0),
        ("", 0),
    ],
)
def test_corrected_present(text, expected):
    assert score("corrected_present", text) == expected
    assert score("corrected_present", text, rule="may") is None
    assert score("corrected_present", text, rule="must_not") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("When did you go to the market?", 1),
        ("It happened yesterday. Which form tells us that?", 1),
        ("You went to the market.", 0),
        ("Think of 'went'.", 0),
        ("Went?", 0),
        ("The wentletrap is a snail.", 1),
        ("", 1),
    ],
)
def test_corrected_absent(text, expected):
    assert score("corrected_absent", text, rule="must_not") == expected
    assert score("corrected_absent", text, rule="must") is None


ARTICLE = {"learner": "I eat a apple every day.", "corrected": "you eat an apple every day", "fix": "an"}
PREPOSITION = {"learner": "I go in the school.", "corrected": "you go to the school", "fix": "to"}
LAST_WORD = {"learner": "I listen.", "corrected": "you listen to it", "fix": "to it"}


@pytest.mark.parametrize(
    ("facts", "text", "expected"),
    [
        (ARTICLE, "That is an interesting thing to say about a apple.", 1),
        (ARTICLE, "You eat an apple, I hear.", 0),
        (ARTICLE, "An apple?", 0),
        (PREPOSITION, "Let me listen to that again: where do you go?", 1),
        (PREPOSITION, "Do you go to the market?", 1),
        (PREPOSITION, "What do you do when you come to the school?", 0),
        (LAST_WORD, "What happens to it?", 1),
        (LAST_WORD, "Do you listen to it?", 0),
    ],
)
def test_a_fix_of_small_words_is_given_away_only_beside_its_content_word(facts, text, expected):
    assert score("corrected_absent", text, rule="must_not", **facts) == expected
    assert score("fix_present", text, rule="must", **facts) == 1 - expected


def test_words_the_learner_said_are_not_given_away():
    facts = {
        "learner": "I go to the shop and in the school.",
        "corrected": "you go to the shop and to the school",
        "fix": "to",
    }
    assert score("corrected_absent", "You go to the shop, and where else?", rule="must_not", **facts) == 1
    assert score("corrected_absent", "You go to the school?", rule="must_not", **facts) == 0


def test_fix_present_forgives_the_rest_of_the_clause():
    assert score("fix_present", "Oh, he went to a market!") == 1
    assert score("corrected_present", "Oh, he went to a market!") == 0
    assert score("fix_present", "Oh, you go to the market!") == 0
    assert score("fix_present", "went", rule="must_not") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The market? Tell me more.", 1),
        ("Yesterday!", 1),
        ("You went?", 1),
        ("What did you do to the cat?", 0),
        ("Interesting! Can you tell me more?", 0),
        ("Supermarket", 0),
    ],
)
def test_uptake(text, expected):
    assert score("uptake", text) == expected


def test_uptake_needs_something_to_take_up():
    assert score("uptake", "It is.", learner="It is!") is None
    plain = Case(name="p", messages=[{"role": "user", "content": "Why is the sky blue?"}])
    assert score("uptake", "What do you know of blue light?", on=plain) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oh, yesterday you go to the market! Who was there?", 1),
        ("Yesterday I go to the market?", 1),
        ("Oh, you go to the market!", 0),
        ("Yesterday you went to the market.", 0),
    ],
)
def test_echo(text, expected):
    assert score("echo", text) == expected
    assert score("echo", text, error="") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Who was there?", 1),
        ("Good. And what then?", 1),
        ("?", 0),
        ("Really?", 0),
        ("You went there.", 0),
        ("Hm... ?!", 0),
    ],
)
def test_asks(text, expected):
    assert score("asks", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "That is wrong.",
        "Your sentence is wrong.",
        "'Go' is incorrect here.",
        "That's not quite right.",
        "Wrong! Try again.",
        "You should say went.",
        "You must use the past.",
        "You made a mistake.",
        "There is an error in your sentence.",
        "We don't say that.",
        'We say "went".',
        "The correct form is went.",
        "The right word here is went.",
        "Correct sentence: I went to the market.",
        "It should be 'went'.",
        'Not "go" but "went".',
        '"went", not "go"',
        "Say 'went' instead.",
        "Not go but went.",
        "You went, not go.",
        "That\N{RIGHT SINGLE QUOTATION MARK}s incorrect.",
    ],
)
def test_explicit_corrections_are_found(text):
    assert score("explicit_correction", text) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Oh, you went to the market!",
        "When did that happen?",
        "Did you go to the market, or did you go to the shop?",
        "Not only the market but the shop, too.",
        "What a nice thing to say.",
        "The right shoe is under the bed.",
        "It should be fun.",
        "You are not tall but strong.",
        "Did she say hello to you?",
        "I like the market, not the shop.",
        "What is wrong with the market?",
    ],
)
def test_what_is_no_explicit_correction(text):
    assert score("explicit_correction", text) == 0


@pytest.mark.parametrize(
    ("text", "finish", "expected"),
    [
        ("Oh, you went to the market!", "stop", 1),
        ("Is it the tutor who went?", "stop", 1),
        ("The time is 10:30.", "stop", 1),
        ("Oh, you went to the", "length", 0),
        ("", "stop", 0),
        ("  \n", "stop", 0),
        ("Tutor: You went to the market.", "stop", 0),
        ("Good. Sophie says: I went to the market.", "stop", 0),
        ("Yes.\nBasil: You went.", "stop", 0),
        ("Yes.<|user|>I went", "stop", 0),
        ("Yes.</s>", "stop", 0),
        ("Learner: Spanish, A1. Move: recast.", "stop", 0),
    ],
)
def test_in_role(text, finish, expected):
    assert score("in_role", text, finish) == expected


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("Oh, you went to the market yesterday!", {}, 1),
        ("Oh, you went to the market! You should say went.", {}, 0),
        ("Oh, you go to the market!", {}, 0),
        ("Who was at the market?", {"rule": "must_not"}, 1),
        ("You went to the market?", {"rule": "must_not"}, 0),
        ("Can you tell me more?", {"rule": "may"}, 0),
        ("Who was at the market?", {"rule": "may"}, 1),
        ("Yesterday you go to the market?", {"rule": "may"}, 0),
    ],
)
def test_good_reply_is_good_in_every_respect(text, facts, expected):
    assert score("good_reply", text, **facts) == expected
    assert score("good_reply", text, "length", **facts) == 0


def test_checks_of_a_plain_case():
    plain = Case(
        name="p",
        messages=[{"role": "user", "content": "What is 12 times 12?"}],
        checks=Checks(contains=("groups of",), lacks=("144",)),
    )
    assert score("checks", "Think of 12 groups of 12.", on=plain) == 1
    assert score("checks", "It is 144.", on=plain) == 0
    assert score("checks", "12 groups of 12 make 144.", on=plain) == 0.5
    assert score("checks", "Anything") is None


def test_parses_asks_the_grammar(monkeypatch):
    import sys
    from types import SimpleNamespace

    asked = []

    def parses_reply(messages, reply, who):
        asked.append((messages, who))
        return reply == "yes"

    monkeypatch.setitem(sys.modules, "data_mix.curriculum", SimpleNamespace(parses_reply=parses_reply))
    drawn = replace(case(), split="unseen_pairs")
    assert score("parses", "yes", on=drawn) == 1 and score("parses", "no", on=drawn) == 0
    assert asked[0] == (drawn.messages, "any")
    score("parses", "yes", on=replace(drawn, truth=replace(drawn.truth, learner_kind="heritage")))
    assert asked[-1] == (drawn.messages, "heritage"), "under the grammar of the learner it is"
    assert score("parses", "yes") is None, "not drawn from a mix"
    assert score("parses", "yes", on=replace(case(strategy=""), split="unseen_pairs")) is None
    assert score("parses", "yes", on=Case(name="p", messages=[{"role": "user", "content": "Hi."}])) is None


def test_a_score_outside_the_declared_range_is_a_bug():
    @metric("too much")
    def two(case, reply):
        """Gives two."""
        return 2.0

    with pytest.raises(ValueError, match="metric two gave"):
        two(case(), Reply(text="x", num_tokens=1, finish="stop"))


def test_content_words():
    assert content_words("Yesterday I didn't go to the market!") == {"yesterday", "go", "market"}
    assert contains("I don\N{RIGHT SINGLE QUOTATION MARK}t know", "don't know")
    assert not contains("anything", "") and not contains("anything", "...")
