"""Tasks by rule: fourteen kinds with constants, two to each level, each with solutions in both languages."""

from research.self_improvement.families.programming.kinds import searching, sums, words
from research.self_improvement.families.programming.kinds.kind import Kind, task_of

KINDS: tuple[Kind, ...] = tuple(sorted((*sums.KINDS, *words.KINDS, *searching.KINDS), key=lambda kind: kind.level))

__all__ = ["KINDS", "Kind", "task_of"]
