"""Build a mix.

    python data_mix/build.py [RECIPE.yaml] [--name NAME] [--any.key VALUE ...]
    python data_mix/build.py --name my-mix --sources.0.path my.jsonl
    python data_mix/build.py stage1-small --data_root DIR

With neither a recipe nor sources it builds the from-scratch mix `basil`. A mix is complete in mixes/NAME, or not there;
killed, the same command goes on where it was.
"""

import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from data_mix.recipe import DEFAULT_RECIPE, BuildOptions, Recipe
from espalier.artifacts.paths import artifact
from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import run_main

if TYPE_CHECKING:
    from data_mix.mixing.jobs import Job
    from data_mix.mixing.stopwatch import Stopwatch


def main(argv: list[str]) -> int:
    only_sources = any(word.startswith("--sources") for word in argv) and argv[0].startswith("--")
    recipe, options = load(
        Recipe,
        argv,
        prog="python data_mix/build.py",
        doc=__doc__,
        default=None if only_sources else DEFAULT_RECIPE,
        options=BuildOptions,
    )
    return build(recipe, options)


def build(recipe: Recipe, options: BuildOptions) -> int:
    """Make the mix that `recipe` describes; returns the exit code."""
    from data_mix.mixing import counting, jobs, manifest, mix
    from data_mix.mixing.refine import Refinery
    from data_mix.mixing.scratch import scratch, scratch_folder
    from data_mix.mixing.stopwatch import Stopwatch

    # What it is made of is known before anything is made: licences, hashes of files, the tokenizer, what to avoid.
    watch, folder = Stopwatch(), artifact("mixes", recipe.name)
    judged = mix.judge_licences(recipe)
    with watch("looking at the sources"):
        plan = jobs.plan(recipe)
    with watch("tokenizer and evaluations"):
        tokenizer = counting.find_tokenizer(recipe.tokenizer) if recipe.tokenizer else None
        grams, clear_of = mix.grams_of(recipe)
    facts = manifest.made_from(
        recipe, plan, judged, tokenizer=tokenizer, clear_of=clear_of, lexicons=mix.lexicons_of(recipe)
    )
    if made_in := options.made_in(recipe.name):
        facts["round"] = made_in.facts
    if not options.overwrite and manifest.is_built(folder, facts):
        say(f"mix {recipe.name} is already complete: {folder}")
        return 0

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that no worker is left behind
    say(f"mix {recipe.name}: {', '.join(source.label for source in recipe.sources)}, seed {recipe.seed}")
    with scratch(scratch_folder(folder, manifest.decides_refining(recipe, facts))) as work:
        with watch("refining"):
            mix.refine(Refinery(recipe, work, tokenizer, grams), plan.jobs, options)
        facts, audited = finish(recipe, plan.jobs, facts, work, folder, options, watch)
    report(folder, facts, audited)
    if options.timings:
        watch.write(options.timings)
    return 0


def finish(
    recipe: Recipe,
    jobs: "list[Job]",
    facts: dict[str, Any],
    work: Path,
    folder: Path,
    options: BuildOptions,
    watch: "Stopwatch",
) -> tuple[dict[str, Any], dict[str, Any]]:
    """From refined rows to a complete mix; returns the facts of its manifest and its audit."""
    from data_mix.card import audit, preference_figures
    from data_mix.card.page import write_card
    from data_mix.curriculum.bars import NUM_DIALOGUES, clear_bars
    from data_mix.mixing import manifest, mix
    from espalier.artifacts import records

    with records.staging(folder, replace=options.overwrite) as staged:
        tallies, decided = mix.make_splits(recipe, jobs, work, staged, watch)
        with watch("audit"):
            splits, preferences = audit.measure(staged), preference_figures.measure(staged)
            audited = audit.audit(tallies, splits, preferences) | decided
            audit.check_shares(audited)
            records.write_json(staged / "audit.json", audited)
        findings = clear_bars(recipe, workers=options.workers)
        facts |= {
            "splits": {name: {key: found[key] for key in SIZES} for name, found in audited["splits"].items()},
            "preferences": preference_figures.totals(audited["preferences"]),
            "duplicates": audited["duplicates"],
            "shares": audited["shares"],
            "entropy": audit.entropy(splits["train"]),
            "entropy_method": audit.ENTROPY_METHOD,
            "heldout": manifest.held_out(recipe),
            "lint": {"dialogues": NUM_DIALOGUES if findings else 0, "findings": [asdict(found) for found in findings]},
        }
        with watch("card"):
            write_card(staged, facts, audited, splits, findings, preferences)
        with watch("manifest"):
            # The rows alone are the mix's identity: packs come and go beside them, and a card may be worded anew.
            records.write_manifest(staged, facts, content=("*.parquet", "preferences/*.parquet"))
    return facts, audited


SIZES = ("rows", "text_rows", "chat_rows", "bytes", "tokens")


def report(folder: Path, facts: dict[str, Any], audited: dict[str, Any]) -> None:
    """Say what was built."""
    from espalier.command_line.console import table

    table(["split", *SIZES], [[name, *(found[key] for key in SIZES)] for name, found in facts["splits"].items()])
    for name, tally in audited["sources"].items():
        dropped = sum(tally["dropped"].values())
        reasons = (
            f" ({', '.join(f'{count:,} {reason}' for reason, count in tally['dropped'].items())})" if dropped else ""
        )
        compared = sum(count for split, count in tally["kept_by_split"].items() if split.startswith("preferences/"))
        kept = f"{tally['kept'] - compared:,} rows kept{f' and {compared:,} preferences' if compared else ''}"
        say(f"{name}: {tally['read']:,} records read, {kept}, {dropped:,} dropped{reasons}")
    for split, found in (facts["preferences"] or {}).items():
        counts = ", ".join(f"{found[key]:,} {key}" for key in ("pairs", "good", "bad") if found[key])
        say(f"preferences/{split}: {found['rows']:,} ({counts or 'none'}), trained on by --rows preference")
    for kind, found in facts["entropy"].items():
        say(f"entropy of {kind}s: {found['bits_per_byte']:.4f} bits per byte, over {found['rows']:,} rows")
    for name, found in facts["duplicates"].items():
        if found["in_train"]:
            say(f"{name}: {found['in_train']:,} of its rows stand in train too")
    say(f"complete: {folder} (read {folder / 'CARD.md'})")


if __name__ == "__main__":
    run_main(main)
