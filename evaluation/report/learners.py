"""What each kind of learner gets, heritage speakers beside learners of the language as a new one.

A suite in which both make the same request lets every model be set beside itself: what it does for the one and for the
other, pair by pair. Models are not compared here, and no figure is a mark: more of one is not better, it is for whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean

from espalier.report import Markup, escape, table
from evaluation.comparison.bar import FEWEST, REFERENCE, bar, margins
from evaluation.comparison.figures import Contestant
from evaluation.comparison.formats import between, gap, shown, size, value
from evaluation.comparison.paired import Comparison
from evaluation.comparison.stats import Estimate
from evaluation.comparison.tables import first_reply, in_group
from evaluation.metrics.base import Column
from evaluation.metrics.identity import affirmation, grammar_talk, suits_learner
from evaluation.metrics.switching import switch_rate
from evaluation.report.material import Material
from evaluation.report.tried import won_by
from evaluation.varieties.mixing import shares

KIND, L2, HERITAGE = "learner_kind", "l2", "heritage"
TITLE = "What each kind of learner gets"
PLAIN = {
    "suits_learner": "Gets what suits this kind of learner",
    "affirmation": "Is told that their own words, or way of speaking, are theirs and right as they are",
    "grammar_talk": "Hears about grammar, sounds or spelling (share of the tutor's sentences)",
    "explicit_correction": "Is corrected to the face",
    "switch_rate": "Is answered in two languages (share of the tutor's words in the second)",
    "switch_rate_match": "Is answered in two languages about as much as they mix them",
    "switch_as_move": "Has a switch of languages taken up, not passed over",
    "dialect_match": "Is spoken to in their own variety of the language",
    "register_match": "Is spoken to as formally as they speak",
    "language_accuracy": "Hears language that is right, where that can be checked",
    "vocabulary_fit": "Hears words within their reach",
    "level_fit": "Hears English at their level",
    "uptake": "Has their own words taken up",
}
"""A column in the words of who runs a programme; others have no row here."""
_FEWEST = 5
"""Pairs below which a difference is not spoken of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One thing that learners get, of one model."""

    label: str
    """In plain words."""
    heritage: str
    """What heritage speakers get, with its interval; empty for nothing measured."""
    l2: str
    """What the others get."""
    difference: str
    """Heritage speakers' less the others', pair by pair, with its interval; empty where there are too few pairs."""
    pairs: int
    """Requests that both made and that have a figure for both."""
    says: str
    """What that comes to, in words."""


def applies(material: Material) -> bool:
    """Whether both kinds of learner are there, and anything of this page is measured."""
    measured = any(column.name in PLAIN for column in material.of_replies)
    return measured and {L2, HERITAGE} <= set(material.results.groups(KIND))


def rows(material: Material, who: Contestant) -> list[Row]:
    """Everything that one model, or the good replies, gives to each kind."""
    return [row for column in _columns(material) if (row := _row(material, who, column))]


def _columns(material: Material) -> list[Column]:
    known = {column.name: column for column in material.of_replies}
    return [known[name] for name in PLAIN if name in known]


def _row(material: Material, who: Contestant, column: Column) -> Row | None:
    results = material.results
    theirs, ours = (results.estimate(who, column.name, in_group(KIND, kind)) for kind in (HERITAGE, L2))
    if theirs is None and ours is None:
        return None
    found = results.between(who, column.name, KIND, L2, HERITAGE)
    pairs = found.difference.num_cases if found else 0
    enough = found if found and pairs >= _FEWEST else None
    return Row(
        label=PLAIN[column.name] + (_of_learners(material) if column.name == switch_rate.name else ""),
        heritage=_shown(column, theirs),
        l2=_shown(column, ours),
        difference=f"{gap(column, enough.difference.value)} ({between(column, enough.difference)})" if enough else "",
        pairs=pairs,
        says=_in_words(enough) if enough else "too few pairs to tell",
    )


def _shown(column: Column, found: Estimate | None) -> str:
    return str(shown(column, found)) if found else ""


def _of_learners(material: Material) -> str:
    """How much the learners mix themselves."""
    rates: dict[str, list[float]] = {HERITAGE: [], L2: []}
    for record in filter(first_reply, material.results.records(material.reference)):
        if record.truth and record.truth.learner_kind in rates and record.sample == 0:
            rates[record.truth.learner_kind].append(sum(list(shares(record.truth.learner).values())[1:]))
    if not all(rates.values()):
        return ""
    return f"; the learners themselves: {mean(rates[HERITAGE]):.0%} and {mean(rates[L2]):.0%}"


def _in_words(found: Comparison) -> str:
    if found.difference.low > 0:
        return "more for heritage speakers"
    return "more for L2 learners" if found.difference.high < 0 else "no difference that can be told from chance"


def section(material: Material) -> str:
    """A table for every model and for the good replies; empty where not both kinds of learner are there."""
    if not applies(material):
        return ""
    parts = [
        f"## {TITLE}\n\n"
        "Every request was made twice: by somebody who grew up with the language at home (a heritage speaker), and by "
        "somebody who learns it as a new one (an L2 learner). Read a line as: of 100 replies to heritage speakers so "
        "many, of 100 to L2 learners so many. The difference is that within each pair, with the range in which it lies "
        "in 95 of 100 such trials; where that range has 0 in it, chance may be all there is. A line without a better "
        "side is no mark: what counts is who gets it.\n"
    ]
    for who in _whom(material):
        head = ["what the learner gets", "heritage speakers", "L2 learners", "difference", "pairs", "in words"]
        cells: list[list[object]] = [
            [each.label, Markup(each.heritage), Markup(each.l2), Markup(each.difference), each.pairs, each.says]
            for each in rows(material, who)
        ]
        parts.append(f"### {escape(_name(who))}\n\n{table(head, cells)}")
    return "\n".join(parts)


def _whom(material: Material) -> list[Contestant]:
    good = [each for each in material.results.contestants if each.name == REFERENCE]
    return list({each.name: each for each in [*material.models, *good]}.values())


def _name(who: Contestant) -> str:
    return "a master teacher's replies" if who.name == REFERENCE else who.name


def for_page(material: Material) -> list[dict[str, object]]:
    """The same tables for the page, as plain text."""
    if not applies(material):
        return []
    return [{"name": _name(who), "rows": rows(material, who)} for who in _whom(material)]


def verdicts(material: Material) -> list[str]:
    """A paragraph on each model: does it tell the two apart? One that says why none is given, where a control wins."""
    decides = next((column for column in material.of_replies if column.name == suits_learner.name), None)
    if not applies(material) or decides is None:
        return []
    held = bar(material.results, decides)
    if held.unbeaten:
        return [
            "**Whether a model gives each kind of learner what suits it is not said here:** by that measure "
            f"{escape(won_by(held))}."
        ]
    tried = "" if held.margins else " No control was tried against these figures."
    return [found + tried for who in material.models if (found := _verdict(material, who, decides))]


def _verdict(material: Material, who: Contestant, decides: Column) -> str:
    accepted, explained = (
        material.results.between(who, column.name, KIND, L2, HERITAGE) for column in (affirmation, grammar_talk)
    )
    if accepted is None or explained is None or accepted.difference.num_cases < _FEWEST:
        return ""
    name, level = escape(who.name), _level_with(material, who, decides)
    if level:
        return f"**Whether {name} tells the two kinds of learner apart is not said here:** {level}."
    one, other = accepted.difference, explained.difference
    right, wrong = (one.low > 0) + (other.high < 0), (one.high < 0) + (other.low > 0)
    how = {
        2: f"**{name} tells the two kinds of learner apart.**",
        1: f"**{name} tells the two kinds of learner apart in part.**",
        0: f"**{name} cannot be shown to tell the two kinds of learner apart.**",
    }[right]
    if wrong:
        how = f"**{name} tells the two kinds of learner apart the wrong way round, at least in part.**"
    return (
        f"{how} In replies to heritage speakers what they bring is called theirs {_more(affirmation, one)} than in "
        f"those to L2 learners, and grammar is spoken of {_more(grammar_talk, other)}. {_suits(material, who, decides)}"
    )


def _level_with(material: Material, who: Contestant, decides: Column) -> str:
    """The strongest control that somebody is not surely ahead of, in words; empty where there is none."""
    whole = [each for each in material.controls if not each.adds and each != who]
    found = [each for each in margins(material.results, who, decides, whole) if each.lead.num_clusters >= FEWEST]
    strongest = next((each for each in found if not each.is_beaten), None)
    if strongest is None:
        return ""
    figures = f"{value(decides, strongest.ours)} against {value(decides, strongest.theirs)}"
    return f"it cannot be shown to do better than “{escape(strongest.control.label)}” ({figures})"


def _more(column: Column, found: Estimate) -> str:
    """The size of a difference, which way, and between which bounds."""
    if abs(found.value) < 0.0005:
        return f"neither more nor less ({between(column, found)} points of 100)"
    way = "more" if found.value > 0 else "less"
    return f"{size(column, abs(found.value))} points of 100 {way} ({between(column, found)})"


def _suits(material: Material, who: Contestant, decides: Column) -> str:
    found = material.results.estimate(who, decides.name)
    if found is None:
        return ""
    best = next((each for each in material.results.contestants if each.name == REFERENCE), None)
    beside = material.results.estimate(best, decides.name) if best and best != who else None
    against = f"; a master teacher's replies: {value(decides, beside.value)}" if beside else ""
    low, high = value(decides, found.low), value(decides, found.high)
    return f"What suits the learner is given in {value(decides, found.value)} ({low} to {high}){against}."
