"""The plain text of all replies, and the words in which two replies differ."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.report.side_by_side import differences, words_of, write_side_by_side
from tests.evaluation.report.made_up import COLUMNS, HOSTILE, record


def text_of(tmp_path, records, models=("old", "new")):
    write_side_by_side(tmp_path / "replies.txt", records=records, models=list(models), columns=COLUMNS)
    return (tmp_path / "replies.txt").read_text(encoding="utf-8")


def columns_of(line):
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in line)
    return len(line) + wide - sum(bool(unicodedata.combining(sign)) for sign in line)


def test_two_models_stand_beside_each_other_with_differences_marked(tmp_path):
    found = text_of(
        tmp_path,
        [
            record("old", "a", "You went to the market with Ann.", tags=("recast", "A2")),
            record("new", "a", "You went to the market alone? Why?"),
        ],
    )
    assert "a  (recast, A2)\n" in found
    assert "learner: I am the learner of a." in found
    row = next(line for line in found.splitlines() if "market" in line)
    left, right = (side.strip() for side in row.split("│"))
    assert left == "You went to the market [-with Ann.-]"
    assert right == "You went to the market {+alone? Why?+}"
    assert "· asks 0 | 1; the same in 1 more" in found


def test_what_decided_a_figure_stands_below_it_where_models_differ(tmp_path):
    why = {"asks": {"why": "“why”"}, "words": {"why": "two \x1b words"}}
    found = text_of(
        tmp_path, [record("old", "a", "So. Go", notes={"asks": {"why": ""}}), record("new", "a", notes=why)]
    )
    assert "· asks 0 | 1; words 2 | 1\n  asks: – | “why”\n  words: – | two \N{REPLACEMENT CHARACTER} words\n" in found
    alone = text_of(tmp_path, [record("new", "a", notes={"asks": {"why": "“why”"}})], ["new"])
    assert "· asks 1; words 1\n  asks: “why”\n" in alone


def test_more_models_stand_one_below_the_other_marked_against_the_baseline(tmp_path):
    replies = {"old": "Why so?", "new": "Why not?", "third": "Why so?"}
    found = text_of(tmp_path, [record(model, "a", reply) for model, reply in replies.items()], tuple(replies))
    assert "▌old\nWhy so?\n▌new\nWhy {+not+}?\n▌third\nWhy so?\n" in found
    assert "· all 2 figures are the same" in found


def test_no_line_is_wider_than_160_columns(tmp_path):
    replies = ["word " * 100, "x" * 500, "昨天我去了商店买苹果。" * 30, "é́ " * 200, "\tone\n\n\ntwo"]
    records = [
        record(model, str(number), reply + (" too" if model == "new" else ""), criteria="c")
        for number, reply in enumerate(replies)
        for model in ("old", "new")
    ]
    for models in (("old", "new"), ("old",), ("old", "new", "third")):
        assert max(map(columns_of, text_of(tmp_path, records, models).splitlines())) <= 160


def test_a_wide_sign_takes_two_columns(tmp_path):
    found = text_of(tmp_path, [record("old", "a", "昨天 ok"), record("new", "a", "昨天 ok")])
    rows = [line for line in found.splitlines() if "│" in line]
    assert len({columns_of(line.partition("│")[0]) for line in rows}) == 1


def test_what_is_no_reply_is_said(tmp_path):
    found = text_of(
        tmp_path,
        [
            record("old", "a", "", finish="error", error="the endpoint hung", metrics={}),
            record("new", "a", " "),
            record("old", "b", "and on", finish="length"),
            record("new", "b", "", finish="error", metrics={}),
            record("new", "d", "", silence="limit spent on reasoning", reasoning="SECRET"),
            record("old", "c", "", messages=[], log_likelihoods=(-1.0, -2.5)),
        ],
    )
    for words in (
        "(no reply: the endpoint hung)", "(says nothing)", "and on (cut short)", "(was not asked this)",
        "(says nothing: limit spent on reasoning)", "(log-likelihoods: -1.00, -2.50)",
    ):  # fmt: skip
        assert words in found
    assert "SECRET" not in found
    assert "\nand on (cut short) " in found  # nothing is marked where there is nothing to compare with


def test_a_dialogue_tells_only_what_is_new_at_each_turn(tmp_path):
    first = [{"role": "system", "content": "Teach."}, {"role": "user", "content": "Hello."}]
    records = []
    for model in ("old", "new"):
        later = [
            *first,
            {"role": "assistant", "content": f"{model} asks."},
            {"role": "user", "content": f"Says I to {model}."},
        ]
        records.append(record(model, "talk", f"{model} asks.", messages=first, num_turns=2))
        records.append(record(model, "talk", "Oh?", messages=later, turn=1, num_turns=2))
    found = text_of(tmp_path, records)
    assert found.count("Hello.") == found.count("Teach.") == 1
    assert "── sample 1, turn 2" in found
    row = next(line for line in found.splitlines() if "Says I" in line)
    assert [side.strip() for side in row.split("│")] == ["learner: Says I to old.", "learner: Says I to new."]


def test_nothing_in_it_commands_a_terminal(tmp_path):
    found = text_of(tmp_path, [record("old", text, text, tags=(text,)) for text in HOSTILE], ("old",))
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in found if sign != "\n")
    assert "\N{REPLACEMENT CHARACTER}[2J" in found


@pytest.mark.parametrize(
    ("before", "after", "own", "theirs"),
    [
        ("the same", "the same", [], []),
        ("I go there", "I went there", ["go"], ["went"]),
        ("It is 5/6.", "It is 2/5.", ["5/6"], ["2/5"]),
        ("我去商店", "我去了商店", [], ["了"]),
        ("Yes. Good, go on.", "No! Bad, go on.", ["Yes. Good"], ["No! Bad"]),
        ("", "New.", [], ["New."]),
    ],
)
def test_differences(before, after, own, theirs):
    left, right = differences(before, after)
    assert [text for text, marked in left if marked] == own
    assert [text for text, marked in right if marked] == theirs


LETTERS = st.text(alphabet="ab ,.?\n中é5/", max_size=30) | st.text(max_size=20)


@given(LETTERS, LETTERS)
def test_pieces_give_the_texts_again_and_what_is_not_marked_is_in_both(before, after):
    left, right = differences(before, after)
    assert ("".join(text for text, _ in left), "".join(text for text, _ in right)) == (before, after)

    def shared(pieces):
        kept = " ".join(text for text, marked in pieces if not marked)
        return [word for word in words_of(kept) if any(sign.isalnum() for sign in word)]

    assert shared(left) == shared(right)
