"""Programs that try to break out of the sandbox, or to bring down what runs them, in families.

Each says how it has to end. A try that is new is one line of its family's table; nothing here does harm but for the
sandbox failing.
"""

from research.hostile.base import Hostile, Outside
from research.hostile.bombs import bombs
from research.hostile.breaking import breaking
from research.hostile.calls import by_number, network, with_arguments
from research.hostile.reaching import files, processes, results

__all__ = ["HOSTILE", "Hostile", "Outside"]

HOSTILE: list[Hostile] = [
    *network(),
    *by_number(),
    *with_arguments(),
    *bombs(),
    *files(),
    *processes(),
    *results(),
    *breaking(),
]
