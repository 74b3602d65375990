import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from training.watching import typical

SAID = ["You went to the market?", "You went to the house?", "Xylophones quiver.", "You went to the market?", "Yes."]


def test_sentences_are_told_apart_counted_and_short_ones_left_out() -> None:
    texts = [
        "You went there today! Did you like it there? Ok.\nWe saw it\r\n  twice, at noon.",
        "you saw 1.5 metres of it",
    ]
    found = typical.sentences([*texts, texts[1]])
    assert dict(found) == {
        "You went there today!": 1, "Did you like it there?": 1, "twice, at noon.": 1, "you saw 1.5 metres of it": 2,
    }  # fmt: skip


def test_it_agrees_with_the_reference() -> None:
    said = typical.sentences([*SAID, "It is a house by the lake, you know."])
    ours = {each.text: each.likeness for each in typical.by_likeness(said)}
    texts = list(said.elements())
    fitted = TfidfVectorizer(analyzer=lambda text: typical._pieces(text).elements()).fit(list(said))
    matrix = fitted.transform(texts)
    alike = np.asarray((matrix @ matrix.T).todense())
    expected = (alike.sum(1) - 1) / (len(texts) - 1)
    for text, value in zip(texts, expected, strict=True):
        assert ours[text] == pytest.approx(value, abs=1e-9)


def test_the_common_wording_comes_first_and_the_strange_one_last() -> None:
    found = typical.by_likeness(typical.sentences(SAID))
    assert (found[0].text, found[0].times) == ("You went to the market?", 2)
    assert found[-1].text == "Xylophones quiver." and found[-1].likeness < 0.1 < found[1].likeness
    (alone,) = typical.by_likeness(typical.sentences(["I am quite alone."]))
    assert alone.likeness == 0
