"""Whether `evaluation/fluency` tells real replies from strings of words.

    python research/benchmarks/fluency.py --labels bea2025_dev.json mrbench_v2.json mathdial.jsonl \\
        --bridge train.json validation.json [--model NAME]

Real are the labelled replies (MRBench, MathDial) and both replies of Bridge. Against them stand what the families of
`evaluation/controls` say to the same dialogues, and the real replies spoilt as `research/fluency_limits.py` spoils
text: the costs of evidence were fitted to other text spoilt so, never to a family. Printed are the area under the
curve, the share that scores below all but 2 % of the real replies, and the share above .9 and below a half. Then a
search: words of one dialogue, drawn at random and put in other orders for as long as that raises the figure. With
`--model` a language model's word on 100 of each, by how much likelier their order is than others of the same words.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from evaluation.judges.labels import Labelled

_FAMILIES = ("salad", "keywords", "scrambled", "mad_lib", "restated", "litany", "crafted", "greedy", "evolved")
_ASKED = 100
"""Texts of each kind that a model is asked about."""
_LONG = 12
"""Words of a string that the search makes."""


class Benchmark(Config):
    """What to measure on."""

    labels: list[FilePath] = []
    """Label files of MRBench and MathDial."""
    bridge: list[FilePath] = []
    """Files of Bridge."""
    model: str | None = None
    """A language model that is asked too: a run, a folder or a hub name."""
    chat_template: str | None = None
    """Builtin template or file, for a model that has none; a text alone is read, so it decides nothing."""
    replies: int = Field(2500, ge=10)
    """Real replies that are drawn, and dialogues that a family answers at most."""
    searches: int = Field(50, ge=1)
    """Dialogues of whose words strings are sought."""
    queries: int = Field(1000, ge=1)
    """Strings that are tried in each."""
    seed: int = 0
    """Of all that is drawn."""


def main(argv: list[str]) -> None:
    config, _ = load(Benchmark, argv, prog="python research/benchmarks/fluency.py", doc=__doc__)
    if not config.labels:
        raise UserError("name label files: --labels FILE …")
    import numpy as np
    from sklearn.metrics import roc_auc_score

    from evaluation.fluency.verdict import fluency

    everyone = read(config)
    chance = random.Random(config.seed)
    drawn = chance.sample(everyone, min(config.replies, len(everyone)))
    began = time.thread_time()
    real = np.array([fluency(each.reply).plausible for each in drawn])
    spent = (time.thread_time() - began) / len(drawn)
    limit = float(np.quantile(real, 0.02))
    say(f"{len(drawn):,} real replies, {1000 * spent:.2f} ms each; 2 % get less than {limit:.3f}\n")
    say("| real replies of | number | mean | below a half | below .9 |\n| --- | ---: | ---: | ---: | ---: |")
    for tutor in [None, *sorted({each.tutor for each in drawn})]:
        own = real[[tutor in (None, each.tutor) for each in drawn]]
        shares = f"{own.mean():.3f} | {(own < 0.5).mean():.1%} | {(own < 0.9).mean():.1%}"
        say(f"| {tutor or 'all'} | {len(own):,} | {shares} |")
    say("\n| made replies | number | AUC | below the limit | below a half | above .9 |")
    say("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, made in strings(drawn, config.seed).items():
        if made:
            found = np.array([fluency(text).plausible for text in made])
            auc = roc_auc_score(np.repeat([1, 0], (len(real), len(found))), np.concatenate((real, found)))
            shares = [(found < limit).mean(), (found < 0.5).mean(), (found > 0.9).mean()]
            say(f"| {name} | {len(made):,} | {auc:.3f} | " + " | ".join(f"{share:.1%}" for share in shares) + " |")
    if config.model:
        ask_model(drawn, config)
    for only_content in (True, False):
        search(drawn[: config.searches], config, only_content)


def read(config: Benchmark) -> "list[Labelled]":
    """All real replies, with what they answer."""
    from evaluation.calibration.ablation import read_pairs
    from evaluation.judges.labels import read_labels

    pairs = read_pairs(config.bridge) if config.bridge else []
    return [*read_labels(config.labels), *(each for pair in pairs for each in (pair.novice, pair.expert))]


def strings(real: "Sequence[Labelled]", seed: int) -> dict[str, list[str]]:
    """Made replies by name: the families', and the real replies spoilt."""
    from evaluation.controls.base import Scene, controls
    from evaluation.fluency.counts import counts
    from research.fluency_limits import spoilt

    scenes = [
        Scene(messages=each.messages, references=(each.reply,), answer=each.answer, problem=each.problem)
        for each in real[:600]
    ]
    known = controls()
    found = {
        f"family {name}": [reply for reply in known[name].replies(scenes, seed=seed) if reply]
        for name in _FAMILIES
        if name in known
    }
    spoils = spoilt([each.reply for each in real[:600]], counts("en").functions, random.Random(seed))
    return found | {f"spoilt: {name}": made for name, made in spoils.items()}


def ask_model(real: "Sequence[Labelled]", config: Benchmark) -> None:
    """A language model's word on some of them."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    from espalier.models.references import resolve
    from evaluation.backends.local import LocalModel, Placement
    from evaluation.cache import Cache
    from evaluation.cases.suite import Generation
    from evaluation.fluency.by_model import by_model

    placement = Placement(chat_template=config.chat_template, batch_size=8)
    backend = LocalModel(ref=resolve(str(config.model)), generation=Generation(), placement=placement)

    def orders(texts: Sequence[str]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        with Cache() as cache:
            found = np.array([each.order for each in by_model(backend, texts, cache=cache)])
        return found[np.isfinite(found)]

    good = orders([each.reply for each in real[:_ASKED]])
    limit = float(np.quantile(good, 0.02))
    say(f"\nBy {config.model}: nats per word that their order brings real replies, median {np.median(good):.2f};")
    say(f"2 % have less than {limit:.2f}\n")
    say("| made replies | number | AUC | below the limit |\n| --- | ---: | ---: | ---: |")
    for name, made in strings(real, config.seed).items():
        if made:
            bad = orders(made[:_ASKED])
            auc = roc_auc_score(np.repeat([1, 0], (len(good), len(bad))), np.concatenate((good, bad)))
            say(f"| {name} | {len(bad)} | {auc:.3f} | {(bad < limit).mean():.1%} |")


def search(real: "Sequence[Labelled]", config: Benchmark, only_content: bool) -> None:
    """Strings of a dialogue's words, each begun at random and changed while that raises the figure."""
    from evaluation.fluency.verdict import fluency
    from evaluation.metrics.words import STOP_WORDS

    chance = random.Random(config.seed)
    first, best = [], []
    for each in real:
        said = [word for message in each.messages for word in message["content"].split()]
        words = [word for word in said if not only_content or word.lower().strip(".,?!:;") not in STOP_WORDS]
        if len(set(words)) < 2 * _LONG:
            continue
        now = chance.sample(words, _LONG)
        score = fluency(" ".join(now)).plausible
        first.append(score)
        for _ in range(config.queries):
            tried = changed(now, words, chance)
            value = fluency(" ".join(tried)).plausible
            if value >= score:
                now, score = tried, value
        best.append((score, " ".join(now)))
    if not best:
        return
    what = "content words" if only_content else "all words"
    won = sum(score > 0.9 for score, _ in best)
    say(f"\nSearch with {config.queries:,} queries in each of {len(best)} dialogues, of {what}, {_LONG} at a time:")
    say(f"drawn at random {sum(value > 0.9 for value in first)} get more than .9, after the search {won}. The first:")
    for score, text in best[:5]:
        say(f"- {score:.2f}: {text}")


def changed(words: Sequence[str], others: Sequence[str], chance: random.Random) -> list[str]:
    """Two words exchanged, or one replaced by another of the dialogue's."""
    found, at = list(words), chance.randrange(len(words))
    if chance.random() < 0.5:
        there = chance.randrange(len(words))
        found[at], found[there] = found[there], found[at]
    else:
        found[at] = chance.choice(others)
    return found


if __name__ == "__main__":
    run_main(main)
