import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.errors import UserError
from evaluation.cases.likelihoods import _paragraphs, read_pairs, read_texts

PAIR = {"sentence_good": "Cats sleep.", "sentence_bad": "Cats sleeps.", "UID": "agreement", "field": "syntax"}


def test_minimal_pairs(tmp_path):
    path = tmp_path / "blimp.jsonl"
    other = json.dumps(PAIR | {"sentence_good": "A\u2028b."}, ensure_ascii=False)
    path.write_text(f"{json.dumps(PAIR)}\n\n{other}\n")
    first, second = read_pairs([path])
    assert first.texts == ("Cats sleep.", "Cats sleeps.") and first.tags == ("agreement", "syntax")
    assert (first.name, second.name) == ("blimp:1", "blimp:3") and second.texts[0] == "A\u2028b."
    assert first.messages == [] and first.learner == ""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no minimal pairs"),
        ("{", "blimp.jsonl:1: not JSON"),
        ("[]", "wants sentence_good"),
        ('{"sentence_good": "a"}', "wants sentence_good"),
        ('{"sentence_good": "a", "sentence_bad": 3}', "wants sentence_good"),
        ('{"sentence_good": "a", "sentence_bad": " "}', "wants sentence_good"),
        ('{"sentence_good": "a", "sentence_bad": "b \\ud800"}', "wants sentence_good"),
    ],
)
def test_what_is_no_minimal_pair(tmp_path, text, complaint):
    path = tmp_path / "blimp.jsonl"
    path.write_text(text)
    with pytest.raises(UserError, match=complaint):
        read_pairs([path])


def test_a_text_in_paragraphs(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("one\n" * 600 + "\n" + "two\n" * 3)
    cases = read_texts([path])
    assert [case.name for case in cases] == ["book.txt:1", "book.txt:2"]
    assert cases[1].texts == ("two\ntwo\ntwo\n",)


def test_no_text(tmp_path):
    (tmp_path / "empty.txt").write_text(" \n\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe")
    for name, complaint in (("empty.txt", "no text"), ("binary.txt", "UTF-8"), ("missing.txt", "cannot be read")):
        with pytest.raises(UserError, match=complaint):
            read_texts([tmp_path / name])


@given(st.lists(st.sampled_from(["\n", "word\n", "x" * 900 + "\n", "end"]), max_size=30))
def test_no_byte_of_a_text_is_lost_but_white_space_at_the_end(lines):
    text = "".join(lines)
    found = "".join(_paragraphs(text.splitlines(keepends=True)))
    assert text.startswith(found) and not text[len(found) :].strip()
