"""What replies are worth: a weighted sum of parts, as a text says it.

    rules=1                          the true score, by what is known of the prompt (`rules`)
    run:rm=1,leaks=-0.5,guiding=0.5  a reward model, less what gives the answer away, more what guides

A part without a weight has 1. One that does not apply to a reply adds nothing; where one cannot tell, nor can the sum.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from espalier.artifacts import registry
from espalier.errors import UserError
from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import Metric, Score
from feedback import rules
from feedback.samples import Sampled

Floats = NDArray[np.float64]
"""(prompts, n): a value for each reply; NaN where it cannot be told, or a prompt has fewer replies than others."""
_Score = Callable[[Sequence[Sampled]], list[list[float]]]

FORMS = {
    "rules": "the true score by known truth, 0 or 1",
    "leaks": "1 where the answer that the learner is to find is given away",
    "guiding": "1 where the reply guides and keeps the answer back; telling gives 0",
    "metric:NAME": "any metric of the evaluator",
    "judge:NAME/DIMENSION": "a trained judge, or openai:MODEL@URL, by one of its dimensions",
    "run:NAME": "a reward model, by the mean of what its members give; run:NAME/COLUMN by another column",
    "random": "chance: a control of whatever is made by a score",
}
_OF_METRICS = {"leaks": "answer_revealed", "guiding": "hint_without_reveal"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that replies are scored by."""

    name: str
    """As the text says it."""
    score: _Score = field(repr=False)
    """The values of each prompt's replies."""
    made_of: dict[str, str] = field(default_factory=dict)
    """What it stands on, with content hashes."""


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Parts with their weights."""

    weighted: tuple[tuple[Part, float], ...]
    """Each part with what it counts."""

    @property
    def text(self) -> str:
        """The scorer as a text, which `open_scorer` takes."""
        return ",".join(f"{part.name}={weight:g}" for part, weight in self.weighted)

    @property
    def made_of(self) -> dict[str, str]:
        """What its parts stand on, with content hashes."""
        return {spec: digest for part, _ in self.weighted for spec, digest in part.made_of.items()}

    def parts(self, samples: Sequence[Sampled]) -> dict[str, Floats]:
        """By the name of each part, its values."""
        width = max((len(each.replies) for each in samples), default=0)
        return {part.name: _table(part.score(samples), width) for part, _ in self.weighted}

    def total(self, parts: dict[str, Floats]) -> Floats:
        """The weighted sum of what `parts` gave."""
        found = [weight * parts[part.name] for part, weight in self.weighted]
        return np.asarray(np.sum(found, axis=0))

    def score(self, samples: Sequence[Sampled]) -> Floats:
        """What each reply to each prompt is worth."""
        return self.total(self.parts(samples))


def open_scorer(text: str, *, seed: int = 0) -> Scorer:
    """The scorer that a text says; `seed` is that of chance. UserError for a part that is not there, or no weight."""
    weighted: dict[str, tuple[Part, float]] = {}
    for piece in filter(None, map(str.strip, text.split(","))):
        name, equals, number = piece.rpartition("=")
        name, weight = (name, _weight(number, piece)) if equals else (piece, 1.0)
        if name in weighted:
            raise UserError(f"{text}: {name} stands twice")
        weighted[name] = _open_part(name, seed), weight
    if not weighted:
        raise UserError(f"a scorer wants parts with weights, as rules=1; there are {', '.join(FORMS)}")
    return Scorer(weighted=tuple(weighted.values()))


def _weight(number: str, piece: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight) or weight == 0:
        raise UserError(f"{piece}: wants a weight other than 0 behind the =, as in rules=1")
    return weight


def _open_part(name: str, seed: int) -> Part:
    kind, _, rest = name.partition(":")
    if name == "help":
        raise UserError("a scorer is made of: " + "; ".join(f"{form} ({what})" for form, what in FORMS.items()))
    if name == "rules":
        return Part(name=name, score=lambda samples: [rules.score(each.case, each.replies) for each in samples])
    if name == "random":
        return Part(name=name, score=lambda samples: _by_chance(samples, seed))
    if name in _OF_METRICS or (kind == "metric" and rest):
        return _of_metric(name, _OF_METRICS.get(name, rest))
    if kind == "judge" and rest:
        return _of_judge(name, *_split(rest, ""))
    if kind == "run" and rest:
        return _of_reward_model(name, *_split(rest, "preferred"))
    raise UserError(
        f"{name}: nothing scores by that name; there are "
        + "; ".join(f"{form} ({what})" for form, what in FORMS.items())
    )


def _split(rest: str, default: str) -> tuple[str, str]:
    head, slash, last = rest.rpartition("/")
    return (head, last) if slash and last.isidentifier() else (rest, default)


def _of_metric(name: str, called: str) -> Part:
    from evaluation.metrics import METRICS

    metric = METRICS.get(called)
    if not isinstance(metric, Metric):
        raise UserError(f"{name}: no metric of single replies is called {called!r}")

    def value(case: Case, reply: Reply) -> float:
        given: Score = metric(case, reply)
        if reply.finish == "error" or (given.value is None and given.why):
            return math.nan
        return 0.0 if given.value is None else given.value

    return Part(name=name, score=lambda samples: [[value(each.case, one) for one in each.replies] for each in samples])


def _of_judge(name: str, called: str, dimension: str) -> Part:
    from evaluation.cache import Cache
    from evaluation.config import EvaluateConfig
    from evaluation.judges.opening import open_judges
    from evaluation.scoring.verdicts import add_verdicts
    from feedback.samples import to_records

    judge = open_judges([called], EvaluateConfig())
    assert judge is not None
    if dimension not in judge.dimensions:
        raise UserError(f"{name}: wants judge:{called}/DIMENSION, one of {', '.join(judge.dimensions)}")

    def scored(samples: Sequence[Sampled]) -> list[list[float]]:
        with Cache() as cache:
            records = add_verdicts(to_records(samples), judge, [dimension], cache=cache)
        values = iter([record.metrics.get(dimension, math.nan) for record in records])
        return [[next(values) for _ in each.replies] for each in samples]

    spec = called if ":" in called else f"judge:{called}"
    return Part(name=name, score=scored, made_of={spec: registry.content_hash(spec)})


def _of_reward_model(name: str, called: str, column: str) -> Part:
    from espalier.models.reward import open_reward

    model = open_reward(f"run:{called}")
    if column not in model.columns:
        raise UserError(f"{name}: {called} has no column {column!r}; it has {', '.join(model.columns)}")
    at = model.place_of(column)

    def scored(samples: Sequence[Sampled]) -> list[list[float]]:
        asked = [(each.messages, reply.text) for each in samples for reply in each.replies]
        values = iter(model.score(asked)[:, :, at].mean(axis=1).tolist())  # an empty reply is worth nothing known
        return [[next(values) for _ in each.replies] for each in samples]

    return Part(name=name, score=scored, made_of={f"run:{called}": model.reference.content_hash})


def _by_chance(samples: Sequence[Sampled], seed: int) -> list[list[float]]:
    """Equal words to one prompt get equal values, as by any other score."""

    def value(prompt: str, reply: Reply) -> float:
        drawn = hashlib.sha256(f"{seed} {prompt} {reply.text}".encode()).hexdigest()
        return math.nan if reply.finish == "error" else random.Random(drawn).random()

    return [[value(each.id, reply) for reply in each.replies] for each in samples]


def _table(values: Sequence[Sequence[float]], width: int) -> Floats:
    table = np.full((len(values), width), np.nan)
    for row, found in zip(table, values, strict=True):
        row[: len(found)] = found
    return table
