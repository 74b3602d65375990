"""The page's server in a process of its own, and requests to it by hand."""

from tests import served
from tests.served import port

__all__ = ["Served", "port"]


class Served(served.Served):
    """A server of ratings that has said its links."""

    def __init__(self, *words: object) -> None:
        super().__init__("feedback/rate.py", *words)
