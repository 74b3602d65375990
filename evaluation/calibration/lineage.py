"""What a reward model has learned from before it is calibrated: its lineage tells, and it cannot be taught anew.

A trained judge is taught again for each fold. A reward model is not, so replies to problems that it or an ancestor was
taught preferences about are left out, and where it met a tutor, it is not asked about that one as a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_manifest
from espalier.models.references import ModelRef
from espalier.text.rows import Row, read_rows
from evaluation.calibration.asking import UNDECIDED, Said
from evaluation.cases.case import Messages
from evaluation.cases.trained_on import trace
from evaluation.judges.labels import Labelled, problems_of

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What a reward model was taught by."""

    mixes: tuple[str, ...]
    """The mixes with preferences that it or an ancestor was trained on."""
    prompts: tuple[Messages, ...]
    """The conversations that replies were compared to."""
    tutors: frozenset[str]
    """Whose replies they were, as far as rows name them."""
    unnamed: int
    """Preferences whose replies name no tutor."""
    unknown: tuple[str, ...]
    """Mixes that are gone, or were built anew since, so that what was in them is not known."""

    def problems_seen(self, replies: Sequence[Labelled]) -> Mask:
        """Whether each reply is to a problem that was learned from: one of like statements, or like as a whole."""
        ours = {f"taught {number}": messages for number, messages in enumerate(self.prompts)}
        theirs = {f"asked {each.dialogue}": each.messages for each in replies}
        found = problems_of({**ours, **theirs})
        known = {found[name] for name in ours}
        return np.array([found[f"asked {each.dialogue}"] in known for each in replies], dtype=bool)

    def tutors_seen(self, replies: Sequence[Labelled]) -> Mask:
        """Whether each reply is by a tutor who was learned from; all of them, where it is not known by whom it was."""
        if self.unnamed or self.unknown:
            return np.ones(len(replies), dtype=bool)
        return np.array([each.tutor in self.tutors for each in replies], dtype=bool)

    def facts(self, replies: Sequence[Labelled]) -> dict[str, Any]:
        """As `calibration.json` keeps them."""
        seen = self.problems_seen(replies)
        fresh = ~seen & ~self.tutors_seen(replies)
        return {
            "mixes": list(self.mixes),
            "preferences": len(self.prompts),
            "tutors": sorted(self.tutors),
            "unnamed": self.unnamed,
            "unknown": list(self.unknown),
            "left_out": int(seen.sum()),
            "asked": int((~seen).sum()),
            "asked_of_new_tutors": int(fresh.sum()),
        }


def taught(reference: ModelRef) -> Taught:
    """What the reward model was taught by, and its ancestors."""
    rows: list[Row] = []
    mixes, unknown = [], []
    for name, content_hash in trace(reference).mixes.items():
        folder = artifact("mixes", name)
        manifest = read_manifest(folder)
        if manifest is None or manifest["content_hash"] != content_hash:
            unknown.append(name)
        elif (path := folder / "preferences" / "train.parquet").exists():
            mixes.append(name)
            rows += read_rows(path)
    named = [str(row.meta["tutor"]) for row in rows if row.meta.get("tutor")]
    return Taught(
        mixes=tuple(mixes),
        prompts=tuple(row.messages for row in rows),
        tutors=frozenset(named),
        unnamed=len(rows) - len(named),
        unknown=tuple(unknown),
    )


def without(said: Said, seen: Mask) -> Said:
    """The same, with nothing said of what was seen."""
    return Said(
        values={name: np.where(seen, np.nan, values) for name, values in said.values.items()},
        decided={name: np.where(seen, UNDECIDED, places) for name, places in said.decided.items()},
    )
