"""Votes out to what a mix reads, and in from files."""

import csv
import json
from dataclasses import asdict

import pytest

from data_mix.importers import convert, detect
from espalier.errors import UserError
from feedback import rate
from feedback.rating.exporting import export, votes_of
from feedback.rating.figures import of_rater
from feedback.rating.importing import put_in, read_votes
from feedback.rating.store import Store
from tests.feedback.rating.made_up import MODELS, answer_all, desk, fill, lines, vote_on, write

PAIR = {"rater": "Anna", "prompt": "I goed.", "reply_a": "You went?", "reply_b": "Wrong!", "better": "a"}
RATED = {"rater": "Anna", "prompt": "I goed.", "reply": "You went?", "overall": 4, "tutor_tone": "Encouraging"}
NAMED = "votes that say more than one before"


def bring(path, ask="pairs"):
    with Store.open("mine", make=True) as store:
        store.begin(ask)
        return {key: number for key, number in put_in(store, read_votes(path, ask)).items() if number}


def taken_out(**settings):
    with Store.read("mine") as store:
        return export(store, "mine", **settings)


def test_what_raters_say_together_is_a_preference_that_a_mix_takes(tmp_path):
    with fill(write(tmp_path / "replies.jsonl", lines(6))) as store:
        at = desk(store, gold=0.5)
        for rater, text in (("Anna", "(1)"), ("Ben", "(1)"), ("Cy", "(0)")):
            answer_all(at, rater, lambda item, text=text: {"better": "left" if text in item["replies"][0] else "right",
                                                           "why": {"tutor_tone": "left"}})  # fmt: skip
    found = taken_out()
    assert len(found.rows) == 6 and found.counts["of raters who disagree"] == 6
    for row in found.rows:
        assert "(1)" in row["chosen"] and "(0)" in row["rejected"] and row["margin"] == pytest.approx(1 / 3, abs=1e-4)
        assert (row["chosen_model"], row["rejected_model"]) == MODELS[::-1]
        assert row["meta"]["raters"] == 3 and row["meta"]["chosen_to_be_asked_by"] == "random"
        assert detect(row) == "preference"
        _, (imported,) = convert([row], "preference")
        assert imported.chosen == [{"role": "assistant", "content": row["chosen"]}] and not imported.unread
        assert (
            imported.meta["margin"] == row["margin"]
            and imported.meta["why_tutor_tone"] == row["meta"]["why_tutor_tone"]
        )


def test_ties_contradictions_and_what_was_passed_over_are_counted(tmp_path):
    with fill(write(tmp_path / "replies.jsonl", lines(20))) as store:
        at = desk(store, gold=0.5)
        verdicts = iter([{"better": "same", "why": {}}, None])
        answer_all(at, "Anna", lambda item: next(verdicts, {"better": "left", "why": {}}))
    counts = taken_out().counts
    assert counts["ties, not in a line"] >= 1 and counts["passed over"] == 1
    assert counts["contradicted by the same rater"] >= 4, "always the left, also where the replies changed places"
    assert counts["lines"] == 19 - counts["ties, not in a line"]


def test_votes_on_what_changed_since_are_counted_and_kept_out(tmp_path):
    with fill(write(tmp_path / "replies.jsonl", lines(3))) as store:
        answer_all(desk(store), "Anna", lambda item: {"better": "left", "why": {}})
    changed = lines(3)
    changed[0]["replies"][0]["text"] = "New?"
    fill(write(tmp_path / "replies.jsonl", changed)).close()
    found = taken_out()
    assert found.counts["on what has changed since"] == 1 and len(found.rows) == 2
    assert len(taken_out(changed=True).rows) == 3


@pytest.mark.parametrize(("ask", "known"), [("pairs", None), ("single", MODELS[0])])
def test_who_wrote_what_has_changed_since_is_not_guessed(tmp_path, ask, known):
    changed = lines(1)
    changed[0]["replies"][0]["text"] = "Zzz?"  # sorted after the other's reply, as it was not before
    with fill(write(tmp_path / "replies.jsonl", lines(1)), ask=ask) as store:
        said = {"better": "left"} if ask == "pairs" else {"overall": 4}
        answer_all(desk(store), "Anna", lambda item: said)
    fill(write(tmp_path / "replies.jsonl", changed), ask=ask).close()
    old = lines(1)[0]["replies"][0]["text"]
    (row,) = [row for row in taken_out(changed=True).rows if old in row.values()]
    authors = [row[key] for key in ("model", "chosen_model", "rejected_model") if key in row]
    assert authors == ([known] if known else [])
    with Store.read("mine") as store:
        (line,) = [line for line in votes_of(store) if line["changed_since"]]
    assert line.get("model") == known and "model_a" not in line and "model_b" not in line


def test_votes_count_where_the_lines_of_the_file_have_moved(tmp_path):
    def say(item):
        return {"better": "left" if "(1)" in item["replies"][0] else "right"}

    said = [{key: each[key] for key in ("messages", "replies")} for each in lines(20)]
    with fill(write(tmp_path / "replies.jsonl", said[1:])) as store:
        at = desk(store, gold=0.3)
        state = at.state("Anna")
        for number in range(12):
            state = at.vote("Anna", vote_on(state["item"], say(state["item"]), nonce=f"anna-{number:04d}"))
    before = taken_out().rows
    with fill(write(tmp_path / "replies.jsonl", said)) as store:
        answer_all(desk(store, gold=0.3), "Anna", say)
        own = of_rater(store.votes(), "pairs")
        assert not any(line["changed_since"] for line in votes_of(store))
    found = taken_out()
    assert found.counts["on what has changed since"] == 0 and own["votes"] == 26 and own["repeats"] == 6
    number = {row["id"]: int(row["meta"]["case"].split()[1]) for row in found.rows}
    assert [number[row["id"]] - int(row["meta"]["case"].split()[1]) for row in before] == [1] * len(before)


def test_ratings_are_means_over_raters_as_dimensions_value_them(tmp_path):
    write(tmp_path / "votes.jsonl", [RATED, RATED | {"rater": "Ben", "overall": 2, "tutor_tone": "Neutral"},
                                     RATED | {"reply": "Go on.", "overall": 5, "tutor_tone": None}])  # fmt: skip
    assert bring(tmp_path / "votes.jsonl", "single") == {"votes": 3}
    first, second = taken_out().rows
    assert first["ratings"] == {"preferred": 0.5, "tutor_tone": 0.75} and second["ratings"] == {"preferred": 1.0}
    assert first["reply"] == "You went?" and first["meta"]["raters"] == 2
    assert detect(first) == "rated"
    _, (imported,) = convert([first], "rated")
    assert imported.meta["ratings"] == first["ratings"] and imported.rejected and not imported.unread


def all_of(vote):
    return {key: value for key, value in asdict(vote).items() if key not in ("id", "item")}


@pytest.mark.parametrize("ask", ["pairs", "single"])
def test_all_votes_go_out_and_come_in_again_elsewhere(tmp_path, ask, capsys):
    with fill(write(tmp_path / "replies.jsonl", lines(15)), ask=ask) as store:
        at = desk(store, gold=0.3)
        said = {"better": "right", "why": {"tutor_tone": "left"}} if ask == "pairs" else {"overall": 2}
        for rater in ("Anna", "Ben Ó"):
            answer_all(at, rater, lambda item: said if item["item"] % 3 else None)
        before = [all_of(vote) for vote in store.votes()]
        figures = [of_rater(store.votes(rater), ask) for rater in ("Anna", "Ben Ó")]
    out = tmp_path / "votes.jsonl"
    assert rate.main(["--name", "mine", "--votes", str(out), "--agreement"]) == 0
    assert rate.main(["--name", "other", "--ask", ask, "--import", str(out)]) == 0
    assert rate.main(["--name", "other", "--import", str(out)]) == 0
    assert f"0 votes, {len(before)} duplicates, 0 contradictions" in capsys.readouterr().out
    with Store.read("other") as store:
        assert [all_of(vote) for vote in store.votes()] == before
        assert [of_rater(store.votes(rater), ask) for rater in ("Anna", "Ben Ó")] == figures
        assert {vote.origin for vote in store.votes()} == {"page"} and store.votes()[0].seconds == 1.5


def test_who_has_voted_elsewhere_is_not_asked_again(tmp_path):
    replies = write(tmp_path / "replies.jsonl", lines(6))
    with fill(replies, "there") as store:
        at = desk(store)
        state = at.state("Anna")
        for number in range(4):
            state = at.vote("Anna", vote_on(state["item"], {"better": "left"}, nonce=f"anna-{number:04d}"))
        write(tmp_path / "votes.jsonl", votes_of(store))
    assert bring(tmp_path / "votes.jsonl") == {"votes": 4}
    with fill(replies) as store:
        at = desk(store)
        assert at.state("Anna")["progress"] == {"done": 4, "total": 6, "skipped": 0}
        assert at.state("Ben")["progress"]["done"] == 0
        back = at.earlier("Anna", None)
        given = vote_on(back["item"], {"better": "same"}, replaces=back["given"]["id"])
        assert at.vote("Anna", given)["progress"]["done"] == 4
        assert answer_all(at, "Anna", lambda item: {"better": "left"}) == 2
        assert len(store.votes()) == 6 and store.votes()[3].verdict == {"better": "equal", "why": {}}


def test_duplicates_and_contradictions_are_counted_and_the_first_stands(tmp_path):
    other_way = PAIR | {"reply_a": PAIR["reply_b"], "reply_b": PAIR["reply_a"]}
    votes = [
        PAIR,
        PAIR,
        other_way | {"better": "b"},
        PAIR | {"better": "b"},
        other_way,
        PAIR | {"rater": "Ben", "better": "tie"},
    ]
    write(tmp_path / "votes.jsonl", votes)
    assert bring(tmp_path / "votes.jsonl") == {"votes": 2, "duplicates": 2, "contradictions": 2}
    assert bring(tmp_path / "votes.jsonl") == {"duplicates": 4, "contradictions": 2}
    with Store.read("mine") as store:
        assert [vote.verdict["better"] for vote in store.votes()] == ["second", "equal"]


def test_a_vote_that_says_more_completes_the_one_before(tmp_path):
    write(tmp_path / "a.jsonl", [RATED | {"overall": None}])
    write(tmp_path / "b.jsonl", [RATED, RATED | {"tutor_tone": None}, RATED | {"tutor_tone": "Neutral"}])
    assert bring(tmp_path / "a.jsonl", "single") == {"votes": 1}
    assert bring(tmp_path / "b.jsonl", "single") == {NAMED: 1, "duplicates": 1, "contradictions": 1}
    with Store.read("mine") as store:
        assert [vote.verdict for vote in store.votes()] == [{"tutor_tone": "Encouraging", "overall": 4}]


def test_reasons_are_kept_and_completed_and_how_a_vote_was_given_stays(tmp_path):
    with fill(write(tmp_path / "replies.jsonl", lines(1))) as store:
        at = desk(store)
        given = {"better": "left", "why": {"tutor_tone": "right"}}
        at.vote("Anna", vote_on(at.state("Anna")["item"], given, comment="Hm.", nonce="from-page"))
        (line,), (first,) = votes_of(store), store.votes()
    side, other = (line["better"], "b" if line["better"] == "a" else "a")
    bare = {key: line[key] for key in ("rater", "messages", "reply_a", "reply_b", "better")}
    more = [bare | {"why": why} for why in ({"guiding": side}, {"tutor_tone": other, "guiding": side})]
    write(tmp_path / "votes.jsonl", [bare, bare | {"why": {"tutor_tone": side}}, *more])
    assert bring(tmp_path / "votes.jsonl") == {"duplicates": 2, "contradictions": 1, NAMED: 1}
    with Store.read("mine") as store:
        (vote,) = store.votes()
    assert vote.verdict["why"] == first.verdict["why"] | {"guiding": first.verdict["better"]}
    kept = ("shown", "swapped", "comment", "seconds", "chosen_by", "origin")
    assert [getattr(vote, name) for name in kept] == [getattr(first, name) for name in kept] and vote.id != first.id


def test_a_table(tmp_path):
    path = tmp_path / "votes.csv"
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, [*RATED, "comment"])
        table.writeheader()
        table.writerows([RATED, RATED | {"rater": "Ben", "overall": "", "comment": "two\nlines"}])
    assert bring(path, "single") == {"votes": 2}
    with Store.read("mine") as store:
        assert [vote.verdict for vote in store.votes()] == [
            {"overall": 4, "tutor_tone": "Encouraging"}, {"tutor_tone": "Encouraging"},
        ]  # fmt: skip


def test_mrbench(tmp_path):
    said = {"response": "Look again?", "annotation": {"Mistake_Identification": "Yes", "Tutor_Tone": "Neutral"}}
    dialogue = {
        "conversation_id": "1", "conversation_history": "Tutor: What is 2+2? \n Student: 5",
        "tutor_responses": {"Sage": said, "Novice": said | {"response": "4."}},
    }  # fmt: skip
    (tmp_path / "mrbench.json").write_text(json.dumps([dialogue, dialogue]))
    assert bring(tmp_path / "mrbench.json", "single") == {"votes": 2, "duplicates": 2}
    assert taken_out().rows[0]["ratings"] == {"mistake_identification": 1.0, "tutor_tone": 0.5}
    assert taken_out().rows[0]["model"] == "Sage"
    with pytest.raises(UserError, match="--ask single"):
        read_votes(tmp_path / "mrbench.json", "pairs")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"rater": "<script>alert(1)</script>"}, "has '<' in it"), ({"rater": " "}, "needs a name"),
        ({"rater": "a\x1b[31m"}, "has '\\\\x1b' in it"), ({"rater": "a" * 41}, "longer than 40"),
        ({"better": "c"}, "it is a, b or same"), ({"better": ["a"]}, "it is a, b or same"),
        ({"reply_b": "You went?"}, "the same, so neither"),
        ({"reply_a": "", "reply_b": " "}, "no reply, or only empty"), ({"prompt": ""}, "no messages and no prompt"),
        ({"why": {"beauty": "a"}}, "wants a dimension"), ({"why": {"tutor_tone": ["a"]}}, "wants a dimension"),
        ({"reply_a": 5}, "is no text"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "must end"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_vote_is_named_and_nothing_is_put_in(tmp_path, change, complaint):
    write(tmp_path / "votes.jsonl", [PAIR, PAIR | change])
    with pytest.raises(UserError, match=rf"votes\.jsonl:2: .*{complaint}"):
        rate.main(["--name", "mine", "--import", str(tmp_path / "votes.jsonl")])
    with pytest.raises(UserError, match="no such ratings"):
        taken_out()


def test_a_verdict_that_is_a_list_is_none(tmp_path):
    write(tmp_path / "votes.jsonl", [RATED, RATED | {"tutor_tone": ["Neutral"]}])
    with pytest.raises(UserError, match=r"votes\.jsonl:2: tutor_tone is \['Neutral'\]; it is one of Offensive"):
        read_votes(tmp_path / "votes.jsonl", "single")


def test_times_that_are_none_are_not_kept(tmp_path):
    times = [12.5, "3", -1, "soon", [1], "nan", 1e9, 10**400]
    write(tmp_path / "votes.jsonl", [PAIR | {"rater": f"R{i}", "seconds": each} for i, each in enumerate(times)])
    bring(tmp_path / "votes.jsonl")
    with Store.read("mine") as store:
        assert [vote.seconds for vote in store.votes()] == [12.5, 3.0, *[None] * 6]
        assert {vote.origin for vote in store.votes()} == {"votes.jsonl"}


def test_halves_of_characters_are_kept_as_question_marks(tmp_path):
    odd = dict.fromkeys(("comment", "case", "model_a", "model_b", "at", "chosen_by", "shown"), "\ud83d")
    write(tmp_path / "votes.jsonl", [PAIR | odd])
    out = tmp_path / "out.jsonl"
    words = ["--name", "mine", "--import", str(tmp_path / "votes.jsonl"), "--votes", str(out)]
    assert rate.main([*words, "--export", str(tmp_path / "rows.jsonl")]) == 0
    line = json.loads(out.read_text(encoding="utf-8"))
    assert {line[key] for key in odd} == {"?"}


def test_what_is_wrong_on_the_command_line_is_said_at_once(tmp_path):
    with pytest.raises(UserError) as error:
        rate.main(["--raters", "<b>", "--next", "best", "--dimensions", "beauty", "--gold", "0.9", "--models", "a"])
    assert len(str(error.value).splitlines()) == 4
    with pytest.raises(UserError, match="whose replies"):
        rate.main([])
    alone = write(tmp_path / "alone" / "samples.jsonl", [{"prompt": "Why?", "reply": "Because."}])
    with pytest.raises(UserError, match="no second reply to the same conversation.; --ask single"):
        rate.main(["--replies", str(alone), "--agreement"])
    assert rate.main(["--replies", str(alone), "--ask", "single", "--agreement"]) == 0
    Store.read("alone-single").close()


def test_a_file_of_votes_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError, match=r"none\.csv: no such file"):
        read_votes(tmp_path / "none.csv", "pairs")
