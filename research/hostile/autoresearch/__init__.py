"""Experiments that would have a lower val_bpb than they deserve, or do harm, in families; and honest ones beside them.

An attack says under which name `check.py` refuses it, if it can be seen there at all, and under which name the walls
and the evaluator hold it where nobody has checked. Nothing here does harm but for those failing.
"""

from research.hostile.autoresearch.answers import ANSWERS
from research.hostile.autoresearch.base import Attack, Honest
from research.hostile.autoresearch.commits import COMMITS
from research.hostile.autoresearch.honest import HONEST
from research.hostile.autoresearch.mazes import MAZES
from research.hostile.autoresearch.trainings import TRAININGS

ATTACKS: list[Attack] = [*COMMITS, *TRAININGS, *ANSWERS, *MAZES]

__all__ = ["ATTACKS", "HONEST", "Attack", "Honest"]
