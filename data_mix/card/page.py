"""The card of a mix: what is in it, for a person who has to decide whether to train on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_mix.card import plots, preference_figures, sections
from data_mix.card.audit import Split
from data_mix.card.plots import UNKNOWN, percentile
from espalier.report import Markup, escape, percent, table

if TYPE_CHECKING:
    from data_mix.card.preference_figures import Preferences
    from data_mix.curriculum import Finding

_MAX_EXAMPLE_CHARS = 600
_NUM_HELD_OUT_SHOWN = 12
_SPLIT_MEANINGS = {
    "train": "what a model is trained on",
    "valid": "held out: other rows of the same distribution",
    "unseen_triples": "held out: (verb, object, mistake) combinations that no training row holds",
    "unseen_pairs": "held out: (verb, object) pairs that no training row holds, in sessions or dialogues",
}


def write_card(
    folder: Path,
    facts: dict[str, Any],
    audit: dict[str, Any],
    splits: dict[str, Split],
    findings: list[Finding],
    preferences: dict[str, dict[str, Preferences]],
) -> None:
    """Writes CARD.md and its pictures into `folder`. `facts` are those of the manifest."""
    train = splits["train"]
    parts = [
        f"# The mix {escape(facts['name'])}",
        f"Seed {facts['seed']}. Built by `python data_mix/build.py` from the recipe in `manifest.json`; `audit.json` "
        "has the figures.",
        "## What is in it",
        _splits(audit),
    ]
    if train.rows:
        picture = plots.lengths(train.lengths, folder / "lengths.png", title="How long the training rows are")
        parts += [_kinds(train), *_picture(picture, "Row lengths")]
    if preferences:
        parts += ["## Preferences", preference_figures.section(preferences)]
    if audit["shares"]:
        picture = plots.shares(audit["shares"], folder / "shares.png", title="What each source gives to training")
        parts += ["## Shares", sections.shares(audit["shares"]), *_picture(picture, "Shares")]
    spoken = audit["splits"]["train"]["languages"]
    if any(set(found) != {UNKNOWN} for found in spoken.values()):
        picture = plots.languages(spoken, folder / "languages.png", title="Languages of the training rows")
        parts += ["## Languages", sections.languages(spoken, audit), *_picture(picture, "Languages")]
    parts += [
        "## Where it comes from",
        _sources(facts, audit),
        _passed_over(facts),
        "## Licences",
        sections.licences(facts),
        "## What was left out or mended",
        sections.left_out(audit),
        "## Rows that repeat others",
        _duplicates(facts, audit),
    ]
    if audit["near_duplicates"]:
        parts.append(sections.near_duplicates(audit["near_duplicates"]))
    if audit["canned_replies"]:
        parts += ["## Canned replies", sections.canned_replies(audit["canned_replies"])]
    if facts["clear_of"]:
        parts += ["## Kept clear of evaluations", sections.evaluations(facts, audit["in_an_evaluation"])]
    if facts["entropy"]:
        parts += ["## Entropy of the source", _entropy(facts)]
    if facts["heldout"]:
        parts += ["## What is held out", _held_out(facts["heldout"])]
    if train.moves:
        picture = plots.heatmap(
            train.moves, folder / "moves.png", title="Training dialogues: the learner's mistake, the tutor's first move"
        )
        parts += ["## Mistakes and moves", _shares(train), *_picture(picture, "Mistakes and moves")]
    if findings:
        parts += ["## Bars", _findings(findings, facts["lint"]["dialogues"])]
    if train.rows:
        parts += ["## Examples", *_examples(train)]
    (folder / "CARD.md").write_text("\n\n".join(part.strip() for part in parts if part) + "\n", encoding="utf-8")


def _splits(audit: dict[str, Any]) -> str:
    rows = [
        [
            Markup(f"`{name}`"),
            *(found[key] for key in ("rows", "text_rows", "chat_rows", "bytes")),
            found["tokens"] or None,
            _SPLIT_MEANINGS.get(name),
        ]
        for name, found in audit["splits"].items()
    ]
    return table(["split", "rows", "text rows", "chat rows", "bytes", "tokens", "what it is"], rows)


def _kinds(train: Split) -> str:
    rows = [
        [kind, count, train.num_bytes[kind], round(train.num_bytes[kind] / count), *_quantiles(train.lengths[kind])]
        for kind, count in sorted(train.rows.items())
    ]
    sessions = ", ".join(
        f"{name} {percent(count / train.sessions.total())}" for name, count in sorted(train.sessions.items())
    )
    headers = ["training rows of kind", "rows", "bytes", "mean", "5 %", "median", "95 %", "longest"]
    return table(headers, rows) + ("\nTypes of session: " + sessions + "." if sessions else "")


def _quantiles(counts: Counter[int]) -> list[int]:
    return [*(percentile(counts, share) for share in (0.05, 0.5, 0.95)), max(counts)]


def _sources(facts: dict[str, Any], audit: dict[str, Any]) -> str:
    rows = []
    for source in facts["sources"]:
        tally = audit["sources"][source["name"]]
        formats = ", ".join(tally["formats"])
        numbers = [tally[key] for key in ("read", "split_off", "copies", "kept", "joined")]
        rows.append([source["name"], formats, *numbers, sum(tally["dropped"].values())])
    headers = [
        "source",
        "kinds of record",
        "read",
        "+ split off",
        "+ copies",
        "= kept",
        "+ joined",
        "+ dropped",
    ]
    text = "\nThe build has checked the equality: every record read is accounted for."
    return table(headers, rows) + text + (" Preferences are among what is kept." if audit["preferences"] else "")


def _passed_over(facts: dict[str, Any]) -> str:
    return "\n".join(
        f"{escape(source['name'])}: passed over, as of no known kind or beside the corpus: {escape(', '.join(files))}."
        for source in facts["sources"]
        if (files := source.get("passed_over"))
    )


def _duplicates(facts: dict[str, Any], audit: dict[str, Any]) -> str:
    rows = [[Markup(f"`{name}`"), found["within"], found["in_train"]] for name, found in audit["duplicates"].items()]
    return (
        table(["split", "rows that repeat an earlier one", "rows that stand in train too"], rows)
        + "\nEqual but for letter case and white space, and as the mix is now"
        + (" (copies made by oversampling among them)" if _copies(audit) else "")
        + ". "
        + (
            "Repeated rows of files were dropped before."
            if facts["recipe"]["duplicates"]["exact"]
            else "They are counted, not removed: the recipe does not ask for it. Equal rows of files share a side."
        )
        + " The curriculum's rows are never removed: they are independent draws, and removing some would falsify its "
        "entropy."
    )


def _copies(audit: dict[str, Any]) -> int:
    return sum(tally["copies"] for tally in audit["sources"].values())


def _entropy(facts: dict[str, Any]) -> str:
    rows = []
    for kind, found in facts["entropy"].items():
        for prefix, what in (("", f"{kind}s, whole rows"), ("assistant_", f"{kind}s, the tutor's turns")):
            if f"{prefix}bits_per_byte" in found:
                figure, error = found[f"{prefix}bits_per_byte"], found[f"{prefix}standard_error"]
                rows.append([what, f"{figure:.4f}", f"± {1.96 * error:.4f}"])
    return (
        "No model can code text from this source in fewer bits per byte, in the long run. Training reports its loss "
        "beside this floor.\n\n"
        + table(["text", "bits per byte", "95 % interval"], rows)
        + f"\nHow it is computed: {escape(facts['entropy_method'])} Measured on the training split."
    )


def _held_out(heldout: dict[str, list[list[str]]]) -> str:
    pairs, triples = heldout["pairs"], heldout["triples"]
    shown_pairs = "; ".join(" ".join(pair) for pair in _spread(pairs))
    shown_triples = "; ".join(f"{verb} {noun} ({error.replace('_', ' ')})" for verb, noun, error in _spread(triples))
    return (
        f"{len(pairs):,} (verb, object) pairs occur in no training row, neither sessions nor dialogues, for instance: "
        f"{escape(shown_pairs)}.\n\n"
        f"{len(triples):,} (verb, object, mistake) triples occur in no training dialogue, though the pair does and the "
        f"mistake does with other words, for instance: {escape(shown_triples)}.\n\n"
        "A model that handles them cannot have remembered them. `manifest.json` lists all of them; by that list an "
        "evaluation tells whether a model has met a case."
    )


def _spread(entries: list[list[str]]) -> list[list[str]]:
    return entries[:: max(1, -(-len(entries) // _NUM_HELD_OUT_SHOWN))]


def _shares(train: Split) -> str:
    total = train.moves.total()
    tables = []
    for position, what in enumerate(("mistake", "strategy of the tutor's first turn")):
        counts: Counter[str] = Counter()
        for key, count in train.moves.items():
            counts[key[position]] += count
        rows = [[name.replace("_", " "), count, percent(count / total)] for name, count in counts.most_common()]
        tables.append(table([what, "dialogues", "share"], rows))
    return "\n".join(tables)


def _findings(findings: Iterable[Finding], num_dialogues: int) -> str:
    rows = [
        [finding.name, f"{finding.value:.4f}", finding.bar, "cleared" if finding.ok else "missed"]
        for finding in findings
    ]
    return (
        f"Measured on the first {num_dialogues:,} training dialogues of this recipe and seed (where the mix holds "
        "fewer, those that would follow are drawn to measure). A mix that misses one is not built.\n\n"
        + table(["what", "value", "bar", ""], rows)
    )


def _picture(path: Path, text: str) -> list[str]:
    return [f"![{text}]({path.name})"]


def _examples(train: Split) -> Iterable[str]:
    for rows in train.examples.values():
        for row in rows:
            lines = [f"**{escape(row.id)}**"]
            for message in row.messages:
                text = message["content"]
                shown = text if len(text) <= _MAX_EXAMPLE_CHARS else f"{text[:_MAX_EXAMPLE_CHARS]} […]"
                speaker = "" if row.is_text else f"*{message['role']}*: "
                lines.append(f"> {speaker}{escape(shown)}")
            yield "\n\n".join([lines[0], "\n>\n".join(lines[1:])])
