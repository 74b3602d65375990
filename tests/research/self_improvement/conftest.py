"""A tiny run of ours to ask."""

from tests.evaluation.conftest import make_run, suite_file, toy_mix

__all__ = ["make_run", "suite_file", "toy_mix"]
