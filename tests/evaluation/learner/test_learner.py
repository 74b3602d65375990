import pytest

from espalier.errors import UserError
from evaluation.cases.case import Case, Dialogue, Simulation, Truth
from evaluation.config import EvaluateConfig
from evaluation.learner.endpoint import EndpointLearner
from evaluation.learner.moves import move_of
from evaluation.learner.opening import open_learner
from evaluation.learner.simulated import RuleLearner, mastery, put_right, says_right
from evaluation.metrics.dialogue import (
    answers_given_away,
    learner_talk_share,
    self_corrected,
    turns_to_self_correction,
)
from evaluation.metrics.recast import form_in
from tests.espalier.endpoints.chat_server import fails, says, serving

SAID = "Yesterday I go to the market."
RECAST = "Oh, you went to the market! What did you buy?"
HINT = "You say yesterday, and you go to the market. When was that?"
CANNED = "What do you think? Can you tell me more?"
EXPLICIT = "That is wrong. Try again."


def case(said=SAID, corrected="you went to the market", fix="went", *, start=0.2, turns=5, **facts):
    facts = {"level": "A2", "error": "past_tense", "first_language": "French"} | facts
    return Case(
        name="a",
        messages=[{"role": "user", "content": said}],
        truth=Truth(learner=said, corrected=corrected, fix=fix, **facts),
        simulation=Simulation(turns=turns, mastery=start),
    )


def held(case, replies, seed=0):
    """A dialogue with a tutor that gives `replies`, as long as the learner goes on."""
    messages = list(case.messages)
    for turn, reply in enumerate(replies):
        messages.append({"role": "assistant", "content": reply})
        (words,) = RuleLearner().respond([(case, messages, seed * 100 + turn)])
        if words is None or turn == len(replies) - 1:
            break
        messages.append({"role": "user", "content": words})
    return Dialogue(messages=messages, opening=1)


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        (RECAST, "recast"),
        (HINT, "elicitation"),
        (EXPLICIT, "explicit"),
        (CANNED, "nothing"),
        ("", "nothing"),
        ("The market is nice.", "talk"),
        ("word " * 36, "lost"),
    ],
)
def test_moves(reply, move):
    assert move_of(case(), reply) == move
    assert bool(form_in(case().truth, reply)) == (move == "recast")


def test_a_longer_reply_is_followed_at_a_higher_level():
    assert move_of(case(level="C1"), "The market " + "is " * 34) == "talk"


@pytest.mark.parametrize(
    ("said", "corrected", "right"),
    [
        (SAID, "you went to the market", "Yesterday I went to the market."),
        ("I have 20 years and I study law.", "you are 20 years old", "I am 20 years old and I study law."),
        ("My brother play football every day!", "your brother plays football", "My brother plays football every day!"),
        ("On Monday heard I my interview.", "you heard your interview", "On Monday I heard my interview."),
        ("She like cats, and I am agree.", "you agree", "She like cats, and I agree."),
        ("we was late", "you were late", "We were late."),
        ("I have three cat and all are old.", "you have three cats", "I have three cats and all are old."),
    ],
)
def test_the_learner_can_put_it_right(said, corrected, right):
    truth = Truth(learner=said, corrected=corrected)
    assert put_right(truth) == right
    assert says_right(truth, right) and says_right(truth, f"Ah! {right}") and not says_right(truth, said)


def test_mastery_grows_with_what_the_tutor_does():
    def after(*replies):
        return mastery(case(), held(case(), replies).messages)

    assert after(CANNED) == pytest.approx(0.2)
    assert after(HINT) == pytest.approx(0.55)
    assert after(RECAST) == pytest.approx(0.35)
    assert after(EXPLICIT) == pytest.approx(0.3)


def test_a_mistake_that_the_first_language_suggests_goes_slower():
    messages = held(case(first_language="Chinese"), [HINT]).messages
    assert mastery(case(first_language="Chinese"), messages) == pytest.approx(0.2 + 0.7 * 0.35)


def test_prompting_leads_to_self_correction_and_canned_questions_never_do():
    prompted = [held(case(), [HINT] * 5, seed) for seed in range(50)]
    canned = [held(case(), [CANNED] * 5, seed) for seed in range(50)]
    given = [held(case(), [RECAST] * 5, seed) for seed in range(50)]
    assert sum(self_corrected(case(), each).value for each in prompted) > 40
    assert {self_corrected(case(), each).value for each in [*canned, *given]} == {0.0}
    assert {turns_to_self_correction(case(), each).value for each in canned} == {6.0}
    assert all(
        turns_to_self_correction(case(), each).value <= 5 for each in prompted if self_corrected(case(), each).value
    )
    assert {len(each.replies) for each in canned} == {5}


def test_the_dialogue_ends_when_the_tutor_has_answered_the_right_words():
    dialogue = held(case(start=1.0), [HINT] * 5)
    assert says_right(case().truth, dialogue.answers[-1]) and dialogue.messages[-1]["role"] == "assistant"
    assert len(dialogue.replies) == 2


def test_the_same_seed_the_same_words():
    assert held(case(), [HINT] * 5, 3) == held(case(), [HINT] * 5, 3)


def told(*words):
    roles = ["assistant", "user"] * len(words)
    messages = [{"role": role, "content": said} for role, said in zip(roles, words, strict=False)]
    return Dialogue(messages=[{"role": "user", "content": SAID}, *messages], opening=1)


def test_who_says_the_form_first():
    unaided = told(HINT, "Ah! Yesterday I went to the market.", RECAST)
    aided = told(RECAST, "Yes. I went to the market.", CANNED)
    assert self_corrected(case(), unaided).value == 1 and turns_to_self_correction(case(), unaided).value == 1
    assert self_corrected(case(), aided).value == 0 and turns_to_self_correction(case(), aided).value == 6
    assert answers_given_away(case(), unaided).value == 0 and answers_given_away(case(), aided).value == 1
    assert answers_given_away(case(), told(HINT, "Hm.", RECAST)).value == 0.5


def test_a_scripted_dialogue_has_no_self_correction():
    scripted = Case(name="b", messages=[{"role": "user", "content": "Hi."}])
    dialogue = told("One two three.", "four")
    assert (
        self_corrected(scripted, dialogue).value is None and turns_to_self_correction(scripted, dialogue).value is None
    )
    assert answers_given_away(scripted, dialogue).value is None


def test_the_learners_share_of_the_talk():
    assert learner_talk_share(case(), told("One two three.", "four")).value == 0.25
    assert learner_talk_share(case(), told("One two three.")).value is None


def learner_at(url):
    config = EvaluateConfig(learner=f"openai:m@{url}", endpoint={"max_retries": 0})
    found = open_learner(config)
    assert isinstance(found, EndpointLearner)
    return found


def test_a_model_can_play_the_learner():
    with serving(lambda body, number: says(" Hm, I go. ")) as server:
        messages = [*case().messages, {"role": "assistant", "content": HINT}]
        assert learner_at(server.url).respond([(case(), messages, 7)] * 2) == ["Hm, I go."] * 2
    sent = server.requests[0]["messages"]
    assert [message["role"] for message in sent] == ["system", "assistant", "user"] and sent[2]["content"] == HINT
    assert "Yesterday I went to the market." in sent[0]["content"] and "doubt" in sent[0]["content"]


@pytest.mark.parametrize(
    "answer",
    [says("<think>I play A2.</think>Hm, I go."), says("Hm, I go.", beside={"reasoning": "I play A2."})],
    ids=["before it", "apart"],
)
def test_what_it_thought_is_not_said(answer):
    with serving(lambda body, number: answer) as server:
        assert learner_at(server.url).respond([(case(), told(HINT).messages, 7)]) == ["Hm, I go."]


def test_a_learner_that_says_nothing_is_asked_again_with_another_seed():
    silent = says(None, finish="length", beside={"reasoning": "I play A2."})
    with serving(lambda body, number: says("Hm.") if body["seed"] == 9 else silent) as server:
        assert learner_at(server.url).respond([(case(), told(HINT).messages, seed) for seed in (7, 8)]) == ["Hm."] * 2
    assert sorted(body["seed"] for body in server.requests) == [7, 8, 8, 9, 9]


def test_a_learner_that_never_says_anything_stops_the_dialogue_with_one_line():
    with (
        serving(lambda body, number: says("<think>I play", finish="length")) as server,
        pytest.raises(UserError, match="--learner: m at .* says nothing, 3 times.*limit spent on reasoning") as raised,
    ):
        learner_at(server.url).respond([(case(), told(HINT).messages, 7)])
    assert "\n" not in str(raised.value)


def test_it_is_not_asked_once_the_form_is_said():
    with serving(lambda body, number: says("x")) as server:
        messages = told(HINT, "Ah! Yesterday I went to the market.", "Good!").messages
        assert learner_at(server.url).respond([(case(), messages, 7)]) == [None]
    assert server.requests == []


def test_an_endpoint_that_fails_stops_the_dialogue_with_one_line():
    with serving(lambda body, number: fails(401)) as server, pytest.raises(UserError, match="--learner: .* 401"):
        learner_at(server.url).respond([(case(), [*case().messages, {"role": "assistant", "content": "?"}], 7)])


@pytest.mark.parametrize("choice", ["rule", "openai:", "openai:m", "openai:m@nowhere"])
def test_another_learner_there_is_not(choice):
    with pytest.raises(UserError, match="wants"):
        open_learner(EvaluateConfig(learner=choice))


def test_the_rules_cost_nothing():
    assert open_learner(EvaluateConfig()).identity is None
