"""Say how good performances are: by truth where it is known, and by judges in pairs, both orders.

    python research/self_improvement/judge.py --performances NAME --judges REF --name NAME

What is known of each is in corpora/NAME/verdicts.jsonl, and what every judge said of every pair in compared.jsonl.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from espalier.loops.lockstep import seed_of
from espalier.models import devices
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.opening import FamilySettings
from research.self_improvement.voices import PREFIX, AskSettings

if TYPE_CHECKING:
    from research.self_improvement.families.family import Challenge, Family
    from research.self_improvement.judging.comparing import Judge
    from research.self_improvement.records import Played

COMMAND = "research/self_improvement/judge.py"


class JudgeConfig(Config):
    """Who judges what."""

    name: Name = "judged"
    """Name of what is said: corpora/NAME."""
    performances: Name | None = None
    """The performances: corpora/PERFORMANCES."""
    families: FamilySettings = FamilySettings()
    """The families that they are of, set up as they were."""
    judges: list[str] = []
    """Who judges: models by reference, REF*5 for five seats of one, rule:random or rule:first as controls. None: truth
    alone."""
    meta_judge: str | None = None
    """Who says which judge's ranking is better, best somebody who does not judge."""
    most: int | None = Field(None, ge=1)
    """Put at most so many challenges of each family before judges, the first ones; null for all."""
    meets: int | None = Field(2, ge=1)
    """Others that each performance is compared with, about; null for all."""
    diversity: DiversitySettings = DiversitySettings()
    """How challenges by rule are drawn beside which sets are ranked."""
    sets: list[Name] = []
    """Challenges of earlier rounds that judges rank for creativity beside these, as sets."""
    prefix: str = PREFIX
    """What stands before an open-ended task."""
    temperature: float = Field(0.0, ge=0)
    """Of judges."""
    max_new_tokens: int = Field(8, ge=1)
    """Longest judgement; judges that think need hundreds."""
    seed: int = Field(0, ge=0)
    """Of the pairs that are drawn, and of judges."""
    unwalled: bool = False
    """Run programs without walls where the sandbox cannot be had: they can do what you can."""
    ask: AskSettings = AskSettings()
    """How judges are asked."""


class JudgeOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(JudgeConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=JudgeOptions)
    if config.performances is None:
        raise UserError("--performances: is missing; it names the performances that are judged")
    return judge_all(config, config.performances, options)


def judge_all(config: JudgeConfig, performances: str, options: JudgeOptions) -> int:
    """Judge what `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import verify_manifest
    from research.self_improvement.round.judged import VERDICTS
    from research.self_improvement.round.panel import models_of
    from research.self_improvement.voices import Sampling, Voice

    devices.check_here(config.ask.device)
    manifest = verify_manifest(artifact("corpora", performances))
    parents = {f"corpus:{performances}": manifest["content_hash"]}
    parents |= {f"corpus:{name}": verify_manifest(artifact("corpora", name))["content_hash"] for name in config.sets}
    asked = models_of([*config.judges, *([config.meta_judge] if config.meta_judge else [])])
    for model in asked:
        with Voice.open(model, Sampling(config.temperature, config.max_new_tokens), config.ask) as voice:
            parents |= voice.made_from
    decides = {key: value for key, value in to_dict(config).items() if key not in ("name", "ask", "unwalled")}
    decides |= {"ask": config.ask.decides}
    about = f"what is known of {performances}" + (f", and said by {', '.join(config.judges)}" if config.judges else "")
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"{config.name} is already complete: {corpus.folder / VERDICTS}")
        else:
            lines = judged(config, manifest["config"]["challenges"], performances)
            counts = count(lines)
            corpus.finish(lines, about=about, counts=counts)
            say(
                f"{counts['known']:,} of {counts['performances']:,} performances are known to be good or not, "
                f"{counts['right']:,} of them right; {counts['compared']:,} comparisons: {corpus.folder / VERDICTS}"
            )
        if options.publish:
            corpus.publish()
    return 0


def judged(config: JudgeConfig, challenges: str, performances: str) -> dict[str, list[dict[str, Any]]]:
    """The files of the corpus, by name."""
    from espalier.artifacts.paths import artifact
    from research.self_improvement.families.opening import open_families, open_pools
    from research.self_improvement.records import CHALLENGES, PERFORMANCES, by_challenge, read_challenges, read_played
    from research.self_improvement.round.judged import COMPARED, CONTROLS, CREATIVITY, META, VERDICTS, verdict_lines
    from research.self_improvement.round.panel import open_panel
    from research.self_improvement.voices import Sampling

    families = open_families(config.families)
    asked = read_challenges(artifact("corpora", challenges) / CHALLENGES)
    played = by_challenge(read_played(artifact("corpora", performances) / PERFORMANCES))
    with open_pools(families, workers=config.ask.threads, unsafe=config.unwalled) as pools:
        lines = {VERDICTS: verdict_lines(families, asked, played, pools)}
    right = {
        line["challenge"]: [verdict["score"] in (None, 1) for verdict in line["verdicts"]] for line in lines[VERDICTS]
    }
    lines |= {file: [] for file in (COMPARED, CONTROLS, META, CREATIVITY)}
    sampling = Sampling(config.temperature, config.max_new_tokens)
    meta = [config.meta_judge] if config.meta_judge else []
    with (
        open_panel(config.judges, sampling, config.ask, seed=config.seed, prefix=config.prefix) as panel,
        open_panel(meta, sampling, config.ask, seed=config.seed, prefix=config.prefix) as over,
    ):
        for name, family in families.items() if panel else ():
            those = [each for each in asked if each.family == name][: config.most]
            heard = by_judges(config, family, those, played, right, panel, next(iter(over.values()), None))
            for file, found in heard.items():
                lines[file] += found
            lines[CREATIVITY] += by_sets(config, family, those, panel)
    return lines


def by_judges(
    config: JudgeConfig,
    family: "Family",
    challenges: "Sequence[Challenge]",
    played: "Mapping[str, Sequence[Played]]",
    right: Mapping[str, Sequence[bool]],
    panel: "Mapping[str, Judge]",
    meta: "Judge | None",
) -> dict[str, list[dict[str, Any]]]:
    """What judges say of one family's performances, of controls among them, and of each other."""
    from dataclasses import asdict

    from research.self_improvement.judging.comparing import compare, to_compare
    from research.self_improvement.judging.controls import controls, said_of
    from research.self_improvement.judging.meta_judge import opinions
    from research.self_improvement.round.judged import COMPARED, CONTROLS, META, contests_of

    rng = random.Random(seed_of(config.seed, family.name, "judging"))
    pairs = {
        each.id: to_compare([one.performance for one in played[each.id]], rng, config.meets) for each in challenges
    }
    contests = contests_of(challenges, played, pairs)
    compared = compare(family.compare, contests, panel)
    # A wrong answer is no better than none: whoever says so is not fooled.
    good = [
        contest._replace(performances=[each for each, well in zip(said, right[challenge.id], strict=True) if well])
        for contest in contests
        for challenge, said, _ in [contest]
    ]
    made = controls(good, rng)
    said = said_of(made, compare(family.compare, [each.contest for each in made], panel))
    found, _ = opinions(meta, contests, compared) if meta else ({}, [])
    return {
        COMPARED: [asdict(each) for each in compared],
        CONTROLS: [{"family": family.name, "kind": kind, **asdict(each)} for kind, each in said],
        META: [{"family": family.name, "judge": name, "opinion": asdict(each)} for name, each in found.items()],
    }


def by_sets(
    config: JudgeConfig, family: "Family", challenges: "Sequence[Challenge]", panel: "Mapping[str, Judge]"
) -> list[dict[str, Any]]:
    """What judges answer who rank this round's challenges, those of earlier rounds, and those by rule, as sets."""
    from espalier.artifacts.paths import artifact
    from research.self_improvement.diversity.creativity import questions
    from research.self_improvement.records import CHALLENGES, read_challenges
    from research.self_improvement.round.reference import reference_of

    by_rule, _ = reference_of(family, config.diversity)
    sets = {"by rule": [each.content for each in by_rule], "this round": [each.content for each in challenges]}
    for name in config.sets:
        read = read_challenges(artifact("corpora", name) / CHALLENGES)
        sets[name] = [each.content for each in read if each.family == family.name]
    sets = {name: contents for name, contents in sets.items() if contents}
    if len(sets) < 2:
        return []
    asked = questions(list(sets.values()), random.Random(seed_of(config.seed, family.name, "sets")))
    return [
        {"family": family.name, "judge": name, "sets": list(sets), "order": each.order, "reply": reply}
        for name, judge in panel.items()
        for each, reply in zip(asked, judge([each.messages for each in asked]), strict=True)
    ]


def count(lines: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What it came to, in numbers."""
    from research.self_improvement.round.judged import COMPARED, VERDICTS

    scores = [each["score"] for line in lines[VERDICTS] for each in line["verdicts"]]
    known = [score for score in scores if score is not None]
    return {
        "performances": len(scores),
        "known": len(known),
        "right": sum(score == 1 for score in known),
        "compared": len(lines[COMPARED]),
    }


if __name__ == "__main__":
    run_main(main)
