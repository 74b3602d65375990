"""Training that goes on from a model: what is the same wherever a run is a branch of a parent or of a base."""

from __future__ import annotations

from collections.abc import Mapping

from data_mix.packing.pack import Pack
from espalier.text.chat import ChatRenderer
from training.command import Session, begin, fit, load_base, open_packs
from training.config import TrainConfig, TrainOptions
from training.heldout import HeldoutLoss
from training.observers import Observer
from training.origins import Upbringing, base_renderer, find_base, find_mix, find_parent, train_parent
from training.together import join
from training.watching.policy import check
from training.watching.watch import Watch


def train_from_base(config: TrainConfig, options: TrainOptions, *, command: str, upbringing: Upbringing) -> int:
    """Make the run that `config` describes, whose mix and parent are made first if need be; returns the exit code.

    Raises AlreadyDone where it is complete.
    """
    join(config.device)
    check(config)
    parent_is_made_by = find_parent(config, options, upbringing=upbringing)  # what cannot be made is told at once
    mix = find_mix(config, options)
    if parent_is_made_by and (code := train_parent(config, parent_is_made_by)):
        return code
    base = find_base(config)
    renderer = base_renderer(config, base)
    with begin(config, options, command=command, mix=mix, base=base) as session:
        renderer = renderer.on(session.run.begun_on)
        packs = open_packs(session, renderer)
        model = load_base(session, renderer)
        return fit(session, model, renderer, packs, observers_of(session, renderer, packs))


def observers_of(session: Session, renderer: ChatRenderer, packs: Mapping[str, Pack]) -> list[Observer]:
    """Those that every training command has: held-out loss, and what watches."""
    config, run = session.config, session.run
    return [HeldoutLoss(packs, config.heldout, run), Watch(renderer, packs, config, run)]
