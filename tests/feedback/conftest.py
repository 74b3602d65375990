"""The toy mix and runs of the evaluator's tests, and a real curriculum's few rows."""

from tests.evaluation.conftest import make_run, suite_file, toy_mix

__all__ = ["make_run", "suite_file", "toy_mix"]
