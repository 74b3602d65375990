"""Make preferences for good replies over replies made to win, for a reward model to learn what it never meets.

    python feedback/against.py --mix my-preferences --controls borrowed,no_content --name my-against
    python data_mix/build.py --name both --sources.0.path corpora:my-pairs/preferences.jsonl \\
        --sources.1.path corpora:my-against/preferences.jsonl

To each prompt of the training split that has a better reply and a worse one, the better is preferred to what a few of
the evaluator's families of made replies say. Leave kinds out: only those show how an attack is met that is not listed.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from collections import Counter
from typing import Annotated, Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, run_main

COMMAND = "feedback/against.py"


class AgainstConfig(Config):
    """Which good replies are preferred to which made ones."""

    mix: Name
    """The mix whose preferences are taken."""
    name: Name
    """Name of what is made: corpora/NAME."""
    controls: list[str] = ["borrowed", "no_content"]
    """Families of made replies, or kinds of them, or all."""
    per_prompt: Annotated[int, Field(ge=1)] = 2
    """Made replies to each prompt, of as many families, drawn by lot."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """At most so many prompts, drawn by lot."""
    seed: int = 0
    """Of what is drawn, and of the made replies."""


class AgainstOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(AgainstConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=AgainstOptions)
    return against(config, options)


def against(config: AgainstConfig, options: AgainstOptions) -> int:
    """Make what `config` describes; returns the exit code."""
    from espalier.artifacts import registry
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import is_complete
    from evaluation.controls.base import controls
    from evaluation.controls.choice import chosen, words_of

    families = [
        name for name in chosen(words_of(config.controls), controls(), "--controls ") if not controls()[name].adds
    ]
    if not families:
        raise UserError("--controls: what adds to a good reply is no worse than it; name families of other kinds")
    if not is_complete(artifact("mixes", config.mix)):
        raise UserError(f"there is no complete mix {config.mix!r}; python data_mix/build.py makes one")
    corpus = Corpus.open(
        config.name,
        to_dict(config),
        parents={f"mix:{config.mix}": registry.content_hash(f"mix:{config.mix}")},
        about=f"good replies of {config.mix} against made ones",
        command=COMMAND,
        made_in=options.made_in(config.name),
    )
    with corpus:
        if corpus.complete:
            say(f"{config.name} is already complete: {corpus.folder / 'preferences.jsonl'}")
        else:
            lines = made(config, families)
            counts = Counter(line["rejected_model"] for line in lines)
            told = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
            corpus.finish(
                {"preferences.jsonl": lines},
                about=f"{len(lines):,} good replies of {config.mix} against made ones",
                counts={"pairs": len(lines), "families": dict(sorted(counts.items()))},
            )
            say(f"{len(lines):,} pairs: {told}")
            say(f"complete: {corpus.folder / 'preferences.jsonl'}")
        if options.publish:
            corpus.publish()
    return 0


def made(config: AgainstConfig, families: list[str]) -> list[dict[str, Any]]:
    """The pairs. UserError where no prompt has a better reply and a worse one."""
    import random

    from espalier.artifacts.paths import artifact
    from espalier.text.rows import read_rows
    from evaluation.backends.controls import PREFIX
    from evaluation.controls.base import Scene, controls
    from feedback.rewards.best import best_replies

    path = artifact("mixes", config.mix) / "preferences" / "train.parquet"
    found = best_replies(read_rows(path)) if path.exists() else []
    if not found:
        raise UserError(f"mix {config.mix}: no prompt of its training split has a better reply and a worse one")
    if config.limit and config.limit < len(found):
        found = random.Random(config.seed).sample(found, config.limit)
    scenes = [Scene(messages=each.messages, references=(each.reply,), answer=each.answer) for each in found]
    lines = []
    for each, scene in zip(found, scenes, strict=True):
        others = Scene(
            messages=scene.messages, references=scene.references, answer=scene.answer, problem=each.id, others=scenes
        )
        drawn = random.Random(f"{config.seed}/{each.id}").sample(families, len(families))
        told = 0
        for name in drawn:
            (reply,) = controls()[name].replies([others], seed=config.seed)
            if reply and reply.strip() and reply.strip() != each.reply.strip() and told < config.per_prompt:
                said = {"messages": each.messages, "chosen": each.reply, "rejected": reply}
                lines.append(said | {"rejected_model": f"{PREFIX}{name}"})
                told += 1
            if told == config.per_prompt:
                break
    return lines


if __name__ == "__main__":
    run_main(main)
