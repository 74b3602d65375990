"""Attack the pedagogy score: search for a template whose replies win it, and try what was found on other dialogues.

    python research/benchmarks/attack.py --labels bea2025_dev.json mrbench_v2.json --dialogues validation.json \
        [--queries 10000] [--seed 0] [--keep]

The judge behind the score is taught on the labels without the problems that are attacked. A greedy and an evolutionary
search each ask the score about as many replies as --queries says, on 100 dialogues; what they find is tried on 100
others of other problems, beside the templates that were written by hand. Printed are the experts' mean on the same
dialogues, what share of it the best template gets and how often it beats the expert, and how its replies read. Files of
--dialogues are label files with experts' replies, or Bridge's. --keep adds what was found to the controls.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import random
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import Config, FilePath, Options, load
from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from evaluation.controls.base import Scene
    from evaluation.judges.labels import Labelled
    from research.benchmarks.attack_search import Pieces, ScoreReplies

EXPERTS = ("Expert", "Teacher")
BAR = 0.5
"""The share of the experts' mean that no template may exceed."""
SELDOM = 0.1
"""A template that makes replies to a smaller share of dialogues is no attack."""
_SHOWN = 3


class Attack(Config):
    """What is attacked, and with how much."""

    labels: list[FilePath] = []
    """Label files that the judge is taught from."""
    dialogues: list[FilePath] = []
    """Files whose dialogues are attacked, all together."""
    queries: int = Field(10_000, ge=1000)
    """Replies that each search may ask the score about."""
    size: int = Field(100, ge=1)
    """Dialogues that a search may ask about, and as many others that what it finds is tried on."""
    seed: int = 0
    """Of the choice of dialogues, the searches and the judge."""


class AttackOptions(Options):
    """Flags of one invocation."""

    keep: bool = False
    """Add the templates that were found to evaluation/controls/search.yaml."""


def main(argv: list[str]) -> None:
    prog = "python research/benchmarks/attack.py"
    config, options = load(Attack, argv, prog=prog, doc=__doc__, options=AttackOptions)
    if not config.labels or not config.dialogues:
        raise UserError("name both: --labels FILE … --dialogues FILE …")
    from evaluation.controls.search import templates
    from evaluation.scoring.pedagogy import VERSION
    from research.benchmarks.attack_search import Asked, evolution, greedy

    asked, tried = halves(read_experts(config.dialogues), config)
    score = pedagogy(config, [*asked, *tried])
    found: dict[str, Pieces] = {}
    for name, search in (("greedy", greedy), ("evolved", evolution)):
        budget = Asked(score=score, scenes=asked, queries=config.queries, seed=config.seed)
        found[name] = search(budget, random.Random(f"{config.seed}/{name}"))
        say(f"{name}: {budget.spent:,} replies asked about; {' '.join(found[name])}")
    by_hand = {f"by hand {number}": each.pieces for number, each in enumerate(templates()["crafted"], start=1)}
    got = report({**found, **by_hand}, score, asked, tried, config.seed)
    if options.keep:
        words = shlex.join(Path(word).name for word in argv if word != "--keep")
        keep({name: (pieces, f"{prog} {words}: {got[name]}, by version {VERSION}") for name, pieces in found.items()})


def read_experts(paths: Sequence[Path]) -> "list[Scene]":
    """One dialogue of each problem, with the expert's reply. UserError where a file has none."""
    from evaluation.calibration.ablation import read_pairs
    from evaluation.controls.base import Scene
    from evaluation.judges.labels import read_labels

    replies: list[Labelled] = []
    for path in paths:
        try:
            replies += read_labels([path])
        except UserError as error:
            try:
                replies += [pair.expert for pair in read_pairs([path])]
            except UserError:
                raise error from None
    experts = [each for each in replies if each.tutor in EXPERTS and each.labels.get("guiding") != "Generic"]
    one = {each.problem: each for each in reversed(experts)}
    if len(one) < 2:
        raise UserError(f"{', '.join(map(str, paths))}: {len(one)} problems with an expert's reply; two are the least")
    return [
        Scene(messages=each.messages, references=(each.reply,), answer=each.answer, problem=each.problem)
        for each in one.values()
    ]


def halves(scenes: "Sequence[Scene]", config: Attack) -> "tuple[list[Scene], list[Scene]]":
    """Dialogues to ask about, and others to try on, of other problems; fewer where there are fewer."""
    mixed = random.Random(config.seed).sample(list(scenes), len(scenes))
    size = min(config.size, len(mixed) // 2)
    if size < config.size:
        say(f"{len(mixed)} problems with an expert's reply: {size} to ask about, {size} to try on")
    return mixed[:size], mixed[size : 2 * size]


def pedagogy(config: Attack, scenes: "Sequence[Scene]") -> "ScoreReplies":
    """The score by a judge that was taught nothing of these problems."""
    from evaluation.calibration.asking import classifier
    from evaluation.calibration.values import pedagogy_values
    from evaluation.judges.labels import Labelled, read_labels, same_problem

    labelled = read_labels(config.labels)
    dialogues = {each.dialogue: each.messages for each in labelled}
    known = {
        name for name, messages in dialogues.items() if any(same_problem(messages, scene.messages) for scene in scenes)
    }
    taught = [each for each in labelled if each.dialogue not in known]
    if not taught:
        raise UserError("--labels: no problem is left that is not attacked; name more labels, or other --dialogues")
    say(f"a judge taught on {len(taught):,} replies to {len({each.problem for each in taught})} other problems")
    answer = classifier(seed=config.seed)(taught)

    def score(scenes: "Sequence[Scene]", replies: Sequence[str]) -> Any:
        asked = [
            Labelled(
                dialogue=f"{number}", problem=scene.problem, tutor="attack", messages=scene.messages, reply=reply,
                answer=scene.answer, labels={},
            )
            for number, (scene, reply) in enumerate(zip(scenes, replies, strict=True))
        ]  # fmt: skip
        return pedagogy_values(answer(asked).values, asked)

    return score


def report(
    found: "dict[str, Pieces]", score: "ScoreReplies", asked: "Sequence[Scene]", tried: "Sequence[Scene]", seed: int
) -> dict[str, str]:
    """Print what each template gets on both halves, and how the best reads; by template, what it got in words.

    A dialogue for which a template makes no reply counts as nothing in the means, and not at all in what follows them.
    """
    import numpy as np

    from research.benchmarks.attack_search import Asked

    experts = [np.nan_to_num(score(half, [each.references[0] for each in half])) for half in (asked, tried)]
    counted = [Asked(score=score, scenes=half, queries=0, seed=seed) for half in (asked, tried)]
    rows, means = [["experts", *(f"{each.mean():.3f}" for each in experts), "", "", ""]], {}
    for name, pieces in found.items():
        values = [each.values(pieces, range(len(each.scenes))) for each in counted]
        made = np.array([bool(reply) for reply in counted[1].replies(pieces, range(len(tried)))])
        # Where a template makes no reply an attacker has another: it is held against the experts where it makes one.
        means[name] = float(values[1][made].mean() / experts[1][made].mean()) if made.mean() >= SELDOM else 0.0
        cells = [f"{each.mean():.3f}" for each in values]
        beats = (values[1] > experts[1])[made].mean() if made.any() else 0.0
        rows.append([name, *cells, f"{made.mean():.0%}", f"{means[name]:.2f}", f"{beats:.0%}"])
    headers = ["template", "asked about", f"tried on {len(tried)} others", "made", "of the experts", "beats the expert"]
    table(headers, rows)
    best = max(means, key=lambda name: means[name])
    verdict = "holds" if means[best] <= BAR else "does not hold"
    say(f"best: {best}, {means[best]:.2f} of the experts' mean; the bar is {BAR:g}: the score {verdict}")
    say(f"  {' '.join(found[best])}")
    for reply in [each for each in counted[1].replies(found[best], range(len(tried))) if each][:_SHOWN]:
        say(f"  > {reply}")
    return {name: f"{mean:.2f} of the experts' mean on {len(tried)} other dialogues" for name, mean in means.items()}


def keep(found: "dict[str, tuple[Pieces, str]]") -> None:
    """Add templates to the controls' file, each once."""
    import yaml

    from espalier.artifacts.records import write_text
    from evaluation.controls.search import FILE, templates

    head = FILE.read_text(encoding="utf-8").partition("\n")[0]
    kept: dict[str, list[dict[str, Any]]] = {
        family: [{"pieces": list(each.pieces), "found": each.found} for each in entries]
        for family, entries in templates().items()
    }
    for family, (pieces, how) in found.items():
        if list(pieces) not in [each["pieces"] for each in kept[family]]:
            kept[family].append({"pieces": list(pieces), "found": how})
    write_text(FILE, f"{head}\n{yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=120)}")
    say(f"{FILE}: {sum(map(len, kept.values()))} templates")


if __name__ == "__main__":
    run_main(main)
