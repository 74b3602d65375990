"""`python -m espalier`: the same as the `espalier` command."""

from espalier.cli import entry

entry()
