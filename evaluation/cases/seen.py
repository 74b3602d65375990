"""Which cases a model may have met in training, found by reading the mixes it descends from.

What is looked for is what the learner says in a case, the reply known to be good, and texts scored by likelihood. A
turn of a row has met the case where it shares 13 consecutive words with one of these, or holds one of 8 to 12 words
whole (the rule of GPT-3's training data, see `decontaminate`). One of 4 to 7 words counts where it is all of
the turn, and a shorter one not at all: those are shared by chance.

Cases held out of training by combination are not looked for: their mix says for certain whether it held them out
(`evaluation.cases.trained_on`), and sentences that a grammar wrote share words by design.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data_mix.language.words import words
from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_manifest
from espalier.errors import UserError
from evaluation.cache import Cache, key_of
from evaluation.cases.case import Case
from evaluation.cases.case_spec import CHOICE_REQUEST
from evaluation.cases.trained_on import Lineage

if TYPE_CHECKING:
    from data_mix.dedup.decontaminate import Grams

_SHORTEST = 4
_TRAINED = ("train.parquet", "preferences/train.parquet")
"""Files of a mix that are trained on."""
_AT_ONCE = 1024
"""Rows read, hashed and looked through together."""


def seen_cases(lineage: Lineage, cases: Sequence[Case], cache: Cache) -> dict[str, str]:
    """By name, the cases that a mix in the lineage has met, and that mix. A mix that is gone tells nothing.

    Reading a mix of dialogues takes about 30 s for a million rows, so what was found is kept in `cache`.
    """
    texts = {case.name: _texts(case) for case in cases if not case.combination}
    found: dict[str, str] = {}
    for mix, content_hash in lineage.mixes.items():
        folder = artifact("mixes", mix)
        manifest = read_manifest(folder)
        if manifest is None or manifest["content_hash"] != content_hash:
            continue
        key = key_of(["seen", 2, content_hash, texts])
        known = cache.get([key])
        if key not in known:
            trained = [folder / name for name in _TRAINED if name in manifest["files"]]
            known[key] = sorted(_met(trained, texts))
            cache.put([(key, known[key])])
        for name in known[key]:
            found.setdefault(name, mix)
    return found


def _texts(case: Case) -> list[str]:
    """What is looked for of a case."""
    said = [message["content"].replace(CHOICE_REQUEST, "") for message in case.messages if message["role"] == "user"]
    later = [text for turn in case.script for text in (turn.learner, turn.reference)]
    return [text for text in [*said, case.reference, *later, *case.texts] if text]


def _met(paths: Sequence[Path], texts: dict[str, list[str]]) -> set[str]:
    """Names of the cases that a row of the files has met."""
    from data_mix.dedup.decontaminate import SHORTEST, Grams

    grams = Grams.of((name, text) for name, found in texts.items() for text in found)
    short: dict[tuple[str, ...], set[str]] = {}
    for name, found in texts.items():
        for said in map(tuple, map(words, found)):
            if _SHORTEST <= len(said) < SHORTEST:
                short.setdefault(said, set()).add(name)
    met: set[str] = set()
    for turns in (turns for path in paths for turns in _turns(path)):
        met |= _long(grams, turns)
        for turn in turns:
            if len(turn) < SHORTEST:
                met |= short.get(tuple(turn), set())
    return met


def _long(grams: Grams, turns: list[list[str]]) -> set[str]:
    return {hit.where for hits in grams.hits(turns).values() for hit in hits}


def _turns(path: Path) -> Iterator[list[list[str]]]:
    """The words of each turn of each row, and of each reply that is compared, some rows at a time.

    UserError where the file is damaged.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_AT_ONCE, columns=["messages", "chosen", "rejected"]):
                contents = [said for column in batch.columns for said in column.flatten().field("content").to_pylist()]
                yield [words(text) for text in contents]
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{path}: damaged ({error}); build the mix again") from error
