"""Does a model say the same to everyone? What fits every learner answers none.

One reply cannot tell: "Look again at the bus. How many seats has it?" may be a teacher's. Said to the next learner of
apples, and to the next of trains, it is a frame with gaps. So replies are read beside the same model's replies
to other problems, with what each is about taken out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from evaluation.judges.features.reading import Judged, read
from evaluation.judges.features.terms import delexicalised
from evaluation.metrics.base import DOES_NOT_APPLY, Column, Score, quoted

_RUN = 6
"""Words and gaps that people seldom say alike twice."""
_OFTEN = 0.05
"""Share of the other problems to which a run must be said."""
_TIMES = 3
"""Problems to which it must be said in any case."""
_FEWEST = 12
"""Problems below which chance decides what recurs."""
_READ = 400

SAMENESS = Column(
    name="sameness",
    label="says the same to everyone",
    description=(
        f"The share of a reply's words in runs of {_RUN} that the same model says to {_OFTEN:.0%} of the problems it "
        f"was asked, and to {_TIMES} at least; what a problem is about, names and numbers count as gaps."
    ),
    better="lower",
)


def sameness(replies: Sequence[Judged], problems: Sequence[Hashable]) -> list[Score]:
    """Of each of one model's replies; `problems` names what each is about. None of any where problems are too few."""
    texts = [["<s>", *delexicalised(read(each))[:_READ], "</s>"] for each in replies]
    said: dict[tuple[str, ...], set[Hashable]] = {}
    for text, problem in zip(texts, problems, strict=True):
        for run in _runs(text):
            said.setdefault(run, set()).add(problem)
    if len(set(problems)) < _FEWEST:
        return [DOES_NOT_APPLY] * len(replies)
    often = max(_TIMES, _OFTEN * len(set(problems)))
    times = Counter({run: len(where) for run, where in said.items() if len(where) >= often})
    return [_share(text, times) for text in texts]


def _runs(text: Sequence[str]) -> list[tuple[str, ...]]:
    """All runs of a text; a short text is one."""
    return [tuple(text[start : start + _RUN]) for start in range(max(1, len(text) - _RUN + 1))]


def _share(text: Sequence[str], times: Counter[tuple[str, ...]]) -> Score:
    runs = _runs(text)
    taken = {place for start, run in enumerate(runs) if run in times for place in range(start, start + len(run))}
    if not taken:
        return Score(0.0)
    commonest = max((run for run in runs if run in times), key=lambda run: times[run])
    return Score(len(taken) / len(text), f"{quoted(' '.join(commonest))} to {times[commonest]} problems")
