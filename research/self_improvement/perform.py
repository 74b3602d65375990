"""Perform challenges: each several times, by one model or by several.

    python research/self_improvement/perform.py --challenges NAME --model REF --k 8 --name NAME

What came of each is in corpora/NAME/performances.jsonl, with all that was said.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from espalier.models import devices
from research.self_improvement.families.opening import FamilySettings
from research.self_improvement.voices import PREFIX, AskSettings

if TYPE_CHECKING:
    from research.self_improvement.records import Played

COMMAND = "research/self_improvement/perform.py"


class PerformConfig(Config):
    """Who performs what, and how often."""

    name: Name = "performances"
    """Name of the performances: corpora/NAME."""
    challenges: Name | None = None
    """The challenges: corpora/CHALLENGES."""
    families: FamilySettings = FamilySettings()
    """The families that they are of, set up as they were."""
    models: list[str] = []
    """Who performs: runs, folders, hub names, or openai:NAME@URL. The first is the one that learns."""
    k: int = Field(8, ge=1)
    """Performances of each challenge by each model."""
    prefix: str = PREFIX
    """What stands before an open-ended task."""
    temperature: float = Field(1.0, ge=0)
    """At 0 there is one performance."""
    top_p: float = Field(1.0, gt=0, le=1)
    """The share of probability that is kept."""
    max_new_tokens: int = Field(64, ge=1)
    """Longest thing said at a time."""
    seed: int = Field(0, ge=0)
    """Of all that is drawn."""
    ask: AskSettings = AskSettings()
    """How models are asked."""


class PerformOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(PerformConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=PerformOptions)
    if config.challenges is None or not config.models:
        raise UserError("--challenges and --models: both are needed, what is performed and by whom")
    if config.temperature == 0 and config.k > 1:
        raise UserError("--k: at temperature 0 all performances are the same; set a temperature, or k to 1")
    return perform_all(config, config.challenges, options)


def perform_all(config: PerformConfig, challenges: str, options: PerformOptions) -> int:
    """Perform what `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import verify_manifest
    from research.self_improvement.families.opening import open_families
    from research.self_improvement.records import CHALLENGES, PERFORMANCES, played_lines, read_challenges
    from research.self_improvement.voices import Sampling, Voice, perform

    devices.check_here(config.ask.device)
    families = open_families(config.families)
    folder = artifact("corpora", challenges)
    parents = {f"corpus:{challenges}": verify_manifest(folder)["content_hash"]}
    sampling = Sampling(config.temperature, config.max_new_tokens, config.top_p)
    voices = [
        Voice.open(model, sampling, config.ask, seed=config.seed, prefix=config.prefix) for model in config.models
    ]
    for voice in voices:
        parents |= voice.made_from
    decides = {key: value for key, value in to_dict(config).items() if key not in ("name", "ask")}
    decides |= {"ask": config.ask.decides}
    about = f"performances of {challenges} by {', '.join(config.models)}"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"performances {config.name} are already complete: {corpus.folder / PERFORMANCES}")
        else:
            asked, played = read_challenges(folder / CHALLENGES), list["Played"]()
            for number, voice in enumerate(voices):
                with voice:
                    numbers = range(number * config.k, (number + 1) * config.k)
                    played += perform(families, asked, numbers, voice, seed=config.seed)
            order = {each.id: place for place, each in enumerate(asked)}
            played.sort(key=lambda each: (order[each.challenge], each.number))
            counts = count(played, voices)
            corpus.finish({PERFORMANCES: played_lines(played)}, about=about, counts=counts)
            tell(counts)
            say(f"complete: {corpus.folder / PERFORMANCES}")
        if options.publish:
            corpus.publish()
    return 0


def count(played: "list[Played]", voices: list[Any]) -> dict[str, Any]:
    """What was performed, in numbers."""
    return {
        "challenges": len({each.challenge for each in played}),
        "performances": len(played),
        "replies": sum(len(each.said) for each in played),
        "silent": sum(bool(each.silence) for each in played),
        "failed": dict(sum((voice.failed for voice in voices), start=type(voices[0].failed)())),
    }


def tell(counts: dict[str, Any]) -> None:
    """Say what was performed, and what is odd about it."""
    say(
        f"{counts['performances']:,} performances of {counts['challenges']:,} challenges, {counts['replies']:,} "
        f"replies; in {counts['silent']:,} somebody said nothing"
    )
    for why, number in counts["failed"].items():
        say(f"note: {number:,} replies failed because: {why}")


if __name__ == "__main__":
    run_main(main)
