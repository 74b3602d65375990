"""Rows that hold a benchmark's words are found exactly, and only those."""

import json
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.dedup import decontaminate
from data_mix.dedup.decontaminate import Grams, Hit, read_benchmark
from data_mix.language.hashed_words import HashedWords, hash_words
from espalier.errors import UserError

ITEM = "A farmer has seven red hens and each of them lays two eggs every day. How many eggs a week?"
few_words = st.lists(st.sampled_from("abcd"), max_size=10)
batches = st.lists(few_words, max_size=6)


def by_hand(texts: list[list[str]], rows: list[list[str]], ngram: int, shortest: int) -> dict[int, dict[str, set[str]]]:
    """The rows' shared runs by text, in the plainest way."""
    wanted: dict[str, str] = {}
    for number, text in enumerate(texts):
        length = min(ngram, len(text))
        if length >= shortest:
            for start in range(len(text) - length + 1):
                wanted.setdefault(" ".join(text[start : start + length]), str(number))
    found: dict[int, dict[str, set[str]]] = {}
    for number, row in enumerate(rows):
        for length in range(shortest, ngram + 1):
            for start in range(len(row) - length + 1):
                gram = " ".join(row[start : start + length])
                if gram in wanted:
                    found.setdefault(number, {}).setdefault(wanted[gram], set()).add(gram)
    return found


def check(texts: list[list[str]], rows: list[list[str]], ngram: int, shortest: int) -> None:
    grams = Grams([str(number) for number in range(len(texts))], texts, ngram=ngram, shortest=min(shortest, ngram))
    expected = by_hand(texts, rows, ngram, min(shortest, ngram))
    found = grams.hits(rows)
    assert list(found) == list(expected)
    for number, hits in found.items():
        assert {hit.where for hit in hits} == set(expected[number])
        assert len(hits) == len(expected[number])
        assert all(hit.gram in expected[number][hit.where] for hit in hits)


@given(batches, batches, st.integers(1, 5), st.integers(1, 3))
def test_the_hits_are_those_of_a_plain_search(
    texts: list[list[str]], rows: list[list[str]], ngram: int, shortest: int
) -> None:
    check(texts, rows, ngram, shortest)


@given(batches, batches, st.integers(1, 5), st.integers(1, 3))
def test_words_of_one_hash_are_told_apart(
    texts: list[list[str]], rows: list[list[str]], ngram: int, shortest: int
) -> None:
    def poor(rows: list[list[str]]) -> HashedWords:
        good = hash_words(rows)
        return HashedWords(good.hashes & np.uint64(1), good.offsets, good.words_of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decontaminate, "hash_words", poor)
        check(texts, rows, ngram, shortest)


def test_thirteen_words_in_a_row_of_one_row() -> None:
    grams = Grams.of([("quiz.jsonl:1", ITEM)])
    lower = [word.strip(".?").casefold() for word in ITEM.split()]
    run = lower[3:16]
    assert grams.hits([run]) == {0: (Hit("quiz.jsonl:1", " ".join(run)),)}
    assert grams.hits([["well", "then"], ["so", *run, "then"]]) == {1: (Hit("quiz.jsonl:1", " ".join(run)),)}
    assert grams.hits([run[:12], run[12:], [*run[:6], "x", *run[6:]], []]) == {}
    assert grams.hits([]) == {}


def test_shorter_texts_are_looked_for_whole_and_the_shortest_not() -> None:
    texts = [
        ("a", "one two three four five six seven eight nine"),
        ("b", "one two three four five six seven"),
        ("c", ""),
    ]
    grams = Grams.of(texts)
    assert (grams.num_texts, grams.num_short, grams.num_grams) == (3, 2, 1)
    words = texts[0][1].split()
    assert grams.hits([["zero", *words, "ten"], words[:8], words[1:], words[:7]]) == {0: (Hit("a", texts[0][1]),)}
    nothing = Grams.of(texts[1:])
    assert (nothing.num_texts, nothing.num_short, nothing.num_grams) == (2, 2, 0)
    assert nothing.hits([words]) == {}
    with pytest.raises(ValueError, match="shortest"):
        Grams([], [], ngram=5, shortest=6)


def test_a_row_is_found_among_many_and_the_first_item_is_named() -> None:
    rng = random.Random(0)
    texts = [(f"item {number}", " ".join(rng.choices("abcdefghij", k=30))) for number in range(500)]
    grams = Grams.of([*texts, ("again", texts[40][1])])
    rows = [rng.choices("abcdefghij", k=60) for _ in range(200)]
    rows[70][20:50] = texts[40][1].split()
    rows[71][:15], rows[71][-13:] = texts[7][1].split()[:15], texts[3][1].split()[:13]
    found = grams.hits(rows)
    assert {number: [hit.where for hit in hits] for number, hits in found.items()} == {
        70: ["item 40"], 71: ["item 7", "item 3"],
    }  # fmt: skip
    assert grams.hits(hash_words(rows)) == found
    copy = pickle.loads(pickle.dumps(grams))  # noqa: S301
    assert copy.hits(rows) == found
    assert pickle.dumps(Grams.of([*texts, ("again", texts[40][1])])) == pickle.dumps(grams)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", '{"q": "Why?", "more": [{"x": "One"}, 3, null], "z": "Two"}\n\n{"q": "How?"}\n', [
            ("a.jsonl:1", "Why?"), ("a.jsonl:1", "One"), ("a.jsonl:1", "Two"), ("a.jsonl:3", "How?"),
        ]),
        ("b.txt", "One two.\n\nThree.\n", [("b.txt:1", "One two."), ("b.txt:3", "Three.")]),
        ("c.yaml", "name: mine\ncases:\n- {prompt: Say it., n: 3}\n- messages:\n  - {role: user, content: Who}\n", [
            ("c.yaml: case 1", "Say it."), ("c.yaml: case 2", "user"), ("c.yaml: case 2", "Who"),
        ]),
        ("d.yml", "cases:\n  first: {question: Who}\n  second: [Me., {a: You.}]\n", [
            ("d.yml: case 1", "Who"), ("d.yml: case 2", "Me."), ("d.yml: case 2", "You."),
        ]),
        ("e.yaml", "cases: One text.\n", [("e.yaml: case 1", "One text.")]),
        ("f.yaml", "- {name: a, prompt: Say it.}\n", [("f.yaml: case a", "a"), ("f.yaml: case a", "Say it.")]),
        ("g.yaml", "tests: [{name: a, prompt: Say it.}]\n", [("g.yaml: case a", "a"), ("g.yaml: case a", "Say it.")]),
        ("h.json", '{"tests": [{"name": "a", "prompt": "Say it."}]}', [
            ("h.json: case a", "a"), ("h.json: case a", "Say it."),
        ]),
        ("i.json", '[{"q": "Why?"}]', [("i.json:1", "Why?")]),
        ("j.yaml", "templates: [{name: 'a{{ n }}', grid: {n: [1, 2]}, case: {prompt: 'Say {{ n }}.'}}]\n", [
            ("j.yaml: case a1", "a1"), ("j.yaml: case a1", "Say 1."),
            ("j.yaml: case a2", "a2"), ("j.yaml: case a2", "Say 2."),
        ]),
    ],
)  # fmt: skip
def test_every_text_of_a_benchmark_is_read(tmp_path: Path, name: str, content: str, expected: list[Any]) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read_benchmark(tmp_path / name).texts == expected


def test_what_a_suite_inherits_and_what_it_reads_are_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "base.yaml").write_text("cases: [{name: a, prompt: old}, {name: b, prompt: kept}]\ntexts: [book.txt]\n")
    (folder / "book.txt").write_text("Once.\n\nUpon.\n")
    (tmp_path / "p.jsonl").write_text('{"sentence_good": "Cats sleep.", "sentence_bad": "Cats sleeps."}\n')
    own = tmp_path / "own.yaml"
    own.write_text("extends: more/base.yaml\npairs: [p.jsonl]\ncases: [{name: a, prompt: new}]\n")
    found = read_benchmark(own)
    assert found.texts == [
        ("own.yaml: case b", "b"), ("own.yaml: case b", "kept"), ("own.yaml: case a", "a"), ("own.yaml: case a", "new"),
        ("p.jsonl:1", "Cats sleep."), ("p.jsonl:1", "Cats sleeps."), ("book.txt:1", "Once."), ("book.txt:3", "Upon."),
    ]  # fmt: skip
    (folder / "book.txt").write_text("Once.\n\nUpon a time.\n")
    assert read_benchmark(own).sha256 != found.sha256, "it is another benchmark now"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.yaml", "name: mine\nheldout: {mix: basil}\n", "drawn from mix basil, which holds them out itself"),
        ("b.yaml", "name: mine\ncases: []\n", "no case in it"),
        ("c.jsonl", '{"n": 3}\n', "no text in it"),
        ("d.txt", "\n", "no text in it"),
    ],
)
def test_where_there_is_nothing_to_keep_clear_of_that_is_said(
    tmp_path: Path, name: str, content: str, why: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=f"{name}: there is nothing to keep clear of: .*{why}"):
        read_benchmark(tmp_path / name)


def test_a_broken_benchmark_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"q": "Why?"}) + "\n{broken\n")
    with pytest.raises(UserError, match=r"a\.jsonl:2: .*[Mm]end"):
        read_benchmark(tmp_path / "a.jsonl")
    with pytest.raises(UserError, match=r"absent\.yaml: cannot be read \(No such file"):
        read_benchmark(tmp_path / "absent.yaml")
    with pytest.raises(UserError, match="absent.jsonl"):
        read_benchmark(tmp_path / "absent.jsonl")
