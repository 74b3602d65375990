"""What a judge says of replies it was not taught: fold by fold for one that learns, at once for one that does not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from espalier.artifacts.paths import repo_root
from espalier.artifacts.records import sha256_file
from evaluation.cache import Cache, key_of
from evaluation.calibration.folds import Fold
from evaluation.judges.base import DIMENSIONS, JUDGED
from evaluation.judges.classifier import code_hash
from evaluation.judges.labels import Labelled

UNDECIDED = -1
_OF_OTHER_JUDGES = {
    "agreement.py",
    "calibration.py",
    "llm.py",
    "opening.py",
    "panel.py",
    "prompts.py",
    "reward.py",
    "train.py",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a judge says of some replies."""

    values: dict[str, NDArray[np.float64]]
    """By dimension: each reply's value, 0 to 1; not a number where the judge abstains or was not taught it."""
    decided: dict[str, NDArray[np.int64]]
    """By dimension: each reply's verdict, a place in the dimension's `values`; -1 where there is none."""

    @classmethod
    def nothing(cls, size: int) -> Said:
        """Of `size` replies nothing is said."""
        return cls(
            values={name: np.full(size, np.nan) for name in JUDGED},
            decided={name: np.full(size, UNDECIDED) for name in JUDGED},
        )

    def put(self, places: NDArray[np.int64], other: Said) -> None:
        """Takes over what `other` says of the replies at `places`."""
        for name in other.values:
            self.values[name][places] = other.values[name]
            self.decided[name][places] = other.decided[name]

    def where_nothing(self, other: Said) -> Said:
        """The same, with what `other` says where nothing is said here."""
        silent = {name: found == UNDECIDED for name, found in self.decided.items()}
        return Said(
            values={name: np.where(silent[name], other.values[name], found) for name, found in self.values.items()},
            decided={name: np.where(silent[name], other.decided[name], found) for name, found in self.decided.items()},
        )


Answer = Callable[[Sequence[Labelled]], Said]
Teach = Callable[[Sequence[Labelled]], Answer]
"""Training replies to a judge of replies."""


def out_of_fold(
    teach: Teach,
    labelled: Sequence[Labelled],
    variants: Mapping[str, Sequence[Labelled | None]],
    folds: Sequence[Fold],
    *,
    identity: Any,
    cache: Cache,
    on_fold: Callable[[int], None] = lambda done: None,
) -> dict[str, Said]:
    """By name of the variant: what is said of each of its replies by the judge that its fold teaches.

    A variant has a reply in the place of each labelled one, or None where nothing is asked. `identity` is what the
    judge is known by: a fold that was asked before is taken from the cache. `on_fold` hears how many folds are done.
    """
    said = {name: Said.nothing(len(labelled)) for name in variants}
    for done, fold in enumerate(folds):
        on_fold(done)
        train = [labelled[place] for place in fold.train]
        places = {name: [each for each in fold.test if replies[each] is not None] for name, replies in variants.items()}
        tests = {name: [each for place in places[name] if (each := variants[name][place])] for name in variants}
        key = key_of(["out of fold", identity, _digest(train), {name: _digest(test) for name, test in tests.items()}])
        known = cache.get([key]).get(key)
        if known is None:
            judge = teach(train)
            known = {name: _plain(judge(test)) for name, test in tests.items() if test}
            cache.put([(key, known)])
        for name, found in known.items():
            said[name].put(np.array(places[name], dtype=np.int64), _said(found))
    on_fold(len(folds))
    return said


def classifier(*, seed: int = 0, embedding: str | None = None, without: str = "") -> Teach:
    """Teaches judges as `evaluation/judges/train.py` does, with its seed and embedding model; `without` made replies of
    one kind."""

    def teach(train: Sequence[Labelled]) -> Answer:
        from evaluation.judges.classifier import fit
        from evaluation.judges.embedding import Embedding

        fitted = fit(train, seed=seed, embedding=Embedding(embedding) if embedding else None, without=without)

        def answer(replies: Sequence[Labelled]) -> Said:
            probabilities = fitted.predict(replies)
            return Said(
                values=fitted.values(probabilities),
                decided={name: np.asarray(found) for name, found in fitted.decide(probabilities).items()},
            )

        return answer

    return teach


def classifier_code() -> str:
    """A hash of all the code that decides what a trained judge learns and says."""
    digest = hashlib.sha256(code_hash().encode())
    for path in sorted((repo_root() / "evaluation" / "judges").glob("*.py")):
        if path.name not in _OF_OTHER_JUDGES:
            digest.update(f"{sha256_file(path)}  {path.name}\n".encode())
    return digest.hexdigest()


def truth(labelled: Sequence[Labelled], name: str) -> NDArray[np.int64]:
    """The teachers' verdict on each reply as a place in the dimension's values; -1 where there is none."""
    places = {verdict: place for place, verdict in enumerate(DIMENSIONS[name].values)}
    return np.array([places[each.labels[name]] if name in each.labels else UNDECIDED for each in labelled])


def _digest(replies: Sequence[Labelled]) -> str:
    text = json.dumps([asdict(each) for each in replies], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(said: Said) -> dict[str, Any]:
    values = {
        name: [None if np.isnan(value) else round(float(value), 6) for value in found]
        for name, found in said.values.items()
    }
    return {"values": values, "decided": {name: found.tolist() for name, found in said.decided.items()}}


def _said(found: dict[str, Any]) -> Said:
    return Said(
        values={name: np.array(values, dtype=float) for name, values in found["values"].items()},
        decided={name: np.array(places, dtype=np.int64) for name, places in found["decided"].items()},
    )
