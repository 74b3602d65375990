"""Linear probes: what can be read off from the residual stream after each layer, of words that no probe was trained on.

A probe is a ridge regression on the labels of words (Alain & Bengio 2016, arXiv:1610.01644), in folds by words: the
words it is asked about are never among those it was trained on, so that it cannot have remembered them. Its control
task (Hewitt & Liang 2019, arXiv:1909.03368) gives every word a label drawn at random from the same labels. Selectivity
is accuracy minus accuracy there. A probe that is no better than its control tells nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import torch

from espalier.errors import UserError
from espalier.generation.generate import context_of
from espalier.text.chat import ChatRenderer
from espalier.text.messages import TEXT_ROLE
from training.probing.material import BY_TEXT, TASKS, Mark, Marked
from training.probing.stream import looked_into, residual_stream

FOLDS = 4
CONTROLS = 8
"""Random labellings that a control is the mean of."""
RIDGE = 0.1
"""What the diagonal of the standardised features' second moments, 1, is raised by."""
MOST_WORDS = 1200
"""Marked words of one task that are looked at, the first ones."""
_BATCH = 64


class Found(TypedDict):
    """How well a task is read off at one layer."""

    accuracy: float
    """Share of words, none of which its probe was trained on, whose label is found."""
    control: float
    """The same of labels drawn at random for each word."""
    selectivity: float
    """The difference."""
    low: float
    """The lower end of the 95 % interval of the difference, over words, or over texts where labels go by text."""
    high: float
    """The upper end."""
    remembered: float
    """The control's accuracy on other occurrences of words it was trained on: how much a probe can learn by heart."""
    chance: float
    """The share of the most frequent label."""
    tells: bool
    """Whether the intervals of the difference, and of accuracy minus chance, lie above 0: else it says nothing."""


@dataclass(frozen=True, slots=True)
class Places:
    """The marked words of one task among the states that were kept."""

    rows: np.ndarray
    """Of each word, its row in the states (N)."""
    labels: list[str]
    words: list[str]
    texts: np.ndarray
    """Of each word, the number of its text (N)."""


def probe(model: Any, renderer: ChatRenderer, marked: Sequence[Marked], *, seed: int = 0) -> list[dict[str, Found]]:
    """By layer, and by task, what probes find; layer 0 is what goes into the first layer. The model stays as it is.

    The tasks are those of `marked`; texts that are longer than the model takes are left out. Nothing is drawn from
    torch's generators. UserError for a model that does not hand one vector a token from layer to layer.
    """
    states, places = gathered(model, renderer, marked)
    return [{task: read_off(layer, found, task, seed=seed) for task, found in places.items()} for layer in states]


def gathered(model: Any, renderer: ChatRenderer, marked: Sequence[Marked]) -> tuple[np.ndarray, dict[str, Places]]:
    """States (layers + 1, words, width) of all marked words, each at its last token; by task, which are its words."""
    limit = context_of(model)
    told = [found for each in marked if limit is None or len((found := _located(renderer, each))[0]) <= limit]
    kept = [(text, place, mark) for text, (_, marks) in enumerate(told) for place, mark in marks]
    tasks: dict[str, list[int]] = {}
    for row, (_, _, mark) in enumerate(kept):
        if len(tasks.setdefault(mark.task, [])) < MOST_WORDS:
            tasks[mark.task].append(row)
    wanted = sorted({(kept[row][0], kept[row][1]) for rows in tasks.values() for row in rows})
    row_of = {where: row for row, where in enumerate(wanted)}
    states = _states(model, [ids for ids, _ in told], wanted)
    return states, {
        task: Places(
            rows=np.array([row_of[kept[row][0], kept[row][1]] for row in rows]),
            labels=[kept[row][2].label for row in rows],
            words=[kept[row][2].word for row in rows],
            texts=np.array([kept[row][0] for row in rows]),
        )
        for task, rows in tasks.items()
    }


def _located(renderer: ChatRenderer, text: Marked) -> tuple[list[int], list[tuple[int, Mark]]]:
    """The tokens of a text or chat, and its marks with the place of the token in which each ends."""
    messages = list(text.messages)
    if messages[0]["role"] == TEXT_ROLE:
        pieces: list[int | str] = [*renderer.start_ids, messages[0]["content"]]
    elif messages[-1]["role"] == "assistant":
        pieces = renderer.plan(messages).sequences[-1].pieces
    else:
        pieces = renderer.pieces(messages)
    waiting = list(enumerate(each["content"] for each in messages))
    ids: list[int] = []
    found: list[tuple[int, Mark]] = []
    for piece in pieces:
        if isinstance(piece, int):
            ids.append(piece)
            continue
        ends = renderer.ends(piece)
        last = [end for _, end in ends]
        at = 0
        while waiting and (start := piece.find(waiting[0][1], at)) >= 0:
            number, content = waiting.pop(0)
            at = start + len(content)
            marks = (mark for mark in text.marks if mark.message == number)
            found += [(len(ids) + bisect_left(last, start + mark.end), mark) for mark in marks]
        ids += [token for token, _ in ends]
    return ids, found


def _states(model: Any, texts: Sequence[Sequence[int]], wanted: Sequence[tuple[int, int]]) -> np.ndarray:
    """States (layers + 1, len(wanted), width) at the `wanted` (text, place)."""
    of_text: dict[int, list[int]] = {}
    for row, (text, _) in enumerate(wanted):
        of_text.setdefault(text, []).append(row)
    order = sorted(of_text, key=lambda text: len(texts[text]))
    states: np.ndarray | None = None
    with looked_into(model):
        for begin in range(0, len(order), _BATCH):
            batch = order[begin : begin + _BATCH]
            longest = max(len(texts[text]) for text in batch)
            ids = torch.tensor([[*texts[text], *[0] * (longest - len(texts[text]))] for text in batch])
            rows = [row for text in batch for row in of_text[text]]
            line = torch.tensor([batch.index(wanted[row][0]) for row in rows])
            place = torch.tensor([wanted[row][1] for row in rows])
            stream = [layer[line, place].float().cpu().numpy() for layer in residual_stream(model, ids)]
            if states is None:
                states = np.empty((len(stream), len(wanted), stream[0].shape[-1]), np.float32)
            states[:, rows] = stream
    if states is None:
        raise UserError("no word of these texts is marked, so there is nothing to look for")
    return states


def read_off(states: np.ndarray, places: Places, task: str, *, seed: int = 0) -> Found:
    """What probes of one task find in the states of one layer (words, width)."""
    features = states[places.rows].astype(np.float64)
    names = sorted(set(places.labels))
    rng = np.random.default_rng([seed, sorted(TASKS).index(task) if task in TASKS else len(TASKS)])
    labels = np.array([names.index(each) for each in places.labels])
    types = {word: place for place, word in enumerate(sorted(set(places.words)))}
    words = np.array([types[word] for word in places.words])
    drawn = labels[rng.integers(len(labels), size=(CONTROLS, len(types)))][:, words]
    answers = np.stack([labels, *drawn])
    by_text = task in BY_TEXT
    word_fold = rng.permutation(len(types))[words] % FOLDS
    text_fold = rng.permutation(int(places.texts.max()) + 1)[places.texts] % FOLDS
    right = np.full(answers.shape, np.nan)
    for fold in range(FOLDS):
        train, test = word_fold != fold, word_fold == fold
        if by_text:
            train, test = train & (text_fold != fold), test & (text_fold == fold)
        if train.any() and test.any():
            right[:, test] = _answered(features, answers, train, test, len(names)) == answers[:, test]
    asked = ~np.isnan(right[0])
    if not asked.any():  # too few words, or texts, to keep any apart
        right, asked = np.zeros(answers.shape), np.ones(len(labels), bool)
    accuracy, control = float(right[0, asked].mean()), float(right[1:, asked].mean())
    difference = right[0, asked] - right[1:, asked].mean(0)
    alike = (places.texts if by_text else words)[asked]
    low, high = _interval(difference, alike)
    chance = max(Counter(places.labels).values()) / len(labels)
    return {
        "accuracy": accuracy,
        "control": control,
        "selectivity": accuracy - control,
        "low": low,
        "high": high,
        "remembered": _remembered(features, drawn, words, len(names), rng),
        "chance": chance,
        "tells": low > 0 and _interval(right[0, asked] - chance, alike)[0] > 0,
    }


def _answered(
    features: np.ndarray, answers: np.ndarray, train: np.ndarray, test: np.ndarray, num_labels: int
) -> np.ndarray:
    """Labels (labellings, tested) that ridge regressions of each of `answers` (labellings, N) give; one is solved."""
    mean = features[train].mean(0)
    scale = features[train].std(0)
    scale[scale == 0] = 1.0
    seen, asked = (features[train] - mean) / scale, (features[test] - mean) / scale
    targets = np.eye(num_labels)[answers[:, train]].transpose(1, 0, 2).reshape(int(train.sum()), -1)
    middle = targets.mean(0)
    raised = RIDGE * len(seen)
    if len(seen) > seen.shape[1]:
        weights = np.linalg.solve(seen.T @ seen + raised * np.eye(seen.shape[1]), seen.T @ (targets - middle))
    else:
        weights = seen.T @ np.linalg.solve(seen @ seen.T + raised * np.eye(len(seen)), targets - middle)
    scores = (asked @ weights + middle).reshape(len(asked), len(answers), num_labels)
    best: np.ndarray = scores.argmax(2).T
    return best


def _remembered(
    features: np.ndarray, drawn: np.ndarray, words: np.ndarray, num_labels: int, rng: np.random.Generator
) -> float:
    """Accuracy of random labels on other occurrences of words that a probe learned them of; nan where none recurs."""
    train = rng.random(len(words)) < 0.5
    test = ~train & np.isin(words, words[train])
    if not (train.any() and test.any()):
        return float("nan")
    return float((_answered(features, drawn, train, test, num_labels) == drawn[:, test]).mean())


def _interval(difference: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean of `difference`, of which what lies in one cluster stands or falls together."""
    from scipy.special import stdtrit  # the quantiles of Student's t

    mean = float(difference.mean())
    _, cluster = np.unique(clusters, return_inverse=True)
    sums = np.bincount(cluster, weights=difference - mean)
    if len(sums) < 2:
        return float("-inf"), float("inf")
    spread = float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / len(difference))
    reach = float(stdtrit(len(sums) - 1, 0.975)) * spread
    return mean - reach, mean + reach
