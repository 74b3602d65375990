import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from espalier.generation import reading
from espalier.generation.likelihood import log_likelihoods, log_likelihoods_each, windows
from tests import tiny

RENDERER = tiny.renderer()
MODEL = tiny.model(init_std=0.6, max_positions=64)
TEXTS = ["I went", "", "Sophie says: I saw a house. You went to the market?", "Anna ate the cake.", "Anna ate the cake"]


def token_by_token(text: str) -> float:
    """Each token's log-probability from a forward pass of its own, added up."""
    ids = RENDERER.text_prompt(text)
    total = 0.0
    for end in range(len(RENDERER.start_ids), len(ids)):
        with torch.no_grad():
            logits = MODEL(input_ids=torch.tensor([ids[:end]])).logits[0, -1]
        total += float(logits.log_softmax(-1)[ids[end]])
    return total


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_every_token_counts_whatever_the_batch(batch_size: int) -> None:
    found = log_likelihoods(MODEL, RENDERER, TEXTS, batch_size)
    assert found == pytest.approx([token_by_token(text) for text in TEXTS], rel=1e-5)
    assert found[1] == 0.0 and found[3] != found[4]


def test_a_text_longer_than_the_context_is_read_in_windows() -> None:
    text = "I went to the market. Sophie saw a house. " * 15
    ids = RENDERER.text_prompt(text)
    assert len(ids) > 2.5 * 64
    expected = 0.0
    for place in range(1, len(ids)):
        first = 0 if place < 64 else min((place - 64) // 32 * 32 + 96, len(ids)) - 64
        with torch.no_grad():
            logits = MODEL(input_ids=torch.tensor([ids[first:place]])).logits[0, -1]
        expected += float(logits.log_softmax(-1)[ids[place]])
    assert log_likelihoods(MODEL, RENDERER, [text, "I"], 3)[0] == pytest.approx(expected, rel=1e-5)


@given(length=st.integers(0, 200), given_tokens=st.integers(1, 3), context=st.integers(4, 50))
def test_windows_count_every_token_once_with_half_a_context_before_it(
    length: int, given_tokens: int, context: int
) -> None:
    ids = list(range(given_tokens + length))
    counted = []
    for place, (window, num_scored) in enumerate(windows(ids, given_tokens, context)):
        assert len(window) <= context and window == list(range(window[0], window[0] + len(window)))
        assert len(window) - num_scored >= (context - context // 2 if place else given_tokens)
        counted += window[-num_scored:]
    assert counted == ids[given_tokens:]


def test_no_limit_no_windows() -> None:
    assert windows([1, 2, 3], 1, None) == [([1, 2, 3], 2)]


def test_they_come_as_they_are_ready_and_the_model_stays_in_its_mode() -> None:
    model = tiny.model().train()
    places = [place for place, _ in log_likelihoods_each(model, RENDERER, TEXTS, 1)]
    assert places[0] == 1 and places[1] == 2 and sorted(places) == [0, 1, 2, 3, 4]  # the empty one, then the longest
    assert model.training


def test_too_little_memory_makes_batches_smaller(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = log_likelihoods(MODEL, RENDERER, TEXTS)
    whole = reading._read

    def full(model: object, rows: dict[int, list[int]], make: object) -> object:
        if len(rows) > 1:
            raise torch.OutOfMemoryError("out of memory")
        return whole(model, rows, make)

    monkeypatch.setattr(reading, "_read", full)
    assert log_likelihoods(MODEL, RENDERER, TEXTS, 4) == pytest.approx(expected, rel=1e-5)
    assert "from here on 2 texts" in capsys.readouterr().out


def test_no_more_logits_are_there_at_once_than_asked() -> None:
    rows, sizes = [[1, 2, 3], [4], [5, 6, 7], [8, 9, 10]], list[int]()
    vocabulary = MODEL.config.vocab_size
    whole = reading._read

    def counted(model: object, some: dict[int, list[int]], make: object) -> object:
        sizes.append(len(some))
        return whole(model, some, make)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "_read", counted)
        found = dict(reading.read(MODEL, rows, lambda place, logits: tuple(logits.shape), most_logits=7 * vocabulary))
    assert sizes == [2, 2] and found == {place: (len(row), vocabulary) for place, row in enumerate(rows)}
