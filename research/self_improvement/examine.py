"""Examine a model on held-out challenges of known truth, and hold it against itself as it was in round 0.

    python research/self_improvement/examine.py --name NAME --model REF --families.predict_output.trained 8
    python research/self_improvement/examine.py --name OTHER --model REF … --against NAME [--judges REF …]

REF is a run, a folder, a hub name or openai:NAME@URL. Performances are the likeliest. The figures are in
corpora/NAME/exam.json; research/self_improvement/examination/__init__.py says what else stands there.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main
from espalier.models import devices
from research.self_improvement.families.opening import FamilySettings
from research.self_improvement.voices import PREFIX, AskSettings

if TYPE_CHECKING:
    from research.self_improvement.examination.holding import Held
    from research.self_improvement.examination.keeping import Kept
    from research.self_improvement.families.family import Family
    from research.self_improvement.voices import Voice

COMMAND = "research/self_improvement/examine.py"
FILE = "exam.json"
SAME = ("families", "size", "seed", "prefix", "max_new_tokens")
"""What two examinations have to have in common to be compared."""


class ExamineConfig(Config):
    """Who is examined, on what, and beside what."""

    name: Name = "exam"
    """Name of the examination: corpora/NAME."""
    model: str | None = None
    """Who is examined: a run, a folder, a hub name, or openai:NAME@URL."""
    families: FamilySettings = FamilySettings()
    """Which families of tasks."""
    size: int = Field(100, ge=1)
    """Challenges of each family, evenly of all its levels."""
    seed: int = Field(0, ge=0)
    """Of what is left to chance in games, and of the performances from which pairs for the judge are chosen."""
    prefix: str = PREFIX
    """What stands before each task; the same is asked without it too, to see what it does. Empty for nothing."""
    max_new_tokens: int = Field(256, ge=1)
    """A reply that has not ended after so many tokens is cut."""
    against: Name | None = None
    """The examination of round 0: what was gained since is told, challenge by challenge."""
    judges: list[str] = []
    """Who says which of the two performances of a challenge is better, that of round 0 or the present one."""
    pairs: int = Field(64, ge=0)
    """Pairs of each family, at most, that round 0 fixes to see how the model judges; 0 for none."""
    samples: int = Field(4, ge=2)
    """Performances of each challenge from which they are chosen."""
    temperature: float = Field(1.0, gt=0)
    """At which those are drawn."""
    unwalled: bool = False
    """Run programs without walls where the sandbox cannot be had: they can do what you can."""
    ask: AskSettings = AskSettings()
    """How models are asked."""


class ExamineOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(ExamineConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=ExamineOptions)
    if config.model is None:
        raise UserError("--model: is missing; it names the model that is examined")
    if config.judges and not config.against:
        raise UserError("--judges: have nothing to compare; name the examination of round 0 by --against")
    if len(set(config.judges)) < len(config.judges):
        raise UserError("--judges: names one twice; its likeliest answers are the same both times")
    return examine(config, config.model, options)


def examine(config: ExamineConfig, model: str, options: ExamineOptions) -> int:
    """Hold the examination that `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.records import write_json
    from espalier.artifacts.registry import content_hash
    from research.self_improvement.examination.keeping import read_kept
    from research.self_improvement.families.opening import open_families

    devices.check_here(config.ask.device)
    families = open_families(config.families)
    parents = dict[str, str]()
    for reference in (model, *config.judges):
        with speaking(config, reference) as voice:
            parents |= voice.made_from
    if config.against:
        parents[f"corpus:{config.against}"] = content_hash(f"corpus:{config.against}") or ""
    decides = {key: value for key, value in to_dict(config).items() if key not in ("name", "ask", "unwalled")}
    decides["ask"] = config.ask.decides
    first = read_kept(config.against, decides, SAME) if config.against else None
    about = f"an examination of {model}" + (f" against {config.against}" if config.against else "")
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"examination {config.name} is already complete: {corpus.folder / FILE}")
        else:
            held = held_by(config, model, families, first)
            found = {"model": model, "prefix": config.prefix, "size": config.size, **held.facts}
            write_json(corpus.folder / FILE, found)
            corpus.finish(held.lines, about=f"{about}: {said(found)}", counts=count(found))
            tell(found)
            say(f"complete: {corpus.folder / FILE}")
        if options.publish:
            corpus.publish()
    return 0


def held_by(config: ExamineConfig, model: str, families: "dict[str, Family]", first: "Kept | None") -> "Held":
    """The examination, held beside that of round 0, where that is not the one that is held."""
    from contextlib import ExitStack

    from espalier.sandbox import Pool
    from research.self_improvement.examination.holding import hold
    from research.self_improvement.examination.sitting import Examiner

    with ExitStack() as stack:
        # Programs that solve a task have to be run; what a program prints is known beforehand.
        runs = families.get("programming")
        pool = stack.enter_context(Pool(runs.limits, unsafe=config.unwalled)) if runs else None
        examiner = Examiner(
            families=families,
            size=config.size,
            prefix=config.prefix,
            seed=config.seed,
            pairs=config.pairs,
            samples=config.samples,
            temperature=config.temperature,
            pool=pool,
        )
        return hold(
            examiner,
            model,
            lambda reference, temperature, prefix: speaking(config, reference, temperature, prefix),
            judges=config.judges,
            first=first,
        )


def speaking(config: ExamineConfig, reference: str, temperature: float = 0.0, prefix: str = "") -> "Voice":
    """Whoever a reference names, opened; no weights are loaded yet."""
    from research.self_improvement.voices import Sampling, Voice

    sampling = Sampling(temperature=temperature, max_new_tokens=config.max_new_tokens)
    return Voice.open(reference, sampling, config.ask, seed=config.seed, prefix=prefix)


def said(found: dict[str, Any]) -> str:
    """What it came to, in a line."""
    from espalier.report import percent

    shares = [f"{name} {percent(each['asked']['all']['value'])}" for name, each in found["families"].items()]
    gained = found["against"] and found["against"]["gain"]["all"]["difference"]
    told = f", {100 * gained['value']:+.1f} points since round 0" if gained else ""
    return ", ".join(shares) + told


def count(found: dict[str, Any]) -> dict[str, Any]:
    """What it came to, in numbers."""
    return {
        "challenges": sum(each["challenges"] for each in found["families"].values()),
        "share": found["all"]["share"]["value"],
        "pairs": found["judging"]["pairs"] if found["judging"] else 0,
    }


def tell(found: dict[str, Any]) -> None:
    """Say what it came to."""
    rows = list[list[Any]]()
    for name, each in found["families"].items():
        best = max(each["controls"], key=lambda control: each["controls"][control]["share"]["value"])
        parts = [each["asked"][part] and each["asked"][part]["value"] for part in ("all", "trained", "harder")]
        plain = each["plain"] and each["plain"]["all"]["value"]
        rows.append([name, *parts, plain, f"{best}: {each['controls'][best]['share']['value']:.3f}"])
    table(["family", "won", "trained levels", "harder ones", "without the prefix", "the best control"], rows)
    if against := found["against"]:
        gain, judged = against["gain"]["all"]["difference"], against["judged"]["win_rate"]
        say(f"gained since {against['exam']}: {gain['value']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})")
        if judged:
            say(f"judges prefer it: {judged['value']:.3f} ({judged['low']:.3f} to {judged['high']:.3f})")
    if judging := found["judging"]:
        say(f"as a judge it is right of {judging['right']['value']:.3f} of {judging['pairs']} fixed pairs")


if __name__ == "__main__":
    run_main(main)
