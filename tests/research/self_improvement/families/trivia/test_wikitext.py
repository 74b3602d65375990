"""What is left of MediaWiki's markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.families.trivia.wikitext import plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("'''Lime''' is a [[tree]].", "Lime is a tree."),
        ("A [[Tilia|lime]] of [[Oldbury, Kent|]]old.", "A lime of Oldbury, Kentold."),
        ("{{Infobox|a={{b|c}}|d=}}It stands.", "It stands."),
        ("It{{sfn|a|}} stands{{efn|{|x|}}} here.", "It stands here."),
        ("{| class=x\n|-\n| cell {{y}}\n|}\nIt stands.", "It stands."),
        (
            "It stands.<ref name=a>Hale, 1901</ref> Still<ref name=a /> it does.<references />",
            "It stands. Still it does.",
        ),
        ("Cut<!-- not\nthis --> here", "Cut here"),
        ("== History ==\n* a list\nIt grew.", "It grew."),
        ("[[File:Lime.jpg|thumb|A [[lime]] tree]]It grew.\n[[Category:Trees]]", "It grew."),
        ("See [https://example.org/a its page] now.", "See its page now."),
        ("Lime ( , ) is&nbsp;5&nbsp;&lt; 6.", "Lime is 5 < 6."),
        ("Lime ({{lang|la|tilia}}; a tree) is.", "Lime (a tree) is."),
        ("Lime<br/> is<sub>2</sub> old.", "Lime is2 old."),
        ("It {{never ends", "It"),
        ("It [[never ends", "It never ends"),
        ("İİİ<REF>x</ref> stands", "İİİ stands"),
        ("", ""),
    ],
)
def test_prose_is_left(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@given(st.text(alphabet=st.sampled_from("{}[]|<>/!-ref:=\n' a&;")) | st.text())
def test_nothing_fails_and_no_pair_of_brackets_is_left(markup: str) -> None:
    assert "[[" not in plain_text(markup.replace("&", "")) and "{{" not in plain_text(markup.replace("&", ""))
    plain_text(markup)


@pytest.mark.parametrize(
    "piece", ["{{", "[[", "<ref>", "<!--", "<ref ", "|}", "[https://a ", "]]", "<a ", "{{a|}}", "'"]
)
def test_what_never_ends_takes_no_longer_than_its_length(piece: str) -> None:
    # Quadratic, this would take minutes.
    plain_text(piece * 100_000)
