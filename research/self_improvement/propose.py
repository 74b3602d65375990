"""Propose the challenges of a round: by rule, and by a model that is shown what the archive holds.

    python research/self_improvement/propose.py --name NAME --families.predict_output.trained 8 --model REF

What is kept is in corpora/NAME/challenges.jsonl, and every proposal, with why it is none, in proposals.jsonl. Without a
model all challenges come by rule.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say, table
from espalier.errors import run_main
from espalier.models import devices
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.opening import FamilySettings
from research.self_improvement.voices import PREFIX, AskSettings

if TYPE_CHECKING:
    from research.self_improvement.round.proposing import Proposed

COMMAND = "research/self_improvement/propose.py"
PROPOSALS = "proposals.jsonl"


class ProposeConfig(Config):
    """Who proposes what."""

    name: Name = "challenges"
    """Name of the challenges: corpora/NAME."""
    families: FamilySettings = FamilySettings()
    """Of which families."""
    model: str | None = None
    """Who proposes: a run, a folder or a hub name, or openai:NAME@URL; null for rules alone."""
    number: int = Field(200, ge=1)
    """Challenges of each family."""
    by_rule: float = Field(0.5, ge=0, le=1)
    """Share of them that is written by rule at least. What proposals do not give comes by rule too, and is counted."""
    asks: int = Field(40, ge=1)
    """Times that the model is asked for challenges of each family."""
    each: int = Field(4, ge=1)
    """Proposals that it makes each time."""
    after: Name | None = None
    """The ranked round before: its archive is shown, and how hard each level was decides how often it is drawn."""
    earlier: list[Name] = []
    """Challenges of earlier rounds, which should not come again."""
    diversity: DiversitySettings = DiversitySettings()
    """How new a challenge is."""
    prefix: str = PREFIX
    """What stands before an open-ended task."""
    temperature: float = Field(1.0, ge=0)
    """Of proposals."""
    max_new_tokens: int = Field(256, ge=1)
    """Longest proposal."""
    seed: int = Field(0, ge=0)
    """Of all that is drawn."""
    unwalled: bool = False
    """Run programs without walls where the sandbox cannot be had: they can do what you can."""
    ask: AskSettings = AskSettings()
    """How the model is asked."""


class ProposeOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(ProposeConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=ProposeOptions)
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import verify_manifest
    from research.self_improvement.records import CHALLENGES, challenge_lines
    from research.self_improvement.voices import Sampling, Voice

    devices.check_here(config.ask.device)
    before = [*config.earlier, *([config.after] if config.after else [])]
    parents = {f"corpus:{name}": verify_manifest(artifact("corpora", name))["content_hash"] for name in before}
    with ExitStack() as opened:
        voice = None
        if config.model:
            sampling = Sampling(config.temperature, config.max_new_tokens)
            voice = opened.enter_context(
                Voice.open(config.model, sampling, config.ask, seed=config.seed, prefix=config.prefix)
            )
            parents |= voice.made_from
        decides = {key: value for key, value in to_dict(config).items() if key not in ("name", "ask", "unwalled")}
        decides |= {"ask": config.ask.decides}
        about = f"challenges by {config.model or 'rule'}"
        made_in = options.made_in(config.name)
        corpus = opened.enter_context(
            Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in)
        )
        if corpus.complete:
            say(f"challenges {config.name} are already complete: {corpus.folder / CHALLENGES}")
        else:
            found = proposed(config, voice)
            lines = [line for each in found.values() for line in challenge_lines(each.challenges)]
            proposals = [line for each in found.values() for line in each.proposals]
            corpus.finish({CHALLENGES: lines, PROPOSALS: proposals}, about=about, counts=count(found))
            tell(found)
            say(f"complete: {corpus.folder / CHALLENGES}")
        if options.publish:
            corpus.publish()
    return 0


def proposed(config: ProposeConfig, voice: Any) -> "dict[str, Proposed]":
    """By family what came of it."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import read_json
    from research.self_improvement.diversity.archive import read as read_archive
    from research.self_improvement.diversity.ranking import Tried
    from research.self_improvement.families.opening import open_families, open_pools
    from research.self_improvement.records import CHALLENGES, read_challenges
    from research.self_improvement.round.proposing import Wanted, propose
    from research.self_improvement.round.reference import reference_of

    families = open_families(config.families)
    after = artifact("corpora", config.after) if config.after else None
    archive = read_archive(after / "archive.jsonl") if after else []
    tried = read_json(after / "round.json")["families"] if after else {}
    earlier = [each for name in config.earlier for each in read_challenges(artifact("corpora", name) / CHALLENGES)]
    wanted = Wanted(number=config.number, by_rule=config.by_rule, asks=config.asks, each=config.each)
    found = {}
    with open_pools(families, workers=config.ask.threads, unsafe=config.unwalled) as pools:
        for name, family in families.items():
            _, embed = reference_of(family, config.diversity)
            found[name] = propose(
                family,
                wanted,
                voice=voice,
                archive=archive,
                tried=[Tried(**each) for each in tried.get(name, {}).get("levels", [])],
                known=[each.content for each in earlier if each.family == name],
                embed=embed,
                settings=config.diversity,
                pool=pools[name],
                seed=config.seed,
            )
    return found


def count(found: "dict[str, Proposed]") -> dict[str, Any]:
    """What was proposed, in numbers, by family."""
    return {
        name: {
            "challenges": len(each.challenges),
            "by_rule": sum(challenge.proposer == "rules" for challenge in each.challenges),
            "proposals": len(each.proposals),
            "usable": sum(bool(line["challenge"]) for line in each.proposals),
            "filled": each.filled,
            "refused": dict(each.refused.most_common()),
        }
        for name, each in found.items()
    }


def tell(found: "dict[str, Proposed]") -> None:
    """Say what came of it."""
    rows = [
        [name, of["proposals"], of["usable"], of["challenges"] - of["by_rule"], of["by_rule"], of["filled"]]
        for name, of in count(found).items()
    ]
    table(["family", "proposals", "usable", "kept", "by rule", "of them for want of proposals"], rows)
    for name, each in found.items():
        for why, number in each.refused.most_common(5):
            say(f"note: {name}: {number:,} proposals are no challenge: {why}")


if __name__ == "__main__":
    run_main(main)
