"""What raters are asked, what is kept of what they answer, and what is refused."""

import json

import pytest

from feedback.rating.desk import Refused
from tests.feedback.rating.made_up import MODELS, answer_all, desk, fill, lines, vote_on, write


@pytest.fixture
def store(tmp_path):
    with fill(write(tmp_path / "replies.jsonl", lines(40))) as store:
        yield store


def by_text(item):
    """Always the reply with the (1) in it, wherever it stands."""
    return {"better": "left" if "(1)" in item["replies"][0] else "right", "why": {"tutor_tone": "left"}}


def test_sides_are_drawn_for_each_and_noted_and_verdicts_are_about_replies(store):
    at = desk(store)
    for rater in ("Anna", "Ben"):
        answer_all(at, rater, by_text)
    votes = store.votes()
    for vote in votes:
        content = store.contents()[vote.content]
        better = {"first": 0, "second": 1}[vote.verdict["better"]]
        assert "(1)" in content.replies[better]
        assert (
            content.replies.index(content.shown(vote.swapped)[0])
            == {"first": 0, "second": 1}[vote.verdict["why"]["tutor_tone"]]
        )
    swapped = {rater: [vote.swapped for vote in votes if vote.rater == rater] for rater in ("Anna", "Ben")}
    assert all(10 <= sum(each) <= 30 for each in swapped.values()) and swapped["Anna"] != swapped["Ben"]
    order = {rater: [vote.item for vote in votes if vote.rater == rater] for rater in ("Anna", "Ben")}
    assert order["Anna"] == order["Ben"] != sorted(order["Anna"]), "by chance, and the same for everyone"


def test_repetitions_come_later_and_the_other_way_round(store):
    at = desk(store, gold=0.2)
    assert at.state("Anna")["progress"] == {"done": 0, "total": 48, "skipped": 0}
    assert answer_all(at, "Anna", by_text) == 48
    votes = store.votes()
    first = {vote.item: (place, vote) for place, vote in enumerate(votes) if not vote.repeat}
    again = [(place, vote) for place, vote in enumerate(votes) if vote.repeat]
    assert len(again) == 8 == len({vote.item for _, vote in again})
    for place, vote in again:
        before, earlier = first[vote.item]
        assert place - before > 8 and vote.swapped != earlier.swapped
    own = at.agreement("Anna")["own"]
    assert (own["repeats"], own["answers_again"], own["same_again"]) == (8, 8, 8)
    assert at.agreement("Ben")["own"]["votes"] == 0


def test_who_always_takes_the_left_does_not_agree_with_themselves(store):
    at = desk(store, gold=0.2)
    answer_all(at, "Anna", lambda item: {"better": "left", "why": {}})
    own = at.agreement("Anna")["own"]
    assert (own["same_again"], own["left"], own["sided"]) == (0, 48, 48)


def test_agreement_among_raters_is_of_first_votes(store):
    at = desk(store, gold=0.1)
    answer_all(at, "Anna", by_text)
    assert at.agreement("Anna")["among"][0]["value"] is None, "nobody else has begun"
    answer_all(at, "Ben", by_text)
    told = at.agreement("Anna")
    assert (told["raters"], told["among"][0]["number"]) == (2, 40)
    assert told["among"][0]["value"] == 1.0, "both took the one with (1) in it, which is not always the first"


def test_agreement_does_not_tell_what_others_said_of_one(store):
    at = desk(store)
    answer_all(at, "Anna", by_text)
    state, told = at.state("Ben"), []
    for number in range(22):
        state = at.vote("Ben", vote_on(state["item"], by_text(state["item"]), nonce=f"ben-{number:06d}"))
        told.append(at.agreement("Ben")["among"][0]["number"])
    assert told == [1] * 9 + [10] * 10 + [20] * 3
    answer_all(at, "Ben", by_text)
    assert at.agreement("Ben")["among"][0]["number"] == 40


def test_no_models_name_leaves(store):
    at = desk(store, gold=0.2)
    told = [at.state("Anna"), at.vote("Anna", vote_on(at.state("Anna")["item"], None)), at.earlier("Anna", None)]
    assert not any(name in json.dumps([*told, at.agreement("Anna")]) for name in (*MODELS, "case 1", "mine"))


def test_what_the_model_is_least_sure_of_comes_first_and_what_it_cannot_tell_last(store):
    items = store.items(asked=True)
    doubts = {item.content_hash: item.id / 100 for item in items} | {items[5].content_hash: None}
    at = desk(store, doubts=doubts)
    answer_all(at, "Anna", by_text)
    asked = [vote.item for vote in store.votes()]
    assert asked == [*(item.id for item in reversed(items) if item is not items[5]), items[5].id]


def test_a_vote_that_is_sent_twice_is_kept_once(store):
    at = desk(store)
    item = at.state("Anna")["item"]
    assert at.vote("Anna", vote_on(item, None)) == at.vote("Anna", vote_on(item, None))
    assert len(store.votes()) == 1


@pytest.mark.parametrize(
    ("status", "change"),
    [
        (409, {"item": 999}), (409, {"shown": "0" * 64}), (409, {"item": "1"}), (409, {"replaces": 7}),
        (422, {"verdict": {"better": "both"}}), (422, {"verdict": {"better": "left", "why": {"beauty": "left"}}}),
        (422, {"verdict": {"better": "left", "why": {"tutor_tone": "<b>"}}}), (422, {"verdict": [1]}),
        (422, {"comment": "a" * 4001}), (422, {"comment": 5}), (422, {"nonce": "<script>"}), (409, {"repeat": True}),
    ],
)  # fmt: skip
def test_what_is_no_vote_on_what_was_shown_is_refused_and_not_kept(store, status, change):
    at = desk(store)
    with pytest.raises(Refused) as refused:
        at.vote("Anna", vote_on(at.state("Anna")["item"], by_text(at.state("Anna")["item"])) | change)
    assert refused.value.status == status
    assert store.votes() == []


def test_a_vote_on_what_has_changed_since_is_refused(store, tmp_path):
    item = desk(store).state("Anna")["item"]
    name = store.items()[item["item"] - 1].case
    store.close()
    changed = [each if each["id"] != name else each | {"replies": ["New?", *each["replies"][1:]]} for each in lines(40)]
    changed = [each | {"replies": [{"text": r["text"] if r is not each["replies"][0] or each["id"] != name else "New?",
               "model": r["model"]} for r in each["replies"]]} for each in lines(40)]  # fmt: skip
    with fill(write(tmp_path / "replies.jsonl", changed)) as again:
        at = desk(again)
        with pytest.raises(Refused, match="has changed since"):
            at.vote("Anna", vote_on(item, {"better": "left", "why": {}}))
        now = at.state("Anna")["item"]
        assert now["item"] == item["item"] and "New?" in now["replies"] and again.votes() == []


def test_a_vote_on_other_ratings_or_of_another_rater_is_theirs(store, tmp_path):
    with fill(write(tmp_path / "replies.jsonl", lines(40)), "other") as other:
        there = desk(other)
        state = desk(store).state("Anna")
        sent = vote_on(state["item"], None, ratings=state["ratings"], rater="Anna")
        for at, rater in ((there, "Anna"), (desk(store), "Ben")):
            with pytest.raises(Refused, match="until their link is opened") as refused:
                at.vote(rater, sent)
            assert refused.value.status == 421
        assert other.votes() == store.votes() == []
    assert desk(store).vote("Anna", sent)["progress"]["done"] == 1, "the same after a new start"


def test_another_window_is_told_so(store):
    at = desk(store)
    item = at.state("Anna")["item"]
    at.vote("Anna", vote_on(item, by_text(item)))
    with pytest.raises(Refused, match="another window"):
        at.vote("Anna", vote_on(item, by_text(item), nonce="00000002"))


def test_back_to_change_an_answer_and_to_what_was_passed_over(store):
    at = desk(store)
    first = at.state("Anna")["item"]
    second = at.vote("Anna", vote_on(first, None))["item"]
    given = {"better": "right", "why": {"tutor_tone": "left"}}
    at.vote("Anna", vote_on(second, given, nonce="00000002", comment="Hm. "))
    back = at.earlier("Anna", None)
    assert back["item"] == second and back["given"]["verdict"] == given and back["given"]["comment"] == "Hm."
    before = at.earlier("Anna", back["given"]["id"])
    assert before["item"] == first and before["given"]["verdict"] is None
    assert at.earlier("Anna", None, skipped=True)["item"] == first
    at.vote("Anna", vote_on(first, given, nonce="00000003", replaces=before["given"]["id"]))
    assert [vote.verdict is None for vote in store.votes()] == [False, False]
    with pytest.raises(Refused) as refused:
        at.earlier("Ben", None)
    assert refused.value.status == 404


def test_one_reply_on_its_dimensions(tmp_path):
    with fill(write(tmp_path / "replies.jsonl", lines(4)), "one", "single") as store:
        at = desk(store)
        item = at.state("Anna")["item"]
        assert len(item["replies"]) == 1
        with pytest.raises(Refused, match="1 to 5"):
            at.vote("Anna", vote_on(item, {"overall": True}))
        with pytest.raises(Refused, match="Offensive, Neutral, Encouraging"):
            at.vote("Anna", vote_on(item, {"overall": 3, "tutor_tone": "Yes"}))
        with pytest.raises(Refused, match="Offensive, Neutral, Encouraging"):
            at.vote("Anna", vote_on(item, {"overall": 3, "tutor_tone": ["Neutral"]}))
        for rater, grade in (("Anna", 4), ("Ben", 5)):
            answer_all(at, rater, lambda item, grade=grade: {"overall": grade, "tutor_tone": "Neutral"})
        among = {each["label"]: each for each in at.agreement("Ben")["among"]}
        assert among["good as teaching"]["value"] < 0 and among["is encouraging"]["value"] is None
