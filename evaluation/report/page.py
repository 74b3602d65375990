"""The page from top to bottom."""

from __future__ import annotations

from pathlib import Path

from espalier.records import write_text
from espalier.report import escape
from evaluation.report import examples, pictures, provenance, sections
from evaluation.report.material import Material
from evaluation.report.verdict import alone, verdict

_ASIDES = ("good_reply", "corrected_absent", "explicit_correction")


def write_report(material: Material, folder: Path) -> None:
    """Writes `report.md` and its pictures, which are named after the scores, into `folder`."""
    parts = [
        _opening(material, pictures.measures(material, folder / f"{material.name}.png")),
        _before_and_after(material),
        sections.measures(material),
        sections.comparisons(material),
        sections.by_group(material, "error", "By kind of mistake"),
        _picture("By kind of mistake", pictures.mistakes(material, folder / f"{material.name}-mistakes.png")),
        sections.by_strategy(material),
        sections.by_group(material, "split", "By kind of hold-out"),
        sections.dialogues(material),
        _failures(material),
        provenance.where_from(material),
        provenance.limits(material),
    ]
    write_text(folder / "report.md", "\n".join(part for part in parts if part))


def conclusions(material: Material) -> list[str]:
    """One paragraph of verdict per candidate; one on the baseline where it is alone."""
    asides = [metric for name in _ASIDES for metric in material.metrics if metric.name == name]
    found = [verdict(material.results, each, material.headline, asides) for each in material.candidates]
    return found or [alone(material.results, material.headline)]


def _opening(material: Material, picture: Path | None) -> str:
    names = " and ".join(each.name for each in material.candidates)
    baseline = material.results.baseline.name
    title = f"{names} against {baseline}" if names else baseline
    suite = material.suite
    paragraphs = [*conclusions(material), *provenance.leaks(material), escape(suite.description)]
    head = f"# {escape(title)}: {escape(suite.name)}, version {suite.version}"
    return "\n\n".join([head, *paragraphs, _picture("Share of replies by measure and model", picture)])


def _picture(caption: str, path: Path | None) -> str:
    return f"![{caption}]({path.name})\n" if path else ""


def _before_and_after(material: Material) -> str:
    models = [each.members[0] for each in (material.results.baseline, *material.candidates)]
    found = examples.before_and_after(material.results, models, material.seed)
    known = any(metric.name == "good_reply" for metric in material.metrics)
    marks = " ✓: keeps every rule of a good reply at once (see below); ✗: breaks one." if known else ""
    return (
        "## The same words, every model's reply\n\n"
        f"Drawn by lot and not by result, one case for each move where moves are known.{marks}\n\n{found}"
    )


def _failures(material: Material) -> str:
    who = (material.candidates or [material.results.baseline])[-1]
    found, total = examples.failures(material.results, who, material.headline, material.seed)
    if not total:
        return ""
    label = escape(material.headline.label)
    note = f"{total:,} first replies miss it ({label}). Some of them, drawn by lot:"
    return f"## Where {escape(who.name)} still fails\n\n{note}\n\n{found}"
