"""Make pairs, best replies or ratings of replies that a model gave, by what a scorer finds them worth.

    python feedback/prefer.py --samples basil-drawn --by rules=1 --make pairs --name basil-pairs
    python feedback/prefer.py --samples drawn-1 drawn-2 --by run:rm=1,leaks=-0.5 --make spg --name own-pairs

What is made is read by python data_mix/build.py --sources.0.path corpora:NAME/preferences.jsonl (best: rows.jsonl).
How many prompts gave nothing, and why, is said and kept in the manifest.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from feedback.making import Made
    from feedback.samples import Sampled
    from feedback.scoring import Floats


class PreferConfig(Config):
    """What is made of which replies, and by what score."""

    samples: list[Name] = []
    """Samples that python feedback/sample.py drew: corpora/NAME. Replies to the same prompt go together."""
    by: str = "rules=1"
    """What scores them: parts with weights, such as run:NAME=1,leaks=-0.5 or rules=1; see feedback/scoring.py."""
    make: Literal["pairs", "best", "rated", "spg", "views"] = "pairs"
    """Pairs of a better and a worse reply, the best replies alone, every reply with its rating, pairs by a model's
    own agreement, or two replies to each prompt that nobody compares (for reward.bottleneck)."""
    name: Name
    """Name of what is made: corpora/NAME."""
    keep: Annotated[int, Field(ge=1)] = 1
    """Pairs, or best replies, of each prompt at most."""
    margin: Annotated[float, Field(ge=0)] = 0.0
    """The replies of a pair lie further apart than this."""
    at_least: float | None = None
    """Best replies are worth so much, or the prompt is left out."""
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.5
    """By own agreement: the share of a prompt's replies that its largest cluster has at least."""
    clusters: str = "auto"
    """By own agreement: what says the same is told by truth, words, an embedding model's name, or auto: by truth where
    the prompt has one, else by words."""
    seed: int = 0
    """Of what is taken by lot."""


class PreferOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(PreferConfig, argv, prog="python feedback/prefer.py", doc=__doc__, options=PreferOptions)
    if not config.samples:
        raise UserError("--samples: name at least one; python feedback/sample.py draws some")
    return prefer(config, options)


def prefer(config: PreferConfig, options: PreferOptions) -> int:
    """Make what `config` describes; returns the exit code."""
    from espalier.artifacts import registry
    from espalier.artifacts.corpus import Corpus
    from feedback.scoring import open_scorer

    scorer = open_scorer(config.by, seed=config.seed)
    samples = gather(config.samples)
    parents = {f"corpus:{name}": registry.content_hash(f"corpus:{name}") for name in config.samples}
    corpus = Corpus.open(
        config.name,
        to_dict(config),
        parents=parents | scorer.made_of,
        about=f"{config.make} of {', '.join(config.samples)} by {scorer.text}",
        command="feedback/prefer.py",
        made_in=options.made_in(config.name),
    )
    with corpus:
        file = "rows.jsonl" if config.make == "best" else "preferences.jsonl"
        if corpus.complete:
            say(f"{config.name} is already complete: {corpus.folder / file}")
        else:
            parts = scorer.parts(samples)
            made, facts = make(config, samples, scorer.total(parts))
            counts = count(samples, made, parts, scorer.total(parts)) | facts
            tell(counts)
            if not made.lines:
                raise UserError(f"{config.name}: no prompt gave anything ({reasons(counts)})")
            about = f"{len(made.lines):,} {WHAT[config.make]} of {made.prompts:,} prompts, by {scorer.text}"
            corpus.finish({file: made.lines}, about=about, counts=counts)
            say(f"complete: {corpus.folder / file}")
        if options.publish:
            corpus.publish()
    return 0


WHAT = {"pairs": "pairs", "spg": "pairs", "best": "best replies", "rated": "rated replies", "views": "views"}


def gather(names: list[str]) -> "list[Sampled]":
    """The samples of these names, replies to the same prompt together.

    UserError where some answer what is kept from training: nothing made of them may be trained on.
    """
    from dataclasses import replace

    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import read_manifest
    from feedback.samples import read_samples

    found: dict[str, Sampled] = {}
    for name in names:
        samples = read_samples(name)
        if (read_manifest(artifact("corpora", name)) or {})["counts"]["kept_from_training"]:
            raise UserError(
                f"--samples {name}: their prompts are kept from training, to examine models by; draw others from "
                "mix:NAME/train, or say --may_train true to python feedback/sample.py of a file of your own"
            )
        for each in samples:
            key = repr(each.messages)
            before = found.get(key)
            found[key] = replace(before, replies=before.replies + each.replies) if before else each
    return list(found.values())


def make(config: PreferConfig, samples: "list[Sampled]", scores: "Floats") -> "tuple[Made, dict[str, Any]]":
    """What the prompts give, and facts of how."""
    from feedback import making
    from feedback.clusters import clusters

    if config.make == "best":
        return making.best(samples, scores, keep=config.keep, at_least=config.at_least, seed=config.seed), {}
    if config.make == "pairs":
        return making.pairs(samples, scores, keep=config.keep, margin=config.margin, seed=config.seed), {}
    if config.make == "rated":
        made, scale = making.rated(samples, scores)
        return made, {"scale": scale}
    if config.make == "views":
        return making.views(samples, seed=config.seed), {}
    found = clusters(samples, config.clusters)
    return making.spg(samples, scores, found, confidence=config.confidence, seed=config.seed), {}


def count(samples: "list[Sampled]", made: "Made", parts: "dict[str, Floats]", scores: "Floats") -> dict[str, Any]:
    """What was made, what gave nothing, and what replies are worth on average."""
    import numpy as np

    def mean(values: "Floats") -> float | None:
        told = values[np.isfinite(values)]
        return float(told.mean()) if len(told) else None

    replies = sum(len(each.replies) for each in samples)
    return {
        "made": len(made.lines),
        "prompts": len(samples),
        "prompts_used": made.prompts,
        "left_out": dict(made.left_out.most_common()),
        "replies": replies,
        "not_told": replies - int(np.isfinite(scores).sum()),
        "mean_score": mean(scores),
        "mean_of_parts": {name: mean(values) for name, values in parts.items()},
    }


def tell(counts: dict[str, Any]) -> None:
    """Say what was made, and what gave nothing."""
    mean = f", {counts['mean_score']:.3f} on average" if counts["mean_score"] is not None else ""
    say(
        f"{counts['replies']:,} replies to {counts['prompts']:,} prompts{mean}, "
        f"{counts['not_told']:,} of which nothing can be told"
    )
    say(f"{counts['made']:,} made of {counts['prompts_used']:,} prompts; {reasons(counts) or 'all gave some'}")


def reasons(counts: dict[str, Any]) -> str:
    """Why prompts gave nothing."""
    return ", ".join(f"{number:,} {why}" for why, number in counts["left_out"].items())


if __name__ == "__main__":
    run_main(main)
