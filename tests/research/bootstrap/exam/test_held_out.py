"""What is examined is new to whoever sat in sessions: neither the combination nor the words of a task were there."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from data_mix.curriculum.config import CurriculumConfig
from data_mix.curriculum.words import lexicon
from data_mix.curriculum.write import heldout
from espalier.command_line.config import read_yaml, resolve_path
from espalier.loops.pace import Pace
from research.bootstrap.bands import LAST_BAND
from research.bootstrap.classroom.scene import Scene, is_held_out
from research.bootstrap.classroom.types import TYPES
from research.bootstrap.exam.milestones import read_milestones
from research.bootstrap.exam.pairs import pairs
from research.bootstrap.exam.papers import Drawer, asked_in
from research.bootstrap.loop.config import DEFAULT_CONFIG, MILESTONES, BootstrapConfig
from research.bootstrap.loop.steps import Steps

REAL = read_milestones(resolve_path(MILESTONES, Path()))
BASE = read_yaml(DEFAULT_CONFIG)
SESSIONS = 500
"""Tasks of each session type and band: a prompt that is on both sides by a free choice of words is met in so many."""


def test_pairs_that_are_examined_are_not_overheard_whatever_the_seed() -> None:
    """Of the curriculum that loops of any seed overhear, as the loop's own step asks for it."""
    told = list[str]()
    for seed in range(3):
        config = BootstrapConfig.model_validate(BASE | {"seed": seed})
        steps = Steps(config=config, pace=Pace([], None), number=1, band=0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("research.bootstrap.loop.steps.run_step", lambda *words, **_: told.extend(words[4:]))
            steps.trunk_mix("rows")
        named = {key.rpartition(".")[2]: value for key, value in pairwise(told) if ".curriculum." in key}
        overheard = heldout(CurriculumConfig.model_validate(named), int(told[told.index("--seed") + 1]))
        examined = Scene(random.Random(0), "examination")
        deeds = {examined.deed() for _ in range(2000)}
        assert {(verb.base, noun.singular) for verb, noun in deeds} <= overheard.pairs
        assert named["dialogues"] == "0", "in which learners make mistakes, held out as triples"
        assert {"held_out_pairs", "held_out_triples"} <= named.keys(), "the curriculum's own may change"
        told.clear()


def test_minimal_pairs_are_about_verbs_with_objects_that_are_held_out() -> None:
    forms = [
        ({verb.base, verb.third, verb.past, verb.ing}, {noun.singular, noun.plural})
        for verb in lexicon().verbs
        for noun in verb.objects
        if is_held_out(verb.base, noun.singular)
    ]
    for phenomenon, found in pairs(REAL.seed).items():
        for right, wrong in found:
            for words in (set(right.rstrip(".").split()), set(wrong.rstrip(".").split())):
                words |= {word.lower() for word in words}
                assert any(words & verb and words & noun for verb, noun in forms), (phenomenon, right)


@pytest.mark.slow
@pytest.mark.parametrize("band", range(LAST_BAND + 1))
def test_no_task_of_a_paper_stands_in_a_session(band: int) -> None:
    drawer, tasks = Drawer(REAL, band, TYPES), REAL.bands[band].tasks
    examined = [*drawer.paper(tasks), *drawer.paper(tasks, 1), *drawer.paper(tasks, 2)]
    for name in REAL.types:
        sessions = TYPES[name](Scene(random.Random(f"{name}/{band}"), "sessions"))
        heard = [sessions.episode(band) for _ in range(SESSIONS)]
        mine = [task for task in examined if task.asks[0].kind == name]
        told = {frozenset(words) for task in heard for words in (*task.about, *task.beside)}
        assert {frozenset(words) for task in examined for words in task.about} & told == set(), name
        assert {asked_in(task) for task in mine} & {asked_in(task) for task in heard} == set(), name
