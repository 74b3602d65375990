"""Essays of a folder and annotations of a table become rows; what does not fit together is refused."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.importers import convert
from data_mix.importers.toefl import TASK, from_essay, read_toefl
from data_mix.reading.record import BadRecord
from espalier.errors import UserError

ESSAY = 'I thikn so. It is fine!\r\n\r\nWe alot go to shcool, and doesn"t stay. The end'
ANNOTATIONS = [
    ("11", ESSAY.index("thikn"), "thikn", "think"),
    ("11", ESSAY.index("shcool"), "shcool", "school"),
    ("11", ESSAY.index("alot"), "alot", "a lot"),
    ("11", ESSAY.index("doesn"), 'doesn"t', "doesn't"),
]


def table(rows: list[tuple[str, int, str, str]], tab: str = "\t") -> str:
    header = tab.join(["Filename", "OffsetSpan", "Misspelling", "Type", "Correction"])
    lines = [tab.join([name, f"{at}-{at + len(wrong)}", wrong, "M", right]) for name, at, wrong, right in rows]
    return "\n".join([header, *lines]) + "\n"


def corpus(folder: Path, index: str | None = None, essays: dict[str, bytes] | None = None) -> Path:
    inside = folder / "data" / "text"
    (inside / "responses" / "original").mkdir(parents=True)
    (inside / "responses" / "tokenized").mkdir()
    lines = "Filename,Prompt,Native Language,Proficiency Level\n11.txt,P2,ARA,low\n12.txt,P1,TEL,high\n"
    (inside / "index.csv").write_text(lines if index is None else index)
    for name, text in (essays or {"11.txt": ESSAY.encode(), "12.txt": b"\xef\xbb\xbfIt is so.\r\nYes.\r\n"}).items():
        (inside / "responses" / "original" / name).write_bytes(text)
    return folder


def essay(*misspellings: Any, text: str = ESSAY) -> dict[str, Any]:
    return {"file": "1.txt", "prompt": "P2", "l1": "ARA", "level": "low", "text": text, "misspellings": [*misspellings]}


def mistake(start: int, wrong: str, right: str) -> dict[str, Any]:
    return {"start": start, "wrong": wrong, "right": right}


@pytest.mark.parametrize("name", ["Annotations.tsv", "Annotations.csv"])
def test_an_essay_becomes_its_wrong_sentences_and_what_they_should_be(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(table(ANNOTATIONS, tab="," if name.endswith("csv") else "\t"))
    first, second = read_toefl(corpus(tmp_path), tmp_path / name)
    assert first["misspellings"][0] == {"start": 2, "wrong": "thikn", "right": "think"}
    shape, [row] = convert([first], "auto")
    assert shape == "toefl11"
    assert row.messages == [
        {"role": "system", "content": TASK},
        {"role": "user", "content": "I thikn so."},
        {"role": "assistant", "content": "I think so."},
        {"role": "user", "content": 'We alot go to shcool, and doesn"t stay.'},
        {"role": "assistant", "content": "We a lot go to school, and doesn't stay."},
    ]
    assert row.meta == {"language": "en", "l1": "ar", "level": "low", "prompt": "P2"}
    [row] = convert([second], "toefl11")[1]
    assert row.messages == [{"role": "text", "content": "It is so.\nYes."}]
    assert row.meta == {"language": "en", "l1": "te", "level": "high", "prompt": "P1"}


def test_the_index_may_lack_names_or_have_others_or_be_named_itself(tmp_path: Path) -> None:
    wanted = [("11.txt", "P2", "ARA", "low")]
    for number, index in enumerate(
        ("11.txt,P2,ARA,low\n", "Score Level,Language,Prompt,Filename\nlow,ARA,P2,11.txt\n")
    ):
        folder = corpus(tmp_path / str(number), index)
        for path in (folder, folder / "data" / "text" / "index.csv"):
            found = list(read_toefl(path))
            assert [tuple(one[key] for key in ("file", "prompt", "l1", "level")) for one in found] == wanted
            assert found[0]["text"] == ESSAY
            assert found[0]["misspellings"] == []


def test_an_essay_that_is_no_utf8_is_refused_alone(tmp_path: Path) -> None:
    first, second = read_toefl(corpus(tmp_path, essays={"11.txt": b"Caf\xe9 is fine.", "12.txt": b"Yes."}))
    with pytest.raises(BadRecord, match="no UTF-8"):
        convert([first], "toefl11")
    assert convert([second], "toefl11")[1][0].messages[0]["content"] == "Yes."


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ("Filename,Prompt,Language\n11.txt,P2,ARA\n", "no column Proficiency Level"),
        ("11.txt,P2\n", "index.csv:1: 2 columns where 4"),
        ("Filename,Prompt,Language,Score Level\n../x.txt,P2,ARA,low\n", "no name of an essay's file"),
        ("Filename,Prompt,Language,Score Level\n.txt,P2,ARA,low\n", "no name of an essay's file"),
        ("Filename,Prompt,Language,Score Level\n77.txt,P2,ARA,low\n", "77.txt: cannot be read"),
    ],
)
def test_an_index_that_does_not_hold_is_told(tmp_path: Path, index: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        list(read_toefl(corpus(tmp_path, index)))


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ("Filename\tOffsetSpan\tMisspelling\n", "no column Correction"),
        (table(ANNOTATIONS).replace("2-7", "2"), "tsv:2: '2' is no span"),
        (table(ANNOTATIONS).replace("\tthink", ""), "tsv:2: 4 columns where 5"),
        (table(ANNOTATIONS).replace("think", "think\tso"), "tsv:2: 6 columns where 5"),
        (table([("99", 1, "a", "b")]), "annotates none of the essays"),
        (b"\xff\xfe", "cannot be read as a table"),
        (None, "cannot be read as a table"),
    ],
)
def test_a_table_that_does_not_hold_is_told(tmp_path: Path, annotations: str | bytes | None, words: str) -> None:
    path = tmp_path / "a.tsv"
    if annotations is not None:
        path.write_bytes(annotations if isinstance(annotations, bytes) else annotations.encode())
    with pytest.raises(UserError, match=words) as found:
        list(read_toefl(corpus(tmp_path / "corpus"), path))
    assert "a.tsv" in str(found.value)


def test_a_folder_without_an_index_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no index.csv"):
        list(read_toefl(tmp_path))
    with pytest.raises(UserError, match="no such folder"):
        list(read_toefl(tmp_path / "none"))


def test_a_misspelling_is_looked_for_near_its_place_as_a_whole_word() -> None:
    text = "There is ther book, no other, on the table."
    assert from_essay(essay(mistake(23, "ther", "their"), text=text)).messages[1:] == [
        {"role": "user", "content": text},
        {"role": "assistant", "content": "There is their book, no other, on the table."},
    ]
    with pytest.raises(BadRecord) as found:
        from_essay(essay(mistake(70, "ther", "their"), text=text))
    assert found.value.reason == "bad_labels"


def test_a_misspelling_across_two_sentences_takes_both() -> None:
    text = "One. It is tru.\nly so. Two."
    [_, asked, answered] = from_essay(
        essay(mistake(11, "tru.\nly", "truly"), mistake(5, "It", "This"), text=text)
    ).messages
    assert (asked["content"], answered["content"]) == ("It is tru.\nly so.", "This is truly so.")


@pytest.mark.parametrize(
    "misspellings",
    [
        [mistake(2, "think", "x")],
        [mistake(-2, "thikn", "think")],
        [mistake(10**20, "thikn", "think")],
        [mistake(2, "thikn", "think"), mistake(4, "ikn", "ink")],
        [mistake(2, "thikn", "think"), mistake(2, "thikn", "think")],
        [mistake(2, "", "think")],
        [{"start": "2", "wrong": "thikn", "right": "think"}],
        [{"start": True, "wrong": "thikn", "right": "think"}],
        [{"start": 2, "wrong": "thikn"}],
        ["thikn"],
        [None],
    ],
)
def test_annotations_that_do_not_fit_the_essay_are_refused(misspellings: list[Any]) -> None:
    with pytest.raises(BadRecord) as found:
        convert([essay(*misspellings)], "toefl11")
    assert found.value.reason == "bad_labels"


@pytest.mark.parametrize("change", [{"text": 3}, {"text": " "}, {"misspellings": "cta"}, {"misspellings": {}}])
def test_what_is_malformed_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRecord) as found:
        convert([essay() | change], "toefl11")
    assert found.value.reason == "bad_messages"


def test_a_first_language_is_a_code_where_it_has_one() -> None:
    assert from_essay(essay() | {"l1": "und", "level": None, "prompt": ["P"]}).meta == {"language": "en", "l1": "und"}
    assert "l1" not in from_essay(essay() | {"l1": 3}).meta


@given(st.lists(st.tuples(st.sampled_from(["a", "Ja. ", "b c", "\n", "no!\r\n", " "]), st.booleans()), max_size=12))
def test_only_what_is_annotated_changes(pieces: list[tuple[str, bool]]) -> None:
    text, corrected, found = "", "", []
    for piece, is_wrong in pieces:
        if is_wrong:
            found.append(mistake(len(text), "xq", "ok"))
            text, corrected = text + "xq", corrected + "ok"
        text, corrected = text + piece, corrected + piece
    if not found:
        return
    said = [message["content"] for message in from_essay(essay(*found, text=text)).messages[1:]]
    assert sum(one.count("xq") for one in said[::2]) == len(found)
    assert said[1::2] == [one.replace("xq", "ok") for one in said[::2]]
    assert all(one in text.replace("\r\n", "\n") for one in said[::2])
    assert all(one in corrected.replace("\r\n", "\n") for one in said[1::2])
