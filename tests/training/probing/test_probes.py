"""Probes find a direction that is planted, of words they have not met; of random states they tell nothing."""

from collections import Counter

import numpy as np
import pytest
import torch

from tests import tiny
from training.probing.material import TASKS, Mark, Marked, labelled
from training.probing.probes import Places, gathered, probe, read_off
from training.probing.record import as_picture, best_layer, where

WIDTH, WORDS, TIMES = 24, 60, 6


def states(seed: int, *, planted: float = 0.0, by_word: float = 1.0) -> tuple[np.ndarray, Places]:
    """Words that each have a vector of their own, beside which one direction may say their label."""
    rng = np.random.default_rng(seed)
    words = np.repeat(np.arange(WORDS), TIMES)
    labels = rng.integers(2, size=WORDS)[words]
    own = by_word * rng.normal(size=(WORDS, WIDTH))[words]
    features = own + 0.1 * rng.normal(size=own.shape) + planted * (2 * labels - 1)[:, None] * np.eye(WIDTH)[3]
    names = [f"word {word}" for word in words]
    places = Places(np.arange(len(words)), [f"label {label}" for label in labels], names, np.arange(len(words)))
    return features.astype(np.float32), places


def test_a_planted_direction_is_found_of_words_that_are_new() -> None:
    found = read_off(*states(0, planted=3.0), "number")
    assert found["accuracy"] > 0.95 and found["control"] < 0.65 and found["tells"] and found["low"] > 0.3


def test_of_random_states_nothing_is_told() -> None:
    each = [read_off(*states(seed), "number") for seed in range(12)]
    assert abs(np.mean([found["selectivity"] for found in each])) < 0.03
    assert sum(found["tells"] for found in each) <= 1
    assert np.mean([found["accuracy"] for found in each]) < 0.6, "no tested word was in training"
    assert all(found["remembered"] > 0.6 for found in each), "although words are easily learned by heart"


def test_labels_that_go_by_text_are_kept_apart_by_text() -> None:
    """Every text has a vector of its own, which would give its label away to a probe that has met it."""
    rng = np.random.default_rng(0)
    texts = np.repeat(np.arange(40), 20)
    labels = rng.integers(2, size=40)[texts]
    features = rng.normal(size=(40, WIDTH))[texts].astype(np.float32)
    words = [f"word {each}" for each in rng.integers(50, size=len(texts))]
    places = Places(np.arange(len(texts)), [str(label) for label in labels], words, texts)
    assert read_off(features, places, "function")["accuracy"] > 0.75, "by word alone it would seem to know"
    assert not read_off(features, places, "speaker")["tells"]


def test_one_word_or_one_label_breaks_nothing() -> None:
    features, places = states(0)
    alone = Places(places.rows[:4], ["a"] * 4, ["x", "y", "x", "y"], places.texts[:4])
    found = read_off(features, alone, "number")
    assert found["accuracy"] == found["control"] == found["chance"] == 1 and not found["tells"]
    assert as_picture(
        [{"number": read_off(features, Places(places.rows[:1], ["a"], ["x"], places.texts[:1]), "number")}]
    )


def test_labels_say_what_the_grammar_meant() -> None:
    marked = labelled(sentences=150, sessions=20, dialogues=20)
    assert marked == labelled(sentences=150, sessions=20, dialogues=20) != labelled(seed=1, sentences=150)
    seen = [(mark, text.messages[mark.message]["content"]) for text in marked for mark in text.marks]
    assert {mark.task for mark, _ in seen} == set(TASKS)
    for mark, said in seen:
        assert mark.end == len(said) or not said[mark.end].isalpha()
        word = said[: mark.end].split()[-1].strip(".,?!").lower()
        if mark.task == "number":
            before = said[: mark.end].split()[-2].lower()
            assert (mark.label == "many") == (before in ("two", "three", "four", "five")), said
        if mark.task == "tense" and mark.label == "future":
            assert word == mark.word and {"can", "to"} & set(said.lower().split()), said
        if mark.task == "speaker":
            line = said[: mark.end].splitlines()[-1]
            assert line.startswith(f"{mark.label}: ")
        if mark.task == "function":
            assert (mark.label == "function") == (mark.word in GRAMMAR), mark
    many = Counter(mark.label for mark, _ in seen if mark.task == "number")
    assert 0.35 < many["many"] / many.total() < 0.65


GRAMMAR = {
    *("i", "we", "my", "our", "his", "her", "he", "she", "the", "a", "an", "some", "am", "is", "are", "was", "were"),
    *("did", "not", "can", "to", "in", "on", "at", "about", "with", "for", "of", "from", "because"),
}


def test_marks_are_found_where_words_end_in_tokens() -> None:
    renderer = tiny.renderer()
    text = Marked(({"role": "text", "content": "I saw the market."},), (Mark("number", "one", "market", 16),))
    chat = Marked(
        ({"role": "user", "content": "You went?"}, {"role": "assistant", "content": "I went."}),
        (Mark("turn", "user", "went", 8), Mark("turn", "assistant", "went", 6, 1)),
    )
    seen: list[list[int]] = []
    model = tiny.model()
    model.register_forward_pre_hook(
        lambda module, args, given: seen.extend(given["input_ids"].tolist()), with_kwargs=True
    )
    kept, places = gathered(model, renderer, [text, chat])
    assert kept.shape == (3, 3, 8) and set(places) == {"number", "turn"}
    alone = renderer.text_prompt("I saw the market")
    with torch.no_grad():
        own = model(input_ids=torch.tensor([alone]), output_hidden_states=True).hidden_states
    assert np.allclose(kept[1, places["number"].rows[0]], own[1][0, -1], atol=1e-5)
    said = renderer.sequences(list(chat.messages))[0].ids
    assert said in [line[: len(said)] for line in seen], "as it is trained"


def test_a_models_layers_are_read_off_and_told() -> None:
    model = tiny.model().train()
    drawn = torch.get_rng_state()
    found = probe(model, tiny.renderer(), labelled(sentences=60, sessions=8, dialogues=8))
    assert len(found) == 3 and set(found[0]) == set(TASKS) and model.training
    assert torch.equal(torch.get_rng_state(), drawn)
    picture = as_picture(found)
    most = max(layer["number"]["selectivity"] for layer in picture)
    assert picture[best_layer(picture, "number")]["number"]["selectivity"] >= most - 0.02
    known = {"accuracy": 0.9, "control": 0.5, "selectivity": 0.4, "tells": True}
    blank = {"accuracy": 0.5, "control": 0.5, "selectivity": 0.0, "tells": False}
    assert where([{"tense": blank}, {"tense": known}], "tense") == "layer 1 (0.90 of new words, 0.50 of random labels)"
    assert where([{"tense": blank}, {"tense": blank}], "tense").startswith(
        "nowhere: no better than its control, or than chance"
    )
    assert where([], "tense") == "not measured"


@pytest.mark.parametrize("content", ["Basil: I saw the market.", "I  saw\nthe market."])
def test_ends_of_tokens_are_those_of_a_row(content: str) -> None:
    renderer = tiny.renderer()
    assert [*renderer.start_ids, *(token for token, _ in renderer.ends(content))] == renderer.text_prompt(content)
    assert renderer.ends(content)[-1][1] == len(content)
