"""A search that needs no model: points of the file's `Choices`, drawn by Optuna, written into the file.

Nothing is kept but the history: each time a study is made anew of what was measured, so a loop that goes on proposes
what it would have proposed, and a change made by somebody else is a point like any other.

- `tpe`: a point is drawn by a tree-structured Parzen estimator of all choices together (Bergstra et al. 2011; Falkner
  et al. 2018), and a few of its choices take the place of those of the best so far.
- `neighbours`: the same of points that are drawn evenly. What `tpe` learns is what it gains over this.
- `random`: points are drawn evenly and taken whole, wherever the best so far is.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from espalier.errors import UserError
from research.autoresearch.proposing.base import History, NothingProposed, Proposal
from research.autoresearch.proposing.choices import (
    Between,
    Choice,
    Point,
    Value,
    point_of,
    read_choices,
    rest_of,
    set_choices,
)

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

How = Literal["tpe", "neighbours", "random"]

_AT_ONCE = (1, 2, 3, 4)
"""How many choices of the best so far change at once, each number as likely: few, so that an effect has a cause."""
_STARTUP = 20
"""Points that are drawn evenly, before there is enough to learn from: with 8, the search stays where luck began."""
_ATTEMPTS = 200
"""Draws until one is of a point that is new; after half of them they are even, since an estimator may know no other."""


class _Tried(NamedTuple):
    """A point that an experiment had."""

    point: Point
    rest: str
    """By which the rest of its file is known."""
    values: list[float]
    """What was measured there; nothing where the experiment failed."""


class SearchProposer:
    """Proposes points that were never tried."""

    def __init__(self, path: str, how: How = "tpe") -> None:
        """`path` is the editable file, from the repository's root. UserError where Optuna is missing."""
        try:
            import optuna
        except ImportError:
            raise UserError('a search needs the package optuna: pip install -e ".[search]"') from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._path, self._how = path, how
        self._texts: dict[str, str] = {}

    @property
    def name(self) -> str:
        """How is searched."""
        return f"search:{self._how}"

    def propose(self, worktree: Path, history: History, number: int, seed: int) -> Proposal:
        """Another point, written into the file. UserError where the file has nothing to be searched."""
        file = worktree / self._path
        text = file.read_text(encoding="utf-8")
        choices = read_choices(text, self._path)
        open_ = {name: choice for name, choice in choices.items() if choice.space is not None}
        if not open_:
            raise UserError(f"{self._path}: no choice of it has a comment that says what it may be")
        now, rest = point_of(choices), _hash(rest_of(text, self._path))
        tried = self._tried(worktree, history)
        known = {_key(choices, each.point) for each in tried if each.rest == rest} | {_key(choices, now)}
        draws = random.Random(f"{seed}/{number}")
        seeds = draws.getrandbits(32), draws.getrandbits(32)
        study = self._study(open_, tried, seeds[0])
        for attempt in range(_ATTEMPTS):
            if attempt == _ATTEMPTS // 2:
                study = self._study(open_, (), seeds[1])
            point = now | self._drawn(study, open_, draws)
            point = {name: value if choices[name].counts_at(point) else now[name] for name, value in point.items()}
            if _key(choices, point) not in known:
                break
        else:
            raise NothingProposed(f"{_ATTEMPTS} points were drawn, and all of them are tried")
        file.write_text(set_choices(text, self._path, point), encoding="utf-8")
        changes = {name: [now[name], value] for name, value in point.items() if value != now[name]}
        measured = sum(bool(each.values) for each in tried)
        return Proposal(
            description=", ".join(f"{name} {old} -> {new}" for name, (old, new) in changes.items()),
            hypothesis=f"drawn by {self._how} from {measured} points measured and {len(tried) - measured} that failed",
            kind="search",
            details={"point": point, "changes": changes, "rest": rest},
        )

    def close(self) -> None:
        """Holds nothing."""

    def _drawn(self, study: Study, open_: Mapping[str, Choice], draws: random.Random) -> Point:
        """New values of a few choices, or of all."""
        drawn = study.ask({name: _distribution(choice) for name, choice in open_.items()}).params
        values = {name: _written(open_[name], value) for name, value in drawn.items()}
        if self._how == "random":
            return values
        changed = [name for name, value in values.items() if value != open_[name].value]
        few = draws.sample(changed, min(draws.choice(_AT_ONCE), len(changed)))
        return {name: values[name] for name in few}

    def _study(self, open_: Mapping[str, Choice], tried: Sequence[_Tried], seed: int) -> Study:
        """All that is known, told to a sampler. What failed is worse than anything that was measured."""
        import optuna
        from optuna.trial import TrialState, create_trial

        sampler: optuna.samplers.BaseSampler = optuna.samplers.RandomSampler(seed=seed)
        if self._how == "tpe":
            sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP, multivariate=True)
        study = optuna.create_study(sampler=sampler)
        for each in tried:
            point = {
                name: value
                for name, value in each.point.items()
                if name in open_ and open_[name].allows(value) and open_[name].counts_at(each.point)
            }
            study.add_trial(
                create_trial(
                    state=TrialState.COMPLETE if each.values else TrialState.PRUNED,
                    value=fmean(each.values) if each.values else None,
                    params=point,
                    distributions={name: _distribution(open_[name]) for name in point},
                )
            )
        return study

    def _tried(self, worktree: Path, history: History) -> list[_Tried]:
        """The points of the history, in its order, each once, with all that was measured there."""
        found: dict[str, _Tried] = {}
        for record in history:
            measured = _measured(record)
            details = record.get("details") or {}
            if "point" in details:
                point, rest = details["point"], details["rest"]
            elif measured and (text := self._text_at(worktree, record["commit"])) is not None:
                try:
                    point, rest = point_of(read_choices(text, self._path)), _hash(rest_of(text, self._path))
                except UserError:
                    continue
            else:
                continue
            key = json.dumps([point, rest], sort_keys=True)
            found.setdefault(key, _Tried(point, rest, [])).values.extend(measured)
        return list(found.values())

    def _text_at(self, worktree: Path, commit: str) -> str | None:
        """The editable file as it was; None where git no longer knows."""
        if commit not in self._texts:
            shown = subprocess.run(["git", "show", f"{commit}:{self._path}"], cwd=worktree, capture_output=True)
            if shown.returncode:
                return None
            self._texts[commit] = shown.stdout.decode("utf-8", "replace")
        return self._texts[commit]


def _measured(record: Mapping[str, Any]) -> list[float]:
    """Every figure of an experiment's program: of its first run, and of those that confirmed it."""
    again = [pair["candidate"] for pair in record.get("confirmed") or ()]
    return [value for value in (record.get("val_bpb"), *again) if value is not None and math.isfinite(value)]


def _distribution(choice: Choice) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    space = choice.space
    assert space is not None
    if not isinstance(space, Between):
        return CategoricalDistribution(space.values)
    if space.whole:
        return IntDistribution(int(space.low), int(space.high), log=space.log, step=int(space.step or 1))
    return FloatDistribution(space.low, space.high, log=space.log, step=space.step)


def _written(choice: Choice, value: Value) -> Value:
    space = choice.space
    return space.rounded(value) if isinstance(space, Between) and not isinstance(value, str) else value


def _key(choices: Mapping[str, Choice], point: Mapping[str, Value]) -> str:
    """By which a point is known: what makes no difference at it left out."""
    return json.dumps({name: point.get(name) for name, choice in choices.items() if choice.counts_at(point)})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
