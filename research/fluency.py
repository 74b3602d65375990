"""Makes the counts that `evaluation/fluency` tells language by, from openly licensed text.

    python research/fluency.py --gsm8k train.jsonl --oasst1 en_100_tree.jsonl en_100_message.jsonl \
        --taskmaster data_00.json data_01.json --tatoeba tatoeba.*-eng.* --cima dataset.json --eracond */corr/*.txt

Each language gets its function words and classes (`LANG.txt`), how often two and three classes stood side by side
(`LANG.safetensors`), and what evidence costs (`LANG.yaml`); `CARD.md` says from what text, under which licences. The
same files give the same bytes. What evidence costs is fitted to text that the counts did not see: of English a corpus
at a time, so that it holds on text of another kind, of other languages a fifth at a time.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluation.fluency.counts import Counts
    from evaluation.fluency.tokens import Token
    from research.fluency_corpora import Passage

_KEPT = 700
"""Passages of one part at most that evidence is fitted to."""
_FIFTHS = 5
_NAMED = 6
_MUCH, _PATIENCE = 10_000, 1.5
"""Of fewer passages little is known, and so much more may be spent: real text has words and turns that they lack."""


class Make(Config):
    """What to count."""

    gsm8k: list[FilePath] = []
    """Problems and worked answers: its training file alone, for the other is a benchmark."""
    oasst1: list[FilePath] = []
    """Message trees."""
    taskmaster: list[FilePath] = []
    """Dialogues."""
    tatoeba: list[FilePath] = []
    """Sentences, a language a file."""
    cima: list[FilePath] = []
    """Tutors' replies."""
    eracond: list[FilePath] = []
    """Learners' turns as corrected."""
    languages: list[str] = ["en", "es", "fr", "de"]
    """Which to make."""
    words: int = Field(6000, ge=10)
    """Words at most that are listed."""
    verbatim: int = Field(500, ge=1)
    """Of them, so many are a class each."""
    groups: int = Field(160, ge=1)
    """Classes that the others share."""
    triples: int = Field(200_000, ge=1)
    """Of three classes side by side, so many at most are kept: the commonest."""
    out: str = "evaluation/fluency/tables"
    """The folder that they are written to."""
    date: str = ""
    """What the card says it was made on."""


def main(argv: list[str]) -> None:
    config, _ = load(Make, argv, prog="python research/fluency.py", doc=__doc__)
    from research.fluency_corpora import CORPORA, LANGUAGES, passages

    if unknown := [name for name in config.languages if name not in LANGUAGES]:
        raise UserError(f"--languages {unknown[0]}: known are {', '.join(LANGUAGES)}")
    files = {name: list(getattr(config, name, [])) for name in CORPORA}
    made = []
    for language in config.languages:
        found = passages(files, language)
        if not found:
            raise UserError(f"no text in {language}; name corpora that have some: {', '.join(CORPORA)}")
        limits = fitted(found, language, config)
        written = counted(found, language, config)
        made.append((language, found, written, limits))
        say(f"{language}: {len(found):,} passages, {len(written.classes)} classes, {len(written.triples[0]):,} triples")
    folder = Path(config.out)
    folder.mkdir(parents=True, exist_ok=True)
    for language, _, written, limits in made:
        write(folder, language, written, limits)
    about = [(language, found, written) for language, found, written, _ in made]
    (folder / "CARD.md").write_text(card(config, files, about), encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The counts of one language, as they are written."""

    functions: list[str]
    """Function words."""
    classes: list[list[str]]
    """Words by class."""
    alone: "NDArray[np.uint32]"
    """(classes,) how often each was seen."""
    pairs: "tuple[NDArray[np.uint32], NDArray[np.uint16]]"
    """Keys and counts of two side by side."""
    triples: "tuple[NDArray[np.uint32], NDArray[np.uint16]]"
    """And of three."""
    num_tokens: int
    """Tokens counted, each passage once."""

    def smoothed(self) -> "Counts":
        """As the evaluator reads them."""
        from evaluation.fluency.counts import smoothed

        return smoothed(
            functions=frozenset(self.functions),
            classes=self.classes,
            alone=self.alone,
            pairs=self.pairs,
            triples=self.triples,
        )


def counted(found: "Sequence[Passage]", language: str, config: Make) -> Counted:
    """The classes of the words of these passages, and how they follow each other."""
    import numpy as np

    from evaluation.fluency.counts import before
    from evaluation.fluency.tokens import ENDS, tokens
    from research.fluency_classes import exchange
    from research.fluency_corpora import CORPORA

    weights = [CORPORA[each.corpus].weight for each in found]
    read = [tokens(plain(each.text)) for each in found]
    listed, fixed = vocabulary(read, weights, config)
    ids = {word: place for place, word in enumerate(listed)}
    sequences = [np.array([ids.get(each.text, ids[each.shape]) for each in text], dtype=np.int64) for text in read]
    groups = min(config.groups, max(1, (len(listed) - fixed) // 4))
    stops = np.array([word in ENDS for word in listed])
    classes = exchange([_with_starts(each, stops) for each in sequences], size=len(listed), fixed=fixed, groups=groups)
    used, classes = np.unique(classes, return_inverse=True)
    size = len(used)
    ends = np.zeros(size, dtype=bool)
    ends[classes[stops]] = True
    third = np.concatenate([np.tile(classes[each], times) for each, times in zip(sequences, weights, strict=True)])
    around = [
        np.tile(np.stack(before(classes[each], ends)), times) for each, times in zip(sequences, weights, strict=True)
    ]
    first, second = np.concatenate(around, axis=1)
    triples = _counts((first * size + second) * size + third, config.triples)
    return Counted(
        functions=sorted(function_words(language)),
        classes=[[listed[at] for at in np.flatnonzero(classes == place)] for place in range(size)],
        alone=np.bincount(third, minlength=size).astype(np.uint32),
        pairs=_counts(second * size + third, size * size),
        triples=triples,
        num_tokens=sum(map(len, sequences)),
    )


def plain(text: str) -> str:
    """The text as the evaluator reads it, however long it is."""
    from evaluation.fluency.tokens import PLAIN

    return text.translate(PLAIN)


def vocabulary(read: "Sequence[tuple[Token, ...]]", weights: Sequence[int], config: Make) -> tuple[list[str], int]:
    """Shapes, marks and the commonest words, the latter by how often they stand; and how many of all are classes."""
    from evaluation.fluency.tokens import SHAPES, shape

    seen: Counter[str] = Counter()
    for text, times in zip(read, weights, strict=True):
        for each in text:
            seen[each.text] += times
    ranked = sorted((word for word in seen if word not in SHAPES), key=lambda word: (-seen[word], word))
    words = [word for word in ranked if word[0].isalpha() or word[0] == "'"]
    marks = [word for word in ranked if not (word[0].isalpha() or word[0] == "'")]
    words = [word for word in words if seen[word] >= 3 and shape(word) not in ("<odd>", "<script>")][: config.words]
    return [*SHAPES, *marks, *words], len(SHAPES) + len(marks) + min(config.verbatim, len(words))


def function_words(language: str) -> frozenset[str]:
    """Those of the evaluator's list."""
    from evaluation.metrics.stop_words import function_words as listed

    return listed(language)


def _with_starts(ids: "NDArray[np.int64]", stops: "NDArray[np.bool_]") -> "NDArray[np.int64]":
    """The ids with `START` where a sentence begins."""
    import numpy as np

    from evaluation.fluency.counts import START

    places = np.flatnonzero(stops[ids]) + 1
    return np.insert(ids, np.concatenate(([0], places)), START)


def _counts(keys: "NDArray[np.int64]", most: int) -> "tuple[NDArray[np.uint32], NDArray[np.uint16]]":
    """The keys that stand most often, `most` of them at most, in order."""
    import numpy as np

    found, counts = np.unique(keys, return_counts=True)
    fewest = 1
    while (counts >= fewest).sum() > most:
        fewest += 1
    kept = counts >= fewest
    return found[kept].astype(np.uint32), np.minimum(counts[kept], 65535).astype(np.uint16)


def fitted(found: "Sequence[Passage]", language: str, config: Make) -> dict[str, Any]:
    """What evidence costs, by passages that counts without their part did not see."""
    from research import fluency_limits as limits

    kept: list[NDArray[np.float64]] = []
    bad: dict[str, list[NDArray[np.float64]]] = {name: [] for name in limits.SPOILS}
    for number, (texts, rest) in enumerate(parts(found)):
        chance = random.Random(f"{language} {number}")
        texts = limits.as_replies(texts, chance)[:_KEPT]
        counts = counted(rest, language, config).smoothed()
        kept.append(limits.evidence(texts, counts))
        for name, made in limits.spoilt(texts, counts.functions, chance).items():
            bad[name].append(limits.evidence(made, counts))
    kept = [each for each in kept if len(each)]
    if not kept or not any(len(each) for made in bad.values() for each in made):
        raise UserError(f"too little text in {language}: sentences of six words and more are wanted to fit what costs")
    return limits.fit(kept, bad, patience=1.0 if len(found) >= _MUCH else _PATIENCE)


def parts(found: "Sequence[Passage]") -> "Iterator[tuple[list[str], list[Passage]]]":
    """Texts as replies are, with the passages that are counted to judge them: all others.

    Of much text a corpus at a time. Of little text, where a corpus is nearly all of it, a fifth of that at a time.
    """
    from research.fluency_corpora import CORPORA

    corpora = Counter(each.corpus for each in found if CORPORA[each.corpus].is_spoken)
    for corpus, size in sorted(corpora.items()):
        own = [each for each in found if each.corpus == corpus]
        if size < len(found) / 2:
            yield [each.text for each in own], [each for each in found if each.corpus != corpus]
            continue
        for fifth in range(_FIFTHS):
            texts = own[fifth::_FIFTHS]
            away = {id(each) for each in texts}
            yield [each.text for each in texts], [each for each in found if id(each) not in away] or own


def write(folder: Path, language: str, made: Counted, limits: dict[str, Any]) -> None:
    """The three files of a language."""
    import yaml
    from safetensors.numpy import save_file

    from evaluation.fluency.counts import packed

    lines = [made.functions, *made.classes]
    (folder / f"{language}.txt").write_text("".join(" ".join(words) + "\n" for words in lines), encoding="utf-8")
    arrays = {"alone": made.alone}
    for name, (keys, counts) in (("pair", made.pairs), ("triple", made.triples)):
        arrays |= dict(zip((f"{name}_gaps", f"{name}_codes"), packed(keys, counts), strict=True))
    path = folder / f"{language}.safetensors"
    save_file(arrays, path)
    path.chmod(0o644)  # as the files beside it
    text = yaml.safe_dump(limits, sort_keys=False, default_flow_style=None, width=120)
    (folder / f"{language}.yaml").write_text(text, encoding="utf-8")


def card(config: Make, files: dict[str, list[Path]], made: "list[tuple[str, Sequence[Passage], Counted]]") -> str:
    """What the counts were made of."""
    from data_mix import licences
    from research.fluency_corpora import CORPORA, TALK

    verdicts = licences.load()
    lines = ["# What the counts beside this file were made of", ""]
    lines += [f"Made on {config.date or 'a date that was not given'} by `python research/fluency.py`.", ""]
    lines += ["| language | corpus | passages | licence | whom to name |", "| --- | --- | ---: | --- | --- |"]
    for language, found, _ in made:
        for corpus, count in sorted(Counter(each.corpus for each in found).items()):
            verdict = verdicts.get(CORPORA[corpus].entry)
            licence = verdict.licence if verdict else "Apache-2.0, this project's own text"
            lines.append(
                f"| {language} | {corpus} | {count:,} | {licence} | {(verdict and verdict.attribution) or ''} |"
            )
    lines += ["", "| language | tokens | classes | pairs | triples |", "| --- | ---: | ---: | ---: | ---: |"]
    for language, _, counts in made:
        numbers = (counts.num_tokens, len(counts.classes), len(counts.pairs[0]), len(counts.triples[0]))
        lines.append(f"| {language} | " + " | ".join(f"{number:,}" for number in numbers) + " |")
    lines += ["", "| corpus | files | SHA-256, of several that of their hashes |", "| --- | --- | --- |"]
    own = [TALK / f"{language}.txt" for language, *_ in made]
    for name, paths in {**files, "talk": [path for path in own if path.is_file()]}.items():
        if paths:
            said = ", ".join(path.name for path in paths[:_NAMED])
            more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
            lines.append(f"| {name} | {said}{more} | {_hash(paths)} |")
    words = [(f"--{name}", str(len(paths)), "files") for name, paths in files.items() if paths]
    return "\n".join([*lines, "", "The command took " + ", ".join(" ".join(each) for each in words) + ".", ""])


def _hash(paths: Sequence[Path]) -> str:
    found = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return found[0] if len(found) == 1 else hashlib.sha256("\n".join(found).encode()).hexdigest()


if __name__ == "__main__":
    run_main(main)
