"""Does a model say the same to everyone? What fits every learner answers none.

One reply cannot tell: "Look again at the bus. How many seats has it?" may be a teacher's. Said to the next learner of
apples, and to the next of trains, it is a frame with gaps. So replies are read beside the same model's replies
to other problems, with what each is about taken out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from evaluation.judges.features.reading import Judged, Reading, read
from evaluation.judges.features.terms import delexicalised
from evaluation.metrics.base import Column, Score, quoted

_RUN = 6
"""Words and gaps that people seldom say alike twice."""
_OFTEN = 0.05
"""Share of the other problems to which a run must be said."""
_TIMES = 3
"""Problems to which it must be said in any case."""
_FEWEST = 12
"""Problems below which chance decides what recurs."""
_READ = 400
_LIFTED = 4
"""Words of a run that a reply and an earlier turn hardly share by chance."""
_FRAME = 0.2
"""The share that must recur before what is lifted beside it fills a frame, and is no quotation."""

SAMENESS = Column(
    name="sameness",
    label="says the same to everyone",
    description=(
        f"The share of a reply's words in runs of {_RUN} that the same model says to {_OFTEN:.0%} of the problems it "
        f"was asked, and to {_TIMES} at least; what a problem is about, names and numbers count as gaps."
    ),
    better="lower",
)
FILLED = Column(
    name="filled_frame",
    label="fills a frame with what was said before",
    description=(
        f"The same share with words in runs of {_LIFTED} that an earlier turn has too, where a fifth recurs; else that "
        "share alone."
    ),
    better="lower",
)
COLUMNS = (SAMENESS, FILLED)


def sameness(replies: Sequence[Judged], problems: Sequence[Hashable]) -> list[dict[str, Score]]:
    """By column, of each of one model's replies; `problems` names what each is about. Nothing where those are few."""
    readings = [read(each) for each in replies]
    texts = [["<s>", *delexicalised(each)[:_READ], "</s>"] for each in readings]
    said: dict[tuple[str, ...], set[Hashable]] = {}
    for text, problem in zip(texts, problems, strict=True):
        for run in _runs(text):
            said.setdefault(run, set()).add(problem)
    if len(set(problems)) < _FEWEST:
        return [{}] * len(replies)
    often = max(_TIMES, _OFTEN * len(set(problems)))
    times = Counter({run: len(where) for run, where in said.items() if len(where) >= often})
    return [_scores(text, times, reading) for text, reading in zip(texts, readings, strict=True)]


def _runs(text: Sequence[str]) -> list[tuple[str, ...]]:
    """All runs of a text; a short text is one."""
    return [tuple(text[start : start + _RUN]) for start in range(max(1, len(text) - _RUN + 1))]


def _scores(text: Sequence[str], times: Counter[tuple[str, ...]], reading: Reading) -> dict[str, Score]:
    runs = _runs(text)
    same = {place for start, run in enumerate(runs) if run in times for place in range(start, start + len(run))}
    if not same:
        return {SAMENESS.name: Score(0.0), FILLED.name: Score(0.0)}
    commonest = max((run for run in runs if run in times), key=lambda run: times[run])
    why = f"{quoted(' '.join(commonest))} to {times[commonest]} problems"
    share = len(same) / len(text)
    filled = len(same | _lifted(reading)) / len(text) if share >= _FRAME else share
    return {SAMENESS.name: Score(share, why), FILLED.name: Score(min(1.0, filled), why)}


def _lifted(reading: Reading) -> set[int]:
    """Places of the words that stand in runs of an earlier turn, where the text begins with its mark at place 0."""
    turns = (reading.problem, reading.tutor_before, reading.learner_before, reading.learner, reading.tutor)
    said = [token.lower() for token in reading.reply.tokens[:_READ]]
    runs = {run for turn in turns for run in _in_fours([token.lower() for token in turn.tokens])}
    starts = (start for start, run in enumerate(_in_fours(said)) if run in runs)
    return {place for start in starts for place in range(start + 1, start + 1 + _LIFTED)}


def _in_fours(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(_LIFTED)), strict=False)
