"""Rank a round: performances, challenges, and the judges' rankings; and make preferences of what ranks better.

    python research/self_improvement/rank.py --judged NAME --name NAME

In corpora/NAME: pairs.jsonl and proposals.jsonl (what is preferred at challenges, and at being asked for some),
judgements.jsonl (what is preferred at judging), rows.jsonl (right answers by rule, a control), archive.jsonl, and
round.json, which says what the round came to.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.opening import FamilySettings
from research.self_improvement.voices import PREFIX

if TYPE_CHECKING:
    from feedback.making import Made
    from research.self_improvement.diversity.ranking import Ranked
    from research.self_improvement.families.family import Challenge, Family
    from research.self_improvement.judging.comparing import Compared
    from research.self_improvement.judging.preferences import Judgements
    from research.self_improvement.records import Played
    from research.self_improvement.round.judged import Judged
    from research.self_improvement.round.pairs import Replied

COMMAND = "research/self_improvement/rank.py"
PAIRS, PROPOSALS, JUDGEMENTS, ROWS = (f"{name}.jsonl" for name in ("pairs", "proposals", "judgements", "rows"))
ARCHIVE, FACTS = "archive.jsonl", "round.json"


class RankConfig(Config):
    """What is ranked, and by what."""

    name: Name = "ranked"
    """Name of the ranked round: corpora/NAME."""
    judged: Name | None = None
    """What is known of performances, and said of them: corpora/JUDGED."""
    families: FamilySettings = FamilySettings()
    """The families that they are of, set up as they were."""
    by: Literal["truth", "judges", "lot"] = "truth"
    """What says which of two is better: what is known, and judges where nothing is; judges alone, who are not held to
    truth either; or the lot, a control."""
    make: Literal["pairs", "best"] = "pairs"
    """Preferences, or the best of each alone, for models that can be taught by examples only."""
    keep: int = Field(2, ge=1)
    """Pairs of each prompt at most: the best with the worst, the second best with the second worst."""
    margin: float = Field(0.0, ge=0)
    """How much better the one has to be."""
    train: int | None = Field(None, ge=1)
    """Learn from so many challenges of each family at most, the best ranked; null for all that are new."""
    proposals: bool = True
    """Proposals too are preferred to one another, by what the challenges are worth that they gave."""
    judgements: bool = True
    """And judgements, by what is known."""
    number: int = Field(0, ge=0)
    """Which round."""
    after: Name | None = None
    """The ranked round before, whose archive goes on."""
    earlier: list[Name] = []
    """Challenges of earlier rounds, the oldest first."""
    diversity: DiversitySettings = DiversitySettings()
    """What diversity is measured and demanded."""
    prefix: str = PREFIX
    """What stands before an open-ended task."""
    seed: int = Field(0, ge=0)
    """Of what is drawn by lot."""


class RankOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(RankConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=RankOptions)
    if config.judged is None:
        raise UserError("--judged: is missing; it names what is known of performances")
    return rank(config, config.judged, options)


def rank(config: RankConfig, judged: str, options: RankOptions) -> int:
    """Rank what `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import verify_manifest, write_json

    before = [judged, *config.earlier, *([config.after] if config.after else [])]
    manifests = {name: verify_manifest(artifact("corpora", name)) for name in before}
    performances = manifests[judged]["config"]["performances"]
    challenges = verify_manifest(artifact("corpora", performances))["config"]["challenges"]
    manifests[challenges] = verify_manifest(artifact("corpora", challenges))
    parents = {f"corpus:{name}": manifest["content_hash"] for name, manifest in manifests.items()}
    decides = {key: value for key, value in to_dict(config).items() if key != "name"}
    about = f"{judged}, ranked by {config.by}"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"{config.name} is already complete: {corpus.folder / FACTS}")
        else:
            lines, facts = ranked(config, judged, performances, challenges)
            write_json(corpus.folder / FACTS, facts)
            counts = {name: len(found) for name, found in lines.items()}
            corpus.finish(lines, about=about, counts=counts)
            tell(facts)
            say(f"complete: {corpus.folder / FACTS}")
        if options.publish:
            corpus.publish()
    return 0


def ranked(
    config: RankConfig, judged: str, performances: str, challenges: str
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """The files of the corpus, by name, and the facts of the round."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import read_jsonl
    from research.self_improvement.families.opening import open_families
    from research.self_improvement.propose import PROPOSALS as PROPOSED
    from research.self_improvement.records import CHALLENGES, PERFORMANCES, by_challenge, read_challenges, read_played
    from research.self_improvement.round.judged import read_judged

    here = artifact("corpora", challenges)
    asked = read_challenges(here / CHALLENGES)
    proposals = [dict(line) for line in read_jsonl(here / PROPOSED)]
    earlier = [read_challenges(artifact("corpora", name) / CHALLENGES) for name in config.earlier]
    played = by_challenge(read_played(artifact("corpora", performances) / PERFORMANCES))
    said = read_judged(artifact("corpora", judged))
    lines: dict[str, list[dict[str, Any]]] = {file: [] for file in (PAIRS, PROPOSALS, JUDGEMENTS, ROWS, ARCHIVE)}
    facts: dict[str, Any] = {"number": config.number, "by": config.by, "families": {}}
    for name, family in open_families(config.families).items():
        those = [each for each in asked if each.family == name]
        found, of_family = by_family(
            config,
            family,
            those,
            [[each for each in one if each.family == name] for one in earlier],
            [line for line in proposals if line["family"] == name],
            played,
            said,
        )
        for file, more in found.items():
            lines[file] += more
        facts["families"][name] = of_family
    facts["creativity"] = creativity_of(said)
    return lines, facts


def by_family(
    config: RankConfig,
    family: "Family",
    challenges: "Sequence[Challenge]",
    earlier: "Sequence[Sequence[Challenge]]",
    proposals: Sequence[Mapping[str, Any]],
    every: "Mapping[str, Sequence[Played]]",
    said: "Judged",
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """What one family's part of the round comes to: files by name, and facts."""
    from dataclasses import asdict

    from evaluation.comparison.stats import Estimate
    from research.self_improvement.diversity.archive import read as read_archive
    from research.self_improvement.round import pairs, ranking
    from research.self_improvement.round.reference import reference_of

    by_rule, embed = reference_of(family, config.diversity)
    ids = {each.id for each in challenges}
    played = {each.id: every[each.id] for each in challenges}
    verdicts = {each: said.verdicts[each] for each in ids}
    truths = {name: [verdict.score for verdict in of] for name, of in verdicts.items()}
    lengths = {name: [len(each.performance.text) for each in of] for name, of in played.items()}
    compared = [each for each in said.compared if each.challenge in ids]
    opinions = {line["judge"]: Estimate(**line["opinion"]) for line in said.meta if line["family"] == family.name}
    controls = said.controls.get(family.name, [])
    panel = ranking.panel_of(compared, controls, opinions, truths, lengths, by=config.by)
    scores = ranking.scores_of(challenges, verdicts, compared, panel, by=config.by, seed=config.seed)
    tried = {each.id: ranking.tried_of(verdicts[each.id]) for each in challenges}
    levels = ranking.by_level(challenges, tried, family.trained)
    known = [each.content for one in earlier for each in one]
    ranks = ranking.ranking_of(family, challenges, tried, known, embed, config.diversity)
    diversity = ranking.diversity_of(challenges, earlier, by_rule, played, embed, config.diversity)
    before = read_archive(_archive(config.after)) if config.after else []
    before = [each for each in before if each.candidate.challenge.family == family.name]
    archive = ranking.archive_of(before, ranks, embed, config.diversity, config.number)
    learned = preferences(config, pairs.forks(_best(ranks, played, config.train), scores))
    values = {each.candidate.challenge.id: each.value for each in ranks}
    worth = [values.get(line["challenge"], 0.0) for line in proposals] if config.proposals else []
    proposed = preferences(config, pairs.asked(proposals if config.proposals else [], worth))
    judged = judgements_of(config, family, challenges, played, compared, panel.weights, truths)
    facts = ranking.facts_of(panel, archive, diversity, ranks, levels) | {
        "challenges": len(challenges),
        "by_model": sum(each.proposer != "rules" for each in challenges),
        "pairs": len(learned.lines),
        "proposal_pairs": len(proposed.lines),
        "judgement_pairs": len(judged.lines),
        "left_out": {"pairs": learned.left_out, "proposals": proposed.left_out, "judgements": judged.left_out},
        "refused": dict(Counter(line["why"] for line in proposals if line["why"]).most_common()),
    }
    return {
        PAIRS: learned.lines,
        PROPOSALS: proposed.lines,
        JUDGEMENTS: judged.lines,
        ROWS: right_answers(family, challenges, played),
        ARCHIVE: [asdict(each) for each in archive],
    }, facts


def preferences(config: RankConfig, replied: "Replied") -> "Made":
    """What is made of prompts whose replies are worth more or less, as `feedback/prefer.py` makes it."""
    from feedback import making
    from research.self_improvement.round.ranking import PASSED

    if config.make == "best":
        least = PASSED if config.by == "truth" else None
        return making.best(*replied, keep=config.keep, at_least=least, seed=config.seed)
    return making.pairs(*replied, keep=config.keep, margin=config.margin, seed=config.seed)


def judgements_of(
    config: RankConfig,
    family: "Family",
    challenges: "Sequence[Challenge]",
    played: "Mapping[str, Sequence[Played]]",
    compared: "Sequence[Compared]",
    weights: Mapping[str, float],
    truths: Mapping[str, Sequence[float | None]],
) -> "Judgements":
    """Judgements of which one is right and another is not, asked as they were."""
    from research.self_improvement.judging.panel import by_challenge
    from research.self_improvement.judging.preferences import Judgements, judgements
    from research.self_improvement.round.judged import contests_of
    from research.self_improvement.voices import prefixed

    if not config.judgements or config.by == "lot":
        return Judgements()
    told = {name: sorted({each.pair for each in those}) for name, those in by_challenge(compared).items()}
    return judgements(
        lambda *shown: prefixed(family.compare(*shown), config.prefix),
        contests_of(challenges, played, told),
        compared,
        weights,
        truths if config.by == "truth" else None,
        seed=config.seed,
    )


def right_answers(
    family: "Family", challenges: "Sequence[Challenge]", played: "Mapping[str, Sequence[Played]]"
) -> list[dict[str, Any]]:
    """Rows of right answers by rule, to the prompts as they were put: what a control imitates."""
    return [
        {
            "id": f"truth/{each.id}",
            "messages": [*played[each.id][0].said[0].messages, {"role": "assistant", "content": answer}],
        }
        for each in challenges
        if (answer := family.answer(each)) is not None
    ]


def creativity_of(said: "Judged") -> dict[str, Any]:
    """By family, how creative judges find this round's challenges beside those of earlier rounds and of rules."""
    from dataclasses import asdict

    from research.self_improvement.diversity.creativity import creativity, read

    asked: dict[str, list[dict[str, Any]]] = {}
    for line in said.creativity:
        asked.setdefault(line["family"], []).append(line)
    found = {}
    for name, lines in asked.items():
        answers = [read(line["reply"], line["order"]) for line in lines]
        sets = lines[0]["sets"]
        both = list(zip(answers[::2], answers[1::2], strict=True))
        found[name] = {"sets": sets, **asdict(creativity(len(sets), both))}
    return found


def tell(facts: Mapping[str, Any]) -> None:
    """Say what the round came to."""
    rows = [
        [name, of["challenges"], of["by_model"], of["pass_rate"], of["pairs"], of["proposal_pairs"],
         of["judgement_pairs"]]
        for name, of in facts["families"].items()
    ]  # fmt: skip
    table(["family", "challenges", "by a model", "passed", "pairs", "of proposals", "of judgements"], rows)
    for name, of in facts["families"].items():
        for why in of["diversity"]["below"]:
            say(f"note: {name} falls short: {why}")
        for why, number in of["left_out"]["pairs"].items():
            say(f"note: {name}: {number:,} prompts gave no pair: {why}")


def _best(
    ranks: "Sequence[Ranked]", played: "Mapping[str, Sequence[Played]]", most: int | None
) -> "dict[str, Sequence[Played]]":
    """The performances of the challenges that are learned from: of those that are worth anything, the best ranked."""
    worth = [each.candidate.challenge.id for each in ranks if each.value > 0]
    return {each: played[each] for each in worth[:most]}


def _archive(corpus: str) -> Path:
    from espalier.artifacts.paths import artifact

    return artifact("corpora", corpus) / ARCHIVE


if __name__ == "__main__":
    run_main(main)
