"""How far raters agree, told on a terminal."""

from __future__ import annotations

from espalier.command_line.console import say, table
from feedback.rating import figures
from feedback.rating.store import Store


def tell_agreement(store: Store) -> None:
    """A table of raters, each against themselves, and one of questions, with Krippendorff's α among raters."""
    votes = store.votes()
    rows = []
    for rater in store.raters():
        own = figures.of_rater([vote for vote in votes if vote.rater == rater], store.ask)
        same = f"{own['same_again']} of {own['answers_again']}" if own["answers_again"] else ""
        left = f"{own['left']} of {own['sided']}" if own["sided"] else ""
        rows.append([rater, own["votes"], own["skipped"], own["repeats"], same, left])
    table(["rater", "votes", "passed over", "asked again", "said the same", "chose the left"], rows)
    say()
    level = "nominal" if store.ask == "pairs" else "ordinal"
    table(
        [f"question (Krippendorff's α, {level})", "α", "from", "to", "items of two or more"],
        [
            [each.label, each.alpha.value, each.alpha.low, each.alpha.high, each.alpha.num_units]
            for each in figures.among_raters(votes, store.ask)
        ],
    )
