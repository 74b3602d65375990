"""What is made of scored replies: pairs, best replies, ratings, own agreement; and what gives nothing."""

import math

import numpy as np
import pytest

from data_mix.build import main as build
from espalier.artifacts import records, registry
from espalier.artifacts.kinds import of_word
from espalier.errors import UserError
from espalier.text.rows import read_rows
from evaluation.cases.case import Case, Reply, Truth
from feedback import making
from feedback.clusters import clusters, largest
from feedback.prefer import main
from feedback.sample import main as sample
from feedback.samples import Sampled

nan = math.nan


def sampled(name: str, *texts: str, truth: Truth | None = None, **case) -> Sampled:
    messages = [
        {"role": "user", "content": f"Hi {name}."}, {"role": "assistant", "content": "Hm?"},
        {"role": "user", "content": "I go."},
    ]  # fmt: skip
    replies = tuple(Reply(text=text, num_tokens=1, finish="error" if text == "!" else "stop") for text in texts)
    return Sampled(id=name, case=Case(name=name, messages=messages, truth=truth, **case), replies=replies)


SAMPLES = [
    sampled("differ", "b", "a", "c", "a", "d"),
    sampled("alike", "a", "b", "c", "d", "e"),
    sampled("untold", "a", "b", "!", "", "d"),
    sampled("same words", "a", "a", "a", "a", "a"),
    sampled("one", "a", "b", "!", "", "d"),
]
SCORES = np.array(
    [
        [0.5, 0.9, 0.1, 0.9, 0.4],
        [0.5] * 5,
        [nan] * 5,
        [0.7] * 5,
        [0.8, nan, nan, 0.1, nan],
    ]
)


def said(line, key):
    return line[key][0]["content"]


def test_pairs_are_ranked_and_what_gives_none_is_counted():
    made = making.pairs(SAMPLES, SCORES, keep=9, margin=0, seed=0)
    assert [(said(line, "chosen"), said(line, "rejected")) for line in made.lines] == [("a", "c"), ("b", "d")]
    assert [line["margin"] for line in made.lines] == pytest.approx([0.8, 0.1])
    assert made.prompts == 1 and made.left_out == {making.ALIKE: 3, making.NOTHING_TOLD: 1}
    assert len(making.pairs(SAMPLES, SCORES, keep=9, margin=0.2, seed=0).lines) == 1
    assert len(making.pairs(SAMPLES, SCORES, keep=1, margin=0, seed=0).lines) == 1


def test_of_equally_good_replies_those_drawn_often_are_taken_sooner():
    drawn = [sampled(f"{number}", "good", "often", "often", "often", "seldom") for number in range(300)]
    made = making.pairs(drawn, np.tile([1.0, 0, 0, 0, 0], (300, 1)), keep=1, margin=0, seed=0)
    often = sum(said(line, "rejected") == "often" for line in made.lines)
    assert 0.65 < often / 300 < 0.85  # the lot falls on a reply that was drawn, three in four of them this one
    again = making.pairs(drawn[:9], np.tile([1.0, 0, 0, 0, 0], (9, 1)), keep=1, margin=0, seed=0)
    assert again.lines == made.lines[:9]  # whatever is asked beside it


def test_the_best_replies_alone_are_learned_from():
    made = making.best(SAMPLES, SCORES, keep=2, at_least=0.6, seed=0)
    replies = [(line["id"], line["messages"][-1]["content"]) for line in made.lines]
    assert replies == [("differ/0", "a"), ("same words/0", "a"), ("one/0", "a")]
    assert made.left_out == {making.BELOW: 1, making.NOTHING_TOLD: 1}
    assert [message.get("weight") for message in made.lines[0]["messages"]] == [None, 0, None, None]
    assert len(making.best(SAMPLES, SCORES, keep=2, at_least=None, seed=0).lines) == 6


def test_what_no_row_can_hold_is_passed_over():
    odd = [sampled("odd", " ", "a\0b", "a", "b")]
    assert len(making.best(odd, np.array([[4.0, 3, 2, 1]]), keep=9, at_least=None, seed=0).lines) == 2
    (pair,) = making.pairs(odd, np.array([[4.0, 3, 2, 1]]), keep=9, margin=0, seed=0).lines
    assert (said(pair, "chosen"), said(pair, "rejected")) == ("a", "b")
    found = making.spg(odd, np.array([[4.0, 3, 2, 1]]), [[0, 0, 0, 1]], confidence=0.5, seed=0).lines
    assert [said(line, "chosen") for line in found] == ["a"]
    assert len(making.rated(odd, np.array([[4.0, 3, 2, 1]]))[0].lines) == 2


def test_thoughts_that_never_end_are_no_reply_to_learn_from():
    for text, learned in (("<think>What did she", False), ("<think>Ask.</think>Why?", True), ("Why?", True)):
        assert making.can_be_learned(Reply(text=text, num_tokens=3, finish="length")) == learned


def test_every_reply_is_rated_as_often_as_it_was_drawn_on_one_scale():
    made, scale = making.rated(SAMPLES, SCORES)
    assert [line["ratings"]["preferred"] for line in made.lines] == [0.5, 0.9, 0.1, 0.9, 0.4]
    assert scale == {"low": 0, "high": 1} and made.left_out == {making.ALIKE: 3, making.NOTHING_TOLD: 1}
    made, scale = making.rated(SAMPLES[:1], np.array([[-3.0, 5, 1, 5, nan]]))
    assert scale == {"low": -3, "high": 5} and [line["ratings"]["preferred"] for line in made.lines] == [0, 1, 0.5, 1]


def test_own_agreement_takes_the_highest_of_the_largest_cluster_and_any_other():
    drawn = [
        sampled("sure", "You went home", "Home you went!", "Well, you went home", "No fish", "Hm"),
        sampled("not sure", "fish", "bird", "cat", "dog", "owl"),
        sampled("quite sure", "You went", "You went", "You went", "You went", "You went"),
        sampled("nobody", "!", "!", "!", "!", "!"),
    ]
    scores = np.array([[0.1, 0.3, 0.2, 0.9, nan], [0.1] * 5, [0.1] * 5, [nan] * 5])
    found = clusters(drawn)
    assert found[0] == [0, 0, 0, 1, 2] and largest(found[0]) == (0, 0.6) and largest(found[3]) == (None, 0.0)
    made = making.spg(drawn, scores, found, confidence=0.5, seed=0)
    (line,) = made.lines
    assert said(line, "chosen") == "Home you went!" and said(line, "rejected") in ("No fish", "Hm")
    assert line["meta"]["confidence"] == 0.6
    assert made.left_out == {making.UNSURE: 1, making.ALL_ONE: 1, making.NOTHING_TOLD: 1}
    others = {
        said(making.spg(drawn, scores, found, confidence=0.5, seed=seed).lines[0], "rejected") for seed in range(9)
    }
    assert others == {"No fish", "Hm"}
    assert making.spg(drawn, scores, found, confidence=0.61, seed=0).lines == []


def test_clusters_by_exact_truth():
    hint = Truth(learner="I go.", strategy="hint", rule="must_not", corrected="you went", fix="went", error="tense")
    told, *guided = "You went!", "What does go become?", "Look at go again. Which form was it?"
    assert clusters([sampled("a", told, *guided, truth=hint)]) == [[0, 1, 1]]
    chosen = sampled("a", "Answer: B", "I say it is b.\nAnswer: B", "Answer: A", choices=("fish", "bird"), answer="B")
    assert clusters([chosen]) == [[0, 0, 1]]
    number = sampled("a", "It is 12.", "So twelve.", "What is 3 times 4?", answer="12")
    assert clusters([number])[0][:2] == [0, 0] and clusters([number])[0][2] != 0
    assert clusters([sampled("a", "you went home", "you went home!")], "truth") == [[0, 1]]
    assert clusters([sampled("a", told, *guided, truth=hint)], "words") != [[0, 1, 1]]


@pytest.fixture
def drawn(workspace, toy_mix, make_run):
    make_run("core")
    words = ["--model", "core", "--n", "3", "--max_new_tokens", "4", "--publish", "false", "--limit", "5"]
    assert sample([*words, "--prompts", "mix:toy/train", "--name", "drawn"]) == 0
    assert sample([*words, "--prompts", "mix:toy/train", "--name", "drawn-again", "--seed", "1"]) == 0
    assert sample([*words, "--prompts", "mix:toy/unseen_pairs", "--name", "examined"]) == 0
    return workspace


@pytest.mark.parametrize(
    ("make", "file", "kind"),
    [
        ("pairs", "preferences.jsonl", "preference"),
        ("best", "rows.jsonl", "chat"),
        ("rated", "preferences.jsonl", "preference"),
        ("spg", "preferences.jsonl", "preference"),
        ("views", "preferences.jsonl", "preference"),
    ],
)
def test_a_mix_reads_what_was_made(drawn, make, file, kind):
    words = ["--samples", "drawn", "drawn-again", "--by", "random=1", "--make", make, "--name", "made"]
    words += ["--confidence", "0", "--clusters", "words"]
    assert main(words) == 0
    (made,) = [each for each in registry.survey([of_word("corpus")]) if each.name == "made"]
    assert made.parents == {
        f"corpus:{name}": records.read_manifest(drawn / "corpora" / name)["content_hash"]
        for name in ("drawn", "drawn-again")
    }
    counts = made.manifest["counts"]
    assert counts["prompts_used"] + sum(counts["left_out"].values()) == counts["prompts"]
    what = {"best": "best replies", "rated": "rated", "views": "views"}.get(make, "pairs")
    assert f"{counts['made']} {what}" in made.about

    path = drawn / "corpora" / "made" / file
    build(["--name", "learned", "--sources.0.path", str(path), "--valid_fraction", "0"])
    folder = drawn / "mixes" / "learned"
    rows = list(read_rows(folder / ("train.parquet" if kind == "chat" else "preferences/train.parquet")))
    assert len(rows) == counts["made"] and {row.kind for row in rows} == {kind}
    assert all(row.meta["prompt"].startswith("toy/train/") for row in rows)
    assert records.read_manifest(folder)["parents"]["corpus:made"] == made.manifest["content_hash"]
    before = path.read_bytes()
    assert main(words) == 0 and path.read_bytes() == before
    with pytest.raises(UserError, match="was begun otherwise"):
        main([*words, "--seed", "2"])


def test_what_models_are_examined_by_is_never_learned_from(drawn):
    words = ["--model", "core", "--n", "3", "--max_new_tokens", "4", "--publish", "false", "--limit", "5"]
    assert sample([*words, "--prompts", "suite:pedagogical", "--name", "of-a-suite"]) == 0
    for name in ("examined", "of-a-suite"):
        with pytest.raises(UserError, match=f"--samples {name}: their prompts are kept from training"):
            main(["--samples", "drawn", name, "--by", "random=1", "--name", "made"])
        assert not (drawn / "corpora" / "made").exists()


def test_all_ties_are_told_and_nothing_is_sealed(drawn):
    with pytest.raises(UserError, match="no prompt gave anything .5 no two replies with scores that far apart"):
        main(["--samples", "drawn", "--by", "metric:explicit_correction=1", "--name", "made"])
    assert not (drawn / "corpora" / "made" / "manifest.json").exists()
    with pytest.raises(UserError, match="samples nothing do not exist"):
        main(["--samples", "nothing", "--name", "made"])
    with pytest.raises(UserError, match="corpus drawn-pairs holds no samples"):
        main(["--samples", "drawn", "--by", "random=1", "--name", "drawn-pairs"])
        main(["--samples", "drawn-pairs", "--name", "made"])
    with pytest.raises(UserError, match="a scorer is made of: rules .the true score"):
        main(["--samples", "drawn", "--by", "help", "--name", "made"])


def test_views_are_two_different_replies_that_nobody_compares():
    drawn = [sampled("a", "You went home", "You went home", "Home!", " "), sampled("b", "You went", "You went")]
    made = making.views(drawn, seed=0)
    assert {said(line, "reply") for line in made.lines} == {"You went home", "Home!"} and len(made.lines) == 2
    assert all("preferred" not in line["ratings"] for line in made.lines)
    assert made.left_out == {making.ONE_REPLY: 1}


def test_a_reply_that_says_nothing_is_no_other_reply():
    drawn = [sampled("a", "You went", "You went", "", "No")]
    found = [[0, 0, 1, 2]]
    for seed in range(9):
        (line,) = making.spg(drawn, np.array([[1.0, 1, 0, 0]]), found, confidence=0.5, seed=seed).lines
        assert said(line, "rejected") == "No"
