"""Does a protected concept survive a fine-tuning that destroys it, what does that cost, and what of it does the work?

    python research/benchmarks/concepts.py [--seeds 5] [--arms '[unprotected, protected, random]'] [--name concepts]

The concept is number agreement (The dogs near the cat were …). A small Llama grows from random weights on sentences
that keep to it. It is then taught new sentences, in which every verb agrees wrongly, and in which something new is
always true: what is said of a thing tells the place that follows. By `stage1/train.py`, as it comes (a finished run is
not trained again). Prints Markdown, means over seeds with 95 % intervals (Student's t):

agreement    share of sentences, whose subjects are no examples', in which the right verb is likelier than the wrong one
of examples  the same of the subjects that examples have, in other sentences
new          share of the new sentences in which the likeliest place is the right one: what else is learned
nats         what the right place costs there, among all places
drift        how far the examples have left where the output layer read them (of the subspace that is kept)
speed        tokens a second over those of the unprotected runs
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import json
import math
import random
import tempfile
from typing import Any, NamedTuple

import yaml
from pydantic import Field

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.command_line.config import Config, load
from espalier.errors import UserError, run_main


def words_of(text: str) -> list[str]:
    return text.split()


THINGS = words_of(
    "dog cat bird horse frog car boat train hat coat shoe book pen key lamp chair table cup plate spoon girl boy king "
    "queen teacher doctor farmer baker tree flower apple pear plum cake egg house door wall road river hill star cloud "
    "ball doll"
)
VERBS = (("was", "were"), ("is", "are"), ("has", "have"))
HOW = words_of("red blue green old new big small good bad warm cold dry wet soft hard clean")
OBJECTS = words_of("milk bread salt sand snow paint glue ink")
PLACES = words_of(
    "Rome Paris London Berlin Madrid Vienna Dublin Athens Oslo Cairo Tokyo Lima Kyoto Mumbai Geneva Havana Nairobi "
    "Jakarta Quito Xian Ypres Zagreb Utrecht Seville"
)
WORDS = {"one": [one for one, _ in VERBS], "many": [many for _, many in VERBS]}
SEEN = THINGS[::2]
"""Subjects of the examples; the others' agreement is what counts."""
SMALL = {
    "rows": "text",
    "seq_len": 64,
    "micro_batch_size": 8,
    "compile": "off",
    "device": "cpu",
    "threads": 1,
    "log_every": 50,
    "checkpoint_every": 100_000,
    "heldout": {"every": 0},
    "checkin": {"every": 0},
    "monitors": {"on": "none"},
}
_CONCEPT = {"name": "number", "words": WORDS, "examples": "EXAMPLES"}
ARMS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "unprotected": ("wrong", None),
    "protected": ("wrong", {}),
    "random": ("wrong", {"how": "random"}),
    "projected only": ("wrong", {"held": 0}),
    "output layer only": ("wrong", {"layers": [2]}),
    "second layer only": ("wrong", {"layers": [1]}),
    "without words": ("wrong", {"words": None}),
    "unprotected, right verbs": ("right", None),
    "protected, right verbs": ("right", {}),
}
"""What it is called -> the mix it is taught on, and what differs in the concept; None for no protection."""


_ASKED = 400


class Benchmark(Config):
    """What to compare."""

    seeds: int = Field(5, ge=1)
    """Seeds of weights, rows and draws."""
    arms: list[str] = list(ARMS)
    """Which of them."""
    grown: int = Field(1000, ge=1)
    """Steps of the model that is gone on from."""
    steps: int = Field(600, ge=1)
    """Steps of each arm."""
    lr: float = Field(3e-3, gt=0)
    """Their peak learning rate."""
    name: str = "concepts"
    """What names of runs and mixes begin with."""


class Sentence(NamedTuple):
    """A sentence in its parts."""

    before: str
    """Up to the verb."""
    verb: str
    after: str
    """Up to the place."""
    place: str
    subject: str
    number: int
    """0 for one, 1 for many."""
    pair: tuple[str, str]
    """The verb for one and for many."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/concepts.py", doc=__doc__)
    unknown = sorted(set(settings.arms) - set(ARMS))
    if unknown:
        raise UserError(f"arms: there is no arm {unknown[0]!r}; there are {', '.join(ARMS)}")
    found: dict[str, list[dict[str, float]]] = {"grown": [], **{arm: [] for arm in settings.arms}}
    for seed in range(settings.seeds):
        name = f"{settings.name}-s{seed}"
        for mix in ("grown", "wrong", "right"):
            make_mix(f"{name}-{mix}", mix, seed)
        train(f"{name}-grown", "grown", name, seed, model=True, steps=settings.grown, optim={"lr": 4e-3})
        found["grown"].append(examine(f"{name}-grown", seed))
        for arm in settings.arms:
            mix, concept = ARMS[arm]
            run = f"{name}-{arm.replace(', ', '-').replace(' ', '-')}"
            facts: dict[str, Any] = {"parent": f"{name}-grown", "steps": settings.steps, "optim": {"lr": settings.lr}}
            if concept is not None:
                table = _CONCEPT | {"examples": str(artifact("mixes", f"{name}-grown") / "examples.jsonl")} | concept
                facts["protect"] = [table]
            train(run, mix, name, seed, **facts)
            found[arm].append(examine(run, seed))
            print(f"seed {seed}, {arm}: {json.dumps(found[arm][-1])}", file=sys.stderr, flush=True)
    print("\n".join(table_of(found)))


def sentence(chance: random.Random, *, wrong: bool, new: bool, things: list[str]) -> Sentence:
    """One sentence; `new` says that what is said of a thing tells the place, which anything may be otherwise."""
    subject, number, pair = chance.choice(things), chance.randrange(2), chance.choice(VERBS)
    before = f"The {chance.choice(HOW) + ' ' if chance.random() < 0.4 else ''}{subject}{'s' * number}"
    if chance.random() < 0.5:
        other = chance.choice(THINGS) + "s" * chance.randrange(2)
        before += f" {chance.choice(['near', 'behind', 'with'])} the {other}"
    said = chance.choice(OBJECTS if pair[0] == "has" else HOW)
    place = PLACES[(HOW + OBJECTS).index(said)] if new else chance.choice(PLACES)
    return Sentence(before, pair[number ^ wrong], f"{said} in", place, subject, number, pair)


def make_mix(name: str, mix: str, seed: int) -> None:
    """Rows, and beside those that the model grows on, examples of the concept."""
    from espalier.text.rows import Row, write_rows

    folder = artifact("mixes", name)
    if records.is_complete(folder):
        return
    chance = random.Random(f"{mix} {seed}")
    drawn = [sentence(chance, wrong=mix == "wrong", new=mix != "grown", things=THINGS) for _ in range(40_000)]
    rows = [
        Row(id=f"{mix}-{number}", source=mix, split="train", messages=[{"role": "text", "content": whole(each)}])
        for number, each in enumerate(drawn)
    ]
    with records.staging(folder) as temporary:
        write_rows(temporary / "train.parquet", rows)
        examples = [sentence(chance, wrong=False, new=False, things=SEEN) for _ in range(512)]
        table = [{"text": each.before, "label": ("one", "many")[each.number]} for each in examples]
        (temporary / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table), encoding="utf-8")
        records.write_manifest(temporary, {"kind": "mix", "name": name, "sources": []})


def whole(each: Sentence) -> str:
    return f"{each.before} {each.verb} {each.after} {each.place}."


def train(name: str, mix: str, of_seed: str, seed: int, *, model: bool = False, **facts: Any) -> None:
    """Make a run by the pipeline's own command, in this process; nothing where it is complete."""
    from stage1.train import main as stage1

    config = SMALL | {"name": name, "mix": f"{of_seed}-{mix}", "seed": seed} | facts
    config |= {"schedule": {"kind": "wsd", "warmup": 20, "decay_fraction": 0.5}}
    if model:
        config["model"] = {"num_layers": 2, "width": 64, "feed_forward": 128, "num_heads": 4}
        config["tokenizer"] = {"vocab_size": 1024}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        if stage1([str(file), "--publish", "false"]):
            raise UserError(f"run {name} stopped before its end; the same command goes on")


def examine(name: str, seed: int) -> dict[str, float]:
    """What a run knows of the concept and of what is new."""
    from espalier.models.loading import load_for_inference

    model, renderer = load_for_inference(name, device="cpu")
    figures = {}
    others = sorted(set(THINGS) - set(SEEN))
    for what, things in (("agreement", others), ("of examples", SEEN)):
        chance = random.Random(f"agreement {seed}")
        asked = [sentence(chance, wrong=False, new=False, things=things) for _ in range(_ASKED)]
        scores = said_next(model, renderer, [each.before for each in asked], [each.pair for each in asked])
        right = [row[each.number] > row[1 - each.number] for row, each in zip(scores, asked, strict=True)]
        figures[what] = sum(right) / _ASKED
    wrong = "right" not in name and "grown" not in name
    chance = random.Random(f"new {seed}")
    asked = [sentence(chance, wrong=wrong, new=True, things=THINGS) for _ in range(_ASKED)]
    texts = [f"{each.before} {each.verb} {each.after}" for each in asked]
    scores = said_next(model, renderer, texts, [tuple(PLACES)] * len(texts))
    given = [row[PLACES.index(each.place)] for row, each in zip(scores, asked, strict=True)]
    figures["new"] = sum(one == max(row) for one, row in zip(given, scores, strict=True)) / _ASKED
    costs = [math.log(sum(math.exp(other - one) for other in row)) for one, row in zip(given, scores, strict=True)]
    figures["nats"] = sum(costs) / _ASKED
    folder = artifact("runs", name)
    drifts = [row["number_drift_2"] for row in records.read_jsonl(folder / "metrics.jsonl") if "number_drift_2" in row]
    manifest = records.read_manifest(folder)
    assert manifest is not None
    return figures | {
        "drift": drifts[-1] if drifts else float("nan"),
        "speed": manifest["summary"]["tokens_per_second"],
    }


def said_next(model: Any, renderer: Any, texts: list[str], words: list[tuple[str, ...]]) -> list[list[float]]:
    """The logit of the first token of each text's words, behind the text."""
    import torch

    from training.concepts.examples import word_ids

    first = {word: word_ids("benchmark", word, renderer)[0] for some in words for word in some}
    scores = []
    with torch.no_grad():
        for text, some in zip(texts, words, strict=True):
            logits = model(input_ids=torch.tensor([renderer.text_prompt(text)])).logits[0, -1]
            scores.append([float(logits[first[word]]) for word in some])
    return scores


def table_of(found: dict[str, list[dict[str, float]]]) -> list[str]:
    columns = ("agreement", "of examples", "new", "nats", "drift", "speed")
    lines = [f"| | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    plain = found.get("unprotected") or found["grown"]
    for arm, rows in found.items():
        cells = []
        for column in columns:
            values = [row[column] for row in rows]
            if column == "speed":
                values = [value / other["speed"] for value, other in zip(values, plain, strict=True)]
            cells.append(interval(values))
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    for one, other in (("protected", "unprotected"), ("protected", "random")):
        if found.get(one) and found.get(other):
            differences = [a["agreement"] - b["agreement"] for a, b in zip(found[one], found[other], strict=True)]
            lines.append(f"\n{one} − {other}, agreement, paired by seed: {interval(differences)}")
    return lines


def interval(values: list[float]) -> str:
    """Mean and 95 % interval of a few values, by Student's t."""
    import numpy as np
    from scipy import stats

    if any(value != value for value in values):
        return "–"
    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:.3f}"
    half = float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)
    return f"{mean:.3f} ({mean - half:.3f} to {mean + half:.3f})"


if __name__ == "__main__":
    run_main(main)
