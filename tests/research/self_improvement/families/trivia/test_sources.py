"""Where pages come from, and what must not get in with them."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_mix.reading.hub import HubSource
from data_mix.reading.record import BadRecord, Record
from espalier.errors import UserError
from research.self_improvement.families.trivia import sources, wikipedia
from research.self_improvement.families.trivia.page import sentences
from research.self_improvement.families.trivia.sources import read_pages
from research.self_improvement.families.trivia.wikipedia import dump_articles

PROSE = "The lime tree stands behind the church of the town. " * 5


def article(title: str, text: str, *, space: int = 0, more: str = "") -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f"<page><title>{title}</title><ns>{space}</ns>{more}<revision><id>1</id><contributor><username>x</username>"
        f'</contributor><text bytes="9" xml:space="preserve">{text}</text></revision></page>'
    )


def dump(*articles: str, begin: str = "") -> bytes:
    return f'<?xml version="1.0"?>{begin}<mediawiki><siteinfo/>{"".join(articles)}</mediawiki>'.encode()


ARTICLES = dump(
    article("Lime", f"'''Lime''' is a tree.<ref>x</ref> {PROSE}"),
    article("Linden", f"#REDIRECT [[Lime]] {PROSE}", more='<redirect title="Lime"/>'),
    article("Talk:Lime", PROSE + "Is it?", space=1),
    article("Stub", "Short."),
    article("Oak & elm".replace("&", "&amp;"), f"{PROSE}Ünter [[Oak|oaks]]."),
)


def test_a_folder_of_texts_is_pages(tmp_path: Path) -> None:
    (tmp_path / "lime.txt").write_text(PROSE, encoding="utf-8")
    (tmp_path / "again.txt").write_text(PROSE, encoding="utf-8")
    (tmp_path / "short.md").write_text("Nothing here.", encoding="utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\xff" + PROSE.encode())
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "more.jsonl").write_text(
        f'{{"title": "again", "text": "Second. {PROSE}"}}\n{{"text": "Third. {PROSE}"}}\n{{"title": "none"}}\n',
        encoding="utf-8",
    )
    pages, passed_over = read_pages(str(tmp_path))
    assert [page.title for page in pages] == ["again", "again (2)", "more"]
    assert passed_over == {"too short": 1, "the same as another": 1, "not_utf8": 1, "without a text": 1}
    assert [page.title for page in read_pages(str(tmp_path), most=1).pages] == ["again"]


@pytest.mark.parametrize("make", ["nothing", "empty", "short", "hub"])
def test_no_pages_are_an_error_that_says_where(tmp_path: Path, make: str) -> None:
    where = str(tmp_path / "pages")
    if make != "nothing":
        (tmp_path / "pages").mkdir()
    if make == "short":
        (tmp_path / "pages" / "a.txt").write_text("Short.", encoding="utf-8")
    with pytest.raises(UserError, match="hub:a" if make == "hub" else "pages"):
        read_pages("hub:a" if make == "hub" else where)


def test_a_long_page_ends_with_a_sentence(tmp_path: Path) -> None:
    text = "".join(f"Sentence number {number} of a long page. " for number in range(400))
    (tmp_path / "long.txt").write_text(text, encoding="utf-8")
    (page,) = read_pages(str(tmp_path)).pages
    assert len(page.text) <= sources.LONGEST and page.text.endswith("of a long page.")


def test_sentences_do_not_end_behind_an_initial() -> None:
    assert sentences("J. S. Bach and Dr. Hale came. “They sang.” In 1901, it ended! 3 stayed.\nNo mark") == [
        "J. S. Bach and Dr. Hale came.", "“They sang.”", "In 1901, it ended!", "3 stayed.", "No mark",
    ]  # fmt: skip
    assert sentences("Дърво е. То расте. и още") == ["Дърво е.", "То расте. и още"]


@pytest.mark.parametrize("name", ["wiki.xml", "enwiki-latest-pages-articles1.xml-p1p41242.bz2", "a.XML.zst"])
def test_a_dump_is_known_by_its_name(name: str) -> None:
    assert wikipedia.is_dump(Path(name))
    assert not wikipedia.is_dump(Path(name + ".txt"))


@pytest.mark.parametrize("pack", ["", ".bz2", ".gz", "streams"])
def test_a_dump_is_read_packed_or_not(tmp_path: Path, pack: str) -> None:
    path = tmp_path / f"wiki.xml{'.bz2' if pack == 'streams' else pack}"
    half = len(ARTICLES) // 2
    packed = {
        "": ARTICLES,
        ".bz2": bz2.compress(ARTICLES),
        ".gz": gzip.compress(ARTICLES),
        "streams": bz2.compress(ARTICLES[:half]) + bz2.compress(ARTICLES[half:]),
    }
    path.write_bytes(packed[pack])
    pages, passed_over = read_pages(str(path))
    assert [page.title for page in pages] == ["Lime", "Oak & elm"] and passed_over == {"too short": 1}
    assert pages[0].text.startswith("Lime is a tree. The lime tree") and pages[1].text.endswith("Ünter oaks.")


def test_a_dump_is_read_no_further_than_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wiki.xml"
    path.write_bytes(ARTICLES.replace(b"</mediawiki>", b"<broken"))
    monkeypatch.setattr(wikipedia, "_CHUNK", 512)
    assert len(read_pages(str(path), most=1).pages) == 1
    with pytest.raises(UserError, match="no whole XML"):
        read_pages(str(path), most=9)


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (dump(article("Lime", PROSE), begin=BOMB), "document type"),
        (dump(article("Lime", PROSE), begin=OUTSIDE), "document type"),
        (dump(article("Lime", PROSE).replace("tree", "&tree;", 1)), "no whole XML"),
        (dump(article("Lime", PROSE))[:-40], "no whole XML"),
        (b"<html><p>A page</p></html>", "no page of a MediaWiki dump"),
        (b"no xml", "no whole XML"),
        (b"", "no whole XML"),
    ],
)
def test_what_is_no_whole_dump_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "wiki.xml"
    path.write_bytes(content)
    with pytest.raises(UserError, match=says):
        list(dump_articles(path))


def test_damaged_and_enormous_archives_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wiki.xml.bz2"
    path.write_bytes(bz2.compress(ARTICLES)[:-20])
    with pytest.raises(UserError, match="cannot be read on"):
        list(dump_articles(path))
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match="cannot be read on"):
        list(dump_articles(path))
    monkeypatch.setattr(wikipedia, "MAX_RATIO_FROM", 2**20)
    path.write_bytes(bz2.compress(dump(article("Lime", "a" * 2**22))))
    with pytest.raises(UserError, match="200 times its size"):
        list(dump_articles(path))


def test_what_never_ends_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wiki.xml"
    monkeypatch.setattr(wikipedia, "_WITHOUT_EVENT", 2**18)
    path.write_bytes(b'<mediawiki><page a="' + b"a" * 2**20 + b'"></page></mediawiki>')
    with pytest.raises(UserError, match="no end of a tag"):
        list(dump_articles(path))
    monkeypatch.setattr(wikipedia, "LONGEST_ARTICLE", 100)
    path.write_bytes(dump(article("Long", PROSE), article("Lime", "A tree.")))
    assert list(dump_articles(path)) == [("Lime", "A tree.")]


def test_a_dataset_of_the_hub_is_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[HubSource]()

    def records(source: HubSource) -> Iterator[Record]:
        asked.append(source)
        yield Record(line=1, value={"id": "1", "title": "Lime", "text": PROSE})
        yield Record(line=2, value=BadRecord("too_long", "…"))
        raise AssertionError("read further than needed")

    monkeypatch.setattr(HubSource, "resolve", lambda source: source)
    monkeypatch.setattr(HubSource, "records", records)
    pages, _ = read_pages("hub:wikimedia/wikipedia:20231101.en@main", most=1)
    assert asked == [HubSource(name="wikimedia/wikipedia", config="20231101.en", revision="main")]
    assert [page.title for page in pages] == ["Lime"]
