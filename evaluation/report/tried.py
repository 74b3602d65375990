"""What was tried against the figure that decides: replies made to win, and whether they were told from good ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from espalier.report import Markup, escape, table
from evaluation.comparison.bar import FEWEST, Bar, Margin, margins
from evaluation.comparison.figures import Contestant
from evaluation.comparison.formats import between, gap, size, value
from evaluation.metrics.base import Column
from evaluation.report.material import Material

TRY = "--controls all"
_NAMED = 2
"""Models, or controls, that a sentence names; of more it gives their number."""


def withheld(material: Material) -> str:
    """Why nobody can be said to teach better, in a sentence; empty where somebody can."""
    return _partial(material) or _not_teaching(material) or _at_the_floor(material)


def why_withheld(material: Material) -> dict[str, str]:
    """By name, the columns by which nobody can be said to be better, and why, as plain text."""
    return {name: won_by(bar) for name, bar in material.won.items()} | dict(material.partial)


def _partial(material: Material) -> str:
    column = material.headline
    if column.name not in material.partial:
        return ""
    what = "Who teaches better" if material.candidates else f"How well {escape(material.results.baseline.name)} teaches"
    return f"{what} cannot be told by “{escape(column.label)}”, which decides: {escape(material.partial[column.name])}."


def _not_teaching(material: Material) -> str:
    bar = material.bar
    if not bar.unbeaten:
        return ""
    alone = not material.candidates
    what = f"How well {escape(material.results.baseline.name)} teaches" if alone else "Who teaches better"
    by = f"by “{escape(bar.column.label)}”, which decides, {escape(won_by(bar))}"
    return f"{what} cannot be told: {by}, so it does not measure teaching here."


def won_by(bar: Bar) -> str:
    """The strongest control that is not beaten, what it does and what it gets, as plain text."""
    found = bar.unbeaten[0]
    return f"{_does(bar, found)} ({_beside(bar.column, found)})"


def _does(bar: Bar, found: Margin) -> str:
    if found.control.adds:
        return f"good replies, {found.control.label}, do better than as they are"
    level = "does as well as" if found.lead.value == 0 else "cannot be told from"
    how = "does better than" if found.lead.value < 0 else level
    return f"“{found.control.label}” {how} {_good_replies(bar)}"


def _good_replies(bar: Bar) -> str:
    return "good replies" if bar.is_reference else "the best of the models"


def _beside(column: Column, found: Margin) -> str:
    return f"{value(column, found.theirs)} against {value(column, found.ours)}"


def _at_the_floor(material: Material) -> str:
    """Where no model is surely ahead of every control."""
    compared = [material.results.baseline, *material.candidates]
    unbeaten = [_unbeaten(material, each) for each in compared]
    if not all(unbeaten):
        return ""
    best = max((found[0] for found in unbeaten), key=lambda each: each.lead.value)
    column = material.headline
    if len(compared) == 1:
        name = escape(compared[0].name)
        return f"{name} is at the floor: it cannot be shown to do better than {_control(column, best)}."
    names = f"Both models are at the floor: neither {escape(compared[0].name)} nor {escape(compared[-1].name)}"
    if len(compared) > _NAMED:
        names = f"All {len(compared)} models are at the floor: none of them"
    return f"{names} can be shown to do better than replies that do not teach, such as {_control(column, best)}."


def _control(column: Column, found: Margin) -> str:
    return f"“{escape(found.control.label)}” ({value(column, found.theirs)} against {value(column, found.ours)})"


def _unbeaten(material: Material, who: Contestant) -> list[Margin]:
    """The controls that a model is not surely ahead of, the strongest first."""
    whole = [each for each in material.controls if not each.adds]
    found = margins(material.results, who, material.headline, whole)
    return [each for each in found if not each.is_beaten and each.lead.num_clusters >= FEWEST]


def grounds(material: Material, models: Sequence[Contestant]) -> str:
    """Why the figure that decides may be believed or not: what was tried against it, and how clearly it was beaten."""
    bar, column = material.bar, material.headline
    if column.better == "neither":
        return ""
    if not bar.margins and not bar.added:
        fewest = f"No control could be tried on {FEWEST} independent cases, so"
        tried = fewest if material.controls else "No control was run, so"
        hint = "" if material.controls else f" ({TRY} runs them)"
        return f"{tried} nothing was tried against this figure{hint}."
    if not bar.margins:
        return " ".join(_added(bar))
    number, unbeaten = len(bar.margins), [each for each in bar.margins if not each.is_beaten]
    tried = f"{number} controls, replies made to win without teaching, were tried"
    if number == 1:
        tried = "One control, replies made to win without teaching, was tried"
    if unbeaten:
        return f"{tried}; {_good_replies(bar)} beat{_s(bar)} {number - len(unbeaten) or 'none'} of them beyond doubt."
    lead = bar.margins[0].lead
    ahead = f"{_good_replies(bar)[:1].upper()}{_good_replies(bar)[1:]} beat{_s(bar)} {_all(number)}"
    which = "" if number == 1 else "the strongest, "
    unit = " of 100" if column.is_share else ""
    by = f"by {size(column, lead.value)}{unit} ({size(column, lead.low)} to {size(column, lead.high)})"
    said = f"{tried}. {ahead}, {which}“{escape(bar.margins[0].control.label)}”, {by}."
    return " ".join([said, *(_of_model(material, each) for each in models if each != bar.by), *_added(bar)])


def _added(bar: Bar) -> list[str]:
    """That nothing added to good replies raises what decides, where that was tried and is so."""
    if not bar.added or not all(each.is_beaten for each in bar.added):
        return []
    return [f"Nothing that was added to good replies raises it ({len(bar.added)} tried)."]


def _s(bar: Bar) -> str:
    return "" if bar.is_reference else "s"


def _all(number: int) -> str:
    return "it" if number == 1 else "both" if number == 2 else "all of them"


def _of_model(material: Material, who: Contestant) -> str:
    unbeaten = _unbeaten(material, who)
    if not unbeaten:
        return (
            f"{escape(who.name)} beats them too." if len(material.controls) > 1 else f"{escape(who.name)} beats it too."
        )
    more = f" and {len(unbeaten) - 1} more" if len(unbeaten) > 1 else ""
    how = "does worse than" if unbeaten[0].lead.high < 0 else "is not told from"
    return f"{escape(who.name)} {how} {_control(material.headline, unbeaten[0])}{more}."


def tried(material: Material) -> dict[str, Any]:
    """What was tried against what decides, as plain data, the strongest first."""
    bar = material.bar
    return {
        "against": bar.by.name,
        "controls": [
            {
                "name": each.control.name,
                "mean": each.theirs,
                "beside": each.ours,
                "behind_by": asdict(each.lead),
                "beaten": each.is_beaten,
            }
            for each in (*bar.margins, *bar.added)
        ],
        "too_few": [each.control.name for each in bar.few],
        "not_made": {name: count for name, (count, _) in _not_made(material).items()},
    }


def for_page(material: Material) -> dict[str, Any]:
    """The same for the page, the strongest first: each figure as a number, and as it is `shown`."""
    bar = material.bar
    known = {each.control.name: each for each in (*bar.margins, *bar.added, *bar.few)}
    rest = [each for each in material.controls if each.name not in known]
    ranked = [*(each.control for each in known.values()), *rest]
    return {"by": _good_replies(bar), "rows": [_page_row(material, each, known.get(each.name)) for each in ranked]}


def _page_row(material: Material, control: Contestant, found: Margin | None) -> dict[str, Any]:
    number, missing = _counts(material, control)
    row: dict[str, Any] = {"name": control.name, "label": control.label, "kind": control.kind.replace("_", " ")}
    row |= {"number": number, "missing": missing, "mean": None, "beside": None, "lead": None, "beaten": ""}
    shown = {"number": f"{number:,}", "missing": f"{missing:,}"}
    if found:
        column = material.headline
        row |= {"mean": found.theirs, "beside": found.ours, "lead": found.lead.value, "beaten": _outcome(found)}
        shown |= {"mean": value(column, found.theirs), "beside": value(column, found.ours)}
        shown |= {"lead": gap(column, found.lead.value), "interval": between(column, found.lead)}
    return row | {"shown": shown}


def _outcome(found: Margin) -> str:
    if found.lead.num_clusters < FEWEST:
        return "too few cases"
    return ("does not rise" if found.control.adds else "yes") if found.is_beaten else "no"


def _counts(material: Material, control: Contestant) -> tuple[int, int]:
    """How many replies were made, and how many could not be."""
    records = material.results.records(control.name)
    missing = sum(record.finish == "error" for record in records)
    return len(records) - missing, missing


def not_made(material: Material) -> str:
    """How many controls could not be made for every case, and which least, in a line; empty where all could be."""
    found = sorted(_not_made(material).items(), key=lambda each: -each[1][0] / each[1][1])
    if not found:
        return ""
    named = ", ".join(f"{name} not for {some:,} of {of:,}" for name, (some, of) in found[:_NAMED])
    more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    return f"{len(found):,} of {len(material.controls):,} controls cannot be made for every case: {named}{more}"


def _not_made(material: Material) -> dict[str, tuple[int, int]]:
    """By control, how many replies could not be made, and of how many; only where there are such."""
    counts = {each.name: _counts(material, each) for each in material.controls}
    return {name: (missing, made + missing) for name, (made, missing) in counts.items() if missing}


def section(material: Material) -> str:
    """Every control beside good replies, the strongest of each kind first; what could not be made is counted."""
    if not material.controls:
        return ""
    bar, column = material.bar, material.headline
    shown = material.strongest_controls
    rest = [each for each in material.controls if each not in shown]
    known = {each.control.name: each for each in (*bar.margins, *bar.added, *bar.few)}
    headers = ["control", "it is", "kind", "n", "not made", column.label, _good_replies(bar), "ahead by", "beaten"]

    def rows(controls: Sequence[Contestant]) -> str:
        return table(headers, [_row(material, each, known.get(each.name)) for each in controls])

    return (
        "## What was tried against it\n\n"
        "Controls are replies made to win a score without teaching anybody. The measure that decides must give "
        f"{_good_replies(bar)} surely more than each of them, on the same cases: where the difference's interval "
        "reaches 0, the verdict is withheld. What adds to good replies must not surely raise them. A control that "
        f"cannot be made for a case has no score there, and counts if it could be made for {FEWEST} independent cases. "
        "Of dialogues they answer the first turn alone.\n\n"
        f"The strongest of each kind:\n\n{rows(shown)}"
        + (f"\n<details><summary>{_others(len(rest))}</summary>\n\n{rows(rest)}\n</details>\n" if rest else "")
        + _others_won(material)
    )


def _others(number: int) -> str:
    return "1 more control" if number == 1 else f"{number} more controls"


def _row(material: Material, control: Contestant, found: Margin | None) -> list[object]:
    column = material.headline
    facts = [Markup(f"`{control.name}`"), control.label, control.kind.replace("_", " "), *_counts(material, control)]
    if found is None:
        return [*facts, None, None, None, None]
    lead = found.lead
    by = Markup(f"{gap(column, lead.value)} ({between(column, lead)})")
    beaten = Markup("**no**") if _outcome(found) == "no" else _outcome(found)
    return [*facts, value(column, found.theirs), value(column, found.ours), by, beaten]


def _others_won(material: Material) -> str:
    """Columns besides the one that decides by which a control does as well as good replies."""
    won = material.won
    lines = [
        f"- *{escape(column.label)}*: {escape(won_by(won[column.name]))}\n"
        for column in material.metrics
        if column.name in won and column.name != material.headline.name
    ]
    if not lines:
        return ""
    return (
        "\nNor do these measures tell teaching from what was made to win here, and no gate may use them:\n\n"
        + "".join(lines)
    )
