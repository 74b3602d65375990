"""The end of a reward model's training: what its rewards mean is found, kept beside its weights, and held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_mix.packing.pack import Pack
from espalier.artifacts.records import write_json
from espalier.command_line.console import say
from espalier.models.reward import Conversation, Meaning, deciding, reply_or_why, rewards_of, rewards_or_nan
from espalier.models.reward_head import head_of, save_head
from espalier.text.chat import ChatRenderer
from feedback.rewards.attacks import Floats, attacks, families_taught
from feedback.rewards.calibration import halves, meanings
from feedback.rewards.config import RewardConfig
from feedback.rewards.figures import figures
from feedback.rewards.held import Held, value_split
from feedback.rewards.page import PICTURE, draw, interval, sections, strongest
from training.summary import Concluded

FIGURES = "reward-figures.json"
"""All that was found, in the run's folder."""


def conclude(
    config: RewardConfig,
    families: Sequence[str],
    mix: Path,
    renderer: ChatRenderer,
    packs: Mapping[str, Pack],
    model: Any,
    run: Path,
) -> Concluded:
    """Value what is held out, keep what rewards mean in `final/`, and say how far they hold."""
    head = head_of(model)
    assert head is not None
    splits = {
        name: value_split(model, pack, mix, name, batch_size=config.heldout.batch_size)
        for name, pack in packs.items()
        if name != "train" and len(pack)
    }
    known = meanings(splits[config.reward.calibrate_on]) if config.reward.calibrate_on in splits else {}
    known = {name: scale for name, scale in known.items() if name in head.learned}
    save_head(head, run / "final", known)
    column = deciding(head.learned)
    found: dict[str, Any] = {
        "column": column,
        "columns": list(head.columns),
        "members": head.members,
        "calibrated_on": config.reward.calibrate_on if known else None,
        "splits": {
            split: {name: facts for name, facts in _judged(held, known, config).items() if name in head.learned}
            for split, held in splits.items()
        },
        "attacks": {},
    }
    others = [held for name, held in splits.items() if name != config.reward.calibrate_on]
    tried = (others or list(splits.values()))[:1]
    if tried and column in known and families:
        score = _scorer(model, renderer, config.heldout.batch_size)
        place = head.columns.index(column)
        found["attacks"] = attacks(
            tried[0],
            score,
            place,
            known[column],
            families,
            most=config.control_prompts,
            seed=config.seed,
            taught=families_taught(mix),
        )
    elif families:
        say(f"note: no reply made to win was tried: too few held-out replies differ by {column}")
    draw(found, run / PICTURE)
    write_json(run / FIGURES, found)
    return Concluded(figures={"reward": _in_short(found)}, sections=sections(found), lines=_lines(found))


def _in_short(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the run's summary keeps: how many pairs are in order, how far that is claimed, and what fools it."""
    kept = ("pairs", "accuracy", "ece")
    families = found["attacks"].get("families", {})
    return {
        **{key: found[key] for key in ("column", "columns", "members", "calibrated_on")},
        "splits": {
            split: {name: {key: facts[key] for key in kept if key in facts} for name, facts in columns.items()}
            for split, columns in found["splits"].items()
        },
        "families_tried": len(families),
        "fooled_by": [name for name, each in families.items() if not each["beaten"]],
    }


def _judged(held: Held, known: Mapping[str, Meaning], config: RewardConfig) -> dict[str, Any]:
    """A split by what rewards mean; the one that this was fitted on by what its other half says they do."""
    parts: list[tuple[Held, Mapping[str, Meaning]]] = [(held, known)]
    if held.split == config.reward.calibrate_on:
        parts = [(asked, meanings(fitted)) for fitted, asked in halves(held)]
    return figures(parts, seed=config.seed)


def _scorer(model: Any, renderer: ChatRenderer, batch_size: int) -> Any:
    from espalier.generation.generate import context_of

    head = head_of(model)
    assert head is not None
    limit = context_of(model)

    def value(ids: Sequence[Sequence[int]]) -> Any:
        return rewards_of(model, head, ids)

    def score(conversations: Sequence[Conversation]) -> Floats:
        rows = [reply_or_why(renderer, messages, reply, limit) for messages, reply in conversations]
        names = [repr(reply) for _, reply in conversations]
        return rewards_or_nan(rows, value, (head.members, len(head.columns)), names, "what was trained", batch_size)

    return score


def _lines(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is said on the terminal."""
    lines = []
    for split, columns in found["splits"].items():
        if facts := columns.get(found["column"]):
            error = f", ECE {interval(facts['ece'])}" if "ece" in facts else ""
            lines.append((split, f"{interval(facts['accuracy'])} of {facts['pairs']:,} pairs in order{error}"))
    if not found["calibrated_on"]:
        say("note: too few preferences are held out to find what rewards mean; it cannot judge in an evaluation")
    if found["attacks"]:
        unbeaten = [name for name, each in strongest(found["attacks"]) if not each["beaten"]]
        families = found["attacks"]["families"]
        lines.append(("made to win", f"{len(unbeaten)} of {len(families)} families not beaten: {', '.join(unbeaten)}"))
    return lines
