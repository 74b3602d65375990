"""Build a mix.

    python data_mix/build.py [RECIPE.yaml] [--name NAME] [--any.key VALUE ...]
    python data_mix/build.py --name my-mix --sources.0.path my.jsonl

With neither a recipe nor sources it builds the from-scratch mix `basil`. A mix is complete in mixes/NAME, or not there.
"""

import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from data_mix.recipe import DEFAULT_RECIPE, BuildOptions, Recipe
from espalier.config import load
from espalier.console import say
from espalier.errors import run_main
from espalier.paths import artifact


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
    from data_mix import audit, manifest
    from data_mix.bars import NUM_DIALOGUES, clear_bars
    from data_mix.card import write_card
    from data_mix.mix import write_splits
    from espalier import records

    folder = artifact("mixes", recipe.name)
    facts = manifest.made_from(recipe)
    if not options.overwrite and manifest.is_built(folder, facts):
        say(f"mix {recipe.name} is already complete: {folder}")
        return 0

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing half-made is left
    say(f"mix {recipe.name}: {', '.join(source.label for source in recipe.sources)}, seed {recipe.seed}")
    with records.staging(folder, replace=options.overwrite) as staged:
        tallies = write_splits(recipe, staged, workers=options.workers)
        splits = audit.measure(staged)
        audited = audit.audit(tallies, splits)
        records.write_json(staged / "audit.json", audited)
        findings = clear_bars(recipe, workers=options.workers)
        facts |= {
            "splits": audited["splits"],
            "duplicates": audited["duplicates"],
            "entropy": audit.entropy(splits["train"]),
            "entropy_method": audit.ENTROPY_METHOD,
            "heldout": manifest.held_out(recipe),
            "lint": {"dialogues": NUM_DIALOGUES if findings else 0, "findings": [asdict(found) for found in findings]},
        }
        write_card(staged, facts, audited, splits, findings)
        # The rows alone are the mix's identity: packs come and go beside them, and a card may be worded anew.
        records.write_manifest(staged, facts, content=("*.parquet",))
    report(folder, facts, audited)
    return 0


def report(folder: Path, facts: dict[str, Any], audited: dict[str, Any]) -> None:
    """Say what was built."""
    from espalier.console import table

    columns = ("rows", "text_rows", "chat_rows", "bytes")
    table(["split", *columns], [[name, *(found[key] for key in columns)] for name, found in facts["splits"].items()])
    for name, tally in audited["sources"].items():
        dropped = sum(tally["dropped"].values())
        reasons = (
            f" ({', '.join(f'{count:,} {reason}' for reason, count in tally['dropped'].items())})" if dropped else ""
        )
        say(f"{name}: {tally['read']:,} records read, {tally['kept']:,} rows kept, {dropped:,} dropped{reasons}")
    for kind, found in facts["entropy"].items():
        say(f"entropy of {kind}s: {found['bits_per_byte']:.4f} bits per byte, over {found['rows']:,} rows")
    for name, found in facts["duplicates"].items():
        if found["in_train"]:
            say(f"{name}: {found['in_train']:,} of its rows stand in train too")
    say(f"complete: {folder} (read {folder / 'CARD.md'})")


if __name__ == "__main__":
    run_main(main)
