"""From jobs to the files of a mix: refine every piece anywhere, decide on the rows by their numbers, write them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_mix import licences
from data_mix.mixing import engine
from data_mix.mixing.jobs import Job
from data_mix.mixing.refine import NUM_HITS, Refinery
from data_mix.mixing.scratch import KeepScratch
from data_mix.mixing.split import AND
from data_mix.mixing.stopwatch import Stopwatch
from data_mix.mixing.tally import Tally
from data_mix.recipe import BuildOptions, Recipe, Source
from espalier.artifacts import records
from espalier.command_line.console import say
from espalier.errors import UserError

if TYPE_CHECKING:
    from data_mix.dedup.decontaminate import Grams
    from data_mix.mixing.catalogue import Catalogue
    from data_mix.mixing.shares import Allotment


def judge_licences(recipe: Recipe) -> list[licences.Judgement]:
    """What the licences of a recipe's sources say to its policy. Raises UserError where one is outside it."""
    judged = [_judge(recipe, source) for source in recipe.sources]
    refused = licences.refusal(judged, allow=recipe.allow)
    if refused:
        raise UserError(f"mix {recipe.name}: the policy is {recipe.policy}\n{refused}")
    for source in judged:
        if recipe.policy and source.conditions:
            say(f"note: {source.source} ({source.licence}): {source.conditions}")
    return judged


def _judge(recipe: Recipe, source: Source) -> licences.Judgement:
    corpus = licences.CURRICULUM_CORPUS if source.curriculum is not None else source.corpus
    return licences.judge(
        recipe.policy, source_name=source.label, corpus=corpus, hub=source.hub, licence=source.licence
    )


def grams_of(recipe: Recipe) -> tuple[Grams | None, list[dict[str, Any]]]:
    """What the rows must not overlap, and what it was made of. Raises UserError for a file that cannot be read."""
    if not recipe.keep_clear_of:
        return None, []
    from data_mix.dedup.decontaminate import SHORTEST, Grams, read_benchmark

    texts, facts = [], []
    for path in map(recipe.locate, recipe.keep_clear_of):
        if not path.is_file():
            raise UserError(f"keep_clear_of: {path}: no such file")
        found = read_benchmark(path)
        grams = Grams.of(found.texts)
        if not grams.num_grams:
            say(f"note: keep_clear_of: {path}: all of its texts have fewer than {SHORTEST} words: none is looked for")
        texts += found.texts
        facts.append(
            {
                "name": path.name,
                "sha256": found.sha256,
                "texts": len(found.texts),
                "too_short": grams.num_short,
                "grams": grams.num_grams,
            }
        )
    return Grams.of(texts), facts


def lexicons_of(recipe: Recipe) -> dict[str, str]:
    """Hashes of the lists of terms that filters read from files of the user's."""
    found = {}
    for source in recipe.sources:
        unsafe = recipe.filters_of(source).unsafe
        if unsafe is not None and isinstance(unsafe.lexicon, Path):
            if not unsafe.lexicon.is_file():
                raise UserError(f"filters.unsafe.lexicon: {unsafe.lexicon}: no such file")
            found[unsafe.lexicon.name] = records.sha256_file(unsafe.lexicon)
    return found


def refine(refinery: Refinery, jobs: list[Job], options: BuildOptions) -> None:
    """Refine every piece that is not refined yet."""
    engine.do(refinery, jobs, workers=options.workers, engine=options.engine, ray_address=options.ray_address)


def make_splits(
    recipe: Recipe, jobs: list[Job], scratch: Path, folder: Path, watch: Stopwatch
) -> tuple[dict[str, Tally], dict[str, Any]]:
    """Writes SPLIT.parquet files into `folder` from the refined rows in `scratch`, in the order of the sources, and
    preferences, where there are some, into its folder `preferences`.

    Returns what became of every source's records, and what was found out on the way. Raises UserError for a source
    that gives no row, a share that cannot be filled, and a split that would be empty.
    """
    # Imported only now: these start threads, after which forking is not safe.
    from data_mix.mixing.catalogue import Catalogue
    from data_mix.mixing.write import tallies_of, write_splits

    with watch("catalogue"):
        catalogue = Catalogue(recipe, jobs, scratch)
        preferences = Catalogue(recipe, jobs, scratch, of="preferences")
        _refuse_empty_source(catalogue, preferences)
        catalogue.keep_equal_together()
    with watch("duplicates"):
        near = catalogue.drop_duplicates(recipe.duplicates)
        near_preferences = preferences.drop_duplicates(recipe.duplicates)
    with watch("canned replies"):
        canned = _canned(catalogue)
    with watch("shares"):
        allotted, held_out = catalogue.take_shares()
        _refuse_empty_split(catalogue, preferences)
    with watch("writing"):
        tallies = tallies_of(catalogue)
        write_splits(catalogue, folder, tallies)
        if len(preferences.fate):
            write_splits(preferences, folder, tallies, within="preferences/")
    for facts in catalogue.facts:
        watch.add(facts["seconds"])
    return tallies, {
        "duplicates": catalogue.repeats(),
        "near_duplicates": near,
        "near_preferences": near_preferences,
        "canned_replies": canned,
        "in_an_evaluation": _hits(catalogue),
        "shares": None if allotted is None else _shares(recipe, allotted, held_out),
    }


def _canned(catalogue: Catalogue) -> dict[str, Any]:
    """For each source of files, how many of its replies differ, and the commonest one."""
    return {
        name: {
            "replies": found.replies,
            "distinct": found.distinct,
            "distinct_share": found.distinct_share,
            "largest_group": found.largest,
            "largest_reply": catalogue.reply(name, found.largest_key) if found.largest_key is not None else None,
        }
        for name, found in catalogue.replies().items()
        if found.replies
    }


def _hits(catalogue: Catalogue) -> dict[str, Any]:
    listed = [hit for facts in catalogue.facts for hit in facts["hits"]]
    rows = sum(facts["tally"]["dropped"].get("in_an_evaluation", 0) for facts in catalogue.facts)
    return {"rows": rows, "listed": listed[:NUM_HITS]}


def _shares(recipe: Recipe, allotted: Allotment, held_out: dict[str, int]) -> dict[str, Any]:
    return {
        "unit": recipe.unit,
        "asked_total": allotted.asked,
        "total": allotted.total,
        "shortfall": recipe.shortfall,
        "sources": {
            source.label: {
                "asked_percent": source.share,
                "target": allotted.targets[source.label],
                "valid_target": held_out[source.label],
                **({"short": allotted.short[source.label]} if source.label in allotted.short else {}),
            }
            for source in recipe.sources
        },
    }


def _refuse_empty_source(catalogue: Catalogue, preferences: Catalogue) -> None:
    for number, source in enumerate(catalogue.recipe.sources):
        if not any(len(found.fate[found.rows_of(number)]) for found in (catalogue, preferences)):
            tally = Tally()
            for job, facts in zip(catalogue.jobs, catalogue.facts, strict=True):
                if job.source == number:
                    tally.add(Tally.from_dict(facts["tally"]))
            raise UserError(_nothing_left(catalogue.recipe, source, tally))


def _nothing_left(recipe: Recipe, source: Source, tally: Tally) -> str:
    if source.curriculum is not None:
        return "the curriculum: neither sessions nor dialogues are asked for, so it has no row"
    where = recipe.locate(source.path) if source.path is not None else source.hub
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(tally.dropped.items()))
    read = f"all {tally.read:,} records were dropped ({reasons})" if tally.read else "it holds no record"
    consequence = "the mix would be empty" if len(recipe.sources) == 1 else f"{source.label} would be missing"
    return f"{where}: {read}, so {consequence}"


def _refuse_empty_split(catalogue: Catalogue, preferences: Catalogue) -> None:
    recipe = catalogue.recipe
    kept = catalogue.fate == 0
    used = {each.splits[code] for each in (catalogue, preferences) for code in set(each.split[each.fate == 0].tolist())}
    there = {name for split in used for name in split.split(AND)}
    for name, held in recipe.hold_out.items():
        if name not in there:
            raise UserError(f"mix {recipe.name}: hold_out.{name} holds nothing out: no row has such a {held.by}")
    if not len(kept):
        return  # a mix of preferences alone
    for number, source in enumerate(recipe.sources):
        if not kept[catalogue.rows_of(number)].any() and not (preferences.fate[preferences.rows_of(number)] == 0).any():
            raise KeepScratch(
                f"{source.label}: every row of it is said before by another source, so it would be missing"
            )
    if not (kept & (catalogue.split == 0)).any():
        raise UserError(
            f"mix {recipe.name}: no row is left to train on; lower --valid_fraction ({recipe.valid_fraction})"
        )
    if recipe.valid_fraction > 0 and not (kept & (catalogue.split == 1)).any():
        raise UserError(
            f"mix {recipe.name}: none of its {int(kept.sum())} rows fell into the held-out split at --valid_fraction "
            f"{recipe.valid_fraction}; raise it, give more rows, or set it to 0 to do without"
        )
