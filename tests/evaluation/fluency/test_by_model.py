"""A language model's word on whether texts are language, from a tiny model and from likelihoods made by hand."""

import math
from itertools import pairwise

import pytest

from espalier.errors import UserError
from espalier.generation.likelihood import log_likelihoods
from espalier.models.loading import load_for_inference
from evaluation.cache import Cache
from evaluation.cases.case import Reply
from evaluation.fluency.by_model import OTHERS, by_model
from tests.evaluation.backends.models import base, local


class Liking:
    """A backend to which a text is as likely as it has words that stand in the order of the alphabet."""

    name = "liking"

    def key(self, ask):
        return [self.name, ask.case.texts]

    def answer(self, asks):
        for place, ask in reversed(list(enumerate(asks))):
            scores = []
            for text in ask.case.texts:
                words = text.split()
                scores.append(-float(sum(one > other for one, other in pairwise(words))))
            yield place, Reply(text="", num_tokens=0, finish="stop", log_likelihoods=tuple(scores))


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "cache.sqlite") as cache:
        yield cache


def test_a_text_in_order_gains_and_one_without_words_or_order_has_none(cache):
    texts = ["a b c d e f g h", "h g f e d c b a", "", "two words"]
    good, bad, nothing, short = by_model(Liking(), texts, cache=cache)
    assert good.likelihood == 0 and bad.likelihood == pytest.approx(-7 / 8)
    assert good.order > 0.2 > -0.2 > bad.order
    assert math.isfinite(by_model(Liking(), ["half of a pair \ud83d"], cache=cache)[0].order)
    assert math.isnan(nothing.likelihood) and math.isnan(nothing.order) and math.isnan(short.order)
    assert by_model(Liking(), texts[:1], cache=cache) == [good], "whatever texts stand beside it"


def test_likelihoods_are_those_of_the_model(tmp_path, cache):
    ref = base(tmp_path / "m")
    model, renderer = load_for_inference(ref.spec, device="cpu")
    text = "I  like\nthe cat ."
    [found] = by_model(local(ref), [text], cache=cache)
    [alone] = log_likelihoods(model, renderer, ["I like the cat ."])
    assert found.likelihood == pytest.approx(alone / 5, rel=1e-4)
    assert OTHERS > 1 and math.isfinite(found.order)


def test_who_has_no_likelihoods_says_so(cache):
    class Endpoint:
        name = "openai:qwen"

        def key(self, ask):
            return None

        def answer(self, asks):
            yield 0, Reply(text="", num_tokens=0, finish="error", error="no likelihoods from an endpoint")

    with pytest.raises(UserError, match="openai:qwen cannot say how likely a text is .no likelihoods from an"):
        by_model(Endpoint(), ["One two three."], cache=cache)
