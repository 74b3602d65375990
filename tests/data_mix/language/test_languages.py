"""Languages have one name each, and a text's is told from the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.language.languages import UNKNOWN, _codes, code_of, identify


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("en", "en"),
        ("eng", "en"),
        ("English", "en"),
        (" ENGLISH ", "en"),
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("zh-Hans", "zh"),
        ("spa_Latn", "es"),
        ("spa", "es"),
        ("cmn", "zh"),
        ("ara", "ar"),
        ("swh", "sw"),
        ("fra", "fr"),
        ("fre", "fr"),
        ("deu", "de"),
        ("ger", "de"),
        ("Scottish Gaelic", "gd"),
        ("Norwegian Bokmål", "nb"),
        ("nds", "nds"),
        ("Klingon", None),
        ("", None),
        ("unknown", None),
        ("und", None),
        ("zxx", None),
        ("xx", None),
    ],
)
def test_a_language_has_one_name(label: str, code: str | None) -> None:
    assert code_of(label) == code


def test_the_table_is_whole() -> None:
    two = set(_codes().values())
    assert all(len(code) == 2 and _codes()[code] == code for code in two)
    assert len(two) == 184
    assert len({name for name, code in _codes().items() if len(name) == 3 and code == "en"}) == 1


@given(st.text(max_size=12))
def test_any_label_is_a_code_or_none(label: str) -> None:
    code = code_of(label)
    assert code is None or (code_of(code) == code and len(code) in (2, 3))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("She went to the market yesterday and bought apples.", "en"),
        ("SHE WENT TO THE MARKET YESTERDAY AND BOUGHT APPLES.", "en"),
        ("Ayer fue al mercado y compró manzanas para su hermana.", "es"),
        ("Gestern ging sie auf den Markt und kaufte Äpfel.", "de"),
        ("昨天她去市场买了苹果和梨。", "zh"),
        ("ذهبت إلى السوق أمس واشترت التفاح.", "ar"),
    ],
)
def test_a_text_has_a_language(text: str, code: str) -> None:
    found, score = identify(text)
    assert found == code and 0.5 < score <= 1 and round(score, 2) == score


def test_only_the_beginning_is_looked_at() -> None:
    text = "She went to the market yesterday and bought apples. " + "Ayer fue al mercado y compró manzanas. " * 40
    assert identify(text, max_chars=50)[0] == "en"
    assert identify(text, max_chars=1500)[0] == "es"


@pytest.mark.parametrize("text", ["", "  \n ", "ok", "42", "hola", "是的"])
def test_a_text_too_short_has_none(text: str) -> None:
    assert identify(text) == (UNKNOWN, 0.0)


@given(st.text(max_size=400))
def test_junk_gets_an_answer(text: str) -> None:
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        return
    code, score = identify(text)
    assert code and 0 <= score <= 1
