"""The page from top to bottom."""

from __future__ import annotations

from pathlib import Path

from espalier.artifacts.records import write_text
from espalier.report import escape, table
from evaluation.comparison.formats import between, gap, value
from evaluation.report import examples, learners, pictures, provenance, sections, tried, visibility
from evaluation.report.examples import wrong_but_sound
from evaluation.report.material import Material
from evaluation.report.sections import dialogues
from evaluation.report.tried import won_by
from evaluation.report.trust import trust
from evaluation.report.verdict import alone, figures, verdict

_ASIDES = ("pedagogy", "good_reply", "corrected_absent", "explicit_correction")


def write_report(material: Material, folder: Path) -> None:
    """Writes `report.md` and its pictures, which are named after the scores, into `folder`."""
    parts = [
        _opening(material, pictures.measures(material, folder / f"{material.name}.png")),
        _gates(material),
        learners.section(material),
        _before_and_after(material),
        sections.measures(material),
        tried.section(material),
        sections.comparisons(material),
        trust(material),
        sections.gaps(material),
        visibility.unseen(material),
        sections.by_group(material, "error", "By kind of mistake"),
        _picture("By kind of mistake", pictures.mistakes(material, folder / f"{material.name}-mistakes.png")),
        sections.by_strategy(material),
        sections.by_group(material, "level", "By level"),
        sections.by_group(material, "first_language", "By first language"),
        sections.by_group(material, "tag", "By tag", besides=("error", "strategy", "split", "level", "first_language")),
        sections.by_group(material, "split", "By kind of hold-out"),
        dialogues(material),
        wrong_but_sound(material),
        _failures(material),
        provenance.where_from(material),
        provenance.limits(material),
    ]
    write_text(folder / "report.md", "\n".join(part for part in parts if part))


def conclusions(material: Material) -> list[str]:
    """One paragraph of verdict per candidate, or on the baseline alone; before them why none can be given, if so.

    Behind them one per model on whom it gives what, where learners of both kinds ask.
    """
    return [*_on_teaching(material), *learners.verdicts(material)]


def _on_teaching(material: Material) -> list[str]:
    results, column = material.results, material.headline
    asides = [metric for name in _ASIDES for metric in material.metrics if metric.name == name]
    withheld = tried.withheld(material)
    if withheld:
        plain = [figures(results, each, column, asides) for each in material.candidates]
        return [f"**{withheld}** {tried.grounds(material, [])}", *(plain or [alone(results, column, "")])]
    found = [
        verdict(results, each, column, asides, tried.grounds(material, [each, results.baseline]))
        for each in material.candidates
    ]
    return found or [alone(results, column, tried.grounds(material, [results.baseline]))]


def log_line(material: Material) -> str:
    """The figures that decide, in one line of plain text."""
    column, results = material.headline, material.results
    parts = []
    for each in [results.baseline, *material.candidates]:
        found = results.estimate(each, column.name)
        compared = results.compare(each, column.name) if each != results.baseline else None
        difference = compared.difference if compared else None
        beside = (
            f" ({gap(column, difference.value)}, 95 % interval {between(column, difference)})" if difference else ""
        )
        parts.append(f"{each.name} {value(column, found.value) if found else '–'}{beside}")
    why = material.partial.get(column.name) or (won_by(material.bar) if material.bar.unbeaten else "")
    won = f" (verdict withheld: {why})" if why else ""
    return f"{material.suite.name} v{material.suite.version}, {column.label}: {'; '.join(parts)}{won}"


def _opening(material: Material, picture: Path | None) -> str:
    names = " and ".join(each.name for each in material.candidates)
    baseline = material.results.baseline.name
    title = f"{names} against {baseline}" if names else baseline
    suite = material.suite
    rules = sections.rules(material, [each for each in material.results.contestants if not each.control])
    paragraphs = [*conclusions(material), *visibility.cautions(material), *provenance.cautions(material), rules]
    if material.headline.name in material.unreliable:
        why = escape(material.unreliable[material.headline.name])
        paragraphs.append(f"**Caution: what decides is a judged column that is not reliable for new models: {why}**")
    head = f"# {escape(title)}: {escape(suite.name)}, version {suite.version}"
    return "\n\n".join(
        filter(
            None,
            [head, *paragraphs, escape(suite.description), _picture("Share of replies by measure and model", picture)],
        )
    )


def _picture(caption: str, path: Path | None) -> str:
    return f"![{caption}]({path.name})\n" if path else ""


def _gates(material: Material) -> str:
    if not material.gates:
        return ""
    rows = [[each.text, "passed" if each.passed else "failed", each.why] for each in material.gates]
    return "## Gates\n\n" + table(["condition", "outcome", "why"], rows)


def _before_and_after(material: Material) -> str:
    models = [each.members[0] for each in (material.results.baseline, *material.candidates)]
    found = examples.before_and_after(material.results, models, material.seed)
    known = any(metric.name == "good_reply" for metric in material.metrics)
    marks = " ✓: keeps every rule of a good reply at once (see below); ✗: breaks one." if known else ""
    return (
        "## The same words, every model's reply\n\n"
        f"Drawn by lot and not by result, one case for each move where moves are known.{marks}\n\n{found}"
        if found
        else ""
    )


def _failures(material: Material) -> str:
    """Replies that miss what decides, or do worst by it where it has degrees; none where it has no better side."""
    who = (material.candidates or [material.results.baseline])[-1]
    label, name = escape(material.headline.label), escape(who.name)
    if material.headline.better == "neither" or not material.results.estimate(who, material.headline.name):
        return ""
    if not material.results.counts(material.headline.name):
        found = examples.weakest(material.results, who, material.headline)
        return f"## Where {name} does worst\n\nFirst replies, the worst first ({label}):\n\n{found}" if found else ""
    found, total = examples.failures(material.results, who, material.headline, material.seed)
    if not total:
        return ""
    note = f"{total:,} first replies miss it ({label}). Some of them, drawn by lot:"
    return f"## Where {name} still fails\n\n{note}\n\n{found}"
