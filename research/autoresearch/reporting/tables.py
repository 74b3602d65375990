"""The tables of a report: what worked, what a replay found, ideas, failures, costs, and every try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from espalier.command_line.console import duration
from espalier.pages.shown import Row, Table
from espalier.report import percent
from research.autoresearch.deciding.noise import Noise
from research.autoresearch.replaying.comparing import REVERSED, count
from research.autoresearch.reporting.cells import counted, percents, plain, ranged, signed
from research.autoresearch.reporting.ideas import Idea, ideas_of
from research.autoresearch.reporting.luck import (
    effect_of,
    expected_reversals,
    kept_by_luck,
    lowest_by_luck,
    noise_of_baseline,
    reversed_by_replay,
)
from research.autoresearch.reporting.material import Loop, Run, Try

Replayed = Mapping[str, Any] | None
PARTS = ("propose", "check", "train", "evaluate", "rest")
OWN = ("propose", "check", "rest")


def worked(loop: Loop) -> Table:
    """What was kept, with its effect."""
    noise = noise_of_baseline(loop)
    return Table(
        "Effect: by how much val_bpb changed, with its 95 % interval: over the fresh seeds that confirmed it, paired, "
        "and as wide as several looks ask for; else of the one run that selected it, by the baseline's noise. "
        "Reversed: how likely a replay on three fresh seeds finds it no better, that winners were picked not counted.",
        ["no.", "commit", "what", "val_bpb", "effect", "told by", "lines", "parameters", "reversed"],
        [_worked(each, noise) for each in loop.kept],
    )


def _worked(kept: Try, noise: Noise | None) -> Row:
    effect, chance = effect_of(kept, noise), reversed_by_replay(kept, noise)
    return [
        kept.run.number,
        kept.run.short,
        kept.run.description,
        plain(kept.run.value),
        effect and ranged(effect.value, effect.low, effect.high),
        effect and (counted(effect.seeds, "fresh seed") if effect.seeds else "one run"),
        _beside(kept, "lines"),
        _beside(kept, "num_params"),
        None if chance is None else percent(chance),
    ]


def noise(loop: Loop, found: Replayed = None) -> Table:
    """The baseline's runs, and what luck alone would make of them."""
    measured, tries, rows = noise_of_baseline(loop), len(loop.tries), list[Row]()
    if loop.baselines:
        rows.append(["runs of the baseline", ", ".join(plain(each.value) or each.status for each in loop.baselines)])
    if measured:
        spread = "not measured by one run" if measured.width is None else f"{measured.width:.6f}"
        rows.append(["their mean and standard deviation", f"{measured.mean:.6f}, {spread}"])
        lowest = lowest_by_luck(measured, tries + 1)
        if tries and lowest is not None:
            rows += [
                ["lowest that as many runs of it would show", plain(lowest)],
                ["lowest that the loop shows", plain(loop.best.value if loop.best else None)],
            ]
    if tries:
        rows += [
            ["kept by luck, if nothing changed anything and strictly lower decided", f"{kept_by_luck(tries):.1f}"],
            ["kept", str(len(loop.kept))],
        ]
        back = expected_reversals(loop.kept, measured)
        rows.append(["of these, what a replay would reverse", None if back is None else f"about {back:.1f}"])
    if found and not found["ends"]:
        for file, words in (("val", "on val"), ("second", "on the second file")):
            reversed_ = count(found, file, REVERSED)
            rows.append([f"what its replay did reverse, {words}", f"{reversed_} of {len(found['steps'])}"])
    return Table(
        "What would be gained without deserving it: the spread of one commit's runs, and what it makes of so many "
        "tries. A standard deviation of few runs is itself uncertain.",
        ["", "val_bpb"],
        rows,
    )


def controls(loop: Loop) -> Table:
    """Who trains nothing."""
    rows: list[Row] = [[name, plain(value)] for name, value in loop.controls.items()]
    if rows and loop.best:
        rows.append(["the best commit of this loop", plain(loop.best.value)])
    return Table("On the same validation file, measured when it was prepared.", ["who", "val_bpb"], rows)


def replayed(loop: Loop, found: Replayed) -> Table:
    """The frontier trained again, step by step, and from end to end."""
    rows = list[Row]()
    runs = {each.commit: each for each in loop.frontier}
    for step in found["steps"] if found else ():
        run = runs.get(step["commit"])
        row = [run and run.number, step["commit"][:7], run and run.description]
        rows.append([*row, *_on_both(step), step["verdicts"]["second"]])
    if found and found["gain"] and len(found["steps"]) > 1:
        rows.append([None, None, "all, from the baseline to the last", *_on_both(found["gain"]), None])
    return Table(
        "Trained again from scratch on fresh seeds, each beside what it was made from with the same seed. On val: "
        "without the luck of being picked. On the second file, which no experiment ever met: without what was fitted "
        "to val either. A line's interval is 95 % for itself alone (Student's t over seeds).",
        ["no.", "commit", "what", "change on val", "change on the second file", "it"],
        rows,
    )


def _on_both(told: Mapping[str, Any]) -> list[str | None]:
    files = [told["val"], told["second"]]
    return [each and ranged(each["value"], each["low"], each["high"]) for each in files]


def gains(loop: Loop, found: Replayed) -> Table:
    """One gain told three ways."""
    rows, gain = list[Row](), found["gain"] if found else None
    first, last = (loop.frontier[0].value, loop.frontier[-1].value) if loop.kept else (None, None)
    if gain and first and last is not None:
        rows.append(["as the log has it: one run each, picked", plain(first), plain(last), signed(last - first),
                     f"{signed(100 * (last / first - 1), 1)} %"])  # fmt: skip
    for file, words in (("val", "on val, fresh seeds"), ("second", "on the second file, fresh seeds")):
        rows += _gain(words, gain[file]) if gain else []
        for name, of in (found or {}).get("beside", {}).items():
            rows += _gain(f"{name.replace('_', ' ')} {words}", of[file]) if gain else []
    return Table(
        "From the baseline to the last that was kept. From the first line to the second falls what was luck, from the "
        "second to the third what was fitted to the validation file.",
        ["", "baseline", "last", "change", "as a share"],
        rows,
    )


def _gain(words: str, told: Mapping[str, Any] | None) -> Iterator[Row]:
    if told:
        share = told["relative"]
        yield [
            words,
            plain(told["before"]),
            plain(told["after"]),
            ranged(told["value"], told["low"], told["high"]),
            share and percents(share["value"], share["low"], share["high"]),
        ]


def unreplayed(found: Replayed) -> Table:
    """Trainings of a replay that gave nothing."""
    rows = [[each["commit"][:7], each["seed"], each["why"]] for each in (found["failed"] if found else ())]
    return Table("", ["commit", "seed", "why"], rows)


def ideas(loop: Loop) -> Table:
    """What was tried, by idea."""
    return Table(
        "Of the search each choice that it changed, of others who proposed it; an experiment that changed several "
        "choices counts for each. Mean: over tries, beside the incumbent of the time, with its 95 % interval.",
        ["idea", "tried", "kept", "discarded", "crashed", "refused", "mean change", "best change", "by", "set to"],
        [_idea(each) for each in ideas_of(loop)],
    )


def _idea(idea: Idea) -> Row:
    best, mean = idea.best, idea.mean
    return [
        idea.name,
        len(idea.tries),
        *(idea.count(status) for status in ("keep", "discard", "crash", "refused")),
        mean and ranged(*mean),
        best and signed(best.change),
        best and best.run.short,
        ", ".join(idea.values) or None,
    ]


def failures(loop: Loop) -> Table:
    """Refused and crashed, by name."""
    found: dict[tuple[str, str], list[Run]] = {}
    for run in loop.runs:
        if run.status in ("crash", "refused"):
            found.setdefault((run.status, run.get("named") or "not named"), []).append(run)
    rows = [
        [status, name, len(runs), ", ".join(run.short for run in runs[:_MOST]), runs[-1].get("why")]
        for (status, name), runs in sorted(found.items(), key=lambda pair: (pair[0][0], -len(pair[1])))
    ]
    return Table("", ["status", "name", "times", "commits", "the last one's reason"], rows)


_MOST = 5


def costs(loop: Loop) -> Table:
    """Seconds by part, and what of them is the loop's own."""
    spent = {part: sum(run.seconds.get(part, 0.0) for run in loop.runs) for part in PARTS}
    total = sum(spent.values())
    rows: list[Row] = [[part, duration(seconds), percent(seconds / total)] for part, seconds in spent.items() if total]
    if total:
        budgets, own = sum(run.seconds.get("budget", 0.0) for run in loop.runs), sum(spent[part] for part in OWN)
        rows += [
            ["all", duration(total), percent(1.0)],
            ["of these within the budgets of trainings", duration(budgets), percent(min(1.0, budgets / total))],
            ["of these the loop's own: to propose, to check, the rest", duration(own), percent(own / total)],
        ]
    return Table(
        "Where the time went, confirming runs included. Training has the start of python, building and saving in it.",
        ["part", "time", "share"],
        rows,
    )


def tries(loop: Loop) -> Table:
    """Every line of the log."""
    beside = {each.run.number: each for each in loop.tries}
    return Table(
        "Change: of the first run, beside what it was held against.",
        ["no.", "commit", "status", "val_bpb", "change", "lines", "parameters", "memory, GB", "training", "all", "what",
         "named"],
        [_tried(run, beside.get(run.number)) for run in loop.runs],
    )  # fmt: skip


def _tried(run: Run, tried: Try | None) -> Row:
    memory, training, all_ = (run.get(key) for key in ("memory_gb", "training_seconds", "total_seconds"))
    return [
        run.number,
        run.short,
        run.status,
        plain(run.value),
        tried and signed(tried.change),
        _beside(tried, "lines") if tried else _number(run.get("lines")),
        _beside(tried, "num_params") if tried else _number(run.get("num_params")),
        None if memory is None else f"{memory:.1f}",
        None if training is None else f"{training:.1f} s",
        None if all_ is None else f"{all_:.1f} s",
        run.description,
        run.get("named"),
    ]


def _beside(tried: Try, key: str) -> str | None:
    """How many, and by how many more: `212 (+8)`."""
    now, more = tried.run.get(key), tried.more(key)
    if now is None or more is None:
        return _number(now)
    by = f"{more:+,}".replace("-", "\N{MINUS SIGN}") if more else "±0"
    return f"{now:,} ({by})"


def _number(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"
