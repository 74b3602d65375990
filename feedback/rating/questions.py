"""What raters are asked, by the dimensions of MRBench, and what counts as an answer.

An answer is kept about the content, whose replies have an order of their own, and not about the page, on which they
may have changed places: of a pair `{"better": "first" | "second" | "equal", "why": {dimension: "first" | "second"}}`,
and of one reply `{"overall": 1 to 5, dimension: verdict}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.judges.base import DIMENSIONS
from evaluation.judges.prompts import rubric
from feedback.rating.content import Ask

Verdict = dict[str, Any]
BETTER = ("first", "second", "equal")
OVERALL = {1: "does harm", 2: "of little use", 3: "passable", 4: "good", 5: "as a master teacher"}
"""What one reply is worth as teaching."""
LONGEST_S = 1e7
"""No time that is as long, in seconds, is kept: nobody looked at a question for it."""
_AS_A_REASON = {"revealing_of_the_answer": "keeps the final answer back"}
"""What a reply is better in, of dimensions of which less is better."""
_OTHER = {"first": "second", "second": "first", "equal": "equal"}
PAIR_QUESTION = "Which reply teaches better?"
SINGLE_QUESTION = "How good is this reply, as teaching?"


def worth(overall: int) -> float:
    """A grade as a number from 0 to 1."""
    return (overall - 1) / (len(OVERALL) - 1)


def on_the_page(ask: Ask, dimensions: Sequence[str]) -> dict[str, Any]:
    """The questions as the page shows them: plain data, which the hash of what was shown covers."""
    asked = [
        {
            "name": name,
            "label": _AS_A_REASON.get(name, DIMENSIONS[name].label) if ask == "pairs" else DIMENSIONS[name].label,
            # A judge may say that it cannot tell; a rater leaves it open.
            "question": rubric()["dimensions"][name]["question"].partition(' ("')[0],
            "verdicts": [
                {"name": verdict, "when": rubric()["dimensions"][name]["verdicts"][verdict]}
                for verdict in DIMENSIONS[name].values
            ],
        }
        for name in dimensions
    ]
    if ask == "pairs":
        return {"ask": ask, "question": PAIR_QUESTION, "dimensions": asked}
    grades = [{"grade": grade, "means": means} for grade, means in OVERALL.items()]
    return {"ask": ask, "question": SINGLE_QUESTION, "grades": grades, "dimensions": asked}


def check(verdict: Any, ask: Ask) -> Verdict:
    """The verdict itself if it is one. ValueError says what is wrong with it."""
    if not isinstance(verdict, Mapping):
        raise ValueError("a verdict is an object")
    return _check_pair(dict(verdict)) if ask == "pairs" else _check_single(dict(verdict))


def turned(verdict: Verdict) -> Verdict:
    """The same verdict on a pair whose replies have changed places."""
    why = {name: _OTHER[side] for name, side in verdict.get("why", {}).items()}
    return verdict | {"better": _OTHER[verdict["better"]], "why": why}


def _check_pair(verdict: Verdict) -> Verdict:
    _no_others(verdict, ("better", "why"))
    if verdict.get("better") not in BETTER:
        raise ValueError(f"better is {verdict.get('better')!r}; it is one of {', '.join(BETTER)}")
    why = verdict.get("why", {})
    if not isinstance(why, dict):
        raise ValueError("why is no object")
    for name, side in why.items():
        if name not in DIMENSIONS or side not in BETTER[:2]:
            raise ValueError(f"why: {name!r} is {side!r}; wants a dimension with first or second")
    return {"better": verdict["better"], "why": why}


def _check_single(verdict: Verdict) -> Verdict:
    _no_others(verdict, ("overall", *DIMENSIONS))
    if not verdict:
        raise ValueError("nothing is said of the reply")
    overall = verdict.get("overall")
    if overall is not None and (type(overall) is not int or overall not in OVERALL):
        raise ValueError(f"overall is {overall!r}; it is a number from 1 to {len(OVERALL)}")
    for name, said in verdict.items():
        if name != "overall" and not (isinstance(said, str) and said in DIMENSIONS[name].values):
            raise ValueError(f"{name} is {said!r}; it is one of {', '.join(DIMENSIONS[name].values)}")
    return verdict


def _no_others(verdict: Verdict, known: Sequence[str]) -> None:
    for name in verdict:
        if name not in known:
            raise ValueError(f"{str(name)[:60]!r} is nothing that is asked; known: {', '.join(known)}")
