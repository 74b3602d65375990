"""The session types, each a small class and a template file of the same name; no list has to name them."""

from espalier.discover import discover
from research.bootstrap.classroom.session_type import SessionType, name_of

TYPES: dict[str, type[SessionType]] = discover(
    "research.bootstrap.classroom.types",
    lambda value: isinstance(value, type) and issubclass(value, SessionType) and value is not SessionType,
    home=lambda kind: kind,
    name=name_of,
)
"""By name."""
