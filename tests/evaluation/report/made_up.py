"""Records and columns by hand, for the page and the side-by-side text."""

from typing import Any

from evaluation.cases.case import Truth
from evaluation.judges.base import Dimension
from evaluation.metrics.base import Column
from evaluation.scoring.records import Record

ASKS = Dimension(
    name="asks", label="asks something", description="A question mark ends it.", values={"No": 0.0, "Yes": 1.0}
)
TELLS = Column(name="tells", label="gives it away", description="The answer stands in it.", better="lower")
WORDS = Column(name="words", label="words", description="How many.", high=float("inf"), better="neither")
COLUMNS = [ASKS, TELLS, WORDS]

HOSTILE = [
    "</script><script>window.broken = 1</script>",
    '<img src=x onerror="window.broken = 2">',
    "<!-- <script> ' \" ` & &lt;",
    "line\u2028separator\u2029here\r\n\x00\x1b[2J",
    "half a pair: \ud83d",
    "__proto__",
]


def record(model: str, case: str, reply: str = "Why?", **changes: Any) -> Record:
    """A record with nothing unusual in it, but for the changes."""
    learner = f"I am the learner of {case}."
    found: dict[str, Any] = {
        "model": model, "case": case, "turn": 0, "sample": 0, "num_turns": 1, "split": "", "cluster": case,
        "combination": (), "tags": (), "messages": [{"role": "user", "content": learner}], "reply": reply,
        "finish": "stop", "error": "", "num_tokens": 3, "log_likelihoods": (),
        "metrics": {"asks": float("?" in reply), "words": float(len(reply.split()))}, "notes": {},
        "truth": Truth(learner=learner), "reference": None, "answer": "", "criteria": "",
    }  # fmt: skip
    return Record(**found | changes)


def estimate(value: float, **changes: Any) -> dict[str, Any]:
    """A mean as a summary holds it."""
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "num_cases": 4, "num_clusters": 4} | changes


def against(value: float, p_corrected: float | None, **changes: Any) -> dict[str, Any]:
    """A comparison with the baseline as a summary holds it."""
    return {
        "difference": estimate(value), "higher": 3, "same": 0, "lower": 1, "p_value": 0.01, "effect_size": 0.5,
        "dominance": 0.5, "detectable": 0.2, "p_corrected": p_corrected,
    } | changes  # fmt: skip


def summary() -> dict[str, Any]:
    """Two models on the column `asks`, the candidate ahead beyond chance, a rule, and a control that does best."""
    groups = {"tag": {"easy": estimate(0.5), "hard": estimate(0.2)}}
    return {
        "old": {
            "members": ["old"],
            "control": False,
            "metrics": {"asks": {"overall": estimate(0.4), "groups": groups}},
        },
        "new": {
            "members": ["new"],
            "control": False,
            "metrics": {
                "asks": {"overall": estimate(0.7), "groups": groups, "against_baseline": against(0.3, 0.01)},
                "words": {"overall": estimate(30.0), "against_baseline": against(2.0, None)},
            },
        },
        "rule": {"members": ["rule"], "control": True, "metrics": {"asks": {"overall": estimate(1.0, high=1.0)}}},
        "control:word_salad": {
            "members": ["control:word_salad"],
            "control": True,
            "kind": "borrowed",
            "label": f"a salad {HOSTILE[1]}",
            "metrics": {"asks": {"overall": estimate(0.8), "against_baseline": against(0.4, None)}},
        },
    }
