"""The page about a calibration: figures and our own text, no word of the labelled dialogues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from espalier.report import Markup, escape, table
from evaluation.judges.base import DIMENSIONS
from evaluation.metrics import METRICS

_FIGURES = {
    "macro_f1": "exact macro-F1",
    "lenient_macro_f1": "lenient macro-F1",
    "pearson": "Pearson r",
    "kappa": "κ",
}
_SHOWN = 0.1
"""Metrics are listed under a dimension from this size of correlation."""


def page(found: dict[str, Any]) -> str:
    """The page in Markdown, of what `calibration.json` holds."""
    sections: list[Callable[[dict[str, Any]], str]] = [
        _head,
        _reliable,
        _agreement,
        _told_apart,
        _disguises,
        _pedagogy,
        _attacks,
        _preferred,
        _ablation,
        _metrics,
    ]
    return "\n".join(text for section in sections if (text := section(found)))


def _head(found: dict[str, Any]) -> str:
    files = ", ".join(
        f"{escape(each['file'])} ({each['replies']:,} replies, `{each['sha256'][:12]}`)" for each in found["labels"]
    )
    what = "the rule metrics" if found["judge"] == "metrics" else escape(found["judge"])
    return (
        f"# Calibration of {what}\n\n"
        f"Against teachers' labels of {found['replies']:,} replies by {len(found['tutors'])} tutors in "
        f"{found['dialogues']:,} dialogues about {found['problems']:,} problems: {files}.\n"
        f"{found['folds']} folds of whole problems, seed {found['seed']}; 95 % intervals from {found['resamples']:,} "
        f"draws of problems.\n\n    {found['command']}\n{_other_labels(found)}{_taught_by(found)}"
    )


def _other_labels(found: dict[str, Any]) -> str:
    """A word where the judge that reports use was trained on other files than these."""
    trained = {each["sha256"]: each["file"] for each in found["identity"].get("labels", [])}
    if not trained or trained.keys() == {each["sha256"] for each in found["labels"]}:
        return ""
    names = escape(", ".join(trained.values()))
    return (
        f"\nThe judge itself was trained on {names}; what is calibrated here are judges taught alike on these labels.\n"
    )


def _taught_by(found: dict[str, Any]) -> str:
    """Of a reward model what it had learned from, which cannot be undone for a fold."""
    facts = found.get("taught_by")
    if not facts:
        return ""
    mixes = escape(", ".join(facts["mixes"])) or "no mix that is still there"
    text = (
        f"\nIt learned from {facts['preferences']:,} preferences of {mixes} before, and is asked as it is. "
        f"{facts['left_out']:,} labelled replies are to problems among those and are left out; {facts['asked']:,} "
        f"stay, and {facts['asked_of_new_tutors']:,} of them are by tutors that it did not learn from.\n"
    )
    if facts["unnamed"]:
        text += f"\n{facts['unnamed']:,} of the preferences name no tutor, so that none can be said to be new to it.\n"
    if facts["unknown"]:
        gone = escape(", ".join(facts["unknown"]))
        text += (
            f"\n**What was in {gone} is not known any more**: problems of it may stand among those that it is asked.\n"
        )
    return text


def _reliable(found: dict[str, Any]) -> str:
    if not found["dimensions"]:
        return ""
    rows = [
        [
            DIMENSIONS[name].label,
            facts["n"],
            _interval(facts["by_problem"]["macro_f1"]),
            _interval(facts["new_tutor"]["macro_f1"]) if facts["tutors"] > 1 else None,
            *(_interval(facts[key]["macro_f1"]) for key in ("tutor_name_only", "surface")),
            "yes" if facts["reliable_for_new_models"] else "**no**",
        ]
        for name, facts in found["dimensions"].items()
    ]
    headers = [
        "exact macro-F1",
        "n",
        "problem unseen",
        "and tutor unseen",
        "tutor's name only",
        "surface only",
        "reliable",
    ]
    whys = "".join(
        f"- *{DIMENSIONS[name].label}*: {escape(facts['why'])}.\n" for name, facts in found["dimensions"].items()
    )
    return (
        "## Which verdicts mean something for a new model\n\n"
        + table(headers, [[*row[:-1], Markup(row[-1])] for row in rows])
        + '\n"Tutor\'s name only" reads nothing and knows who wrote the reply; "surface only" knows its length and '
        f"punctuation, with problem and tutor unseen.\n\n{escape(found['rule'])}\n\n{whys}"
    )


def _agreement(found: dict[str, Any]) -> str:
    if not found["dimensions"]:
        return ""
    rows = [
        [DIMENSIONS[name].label, asked, *(_interval(facts[key][figure]) for figure in _FIGURES)]
        for name, facts in found["dimensions"].items()
        for key, asked in (("by_problem", "problem unseen"), ("new_tutor", "and tutor unseen"))
        if key == "by_problem" or facts["tutors"] > 1
    ]
    abstained = sum(facts["abstained"] for facts in found["dimensions"].values())
    return (
        "## Agreement with teachers\n\n"
        + table(["dimension", "asked with", *_FIGURES.values()], rows)
        + '\nLenient takes "To some extent" for "Yes". r is between the judge\'s value and what the teacher\'s verdict '
        "is worth; κ is Cohen's, weighted by the square of the distance.\n"
        + (f"\nThe judge abstained {abstained:,} times.\n" if abstained else "")
    )


def _told_apart(found: dict[str, Any]) -> str:
    known = {name: facts for name, each in found["dimensions"].items() if (facts := each["told_apart"])}
    if not known:
        return ""
    keys = ("by_problem", "new_tutor", "both_ask", "neither_asks", "question_mark", "length", "surface")
    rows = [
        [
            DIMENSIONS[name].label,
            f"{facts['best']} from {facts['least']}",
            *(
                _interval(facts[key], ".2f") if facts[key] and (key != "new_tutor" or tutors > 1) else None
                for key in keys
            ),
        ]
        for name, facts in known.items()
        for tutors in [found["dimensions"][name]["tutors"]]
    ]
    headers = ["area under the curve", "it tells", "problem unseen", "and tutor unseen", "of those that ask"]
    headers += ["of those that do not", '"?" only', "length only", "surface only"]
    return (
        "## Good from bad\n\n"
        + table(headers, rows)
        + "\nHow often the better of two replies has the greater value, ties half. Replies that ask and those that do "
        "not are told apart as in the column before them, where there are enough with both verdicts.\n"
    )


def _disguises(found: dict[str, Any]) -> str:
    if not found.get("disguises"):
        return ""
    keys = ("taught", "kind_unseen")
    rows = [
        [each["label"], next((each[key]["n"] for key in keys if key in each), None)]
        + [_interval(each[key], ".2f") if key in each else None for key in keys]
        for each in found["disguises"].values()
    ]
    return (
        "## Guiding from telling in disguise\n\n"
        + table(["a teacher's turn that guides, and", "n", "area under the curve", "taught none of the kind"], rows)
        + "\nBoth to one dialogue, problem unseen.\n"
    )


def _pedagogy(found: dict[str, Any]) -> str:
    score = found.get("pedagogy")
    if not score:
        return ""
    text = f"## The pedagogy score\n\n{escape(score['description'])}\n"
    if "missing" in score:
        return f"{text}\nThese labels do not give it: there is no {', '.join(score['missing'])}.\n"
    rows = [
        [asked, score[key]["n"], _interval(score[key]["pearson"])]
        for key, asked in (("by_problem", "problem unseen"), ("new_tutor", "and tutor unseen"))
        if score[key]["n"]
    ]
    text += "\n" + table(["r with the teachers' verdicts, weighted alike", "n", "r"], rows)
    for key, asked in (("by_problem", "problem unseen"), ("new_tutor", "problem and tutor unseen")):
        if score[key]["n"]:
            text += f"\n### The better of two replies to one dialogue, {asked}\n\n{_beside(score[key]['preferences'])}"
    text += f"\n{_BESIDE}\n"
    kinds = [
        [kind, each["n"], _interval(each["bias"], "+.3f"), _interval(fresh["bias"], "+.3f") if fresh else None]
        for kind, each in score["by_problem"]["bias"].items()
        for fresh in [score["new_tutor"].get("bias", {}).get(kind)]
    ]
    headers = ["kind of tutor", "n", "problem unseen", "and tutor unseen"]
    text += "\n### Score less the teachers' verdicts, weighted alike\n\n" + table(headers, kinds)
    order = score["tutors"]
    text += (
        f"\nOf {order['pairs']} pairs of tutors, each unseen, {order['ordered_alike']} are in the teachers' order.\n"
    )
    return text


_ARENAS = {
    "mrbench": "MRBench, experts' replies, problem unseen",
    "mathdial": "MathDial, teachers' replies that guide, problem unseen",
    "bridge": "Bridge, experts' replies about no labelled problem",
}


def _attacks(found: dict[str, Any]) -> str:
    if not found.get("attacks"):
        untried = found.get("pedagogy") and "missing" not in found["pedagogy"]
        return "## Replies made to win\n\nNone were tried: what the score gives them is not known.\n" if untried else ""
    text = (
        "## Replies made to win\n\n"
        "Each family answers every dialogue that it can be made for. *Share* is its mean over the good replies' mean "
        "on the same dialogues, *wins* how often it scores higher than the good reply (ties half). It is beaten where "
        "the share is at most a half and it wins at most a tenth, or, of what falsifies a good reply, a quarter. What "
        "adds to good replies is beaten where it does not surely raise them. *Kind unseen*: by a judge that was taught "
        "no made reply of that kind; where nothing stands there, judges are taught none of it anyway.\n"
    )
    return text + _families(found["attacks"])


def _preferred(found: dict[str, Any]) -> str:
    score = found.get("preferred")
    if not score:
        return ""
    text = "## What it prefers\n"
    for key, asked in (("by_problem", "problem unseen"), ("new_tutor", "problem and tutor unseen")):
        if score[key]["n"]:
            text += (
                f"\n### The better of two replies to one dialogue, {asked}\n\n{_beside(score[key]['preferences'])}\n"
                f"r with the teachers' verdicts, weighted as in the pedagogy score: {_interval(score[key]['pearson'])} "
                f"over {score[key]['n']:,} replies.\n"
            )
    text += f"\n{_BESIDE}\n"
    if not score["attacks"]:
        return f"{text}\nReplies made to win were not tried.\n"
    return f"{text}\nReplies made to win, by what it prefers alone:\n{_families(score['attacks'])}"


def _families(attacked: dict[str, Any]) -> str:
    """By arena what each family gets, the strongest first."""
    text = ""
    for arena, facts in attacked.items():
        rows = []
        for name, each in sorted(facts["families"].items(), key=lambda item: item[1]["lead"]["value"]):
            unseen = each.get("kind_unseen")
            rows.append(
                [
                    f"{name}{' (added)' if each['adds'] else ''}",
                    each["kind"],
                    each["made"],
                    _interval(each["mean"], ".2f"),
                    _interval(each["share"], ".2f"),
                    _interval(each["wins"], ".2f"),
                    _interval(unseen["wins"], ".2f") if unseen else None,
                    Markup("yes" if each["beaten"] else "**no**"),
                ]
            )
        headers = ["family", "kind", "n", "mean", "share", "wins", "wins, kind unseen", "beaten"]
        text += f"\n### {_ARENAS.get(arena, arena)}: {facts['dialogues']:,} dialogues\n\n{table(headers, rows)}"
    return text


def _ablation(found: dict[str, Any]) -> str:
    facts = found.get("ablation")
    if not facts:
        return ""
    rows = [
        ["with the novice's replies", _interval(facts["with_novice"])],
        ["without them", _interval(facts["without_novice"])],
        ["lost", _interval(facts["lost"], "+.3f")],
    ]
    return (
        f"## Style or teaching: an expert's reply over a novice's, {facts['pairs']} pairs\n\n"
        + table(["the pedagogy score's judge was taught", "accuracy, ties half"], rows)
        + "\nNo pair is about a problem of the labels. What is lost was knowledge of the novice's style.\n"
        + "".join(
            f"\n### Taught {taught} the novice's replies\n\n{_beside(facts['beside'][name])}"
            for name, taught in (("with_novice", "with"), ("without_novice", "without"))
        )
        + f"\n{_BESIDE}\n"
    )


_GROUPS = {"all": "all", "both_ask": "both ask", "neither_asks": "neither asks", "one_asks": "one asks"}
_BESIDE = (
    "Shares of pairs put in the right order, ties half. *Ahead* is the score less the question mark alone, on the same "
    "pairs and draws. Length is taken whichever way does better; the tutor's name stands for the mean verdict on its "
    "other replies, and says nothing of one that is not known."
)


def _beside(facts: dict[str, Any]) -> str:
    """A score's preferences beside what a mark, a length and a name reach."""
    figures = ("score", "question_mark", "length", "tutor_name_only")
    rows = [
        [label, each["pairs"], *(_interval(each[figure]) for figure in figures), _interval(each["ahead"], "+.3f")]
        for name, label in _GROUPS.items()
        if (each := facts.get(name))
    ]
    return table(["pairs", "n", "score", '"?" only', "length only", "name only", "ahead"], rows)


def _metrics(found: dict[str, Any]) -> str:
    if found["dimensions"] or not found.get("metrics"):
        return ""
    text = "## Rule metrics against teachers\n"
    for dimension in DIMENSIONS.values():
        facts = {
            name: against[dimension.name] for name, against in found["metrics"].items() if dimension.name in against
        }
        best = sorted(facts.items(), key=lambda item: -abs(item[1]["pearson"]["value"]))
        rows = [
            [
                METRICS[name].label,
                each["n"],
                _interval(each["pearson"], "+.2f"),
                *(_interval(each[figure], ".2f") for figure in ("macro_f1", "lenient_macro_f1", "kappa")),
                _interval(each["new_tutor"]["macro_f1"], ".2f"),
            ]
            for name, each in best
            if abs(each["pearson"]["value"]) >= _SHOWN
        ]
        if rows:
            headers = ["metric", "n", "r", "exact macro-F1", "lenient macro-F1", "κ", "exact, tutor unseen"]
            text += f"\n### {dimension.label}\n\n{table(headers, rows)}"
    return (
        f"{text}\nr is of the metric as it is. For F1 and κ, verdicts are made of it by thresholds that replies to "
        f"other problems set. Metrics with |r| under {_SHOWN} are left out here, and not in calibration.json.\n"
    )


def _interval(figure: dict[str, float], form: str = ".3f") -> str:
    return f"{figure['value']:{form}} [{figure['low']:{form}}, {figure['high']:{form}}]"
