"""`espalier runs | show NAME | chat NAME | rm NAME`."""

from typing import NoReturn

from espalier.errors import run_main


def main(argv: list[str]) -> None:
    raise NotImplementedError


def entry() -> NoReturn:
    """The `espalier` command."""
    run_main(main)
