"""Hostile programs: each is held, named, and leaves nothing behind for the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from espalier.sandbox import Ending, Limits, Pool, Program, missing
from research.hostile import HOSTILE, Hostile, Outside

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"the sandbox has no walls here: {missing()}")
LIMITS = Limits(cpu_seconds=2, wall_seconds=120, memory=96 << 20, processes=24)


@pytest.fixture(scope="module")
def patient() -> Iterator[Pool]:
    """However busy the machine is, nothing runs into its limit by the clock."""
    with Pool(LIMITS, workers=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def impatient() -> Iterator[Pool]:
    with Pool(replace(LIMITS, wall_seconds=1), workers=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with Outside() as there:
        yield there


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: f"{hostile.family}-{hostile.name}".replace(" ", "_"))
def test_a_hostile_program_is_held_and_named(
    hostile: Hostile, patient: Pool, impatient: Pool, outside: Outside
) -> None:
    pool = impatient if Ending.WALL_TIME in hostile.ends else patient
    outcome = pool.run(hostile.program(outside))
    assert hostile.fault(outcome, outside) is None
    if pool is patient:
        after = patient.run(
            Program(source="import os; print(sorted(os.listdir()), os.listdir('/tmp'), os.getpid(), 6 * 7)")
        )
        assert after.text == "[] [] 2 42\n", "the next program finds the world as it was"


def test_there_are_enough() -> None:
    assert len(HOSTILE) >= 100
    assert len({(hostile.family, hostile.name) for hostile in HOSTILE}) == len(HOSTILE)
