"""What a word is, and that the fast ways of finding words agree with the definition."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.language.words import _NOT_THERE, _UNSPACED, words


def slow(text: str) -> list[str]:
    """The definition, one character at a time."""
    found, run = [], ""
    for char in unicodedata.normalize("NFC", text).casefold():
        alone = any(low <= ord(char) <= high for low, high in _UNSPACED)
        if char in _NOT_THERE:
            continue
        part_of_word = char.isalnum() or char == "_" or unicodedata.category(char) in ("Mn", "Mc")
        if run and (alone or not part_of_word):
            found.append(run)
            run = ""
        if part_of_word and alone:
            found.append(char)
        elif part_of_word:
            run += char
    return [*found, run] if run else found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t.,!", []),
        ("Don't stop: 3.5 km!", ["don", "t", "stop", "3", "5", "km"]),
        ("Don’t “stop” — now…", ["don", "t", "stop", "now"]),
        ("a_b [c]{d}", ["a_b", "c", "d"]),
        ("Straße, MÜLLER µm", ["strasse", "müller", "μm"]),
        ("e\u0301te\u0301 ÉTÉ", ["été", "été"]),
        ("exam\u00adple", ["example"]),
        ("ΣΊΣΥΦΟΣ", ["σίσυφοσ"]),
        ("我喜欢 Python3。", ["我", "喜", "欢", "python3"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("ภาษา", ["ภ", "า", "ษ", "า"]),
        ("한국어 좋아", ["한국어", "좋아"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("I ❤\ufe0f it 👩\u200d👧", ["i", "it"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected == slow(text)


scripts = st.sampled_from("aB_9 .’“ßµÉ\u00adéñ\u0301ſİ中タ\u0e32\u17d2한हि\u093f\u200d\ufe0f٣½²\n\x85\u2028")


@given(st.text(max_size=40) | st.text(scripts, max_size=30) | st.text(st.characters(max_codepoint=0x17F), max_size=30))
def test_every_way_agrees_with_the_definition(text: str) -> None:
    assert words(text) == slow(text)


@given(st.text(st.characters(max_codepoint=0x17F), max_size=20), st.sampled_from("中д"))
def test_words_do_not_depend_on_what_else_a_text_holds(text: str, other: str) -> None:
    # One foreign character sends the whole text another way.
    assert words(f"{text} {other}") == [*words(text), other]
