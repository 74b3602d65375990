"""Sessions: the language to be immersed in, spoken by Tutor, Sophie and Basil, and free of mistakes but in slips.

A session type is one small class with its share, and one template file of the same name; no list has to name it.
"""

from data_mix.curriculum.sessions.base import Session
from espalier.discover import discover

_DEFINED: dict[str, type[Session]] = discover(
    "data_mix.curriculum.sessions",
    lambda value: isinstance(value, type) and issubclass(value, Session) and value is not Session,
    home=lambda session: session,
    name=lambda session: session.__name__,
)
SESSIONS = {kind: kind.share for kind in sorted(_DEFINED.values(), key=lambda kind: (-kind.share, kind.__name__))}
"""By type its share; the largest first, which is the order that they are drawn in."""

__all__ = ["SESSIONS", "Session"]
