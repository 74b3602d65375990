"""Preferences, whole: a reply that is said to be bad is trained by nobody, and nothing of what was compared is lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix import build
from data_mix.card import audit, preference_figures
from data_mix.packing.pack import open_packs
from data_mix.recipe import Preferences
from espalier.artifacts.records import verify_manifest
from espalier.errors import UserError
from espalier.text.rows import Row, read_rows
from tests import tiny
from tests.data_mix.making import chat, jsonl, make_splits, recipe

POLICIES: tuple[Preferences, ...] = ("both", "keep", "chosen", "drop")


def pair(number: int, **more: Any) -> dict[str, Any]:
    return {"prompt": f"Question {number}?", "chosen": f"Good {number}.", "rejected": f"Bad {number}."} | more


def labelled(number: int, label: bool) -> dict[str, Any]:
    return {"messages": chat(f"Question {number}?", f"{'Good' if label else 'Bad'} {number}."), "label": label}


def plain(number: int) -> dict[str, Any]:
    return {"messages": chat(f"Question {number}?", f"Plain {number}.")}


def rows_in(folder: Path, *names: str) -> list[Row]:
    return [row for name in names for row in read_rows(folder / f"{name}.parquet")]


def trained(folder: Path) -> list[Row]:
    return rows_in(folder, "train", "valid")


def kept(folder: Path) -> list[Row]:
    there = (folder / "preferences").exists()
    return rows_in(folder, "preferences/train", "preferences/valid") if there else []


def replies(rows: list[Row]) -> set[str]:
    return {message["content"] for row in rows for message in row.messages if message["role"] == "assistant"}


records = st.lists(
    st.one_of(
        st.builds(plain, st.integers(0, 9)),
        st.builds(pair, st.integers(0, 9)),
        st.builds(labelled, st.integers(0, 9), st.booleans()),
        st.sampled_from([pair(3, rejected="Good 3."), pair(4, chosen=""), labelled(1, True) | {"label": 7}, {"x": 1}]),
    ),
    max_size=25,
)


@given(records, st.sampled_from(POLICIES), st.booleans(), st.none() | st.integers(1, 12))
def test_no_bad_reply_is_trained_and_every_record_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, records: list[Any], wanted: Preferences, exact: bool, limit: int | None
) -> None:
    folder = tmp_path_factory.mktemp("mix")
    source = jsonl(folder / "a.jsonl", records) | {"on_bad_row": "drop", "preferences": wanted, "rows": limit}
    try:
        tallies, _ = make_splits(recipe(source, duplicates={"exact": exact}), folder)
    except UserError as error:
        assert any(part in str(error) for part in ("would be empty", "held-out split", "train on"))
        return
    audit.audit(tallies, audit.measure(folder), preference_figures.measure(folder))
    rows, preferences = trained(folder), kept(folder)
    assert not any(reply.startswith("Bad") for reply in replies(rows))
    assert all(row.kind == "chat" for row in rows) and all(row.kind == "preference" for row in preferences)
    assert not preferences or wanted in ("both", "keep")
    assert wanted != "keep" or all(reply.startswith("Plain") for reply in replies(rows))
    tally = tallies["a"]
    assert tally.read + tally.split_off == len(rows) + len(preferences) + tally.dropped.total()
    assert limit is None or max(len(rows), len(preferences)) <= limit
    ids = [row.id for row in [*rows, *preferences]]
    assert len(ids) == len(set(ids))


SIX = [plain(0), pair(1), pair(2), labelled(3, True), labelled(4, False), plain(5)]


@pytest.mark.parametrize(
    ("wanted", "split_off", "good", "compared", "dropped"),
    [
        ("both", 3, ["Good 1.", "Good 2.", "Good 3."], 4, {}),
        ("keep", 0, [], 4, {}),
        ("chosen", 2, ["Good 1.", "Good 2.", "Good 3."], 0, {"rejected_reply": 3}),
        ("drop", 0, [], 0, {"preference": 4}),
    ],
)
def test_what_a_recipe_wants_of_preferences(
    tmp_path: Path, wanted: str, split_off: int, good: list[str], compared: int, dropped: dict[str, int]
) -> None:
    source = jsonl(tmp_path / "a.jsonl", SIX) | {"preferences": wanted}
    tallies, _ = make_splits(recipe(source, valid_fraction=0), tmp_path)
    assert sorted(replies(trained(tmp_path))) == [*good, "Plain 0.", "Plain 5."]
    assert (len(kept(tmp_path)), (tmp_path / "preferences").exists()) == (compared, bool(compared))
    assert (tallies["a"].read, tallies["a"].split_off) == (6, split_off) and dict(tallies["a"].dropped) == dropped


def test_what_is_kept_of_a_comparison(tmp_path: Path) -> None:
    records = [pair(1, score_chosen=8.5), {"messages": chat("Hi.", "Hello.", "A fruit?", "Dog."), "label": False}]
    make_splits(recipe(jsonl(tmp_path / "a.jsonl", records) | {"weight": 2}, valid_fraction=0), tmp_path)
    first, second = kept(tmp_path)
    assert (first.id, first.source, first.split, first.weight) == ("a/a.jsonl:1#preference", "a", "train", 2.0)
    assert first.messages == chat("Question 1?") and first.meta == {"score_chosen": 8.5}
    assert first.chosen == [{"role": "assistant", "content": "Good 1."}]
    assert first.rejected == [{"role": "assistant", "content": "Bad 1."}]
    assert second.messages == chat("Hi.", "Hello.", "A fruit?")
    assert (second.chosen, second.rejected) == (None, [{"role": "assistant", "content": "Dog."}])
    assert [row.id for row in trained(tmp_path)] == ["a/a.jsonl:1"]
    assert trained(tmp_path)[0].meta == {"score_chosen": 8.5}


def test_preferences_can_be_refused(tmp_path: Path) -> None:
    source = jsonl(tmp_path / "a.jsonl", SIX) | {"preferences": "refuse"}
    with pytest.raises(
        UserError, match=r"a\.jsonl:2: says which reply is a good one, .*--sources\.0\.preferences both"
    ):
        make_splits(recipe(source), tmp_path)


def test_they_bend_no_share(tmp_path: Path) -> None:
    """The rows are the same bytes whether what was compared is kept beside them or not."""
    made = {}
    for wanted in ("both", "chosen"):
        folder = tmp_path / wanted
        folder.mkdir()
        pairs = jsonl(folder / "pairs.jsonl", map(pair, range(300))) | {"share": 30, "preferences": wanted}
        others = jsonl(folder / "others.jsonl", map(plain, range(300))) | {"share": 70}
        asked = recipe(pairs, others, unit="bytes", total=3000, valid_fraction=0.1)
        _, decided = make_splits(asked, folder)
        assert decided["shares"]["total"] == 3000
        made[wanted] = {split: (folder / f"{split}.parquet").read_bytes() for split in ("train", "valid")}
    assert made["both"] == made["chosen"]
    assert len(kept(tmp_path / "both")) == 300, "though most of their conversations are over the share"


def test_one_prompt_lies_on_one_side_and_a_held_out_pair_was_never_trained_on(tmp_path: Path) -> None:
    asked = [number % 60 for number in range(240)]
    pairs = [
        {"prompt": f"Question {of}?", "chosen": f"Good {at % 7}.", "rejected": f"Bad {at}."}
        for at, of in enumerate(asked)
    ]
    single = [{"messages": chat(f"Question {of}?", f"Good {of}."), "label": of % 2 == 0} for of in range(60)]
    same = [{"messages": chat(one["prompt"], one["chosen"])} for one in pairs[:40]]
    sources = [jsonl(tmp_path / f"{name}.jsonl", found) for name, found in
               (("same", same), ("pairs", pairs), ("single", single))]  # fmt: skip
    make_splits(recipe(*sources, valid_fraction=0.3), tmp_path)
    train, valid = (rows_in(tmp_path, f"preferences/{split}") for split in ("train", "valid"))
    assert len(train) + len(valid) == 300 and 50 < len(valid) < 130
    assert not {str(row.messages) for row in train} & {str(row.messages) for row in valid}
    spoken = {split: {str(row.messages) for row in rows_in(tmp_path, split)} for split in ("train", "valid")}
    assert not spoken["train"] & spoken["valid"] and len(spoken["valid"]) > 30
    assert not any(str([*row.messages, *row.chosen]) in spoken["train"] for row in valid if row.chosen)
    assert all(row.split == "train" for row in train) and all(row.split == "valid" for row in valid)


MAIL = "Write to ann@teachers.org whenever you like."


@pytest.mark.parametrize(
    ("record", "filters", "reason"),
    [
        (pair(1, chosen="x " * 99), {"max_chars": 100}, "too_long"),
        (pair(1, rejected="x " * 99), {"max_chars": 100}, "too_long"),
        (pair(1, rejected="so it goes on and " * 40), {"repetition": "drop"}, "repetition"),
        (pair(1, chosen=MAIL, rejected=MAIL.replace("ann", "bob")), {"personal_data": "mask"}, "equal_replies"),
        (labelled(1, False) | {"messages": chat("Hi.", "x " * 99)}, {"max_chars": 100}, "too_long"),
    ],
)
def test_it_is_dropped_where_either_reply_is(
    tmp_path: Path, record: dict[str, Any], filters: dict[str, Any], reason: str
) -> None:
    source = jsonl(tmp_path / "a.jsonl", [plain(0), plain(1), pair(2), record]) | {"preferences": "keep"}
    tallies, _ = make_splits(recipe(source, valid_fraction=0, filters=filters), tmp_path)
    assert [row.messages for row in kept(tmp_path)] == [chat("Question 2?")]
    assert dict(tallies["a"].dropped) == {reason: 1}
    assert "rejected assistant: " in tallies["a"].samples[reason][0]["text"]


def test_what_is_mended_is_mended_in_both(tmp_path: Path) -> None:
    asked = [{"role": "user", "content": "Reach you at eve@teachers.org?"}, {"role": "user", "content": "And when?"}]
    record = {"prompt": asked, "chosen": MAIL, "rejected": "Never write to bob@teachers.org at all."}
    source = jsonl(tmp_path / "a.jsonl", [record])
    tallies, _ = make_splits(
        recipe(source, valid_fraction=0, filters={"personal_data": "mask", "roles": "repair"}), tmp_path
    )
    (row,) = kept(tmp_path)
    assert row.chosen and row.rejected and len(row.messages) == 1
    assert "@" not in str([row.messages, row.chosen, row.rejected])
    assert [*row.messages, *row.chosen] == trained(tmp_path)[0].messages
    assert tallies["a"].repaired["joined_turns"] == 2, "of the conversation and of the preference"


def test_what_is_said_before_is_dropped_and_what_only_begins_so_is_not(tmp_path: Path) -> None:
    contradicted = labelled(1, False) | {"messages": chat("Question 2?", "Good 2.")}
    records = [
        pair(1),
        pair(1, rejected="Worse."),
        pair(1, chosen="GOOD  1."),
        pair(2),
        labelled(2, True),
        contradicted,
    ]
    source = jsonl(tmp_path / "a.jsonl", records)
    asked = recipe(source, valid_fraction=0, duplicates={"exact": True, "first_user_turn": True})
    tallies, _ = make_splits(asked, tmp_path)
    assert [row.id for row in kept(tmp_path)] == [f"a/a.jsonl:{line}#preference" for line in (1, 2, 4, 5, 6)]
    assert dict(tallies["a"].dropped) == {"duplicate": 4}, "three conversations, and the preference of the third"
    assert len(trained(tmp_path)) == 2


def test_nearly_equal_pairs_are_found(tmp_path: Path) -> None:
    long = " ".join(f"word{number}" for number in range(60))
    records = [
        pair(1, chosen=long, rejected=f"No, {long}"),
        pair(1, chosen=f"{long} and", rejected=f"No, {long}"),
        pair(2),
    ]
    source = jsonl(tmp_path / "a.jsonl", records) | {"preferences": "keep"}
    tallies, decided = make_splits(recipe(source, valid_fraction=0, duplicates={"near": True}), tmp_path)
    assert dict(tallies["a"].dropped) == {"near_duplicate": 1} and decided["near_preferences"]["found"] == 1
    assert decided["near_duplicates"] == {}


@pytest.mark.parametrize("key", ["prompt", "chosen", "rejected"])
def test_they_are_kept_clear_of_evaluations(tmp_path: Path, key: str) -> None:
    question = "A farmer has seven red hens and each of them lays two eggs every day of the week."
    (tmp_path / "exam.jsonl").write_text(json.dumps({"question": question}) + "\n")
    source = jsonl(tmp_path / "a.jsonl", [pair(1, **{key: f"Well: {question}"}), pair(2)])
    tallies, decided = make_splits(
        recipe(source, valid_fraction=0, keep_clear_of=[str(tmp_path / "exam.jsonl")]), tmp_path
    )
    assert [row.messages for row in kept(tmp_path)] == [chat("Question 2?")]
    assert decided["in_an_evaluation"]["rows"] == (1 if key == "rejected" else 2)
    assert dict(tallies["a"].dropped) == {"in_an_evaluation": decided["in_an_evaluation"]["rows"]}


def test_words_of_two_replies_make_no_run_together(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(16)]
    (tmp_path / "exam.jsonl").write_text(json.dumps({"question": " ".join(words)}) + "\n")
    record = {"prompt": " ".join(words[8:]), "chosen": " ".join(words[:8]), "rejected": "No."}
    source = jsonl(tmp_path / "a.jsonl", [record]) | {"preferences": "keep"}
    make_splits(recipe(source, valid_fraction=0, keep_clear_of=[str(tmp_path / "exam.jsonl")]), tmp_path)
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize(
    ("wanted", "limit", "rows", "compared"),
    [("both", 3, [1, 2, 3], [1, 2, 3]), ("keep", 3, [], [1, 2, 3]), ("chosen", 3, [1, 2, 3], []), ("both", 99, 20, 20)],
)
def test_only_the_first_rows_are_taken_where_so_many_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, limit: int, rows: Any, compared: Any
) -> None:
    for batch in (1, 2, 7, 1000):
        monkeypatch.setattr("data_mix.mixing.refine.BATCH", batch)
        folder = tmp_path / str(batch)
        folder.mkdir()
        source = jsonl(folder / "a.jsonl", map(pair, range(1, 21))) | {"preferences": wanted, "rows": limit}
        make_splits(recipe(source, valid_fraction=0), folder)
        for found, expected in ((trained(folder), rows), (kept(folder), compared)):
            first = list(range(1, expected + 1)) if isinstance(expected, int) else expected
            assert [row.messages[0]["content"] for row in found] == [f"Question {number}?" for number in first]


@pytest.fixture
def built(workspace: Path, tmp_path: Path) -> Path:
    source = jsonl(tmp_path / "mine.jsonl", [*map(pair, range(60)), labelled(60, False), *map(plain, range(61, 80))])
    assert build.main(["--name", "mine", "--sources.0.path", source["path"]]) == 0
    return workspace / "mixes" / "mine"


def test_manifest_audit_and_card_tell_of_them(built: Path) -> None:
    manifest = verify_manifest(built)
    assert {"preferences/train.parquet", "preferences/valid.parquet"} <= manifest["files"].keys()
    splits = manifest["preferences"].values()
    assert [sum(split[key] for split in splits) for key in ("rows", "pairs", "good", "bad")] == [61, 60, 0, 1]
    assert sum(split["rows"] for split in manifest["splits"].values()) == 79, "rows are rows, and these are none"
    audited = json.loads((built / "audit.json").read_text())
    mine = audited["preferences"]["train"]["mine"]
    assert mine["mean_chosen_bytes"] == pytest.approx(8, abs=0.2) and mine["chosen_is_longer"] == 1.0
    assert audited["sources"]["mine"]["kept"] == 140 and audited["sources"]["mine"]["split_off"] == 60
    card = (built / "CARD.md").read_text()
    assert "## Preferences" in card and "rows: preference" in card
    assert card.count("#preference**") == 3 and "**rejected** *assistant*: Bad" in card


def test_what_was_compared_is_part_of_what_a_mix_is(built: Path, tmp_path: Path) -> None:
    before = verify_manifest(built)
    records = [pair(number, rejected=f"Worse {number}.") for number in range(60)]
    source = jsonl(tmp_path / "mine.jsonl", [*records, labelled(60, False), *map(plain, range(61, 80))])
    assert build.main(["--name", "mine", "--sources.0.path", source["path"], "--overwrite"]) == 0
    after = verify_manifest(built)
    assert after["files"]["train.parquet"] == before["files"]["train.parquet"]
    assert after["content_hash"] != before["content_hash"]


def test_a_mix_of_comparisons_alone_is_built_and_has_no_chats(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = jsonl(tmp_path / "mine.jsonl", map(pair, range(40)))
    words = ["--name", "mine", "--sources.0.path", source["path"], "--sources.0.preferences", "keep"]
    assert build.main(words) == 0
    said = capsys.readouterr().out
    assert "40 records read, 0 rows kept and 40 preferences" in said and "trained on by --rows preference" in said
    folder = workspace / "mixes" / "mine"
    assert len(kept(folder)) == 40 and not trained(folder)
    assert "## Preferences" in (folder / "CARD.md").read_text()
    with pytest.raises(
        UserError, match=r"has no chat row that could be trained on; it holds \d\d preferences: --rows preference"
    ) as caught:
        open_packs(folder, tiny.renderer(), seq_len=32, rows="chat", long_rows="split")
    assert "\n" not in str(caught.value)
    packs, _, _ = open_packs(folder, tiny.renderer(), seq_len=64, rows="preference", long_rows="split")
    assert {row_id.partition("#")[2] for row_id in packs["train"].row_ids} == {"preference"}


def test_tokens_of_replies_are_counted(tmp_path: Path) -> None:
    import tokenizers

    words = [*["Question", "?", ".", "Good", "Bad", "the", "cat", "sees", "a", "dog"], *map(str, range(9))]
    counting = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: at for at, word in enumerate(["?", *words])}, "?")
    )
    counting.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    source = jsonl(tmp_path / "a.jsonl", [pair(1), pair(2, rejected="the cat sees a dog. " * 9), labelled(3, False)])
    asked = recipe(source, valid_fraction=0, tokenizer="any", filters={"max_tokens": 40})
    tallies, _ = make_splits(asked, tmp_path, tokenizer=counting.to_str())
    assert dict(tallies["a"].dropped) == {"too_many_tokens": 1}
    assert [row.num_tokens for row in kept(tmp_path)] == [9, 6] and [row.num_tokens for row in trained(tmp_path)] == [
        6,
        6,
    ]
